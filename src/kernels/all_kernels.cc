// SPDX-License-Identifier: Apache-2.0
// The list of kernels, sorted by operator number: a new one is two lines here.
#include <algorithm>

#include "kernels/kernel.h"

namespace liteforge {

// clang-format off
extern const Kernel kAdd;
extern const Kernel kAveragePool2D;
extern const Kernel kConcatenation;
extern const Kernel kConv2D;
extern const Kernel kDepthwiseConv2D;
extern const Kernel kDepthToSpace;
extern const Kernel kDequantize;
extern const Kernel kEmbeddingLookup;
extern const Kernel kFloor;
extern const Kernel kFullyConnected;
extern const Kernel kHashtableLookup;
extern const Kernel kL2Normalization;
extern const Kernel kL2Pool2D;
extern const Kernel kLocalResponseNormalization;
extern const Kernel kLogistic;
extern const Kernel kLshProjection;
extern const Kernel kLstm;
extern const Kernel kMaxPool2D;
extern const Kernel kMul;
extern const Kernel kRelu;
extern const Kernel kReluN1To1;
extern const Kernel kRelu6;
extern const Kernel kReshape;
extern const Kernel kResizeBilinear;
extern const Kernel kRnn;
extern const Kernel kSoftmax;
extern const Kernel kSpaceToDepth;
extern const Kernel kSvdf;
extern const Kernel kTanh;
extern const Kernel kSkipGram;
extern const Kernel kEmbeddingLookupSparse;
extern const Kernel kPad;
extern const Kernel kUnidirectionalSequenceRnn;
extern const Kernel kGather;
extern const Kernel kBatchToSpaceND;
extern const Kernel kSpaceToBatchND;
extern const Kernel kTranspose;
extern const Kernel kMean;
extern const Kernel kSub;
extern const Kernel kDiv;
extern const Kernel kSqueeze;
extern const Kernel kUnidirectionalSequenceLstm;
extern const Kernel kStridedSlice;
extern const Kernel kBidirectionalSequenceRnn;
extern const Kernel kExp;
extern const Kernel kTopKV2;
extern const Kernel kSplit;
extern const Kernel kLogSoftmax;
extern const Kernel kBidirectionalSequenceLstm;
extern const Kernel kCast;
extern const Kernel kPrelu;
extern const Kernel kMaximum;
extern const Kernel kArgMax;
extern const Kernel kMinimum;
extern const Kernel kLess;
extern const Kernel kNeg;
extern const Kernel kPadV2;
extern const Kernel kGreater;
extern const Kernel kGreaterEqual;
extern const Kernel kLessEqual;
extern const Kernel kSelect;
extern const Kernel kSlice;
extern const Kernel kSin;
extern const Kernel kTransposeConv;
extern const Kernel kSparseToDense;
extern const Kernel kTile;
extern const Kernel kExpandDims;
extern const Kernel kEqual;
extern const Kernel kNotEqual;
extern const Kernel kLog;
extern const Kernel kSum;
extern const Kernel kSqrt;
extern const Kernel kRsqrt;
extern const Kernel kShape;
extern const Kernel kPow;
extern const Kernel kArgMin;
extern const Kernel kFakeQuant;
extern const Kernel kReduceProd;
extern const Kernel kReduceMax;
extern const Kernel kPack;
extern const Kernel kLogicalOr;
extern const Kernel kOneHot;
extern const Kernel kLogicalAnd;
extern const Kernel kLogicalNot;
extern const Kernel kUnpack;
extern const Kernel kReduceMin;
extern const Kernel kFloorDiv;
extern const Kernel kReduceAny;
extern const Kernel kSquare;
extern const Kernel kZerosLike;
extern const Kernel kFill;
extern const Kernel kFloorMod;
extern const Kernel kRange;
extern const Kernel kResizeNearestNeighbor;
extern const Kernel kLeakyRelu;
extern const Kernel kSquaredDifference;
extern const Kernel kMirrorPad;
extern const Kernel kAbs;
extern const Kernel kSplitV;
extern const Kernel kUnique;
extern const Kernel kCeil;
extern const Kernel kReverseV2;
extern const Kernel kAddN;
extern const Kernel kGatherNd;
extern const Kernel kCos;
extern const Kernel kWhere;
extern const Kernel kRank;
extern const Kernel kElu;
extern const Kernel kReverseSequence;
extern const Kernel kMatrixDiag;
extern const Kernel kQuantize;
extern const Kernel kMatrixSetDiag;
extern const Kernel kRound;
extern const Kernel kHardSwish;
extern const Kernel kIf;
extern const Kernel kWhile;
extern const Kernel kNonMaxSuppressionV4;
extern const Kernel kNonMaxSuppressionV5;
extern const Kernel kScatterNd;
extern const Kernel kSelectV2;
extern const Kernel kDensify;
extern const Kernel kSegmentSum;
extern const Kernel kBatchMatMul;
extern const Kernel kCumsum;
extern const Kernel kCallOnce;
extern const Kernel kBroadcastTo;
extern const Kernel kRfft2D;
extern const Kernel kConv3D;
extern const Kernel kImag;
extern const Kernel kReal;
extern const Kernel kComplexAbs;
extern const Kernel kHashtable;
extern const Kernel kHashtableFind;
extern const Kernel kHashtableImport;
extern const Kernel kHashtableSize;
extern const Kernel kReduceAll;
extern const Kernel kConv3DTranspose;
extern const Kernel kVarHandle;
extern const Kernel kReadVariable;
extern const Kernel kAssignVariable;
extern const Kernel kBroadcastArgs;
extern const Kernel kRandomStandardNormal;
extern const Kernel kBucketize;
extern const Kernel kRandomUniform;
extern const Kernel kMultinomial;
extern const Kernel kGelu;
extern const Kernel kDynamicUpdateSlice;
extern const Kernel kRelu0To1;
extern const Kernel kUnsortedSegmentProd;
extern const Kernel kUnsortedSegmentMax;
extern const Kernel kUnsortedSegmentSum;
extern const Kernel kATan2;
extern const Kernel kUnsortedSegmentMin;
extern const Kernel kSign;
extern const Kernel kBitcast;
extern const Kernel kBitwiseXor;
extern const Kernel kRightShift;
extern const Kernel kStablehloAdd;
extern const Kernel kStablehloMultiply;
extern const Kernel kStablehloMaximum;
extern const Kernel kStablehloAnd;
extern const Kernel kStablehloMinimum;
extern const Kernel kStablehloScatter;
extern const Kernel kStablehloPad;
extern const Kernel kStablehloReduceWindow;
extern const Kernel kStablehloGather;
extern const Kernel kDilate;
extern const Kernel kStablehloRngBitGenerator;
extern const Kernel kReduceWindow;
extern const Kernel kStablehloComposite;
extern const Kernel kStablehloShiftLeft;
extern const Kernel kStablehloCase;

namespace {

constexpr const Kernel* kKernels[] = {
    &kAdd,
    &kAveragePool2D,
    &kConcatenation,
    &kConv2D,
    &kDepthwiseConv2D,
    &kDepthToSpace,
    &kDequantize,
    &kEmbeddingLookup,
    &kFloor,
    &kFullyConnected,
    &kHashtableLookup,
    &kL2Normalization,
    &kL2Pool2D,
    &kLocalResponseNormalization,
    &kLogistic,
    &kLshProjection,
    &kLstm,
    &kMaxPool2D,
    &kMul,
    &kRelu,
    &kReluN1To1,
    &kRelu6,
    &kReshape,
    &kResizeBilinear,
    &kRnn,
    &kSoftmax,
    &kSpaceToDepth,
    &kSvdf,
    &kTanh,
    &kSkipGram,
    &kEmbeddingLookupSparse,
    &kPad,
    &kUnidirectionalSequenceRnn,
    &kGather,
    &kBatchToSpaceND,
    &kSpaceToBatchND,
    &kTranspose,
    &kMean,
    &kSub,
    &kDiv,
    &kSqueeze,
    &kUnidirectionalSequenceLstm,
    &kStridedSlice,
    &kBidirectionalSequenceRnn,
    &kExp,
    &kTopKV2,
    &kSplit,
    &kLogSoftmax,
    &kBidirectionalSequenceLstm,
    &kCast,
    &kPrelu,
    &kMaximum,
    &kArgMax,
    &kMinimum,
    &kLess,
    &kNeg,
    &kPadV2,
    &kGreater,
    &kGreaterEqual,
    &kLessEqual,
    &kSelect,
    &kSlice,
    &kSin,
    &kTransposeConv,
    &kSparseToDense,
    &kTile,
    &kExpandDims,
    &kEqual,
    &kNotEqual,
    &kLog,
    &kSum,
    &kSqrt,
    &kRsqrt,
    &kShape,
    &kPow,
    &kArgMin,
    &kFakeQuant,
    &kReduceProd,
    &kReduceMax,
    &kPack,
    &kLogicalOr,
    &kOneHot,
    &kLogicalAnd,
    &kLogicalNot,
    &kUnpack,
    &kReduceMin,
    &kFloorDiv,
    &kReduceAny,
    &kSquare,
    &kZerosLike,
    &kFill,
    &kFloorMod,
    &kRange,
    &kResizeNearestNeighbor,
    &kLeakyRelu,
    &kSquaredDifference,
    &kMirrorPad,
    &kAbs,
    &kSplitV,
    &kUnique,
    &kCeil,
    &kReverseV2,
    &kAddN,
    &kGatherNd,
    &kCos,
    &kWhere,
    &kRank,
    &kElu,
    &kReverseSequence,
    &kMatrixDiag,
    &kQuantize,
    &kMatrixSetDiag,
    &kRound,
    &kHardSwish,
    &kIf,
    &kWhile,
    &kNonMaxSuppressionV4,
    &kNonMaxSuppressionV5,
    &kScatterNd,
    &kSelectV2,
    &kDensify,
    &kSegmentSum,
    &kBatchMatMul,
    &kCumsum,
    &kCallOnce,
    &kBroadcastTo,
    &kRfft2D,
    &kConv3D,
    &kImag,
    &kReal,
    &kComplexAbs,
    &kHashtable,
    &kHashtableFind,
    &kHashtableImport,
    &kHashtableSize,
    &kReduceAll,
    &kConv3DTranspose,
    &kVarHandle,
    &kReadVariable,
    &kAssignVariable,
    &kBroadcastArgs,
    &kRandomStandardNormal,
    &kBucketize,
    &kRandomUniform,
    &kMultinomial,
    &kGelu,
    &kDynamicUpdateSlice,
    &kRelu0To1,
    &kUnsortedSegmentProd,
    &kUnsortedSegmentMax,
    &kUnsortedSegmentSum,
    &kATan2,
    &kUnsortedSegmentMin,
    &kSign,
    &kBitcast,
    &kBitwiseXor,
    &kRightShift,
    &kStablehloAdd,
    &kStablehloMultiply,
    &kStablehloMaximum,
    &kStablehloAnd,
    &kStablehloMinimum,
    &kStablehloScatter,
    &kStablehloPad,
    &kStablehloReduceWindow,
    &kStablehloGather,
    &kDilate,
    &kStablehloRngBitGenerator,
    &kReduceWindow,
    &kStablehloComposite,
    &kStablehloShiftLeft,
    &kStablehloCase,
};
// clang-format on

}  // namespace

std::span<const Kernel* const> AllKernels() { return kKernels; }

const Kernel* FindKernel(Op op) {
  const auto kernels = AllKernels();
  const auto found = std::lower_bound(
      kernels.begin(), kernels.end(), op,
      [](const Kernel* kernel, Op wanted) { return kernel->op < wanted; });
  return found != kernels.end() && (*found)->op == op ? *found : nullptr;
}

}  // namespace liteforge
