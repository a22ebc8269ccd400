// SPDX-License-Identifier: Apache-2.0
#include "tests/fuzz/seed_graphs.h"

#include <google/protobuf/text_format.h>

#include <map>

#include "formats/tensorflow/checkpoint.pb.h"
#include "formats/tensorflow/saved_model.pb.h"
#include "formats/tensorflow/write_tensor_bundle.h"

namespace liteforge {
namespace {

template <class Message>
std::string Binary(const std::string& text) {
  Message message;
  google::protobuf::TextFormat::ParseFromString(text, &message);
  return message.SerializeAsString();
}

// A convolution, arithmetic on shapes, a loop of TensorFlow 1, and operations
// of XLA.
constexpr const char* kGraphs[] = {
    R"(node { name: "x" op: "Placeholder" attr { key: "dtype" value { type: DT_FLOAT } }
  attr { key: "shape" value { shape { dim { size: 1 } dim { size: 4 } dim { size: 4 } dim { size: 1 } } } } }
node { name: "w" op: "Const" attr { key: "dtype" value { type: DT_FLOAT } }
  attr { key: "value" value { tensor { dtype: DT_FLOAT
    tensor_shape { dim { size: 2 } dim { size: 2 } dim { size: 1 } dim { size: 2 } } float_val: 0.5 } } } }
node { name: "y" op: "Conv2D" input: "x" input: "w" attr { key: "strides" value { list { i: 1 i: 1 i: 1 i: 1 } } }
  attr { key: "padding" value { s: "SAME" } } attr { key: "T" value { type: DT_FLOAT } } }
node { name: "z" op: "Relu" input: "y" })",
    R"(node { name: "x" op: "Placeholder" attr { key: "dtype" value { type: DT_FLOAT } }
  attr { key: "shape" value { shape { dim { size: -1 } dim { size: 3 } } } } }
node { name: "s" op: "Shape" input: "x" }
node { name: "i" op: "Const" attr { key: "dtype" value { type: DT_INT32 } }
  attr { key: "value" value { tensor { dtype: DT_INT32 tensor_shape { dim { size: 1 } } tensor_content: "\000\000\000\000" } } } }
node { name: "n" op: "Gather" input: "s" input: "i" }
node { name: "a" op: "Const" attr { key: "value" value { tensor { dtype: DT_INT32 tensor_shape { } int_val: 0 } } } }
node { name: "f" op: "ConcatV2" input: "n" input: "n" input: "a" attr { key: "N" value { i: 2 } } }
node { name: "y" op: "Softmax" input: "x" })",
    R"(node { name: "x" op: "Placeholder" attr { key: "dtype" value { type: DT_FLOAT } } attr { key: "shape" value { shape { } } } }
node { name: "e" op: "Enter" input: "x" attr { key: "frame_name" value { s: "f" } } }
node { name: "m" op: "Merge" input: "e" input: "n" }
node { name: "t" op: "Const" attr { key: "value" value { tensor { dtype: DT_FLOAT tensor_shape { } float_val: 9 } } } input: "^m" }
node { name: "l" op: "Less" input: "m" input: "t" }
node { name: "c" op: "LoopCond" input: "l" }
node { name: "s" op: "Switch" input: "m" input: "c" }
node { name: "b" op: "Add" input: "s:1" input: "s:1" }
node { name: "n" op: "NextIteration" input: "b" }
node { name: "y" op: "Exit" input: "s" })",
    R"(node { name: "x" op: "Placeholder" attr { key: "dtype" value { type: DT_FLOAT } }
  attr { key: "shape" value { shape { dim { size: 3 } dim { size: 4 } } } } }
