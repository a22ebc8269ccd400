// SPDX-License-Identifier: Apache-2.0
#include "convert/describe_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "formats/tflite/metadata_generated.h"
#include "formats/tflite/model_reader.h"
#include "liteforge/converter.h"
#include "liteforge/interpreter.h"

namespace liteforge::describe_model_test {

using testing::ElementsAre;
using testing::HasSubstr;

namespace md = tflite::metadata;

std::filesystem::path Write(const std::string& name, const std::string& text) {
  const auto path = std::filesystem::path(testing::TempDir()) / name;
  std::ofstream(path, std::ios::binary) << text;
  return path;
}

ConcreteFunction DetectorFunction() {
  ConcreteFunction function;
  tf::NodeDef& node = *function.graph.add_node();
  node.set_name("post");
  node.set_op("TFLite_Detection_PostProcess");
  function.inputs = {{"input", "input", DataType::kFloat32, {1, 64, 64, 3}}};
  const char* tensors[] = {"post:1", "post", "post:3", "post:2"};
  for (const char* tensor : tensors)
    function.outputs.push_back(
        {tensor, tensor, DataType::kFloat32, Shape::UnknownRank()});
  return function;
}

TEST(DescribeModel, RolesFollowTheOutputsOfThePostProcess) {
  const auto notes =
      DescribeModel(DetectorFunction(), Write("classes.txt", "cat\ndog\n"));
  ASSERT_TRUE(notes) << notes.error().ToString();
  ASSERT_EQ(notes->files.size(), 1u);
  EXPECT_EQ(notes->files[0].second, "cat\ndog\n");
  const auto* graph =
      md::GetModelMetadata(notes->metadata.at("TFLITE_METADATA").data())
          ->subgraph_metadata()
          ->Get(0);
  std::vector<std::string> names;
  for (const auto* tensor : *graph->output_tensor_metadata())
    names.push_back(tensor->name()->str());
  EXPECT_THAT(names, ElementsAre("category", "location", "number of detections",
                                 "score"));
  EXPECT_EQ(graph->output_tensor_metadata()
                ->Get(0)
                ->associated_files()
                ->Get(0)
                ->type(),
            md::AssociatedFileType::TENSOR_VALUE_LABELS);
}

TEST(DescribeModel, SaysNothingOfWhatItDoesNotKnow) {
  ConcreteFunction function = DetectorFunction();
  function.outputs.pop_back();
  const auto notes = DescribeModel(function, "");
  ASSERT_TRUE(notes);
  EXPECT_TRUE(notes->metadata.empty());
}

// The archive behind a model troubles no reader.
TEST(DescribeModel, LabelledClassifierRuns) {
  auto converter = Converter::FromKerasModel(LITEFORGE_SOURCE_DIR
                                             "/examples/digits/digits.h5");
  ASSERT_TRUE(converter);
  converter->options().labels =
      Write("digits.txt", "0\n1\n2\n3\n4\n5\n6\n7\n8\n9\n");
  const auto bytes = converter->Convert();
  ASSERT_TRUE(bytes) << bytes.error().ToString();
  auto interpreter = Interpreter::FromBuffer(*bytes);
  ASSERT_TRUE(interpreter) << interpreter.error().ToString();
  EXPECT_TRUE(interpreter->AllocateTensors());
  const auto model = TfliteModel::FromBytes(Blob::Copy(*bytes));
  ASSERT_TRUE(model) << model.error().ToString();
  bool found = false;
  for (const auto* entry : *(*model)->metadata())
    found |= Text(entry->name()) == "TFLITE_METADATA";
  EXPECT_TRUE(found);
}

}  // namespace liteforge::describe_model_test
