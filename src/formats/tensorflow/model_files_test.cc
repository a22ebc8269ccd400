// SPDX-License-Identifier: Apache-2.0
#include "formats/tensorflow/model_files.h"

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

namespace liteforge::model_files_test {

namespace fs = std::filesystem;
using testing::HasSubstr;

class ModelFiles : public testing::Test {
 protected:
  ModelFiles()
      : folder_(fs::temp_directory_path() /
                ("liteforge_files_" + std::to_string(getpid()))) {
    fs::create_directories(folder_);
  }
  ~ModelFiles() override { fs::remove_all(folder_); }

  fs::path Write(const std::string& name, const std::string& content) {
    std::ofstream(folder_ / name, std::ios::binary) << content;
    return folder_ / name;
  }

  fs::path folder_;
};

tf::GraphDef OneNode() {
  tf::GraphDef graph;
  graph.add_node()->set_name("x");
  graph.mutable_node(0)->set_op("Placeholder");
  return graph;
}

TEST_F(ModelFiles, GraphsInBothForms) {
  const auto binary =
      ReadGraphDef(Write("g.pb", OneNode().SerializeAsString()));
  ASSERT_TRUE(binary) << binary.error().ToString();
  EXPECT_EQ(binary->node(0).name(), "x");
  // A field that is not known is skipped.
  const auto text = ReadGraphDef(
      Write("g.pbtxt", "node { name: 'x' op: 'Placeholder' colour: 3 }"));
  ASSERT_TRUE(text) << text.error().ToString();
  EXPECT_EQ(text->node(0).op(), "Placeholder");
}

TEST_F(ModelFiles, SavedModelsInBothForms) {
  tf::SavedModel model;
  *model.add_meta_graphs()->mutable_graph_def() = OneNode();
  Write("saved_model.pb", model.SerializeAsString());
  EXPECT_EQ(ReadSavedModel(folder_)->meta_graphs(0).graph_def().node_size(), 1);
  std::string text;
  google::protobuf::TextFormat::PrintToString(model, &text);
  fs::remove(folder_ / "saved_model.pb");
  EXPECT_THAT(ReadSavedModel(folder_).error().ToString(),
              HasSubstr("saved_model.pb"));
  Write("saved_model.pbtxt", text);
  EXPECT_EQ(ReadSavedModel(folder_)->meta_graphs(0).graph_def().node_size(), 1);
}

TEST_F(ModelFiles, SaysWhatAFileIsInstead) {
  tf::SavedModel saved;
  tf::MetaGraphDef* meta = saved.add_meta_graphs();
  *meta->mutable_graph_def() = OneNode();
  meta->mutable_meta_info_def()->add_tags("serve");
  EXPECT_THAT(
      ReadGraphDef(Write("s.pb", saved.SerializeAsString())).error().ToString(),
      HasSubstr("give its directory"));
  EXPECT_THAT(
      ReadGraphDef(Write("m.pb", meta->SerializeAsString())).error().ToString(),
      HasSubstr("MetaGraph"));
  EXPECT_THAT(ReadGraphDef(Write("e.pb", "")).error().ToString(),
              HasSubstr("is empty"));
  EXPECT_THAT(ReadGraphDef(Write("n.pb", "\xFF\xFF\xFF")).error().ToString(),
              HasSubstr("n.pb"));
  EXPECT_THAT(ReadGraphDef(Write("t.pbtxt", "node {")).error().ToString(),
              HasSubstr("line 1"));
  EXPECT_EQ(ReadGraphDef(folder_ / "none.pb").error().code, ErrorCode::kIo);
}

TEST_F(ModelFiles, DeepNestingIsRefused) {
  // attr { tensor { variant_val { tensors { variant_val { … } } } } }
  std::string bytes;
  for (int i = 0; i < 3000; ++i) {
    std::string outer = i % 2 == 0 ? "\x1A" : "\x7A";
    for (size_t size = bytes.size();; size >>= 7) {
      outer += static_cast<char>((size & 0x7F) | (size >= 128 ? 0x80 : 0));
      if (size < 128) break;
    }
    bytes = outer + bytes;
  }
  EXPECT_FALSE(ReadGraphDef(Write("d.pb", bytes)));
}

}  // namespace liteforge::model_files_test
