// SPDX-License-Identifier: Apache-2.0
// A model written as a SavedModel and converted is the model converted.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "base/try.h"
#include "convert/detection_testing.h"
#include "formats/tensorflow/model_files.h"
#include "function/builder.h"
#include "function/ops.h"
#include "function/write_saved_model.h"
#include "import/saved_model/import_saved_model.h"
#include "liteforge/function.h"

namespace liteforge::saved_model_writing_test {

using testing::ElementsAre;
using testing::HasSubstr;

namespace fs = std::filesystem;

fs::path Folder(const std::string& name) {
  const fs::path folder = fs::path(testing::TempDir()) / ("written_" + name);
  fs::remove_all(folder);
  return folder;
}

std::vector<std::byte> Converted(Result<Converter> converter) {
  EXPECT_TRUE(converter) << converter.error().ToString();
  if (!converter) return {};
  auto bytes = converter->Convert();
  EXPECT_TRUE(bytes) << bytes.error().ToString();
  return bytes ? *std::move(bytes) : std::vector<std::byte>();
}

void ExpectRoundTrip(Result<Converter> source, const std::string& name) {
  ASSERT_TRUE(source) << source.error().ToString();
  const fs::path folder = Folder(name);
  const auto saved = source->ConvertToSavedModel(folder);
  ASSERT_TRUE(saved) << saved.error().ToString();
  const auto direct = source->Convert();
  ASSERT_TRUE(direct) << direct.error().ToString();
  EXPECT_TRUE(*direct == Converted(Converter::FromSavedModel(folder)));
}

TEST(WriteSavedModel, KerasModel) {
  ExpectRoundTrip(Converter::FromKerasModel(LITEFORGE_SOURCE_DIR
                                            "/examples/digits/digits.h5"),
                  "digits");
}

TEST(WriteSavedModel, Detector) {
  reference::Network net;
  const auto maps = reference::MobileNetV2(
      net, reference::Map(64, 64, 3),
      "model/_feature_extractor/classification_backbone", 0.25, 8);
  const auto pyramid = reference::Pyramid(
      net, {maps.at("block_5"), maps.at("block_12"), maps.at("out_relu")},
      {16, 2, true});
  reference::PredictShared(net, pyramid, {16, 2, 6, 4, true});
  const DetectionFiles files("written");
  net.WriteCheckpoint(files.Checkpoint());
  SsdText text;
  text.feature_extractor =
      "type: 'ssd_mobilenet_v2_fpn_keras' depth_multiplier: 0.25 min_depth: 8 "
      "use_depthwise: true fpn { additional_layer_depth: 64 } " +
      ConvHyperparams();
  text.box_predictor =
      "weight_shared_convolutional_box_predictor { depth: 16 "
      "num_layers_before_predictor: 2 share_prediction_tower: true "
      "use_depthwise: true " +
      ConvHyperparams() + "}";
  text.anchor_generator =
      "multiscale_anchor_generator { aspect_ratios: [1, 2, 0.5] }";
  auto converter = Converter::FromDetectionCheckpoint(files.Config(text.Text()),
                                                      files.Checkpoint());
  ASSERT_TRUE(converter);
  converter->options().max_detections = 7;
  ExpectRoundTrip(std::move(converter), "detector");

  // The order of the post-processing, not that of the keys.
  const auto imported =
      ImportSavedModel(fs::path(testing::TempDir()) / "written_detector", {});
  ASSERT_TRUE(imported) << imported.error().ToString();
  std::vector<std::string> names;
  for (const auto& output : imported->functions[0].outputs)
    names.push_back(output.name);
  EXPECT_THAT(names,
              ElementsAre("output_3", "output_2", "output_1", "output_0"));
  // TensorFlow knows no such operation: it sees a function.
  const auto model =
      ReadSavedModel(fs::path(testing::TempDir()) / "written_detector");
  ASSERT_TRUE(model);
  const tf::GraphDef& graph = model->meta_graphs(0).graph_def();
  EXPECT_TRUE(std::ranges::none_of(graph.node(), [](const tf::NodeDef& node) {
    return node.op() == "TFLite_Detection_PostProcess";
  }));
  ASSERT_EQ(graph.library().function_size(), 1);
  EXPECT_THAT(
      graph.library().function(0).attr().at("_implements").s(),
      AllOf(HasSubstr("name: \"TFLite_Detection_PostProcess\""),
            HasSubstr("attr { key: \"max_detections\" value { i: 7 } }"),
            HasSubstr("attr { key: \"use_regular_nms\" value { b: false } }"),
            HasSubstr("attr { key: \"num_classes\" value { i: 3 } }")));
}

// i counts to 5 while x doubles and takes the larger half of its halves.
Result<ConcreteFunction> LoopFunction() {
  FunctionBuilder cond("cond");
  {
    const Tensor i = cond.Input("i", DataType::kInt32, Shape());
    cond.Input("X", DataType::kFloat32, {4});
    cond.Output("go", Less(i, cond.Constant(IntScalar(5))));
  }
  FunctionBuilder body("body");
  {
    const Tensor i = body.Input("i", DataType::kInt32, Shape());
    const Tensor x = body.Input("X", DataType::kFloat32, {4});
    const auto halves = Split(x, 0, 2);
    const Tensor largest = TopK(x, 2).values;
    const Tensor parts[] = {Tanh(halves[1]), Mul(halves[0], largest)};
    body.Output("i", Add(i, body.Constant(IntScalar(1))));
    body.Output("x", Add(Concat(parts, 0),
                         body.Constant(FloatConstant({4}, {1, 2, 3, 4}))));
  }
  TRY_ASSIGN(ConcreteFunction cond_function, cond.Finish());
  TRY_ASSIGN(ConcreteFunction body_function, body.Finish());
  FunctionBuilder f("serving_default");
  const Tensor x = f.Input("x", DataType::kFloat32, {4});
  const Tensor scale =
      f.Variable(FloatConstant({4}, {0.5f, 0.25f, 1, 2}), "scale");
  const Tensor loop[] = {f.Constant(IntScalar(0)), Mul(x, scale)};
  f.Output("y",
           While(loop, std::move(cond_function), std::move(body_function))[1]);
  return f.Finish();
}

TEST(WriteSavedModel, LoopsKeepTheirMeaning) {
  const auto function = LoopFunction();
  ASSERT_TRUE(function) << function.error().ToString();
  const fs::path folder = Folder("loop");
  const auto written = WriteSavedModel(*function, folder);
  ASSERT_TRUE(written) << written.error().ToString();
  const auto direct = Compile(*function);
  ASSERT_TRUE(direct) << direct.error().ToString();
  const std::vector<float> x = {0.1f, -0.2f, 0.3f, 0.4f};
  const auto wanted = RunBytes(*direct, x).values;
  ASSERT_EQ(wanted.size(), 1u);
  EXPECT_EQ(RunBytes(Converted(Converter::FromSavedModel(folder)), x).values,
            wanted);
}

TEST(WriteSavedModel, SameModelSameBytes) {
  const auto bytes = [](const std::string& name) {
    const fs::path folder = Folder(name);
    EXPECT_TRUE(WriteSavedModel(*LoopFunction(), folder));
    std::ifstream file(folder / "saved_model.pb", std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(file), {});
  };
  EXPECT_EQ(bytes("once"), bytes("twice"));
}

TEST(WriteSavedModel, SaysWhereItCannotWrite) {
  const fs::path folder = Folder("file");
  std::ofstream(folder) << "a file";
  EXPECT_THAT(WriteSavedModel(*LoopFunction(), folder).error().ToString(),
              HasSubstr(folder.string()));
}

//------------------------------------------------------- functions of several

using enum DataType;
using Floats = std::vector<float>;

// The first output of a signature of the .tflite.
Floats RunSignature(std::span<const std::byte> model, const std::string& key,
                    const Floats& x) {
  auto interpreter = Interpreter::FromBuffer(model);
  EXPECT_TRUE(interpreter) << interpreter.error().ToString();
  auto runner = interpreter->Signature(key);
  EXPECT_TRUE(runner) << runner.error().ToString();
  EXPECT_TRUE(runner->AllocateTensors());
  EXPECT_TRUE(runner->SetInput("x", std::span<const float>(x)));
  EXPECT_TRUE(runner->Invoke());
  return runner->Values<float>("y");
}

// x W W by a loop that reads W from around it, and x W + 1.
Result<Converter> TracedFunctions(const Variable& w) {
  const auto twice =
      Trace("serving_default", {{kFloat32, {1, 40}, "x"}}, [&](Tensor x) {
        const auto end = While(
            {Constant(0), x}, [](Tensor i, Tensor) { return i < 2; },
            [&](Tensor i, Tensor v) {
              return std::tuple(i + 1, MatMul(v, w));
            });
        return Outputs{{"y", end[1]}};
      });
  const auto once = Trace("once", {{kFloat32, {1, 40}, "x"}}, [&](Tensor x) {
    return Outputs{{"y", MatMul(x, w) + 1}};
  });
  return Converter::FromConcreteFunctions({twice, once});
}

TEST(WriteSavedModel, TracedFunctionsShareTheirVariables) {
  Floats weights(40 * 40);
  for (size_t i = 0; i < weights.size(); ++i)
    weights[i] = static_cast<float>((i * 7) % 5) - 2;
  const Variable w("dense/kernel", ArrayOf(weights, {40, 40}));
  auto converter = TracedFunctions(w);
  ASSERT_TRUE(converter) << converter.error().ToString();
  const fs::path folder = Folder("traced");
  const auto saved = converter->ConvertToSavedModel(folder);
  ASSERT_TRUE(saved) << saved.error().ToString();
  EXPECT_LT(fs::file_size(folder / "variables/variables.data-00000-of-00001"),
            weights.size() * sizeof(float) + 1000);
  const auto direct = converter->Convert();
  ASSERT_TRUE(direct) << direct.error().ToString();
  EXPECT_EQ(converter->check().skipped, "");
  Floats x(40);
  for (size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i % 3);
  for (const std::string key : {"serving_default", "once"}) {
    auto read = Converter::FromSavedModel(folder);
    ASSERT_TRUE(read) << read.error().ToString();
    read->options().signature = key;
    EXPECT_EQ(RunSignature(Converted(std::move(read)), key, x),
              RunSignature(*direct, key, x));
  }
}

}  // namespace liteforge::saved_model_writing_test