node { name: "w" op: "Const" attr { key: "value" value { tensor { dtype: DT_FLOAT tensor_shape { dim { size: 4 } dim { size: 2 } } float_val: 0.5 } } } }
node { name: "d" op: "XlaDotV2" input: "x" input: "w" attr { key: "dimension_numbers" value { s: "\n\001\001\022\001\000" } } }
node { name: "i" op: "Const" attr { key: "value" value { tensor { dtype: DT_INT32 tensor_shape { dim { size: 2 } dim { size: 1 } } int_val: 2 int_val: 0 } } } }
node { name: "s" op: "Const" attr { key: "value" value { tensor { dtype: DT_INT32 tensor_shape { dim { size: 2 } } int_val: 1 int_val: 2 } } } }
node { name: "y" op: "XlaGather" input: "d" input: "i" input: "s" attr { key: "dimension_numbers" value { s: "\n\001\001\022\001\000\032\001\000 \001" } } })",
};

constexpr const char* kSavedModel = R"(meta_graphs {
  meta_info_def { tags: "serve" stripped_op_list { op { name: "Neg" output_arg { name: "y" } } } }
  graph_def {
    node { name: "x" op: "Placeholder" attr { key: "dtype" value { type: DT_FLOAT } } }
    node { name: "table" op: "HashTableV2" attr { key: "key_dtype" value { type: DT_INT64 } } attr { key: "value_dtype" value { type: DT_FLOAT } } }
    node { name: "k" op: "Const" attr { key: "value" value { tensor { dtype: DT_INT64 tensor_shape { dim { size: 1 } } int64_val: 5 } } } }
    node { name: "n" op: "Const" attr { key: "value" value { tensor { dtype: DT_FLOAT tensor_shape { dim { size: 1 } } float_val: 5 } } } }
    node { name: "fill" op: "LookupTableImportV2" input: "table" input: "k" input: "n" }
    node { name: "i" op: "Cast" input: "x" attr { key: "DstT" value { type: DT_INT64 } } }
    node { name: "none" op: "Const" attr { key: "value" value { tensor { dtype: DT_FLOAT tensor_shape { } float_val: 1 } } } }
    node { name: "found" op: "LookupTableFindV2" input: "table" input: "i" input: "none" }
    node { name: "call" op: "StatefulPartitionedCall" input: "x" attr { key: "f" value { func { name: "f" } } } }
    library {
      function { signature { name: "f" input_arg { name: "x" type: DT_FLOAT } output_arg { name: "y" type: DT_FLOAT } }
        node_def { name: "a" op: "Neg" input: "x" }
        node_def { name: "w" op: "StatelessWhile" input: "a:y:0"
          attr { key: "cond" value { func { name: "c" } } } attr { key: "body" value { func { name: "b" } } } }
        ret { key: "y" value: "w:output:0" } }
      function { signature { name: "c" input_arg { name: "x" type: DT_FLOAT } output_arg { name: "y" type: DT_BOOL } }
        node_def { name: "a" op: "Less" input: "x" input: "x" } ret { key: "y" value: "a:z:0" } }
      function { signature { name: "b" input_arg { name: "x" type: DT_FLOAT } output_arg { name: "y" type: DT_FLOAT } }
        node_def { name: "a" op: "Neg" input: "x" } ret { key: "y" value: "a:y:0" } }
    }
  }
  signature_def { key: "serving_default" value {
    inputs { key: "x" value { name: "x:0" dtype: DT_FLOAT tensor_shape { dim { size: 2 } } } }
    outputs { key: "y" value { name: "call:0" dtype: DT_FLOAT } }
    outputs { key: "z" value { name: "found:0" dtype: DT_FLOAT } } } }
  asset_file_def { tensor_info { name: "file:0" } filename: "words" }
  object_graph_def { nodes { children { node_id: 1 local_name: "v" } } nodes { variable { dtype: DT_FLOAT name: "v" } }
    concrete_functions { key: "f" value { bound_inputs: 1 } } }
})";

constexpr const char* kTensors[] = {
    R"(dtype: DT_FLOAT tensor_shape { dim { size: 3 } } float_val: 1 float_val: 2)",
    R"(dtype: DT_HALF tensor_shape { dim { size: 2 } } half_val: 15360)",
    R"(dtype: DT_INT64 tensor_shape { dim { size: 1 } } tensor_content: "\001\000\000\000\000\000\000\000")",
    R"(dtype: DT_STRING tensor_shape { dim { size: 2 } } string_val: "a" string_val: "b")",
    R"(dtype: DT_COMPLEX64 tensor_shape { dim { size: 1 } } scomplex_val: 1 scomplex_val: 2)",
    R"(dtype: DT_BOOL tensor_shape { } bool_val: true)",
};

