// SPDX-License-Identifier: Apache-2.0
// Functions that say what they stand for ("_implements"), and functions that
// XLA's operations call, in SavedModels: converted and run.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/try.h"
#include "import/saved_model/saved_model_testing.h"
#include "liteforge/converter.h"
#include "liteforge/interpreter.h"

namespace liteforge::marked_functions_test {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

struct Argument {
  std::string name, type;
  std::vector<int> shape;
};
using Arguments = std::vector<Argument>;

std::string DimsText(const std::vector<int>& shape) {
  std::string text;
  for (const int dim : shape)
    text += "dim { size: " + std::to_string(dim) + " } ";
  return text;
}

// A model that is one node, of these inputs and outputs.
std::string ModelOf(const Arguments& inputs, const Arguments& outputs,
                    const std::string& op, const std::string& attributes,
                    const std::string& constants, const std::string& functions,
                    std::vector<std::string> operands = {}) {
  std::string nodes = constants, signature;
  const bool all = operands.empty();
  for (const auto& [name, type, shape] : inputs) {
    nodes += Input(name, type);
    if (all) operands.push_back(name);
    signature +=
        " inputs " + TensorInfo(name, name + ":0", type, DimsText(shape));
  }
  nodes += "node " + Node("node", op, operands, attributes);
  for (size_t i = 0; i < outputs.size(); ++i)
    signature +=
        " outputs " + TensorInfo(outputs[i].name, "node:" + std::to_string(i),
                                 outputs[i].type);
  return Meta(
      nodes, functions,
      "signature_def { key: 'serving_default' value {" + signature + " } }");
}

struct Ran {
  std::string bytes;
  std::map<std::string, std::vector<double>> outputs;
  std::map<std::string, Shape> shapes;
};

using Fed = std::map<std::string, std::vector<float>>;

Result<Ran> RunModel(const std::string& model, const Fed& fed) {
  const SavedModelDirectory directory(model);
  TRY_ASSIGN(Converter converter, Converter::FromSavedModel(directory.path()));
  TRY_ASSIGN(const auto bytes, converter.Convert());
  Ran ran;
  ran.bytes.assign(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  TRY_ASSIGN(Interpreter interpreter, Interpreter::FromBuffer(bytes));
  TRY(interpreter.AllocateTensors());
  for (const TensorDetails& input : interpreter.InputDetails()) {
    const auto& values = fed.at(input.name);
    if (input.dtype == DataType::kFloat32) {
      TRY(interpreter.SetTensor<float>(input.index, values));
      continue;
    }
    if (input.dtype == DataType::kInt64) {
      TRY(interpreter.SetTensor<int64_t>(
          input.index, std::vector<int64_t>(values.begin(), values.end())));
      continue;
    }
    TRY(interpreter.SetTensor<int32_t>(
        input.index, std::vector<int32_t>(values.begin(), values.end())));
  }
  TRY(interpreter.Invoke());
  for (const TensorDetails& output : interpreter.OutputDetails()) {
    auto& values = ran.outputs[output.name];
    ran.shapes[output.name] = output.shape;
    if (output.dtype == DataType::kFloat32) {
      const auto y = interpreter.Tensor<float>(output.index);
      values.assign(y.begin(), y.end());
    } else {
      const auto y = interpreter.Tensor<int32_t>(output.index);
      values.assign(y.begin(), y.end());
    }
  }
  return ran;
}

Ran Expected(const std::string& model, const Fed& fed) {
  auto ran = RunModel(model, fed);
  EXPECT_TRUE(ran) << ran.error().ToString();
  return ran ? *std::move(ran) : Ran{};
}

// A function whose body is the negative of its first argument, which none of
// the operators gives.
std::string Negative(const std::string& name, const NamesAndTypes& inputs,
                     const std::string& implements) {
  return DefineFunction(name, inputs, {{"y", "FLOAT"}},
                        "node_def " + Node("n", "Neg", {inputs[0].first}),
                        {{"y", "n:y:0"}},
                        Attribute("_implements", "s: \"" + implements + "\""));
}

//------------------------------------------------------------------ composites

TEST(MarkedFunctions, MaxUnpooling) {
  const std::string mark =
      "name: 'addons:MaxUnpooling2D' attr { key: 'pool_size' value { list { i: "
      "2 i: 3 } } } attr { key: 'strides' value { list { i: 2 i: 3 } } } attr "
      "{ key: 'padding' value { s: 'SAME' } }";
  const std::string model = ModelOf(
      {{"x", "FLOAT", {1, 2, 1, 1}}, {"at", "INT64", {1, 2, 1, 1}}},
      {{"y", "FLOAT", {}}}, "StatefulPartitionedCall", Calls("f", "unpool"), "",
      Negative("unpool", {{"x", "FLOAT"}, {"at", "INT64"}}, mark));
  const Ran ran = Expected(model, {{"x", {5, 7}}, {"at", {1, 11}}});
  EXPECT_EQ(ran.shapes.at("y"), (Shape{1, 4, 3, 1}));
  EXPECT_THAT(ran.outputs.at("y"),
              ElementsAre(0, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7));
  EXPECT_THAT(ran.bytes, HasSubstr("MaxUnpooling2D"));
}

TEST(MarkedFunctions, DenseImageWarp) {
  const std::string model = ModelOf(
      {{"x", "FLOAT", {1, 3, 2, 1}}, {"flow", "FLOAT", {1, 3, 2, 2}}},
      {{"y", "FLOAT", {}}}, "StatefulPartitionedCall", Calls("f", "warp"), "",
      Negative("warp", {{"x", "FLOAT"}, {"flow", "FLOAT"}},
               "addons:DenseImageWarp"));
  // Every pixel from one row above, the first from itself.
  const Ran ran =
      Expected(model, {{"x", {1, 2, 3, 4, 5, 6}},
                       {"flow", {1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0}}});
  EXPECT_THAT(ran.outputs.at("y"), ElementsAre(1, 2, 1, 2, 3, 4));
}

TEST(MarkedFunctions, EmbeddingMatmul) {
  const std::string model = ModelOf(
      {{"table", "FLOAT", {3, 2}}, {"ids", "INT32", {2}}}, {{"y", "FLOAT", {}}},
      "StatefulPartitionedCall", Calls("f", "embed"), "",
      Negative("embed", {{"table", "FLOAT"}, {"ids", "INT32"}},
               "embedding_matmul"));
  const Ran ran =
      Expected(model, {{"table", {1, 2, 3, 4, 5, 6}}, {"ids", {2, 0}}});
  EXPECT_THAT(ran.outputs.at("y"), ElementsAre(5, 6, 1, 2));
}

std::string Suppression(const std::vector<int>& batch) {
  std::vector<int> boxes = batch, scores = batch;
  boxes.insert(boxes.end(), {3, 4});
  scores.push_back(3);
  const std::string function = DefineFunction(
      "nms",
      {{"boxes", "FLOAT"},
       {"scores", "FLOAT"},
       {"count", "INT32"},
       {"iou", "FLOAT"},
       {"least", "FLOAT"}},
      {{"at", "INT32"}, {"valid", "INT32"}},
      "node_def " + Const("seven", "INT32", 1, "int_val: 7") + "node_def " +
          Node("cast", "Cast", {"scores"},
               Type("SrcT", "FLOAT") + Type("DstT", "INT32")),
      {{"at", "cast:y:0"}, {"valid", "seven:output:0"}},
      Attribute("_implements", "s: 'non_max_suppression_padded_v2'"));
  const std::string constants =
      "node " + Const("count", "INT32", -1, "int_val: 3") + "node " +
      Const("iou", "FLOAT", -1, "float_val: 0.5") + "node " +
      Const("least", "FLOAT", -1, "float_val: 0.1");
  return ModelOf({{"boxes", "FLOAT", boxes}, {"scores", "FLOAT", scores}},
                 {{"at", "INT32", {}}, {"valid", "INT32", {}}},
                 "StatefulPartitionedCall", Calls("f", "nms"), constants,
                 function, {"boxes", "scores", "count", "iou", "least"});
}

TEST(MarkedFunctions, PaddedSuppressionOfOneImage) {
  // Box 1 is nearly box 0, and worse.
  const Fed fed = {{"boxes", {0, 0, 1, 1, 0, 0, 1, 0.9f, 2, 2, 3, 3}},
                   {"scores", {0.9f, 0.8f, 0.95f}}};
  const Ran ran = Expected(Suppression({}), fed);
  EXPECT_EQ(ran.shapes.at("at"), (Shape{1, 3}));
  EXPECT_THAT(ran.outputs.at("at"), ElementsAre(2, 0, 0));
  EXPECT_THAT(ran.outputs.at("valid"), ElementsAre(2));
}

// What the operator does not take, the function's body computes.
TEST(MarkedFunctions, PaddedSuppressionOfABatch) {
  const Fed fed = {{"boxes", std::vector<float>(12)}, {"scores", {3, 5, 8}}};
  const Ran ran = Expected(Suppression({1}), fed);
  EXPECT_THAT(ran.outputs.at("at"), ElementsAre(3, 5, 8));
  EXPECT_THAT(ran.outputs.at("valid"), ElementsAre(7));
}

//------------------------------------------------------------------------- XLA

TEST(XlaFunctions, Reducer) {
  const std::string function = DefineFunction(
      "max", {{"a", "FLOAT"}, {"b", "FLOAT"}}, {{"y", "FLOAT"}},
      "node_def " + Node("m", "Maximum", {"a", "b"}), {{"y", "m:z:0"}});
  const std::string model =
      ModelOf({{"x", "FLOAT", {2, 3}}}, {{"y", "FLOAT", {}}}, "XlaReduce",
              Calls("reducer", "max") +
                  Attribute("dimensions_to_reduce", "list { i: 1 }"),
              "node " + Const("least", "FLOAT", -1, "float_val: -inf"),
              function, {"x", "least"});
  const Ran ran = Expected(model, {{"x", {1, 5, 2, -1, -7, -3}}});
  EXPECT_THAT(ran.outputs.at("y"), ElementsAre(5, -1));
}

TEST(XlaFunctions, Branches) {
  const std::string functions =
      Negative("negative", {{"x", "FLOAT"}}, "") +
      DefineFunction("square", {{"x", "FLOAT"}}, {{"y", "FLOAT"}},
                     "node_def " + Node("s", "Square", {"x"}),
                     {{"y", "s:y:0"}});
  const std::string model =
      ModelOf({{"which", "INT32", {}}, {"x", "FLOAT", {2}}},
              {{"y", "FLOAT", {}}}, "XlaIf",
              Calls("then_branch", "square") + Calls("else_branch", "negative"),
              "", functions);
  EXPECT_THAT(Expected(model, {{"which", {1}}, {"x", {2, 3}}}).outputs.at("y"),
              ElementsAre(4, 9));
  EXPECT_THAT(Expected(model, {{"which", {0}}, {"x", {2, 3}}}).outputs.at("y"),
              ElementsAre(-2, -3));
}

TEST(XlaFunctions, Loop) {
  const NamesAndTypes both = {{"i", "INT32"}, {"x", "FLOAT"}};
  const std::string functions =
      DefineFunction("cond", both, {{"more", "BOOL"}},
                     "node_def " + Const("end", "INT32", -1, "int_val: 5") +
                         "node_def " + Node("l", "Less", {"i", "end:output:0"}),
                     {{"more", "l:z:0"}}) +
      DefineFunction("body", both, {{"i2", "INT32"}, {"x2", "FLOAT"}},
                     "node_def " + Const("one", "INT32", -1, "int_val: 1") +
                         "node_def " +
                         Node("next", "AddV2", {"i", "one:output:0"}) +
                         "node_def " + Node("twice", "AddV2", {"x", "x"}),
                     {{"i2", "next:z:0"}, {"x2", "twice:z:0"}});
  const std::string model =
      ModelOf({{"i", "INT32", {}}, {"x", "FLOAT", {2}}},
              {{"end", "INT32", {}}, {"y", "FLOAT", {}}}, "XlaWhile",
              Calls("cond", "cond") + Calls("body", "body"), "", functions);
  const Ran ran = Expected(model, {{"i", {2}}, {"x", {1, 3}}});
  EXPECT_THAT(ran.outputs.at("end"), ElementsAre(5));
  EXPECT_THAT(ran.outputs.at("y"), ElementsAre(8, 24));
}

// All that cannot be expressed at once, with the names of its nodes.
TEST(XlaFunctions, WhatCannotBeExpressedIsNamed) {
  const std::string model =
      ModelOf({{"x", "FLOAT", {2}}}, {{"y", "FLOAT", {}}}, "XlaSvd", "",
              "node " + Node("module", "XlaCallModule", {"x"}), "", {"module"});
  const auto ran = RunModel(model, {});
  ASSERT_FALSE(ran);
  EXPECT_EQ(ran.error().code, ErrorCode::kUnsupported);
  EXPECT_THAT(ran.error().ToString(),
              HasSubstr("2 TensorFlow operations cannot be converted: "
                        "XlaCallModule ('module'), XlaSvd ('node')"));
}

}  // namespace liteforge::marked_functions_test
