// SPDX-License-Identifier: Apache-2.0
#include "import/saved_model/variables.h"

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include "formats/tensorflow/test_bundle.h"
#include "import/saved_model/saved_model_testing.h"

namespace liteforge::variables_test {

using testing::ElementsAre;
using testing::HasSubstr;
namespace fs = std::filesystem;

class VariablesTest : public testing::Test {
 protected:
  void SetUp() override {
    prefix_ = fs::path(testing::TempDir()) / "variables_test_checkpoint";
  }

  // A MetaGraph in text and what `bundle_` holds.
  void Open(const std::string& meta) {
    auto parsed = std::make_shared<tf::MetaGraphDef>();
    ASSERT_TRUE(
        google::protobuf::TextFormat::ParseFromString(meta, parsed.get()));
    graph_.emplace(*GraphIndex::Of(parsed));
    bundle_.Write(prefix_);
    auto bundle = TensorBundle::Open(prefix_);
    ASSERT_TRUE(bundle) << bundle.error().ToString();
    variables_.emplace(*graph_, *std::move(bundle));
  }
  void Add(const std::string& name, const std::vector<float>& values) {
    bundle_.Add(name, DataType::kFloat32, {static_cast<int32_t>(values.size())},
                values);
  }
  std::vector<float> ValueOf(const std::string& node) {
    const auto value = variables_->ValueOf(*graph_->FindNode(node));
    EXPECT_TRUE(value) << value.error().ToString();
    return value ? value->data.ToVector<float>() : std::vector<float>();
  }

  fs::path prefix_;
  BundleWriter bundle_;
  std::optional<GraphIndex> graph_;
  std::optional<Variables> variables_;
};

const std::string kRestore =
    Const("names", "STRING", 2, "string_val: 'saved/b' string_val: 'saved/a'");
const std::string kSlices =
    Const("slices", "STRING", 2, "string_val: '' string_val: '4 1,2'");

// TensorFlow 1: the graph restores each, through Identities, a part of one.
TEST_F(VariablesTest, AsTheGraphRestoresThem) {
  Add("saved/a", {1, 2, 3, 4});
  Add("saved/b", {5});
  Open("graph_def { node " + Node("a", "VariableV2", {}) + "node " +
       Node("b", "VarHandleOp", {}) + "node " +
       Const("file", "STRING", -1, "string_val: ''") + "node " + kRestore +
       "node " + kSlices + "node " +
       Node("restore", "RestoreV2", {"file", "names", "slices"}) + "node " +
       Node("same", "Identity", {"restore:1"}) + "node " +
       Node("to_a", "Assign", {"a", "same"}) + "node " +
       Node("to_b", "AssignVariableOp", {"b", "restore"}) + "}");
  EXPECT_THAT(ValueOf("a"), ElementsAre(2, 3));
  EXPECT_THAT(ValueOf("b"), ElementsAre(5));
}

// TensorFlow 2: a function does, that is given the variables.
TEST_F(VariablesTest, AsTheRestoringFunctionDoes) {
  Add("saved/a", {1, 2, 3, 4});
  Add("saved/b", {5});
  Open("graph_def { node " + Node("a", "VarHandleOp", {}) + "node " +
       Node("b", "VarHandleOp", {}) + "node " +
       Const("file", "STRING", -1, "string_val: ''") + "node " +
       Node("call", "StatefulPartitionedCall", {"file", "a", "b"},
            Calls("f", "restore_all")) +
       "library { " +
       DefineFunction(
           "restore_all",
           {{"file", "STRING"}, {"v", "RESOURCE"}, {"w", "RESOURCE"}}, {},
           "node_def " + kRestore + "node_def " + kSlices + "node_def " +
               Node("restore", "RestoreV2",
                    {"file", "names:output:0", "slices:output:0"}) +
               "node_def " +
               Node("to_v", "AssignVariableOp", {"v", "restore:tensors:1"}) +
               "node_def " +
               Node("to_w", "AssignVariableOp", {"w", "restore:tensors:0"}),
           {}) +
       "} } saver_def { restore_op_name: 'call' }");
  EXPECT_THAT(ValueOf("a"), ElementsAre(2, 3));
  EXPECT_THAT(ValueOf("b"), ElementsAre(5));
}

// Objects are numbered on their own on both sides; edges have the same names.
TEST_F(VariablesTest, ByTheGraphOfObjects) {
  tf::TrackableObjectGraph stored;
  ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(
      "nodes { children { node_id: 2 local_name: 'layer' } } "
      "nodes { attributes { name: 'VARIABLE_VALUE' checkpoint_key: "
      "'layer/kernel/.ATTRIBUTES/VARIABLE_VALUE' } } "
      "nodes { children { node_id: 1 local_name: 'kernel' } }",
      &stored));
  Add("layer/kernel/.ATTRIBUTES/VARIABLE_VALUE", {7, 8});
  bundle_.AddStrings("_CHECKPOINTABLE_OBJECT_GRAPH",
                     {stored.SerializeAsString()});
  Open("graph_def { node " +
       Node("v", "VarHandleOp", {},
            Attribute("shared_name", "s: 'dense/kernel'")) +
       "} object_graph_def { nodes { children { node_id: 1 local_name: 'layer' "
       "} } nodes { children { node_id: 2 local_name: 'kernel' } } nodes { "
       "variable { dtype: DT_FLOAT name: 'dense/kernel' } } }");
  const auto value = variables_->ValueOfObject(2);
  ASSERT_TRUE(value) << value.error().ToString();
  EXPECT_THAT(value->data.ToVector<float>(), ElementsAre(7, 8));
  EXPECT_THAT(ValueOf("v"), ElementsAre(7, 8));
  EXPECT_FALSE(variables_->ValueOfObject(1));
  EXPECT_FALSE(variables_->ValueOfObject(99));
}

TEST_F(VariablesTest, ByNameOrNotAtAll) {
  Add("a", {9});
  Open("graph_def { node " + Node("a", "VariableV2", {}) + "node " +
       Node("b", "VariableV2", {}) + "}");
  EXPECT_THAT(ValueOf("a"), ElementsAre(9));
  const auto missing = variables_->ValueOf(*graph_->FindNode("b"));
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().ToString(),
            "variable 'b': is not in the checkpoint; the SavedModel is "
            "incomplete");
  const auto none = Variables().ValueOf(*graph_->FindNode("a"));
  ASSERT_FALSE(none);
  EXPECT_THAT(none.error().ToString(), HasSubstr("freeze the graph"));
}

}  // namespace liteforge::variables_test
