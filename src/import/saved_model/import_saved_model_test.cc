// SPDX-License-Identifier: Apache-2.0
#include "import/saved_model/import_saved_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "import/saved_model/saved_model_testing.h"
#include "import/saved_model/slice_spec.h"

namespace liteforge::import_saved_model_test {

using testing::HasSubstr;

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
const std::string kInput = Input("x");

std::string ErrorOf(const SavedModelDirectory& directory,
                    const SavedModelSelection& selection = {}) {
  const auto function = ImportSavedModel(directory.path(), selection);
  return function ? "imported" : function.error().ToString();
}

// What is imported, if it is one function.
Result<ConcreteFunction> Imported(const SavedModelDirectory& directory,
                                  const SavedModelSelection& selection = {}) {
  auto imported = ImportSavedModel(directory.path(), selection);
  if (!imported) return tl::unexpected(std::move(imported.error()));
  EXPECT_EQ(imported->functions.size(), 1u);
  return std::move(imported->functions[0]);
}

std::string OpsOf(const ConcreteFunction& function) {
  std::string ops;
  for (const tf::NodeDef& node : function.graph.node())
    ops += (ops.empty() ? "" : " ") + node.op();
  return ops;
}

TEST(ImportSavedModel, CallsAreInlinedAndVariablesRead) {
  SavedModelDirectory directory(
      Meta(kInput + kVariable + CallOf("f", {"x", "v"}), kMultiply,
           Signature("serving_default", "x:0", "call:0")));
  directory.WithVariable("v", {2}, {3, 4});
  const auto function = Imported(directory);
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
  const SavedModelDirectory directory(
      Meta(kInput,
           "function { signature { name: 'g' "
           "input_arg { name: 'a' type: DT_FLOAT } "
           "output_arg { name: 'b' type: DT_FLOAT } } node_def " +
               Node("n", "Neg", {"a"}) + " ret { key: 'b' value: 'n:y:0' } }",
           ""));
  SavedModelSelection selection;
  selection.function = "g";
  const auto function = Imported(directory, selection);
  ASSERT_TRUE(function) << function.error().ToString();
  EXPECT_EQ(function->inputs[0].name, "a");
  EXPECT_EQ(OpsOf(*function), "Placeholder Neg");
  selection.function = "h";
  EXPECT_THAT(ErrorOf(directory, selection), HasSubstr("it has 1: g"));
}

TEST(ImportSavedModel, AllSignaturesOrOneByName) {
  const std::string nodes = kInput + "node " + Node("a", "Neg", {"x"}) +
                            "node " + Node("b", "Abs", {"x"}) + "node " +
                            Node("c", "Sqrt", {"x"});
  const std::string signatures = Signature("two", "x:0", "b:0") +
                                 Signature("one", "x:0", "a:0") +
                                 Signature("serving_default", "x:0", "c:0") +
                                 Signature("__saved_model_init_op", "", "c:0");
  const SavedModelDirectory directory(Meta(nodes, "", signatures));
  const auto all = ImportSavedModel(directory.path(), {});
  ASSERT_TRUE(all) << all.error().ToString();
  ASSERT_EQ(all->functions.size(), 3u);
  EXPECT_EQ(all->functions[0].name, "serving_default");
  EXPECT_EQ(OpsOf(all->functions[0]), "Placeholder Sqrt");
  EXPECT_EQ(all->functions[1].name, "one");
  EXPECT_EQ(OpsOf(all->functions[1]), "Placeholder Neg");
  EXPECT_EQ(all->functions[2].name, "two");
  const auto chosen = Imported(directory, {{}, "two", "", {}});
  ASSERT_TRUE(chosen);
  EXPECT_EQ(OpsOf(*chosen), "Placeholder Abs");
  EXPECT_THAT(ErrorOf(directory, {{}, "three", "", {}}),
              HasSubstr("no signature 'three'; it has: serving_default, one, "
                        "two"));
  EXPECT_THAT(ErrorOf(SavedModelDirectory(Meta(nodes, "", ""))),
              HasSubstr("no signatures"));
}

// A signature with what TFLite lacks does not keep the others from converting,
// but is told of.
TEST(ImportSavedModel, SignaturesThatCannotBeExpressedAreLeftOut) {
  const std::string sparse =
      "signature_def { key: 'sparse' value { inputs { key: 's' value { "
      "coo_sparse { values_tensor_name: 'x:0' } } } outputs " +
      TensorInfo("y", "a:0") + " } }";
  const std::string nodes = kInput + "node " + Node("a", "Neg", {"x"});
  const SavedModelDirectory both(
      Meta(nodes, "", sparse + Signature("serving_default", "x:0", "a:0")));
  const auto imported = ImportSavedModel(both.path(), {});
  ASSERT_TRUE(imported) << imported.error().ToString();
  EXPECT_EQ(imported->functions.size(), 1u);
  ASSERT_EQ(imported->left_out.size(), 1u);
  EXPECT_THAT(imported->left_out[0].ToString(), HasSubstr("'sparse'"));
  EXPECT_THAT(ErrorOf(both, {{}, "sparse", "", {}}), HasSubstr("sparse"));
  EXPECT_THAT(ErrorOf(SavedModelDirectory(Meta(nodes, "", sparse))),
              HasSubstr("sparse"));
}

TEST(ImportSavedModel, GraphsAreChosenByTags) {
  const std::string nodes = kInput + "node " + Node("a", "Neg", {"x"});
  const std::string signature = Signature("serving_default", "x:0", "a:0");
  const std::string train =
      Meta(nodes, "", signature, "tags: 'serve' tags: 'train'");
  const SavedModelDirectory directory(
      train + Meta(nodes, "", signature, "tags: 'gpu'"));
  EXPECT_EQ(ErrorOf(directory), "imported");
  EXPECT_EQ(ErrorOf(directory, {{"gpu"}, "", "", {}}), "imported");
  EXPECT_EQ(ErrorOf(directory, {{"train", "serve"}, "", "", {}}), "imported");
  EXPECT_THAT(ErrorOf(directory, {{"tpu"}, "", "", {}}),
              HasSubstr("serve,train; gpu"));
}

TEST(ImportSavedModel, DamagedModelsAreRefused) {
  const std::string signature = Signature("serving_default", "x:0", "call:0");
  const auto of = [&](const std::string& nodes, const std::string& functions) {
    return ErrorOf(
        SavedModelDirectory(Meta(kInput + nodes, functions, signature)));
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
}

//---------------------------------------------- variables that are assigned

// The nodes that a control input names, in front of each node with one.
std::string OrderOf(const ConcreteFunction& function) {
  std::string order;
  for (const tf::NodeDef& node : function.graph.node()) {
    for (const std::string& input : node.input()) {
      if (input.starts_with('^'))
        order +=
            (order.empty() ? "" : ", ") + input.substr(1) + " < " + node.name();
    }
  }
  return order;
}

// state(x, v): v += x, after which y = v + x.
const std::string kState = DefineFunction(
    "state", {{"x", "FLOAT"}, {"v", "RESOURCE"}}, {{"out", "FLOAT"}},
    "node_def " + Node("add", "AssignAddVariableOp", {"v", "x"}, kFloatInput) +
        "node_def " +
        Node("read", "ReadVariableOp", {"v", "^add"}, kFloatInput) +
        "node_def " +
        Node("sum", "AddV2", {"read:value:0", "x"}, Type("T", "FLOAT")),
    {{"out", "sum:z:0"}});

TEST(ImportSavedModel, AssignedVariablesStay) {
  SavedModelDirectory directory(
      Meta(kInput + kVariable + CallOf("state", {"x", "v"}), kState,
           Signature("serving_default", "x:0", "call:0")));
  directory.WithVariable("v", {2}, {3, 4});
  const auto function = Imported(directory);
  ASSERT_TRUE(function) << function.error().ToString();
  EXPECT_TRUE(function->variables.empty());
  EXPECT_EQ(OpsOf(*function),
            "Placeholder VarHandleOp ReadVariableOp AddV2 AssignVariableOp "
            "ReadVariableOp AddV2 Identity");
  EXPECT_EQ(OrderOf(*function), "call/add < v/read_1, call/add < with_effects");
  ASSERT_EQ(function->functions.size(), 1u);
  const ConcreteFunction& first = *function->functions.begin()->second;
  EXPECT_EQ(OpsOf(first), "VarHandleOp Const AssignVariableOp Identity");
  EXPECT_EQ(first.constants.at("value").ToVector<float>(),
            (std::vector<float>{3, 4}));
}

// What one signature assigns, another reads as it is then.
TEST(ImportSavedModel, AVariableIsAssignedInOneSignature) {
  SavedModelDirectory directory(
      Meta(kInput + kVariable + CallOf("state", {"x", "v"}) +
               CallOf("f", {"x", "v"}, "product"),
           kState + kMultiply,
           Signature("serving_default", "x:0", "product:0") +
               Signature("update", "x:0", "call:0")));
  directory.WithVariable("v", {2}, {3, 4});
  const auto both = ImportSavedModel(directory.path(), {});
  ASSERT_TRUE(both) << both.error().ToString();
  EXPECT_EQ(OpsOf(both->functions[0]),
            "Placeholder VarHandleOp ReadVariableOp Mul");
  const auto one = Imported(directory, {{}, "serving_default", "", {}});
  EXPECT_EQ(OpsOf(*one), "Placeholder Const Mul");
}

// What a function does at its end, which nothing in it reads.
TEST(ImportSavedModel, EffectsThatAFunctionNamesHappen) {
  const std::string body =
      "node_def " + Node("read", "ReadVariableOp", {"v"}, kFloatInput) +
      "node_def " + Node("check", "Assert", {"read:value:0", "^read"}) +
      "node_def " +
      Node("assign", "AssignVariableOp", {"v", "x", "^read", "^check"},
           kFloatInput) +
      "node_def " + Node("other", "AssignVariableOp", {"w", "x"}, kFloatInput);
  const auto model = [&](const std::string& rest) {
    return Meta(kInput + kVariable + "node " +
                    Node("w", "VarHandleOp", {}, kFloatInput) +
                    CallOf("g", {"x", "v", "w"}),
                DefineFunction(
                    "g", {{"x", "FLOAT"}, {"v", "RESOURCE"}, {"w", "RESOURCE"}},
                    {{"out", "FLOAT"}}, body, {{"out", "read:value:0"}}, rest),
                Signature("serving_default", "x:0", "call:0"));
  };
  const auto order = [&](const std::string& rest) {
    SavedModelDirectory directory(model(rest));
    directory.WithVariable("v", {2}, {3, 4}).WithVariable("w", {2}, {3, 4});
    const auto function = Imported(directory);
    return function ? OpsOf(*function) + "; " + OrderOf(*function)
                    : function.error().ToString();
  };
  EXPECT_EQ(order(" control_ret { key: 'a' value: 'assign' } signature { "
                  "control_output: 'a' }"),
            "Placeholder VarHandleOp ReadVariableOp AssignVariableOp Identity; "
            "call/assign < with_effects");
  // Before there was control_ret, everything ran.
  EXPECT_EQ(order(""),
            "Placeholder VarHandleOp ReadVariableOp AssignVariableOp "
            "VarHandleOp AssignVariableOp Identity; call/assign < call/other, "
            "call/other < with_effects");
}

//------------------------------------------------------------------ tables

std::string Table(const std::string& key, const std::string& value) {
  return "node " + Node("table", "HashTableV2", {},
                        Type("key_dtype", key) + Type("value_dtype", value));
}
const std::string kFind =
    "node " + Node("found", "LookupTableFindV2", {"table", "x", "none"},
                   Type("Tin", "STRING") + Type("Tout", "INT64"));

std::string TableSignature(const std::string& key, const std::string& value) {
  return "signature_def { key: 'serving_default' value { inputs " +
         TensorInfo("x", "x:0", key, "dim { size: 2 }") + " outputs " +
         TensorInfo("y", "found:0", value, "dim { size: 2 }") + " } }";
}

TEST(ImportSavedModel, TablesKeepWhatFillsThem) {
  const std::string nodes =
      Input("x", "STRING") + Table("STRING", "INT64") + "node " +
      Const("none", "INT64", -1, "int64_val: -1") + "node " +
      Const("k", "STRING", 2, "string_val: 'a' string_val: 'b'") + "node " +
      Const("n", "INT64", 2, "int64_val: 5 int64_val: 6") + kFind;
  const std::string fill =
      "node " + Node("fill", "LookupTableImportV2", {"table", "k", "n"});
  const std::string called = CallOf("filler", {"k", "table", "n"}, "init") + "";
  const std::string filler = DefineFunction(
      "filler", {{"k", "STRING"}, {"t", "RESOURCE"}, {"v", "INT64"}}, {},
      "node_def " + Node("fill", "LookupTableImportV2", {"t", "k", "v"}), {});
  const std::string signature = TableSignature("STRING", "INT64");
  for (const std::string& model : {Meta(nodes + fill, "", signature),
                                   Meta(nodes + called, filler, signature)}) {
    const auto function = Imported(SavedModelDirectory(model));
    ASSERT_TRUE(function) << function.error().ToString();
    EXPECT_EQ(OpsOf(*function),
              "Placeholder Const HashTableV2 LookupTableFindV2");
    EXPECT_EQ(OpsOf(*function->functions.begin()->second),
              "HashTableV2 Const Const LookupTableImportV2 Identity");
  }
  EXPECT_THAT(ErrorOf(SavedModelDirectory(Meta(nodes, "", signature))),
              HasSubstr("nothing in the SavedModel fills the table 'table'"));
  EXPECT_THAT(ErrorOf(SavedModelDirectory(Meta(
                  nodes + "node " +
                      Node("fill", "LookupTableImportV2", {"table", "x", "n"}),
                  "", signature))),
              HasSubstr("computed when the model is loaded"));
}

TEST(ImportSavedModel, TablesAreReadFromAssets) {
  const std::string nodes =
      Input("x", "STRING") + Table("STRING", "INT64") + "node " +
      Const("none", "INT64", -1, "int64_val: -1") + kFind + "node " +
      Const("file", "STRING", -1, "string_val: '/a/b'");
  const auto filled = [&](const std::string& attributes) {
    return nodes + "node " +
           Node("fill", "InitializeTableFromTextFileV2", {"table", "file"},
                attributes);
  };
  const auto asset = [](const std::string& name) {
    return TableSignature("STRING", "INT64") +
           " asset_file_def { tensor_info { name: 'file:0' } filename: '" +
           name + "' }";
  };
  const auto values = [](const ConcreteFunction& function) {
    std::string text;
    for (const tf::NodeDef& node :
         function.functions.begin()->second->graph.node()) {
      if (node.op() != "Const") continue;
      const auto& tensor = node.attr().at("value").tensor();
      for (const auto& key : tensor.string_val()) text += key + " ";
      for (const auto number : tensor.int64_val())
        text += std::to_string(number) + " ";
    }
    return text;
  };
  SavedModelDirectory lines(Meta(filled(""), "", asset("words")));
  lines.WithAsset("words", "one\ntwo\n\nfour\n");
  auto function = Imported(lines);
  ASSERT_TRUE(function) << function.error().ToString();
  EXPECT_EQ(values(*function), "one two  four 0 1 2 3 ");
  SavedModelDirectory columns(Meta(
      filled(Attribute("key_index", "i: 1") + Attribute("value_index", "i: 0") +
             Attribute("vocab_size", "i: 2") +
             Attribute("delimiter", "s: ','")),
      "", asset("words")));
  columns.WithAsset("words", "7,seven\n8,eight\n9");
  function = Imported(columns);
  ASSERT_TRUE(function) << function.error().ToString();
  EXPECT_EQ(values(*function), "seven eight 7 8 ");
  columns.WithAsset("words", "7,seven\n8");
  EXPECT_THAT(ErrorOf(columns), HasSubstr("line 2 has no column 1"));
  columns.WithAsset("words", "7,seven\nx,eight");
  EXPECT_THAT(ErrorOf(columns), HasSubstr("'x' is no DT_INT64"));
  for (const char* name : {"../words", "/etc/passwd", ""}) {
    EXPECT_THAT(ErrorOf(SavedModelDirectory(Meta(filled(""), "", asset(name)))),
                HasSubstr("no asset"))
        << name;
  }
}

// TFLite has no such table; the keys are searched.
TEST(ImportSavedModel, OtherTablesAreSearches) {
  const std::string nodes =
      Input("x", "INT64") + Table("INT64", "FLOAT") + "node " +
      Const("none", "FLOAT", -1, "float_val: -1") + "node " +
      Const("k", "INT64", 2, "int64_val: 5 int64_val: 6") + "node " +
      Const("n", "FLOAT", 2, "float_val: 5 float_val: 6") + "node " +
      Node("fill", "InitializeTableV2", {"table", "k", "n"}) + "node " +
      Node("found", "LookupTableFindV2", {"table", "x", "none"});
  const auto function = Imported(
      SavedModelDirectory(Meta(nodes, "", TableSignature("INT64", "FLOAT"))));
  ASSERT_TRUE(function) << function.error().ToString();
  EXPECT_THAT(OpsOf(*function), HasSubstr("ArgMax"));
  EXPECT_THAT(OpsOf(*function), testing::Not(HasSubstr("HashTable")));
}

//-------------------------------------------------------------------- Case

TEST(ImportSavedModel, CasesBecomeConditions) {
  std::string functions, names;
  for (const std::string op : {"Neg", "Abs", "Sqrt"}) {
    functions +=
        DefineFunction(op + "_f", {{"x", "FLOAT"}}, {{"y", "FLOAT"}},
                       "node_def " + Node("n", op, {"x"}), {{"y", "n:y:0"}});
    names += "func { name: '" + op + "_f' } ";
  }
  const std::string nodes =
      kInput + Input("i", "INT32") + "node " +
      Node("case", "StatelessCase", {"i", "x"},
           Attribute("branches", "list { " + names + "}"));
  const auto function = Imported(SavedModelDirectory(
      Meta(nodes, functions,
           "signature_def { key: 'serving_default' value { inputs " +
               TensorInfo("i", "i:0", "INT32", "") + " inputs " +
               TensorInfo("x", "x:0") + " outputs " +
               TensorInfo("y", "case:0") + " } }")));
  ASSERT_TRUE(function) << function.error().ToString();
  EXPECT_EQ(OpsOf(*function),
            "Placeholder Placeholder Const Equal Const Equal If");
  EXPECT_EQ(OpsOf(*function->functions.at("case/then")),
            "Placeholder Neg Placeholder");
  const ConcreteFunction& rest = *function->functions.at("case/else");
  EXPECT_EQ(OpsOf(rest), "Placeholder Placeholder If");
  EXPECT_EQ(OpsOf(*rest.functions.at("then")), "Placeholder Abs");
  EXPECT_EQ(OpsOf(*rest.functions.at("else")), "Placeholder Sqrt");
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

}  // namespace liteforge::import_saved_model_test
