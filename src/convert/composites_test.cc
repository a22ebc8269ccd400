// SPDX-License-Identifier: Apache-2.0
// TFLite_Detection_PostProcess in models that TensorFlow wrote: as a function
// marked "_implements" (TensorFlow 2) and as a node (TensorFlow 1).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "convert/detection_testing.h"

namespace liteforge::composites_test {

using testing::ElementsAre;
using testing::HasSubstr;

namespace fs = std::filesystem;

fs::path Write(const std::string& name, const std::string& text) {
  const fs::path path = fs::path(testing::TempDir()) / name;
  fs::create_directories(path.parent_path());
  std::ofstream(path) << text;
  return path;
}

// Two anchors, one class and background.
const std::string kAnchors =
    "attr { key: 'dtype' value { type: DT_FLOAT } } attr { key: 'value' value "
    "{ tensor { dtype: DT_FLOAT tensor_shape { dim { size: 2 } dim { size: 4 } "
    "} float_val: 0.25 float_val: 0.25 float_val: 0.5 float_val: 0.5 "
    "float_val: 0.75 float_val: 0.75 float_val: 0.5 float_val: 0.5 } } }";

std::string Placeholder(const std::string& name, int columns) {
  return "node { name: '" + name +
         "' op: 'Placeholder' attr { key: 'dtype' value { type: DT_FLOAT } } "
         "attr { key: 'shape' value { shape { dim { size: 1 } dim { size: 2 } "
         "dim { size: " +
         std::to_string(columns) + " } } } } }\n";
}

std::string Number(const std::string& key, const std::string& value) {
  return "attr { key: '" + key + "' value { " + value + " } } ";
}
const std::string kAttributes =
    Number("max_detections", "i: 3") +
    Number("max_classes_per_detection", "i: 1") +
    Number("num_classes", "i: 1") + Number("nms_score_threshold", "f: 0.1") +
    Number("nms_iou_threshold", "f: 0.6") + Number("y_scale", "f: 10") +
    Number("x_scale", "f: 10") + Number("h_scale", "f: 5") +
    Number("w_scale", "f: 5") + Number("use_regular_nms", "b: false");

void ExpectDetections(const std::vector<std::byte>& bytes,
                      const std::vector<std::string>& names) {
  auto interpreter = Interpreter::FromBuffer(bytes);
  ASSERT_TRUE(interpreter) << interpreter.error().ToString();
  ASSERT_TRUE(interpreter->AllocateTensors());
  // Zero encodings are the anchors themselves.
  const std::vector<float> scores = {0.9f, 0.2f, 0.1f, 0.8f};
  for (const TensorDetails& input : interpreter->InputDetails()) {
    const bool is_scores = input.shape[2] == 2;
    ASSERT_TRUE(interpreter->SetTensor<float>(
        input.index, is_scores ? scores : std::vector<float>(8)));
  }
  ASSERT_TRUE(interpreter->Invoke());
  const auto outputs = interpreter->OutputDetails();
  ASSERT_EQ(outputs.size(), 4u);
  for (size_t i = 0; i < 4; ++i) EXPECT_EQ(outputs[i].name, names[i]);
  EXPECT_THAT(interpreter->Tensor<float>(outputs[0].index),
              ElementsAre(0.5f, 0.5f, 1, 1, 0, 0, 0.5f, 0.5f, 0, 0, 0, 0));
  EXPECT_THAT(interpreter->Tensor<float>(outputs[1].index),
              ElementsAre(0, 0, 0));
  EXPECT_THAT(interpreter->Tensor<float>(outputs[2].index),
              ElementsAre(0.8f, 0.2f, 0));
  EXPECT_THAT(interpreter->Tensor<float>(outputs[3].index), ElementsAre(2));
}

// A graph of export_tflite_ssd_graph.py, the network left out.
TEST(Composites, FrozenGraphOfTensorFlow1) {
  const fs::path path = Write(
      "tf1_ssd.pbtxt",
      Placeholder("raw_boxes", 4) + Placeholder("raw_scores", 2) +
          "node { name: 'anchors' op: 'Const' " + kAnchors +
          " }\nnode { name: 'TFLite_Detection_PostProcess' op: "
          "'TFLite_Detection_PostProcess' input: 'raw_boxes' input: "
          "'raw_scores' input: 'anchors' " +
          kAttributes + Number("_output_quantized", "b: true") +
          Number("_output_types",
                 "list { type: DT_FLOAT type: DT_FLOAT type: DT_FLOAT type: "
                 "DT_FLOAT }") +
          Number("_support_output_type_float_in_quantized_op", "b: true") +
          "}\n");
  const std::string op = "TFLite_Detection_PostProcess";
  auto converter = Converter::FromFrozenGraph(path);
  ASSERT_TRUE(converter);
  for (const bool named : {false, true}) {
    if (named)
      converter->options().outputs = {op, op + ":1", op + ":2", op + ":3"};
    const auto bytes = converter->Convert();
    ASSERT_TRUE(bytes) << bytes.error().ToString();
    ExpectDetections(*bytes, {op, op + ":1", op + ":2", op + ":3"});
  }
}

std::string TensorInfo(const std::string& key, const std::string& tensor,
                       const std::string& shape = "") {
  return "{ key: '" + key + "' value { name: '" + tensor +
         "' dtype: DT_FLOAT tensor_shape { " + shape + " } } } ";
}

std::string Argument(const std::string& kind, const std::string& name) {
  return kind + " { name: '" + name + "' type: DT_FLOAT } ";
}

std::string Zero(const std::string& name) {
  return "node_def { name: '" + name +
         "' op: 'Const' attr { key: 'dtype' value { type: DT_FLOAT } } attr { "
         "key: 'value' value { tensor { dtype: DT_FLOAT tensor_shape { } "
         "float_val: 0 } } } } ";
}

// export_tflite_graph_tf2.py's: the signature's wrapper calls the inference
// function, which calls the marked one and gives its results backwards.
std::string SavedModel(const std::string& implements) {
  const std::string args =
      Argument("input_arg", "raw_boxes") + Argument("input_arg", "raw_scores");
  std::string outs, rets;
  for (int i = 0; i < 4; ++i) {
    const std::string name = "identity" + std::to_string(i);
    outs += Argument("output_arg", name);
    rets += "ret { key: '" + name + "' value: 'Identity_" + std::to_string(i) +
            ":output:0' } ";
  }
  std::string identities;
  for (int i = 0; i < 4; ++i)
    identities += "node_def { name: 'Identity_" + std::to_string(i) +
                  "' op: 'Identity' input: 'PartitionedCall:output:" +
                  std::to_string(3 - i) +
                  "' attr { key: 'T' value { type: DT_FLOAT } } } ";
  const std::string call_types =
      "attr { key: 'Tin' value { list { type: DT_FLOAT type: DT_FLOAT type: "
      "DT_FLOAT } } } attr { key: 'Tout' value { list { type: DT_FLOAT type: "
      "DT_FLOAT type: DT_FLOAT type: DT_FLOAT } } } ";
  return "saved_model_schema_version: 1 meta_graphs { meta_info_def { tags: "
         "'serve' } graph_def { " +
         Placeholder("serving_default_raw_boxes", 4) +
         Placeholder("serving_default_raw_scores", 2) +
         "node { name: 'StatefulPartitionedCall' op: 'StatefulPartitionedCall' "
         "input: 'serving_default_raw_boxes' input: "
         "'serving_default_raw_scores' attr { key: 'f' value { func { name: "
         "'inference' } } } } library { function { signature { name: "
         "'inference' " +
         args + outs + "} node_def { name: 'anchors' op: 'Const' " + kAnchors +
         " } node_def { name: 'PartitionedCall' op: 'PartitionedCall' input: "
         "'raw_boxes' input: 'raw_scores' input: 'anchors:output:0' attr { "
         "key: 'f' value { func { name: 'dummy' } } } " +
         call_types + "} " + identities + rets +
         "} function { signature { name: 'dummy' " +
         Argument("input_arg", "b") + Argument("input_arg", "c") +
         Argument("input_arg", "a") + Argument("output_arg", "boxes") +
         Argument("output_arg", "classes") + Argument("output_arg", "scores") +
         Argument("output_arg", "count") + "} " + Zero("z0") + Zero("z1") +
         Zero("z2") + Zero("z3") +
         "ret { key: 'boxes' value: 'z0:output:0' } ret { key: 'classes' "
         "value: 'z1:output:0' } ret { key: 'scores' value: 'z2:output:0' } "
         "ret { key: 'count' value: 'z3:output:0' } attr { key: '_implements' "
         "value { s: \"" +
         implements +
         "\" } } } } } signature_def { key: 'serving_default' value { " +
         "inputs " +
         TensorInfo("raw_boxes", "serving_default_raw_boxes:0",
                    "dim { size: 1 } dim { size: 2 } dim { size: 4 }") +
         "inputs " +
         TensorInfo("raw_scores", "serving_default_raw_scores:0",
                    "dim { size: 1 } dim { size: 2 } dim { size: 2 }") +
         "outputs " + TensorInfo("output_0", "StatefulPartitionedCall:0") +
         "outputs " + TensorInfo("output_1", "StatefulPartitionedCall:1") +
         "outputs " + TensorInfo("output_2", "StatefulPartitionedCall:2") +
         "outputs " + TensorInfo("output_3", "StatefulPartitionedCall:3") +
         "} } }\n";
}

TEST(Composites, FunctionOfTensorFlow2) {
  const fs::path path =
      Write("tf2_ssd/saved_model.pbtxt",
            SavedModel("name: 'TFLite_Detection_PostProcess' " + kAttributes));
  auto converter = Converter::FromSavedModel(path.parent_path());
  ASSERT_TRUE(converter);
  const auto bytes = converter->Convert();
  ASSERT_TRUE(bytes) << bytes.error().ToString();
  ExpectDetections(*bytes, {"output_3", "output_2", "output_1", "output_0"});
}

TEST(Composites, DamagedMarkIsNamed) {
  const fs::path path =
      Write("tf2_damaged/saved_model.pbtxt",
            SavedModel("name: 'TFLite_Detection_PostProcess' attr {"));
  auto converter = Converter::FromSavedModel(path.parent_path());
  ASSERT_TRUE(converter);
  EXPECT_THAT(converter->Convert().error().ToString(),
              HasSubstr("_implements"));
}

}  // namespace liteforge::composites_test
