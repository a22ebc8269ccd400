// SPDX-License-Identifier: Apache-2.0
#include "import/saved_model/import_saved_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <fstream>

#include "formats/tensorflow/test_bundle.h"
#include "import/saved_model/slice_spec.h"

namespace liteforge {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

// A SavedModel's directory, written as text.
class Directory {
 public:
  explicit Directory(const std::string& model) {
    std::string name = (fs::temp_directory_path() / "saved_XXXXXX").string();
    path_ = mkdtemp(name.data());
    std::ofstream(path_ / "saved_model.pbtxt") << model;
  }
  ~Directory() { fs::remove_all(path_); }
  const fs::path& path() const { return path_; }

  Directory& WithVariable(const std::string& name, const Shape& shape,
                          const std::vector<float>& values) {
    fs::create_directories(path_ / "variables");
    BundleWriter bundle;
    bundle.Add(name, DataType::kFloat32, shape, values);
    bundle.Write(path_ / "variables" / "variables");
    return *this;
  }

 private:
  fs::path path_;
};

std::string Node(const std::string& name, const std::string& op,
                 const std::vector<std::string>& inputs,
                 const std::string& attributes = "") {
  std::string text = "{ name: '" + name + "' op: '" + op + "'";
  for (const std::string& input : inputs) text += " input: '" + input + "'";
  return text + " " + attributes + " }\n";
}

std::string Attribute(const std::string& key, const std::string& value) {
  return "attr { key: '" + key + "' value { " + value + " } } ";
}

const std::string kFloatInput = Attribute("dtype", "type: DT_FLOAT");

std::string Tensor(const std::string& key, const std::string& name) {
  return "{ key: '" + key + "' value { name: '" + name +
         "' dtype: DT_FLOAT tensor_shape { dim { size: -1 } dim { size: 2 } } "
         "} } ";
}

std::string Signature(const std::string& key, const std::string& input,
                      const std::string& output) {
  return "signature_def { key: '" + key + "' value { inputs " +
         Tensor("x", input) + " outputs " + Tensor("y", output) + " } }\n";
}

std::string Meta(const std::string& nodes, const std::string& functions,
                 const std::string& signatures,
                 const std::string& tags = "tags: 'serve'") {
  return "meta_graphs { meta_info_def { " + tags + " } graph_def { " + nodes +
         " library { " + functions + " } } " + signatures + " }\n";
}

// f(x, v) = x * v, called with a variable.
const std::string kMultiply =
    "function { signature { name: 'f' "
    "input_arg { name: 'x' type: DT_FLOAT } "
    "input_arg { name: 'v' type: DT_RESOURCE } "
    "output_arg { name: 'out' type: DT_FLOAT } } node_def " +
    Node("read", "ReadVariableOp", {"v"}, kFloatInput) + "node_def " +
    Node("product", "Mul", {"x", "read:value:0"},
         Attribute("T", "type: DT_FLOAT")) +
    " ret { key: 'out' value: 'product:z:0' } }";
const std::string kVariable =
    "node " + Node("v", "VarHandleOp", {}, kFloatInput);
const std::string kInput = "node " + Node("x", "Placeholder", {}, kFloatInput);

std::string CallOf(const std::string& function,
                   const std::vector<std::string>& inputs) {
  return "node " + Node("call", "StatefulPartitionedCall", inputs,
                        Attribute("f", "func { name: '" + function + "' }"));
}

std::string ErrorOf(const Directory& directory,
                    const SavedModelSelection& selection = {}) {
  const auto function = ImportSavedModel(directory.path(), selection);
  return function ? "imported" : function.error().ToString();
}

std::string OpsOf(const ConcreteFunction& function) {
  std::string ops;
  for (const tf::NodeDef& node : function.graph.node())
    ops += (ops.empty() ? "" : " ") + node.op();
  return ops;
}

TEST(ImportSavedModel, CallsAreInlinedAndVariablesRead) {
  Directory directory(Meta(kInput + kVariable + CallOf("f", {"x", "v"}),
                           kMultiply,
                           Signature("serving_default", "x:0", "call:0")));
  directory.WithVariable("v", {2}, {3, 4});
  const auto function = ImportSavedModel(directory.path(), {});
  ASSERT_TRUE(function) << function.error().ToString();
  EXPECT_EQ(function->name, "serving_default");
  EXPECT_EQ(OpsOf(*function), "Placeholder Const Mul");
  ASSERT_EQ(function->constants.size(), 1u);
  EXPECT_EQ(function->constants.begin()->second.ToVector<float>(),
            (std::vector<float>{3, 4}));
  EXPECT_EQ(function->variables.size(), 1u);
  ASSERT_EQ(function->inputs.size(), 1u);
  EXPECT_EQ(function->inputs[0].name, "x");
  EXPECT_EQ(function->inputs[0].shape, (Shape{Shape::kUnknownDim, 2}));
  EXPECT_EQ(function->outputs[0].name, "y");
}

TEST(ImportSavedModel, OneFunctionOfTheLibrary) {
  const Directory directory(
      Meta(kInput,
           "function { signature { name: 'g' "
           "input_arg { name: 'a' type: DT_FLOAT } "
           "output_arg { name: 'b' type: DT_FLOAT } } node_def " +
               Node("n", "Neg", {"a"}) + " ret { key: 'b' value: 'n:y:0' } }",
           ""));
  SavedModelSelection selection;
  selection.function = "g";
  const auto function = ImportSavedModel(directory.path(), selection);
  ASSERT_TRUE(function) << function.error().ToString();
  EXPECT_EQ(function->inputs[0].name, "a");
  EXPECT_EQ(OpsOf(*function), "Placeholder Neg");
  selection.function = "h";
  EXPECT_THAT(ErrorOf(directory, selection), HasSubstr("it has 1: g"));
}

TEST(ImportSavedModel, SignaturesAreChosenByName) {
  const std::string nodes = kInput + "node " + Node("a", "Neg", {"x"}) +
                            "node " + Node("b", "Abs", {"x"});
  const std::string one = Signature("one", "x:0", "a:0");
  const std::string two = Signature("two", "x:0", "b:0");
  EXPECT_EQ(ErrorOf(Directory(Meta(nodes, "", one))), "imported");
  EXPECT_THAT(ErrorOf(Directory(Meta(nodes, "", one + two))),
              HasSubstr("several signatures; it has: one, two"));
  const Directory both(Meta(nodes, "", one + two));
  const auto chosen = ImportSavedModel(both.path(), {{}, "two", ""});
  ASSERT_TRUE(chosen);
  EXPECT_EQ(OpsOf(*chosen), "Placeholder Abs");
  EXPECT_THAT(ErrorOf(both, {{}, "three", ""}), HasSubstr("one, two"));
  EXPECT_THAT(ErrorOf(Directory(Meta(nodes, "", ""))),
              HasSubstr("no signatures"));
}

TEST(ImportSavedModel, GraphsAreChosenByTags) {
  const std::string nodes = kInput + "node " + Node("a", "Neg", {"x"});
  const std::string signature = Signature("serving_default", "x:0", "a:0");
  const std::string train =
      Meta(nodes, "", signature, "tags: 'serve' tags: 'train'");
  const Directory directory(train + Meta(nodes, "", signature, "tags: 'gpu'"));
  EXPECT_EQ(ErrorOf(directory), "imported");
  EXPECT_EQ(ErrorOf(directory, {{"gpu"}, "", ""}), "imported");
  EXPECT_EQ(ErrorOf(directory, {{"train", "serve"}, "", ""}), "imported");
  EXPECT_THAT(ErrorOf(directory, {{"tpu"}, "", ""}),
              HasSubstr("serve,train; gpu"));
}

TEST(ImportSavedModel, DamagedModelsAreRefused) {
  const std::string signature = Signature("serving_default", "x:0", "call:0");
  const auto of = [&](const std::string& nodes, const std::string& functions) {
    return ErrorOf(Directory(Meta(kInput + nodes, functions, signature)));
  };
  EXPECT_THAT(of(kVariable + CallOf("f", {"x", "v"}), kMultiply),
              HasSubstr("variable 'v'"));
  EXPECT_THAT(of(CallOf("f", {"x"}), kMultiply), HasSubstr("takes more"));
  EXPECT_THAT(of(CallOf("none", {"x"}), ""), HasSubstr("'none'"));
  EXPECT_THAT(of("", ""), HasSubstr("'call'"));
  EXPECT_THAT(of(CallOf("f", {"x", "v"}), kMultiply), HasSubstr("'v'"));
  // f calls g calls f.
  const auto calling = [](const std::string& name, const std::string& other) {
    return "function { signature { name: '" + name +
           "' input_arg { name: 'a' type: DT_FLOAT } "
           "output_arg { name: 'b' type: DT_FLOAT } } node_def " +
           Node("c", "PartitionedCall", {"a"},
                Attribute("f", "func { name: '" + other + "' }")) +
           " ret { key: 'b' value: 'c:output:0' } }";
  };
  EXPECT_THAT(of(CallOf("f", {"x"}), calling("f", "g") + calling("g", "f")),
              HasSubstr("calls itself"));
  EXPECT_THAT(
      of("node " + Node("assign", "AssignVariableOp", {"v", "x"}) + kVariable +
             "node " + Node("call", "Identity", {"x", "^assign"}),
         ""),
      HasSubstr("changes a variable"));
}

TEST(TakeSlice, RowsOfAMatrix) {
  const auto matrix = [] {
    return StoredTensor{DataType::kFloat32,
                        {3, 2},
                        Blob::Own(std::vector<float>{1, 2, 3, 4, 5, 6})};
  };
  const auto rows = TakeSlice(matrix(), "3 2 1,2:-");
  ASSERT_TRUE(rows) << rows.error().ToString();
  EXPECT_EQ(rows->shape, (Shape{2, 2}));
  EXPECT_EQ(rows->data.ToVector<float>(), (std::vector<float>{3, 4, 5, 6}));
  const auto column = TakeSlice(matrix(), "3 2 -:1,1");
  ASSERT_TRUE(column) << column.error().ToString();
  EXPECT_EQ(column->data.ToVector<float>(), (std::vector<float>{2, 4, 6}));
  for (const char* text : {"3 2", "3 2 0,4:-", "4 2 -:-", "3 2 -", "x", "",
                           "3 2 -1,1:-", "3 2 2,9999999999:-"})
    EXPECT_FALSE(TakeSlice(matrix(), text)) << text;
}

}  // namespace
}  // namespace liteforge
