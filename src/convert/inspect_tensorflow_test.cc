// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "convert/inspect_testing.h"
#include "import/saved_model/saved_model_testing.h"

namespace liteforge::inspect_tensorflow_test {

using testing::HasSubstr;

TEST(InspectTensorFlow, FrozenGraphs) {
  const ScratchDirectory dir;
  WriteBytes(dir / "m.pb", "PK\3");
  const ModelDescription damaged = Inspected(dir / "m.pb");
  EXPECT_EQ(damaged.kind, "TensorFlow frozen graph");
  EXPECT_EQ(damaged.file_bytes, 3);
  EXPECT_FALSE(damaged.converts);
  EXPECT_THAT(ToText(damaged), HasSubstr("\ndoes not convert: "));
  WriteBytes(dir / "m.pbtxt", R"(
      node { name: "x" op: "Placeholder"
        attr { key: "dtype" value { type: DT_FLOAT } }
        attr { key: "shape" value { shape { dim { size: 2 } } } } }
      node { name: "y" op: "Relu" input: "x" })");
  const ModelDescription model = Inspected(dir / "m.pbtxt");
  EXPECT_TRUE(model.converts) << model.problem;
  ASSERT_EQ(model.inputs.size(), 1u);
  EXPECT_EQ(model.inputs[0].name, "x");
  ASSERT_EQ(model.operators.size(), 1u);
  EXPECT_EQ(model.operators[0].name, "Relu");
}

// Operators of functions count as well, constants are parameters.
TEST(InspectTensorFlow, SavedModels) {
  const std::string function =
      DefineFunction("f", {{"x", "FLOAT"}}, {{"y", "FLOAT"}},
                     "node_def " + Node("n", "Neg", {"x"}), {{"y", "n:y:0"}});
  const std::string nodes =
      Input("x") + "node " + Const("w", "FLOAT", 2, "float_val: 3") + "node " +
      Node("product", "Mul", {"x", "w"}) + "node " +
      Node("p", "Placeholder", {}, Type("dtype", "BOOL")) + "node " +
      Node("if", "If", {"p", "product"},
           Calls("then_branch", "f") + Calls("else_branch", "f"));
  const SavedModelDirectory directory(
      Meta(nodes, function,
           "signature_def { key: 'serving_default' value { inputs " +
               TensorInfo("p", "p:0", "BOOL", "") + " inputs " +
               TensorInfo("x", "x:0") + " outputs " + TensorInfo("y", "if:0") +
               " } }"));
  const ModelDescription model = Inspected(directory.path());
  EXPECT_EQ(model.kind, "TensorFlow SavedModel");
  EXPECT_THAT(model.writer,
              HasSubstr("tags serve, signatures serving_default"));
  EXPECT_EQ(model.file_bytes, static_cast<int64_t>(std::filesystem::file_size(
                                  directory.path() / "saved_model.pbtxt")));
  EXPECT_EQ(model.parameters, 2);
  EXPECT_TRUE(model.converts) << model.problem;
  ASSERT_EQ(model.inputs.size(), 2u);
  EXPECT_EQ(model.inputs[0].name, "p");
  EXPECT_EQ(model.inputs[0].dtype, DataType::kBool);
  ASSERT_EQ(model.operators.size(), 3u);
  EXPECT_EQ(model.operators[2].name, "Neg");
  EXPECT_EQ(model.operators[2].count, 2);
  EXPECT_THAT(ToText(model), HasSubstr("\n      2 x Neg\n"));
}

TEST(InspectTensorFlow, WhatDoesNotConvertIsDescribed) {
  const SavedModelDirectory directory(
      Meta(Input("x") + "node " + Node("a", "Mystery", {"x"}), "",
           Signature("serving_default", "x:0", "a:0")));
  const ModelDescription model = Inspected(directory.path());
  EXPECT_FALSE(model.converts);
  EXPECT_THAT(model.problem, HasSubstr("Mystery ('a')"));
  ASSERT_EQ(model.outputs.size(), 1u);
  EXPECT_EQ(model.outputs[0].name, "y");
}

// What is narrowed converts; the file is described as it is.
TEST(InspectTensorFlow, TypesAreTheFiles) {
  const ScratchDirectory dir;
  WriteBytes(dir / "m.pbtxt", R"(
      node { name: "x" op: "Placeholder"
        attr { key: "dtype" value { type: DT_DOUBLE } }
        attr { key: "shape" value { shape { dim { size: 2 } } } } }
      node { name: "y" op: "Neg" input: "x"
        attr { key: "T" value { type: DT_DOUBLE } } })");
  const ModelDescription model = Inspected(dir / "m.pbtxt");
  EXPECT_TRUE(model.converts) << model.problem;
  EXPECT_EQ(model.inputs.at(0).dtype, DataType::kFloat64);
}

}  // namespace liteforge::inspect_tensorflow_test
