// SPDX-License-Identifier: Apache-2.0
#include "emit/emit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "formats/tflite/model_reader.h"
#include "ops/options_flatbuffers.h"

namespace liteforge::emit_test {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

ir::Value* AddOne(ir::Graph& graph, Op op, OpOptions options,
                  std::vector<ir::Value*> inputs,
                  ir::Graph::OutputType output) {
  return graph
      .AddNodeWithTypes(op, std::move(options), std::move(inputs),
                        {std::move(output)}, "source")
      ->output();
}

// z = relu(x · wᵀ + b) + b', with b' equal to b, and a constant nobody reads.
ir::Module SmallModule() {
  ir::Module module;
  module.graphs.push_back(std::make_unique<ir::Graph>());
  ir::Graph& graph = *module.graphs.back();
  graph.name = "main";
  ir::Value* x = graph.AddInput("x", DataType::kFloat32, {-1, 3});
  graph.AddConstant("unused", DataType::kFloat32, {1}, Blob::Own<float>({9}));
  ir::Value* w = graph.AddConstant("w", DataType::kFloat32, {2, 3},
                                   Blob::Own<float>({1, 2, 3, 4, 5, 6}));
  ir::Value* b = graph.AddConstant("b", DataType::kFloat32, {2},
                                   Blob::Own<float>({10, -200}));
  FullyConnectedOptions options;
  options.fused_activation_function = Activation::kRelu;
  ir::Value* y = AddOne(graph, Op::kFullyConnected, options, {x, w, b},
                        {"y", DataType::kFloat32, {-1, 2}});
  ir::Value* same = graph.AddConstant("same", DataType::kFloat32, {2},
                                      Blob::Own<float>({10, -200}));
  ir::Value* z = AddOne(graph, Op::kAdd, AddOptions(), {y, same},
                        {"z", DataType::kFloat32, {-1, 2}});
  graph.AddOutput(z);
  module.signatures.push_back(
      {"serving_default", 0, {{"in", x}}, {{"out", z}}});
  return module;
}

TfliteModel EmitAndOpen(const ir::Module& module) {
  auto bytes = Emit(module);
  EXPECT_TRUE(bytes) << bytes.error().ToString();
  if (!bytes) std::exit(1);
  auto model = TfliteModel::FromBytes(Blob::Own(*std::move(bytes)));
  EXPECT_TRUE(model) << model.error().ToString();
  return *std::move(model);
}

std::vector<std::string> TensorNames(const tflite::SubGraph& subgraph) {
  std::vector<std::string> names;
  for (const auto* tensor : *subgraph.tensors()) {
    names.push_back(tensor->name()->str());
  }
  return names;
}

TEST(Emit, TensorsStandInTheOrderTheyAreNamed) {
  const TfliteModel model = EmitAndOpen(SmallModule());
  const tflite::SubGraph& main = *model->subgraphs()->Get(0);
  EXPECT_EQ(Text(main.name()), "main");
  EXPECT_THAT(TensorNames(main), ElementsAre("x", "w", "b", "y", "same", "z"));
  EXPECT_THAT(Elements(main.inputs()), ElementsAre(0));
  EXPECT_THAT(Elements(main.outputs()), ElementsAre(5));
  EXPECT_THAT(Elements(main.operators()->Get(0)->inputs()),
              ElementsAre(0, 1, 2));
  EXPECT_THAT(Elements(main.operators()->Get(1)->inputs()), ElementsAre(3, 4));
}

TEST(Emit, UnknownDimensionsGoToTheSignature) {
  const TfliteModel model = EmitAndOpen(SmallModule());
  const auto& tensors = *model->subgraphs()->Get(0)->tensors();
  EXPECT_THAT(Elements(tensors.Get(0)->shape()), ElementsAre(1, 3));
  EXPECT_THAT(Elements(tensors.Get(0)->shape_signature()), ElementsAre(-1, 3));
  EXPECT_TRUE(tensors.Get(0)->has_rank());
  EXPECT_THAT(Elements(tensors.Get(1)->shape()), ElementsAre(2, 3));
  EXPECT_EQ(tensors.Get(1)->shape_signature(), nullptr);
}

TEST(Emit, UnknownRankIsAnEmptyShape) {
  ir::Module module;
  module.graphs.push_back(std::make_unique<ir::Graph>());
  ir::Graph& graph = *module.graphs.back();
  ir::Value* x = graph.AddInput("x", DataType::kFloat32, Shape::UnknownRank());
  ir::Value* scalar = graph.AddInput("s", DataType::kFloat32, {});
  graph.AddOutput(AddOne(graph, Op::kMul, MulOptions(), {x, scalar},
                         {"y", DataType::kFloat32, Shape::UnknownRank()}));
  const TfliteModel model = EmitAndOpen(module);
  const auto& tensors = *model->subgraphs()->Get(0)->tensors();
  EXPECT_THAT(Elements(tensors.Get(0)->shape()), IsEmpty());
  EXPECT_FALSE(tensors.Get(0)->has_rank());
  EXPECT_TRUE(tensors.Get(1)->has_rank());
  EXPECT_NE(tensors.Get(1)->shape(), nullptr);
}

TEST(Emit, EqualConstantsShareABuffer) {
  const TfliteModel model = EmitAndOpen(SmallModule());
  const auto& tensors = *model->subgraphs()->Get(0)->tensors();
  EXPECT_EQ(tensors.Get(0)->buffer(), 0u);
  EXPECT_EQ(tensors.Get(1)->buffer(), 1u);
  EXPECT_EQ(tensors.Get(2)->buffer(), 2u);
  EXPECT_EQ(tensors.Get(4)->buffer(), 2u);
  EXPECT_EQ(model->buffers()->size(), 4u);  // none, w, b, metadata
  EXPECT_THAT(model.BufferData(2).ToVector<float>(), ElementsAre(10, -200));
}

TEST(Emit, OptionsVersionsAndCodes) {
  const TfliteModel model = EmitAndOpen(SmallModule());
  const auto& operators = *model->subgraphs()->Get(0)->operators();
  const OpOptions options =
      OptionsFromFlatBuffer(Op::kFullyConnected, *operators.Get(0), "");
  EXPECT_EQ(options.Get<FullyConnectedOptions>().fused_activation_function,
            Activation::kRelu);
  ASSERT_EQ(Count(model->operator_codes()), 2u);
  EXPECT_EQ(model->operator_codes()->Get(0)->version(), 1);
  EXPECT_EQ(model->operator_codes()->Get(0)->deprecated_builtin_code(), 9);
  EXPECT_EQ(model.OperatorNumber(0), 9);
  EXPECT_EQ(model.OperatorNumber(1), 0);
}

TEST(Emit, SignaturesNameTensors) {
  const TfliteModel model = EmitAndOpen(SmallModule());
  const tflite::SignatureDef& signature = *model->signature_defs()->Get(0);
  EXPECT_EQ(Text(signature.signature_key()), "serving_default");
  EXPECT_EQ(signature.subgraph_index(), 0u);
  EXPECT_EQ(Text(signature.inputs()->Get(0)->name()), "in");
  EXPECT_EQ(signature.inputs()->Get(0)->tensor_index(), 0u);
  EXPECT_EQ(Text(signature.outputs()->Get(0)->name()), "out");
  EXPECT_EQ(signature.outputs()->Get(0)->tensor_index(), 5u);
}

TEST(Emit, StatesTheRuntimeItNeeds) {
  ir::Module module = SmallModule();
  module.metadata["extra"] = Blob::Own<char>({'a', 'b'});
  const TfliteModel model = EmitAndOpen(module);
  EXPECT_EQ(Text(model->description()), "Converted by liteforge.");
  ASSERT_EQ(Count(model->metadata()), 2u);
  EXPECT_EQ(Text(model->metadata()->Get(0)->name()), "extra");
  const tflite::Metadata& stated = *model->metadata()->Get(1);
  EXPECT_EQ(Text(stated.name()), "min_runtime_version");
  std::vector<char> expected = {'1', '.', '5', '.', '0'};
  expected.resize(16);
  EXPECT_EQ(model.BufferData(stated.buffer()).ToVector<char>(), expected);
}

TEST(Emit, SameModuleSameBytes) {
  auto first = Emit(SmallModule());
  auto second = Emit(SmallModule());
  ASSERT_TRUE(first && second);
  EXPECT_EQ(*first, *second);
}

TEST(Emit, QuantizationVariablesAndCustomOperators) {
  ir::Module module;
  module.description = "mine";
  module.graphs.push_back(std::make_unique<ir::Graph>());
  ir::Graph& graph = *module.graphs.back();
  ir::Value* x = graph.AddInput("x", DataType::kInt8, {1, 2});
  x->quantization = {{0.5f}, {-3}, 0, {-1}, {1}};
  ir::Value* w = graph.AddConstant("w", DataType::kInt8, {2, 2},
                                   Blob::Own<int8_t>({1, 2, 3, 4}));
  w->quantization = {{0.5f, 0.25f}, {0, 0}, 1, {}, {}};
  ir::Value* state = graph.AddInput("state", DataType::kInt8, {1, 2});
  state->is_variable = true;
  graph.AddOutput(AddOne(graph, Op::kCustom, CustomOptions{"Mine", {7, 8}},
                         {x, nullptr, w, state},
                         {"y", DataType::kInt8, {1, 2}}));
  graph.AddOutput(AddOne(graph, Op::kCustom, CustomOptions{"Other", {}}, {x},
                         {"z", DataType::kInt8, {1, 2}}));
  const TfliteModel model = EmitAndOpen(module);
  EXPECT_EQ(Text(model->description()), "mine");
  const tflite::SubGraph& main = *model->subgraphs()->Get(0);
  const auto* first = main.tensors()->Get(0)->quantization();
  EXPECT_THAT(Elements(first->scale()), ElementsAre(0.5f));
  EXPECT_THAT(Elements(first->zero_point()), ElementsAre(-3));
  EXPECT_THAT(Elements(first->min()), ElementsAre(-1));
  const auto* weights = main.tensors()->Get(2)->quantization();
  EXPECT_THAT(Elements(weights->scale()), ElementsAre(0.5f, 0.25f));
  EXPECT_EQ(weights->quantized_dimension(), 1);
  EXPECT_EQ(main.tensors()->Get(3)->quantization(), nullptr);
  EXPECT_TRUE(main.tensors()->Get(1)->is_variable());
  EXPECT_THAT(Elements(main.inputs()), ElementsAre(0));
  const tflite::Operator& mine = *main.operators()->Get(0);
  EXPECT_THAT(Elements(mine.inputs()), ElementsAre(0, -1, 2, 1));
  EXPECT_THAT(Elements(mine.custom_options()), ElementsAre(7, 8));
  EXPECT_THAT(Elements(mine.mutating_variable_inputs()),
              ElementsAre(0, 0, 0, 1));
  EXPECT_EQ(main.operators()->Get(1)->mutating_variable_inputs(), nullptr);
  ASSERT_EQ(Count(model->operator_codes()), 2u);
  EXPECT_EQ(Text(model->operator_codes()->Get(1)->custom_code()), "Other");
  EXPECT_EQ(model->operator_codes()->Get(1)->deprecated_builtin_code(), 32);
}

std::unique_ptr<ir::Graph> Branch(const char* name, Op op) {
  auto graph = std::make_unique<ir::Graph>();
  graph->name = name;
  ir::Value* x = graph->AddInput("x", DataType::kFloat32, {2});
  graph->AddOutput(
      AddOne(*graph, op, OpOptions(), {x}, {"y", DataType::kFloat32, {2}}));
  return graph;
}

TEST(Emit, SeveralGraphsShareCodesAndBuffers) {
  ir::Module module;
  module.graphs.push_back(std::make_unique<ir::Graph>());
  ir::Graph& main = *module.graphs.back();
  ir::Value* test = main.AddInput("test", DataType::kBool, {});
  ir::Value* x = main.AddInput("x", DataType::kFloat32, {2});
  ir::Value* y = AddOne(main, Op::kIf, IfOptions{1, 2}, {test, x},
                        {"y", DataType::kFloat32, {2}});
  ir::Value* z = AddOne(main, Op::kGelu, GeluOptions{true}, {y},
                        {"z", DataType::kFloat32, {2}});
  main.AddOutput(z);
  module.graphs.push_back(Branch("then", Op::kGelu));
  module.graphs.push_back(Branch("else", Op::kRelu));
  const TfliteModel model = EmitAndOpen(module);
  ASSERT_EQ(Count(model->operator_codes()), 3u);
  EXPECT_EQ(model.OperatorNumber(1), static_cast<int>(Op::kGelu));
  // Numbers over 127 do not fit the old field.
  EXPECT_EQ(model->operator_codes()->Get(1)->deprecated_builtin_code(), 127);
  EXPECT_EQ(model->subgraphs()->Get(1)->operators()->Get(0)->opcode_index(),
            1u);
  EXPECT_EQ(model->subgraphs()
                ->Get(0)
                ->operators()
                ->Get(0)
                ->builtin_options_as_IfOptions()
                ->else_subgraph_index(),
            2);
  const Blob release = model.BufferData(model->metadata()->Get(0)->buffer());
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(release.data())),
            "2.9.0");
}

