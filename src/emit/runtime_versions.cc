// SPDX-License-Identifier: Apache-2.0
// Source: converter/tools/versioning/runtime_version.cc of LiteRT (2026).
#include "emit/runtime_versions.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace liteforge {
namespace {

constexpr size_t kMostVersions = 14;

struct Row {
  Op op;
  std::array<std::string_view, kMostVersions> releases;  // of versions 1, 2 …
};

// Sorted by operator number.
constexpr Row kRows[] = {
    {Op::kAdd, {"1.5.0", "1.14.0", "2.4.0", "2.6.0", "2.13.0", "2.23.0"}},
    {Op::kAveragePool2D, {"1.5.0", "1.14.0", "2.3.0"}},
    {Op::kConcatenation,
     {"1.5.0", "1.14.0", "2.3.0", "2.14.0", "2.21.0", "2.23.0", "2.23.0"}},
    {Op::kConv2D,
     {"1.5.0", "1.14.0", "1.14.0", "2.3.0", "2.4.0", "2.9.0", "2.11.0",
      "2.15.0"}},
    {Op::kDepthwiseConv2D,
     {"1.5.0", "1.12.0", "1.14.0", "2.2.0", "2.3.0", "2.3.0", "2.11.0"}},
    {Op::kDepthToSpace, {"2.1.0", "2.5.0"}},
    {Op::kDequantize,
     {"1.13.1", "1.14.0", "1.15.0", "2.2.0", "2.7.0", "2.18.0", "2.21.0",
      "2.22.0", "2.23.0"}},
    {Op::kEmbeddingLookup, {"1.13.0", "1.14.0", "1.14.0", "2.18.0", "2.21.0"}},
    {Op::kFloor, {"1.9.0"}},
    {Op::kFullyConnected,
     {"1.5.0", "1.10.0", "1.14.0", "1.14.0", "2.0.0", "2.1.0", "2.3.0", "2.3.0",
      "2.3.0", "2.11.0", "2.15.0", "2.17.0", "2.18.0", "2.21.0"}},
    {Op::kHashtableLookup, {"1.5.0"}},
    {Op::kL2Normalization, {"1.5.0", "1.14.0"}},
    {Op::kL2Pool2D, {"1.5.0"}},
    {Op::kLocalResponseNormalization, {"1.5.0"}},
    {Op::kLogistic, {"1.14.0", "1.14.0", "2.3.0"}},
    {Op::kLshProjection, {"1.5.0"}},
    {Op::kLstm, {"1.7.0", "1.10.0", "1.14.0", "2.3.0"}},
    {Op::kMaxPool2D, {"1.5.0", "1.14.0", "2.3.0"}},
    {Op::kMul,
     {"1.5.0", "1.14.0", "1.15.0", "2.3.0", "2.6.0", "2.11.0", "2.13.0",
      "2.23.0"}},
    {Op::kRelu, {"1.5.0", "2.1.0", "2.5.0"}},
    {Op::kReluN1To1, {"1.5.0"}},
    {Op::kRelu6, {"1.5.0", "1.14.0", "2.5.0"}},
    {Op::kReshape, {"1.5.0"}},
    {Op::kResizeBilinear, {"1.7.0", "1.14.0", "2.2.0", "2.5.0"}},
    {Op::kRnn, {"1.5.0", "1.14.0", "2.3.0"}},
    {Op::kSoftmax, {"1.5.0", "1.14.0", "2.3.0", "2.23.0"}},
    {Op::kSpaceToDepth, {"1.5.0", "1.14.0"}},
    {Op::kSvdf, {"1.5.0", "1.14.0", "2.2.0", "2.3.0"}},
    {Op::kTanh, {"1.14.0", "1.14.0", "2.3.0"}},
    {Op::kSkipGram, {"1.5.0"}},
    {Op::kEmbeddingLookupSparse, {"1.5.0"}},
    {Op::kPad, {"1.5.0", "1.14.0", "2.4.0", "2.6.0", "2.20.0", "2.23.0"}},
    {Op::kUnidirectionalSequenceRnn, {"1.14.0", "1.14.0", "2.3.0"}},
    {Op::kGather,
     {"1.6.0", "1.14.0", "1.15.0", "2.4.0", "2.5.0", "2.13.0", "2.15.0",
      "2.23.0"}},
    {Op::kBatchToSpaceND, {"1.6.0", "1.14.0", "2.3.0", "2.12.0"}},
    {Op::kSpaceToBatchND, {"1.6.0", "1.14.0", "2.3.0", "2.12.0"}},
    {Op::kTranspose,
     {"1.6.0", "1.14.0", "1.15.0", "2.3.0", "2.4.0", "2.12.0", "2.14.4",
      "2.22.0", "2.23.0"}},
    {Op::kMean, {"1.6.0", "1.14.0", "2.4.0"}},
    {Op::kSub, {"1.6.0", "1.14.0", "2.3.0", "2.4.0", "2.4.0"}},
    {Op::kDiv, {"1.6.0", "2.3.0"}},
    {Op::kSqueeze, {"1.6.0", "2.5.0"}},
    {Op::kUnidirectionalSequenceLstm, {"1.13.1", "1.14.0", "2.3.0", "2.12.0"}},
    {Op::kStridedSlice,
     {"1.6.0", "1.14.0", "2.1.0", "2.2.0", "2.5.0", "2.6.0", "2.14.0",
      "2.14.0"}},
    {Op::kBidirectionalSequenceRnn, {"1.14.0", "1.14.0", "2.3.0"}},
    {Op::kExp, {"1.7.0", "2.12.0"}},
    {Op::kTopKV2, {"1.7.0", "1.14.0", "2.13.0"}},
    {Op::kSplit, {"1.5.0", "1.14.0", "1.14.0", "2.3.0", "2.23.0"}},
    {Op::kLogSoftmax, {"1.14.0", "1.14.0"}},
    {Op::kBidirectionalSequenceLstm, {"1.14.0", "1.14.0", "1.14.0"}},
    {Op::kCast,
     {"1.5.0", "2.7.0", "2.8.0", "2.9.0", "2.12.0", "2.15.0", "2.17.0",
      "2.21.0", "2.23.0"}},
    {Op::kPrelu, {"1.8.0"}},
    {Op::kMaximum, {"1.14.0", "1.14.0", "2.3.0", "2.3.0"}},
    {Op::kArgMax, {"1.9.0", "1.14.0", "2.9.0"}},
    {Op::kMinimum, {"1.14.0", "1.14.0", "2.3.0", "2.3.0"}},
    {Op::kLess, {"1.14.0", "1.14.0", "2.13.0"}},
    {Op::kNeg, {"1.9.0"}},
    {Op::kPadV2, {"1.9.0", "1.14.0", "2.4.0", "2.6.0", "2.20.0", "2.23.0"}},
    {Op::kGreater, {"1.14.0", "1.14.0"}},
    {Op::kGreaterEqual, {"1.14.0", "1.14.0", "2.13.0"}},
    {Op::kLessEqual, {"1.14.0", "1.14.0"}},
    {Op::kSelect, {"1.14.0", "1.14.0", "2.12.0", "2.12.0"}},
    {Op::kSlice,
     {"1.14.0", "1.14.0", "1.14.0", "2.4.0", "2.5.0", "2.14.0", "2.21.0",
      "2.23.0"}},
    {Op::kSin, {"1.9.0", "2.23.0"}},
    {Op::kTransposeConv, {"1.9.0", "2.2.0", "2.3.0", "2.13.0", "2.15.0"}},
    {Op::kSparseToDense, {"1.9.0", "1.14.0", "1.15.0"}},
    {Op::kTile, {"1.10.1", "2.2.0", "2.8.0"}},
    {Op::kExpandDims, {"1.10.0"}},
    {Op::kEqual, {"1.14.0", "1.14.0", "2.3.0", "2.13.0", "2.21.0"}},
    {Op::kNotEqual, {"1.14.0", "1.14.0", "2.3.0", "2.21.0"}},
    {Op::kLog, {"1.14.0", "2.15.0"}},
    {Op::kSum, {"1.10.0", "1.15.0"}},
    {Op::kSqrt, {"1.10.0", "2.21.0"}},
    {Op::kRsqrt, {"1.10.0", "2.5.0", "2.15.0"}},
    {Op::kShape, {"1.10.0"}},
    {Op::kPow, {"1.10.0"}},
    {Op::kArgMin, {"1.9.0", "1.14.0", "2.9.0"}},
    {Op::kFakeQuant, {"1.5.0", "1.10.0"}},
    {Op::kReduceProd, {"1.11.0", "2.6.0"}},
    {Op::kReduceMax, {"1.11.0", "1.14.0", "2.5.0"}},
    {Op::kPack, {"1.11.0", "1.14.0", "2.3.0", "2.13.0", "2.23.0"}},
    {Op::kLogicalOr, {"1.11.0"}},
    {Op::kOneHot, {"1.11.0"}},
    {Op::kLogicalAnd, {"1.11.0"}},
    {Op::kLogicalNot, {"1.11.0"}},
    {Op::kUnpack, {"1.11.0", "1.14.0", "2.2.0", "2.3.0", "2.22.0", "2.23.0"}},
    {Op::kReduceMin, {"1.11.0", "1.14.0", "2.5.0"}},
    {Op::kFloorDiv, {"1.14.0", "1.14.0", "2.13.0"}},
    {Op::kReduceAny, {"1.11.0"}},
    {Op::kSquare, {"1.12.0"}},
    {Op::kZerosLike, {"1.12.0"}},
    {Op::kFill, {"1.13.0", "2.3.0", "2.5.0", "2.12.0", "2.23.0"}},
    {Op::kFloorMod, {"1.13.0", "2.13.0"}},
    {Op::kRange, {"1.13.0", "2.14.0"}},
    {Op::kResizeNearestNeighbor, {"1.13.1", "1.14.0", "2.3.0", "2.4.0"}},
    {Op::kLeakyRelu, {"1.13.1", "2.3.0"}},
    {Op::kSquaredDifference, {"1.13.1", "2.5.0"}},
    {Op::kMirrorPad, {"1.13.1", "2.3.0", "2.12.0"}},
    {Op::kAbs, {"1.13.0", "2.4.0", "2.5.0", "2.6.0", "2.12.0"}},
    {Op::kSplitV, {"1.13.1", "2.3.0", "2.23.0"}},
    {Op::kUnique, {"1.14.0"}},
    {Op::kCeil, {"1.14.0"}},
    {Op::kReverseV2, {"1.14.0", "2.2.0", "2.5.0", "2.23.0"}},
    {Op::kAddN, {"1.14.0"}},
    {Op::kGatherNd, {"1.14.0", "2.3.0", "2.5.0", "2.13.0", "2.16.0", "2.23.0"}},
    {Op::kCos, {"1.14.0", "2.23.0"}},
    {Op::kWhere, {"1.14.0", "2.8.0"}},
    {Op::kRank, {"1.14.0"}},
    {Op::kElu, {"1.14.0"}},
    {Op::kReverseSequence, {"1.14.0"}},
    {Op::kMatrixDiag, {"1.14.0"}},
    {Op::kQuantize,
     {"1.14.0", "1.15.0", "2.7.0", "2.21.0", "2.21.0", "2.21.0"}},
    {Op::kMatrixSetDiag, {"1.14.0"}},
    {Op::kRound, {"1.14.0"}},
    {Op::kHardSwish, {"1.15.0"}},
    {Op::kIf, {"1.15.0"}},
    {Op::kWhile, {"1.15.0"}},
    {Op::kNonMaxSuppressionV4, {"2.1.0"}},
    {Op::kNonMaxSuppressionV5, {"2.1.0"}},
    {Op::kScatterNd, {"2.1.0"}},
    {Op::kSelectV2, {"2.2.0", "2.12.0"}},
    {Op::kDensify, {"2.2.0"}},
    {Op::kSegmentSum, {"2.2.0"}},
    {Op::kBatchMatMul, {"2.3.0", "2.3.0", "2.4.0", "2.5.0"}},
    {Op::kCumsum, {"2.4.0"}},
    {Op::kCallOnce, {"2.5.0"}},
    {Op::kBroadcastTo, {"", "2.5.0", "2.5.0", "2.23.0"}},
    {Op::kRfft2D, {"2.5.0"}},
    {Op::kConv3D, {"2.5.0"}},
    {Op::kImag, {"2.5.0"}},
    {Op::kReal, {"2.5.0"}},
    {Op::kComplexAbs, {"2.5.0"}},
    {Op::kHashtable, {"2.5.0"}},
    {Op::kHashtableFind, {"2.5.0"}},
    {Op::kHashtableImport, {"2.5.0"}},
    {Op::kHashtableSize, {"2.5.0"}},
    {Op::kReduceAll, {"2.6.0"}},
    {Op::kConv3DTranspose, {"2.6.0"}},
    {Op::kVarHandle, {"2.6.0"}},
    {Op::kReadVariable, {"2.6.0"}},
    {Op::kAssignVariable, {"2.6.0"}},
    {Op::kBroadcastArgs, {"2.6.0"}},
    {Op::kRandomStandardNormal, {"2.8.0"}},
    {Op::kBucketize, {"2.8.0"}},
    {Op::kRandomUniform, {"2.8.0"}},
    {Op::kMultinomial, {"2.8.0"}},
    {Op::kGelu, {"2.9.0", "2.9.0", "2.23.0"}},
    {Op::kDynamicUpdateSlice,
     {"2.9.0", "2.17.0", "2.19.0", "2.20.0", "2.21.0", "2.22.0"}},
    {Op::kRelu0To1, {"2.10.0"}},
    {Op::kUnsortedSegmentProd, {"2.10.0"}},
    {Op::kUnsortedSegmentMax, {"2.10.0"}},
    {Op::kUnsortedSegmentSum, {"2.10.0"}},
    {Op::kATan2, {"2.10.0"}},
    {Op::kUnsortedSegmentMin, {"2.11.0"}},
    {Op::kSign, {"2.11.0", "2.12.0"}},
    {Op::kBitcast, {"2.13.0"}},
    {Op::kBitwiseXor, {"2.13.0"}},
    {Op::kRightShift, {"2.13.0"}},
    {Op::kStablehloAdd, {"2.16.0"}},
    {Op::kStablehloMultiply, {"2.16.0"}},
    {Op::kStablehloMaximum, {"2.16.0"}},
    {Op::kStablehloAnd, {"2.17.0"}},
    {Op::kStablehloMinimum, {"2.16.0"}},
    {Op::kStablehloScatter, {"2.15.0"}},
    {Op::kStablehloPad, {"2.16.0"}},
    {Op::kStablehloReduceWindow, {"2.16.0"}},
    {Op::kStablehloGather, {"2.16.0"}},
    {Op::kDilate, {"2.15.0"}},
    {Op::kStablehloRngBitGenerator, {"2.15.0"}},
    {Op::kReduceWindow, {"2.15.0"}},
    {Op::kStablehloComposite, {"2.17.0"}},
    {Op::kStablehloShiftLeft, {"2.17.0"}},
    {Op::kStablehloCbrt, {"2.17.0"}},
    {Op::kStablehloCase, {"2.17.0"}},
};

// The numbers of "2.3.0".
std::array<int, 3> Numbers(std::string_view release) {
  std::array<int, 3> numbers{};
  const char* at = release.data();
  const char* end = at + release.size();
  for (int& number : numbers) {
    at = std::from_chars(at, end, number).ptr;
    if (at != end) ++at;
  }
  return numbers;
}

}  // namespace

std::string_view RuntimeVersionOf(VersionedOp op) {
  const auto* row = std::lower_bound(
      std::begin(kRows), std::end(kRows), op.op,
      [](const Row& row, Op wanted) { return row.op < wanted; });
  const auto index = static_cast<size_t>(op.version) - 1;
  if (row == std::end(kRows) || row->op != op.op || index >= kMostVersions) {
    return {};
  }
  return row->releases[index];
}

bool IsOlderRuntime(std::string_view a, std::string_view b) {
  return Numbers(a) < Numbers(b);
}

std::string_view MinRuntimeVersion(std::span<const VersionedOp> ops) {
  std::string_view newest;
  for (const VersionedOp& op : ops) {
    const std::string_view release = RuntimeVersionOf(op);
    if (IsOlderRuntime(newest, release)) newest = release;
  }
  return newest;
}

}  // namespace liteforge
