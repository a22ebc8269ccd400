// SPDX-License-Identifier: Apache-2.0
#include "ops/required_inputs.h"

#include <algorithm>
#include <iterator>

namespace liteforge {
namespace {

// Operators that stand in no list need one input.
constexpr Op kNone[] = {Op::kCall,
                        Op::kCallOnce,
                        Op::kCustom,
                        Op::kDelegate,
                        Op::kHashtable,
                        Op::kStablehloComposite,
                        Op::kStablehloCustomCall,
                        Op::kStablehloIota,
                        Op::kVarHandle};

constexpr Op kTwo[] = {
    // elementwise with broadcasting
    Op::kAdd, Op::kSub, Op::kMul, Op::kDiv, Op::kMinimum, Op::kMaximum,
    Op::kPow, Op::kFloorDiv, Op::kFloorMod, Op::kSquaredDifference, Op::kATan2,
    Op::kPrelu, Op::kEqual, Op::kNotEqual, Op::kLess, Op::kLessEqual,
    Op::kGreater, Op::kGreaterEqual, Op::kLogicalAnd, Op::kLogicalOr,
    Op::kBitwiseXor, Op::kRightShift, Op::kStablehloAdd, Op::kStablehloAnd,
    Op::kStablehloCompare, Op::kStablehloDivide, Op::kStablehloMaximum,
    Op::kStablehloMinimum, Op::kStablehloMultiply, Op::kStablehloOr,
    Op::kStablehloPower, Op::kStablehloRemainder, Op::kStablehloShiftLeft,
    Op::kStablehloSubtract,
    // values with weights
    Op::kBatchMatMul, Op::kConv2D, Op::kConv3D, Op::kDepthwiseConv2D,
    Op::kFullyConnected, Op::kStablehloConvolution, Op::kStablehloDotGeneral,
    // a tensor with axes, sizes, indices or a shape
    Op::kArgMax, Op::kArgMin, Op::kBroadcastArgs, Op::kBroadcastTo, Op::kCumsum,
    Op::kEmbeddingLookup, Op::kExpandDims, Op::kFill, Op::kGather,
    Op::kGatherNd, Op::kLshProjection, Op::kMatrixSetDiag, Op::kMean,
    Op::kMirrorPad, Op::kMultinomial, Op::kPad, Op::kReduceAll, Op::kReduceAny,
    Op::kReduceMax, Op::kReduceMin, Op::kReduceProd, Op::kResizeBilinear,
    Op::kResizeNearestNeighbor, Op::kReverseSequence, Op::kReverseV2,
    Op::kRfft2D, Op::kSegmentSum, Op::kSplit, Op::kSum, Op::kTile, Op::kTopKV2,
    Op::kTranspose, Op::kAssignVariable, Op::kStablehloDynamicUpdateSlice,
    Op::kStablehloGather, Op::kStablehloPad, Op::kStablehloReduce,
    Op::kStablehloReduceWindow};

constexpr Op kThree[] = {Op::kBatchToSpaceND,
                         Op::kConv3DTranspose,
                         Op::kDilate,
                         Op::kDynamicUpdateSlice,
                         Op::kHashtableFind,
                         Op::kHashtableImport,
                         Op::kHashtableLookup,
                         Op::kPadV2,
                         Op::kRange,
                         Op::kScatterNd,
                         Op::kSelect,
                         Op::kSelectV2,
                         Op::kSlice,
                         Op::kSpaceToBatchND,
                         Op::kSplitV,
                         Op::kStablehloClamp,
                         Op::kStablehloScatter,
                         Op::kStablehloSelect,
                         Op::kSvdf,
                         Op::kTransposeConv,
                         Op::kUnsortedSegmentMax,
                         Op::kUnsortedSegmentMin,
                         Op::kUnsortedSegmentProd,
                         Op::kUnsortedSegmentSum};

constexpr Op kFour[] = {Op::kOneHot, Op::kSparseToDense, Op::kStridedSlice};

constexpr Op kFive[] = {Op::kEmbeddingLookupSparse, Op::kNonMaxSuppressionV4,
                        Op::kReduceWindow, Op::kRnn,
                        Op::kUnidirectionalSequenceRnn};

constexpr Op kSix[] = {Op::kNonMaxSuppressionV5};

template <class List>
bool Has(const List& list, Op op) {
  return std::find(std::begin(list), std::end(list), op) != std::end(list);
}

}  // namespace

int RequiredInputs(Op op) {
  if (Has(kNone, op)) return 0;
  if (Has(kTwo, op)) return 2;
  if (Has(kThree, op)) return 3;
  if (Has(kFour, op)) return 4;
  if (Has(kFive, op)) return 5;
  if (Has(kSix, op)) return 6;
  return 1;
}

}  // namespace liteforge
