// SPDX-License-Identifier: Apache-2.0
#include "emit/op_versions.h"

#include <gtest/gtest.h>

#include <set>
#include <string_view>

#include "formats/tflite/model_reader.h"
#include "formats/tflite/test_models.h"
#include "ops/options_flatbuffers.h"

namespace liteforge::op_versions_test {

OperandSpec SpecOf(const tflite::SubGraph& subgraph, int32_t index) {
  OperandSpec spec;
  if (index < 0) return spec;
  const tflite::Tensor& tensor =
      *subgraph.tensors()->Get(static_cast<uint32_t>(index));
  spec.type = static_cast<DataType>(tensor.type());
  spec.shape = Shape(Elements(tensor.shape()));
  spec.is_sparse = tensor.sparsity() != nullptr;
  if (tensor.quantization() != nullptr) {
    const auto scale = Elements(tensor.quantization()->scale());
    spec.quantization.scale.assign(scale.begin(), scale.end());
  }
  return spec;
}

OperatorSpec SpecOf(const TfliteModel& model, const tflite::SubGraph& subgraph,
                    const tflite::Operator& op) {
  OperatorSpec spec;
  spec.op = static_cast<Op>(model.OperatorNumber(op.opcode_index()));
  spec.options = OptionsFromFlatBuffer(spec.op, op, "");
  for (int32_t index : Elements(op.inputs())) {
    spec.inputs.push_back(SpecOf(subgraph, index));
  }
  for (int32_t index : Elements(op.outputs())) {
    spec.outputs.push_back(SpecOf(subgraph, index));
  }
  return spec;
}

struct Difference {
  std::string_view op;
  int stated;
  int ours;
  auto operator<=>(const Difference&) const = default;
};

// TensorFlow Lite's kernel tests state what its own rules say. Ours differ
// where a single filter has a scale "per channel" (2 does), where its rules
// stop too early (sparse and asymmetric), and where the tests bypass them.
TEST(LowestVersion, AgreesWithTheKernelTests) {
  const std::set<Difference> expected = {{"CONV_2D", 5, 2},
                                         {"FULLY_CONNECTED", 8, 9},
                                         {"SLICE", 1, 5},
                                         {"STRIDED_SLICE", 1, 4},
                                         {"SUB", 1, 3}};
  const auto paths = SharedModels("kernels");
  if (paths.empty()) GTEST_SKIP() << "no models in " << SharedFolder();
  int same = 0;
  std::set<Difference> different;
  for (const auto& path : paths) {
    auto model = TfliteModel::Open(path);
    ASSERT_TRUE(model) << model.error().ToString();
    for (const auto* subgraph : *(*model)->subgraphs()) {
      for (const auto* op : *subgraph->operators()) {
        const OperatorSpec spec = SpecOf(*model, *subgraph, *op);
        const int stated =
            (*model)->operator_codes()->Get(op->opcode_index())->version();
        const int ours = LowestVersion(spec);
        same += stated == ours;
        if (stated != ours) different.insert({Name(spec.op), stated, ours});
      }
    }
  }
  EXPECT_GT(same, 1400);
  EXPECT_EQ(different, expected);
}

constexpr DataType kF32 = DataType::kFloat32;
constexpr DataType kI4 = DataType::kInt4;
constexpr DataType kI8 = DataType::kInt8;
constexpr DataType kI16 = DataType::kInt16;

OperatorSpec Spec(Op op, std::vector<DataType> inputs, DataType output,
                  OpOptions options = {}) {
  OperatorSpec spec{op, std::move(options), {}, {}};
  for (DataType type : inputs) spec.inputs.push_back({type, {1, 2, 2, 4}, {}});
  spec.outputs.push_back({output, {1, 2, 2, 4}, {}});
  return spec;
}

Quantization Scales(size_t count) {
  Quantization quantization;
  quantization.scale.assign(count, 0.5f);
  quantization.zero_point.assign(count, 0);
  return quantization;
}

// The rules as op_version.cc states them, where no model above has the case.
TEST(LowestVersion, DependsOnTypes) {
  struct Row {
    OperatorSpec spec;
    int version;
  };
  const auto f8 = DataType::kFloat8E5M2;
  const auto boolean = DataType::kBool;
  const auto u4 = DataType::kUInt4;
  const Row kRows[] = {
      {Spec(Op::kCustom, {kF32}, kF32), 1},
      {Spec(Op::kRelu, {kF32}, kF32), 1},
      {Spec(Op::kBroadcastTo, {kF32}, kF32), 2},
      {Spec(Op::kBroadcastTo, {f8}, f8), 4},
      {Spec(Op::kWhere, {boolean}, DataType::kInt64), 1},
      {Spec(Op::kWhere, {kF32}, DataType::kInt64), 2},
      {Spec(Op::kCast, {kF32}, DataType::kBFloat16), 7},
      {Spec(Op::kCast, {DataType::kInt2}, kF32), 8},
      {Spec(Op::kCast, {kF32}, f8), 9},
      {Spec(Op::kCast, {kI4}, kF32), 6},
      {Spec(Op::kCast, {kI4}, kI8), 3},
      {Spec(Op::kDequantize, {u4}, kF32), 8},
      {Spec(Op::kQuantize, {kF32}, u4), 5},
      {Spec(Op::kPadV2, {boolean}, boolean), 5},
      {Spec(Op::kMinimum, {kI16, kI16}, kI16), 4},
      {Spec(Op::kReduceMin, {kI16}, kI16), 3},
      {Spec(Op::kSplit, {DataType::kInt32, kI16}, kI16), 4},
      {Spec(Op::kFill, {DataType::kInt32, DataType::kFloat16}, kF32), 4},
      {Spec(Op::kTopKV2, {kF32, kI16}, kF32), 3},
      {Spec(Op::kConv2D, {kI8, kI4, DataType::kInt32}, kI8), 7},
      {Spec(Op::kConv2D, {kI16, kI8, DataType::kInt64}, kI16), 1},
      // Its two inputs ask for 6, int4 weights for 10.
      {Spec(Op::kFullyConnected, {kI8, kI4}, kI8), 10},
      {Spec(Op::kFullyConnected, {kF32, kF32}, kF32), 6},
      {Spec(Op::kFullyConnected, {kF32, kF32, kF32}, kF32), 1},
      {Spec(Op::kFullyConnected, {kF32, kF32, DataType::kNone}, kF32), 1},
      {Spec(Op::kTransposeConv, {DataType::kInt32, kF32, kF32}, kF32), 1},
      {Spec(Op::kTransposeConv, {DataType::kInt32, kF32, kF32, kF32}, kF32), 3},
  };
  for (const Row& row : kRows) {
    EXPECT_EQ(LowestVersion(row.spec), row.version) << Name(row.spec.op);
  }
}

TEST(LowestVersion, DependsOnOptions) {
  FullyConnectedOptions hybrid;
  hybrid.asymmetric_quantize_inputs = true;
  EXPECT_EQ(
      LowestVersion(Spec(Op::kFullyConnected, {kF32, kI8, kF32}, kF32, hybrid)),
      9);
  hybrid.keep_num_dims = true;
  EXPECT_EQ(
      LowestVersion(Spec(Op::kFullyConnected, {kF32, kI8, kF32}, kF32, hybrid)),
      9);
  Conv2DOptions biased;
  biased.quantized_bias_type = DataType::kInt64;
  EXPECT_EQ(LowestVersion(
                Spec(Op::kConv2D, {kI16, kI8, DataType::kInt64}, kI16, biased)),
            8);
  StridedSliceOptions offset;
  offset.offset = true;
  EXPECT_EQ(LowestVersion(Spec(Op::kStridedSlice, {kF32}, kF32, offset)), 8);
  UnidirectionalSequenceLSTMOptions diagonal;
  diagonal.diagonal_recurrent_tensors = true;
  EXPECT_EQ(LowestVersion(Spec(Op::kUnidirectionalSequenceLstm,
                               {kF32, kF32, kF32}, kF32, diagonal)),
            4);
  AddOptions any_scale;
  any_scale.pot_scale_int16 = false;
  OperatorSpec add = Spec(Op::kAdd, {kI16, kI16}, kI16, any_scale);
  add.inputs[0].quantization = Scales(1);
  EXPECT_EQ(LowestVersion(add), 3);
}

TEST(LowestVersion, DependsOnShapes) {
  OperatorSpec conv = Spec(Op::kConv2D, {kF32, kF32, kF32}, kF32);
  EXPECT_EQ(LowestVersion(conv), 1);
  conv.inputs[1].shape = {4, 3, 3, 2};  // two groups of the four channels
  EXPECT_EQ(LowestVersion(conv), 6);
  conv.inputs[0].shape.set_dim(3, Shape::kUnknownDim);
  EXPECT_EQ(LowestVersion(conv), 1);
  OperatorSpec transpose = Spec(Op::kTranspose, {kF32}, kF32);
  transpose.inputs[0].shape = {1, 1, 1, 1, 1, 1, 1};
  EXPECT_EQ(LowestVersion(transpose), 8);
  OperatorSpec sub = Spec(Op::kSub, {kF32, kF32}, kF32);
  sub.inputs[0].shape = {1, 1, 1, 1, 2};
  EXPECT_EQ(LowestVersion(sub), 3);
  sub.inputs[1].shape = {1, 1, 1, 1, 2};
  EXPECT_EQ(LowestVersion(sub), 1);
}

TEST(LowestVersion, DependsOnQuantization) {
  OperatorSpec conv = Spec(Op::kConv2D, {kF32, kI8, kF32}, kF32);
  conv.inputs[1].quantization = Scales(1);
  EXPECT_EQ(LowestVersion(conv), 2);
  conv.inputs[1].quantization = Scales(4);
  EXPECT_EQ(LowestVersion(conv), 5);
  OperatorSpec mul = Spec(Op::kMul, {kI8, kI8}, kI8);
  for (auto* spec : {&mul.inputs[0], &mul.inputs[1], &mul.outputs[0]}) {
    spec->quantization = Scales(1);
  }
  EXPECT_EQ(LowestVersion(mul), 2);
  mul.outputs[0].quantization.scale[0] = 0.25f;  // 0.5 * 0.5 / 0.25
  EXPECT_EQ(LowestVersion(mul), 3);
  OperatorSpec dense = Spec(Op::kFullyConnected, {kF32, kI8, kF32}, kF32);
  dense.inputs[1].is_sparse = true;
  EXPECT_EQ(LowestVersion(dense), 8);
}

TEST(HighestVersion, IsWhatTheTypesCanMeet) {
  const DataType plain[] = {DataType::kFloat32, DataType::kInt8};
  const DataType more[] = {DataType::kFloat32, DataType::kInt8,
                           DataType::kInt16};
  EXPECT_EQ(HighestVersion(Op::kConv2D, plain), 6);   // grouped
  EXPECT_EQ(HighestVersion(Op::kConv2D, more), 8);    // with a bias type
  EXPECT_EQ(HighestVersion(Op::kLogistic, more), 3);  // as TANH
  EXPECT_EQ(HighestVersion(Op::kFloor, plain), 1);
}

}  // namespace liteforge::op_versions_test