TEST(Emit, ConstantsWithoutElementsStayConstants) {
  ir::Module module;
  module.graphs.push_back(std::make_unique<ir::Graph>());
  ir::Graph& graph = *module.graphs.back();
  ir::Value* x = graph.AddInput("x", DataType::kFloat32, {1});
  ir::Value* shape = graph.AddConstant("shape", DataType::kInt32, {0}, Blob());
  graph.AddOutput(AddOne(graph, Op::kReshape, ReshapeOptions(), {x, shape},
                         {"y", DataType::kFloat32, {}}));
  graph.AddOutput(shape);
  const TfliteModel model = EmitAndOpen(module);
  const auto& tensors = *model->subgraphs()->Get(0)->tensors();
  EXPECT_TRUE(model.IsConstant(*tensors.Get(1)));
  EXPECT_FALSE(model.IsConstant(*tensors.Get(0)));
}

TEST(Emit, VariablesBeginAsZero) {
  ir::Module module = SmallModule();
  ir::Value* state = module.graphs[0]->AddConstant(
      "state", DataType::kFloat32, {2}, Blob::Own<float>({0, 0}));
  state->is_variable = true;
  EXPECT_TRUE(Emit(module));
  state->SetConstant(Blob::Own<float>({0, 1}));
  auto bytes = Emit(module);
  ASSERT_FALSE(bytes);
  EXPECT_EQ(bytes.error().code, ErrorCode::kUnsupported);
  EXPECT_THAT(bytes.error().message, HasSubstr("variable 'state' does not"));
}

