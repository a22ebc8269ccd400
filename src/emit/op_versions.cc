// SPDX-License-Identifier: Apache-2.0
// Each row says that a feature needs a version. Versions include those before
// them, so an operator needs the highest of the rows that apply to it, and 1
// when none does. Where TensorFlow Lite's own rules stop at the first that
// applies and so ask for too little (int4 weights without a bias: 6, not 10),
// the highest is taken.
// Source: converter/tools/versioning/op_version.cc of LiteRT (2026).
#include "emit/op_versions.h"

#include <algorithm>
#include <cstdint>

namespace liteforge {
namespace {

// A set of element types; 0 stands for any.
using Types = uint32_t;
constexpr Types Only(DataType type) { return 1u << static_cast<int>(type); }
constexpr Types kAny = 0;
constexpr Types kF32 = Only(DataType::kFloat32);
constexpr Types kF16 = Only(DataType::kFloat16);
constexpr Types kBF16 = Only(DataType::kBFloat16);
constexpr Types kF64 = Only(DataType::kFloat64);
constexpr Types kF8 =
    Only(DataType::kFloat8E4M3FN) | Only(DataType::kFloat8E5M2);
constexpr Types kC64 = Only(DataType::kComplex64);
constexpr Types kI2 = Only(DataType::kInt2);
constexpr Types kI4 = Only(DataType::kInt4);
constexpr Types kU4 = Only(DataType::kUInt4);
constexpr Types kI8 = Only(DataType::kInt8);
constexpr Types kU8 = Only(DataType::kUInt8);
constexpr Types kI16 = Only(DataType::kInt16);
constexpr Types kU16 = Only(DataType::kUInt16);
constexpr Types kI32 = Only(DataType::kInt32);
constexpr Types kU32 = Only(DataType::kUInt32);
constexpr Types kI64 = Only(DataType::kInt64);
constexpr Types kBool = Only(DataType::kBool);
constexpr Types kString = Only(DataType::kString);
constexpr Types kNotBool = ~kBool;

using Condition = bool (*)(const OperatorSpec&);

struct Rule {
  Op op;
  int version;
  Types in0 = kAny, in1 = kAny, in2 = kAny, out0 = kAny;
  Condition also = nullptr;
};

const OperandSpec& At(const std::vector<OperandSpec>& operands, size_t i) {
  static const OperandSpec absent;
  return i < operands.size() ? operands[i] : absent;
}
const OperandSpec& In(const OperatorSpec& spec, size_t i) {
  return At(spec.inputs, i);
}

template <int kRank>
bool RankOver(const OperatorSpec& spec) {
  return In(spec, 0).shape.rank() > kRank;
}
bool AnyRankOver4(const OperatorSpec& spec) {
  return std::any_of(spec.inputs.begin(), spec.inputs.end(),
                     [](const auto& in) { return in.shape.rank() > 4; });
}
bool RankIsNot4(const OperatorSpec& spec) {
  return In(spec, 0).shape.rank() != 4;
}
bool BroadcastsOver4(const OperatorSpec& spec) {
  return AnyRankOver4(spec) && !(In(spec, 0).shape == In(spec, 1).shape);
}

// Weights in input 1, or a result, with a scale for each slice.
bool WeightsPerChannel(const OperatorSpec& spec) {
  return In(spec, 1).quantization.per_channel();
}
bool InputPerChannel(const OperatorSpec& spec) {
  return In(spec, 0).quantization.per_channel();
}
bool OutputPerChannel(const OperatorSpec& spec) {
  return At(spec.outputs, 0).quantization.per_channel();
}
bool WeightsSparse(const OperatorSpec& spec) { return In(spec, 1).is_sparse; }
bool IsQuantized(const OperatorSpec& spec) {
  return !In(spec, 0).quantization.empty();
}
bool IsPlain(const OperatorSpec& spec) { return !IsQuantized(spec); }
bool BothPlain(const OperatorSpec& spec) {
  return IsPlain(spec) && In(spec, 1).quantization.empty();
}

// The product is scaled up or left as it is.
bool RescalesByOneOrMore(const OperatorSpec& spec) {
  const auto& a = In(spec, 0).quantization.scale;
  const auto& b = In(spec, 1).quantization.scale;
  const auto& y = At(spec.outputs, 0).quantization.scale;
  if (a.empty() || b.empty() || y.empty() || y[0] == 0) return false;
  return a[0] * b[0] / y[0] >= 1.0f;
}

bool IsGrouped(const OperatorSpec& spec) {
  const Shape& x = In(spec, 0).shape;
  const Shape& filter = In(spec, 1).shape;
  return x.rank() == 4 && filter.rank() == 4 && x[3] >= 0 && x[3] != filter[3];
}
template <class Options>
bool HasBiasType(const OperatorSpec& spec) {
  return spec.options.Get<Options>().quantized_bias_type != DataType::kFloat32;
}
bool IsDilated(const OperatorSpec& spec) {
  const auto& options = spec.options.Get<DepthwiseConv2DOptions>();
  return options.dilation_w_factor != 1 || options.dilation_h_factor != 1;
}
template <class Options>
bool IsAsymmetric(const OperatorSpec& spec) {
  return spec.options.Get<Options>().asymmetric_quantize_inputs;
}
template <class Options>
bool HasHalfPixelCenters(const OperatorSpec& spec) {
  return spec.options.Get<Options>().half_pixel_centers;
}
template <class Options>
bool HasAlignedCorners(const OperatorSpec& spec) {
  return spec.options.Get<Options>().align_corners;
}
template <class Options>
bool HasAnyScale(const OperatorSpec& spec) {
  return !spec.options.Get<Options>().pot_scale_int16;
}
bool IsNarrowRange(const OperatorSpec& spec) {
  return spec.options.Get<FakeQuantOptions>().narrow_range;
}
bool HasTwoInputs(const OperatorSpec& spec) { return spec.inputs.size() == 2; }
bool KeepsDims(const OperatorSpec& spec) {
  return spec.options.Get<FullyConnectedOptions>().keep_num_dims;
}
bool IsShuffled(const OperatorSpec& spec) {
  return spec.options.Get<FullyConnectedOptions>().weights_format ==
         FullyConnectedOptionsWeightsFormat::kShuffled4x16Int8;
}
bool HasBatchDims(const OperatorSpec& spec) {
  return spec.options.Get<GatherOptions>().batch_dims != 0;
}
bool HasBias(const OperatorSpec& spec) {
  return In(spec, 3).type != DataType::kNone;
}
bool HasActivation(const OperatorSpec& spec) {
  return spec.options.Get<TransposeConvOptions>().fused_activation_function !=
         Activation::kNone;
}
bool IsFullLstm(const OperatorSpec& spec) {
  return spec.options.Get<LSTMOptions>().kernel_type == LSTMKernelType::kFull;
}
bool IsBasicLstm(const OperatorSpec& spec) { return !IsFullLstm(spec); }
bool IsFullAsymmetricLstm(const OperatorSpec& spec) {
  return IsFullLstm(spec) && IsAsymmetric<LSTMOptions>(spec);
}
bool IsDiagonal(const OperatorSpec& spec) {
  return spec.options.Get<UnidirectionalSequenceLSTMOptions>()
      .diagonal_recurrent_tensors;
}
bool HasOffset(const OperatorSpec& spec) {
  return spec.options.Get<StridedSliceOptions>().offset;
}
bool HasEllipsisOrNewAxis(const OperatorSpec& spec) {
  const auto& options = spec.options.Get<StridedSliceOptions>();
  return options.ellipsis_mask != 0 || options.new_axis_mask != 0;
}
bool IndexIsI16(const OperatorSpec& spec) {
  return At(spec.outputs, 1).type == DataType::kInt16;
}

// Operators whose rows are another's.
struct Alike {
  Op op;
  Op as;
};
constexpr Alike kAlike[] = {
    {Op::kArgMin, Op::kArgMax},
    {Op::kAveragePool2D, Op::kMaxPool2D},
    {Op::kBatchToSpaceND, Op::kSpaceToBatchND},
    {Op::kCos, Op::kSin},
    {Op::kDepthToSpace, Op::kSpaceToDepth},
    {Op::kGreater, Op::kSpaceToDepth},
    {Op::kGreaterEqual, Op::kLess},
    {Op::kLessEqual, Op::kSpaceToDepth},
    {Op::kLog, Op::kExp},
    {Op::kLogSoftmax, Op::kSpaceToDepth},
    {Op::kLogistic, Op::kTanh},
    {Op::kMinimum, Op::kMaximum},
    {Op::kMirrorPad, Op::kMean},
    {Op::kPadV2, Op::kPad},
    {Op::kReduceMax, Op::kMean},
    {Op::kReduceMin, Op::kMean},
    {Op::kReduceProd, Op::kExp},
    {Op::kRelu6, Op::kMean},
    {Op::kRsqrt, Op::kMean},
    {Op::kSqrt, Op::kExp},
    {Op::kSquaredDifference, Op::kSpaceToDepth},
    {Op::kSum, Op::kSpaceToDepth},
};

// SELECT and SELECT_V2 have rows for the type of input 0 in the source; it is
// always bool there, so they never apply and are left out.
// clang-format off
constexpr Rule kRules[] = {
    // operator              version  in0   in1   in2   out0  and
    {Op::kAbs,                  5, kI32},
    {Op::kAbs,                  4, kI16, kAny, kAny, kAny, IsPlain},
    {Op::kAbs,                  3, kI16, kAny, kAny, kAny, IsQuantized},
    {Op::kAbs,                  2, kI8 | kU8},
    {Op::kAdd,                  6, kF16},
    {Op::kAdd,                  5, kI16, kAny, kAny, kAny, IsPlain},
    {Op::kAdd,                  4, kI64},
    {Op::kAdd,                  3, kI16, kAny, kAny, kI16, HasAnyScale<AddOptions>},
    {Op::kAdd,                  2, kI8},
    {Op::kArgMax,               3, kBool},
    {Op::kArgMax,               2, kI8},
    {Op::kBatchMatMul,          4, kF32, kI8,  kAny, kF32, IsAsymmetric<BatchMatMulOptions>},
    {Op::kBatchMatMul,          3, kI16},
    {Op::kBatchMatMul,          2, kI8},
    {Op::kBidirectionalSequenceLstm, 3, kAny, kI8, kAny, kF32, IsAsymmetric<BidirectionalSequenceLSTMOptions>},
    {Op::kBidirectionalSequenceLstm, 2, kAny, kI8, kAny, kF32},
    {Op::kBidirectionalSequenceRnn,  3, kAny, kI8, kAny, kF32, IsAsymmetric<BidirectionalSequenceRNNOptions>},
    {Op::kBidirectionalSequenceRnn,  2, kAny, kI8, kAny, kF32},
    {Op::kBroadcastTo,          4, kF8},
    {Op::kBroadcastTo,          3, kI8 | kI16},
    {Op::kBroadcastTo,          2},  // version 1 was taken back
    {Op::kCast,                 9, kF8},
    {Op::kCast,                 9, kAny, kAny, kAny, kF8},
    {Op::kCast,                 8, kI2 | kU4},
    {Op::kCast,                 8, kAny, kAny, kAny, kI2 | kU4},
    {Op::kCast,                 7, kBF16},
    {Op::kCast,                 7, kAny, kAny, kAny, kBF16},
    {Op::kCast,                 6, kI4,  kAny, kAny, kF32},
    {Op::kCast,                 5, kF64 | kF16},
    {Op::kCast,                 5, kAny, kAny, kAny, kF64 | kF16},
    {Op::kCast,                 4, kU16},
    {Op::kCast,                 4, kAny, kAny, kAny, kU16},
    {Op::kCast,                 3, kI8},
    {Op::kCast,                 3, kAny, kAny, kAny, kI8},
    {Op::kCast,                 2, kU32},
    {Op::kCast,                 2, kAny, kAny, kAny, kU32},
    {Op::kConcatenation,        7, kF8},
    {Op::kConcatenation,        6, kF16},
    {Op::kConcatenation,        5, kI4},
    {Op::kConcatenation,        4, kU32},
    {Op::kConcatenation,        3, kI16},
    {Op::kConcatenation,        2, kI8},
    {Op::kConv2D,               8, kI16, kI8,  kAny, kI16, HasBiasType<Conv2DOptions>},
    {Op::kConv2D,               7, kI8,  kI4,  kAny, kI8},
    {Op::kConv2D,               6, kAny, kAny, kAny, kAny, IsGrouped},
    {Op::kConv2D,               5, kF32, kI8,  kAny, kF32, WeightsPerChannel},
    {Op::kConv2D,               4, kI16, kI16, kAny, kI16},
    {Op::kConv2D,               3, kI8,  kI8,  kAny, kI8},
    {Op::kConv2D,               2, kF32, kI8,  kAny, kF32},
    {Op::kDepthwiseConv2D,      7, kI8,  kI4,  kAny, kI8},
    {Op::kDepthwiseConv2D,      6, kF32, kI8,  kAny, kF32, WeightsPerChannel},
    {Op::kDepthwiseConv2D,      5, kI16, kI16, kAny, kI16},
    {Op::kDepthwiseConv2D,      4, kF32, kI8,  kAny, kF32},
    {Op::kDepthwiseConv2D,      3, kI8,  kI8,  kAny, kI8},
    {Op::kDepthwiseConv2D,      2, kAny, kAny, kAny, kAny, IsDilated},
    {Op::kDequantize,           9, kF8},
    {Op::kDequantize,           8, kU4},
    {Op::kDequantize,           7, kI2},
    {Op::kDequantize,           6, kI4},
    {Op::kDequantize,           5, kI8,  kAny, kAny, kAny, InputPerChannel},
    {Op::kDequantize,           3, kI16 | kF16},
    {Op::kDequantize,           2, kI8},
    {Op::kDiv,                  2, kAny, kAny, kAny, kAny, BroadcastsOver4},
    {Op::kDynamicUpdateSlice,   6, kBF16},
    {Op::kDynamicUpdateSlice,   5, kI4},
    {Op::kDynamicUpdateSlice,   4, kI16},
    {Op::kDynamicUpdateSlice,   3, kF16},
    {Op::kDynamicUpdateSlice,   2, kAny, kAny, kI64},
    {Op::kEmbeddingLookup,      5, kAny, kI2},
    {Op::kEmbeddingLookup,      4, kAny, kI4},
    {Op::kEmbeddingLookup,      4, kAny, kAny, kAny, kAny, WeightsPerChannel},
    {Op::kEqual,                5, kI16},
    {Op::kEqual,                3, kString},
    {Op::kEqual,                2, kI8},
    {Op::kExp,                  2, kI8 | kI16},
    {Op::kFakeQuant,            2, kAny, kAny, kAny, kAny, IsNarrowRange},
    {Op::kFill,                 5, kAny, kF8},
    {Op::kFill,                 4, kAny, kF16},
    {Op::kFill,                 3, kAny, kI8 | kI16},
    {Op::kFill,                 2, kAny, kBool | kString},
    {Op::kFloorDiv,             3, kI8 | kI16},
    {Op::kFloorDiv,             2, kF32},
    {Op::kFloorMod,             2, kI8 | kI16},
    {Op::kFullyConnected,      14, kAny, kI2},
    {Op::kFullyConnected,      13, kI16, kI4,  kAny, kI16},
    {Op::kFullyConnected,      12, kF32, kI8,  kAny, kF32, WeightsPerChannel},
    {Op::kFullyConnected,      11, kI16, kI8,  kAny, kI16, HasBiasType<FullyConnectedOptions>},
    {Op::kFullyConnected,      10, kI8,  kI4,  kAny, kI8},
    {Op::kFullyConnected,       9, kF32, kI8,  kAny, kF32, IsAsymmetric<FullyConnectedOptions>},
    {Op::kFullyConnected,       8, kAny, kAny, kAny, kAny, WeightsSparse},
    {Op::kFullyConnected,       7, kI16, kI16, kAny, kI16},
    {Op::kFullyConnected,       6, kAny, kAny, kAny, kAny, HasTwoInputs},
    {Op::kFullyConnected,       5, kAny, kAny, kAny, kAny, KeepsDims},
    {Op::kFullyConnected,       4, kI8,  kI8,  kAny, kI8},
    {Op::kFullyConnected,       3, kF32, kI8,  kAny, kF32},
    {Op::kFullyConnected,       2, kAny, kAny, kAny, kAny, IsShuffled},
    {Op::kGather,               8, kF8},
    {Op::kGather,               7, kI4},
    {Op::kGather,               6, kAny, kI16},
    {Op::kGather,               5, kAny, kAny, kAny, kAny, HasBatchDims},
    {Op::kGather,               4, kI16},
    {Op::kGather,               3, kBool},
    {Op::kGather,               2, kI8},
    {Op::kGatherNd,             6, kF8},
    {Op::kGatherNd,             5, kBool},
    {Op::kGatherNd,             4, kAny, kI16},
    {Op::kGatherNd,             3, kI16},
    {Op::kGatherNd,             2, kString},
    {Op::kGelu,                 3, kF16},
    {Op::kGelu,                 2, kI8 | kU8},
    {Op::kL2Normalization,      2, kAny, kAny, kAny, kI8},
    {Op::kLeakyRelu,            2, kI16},
    {Op::kLess,                 3, kI16},
    {Op::kLess,                 2, kI8},
    {Op::kLstm,                 5, kI16, kAny, kI8,  kI16, IsFullLstm},
    {Op::kLstm,                 4, kF32, kAny, kI8,  kF32, IsFullAsymmetricLstm},
    {Op::kLstm,                 3, kF32, kAny, kI8,  kF32, IsFullLstm},
    {Op::kLstm,                 2, kAny, kAny, kAny, kAny, IsBasicLstm},
    {Op::kMaxPool2D,            3, kI16, kAny, kAny, kI16},
    {Op::kMaxPool2D,            2, kI8},
    {Op::kMaximum,              4, kI16, kAny, kAny, kI16},
    {Op::kMaximum,              3, kAny, kAny, kAny, kAny, BroadcastsOver4},
    {Op::kMaximum,              2, kI8},
    {Op::kMean,                 3, kI16},
    {Op::kMean,                 2, kI8},
    {Op::kMul,                  8, kF16},
    {Op::kMul,                  7, kI16, kAny, kAny, kAny, BothPlain},
    {Op::kMul,                  7, kU32},
    {Op::kMul,                  6, kC64},
    {Op::kMul,                  5, kI64},
    {Op::kMul,                  4, kI16},
    {Op::kMul,                  3, kAny, kAny, kAny, kAny, RescalesByOneOrMore},
    {Op::kMul,                  2, kI8},
    {Op::kNotEqual,             4, kI16},
    {Op::kNotEqual,             3, kString},
    {Op::kNotEqual,             2, kI8},
    {Op::kPack,                 5, kF8},
    {Op::kPack,                 4, kU32},
    {Op::kPack,                 3, kI16, kAny, kAny, kI16},
    {Op::kPack,                 2, kI8},
    {Op::kPad,                  6, kF8},
    {Op::kPad,                  5, kBool},
    {Op::kPad,                  4, kAny, kAny, kAny, kAny, RankOver<4>},
    {Op::kPad,                  3, kI16},
    {Op::kPad,                  2, kI8},
    {Op::kQuantize,             5, kU4},
    {Op::kQuantize,             5, kAny, kAny, kAny, kU4},
    {Op::kQuantize,             4, kI4},
    {Op::kQuantize,             4, kAny, kAny, kAny, kI4},
    {Op::kQuantize,             3, kAny, kAny, kAny, kAny, OutputPerChannel},
    {Op::kQuantize,             2, kAny, kAny, kAny, kI16},
    {Op::kRange,                2, kI64},
    {Op::kRelu,                 3, kI16},
    {Op::kRelu,                 2, kI8 | kU8},
    {Op::kResizeBilinear,       4, kI16},
    {Op::kResizeBilinear,       3, kAny, kAny, kAny, kAny, HasHalfPixelCenters<ResizeBilinearOptions>},
    {Op::kResizeBilinear,       2, kI8},
    {Op::kResizeNearestNeighbor, 4, kI16},
    {Op::kResizeNearestNeighbor, 3, kAny, kAny, kAny, kAny, HasHalfPixelCenters<ResizeNearestNeighborOptions>},
    {Op::kResizeNearestNeighbor, 3, kAny, kAny, kAny, kAny, HasAlignedCorners<ResizeNearestNeighborOptions>},
    {Op::kResizeNearestNeighbor, 2, kI8},
    {Op::kReverseV2,            4, kF8},
    {Op::kReverseV2,            3, kI8},
    {Op::kReverseV2,            2, kBool},
    {Op::kRnn,                  3, kAny, kI8,  kAny, kF32, IsAsymmetric<RNNOptions>},
    {Op::kRnn,                  2, kAny, kI8,  kAny, kF32},
    {Op::kSelect,               3, kAny, kAny, kAny, kAny, AnyRankOver4},
    {Op::kSign,                 2, kI32},
    {Op::kSin,                  2, kF16},
    {Op::kSlice,                8, kF16},
    {Op::kSlice,                7, kI4},
    {Op::kSlice,                6, kU32},
    {Op::kSlice,                5, kAny, kAny, kAny, kAny, RankOver<4>},
    {Op::kSlice,                4, kI16},
    {Op::kSlice,                3, kString},
    {Op::kSlice,                2, kI8},
    {Op::kSoftmax,              4, kF16},
    {Op::kSoftmax,              3, kI16},
    {Op::kSoftmax,              2, kI8},
    {Op::kSpaceToBatchND,       4, kI16},
    {Op::kSpaceToBatchND,       3, kAny, kAny, kAny, kAny, RankIsNot4},
    {Op::kSpaceToBatchND,       2, kI8},
    {Op::kSpaceToDepth,         2, kI8},
    {Op::kSparseToDense,        3, kAny, kAny, kI8 | kU8},
    {Op::kSparseToDense,        2, kAny, kAny, kI64},
    {Op::kSplit,                5, kAny, kF8},
    {Op::kSplit,                4, kAny, kI16},
    {Op::kSplit,                3, kAny, kI32},
    {Op::kSplit,                2, kAny, kI8},
    {Op::kSplitV,               3, kF8},
    {Op::kSplitV,               2, kI8},
    {Op::kSqueeze,              2, kString},
    {Op::kStridedSlice,         8, kAny, kAny, kAny, kAny, HasOffset},
    {Op::kStridedSlice,         7, kU32},
    {Op::kStridedSlice,         6, kAny, kAny, kAny, kAny, HasEllipsisOrNewAxis},
    {Op::kStridedSlice,         5, kString},
    {Op::kStridedSlice,         4, kAny, kAny, kAny, kAny, RankOver<4>},
    {Op::kStridedSlice,         3, kBool},
    {Op::kStridedSlice,         2, kI8},
    {Op::kSub,                  5, kI16, kAny, kAny, kI16, HasAnyScale<SubOptions>},
    {Op::kSub,                  4, kI64},
    {Op::kSub,                  3, kAny, kAny, kAny, kAny, BroadcastsOver4},
    {Op::kSub,                  2, kI8},
    {Op::kSvdf,                 4, kF32, kI8,  kAny, kF32, IsAsymmetric<SVDFOptions>},
    {Op::kSvdf,                 3, kI8},
    {Op::kSvdf,                 2, kF32, kI8,  kAny, kF32},
    {Op::kTanh,                 3, kI16, kAny, kAny, kI16},
    {Op::kTanh,                 2, kI8},
    {Op::kTile,                 3, kI8},
    {Op::kTile,                 2, kString},
    {Op::kTopKV2,               3, kI16},
    {Op::kTopKV2,               3, kAny, kI16},
    {Op::kTopKV2,               3, kAny, kAny, kAny, kAny, IndexIsI16},
    {Op::kTopKV2,               2, kI8},
    {Op::kTranspose,            9, kF16},
    {Op::kTranspose,            8, kAny, kAny, kAny, kAny, RankOver<6>},
    {Op::kTranspose,            8, kBF16},
    {Op::kTranspose,            7, kI4},
    {Op::kTranspose,            6, kAny, kAny, kAny, kAny, RankOver<5>},
    {Op::kTranspose,            5, kI16},
    {Op::kTranspose,            4, kAny, kAny, kAny, kAny, RankOver<4>},
    {Op::kTranspose,            3, kBool},
    {Op::kTranspose,            2, kI8},
    {Op::kTransposeConv,        5, kI16, kI8,  kAny, kI16, HasBiasType<TransposeConvOptions>},
    {Op::kTransposeConv,        4, kAny, kAny, kAny, kAny, HasActivation},
    {Op::kTransposeConv,        3, kAny, kAny, kAny, kAny, HasBias},
    {Op::kTransposeConv,        2, kAny, kI8},
    {Op::kUnidirectionalSequenceLstm, 5, kI16, kAny, kI8, kI16},
    {Op::kUnidirectionalSequenceLstm, 4, kAny, kAny, kAny, kAny, IsDiagonal},
    {Op::kUnidirectionalSequenceLstm, 3, kF32, kAny, kI8, kF32, IsAsymmetric<UnidirectionalSequenceLSTMOptions>},
    {Op::kUnidirectionalSequenceLstm, 2, kF32, kAny, kI8, kF32},
    {Op::kUnidirectionalSequenceRnn,  3, kAny, kI8,  kAny, kF32, IsAsymmetric<SequenceRNNOptions>},
    {Op::kUnidirectionalSequenceRnn,  2, kAny, kI8,  kAny, kF32},
    {Op::kUnpack,               6, kF8},
    {Op::kUnpack,               5, kF16 | kBF16},
    {Op::kUnpack,               4, kI16, kAny, kAny, kI16},
    {Op::kUnpack,               3, kBool},
    {Op::kUnpack,               2, kI8 | kU8},
    {Op::kWhere,                2, kNotBool},
};
// clang-format on

bool Matches(Types types, const OperandSpec& operand) {
  return types == kAny ||
         (operand.type != DataType::kNone && (types & Only(operand.type)) != 0);
}

bool Applies(const Rule& rule, const OperatorSpec& spec) {
  return Matches(rule.in0, In(spec, 0)) && Matches(rule.in1, In(spec, 1)) &&
         Matches(rule.in2, In(spec, 2)) &&
         Matches(rule.out0, At(spec.outputs, 0)) &&
         (rule.also == nullptr || rule.also(spec));
}

Op RulesOf(Op op) {
  const auto* alike =
      std::find_if(std::begin(kAlike), std::end(kAlike),
                   [op](const Alike& row) { return row.op == op; });
  return alike == std::end(kAlike) ? op : alike->as;
}

}  // namespace

int LowestVersion(const OperatorSpec& spec) {
  const Op op = RulesOf(spec.op);
  int version = 1;
  for (const Rule& rule : kRules) {
    if (rule.op == op && Applies(rule, spec)) {
      version = std::max(version, rule.version);
    }
  }
  return version;
}

int HighestVersion(Op op, std::span<const DataType> types) {
  Types all = 0;
  for (const DataType type : types) all |= Only(type);
  const auto has = [all](Types wanted) {
    return wanted == kAny || (wanted & all) != 0;
  };
  int version = 1;
  for (const Rule& rule : kRules) {
    if (rule.op == RulesOf(op) && has(rule.in0) && has(rule.in1) &&
        has(rule.in2) && has(rule.out0)) {
      version = std::max(version, rule.version);
    }
  }
  return version;
}

}  // namespace liteforge
