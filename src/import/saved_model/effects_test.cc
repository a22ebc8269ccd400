// SPDX-License-Identifier: Apache-2.0
#include "import/saved_model/effects.h"

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include "import/saved_model/saved_model_testing.h"

namespace liteforge::effects_test {

using testing::UnorderedElementsAre;

GraphIndex Indexed(const std::string& graph) {
  auto meta = std::make_shared<tf::MetaGraphDef>();
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(
      graph, meta->mutable_graph_def()));
  return *GraphIndex::Of(meta);
}

const std::string kFunctions =
    "library { " +
    DefineFunction("assigns", {{"v", "RESOURCE"}, {"x", "FLOAT"}}, {},
                   "node_def " + Node("a", "AssignVariableOp", {"v", "x"}) +
                       "node_def " + Node("b", "Identity", {"x", "^a"}) +
                       "node_def " + Node("c", "Neg", {"x"}),
                   {}) +
    DefineFunction("calls", {{"v", "RESOURCE"}, {"x", "FLOAT"}}, {},
                   "node_def " + Node("call", "PartitionedCall", {"v", "x"},
                                      Calls("f", "assigns")),
                   {}) +
    DefineFunction("pure", {{"x", "FLOAT"}}, {},
                   "node_def " + Node("n", "Neg", {"x"}), {}) +
    DefineFunction(
        "itself", {{"x", "FLOAT"}}, {},
        "node_def " + Node("n", "PartitionedCall", {"x"}, Calls("f", "itself")),
        {}) +
    " }";

TEST(Effects, WhatComesAfterAnAssignment) {
  const GraphIndex graph = Indexed(
      Input("x") + "node " + Node("v", "VarHandleOp", {}) + "node " +
      Node("call", "PartitionedCall", {"v", "x"}, Calls("f", "calls")) +
      "node " + Node("group", "NoOp", {"^call"}) + "node " +
      Node("y", "Neg", {"x", "^group"}) + "node " + Node("z", "Abs", {"y:0"}) +
      "node " + Node("w", "PartitionedCall", {"x"}, Calls("f", "pure")) +
      "node " + Node("u", "PartitionedCall", {"x"}, Calls("f", "itself")) +
      kFunctions);
  Effects effects(graph);
  EXPECT_THAT(effects.Behind(nullptr),
              UnorderedElementsAre("call", "group", "y", "z"));
  EXPECT_THAT(effects.Behind(graph.FindFunction("assigns")),
              UnorderedElementsAre("a", "b"));
  EXPECT_THAT(effects.Behind(graph.FindFunction("calls")),
              UnorderedElementsAre("call"));
  EXPECT_TRUE(effects.Behind(graph.FindFunction("pure")).empty());
}

// An assignment must wait for what has read the variable before.
TEST(Effects, ReadsCountWhereSomethingIsAssigned) {
  const std::string variables = "node " + Node("v", "VarHandleOp", {}) +
                                "node " + Node("r", "VariableV2", {});
  const std::string reads = Input("x") + variables + "node " +
                            Node("a", "ReadVariableOp", {"v"}) + "node " +
                            Node("b", "Identity", {"r"}) + "node " +
                            Node("c", "Neg", {"x", "^b"});
  const GraphIndex unchanged = Indexed(reads);
  Effects none(unchanged);
  EXPECT_TRUE(none.Behind(nullptr).empty());
  const GraphIndex graph =
      Indexed(reads + "node " + Node("d", "Assign", {"r", "x", "^c"}));
  Effects some(graph);
  EXPECT_THAT(some.Behind(nullptr), UnorderedElementsAre("a", "b", "c", "d"));
}

TEST(Effects, Operations) {
  for (const char* op :
       {"Assign", "AssignAddVariableOp", "ResourceScatterUpdate",
        "ResourceApplyAdam", "ScatterNdUpdate"})
    EXPECT_TRUE(AssignsVariable(op)) << op;
  for (const char* op : {"ReadVariableOp", "ScatterNd", "TensorScatterUpdate"})
    EXPECT_FALSE(AssignsVariable(op)) << op;
}

}  // namespace liteforge::effects_test