// One LSTM of one feature and one unit on x [1, 3, 1].
ir::Module LstmModule(bool given) {
  ir::Module module;
  module.graphs.push_back(std::make_unique<ir::Graph>());
  ir::Graph& graph = *module.graphs.back();
  std::vector<ir::Value*> operands = {
      graph.AddInput("x", DataType::kFloat32, {1, 3, 1})};
  const auto constant = [&](const char* name, Shape shape) {
    return graph.AddConstant(name, DataType::kFloat32, shape,
                             Blob::Own<float>({0}));
  };
  for (int i = 0; i < 8; ++i) operands.push_back(constant("w", {1, 1}));
  operands.insert(operands.end(), 3, nullptr);
  for (int i = 0; i < 4; ++i) operands.push_back(constant("b", {1}));
  operands.insert(operands.end(), 2, nullptr);
  ir::Value* state = constant("zeros", {1, 1});
  operands.insert(operands.end(), 2, state);
  if (given) {
    ir::Value* h = graph.AddInput("h", DataType::kFloat32, {1});
    ir::Value* dims = graph.AddConstant("dims", DataType::kInt32, {2},
                                        Blob::Own<int32_t>({1, 1}));
    operands[18] = AddOne(graph, Op::kReshape, ReshapeOptions(), {h, dims},
                          {"h_1", DataType::kFloat32, {1, 1}});
  }
  graph.AddOutput(AddOne(graph, Op::kUnidirectionalSequenceLstm,
                         UnidirectionalSequenceLSTMOptions(), operands,
                         {"y", DataType::kFloat32, {1, 3, 1}}));
  return module;
}

