// SPDX-License-Identifier: Apache-2.0
// SavedModels with several signatures, variables that are assigned while they
// run, tables, functions as branches: converted and run.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/try.h"
#include "import/saved_model/saved_model_testing.h"
#include "liteforge/converter.h"
#include "liteforge/interpreter.h"
#include "ops/string_tensor.h"

namespace liteforge::saved_models_test {

using testing::ElementsAre;
using testing::HasSubstr;
using Floats = std::vector<float>;

struct Converted {
  std::vector<std::byte> bytes;
  std::vector<std::string> notices;
};

Result<Converted> Convert(const SavedModelDirectory& directory,
                          const ConvertOptions& options = {}) {
  TRY_ASSIGN(Converter converter, Converter::FromSavedModel(directory.path()));
  converter.options() = options;
  TRY_ASSIGN(auto bytes, converter.Convert());
  return Converted{std::move(bytes), converter.notices()};
}

std::string ErrorOf(const SavedModelDirectory& directory,
                    const ConvertOptions& options = {}) {
  const auto converted = Convert(directory, options);
  return converted ? "converted" : converted.error().ToString();
}

class Model {
 public:
  explicit Model(const Result<Converted>& converted) {
    EXPECT_TRUE(converted) << converted.error().ToString();
    if (!converted) return;
    auto interpreter = Interpreter::FromBuffer(converted->bytes);
    EXPECT_TRUE(interpreter) << interpreter.error().ToString();
    if (interpreter) interpreter_.emplace(*std::move(interpreter));
  }

  // "y" for "x" of one row of two.
  Floats Run(const std::string& key, const Floats& x) {
    auto runner = Ready(key);
    if (!runner) return {};
    EXPECT_TRUE(runner->SetInput<float>("x", x));
    return Output<float>(*runner);
  }

  // The output for strings or numbers, of the input's shape.
  template <class To>
  std::vector<To> Find(const std::vector<std::string>& keys) {
    auto runner = Ready("serving_default");
    if (!runner) return {};
    const auto bytes = PackStrings(keys);
    const auto set = runner->SetInput(
        "x", DataType::kString, {static_cast<int32_t>(keys.size())}, *bytes);
    EXPECT_TRUE(set) << set.error().ToString();
    return Output<To>(*runner);
  }

  Interpreter& interpreter() { return *interpreter_; }

 private:
  std::optional<SignatureRunner> Ready(const std::string& key) {
    if (!interpreter_) return std::nullopt;
    auto runner = interpreter_->Signature(key);
    EXPECT_TRUE(runner) << runner.error().ToString();
    if (!runner) return std::nullopt;
    const auto allocated = runner->AllocateTensors();
    EXPECT_TRUE(allocated) << allocated.error().ToString();
    return *std::move(runner);
  }
  template <class T>
  static std::vector<T> Output(SignatureRunner& runner) {
    const auto done = runner.Invoke();
    EXPECT_TRUE(done) << done.error().ToString();
    return runner.Values<T>("y");
  }

