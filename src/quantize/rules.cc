// SPDX-License-Identifier: Apache-2.0
// Source: TensorFlow Lite's 8-bit quantization specification
// (tensorflow.org/lite/performance/quantization_spec), and the types its
// kernels take. Fixed scales are those that the kernels compute with.
#include "quantize/rules.h"

#include <algorithm>
#include <iterator>

namespace liteforge {
namespace {

constexpr auto kOwn = OutputScale::kOwn;
constexpr auto kShared = OutputScale::kShared;
constexpr auto kFixed = OutputScale::kFixed;
constexpr auto kNone = OutputScale::kNone;
constexpr bool kNo16 = false;

// An operator whose output has a range of its own.
constexpr QuantizeRule Own(Op op, std::string_view operands,
                           bool int16 = true) {
  return {op, operands, kOwn, 0, 0, 0, int16};
}
// An operator that moves or picks values.
constexpr QuantizeRule Shared(Op op, std::string_view operands,
                              bool int16 = true) {
  return {op, operands, kShared, 0, 0, 0, int16};
}
constexpr QuantizeRule Fixed(Op op, float scale, int8_t zero_point,
                             float int16_scale) {
  return {op, "x", kFixed, scale, zero_point, int16_scale, int16_scale > 0};
}
constexpr QuantizeRule Compare(Op op) {
  return {op, "xx", kNone, 0, 0, 0, kNo16};
}
// An operator with weights, per channel along `axis`.
constexpr QuantizeRule Weights(Op op, std::string_view operands, int8_t axis,
                               std::string_view hybrid) {
  return {op, operands, kOwn, 0, 0, 0, true, axis, hybrid, axis};
}
// An operator whose weights alone can be int8.
constexpr QuantizeRule Hybrid(Op op, std::string_view hybrid) {
  return {op, "", kOwn, 0, 0, 0, kNo16, -1, hybrid, -1};
}

// Its states are int8 and int16; float32 beside int8 weights.
constexpr QuantizeRule Lstm(Op op, bool int16) {
  return {op, "x", kOwn, 0, 0, 0, int16, -1, "-wwwwwwwwwww----w", -1, true};
}

constexpr QuantizeRule kRules[] = {
    Own(Op::kAbs, "x"),
    Own(Op::kAdd, "xx"),
    {Op::kArgMax, "x-", kNone, 0, 0, 0, kNo16},
    {Op::kArgMin, "x-", kNone, 0, 0, 0, kNo16},
    Shared(Op::kAveragePool2D, "x"),
    {Op::kBatchMatMul, "xx", kOwn, 0, 0, 0, true, -1, "-w", -1},
    Shared(Op::kBatchToSpaceND, "x--"),
    Hybrid(Op::kBidirectionalSequenceLstm,
           "-wwwwwwwwwww----w-wwwwwwwwwww----w"),
    Hybrid(Op::kBidirectionalSequenceRnn, "-ww--ww"),
    Shared(Op::kBroadcastTo, "x-"),
    Shared(Op::kConcatenation, "x+"),
    Weights(Op::kConv2D, "xwb", 0, "-w"),
    Shared(Op::kDepthToSpace, "x", kNo16),
    Weights(Op::kDepthwiseConv2D, "xwb", 3, "-w"),
    Shared(Op::kDynamicUpdateSlice, "xx-", kNo16),
    Own(Op::kElu, "x", kNo16),
    Hybrid(Op::kEmbeddingLookup, "-w"),
    Compare(Op::kEqual),
    Own(Op::kExp, "x"),
    Shared(Op::kExpandDims, "x-"),
    {Op::kFullyConnected, "xwb", kOwn, 0, 0, 0, true, -1, "-w", -1},
    Shared(Op::kGather, "x-"),
    Shared(Op::kGatherNd, "x-"),
    Own(Op::kGelu, "x", kNo16),
    Compare(Op::kGreater),
    Compare(Op::kGreaterEqual),
    Own(Op::kHardSwish, "x", kNo16),
    Fixed(Op::kL2Normalization, 1.0f / 128, 0, 0),
    Own(Op::kLeakyRelu, "x"),
    Compare(Op::kLess),
    Compare(Op::kLessEqual),
    Own(Op::kLog, "x"),
    Fixed(Op::kLogSoftmax, 16.0f / 256, 127, 0),
    Fixed(Op::kLogistic, 1.0f / 256, -128, 1.0f / 32768),
    Lstm(Op::kLstm, kNo16),
    Shared(Op::kMaxPool2D, "x"),
    Shared(Op::kMaximum, "xx"),
    Own(Op::kMean, "x-"),
    Shared(Op::kMinimum, "xx"),
    Shared(Op::kMirrorPad, "x-"),
    Own(Op::kMul, "xx"),
    Compare(Op::kNotEqual),
    Shared(Op::kPack, "x+"),
    Shared(Op::kPad, "x-"),
    Shared(Op::kPadV2, "x-x"),
    Own(Op::kPrelu, "xx", kNo16),
    Shared(Op::kReduceMax, "x-"),
    Shared(Op::kReduceMin, "x-"),
    Own(Op::kRelu, "x"),
    Own(Op::kRelu6, "x"),
    Own(Op::kReluN1To1, "x", kNo16),
    Shared(Op::kReshape, "x-"),
    Shared(Op::kResizeBilinear, "x-"),
    Shared(Op::kResizeNearestNeighbor, "x-"),
    Shared(Op::kReverseV2, "x-", kNo16),
    Hybrid(Op::kRnn, "-ww"),
    Own(Op::kRsqrt, "x", kNo16),
    Shared(Op::kSelect, "-xx"),
    Shared(Op::kSelectV2, "-xx"),
    Shared(Op::kSlice, "x--"),
    Fixed(Op::kSoftmax, 1.0f / 256, -128, 1.0f / 32768),
    Shared(Op::kSpaceToBatchND, "x--"),
    Shared(Op::kSpaceToDepth, "x", kNo16),
    Shared(Op::kSplit, "-x"),
    Shared(Op::kSplitV, "x--"),
    Own(Op::kSqrt, "x"),
    Own(Op::kSquaredDifference, "xx", kNo16),
    Shared(Op::kSqueeze, "x"),
    Shared(Op::kStridedSlice, "x---"),
    Own(Op::kSub, "xx"),
    Own(Op::kSum, "x-", kNo16),
    Hybrid(Op::kSvdf, "-ww"),
    Fixed(Op::kTanh, 1.0f / 128, 0, 1.0f / 32768),
    Shared(Op::kTile, "x-", kNo16),
    Shared(Op::kTopKV2, "x-", kNo16),
    Shared(Op::kTranspose, "x-"),
    {Op::kTransposeConv, "-wxb", kOwn, 0, 0, 0, true, 0, "", -1},
    Lstm(Op::kUnidirectionalSequenceLstm, true),
    Hybrid(Op::kUnidirectionalSequenceRnn, "-ww"),
    Shared(Op::kUnpack, "x", kNo16),
};

char LetterOf(std::string_view letters, int operand) {
  const auto at = static_cast<size_t>(operand);
  if (letters.ends_with('+')) return letters[0];
  return at < letters.size() ? letters[at] : '-';
}

}  // namespace

OperandRole QuantizeRule::RoleOf(int operand) const {
  switch (LetterOf(operands, operand)) {
    case 'x':
      return OperandRole::kActivation;
    case 'w':
      return OperandRole::kWeight;
    case 'b':
      return OperandRole::kBias;
    default:
      return OperandRole::kPlain;
  }
}

bool QuantizeRule::IsHybridWeight(int operand) const {
  return LetterOf(hybrid, operand) == 'w';
}

std::span<const QuantizeRule> QuantizeRules() { return kRules; }

const QuantizeRule* FindQuantizeRule(Op op) {
  const auto row = std::ranges::find(kRules, op, &QuantizeRule::op);
  return row == std::end(kRules) ? nullptr : row;
}

}  // namespace liteforge