TEST(Emit, StatesOfAnLstmAreWrittenIntoVariables) {
  for (const bool given : {false, true}) {
    SCOPED_TRACE(given);
    const TfliteModel model = EmitAndOpen(LstmModule(given));
    const tflite::SubGraph& main = *model->subgraphs()->Get(0);
    ASSERT_EQ(main.operators()->size(), 3u);
    const tflite::Operator& lstm = *main.operators()->Get(2);
    const auto inputs = Elements(lstm.inputs());
    ASSERT_EQ(inputs.size(), 20u);
    const auto mutated = Elements(lstm.mutating_variable_inputs());
    for (uint32_t i = 0; i < 2; ++i) {
      const tflite::Operator& writer = *main.operators()->Get(i);
      EXPECT_EQ(model.OperatorNumber(writer.opcode_index()),
                static_cast<int>(Op::kReshape));
      const int32_t state = writer.outputs()->Get(0);
      EXPECT_EQ(inputs[18 + i], state);
      EXPECT_TRUE(mutated[18 + i]);
      const auto& tensor = *main.tensors()->Get(static_cast<uint32_t>(state));
      EXPECT_TRUE(tensor.is_variable());
      EXPECT_THAT(Elements(tensor.shape()), ElementsAre(1, 1));
    }
    EXPECT_NE(inputs[18], inputs[19]);
    // The RESHAPE that the graph has serves.
    EXPECT_EQ(
        Text(main.tensors()->Get(static_cast<uint32_t>(inputs[18]))->name()) ==
            "h_1",
        given);
  }
}