  std::optional<Interpreter> interpreter_;
};

const std::string kVariable =
    "node " + Node("v", "VarHandleOp", {}, kFloatInput);

//-------------------------------------------------------------- signatures

// y = x v, and y = x + v.
std::string TwoSignatures() {
  return Meta(Input("x") + kVariable + "node " +
                  Node("read", "ReadVariableOp", {"v"}, kFloatInput) + "node " +
                  Node("product", "Mul", {"x", "read"}) + "node " +
                  Node("sum", "AddV2", {"x", "read"}),
              "",
              Signature("times", "x:0", "product:0") +
                  Signature("serving_default", "x:0", "sum:0"));
}

TEST(SavedModels, EverySignatureRuns) {
  SavedModelDirectory directory(TwoSignatures());
  directory.WithVariable("v", {2}, {3, 4});
  Model model(Convert(directory));
  EXPECT_THAT(model.Run("serving_default", {1, 2}), ElementsAre(4, 6));
  EXPECT_THAT(model.Run("times", {1, 2}), ElementsAre(3, 8));
  EXPECT_THAT(model.Run("serving_default", {5, 6}), ElementsAre(8, 10));
  ConvertOptions one;
  one.signature = "times";
  Model times(Convert(directory, one));
  EXPECT_EQ(times.interpreter().Signatures().size(), 1u);
  EXPECT_THAT(times.Run("times", {1, 2}), ElementsAre(3, 8));
}

TEST(SavedModels, SignaturesShareTheirWeights) {
  constexpr int32_t kCount = 4096;
  SavedModelDirectory directory(TwoSignatures());
  directory.WithVariable("v", {kCount, 2}, Floats(2 * kCount, 0.5f));
  const auto both = Convert(directory);
  ASSERT_TRUE(both) << both.error().ToString();
  EXPECT_LT(both->bytes.size(), 2 * kCount * sizeof(float) + 4096);
}

TEST(SavedModels, SignaturesWithUnknownOperationsAreLeftOut) {
  const std::string nodes = Input("x") + "node " + Node("a", "Neg", {"x"}) +
                            "node " + Node("b", "ParseExample", {"x"});
  const SavedModelDirectory directory(
      Meta(nodes, "",
           Signature("serving_default", "x:0", "a:0") +
               Signature("regress", "x:0", "b:0")));
  const auto converted = Convert(directory);
  ASSERT_TRUE(converted) << converted.error().ToString();
  EXPECT_THAT(converted->notices,
              testing::Contains(testing::AllOf(HasSubstr("'regress'"),
                                               HasSubstr("ParseExample"))));
  Model model(converted);
  EXPECT_EQ(model.interpreter().Signatures().size(), 1u);
  ConvertOptions regress;
  regress.signature = "regress";
  EXPECT_THAT(ErrorOf(directory, regress), HasSubstr("ParseExample ('b')"));
}

//-------------------------------------------------- operations of the user's

TEST(SavedModels, UnknownOperationsAreNamedAtOnceOrCustom) {
  const std::string body =
      "node_def " +
      Node("in", "Inner", {"x"}, Type("T", "FLOAT") + Attribute("k", "i: 3"));
  const std::string function = DefineFunction(
      "f", {{"x", "FLOAT"}}, {{"y", "FLOAT"}}, body, {{"y", "in:0"}});
  const std::string nodes =
      Input("x") + "node " +
      Node("p", "Placeholder", {}, Type("dtype", "BOOL")) + "node " +
      Node("a", "Outer", {"x"}, Type("T", "FLOAT")) + "node " +
      Node("b", "Outer", {"a"}, Type("T", "FLOAT")) + "node " +
      Node("if", "If", {"p", "b"},
           Calls("then_branch", "f") + Calls("else_branch", "f"));
  const SavedModelDirectory directory(
      Meta(nodes, function,
           "signature_def { key: 'serving_default' value { inputs " +
               TensorInfo("p", "p:0", "BOOL", "") + " inputs " +
               TensorInfo("x", "x:0") + " outputs " + TensorInfo("y", "if:0") +
               " } }"));
  EXPECT_THAT(ErrorOf(directory),
              HasSubstr("2 TensorFlow operations cannot be converted: Inner "
                        "('in', 'in'), Outer ('a', 'b'); build the model "
                        "without them, or name each with --custom-op"));
  ConvertOptions options;
  options.custom_ops = {"Outer"};
  EXPECT_THAT(ErrorOf(directory, options), HasSubstr("1 TensorFlow operation"));
  options.custom_ops = {"Inner", "Outer"};
  const auto converted = Convert(directory, options);
  ASSERT_TRUE(converted) << converted.error().ToString();
  const std::string bytes(
      reinterpret_cast<const char*>(converted->bytes.data()),
      converted->bytes.size());
  EXPECT_THAT(bytes, HasSubstr("Outer"));
  EXPECT_THAT(bytes, HasSubstr("Inner"));
  EXPECT_THAT(bytes, testing::Not(HasSubstr("Flex")));
}

// A function that says what it stands for, and whose caller has that operator.
TEST(SavedModels, MarkedFunctionsBecomeCustomOperators) {
  const std::string function =
      DefineFunction("f", {{"x", "FLOAT"}}, {{"y", "FLOAT"}},
                     "node_def " + Node("n", "Neg", {"x"}), {{"y", "n:y:0"}},
                     Attribute("_implements", "s: 'addons:Mine'"));
  const SavedModelDirectory directory(
      Meta(Input("x") + CallOf("f", {"x"}), function,
           Signature("serving_default", "x:0", "call:0")));
  Model plain(Convert(directory));
  EXPECT_THAT(plain.Run("serving_default", {1, -2}), ElementsAre(-1, 2));
  ConvertOptions options;
  options.custom_ops = {"addons:Mine"};
  const auto converted = Convert(directory, options);
  ASSERT_TRUE(converted) << converted.error().ToString();
  EXPECT_THAT(
      std::string(reinterpret_cast<const char*>(converted->bytes.data()),
                  converted->bytes.size()),
      HasSubstr("addons:Mine"));
}

//--------------------------------------------------------------- variables

// v += x; y = v. And in another signature y = v x.
SavedModelDirectory& Accumulator(SavedModelDirectory& directory) {
  return directory.WithVariable("v", {1, 2}, {10, 20});
}
std::string AccumulatorModel() {
  const std::string body =
      "node_def " + Node("before", "ReadVariableOp", {"v"}, kFloatInput) +
      "node_def " +
      Node("next", "AddV2", {"before:value:0", "x"}, Type("T", "FLOAT")) +
      "node_def " +
      Node("assign", "AssignVariableOp", {"v", "next:z:0", "^before"},
           kFloatInput) +
      "node_def " +
      Node("after", "ReadVariableOp", {"v", "^assign"}, kFloatInput);
  const std::string add =
      DefineFunction("add", {{"x", "FLOAT"}, {"v", "RESOURCE"}},
                     {{"y", "FLOAT"}}, body, {{"y", "after:value:0"}},
                     " control_ret { key: 'a' value: 'assign' } signature { "
                     "control_output: 'a' }");
  return Meta(Input("x") + kVariable + CallOf("add", {"x", "v"}) + "node " +
                  Node("read", "ReadVariableOp", {"v"}, kFloatInput) + "node " +
                  Node("product", "Mul", {"x", "read"}),
              add,
              Signature("serving_default", "x:0", "call:0") +
                  Signature("times", "x:0", "product:0"));
}

TEST(SavedModels, AssignedVariablesKeepTheirValues) {
  SavedModelDirectory directory(AccumulatorModel());
  Model model(Convert(Accumulator(directory)));
  EXPECT_THAT(model.Run("times", {1, 1}), ElementsAre(10, 20));
  EXPECT_THAT(model.Run("serving_default", {1, 2}), ElementsAre(11, 22));
  EXPECT_THAT(model.Run("serving_default", {1, 2}), ElementsAre(12, 24));
  // The other signature has the same variable, and does not set it up again.
  EXPECT_THAT(model.Run("times", {1, 1}), ElementsAre(12, 24));
  EXPECT_THAT(model.Run("serving_default", {1, 2}), ElementsAre(13, 26));
}

// TensorFlow 1: the reference is the value at the time; the old value is read
// before, by a control input.
TEST(SavedModels, AssignedReferences) {
  const std::string nodes =
      Input("x") + "node " + Node("v", "VariableV2", {}, kFloatInput) +
      "node " + Node("old", "Identity", {"v"}, Type("T", "FLOAT")) + "node " +
      Node("kept", "Mul", {"old", "x"}, Type("T", "FLOAT")) + "node " +
      Node("add", "AssignAdd", {"v", "x", "^kept"}, Type("T", "FLOAT")) +
      "node " + Node("y", "Sub", {"add", "kept"}, Type("T", "FLOAT"));
  SavedModelDirectory directory(
      Meta(nodes, "", Signature("serving_default", "x:0", "y:0")));
  Model model(Convert(directory.WithVariable("v", {1, 2}, {10, 20})));
  // (v + x) - v x
  EXPECT_THAT(model.Run("serving_default", {2, 3}), ElementsAre(-8, -37));
  EXPECT_THAT(model.Run("serving_default", {2, 3}), ElementsAre(-10, -43));
}

// A loop that assigns in its body: v doubles three times.
TEST(SavedModels, LoopsMayAssign) {
  const std::string functions =
      DefineFunction("c", {{"i", "INT32"}, {"v", "RESOURCE"}}, {{"o", "BOOL"}},
                     "node_def " + Const("three", "INT32", -1, "int_val: 3") +
                         "node_def " +
                         Node("l", "Less", {"i", "three:output:0"}),
                     {{"o", "l:z:0"}}) +
      DefineFunction(
          "b", {{"i", "INT32"}, {"v", "RESOURCE"}},
          {{"o", "INT32"}, {"v_out", "RESOURCE"}},
          "node_def " + Const("one", "INT32", -1, "int_val: 1") + "node_def " +
              Node("next", "AddV2", {"i", "one:output:0"}) + "node_def " +
              Node("read", "ReadVariableOp", {"v"}, kFloatInput) + "node_def " +
              Node("twice", "AddV2", {"read:value:0", "read:value:0"}) +
              "node_def " +
              Node("assign", "AssignVariableOp", {"v", "twice:z:0"},
                   kFloatInput),
          {{"o", "next:z:0"}, {"v_out", "v"}},
          " control_ret { key: 'a' value: 'assign' } signature { "
          "control_output: 'a' }");
  const std::string nodes =
      Input("x") + kVariable + "node " +
      Const("zero", "INT32", -1, "int_val: 0") + "node " +
      Node("loop", "While", {"zero", "v"},
           Calls("cond", "c") + Calls("body", "b")) +
      "node " + Node("read", "ReadVariableOp", {"v", "^loop"}, kFloatInput) +
      "node " + Node("y", "Mul", {"x", "read"});
  SavedModelDirectory directory(
      Meta(nodes, functions, Signature("serving_default", "x:0", "y:0")));
  Model model(Convert(directory.WithVariable("v", {2}, {1, 2})));
  EXPECT_THAT(model.Run("serving_default", {1, 1}), ElementsAre(8, 16));
  EXPECT_THAT(model.Run("serving_default", {1, 1}), ElementsAre(64, 128));
}

TEST(SavedModels, RowsOfVariablesAreAssigned) {
  const std::string nodes =
      Input("x") + kVariable + "node " +
      Const("row", "INT32", 1, "int_val: 1") + "node " +
      Node("put", "ResourceScatterUpdate", {"v", "row", "x"}) + "node " +
      Node("read", "ReadVariableOp", {"v", "^put"}, kFloatInput) + "node " +
      Node("y", "Identity", {"read"});
  SavedModelDirectory directory(Meta(
      nodes, "",
      "signature_def { key: 'serving_default' value { inputs " +
          TensorInfo("x", "x:0", "FLOAT", "dim { size: 1 } dim { size: 2 }") +
          " outputs " + TensorInfo("y", "y:0") + " } }"));
  Model model(Convert(directory.WithVariable("v", {3, 2}, {1, 2, 3, 4, 5, 6})));
  EXPECT_THAT(model.Run("serving_default", {8, 9}),
              ElementsAre(1, 2, 8, 9, 5, 6));
}

//------------------------------------------------------------------ tables

std::string TableModel(const std::string& key, const std::string& value,
                       const std::string& keys, const std::string& values,
                       const std::string& otherwise, bool sized = false) {
  const std::string nodes =
      Input("x", key) + "node " +
      Node("table", "HashTableV2", {},
           Type("key_dtype", key) + Type("value_dtype", value)) +
      "node " + Const("k", key, 3, keys) + "node " +
      Const("n", value, 3, values) + "node " +
      Node("fill", "LookupTableImportV2", {"table", "k", "n"}) + "node " +
      Const("none", value, -1, otherwise) + "node " +
      Node("found", "LookupTableFindV2", {"table", "x", "none"},
           Type("Tin", key) + Type("Tout", value)) +
      "node " + Node("size", "LookupTableSizeV2", {"table"});
  return Meta(
      nodes, "",
      "signature_def { key: 'serving_default' value { inputs " +
          TensorInfo("x", "x:0", key, "dim { size: 4 }") + " outputs " +
          TensorInfo("y", "found:0", value, "") +
          (sized ? " outputs " + TensorInfo("z", "size:0", "INT64", "") : "") +
          " } }");
}

const std::string kWords = "string_val: 'a' string_val: 'bc' string_val: ''";

TEST(SavedModels, TablesFromTextToNumbers) {
  const SavedModelDirectory directory(TableModel(
      "STRING", "INT64", kWords, "int64_val: 5 int64_val: 6 int64_val: 7",
      "int64_val: -1", true));
  Model model(Convert(directory));
  EXPECT_THAT(model.Find<int64_t>({"bc", "b", "", "a"}),
              ElementsAre(6, -1, 7, 5));
  auto runner = model.interpreter().Signature("serving_default");
  EXPECT_THAT(runner->Values<int64_t>("z"), ElementsAre(3));
}

// Not one of TFLite's kinds of tables.
TEST(SavedModels, TablesFromTextToFloats) {
  const SavedModelDirectory directory(
      TableModel("STRING", "FLOAT", kWords,
                 "float_val: 5 float_val: 6 float_val: 7", "float_val: -1"));
  Model model(Convert(directory));
  EXPECT_THAT(model.Find<float>({"bc", "b", "", "a"}),
              ElementsAre(6, -1, 7, 5));
}

TEST(SavedModels, TablesFromNumbers) {
  const SavedModelDirectory directory(
      TableModel("INT64", "STRING", "int64_val: 5 int64_val: 6 int64_val: 7",
                 kWords, "string_val: '?'"));
  Model model(Convert(directory));
  auto runner = model.interpreter().Signature("serving_default");
  ASSERT_TRUE(runner);
  ASSERT_TRUE(runner->AllocateTensors());
  const std::vector<int64_t> keys = {6, 9, 7, 5};
  ASSERT_TRUE(runner->SetInput<int64_t>("x", keys));
  const auto done = runner->Invoke();
  ASSERT_TRUE(done) << done.error().ToString();
  EXPECT_THAT(UnpackStrings(*runner->Output("y")),
              ElementsAre("bc", "?", "", "a"));
}

//-------------------------------------------------------------------- Case

TEST(SavedModels, CasesChooseABranch) {
  std::string functions, names;
  for (const std::string op : {"Neg", "Abs", "Square"}) {
    functions +=
        DefineFunction(op + "_f", {{"x", "FLOAT"}}, {{"y", "FLOAT"}},
                       "node_def " + Node("n", op, {"x"}), {{"y", "n:y:0"}});
    names += "func { name: '" + op + "_f' } ";
  }
  const SavedModelDirectory directory(Meta(
      Input("x") + Input("i", "INT32") + "node " +
          Node("case", "Case", {"i", "x"},
               Attribute("branches", "list { " + names + "}")),
      functions,
      "signature_def { key: 'serving_default' value { inputs " +
          TensorInfo("i", "i:0", "INT32", "") + " inputs " +
          TensorInfo("x", "x:0", "FLOAT", "dim { size: 1 } dim { size: 2 }") +
          " outputs " + TensorInfo("y", "case:0") + " } }"));
  Model model(Convert(directory));
  const std::map<int32_t, Floats> want = {
      {0, {-3, 2}}, {1, {3, 2}}, {2, {9, 4}}, {3, {9, 4}}, {-1, {9, 4}}};
  for (const auto& [index, y] : want) {
    auto runner = model.interpreter().Signature("serving_default");
    ASSERT_TRUE(runner->AllocateTensors());
    ASSERT_TRUE(runner->SetInput<int32_t>("i", std::vector{index}));
    ASSERT_TRUE(runner->SetInput<float>("x", Floats{3, -2}));
    ASSERT_TRUE(runner->Invoke());
    EXPECT_EQ(runner->Values<float>("y"), y) << index;
  }
}

//----------------------------------------------------------------- hostile

TEST(SavedModels, HostileModelsAreRefused) {
  const std::string signature = Signature("serving_default", "x:0", "y:0");
  const auto of = [&](const std::string& nodes,
                      const std::string& functions = "") {
    return ErrorOf(
        SavedModelDirectory(Meta(Input("x") + nodes, functions, signature)));
  };
  // Functions that call each other, twice each, without end.
  std::string functions;
  for (const auto& [name, other] : {std::pair("f", "g"), std::pair("g", "f")}) {
    functions += DefineFunction(
        name, {{"x", "FLOAT"}}, {{"o", "FLOAT"}},
        "node_def " + Node("a", "PartitionedCall", {"x"}, Calls("f", other)) +
            "node_def " +
            Node("b", "PartitionedCall", {"a:output:0"}, Calls("f", other)),
        {{"o", "b:output:0"}});
  }
  EXPECT_THAT(of("node " + Node("y", "PartitionedCall", {"x"}, Calls("f", "f")),
                 functions),
              HasSubstr("calls itself"));
  // Functions that call the next one twice: 2^40 nodes.
  functions.clear();
  for (int i = 0; i < 40; ++i) {
    const std::string next = "f" + std::to_string(i + 1);
    functions += DefineFunction(
        "f" + std::to_string(i), {{"x", "FLOAT"}}, {{"o", "FLOAT"}},
        "node_def " + Node("a", "PartitionedCall", {"x"}, Calls("f", next)) +
            "node_def " +
            Node("b", "PartitionedCall", {"a:output:0"}, Calls("f", next)),
        {{"o", "b:output:0"}});
  }
  functions +=
      DefineFunction("f40", {{"x", "FLOAT"}}, {{"o", "FLOAT"}},
                     "node_def " + Node("a", "Neg", {"x"}), {{"o", "a:y:0"}});
  EXPECT_THAT(
      of("node " + Node("y", "PartitionedCall", {"x"}, Calls("f", "f0")),
         functions),
      HasSubstr("more than"));
  // The same with branches, which are not inlined.
  functions.clear();
  for (int i = 0; i < 40; ++i) {
    const std::string next = "f" + std::to_string(i + 1);
    functions += DefineFunction(
        "f" + std::to_string(i), {{"x", "FLOAT"}}, {{"o", "FLOAT"}},
        "node_def " +
            Node("a", "If", {"x", "x"},
                 Calls("then_branch", next) + Calls("else_branch", next)),
        {{"o", "a:output:0"}});
  }
  functions += DefineFunction("f40", {{"x", "FLOAT"}}, {{"o", "FLOAT"}}, "",
                              {{"o", "x"}});
  EXPECT_THAT(
      of("node " + Node("y", "PartitionedCall", {"x"}, Calls("f", "f0")),
         functions),
      HasSubstr("more than"));
  // A constant of 10^9 elements, none of which is there.
  EXPECT_THAT(of("node " +
                 Node("c", "Const", {},
                      Type("dtype", "FLOAT") +
                          Attribute("value",
                                    "tensor { dtype: DT_FLOAT tensor_shape { "
                                    "dim { size: 100000 } dim { size: 100000 } "
                                    "} float_val: 1 }")) +
                 "node " + Node("y", "Mul", {"x", "c"})),
              HasSubstr("node 'c'"));
  // One of 150 MB, four times; one value is there.
  std::string large, sum = "x";
  for (int i = 0; i < 4; ++i) {
    const std::string name = "large_" + std::to_string(i);
    large += "node " + Node(name, "Const", {},
                            Type("dtype", "FLOAT") +
                                Attribute("value",
                                          "tensor { dtype: DT_FLOAT "
                                          "tensor_shape { dim { size: "
                                          "40000000 } } float_val: 1 }"));
    const std::string next = i == 3 ? "y" : "sum_" + std::to_string(i);
    large += "node " + Node(next, "Mul", {sum, name});
    sum = next;
  }
  EXPECT_THAT(of(large), HasSubstr("repeat one value"));
  // A function that takes 10^9 values.
  EXPECT_THAT(
      of("node " + Node("y", "PartitionedCall", {"x"},
                        Calls("f", "many") + Attribute("N", "i: 1000000000")),
         "function { signature { name: 'many' input_arg { name: 'x' type: "
         "DT_FLOAT number_attr: 'N' } output_arg { name: 'o' type: DT_FLOAT } "
         "} ret { key: 'o' value: 'x' } }"),
      HasSubstr("takes more"));
  EXPECT_THAT(of("node " + Node("y", "Neg", {"y"})),
              HasSubstr("depends on itself"));
}

// A checkpoint that says another shape than the graph, or that is cut.
TEST(SavedModels, HostileVariablesAreRefused) {
  const std::string model = Meta(
      Input("x") + "node " +
          Node("v", "VarHandleOp", {},
               kFloatInput + Attribute("shape", "shape { dim { size: 2 } }")) +
          "node " + Node("read", "ReadVariableOp", {"v"}, kFloatInput) +
          "node " + Node("y", "Mul", {"x", "read"}),
      "", Signature("serving_default", "x:0", "y:0"));
  SavedModelDirectory other(model);
  other.WithVariable("v", {3}, {1, 2, 3});
  EXPECT_THAT(ErrorOf(other), HasSubstr("variable 'v'"));
  SavedModelDirectory none(model);
  none.WithVariable("w", {2}, {1, 2});
  EXPECT_THAT(ErrorOf(none), HasSubstr("variable 'v'"));
  SavedModelDirectory cut(model);
  cut.WithVariable("v", {2}, {1, 2});
  const auto shard = cut.path() / "variables" / "variables.data-00000-of-00001";
  std::filesystem::resize_file(shard, 4);
  EXPECT_THAT(ErrorOf(cut), HasSubstr("variables.data-00000-of-00001"));
  std::filesystem::remove(shard);
  EXPECT_THAT(ErrorOf(cut), HasSubstr("variables.data-00000-of-00001"));
}

}  // namespace liteforge::saved_models_test