constexpr const char* kPipeline = R"(model { ssd { num_classes: 2
  image_resizer { fixed_shape_resizer { height: 32 width: 32 } }
  feature_extractor { type: "ssd_mobilenet_v2_keras" depth_multiplier: 0.25 min_depth: 8 }
  box_coder { faster_rcnn_box_coder { y_scale: 10 x_scale: 10 height_scale: 5 width_scale: 5 } }
  box_predictor { convolutional_box_predictor { kernel_size: 1 } }
  anchor_generator { ssd_anchor_generator { num_layers: 6 min_scale: 0.2 max_scale: 0.95 aspect_ratios: 1 } }
  post_processing { batch_non_max_suppression { score_threshold: 0.1 iou_threshold: 0.6 } score_converter: SIGMOID } } })";

// Entries as the target reads them: each after its length.
std::string Entries(const std::vector<std::string>& entries) {
  std::string bytes;
  for (const std::string& entry : entries)
    bytes += static_cast<char>(entry.size()) + entry;
  return bytes;
}

std::string BundleSeed() {
  const std::string header = Binary<tf::BundleHeaderProto>("num_shards: 1");
  const std::string plain = Binary<tf::BundleEntryProto>(
      "dtype: DT_FLOAT shape { dim { size: 4 } } offset: 16 size: 16");
  const std::string parts = Binary<tf::BundleEntryProto>(
      "dtype: DT_FLOAT shape { dim { size: 4 } } slices { extent { start: 0 "
      "length: 2 } } slices { extent { start: 2 length: 2 } }");
  const std::string strings = Binary<tf::BundleEntryProto>(
      "dtype: DT_STRING shape { dim { size: 2 } } offset: 1 size: 9");
  return Entries({header, plain, parts, strings});
}

}  // namespace

std::vector<SeedFile> SeedGraphs() {
  std::vector<SeedFile> seeds;
  for (const char* text : kGraphs) {
    const std::string name = std::to_string(seeds.size());
    seeds.push_back({"graph_def", name, Binary<tf::GraphDef>(text)});
    seeds.push_back({"graph_text", name, text});
  }
  seeds.push_back(
      {"saved_model", "model", Binary<tf::SavedModel>(kSavedModel)});
  for (const char* text : kTensors)
    seeds.push_back({"tensor_proto", std::to_string(seeds.size()),
                     Binary<tf::TensorProto>(text)});
  const std::map<std::string, std::string> rows = {
      {"", "header"}, {"a/kernel", "0123456789"}, {"a/bias", ""}};
  seeds.push_back({"sorted_table", "rows", WriteSortedTable(rows)});
  seeds.push_back({"tensor_bundle", "entries", BundleSeed()});
  seeds.push_back({"pipeline_config", "ssd", kPipeline});
  seeds.push_back(
      {"coco", "one",
       R"({"images":[{"id":1,"file_name":"a.jpg","width":8,"height":8}],)"
       R"("categories":[{"id":2,"name":"x"}],"annotations":[{"id":3,)"
       R"("image_id":1,"category_id":2,"bbox":[0,1,2,3],"iscrowd":0}]})"});
  seeds.push_back(
      {"calibration", "one",
       R"({"liteforge_calibration":1,"tensors":{"main/x":{"examples":1,)"
       R"("min":0.0,"max":1.0,"sum_of_min":0.0,"sum_of_max":1.0,)"
       R"("exponent":-9,"first_bin":0,"bins":[1],"channel_count":1,)"
       R"("channel_sums":[1.0]}}})"});
  seeds.push_back(
      {"recipe", "two", R"({"default":"int8","layers":{"a*":"float"}})"});
  seeds.push_back({"checkpoint_state", "state",
                   "model_checkpoint_path: \"ckpt-1\"\n"
                   "all_model_checkpoint_paths: \"ckpt-1\"\n"});
  return seeds;
}

}  // namespace liteforge