TEST(Emit, RefusesASignatureOfStrangers) {
  ir::Module module = SmallModule();
  const ir::Module other = SmallModule();
  module.signatures[0].outputs[0].second =
      other.signatures[0].outputs[0].second;
  auto bytes = Emit(module);
  ASSERT_FALSE(bytes);
  EXPECT_EQ(bytes.error().code, ErrorCode::kInternal);
  EXPECT_THAT(bytes.error().ToString(),
              HasSubstr("signature 'serving_default': 'out' is no value of "
                        "graph 0"));
}

TEST(Emit, RefusesWhatReadersWouldRefuse) {
  ir::Module module;
  module.graphs.push_back(std::make_unique<ir::Graph>());
  ir::Graph& graph = *module.graphs.back();
  graph.AddOutput(
      graph.AddConstant("c", DataType::kFloat32, {2}, Blob::Own<float>({1})));
  auto bytes = Emit(module);
  ASSERT_FALSE(bytes);
  EXPECT_EQ(bytes.error().code, ErrorCode::kInternal);
  EXPECT_THAT(bytes.error().ToString(),
              HasSubstr("the emitted model: subgraph 0: tensor 0 ('c'): "
                        "float32[2] takes 8 bytes, its buffer 1 has 4"));
}

}  // namespace liteforge::emit_test
