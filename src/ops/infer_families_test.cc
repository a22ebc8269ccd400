// SPDX-License-Identifier: Apache-2.0
// What the stored kernel tests (infer_models_test.cc) do not show: unknown
// dimensions, and what is refused. Shapes were worked out by hand from the
// operators' definitions.
#include <gtest/gtest.h>

#include "ops/infer_testing.h"

namespace liteforge::infer_families_test {

Conv2DOptions Conv(Padding padding, int stride, int dilation = 1) {
  Conv2DOptions o;
  o.padding = padding;
  o.stride_h = o.stride_w = stride;
  o.dilation_h_factor = o.dilation_w_factor = dilation;
  return o;
}

TEST(InferConvolution, Rows) {
  const auto same = Conv(Padding::kSame, 2);
  const auto valid = Conv(Padding::kValid, 1, 2);
  EXPECT_ROWS({
      {Op::kConv2D,
       same,
       {"float32[?,?,7,3]", "float32[8,3,3,3]"},
       "float32[?,?,4,8]"},
      {Op::kConv2D,
       valid,
       {"float32[1,9,7,3]", "float32[8,3,3,3]", "none"},
       "float32[1,5,3,8]"},
      {Op::kConv2D, same, {"float32[*]", "float32[8,3,3,3]"}, "float32[*]"},
      {Op::kConv2D,
       same,
       {"float32[1,4,4,6]", "float32[4,1,1,3]"},
       "float32[1,2,2,4]"},  // two groups
      {Op::kConv2D,
       same,
       {"float32[1,4,4,6]", "float32[5,1,1,3]"},
       "filter has 3 input channels and 5 output channels, input has 6"},
      {Op::kConv2D,
       same,
       {"float32[4,4,3]", "float32[8,3,3,3]"},
       "input must have 4 dimensions, it is [4,4,3]"},
      {Op::kConv2D,
       same,
       {"float32[1,4,4,3]", "float32[8,3,3,3]", "float32[7]"},
       "bias has 7 values for 8 output channels"},
      {Op::kConv2D,
       Conv2DOptions{},
       {"float32[1,4,4,3]", "float32[8,3,3,3]"},
       "stride is 0; it must be positive"},
      {Op::kConv2D,
       same,
       {"float32[1,4,4,0]", "float32[8,3,3,4]"},
       "filter has 4 input channels and 8 output channels, input has 0"},
      {Op::kConv2D, same, {"float32[1,4,4,3]", "none"}, "filter is missing"},
  });
}

TEST(InferConvolution, TransposedRows) {
  TransposeConvOptions o;
  o.stride_h = o.stride_w = 2;
  EXPECT_ROWS({
      {Op::kTransposeConv,
       o,
       {"int32[4]=1,8,8,5", "float32[5,3,3,2]", "float32[1,4,4,2]"},
       "float32[1,8,8,5]"},
      {Op::kTransposeConv,
       o,
       {"int32[4]", "float32[5,3,3,2]", "float32[3,4,4,2]"},
       "float32[3,?,?,5]"},
      {Op::kTransposeConv,
       o,
       {"int32[4]=1,8,8,6", "float32[5,3,3,2]", "float32[1,4,4,2]"},
       "output_shape asks for 6 channels, filter has 5"},
      {Op::kTransposeConv,
       o,
       {"int32[4]=1,-8,8,5", "float32[5,3,3,2]", "float32[1,4,4,2]"},
       "output_shape holds -8"},
  });
}

TEST(InferMatmul, Rows) {
  FullyConnectedOptions keep;
  keep.keep_num_dims = true;
  BatchMatMulOptions adjoint;
  adjoint.adj_x = adjoint.adj_y = true;
  EXPECT_ROWS({
      {Op::kFullyConnected,
       {},
       {"float32[2,3,4]", "float32[5,4]", "none"},
       "float32[6,5]"},
      {Op::kFullyConnected,
       {},
       {"float32[2,3,4]", "float32[5,8]", "none"},
       "float32[3,5]"},
      {Op::kFullyConnected,
       keep,
       {"float32[2,?,4]", "float32[5,4]"},
       "float32[2,?,5]"},
      {Op::kFullyConnected,
       {},
       {"float32[?,4]", "float32[5,4]"},
       "float32[?,5]"},
      {Op::kFullyConnected,
       {},
       {"float32[2,3]", "float32[5,4]"},
       "input [2,3] does not divide into rows of 4, which weights take"},
      {Op::kFullyConnected,
       {},
       {"float32[65536,65536]", "float32[5,1]"},
       "the batch is 4294967296"},
      {Op::kBatchMatMul,
       {},
       {"float32[2,1,3,4]", "float32[5,4,6]"},
       "float32[2,5,3,6]"},
      {Op::kBatchMatMul,
       adjoint,
       {"float32[4,3]", "float32[6,?]"},
       "float32[3,6]"},
      {Op::kBatchMatMul,
       {},
       {"float32[2,3]", "float32[4,5]"},
       "operands [2,3] and [4,5] do not agree in the summed dimension"},
  });
}

TEST(InferReshape, Rows) {
  ReshapeOptions to;
  to.new_shape = {-1, 6};
  ReshapeOptions scalar;
  scalar.new_shape = {0};
  EXPECT_ROWS({
      {Op::kReshape, {}, {"float32[2,3]", "int32[2]=3,-1"}, "float32[3,2]"},
      {Op::kReshape, to, {"float32[2,3]"}, "float32[1,6]"},
      // The tensor wins over the options; one that is no list does not.
      {Op::kReshape, to, {"float32[2,3]", "int32[1]=6"}, "float32[6]"},
      {Op::kReshape, to, {"float32[2,3]", "int32[]=6"}, "float32[1,6]"},
      {Op::kReshape, scalar, {"float32[1]"}, "float32[]"},
      {Op::kReshape, {}, {"float32[2,3]", "int32[3]"}, "float32[?,?,?]"},
      {Op::kReshape, {}, {"float32[?,3]", "int32[2]=-1,3"}, "float32[?,3]"},
      {Op::kReshape, {}, {"float32[4,0]", "int32[3]=2,0,-1"}, "float32[2,0,2]"},
      {Op::kReshape, {}, {"float32[4,0]", "int32[2]=3,-1"}, "float32[3,0]"},
      {Op::kReshape,
       {},
       {"float32[2,3]", "int32[2]=4,-1"},
       "input [2,3] has 6 elements, which do not fit shape [4,?]"},
      {Op::kReshape,
       {},
       {"float32[2,3]", "int32[2]=-1,-1"},
       "shape [?,?] has more than one -1"},
      {Op::kReshape,
       {},
       {"float32[2,3]", "int32[1]=-6"},
       "a dimension of -6 was asked for"},
      {Op::kReshape,
       {},
       {"float32[1]", "int32[3]=2147483647,2147483647,2147483647"},
       "shape [2147483647,2147483647,2147483647] is too large"},
  });
}

TEST(InferReshape, OtherRows) {
  SqueezeOptions second;
  second.squeeze_dims = {-2};
  EXPECT_ROWS({
      {Op::kSqueeze, {}, {"float32[1,3,1]"}, "float32[3]"},
      {Op::kSqueeze, {}, {"float32[1,?,1]"}, "float32[*]"},
      {Op::kSqueeze, second, {"float32[?,1,4]"}, "float32[?,4]"},
      {Op::kSqueeze, second, {"float32[1,2,1]"}, "axis 1 of [1,2,1] is not 1"},
      {Op::kExpandDims, {}, {"float32[2,3]", "int32[]=-1"}, "float32[2,3,1]"},
      {Op::kExpandDims, {}, {"float32[2,3]", "int32[]"}, "float32[*]"},
      {Op::kTranspose,
       {},
       {"float32[2,?,4]", "int32[3]=2,0,-2"},
       "float32[4,2,?]"},
      {Op::kTranspose, {}, {"float32[2,3]", "int32[2]"}, "float32[?,?]"},
      {Op::kTranspose,
       {},
       {"float32[2,3]", "int32[2]=0,0"},
       "permutation names axis 0 twice"},
      {Op::kShape, {}, {"float32[2,?]"}, "int32[2]"},
      {Op::kShape, {}, {"float32[*]"}, "int32[?]"},
      {Op::kRank, {}, {"float32[*]"}, "int32[]"},
  });
}

TEST(InferSlice, Rows) {
  EXPECT_ROWS({
      {Op::kSlice,
       {},
       {"float32[4,?]", "int32[2]=1,2", "int32[2]=-1,3"},
       "float32[3,3]"},
      {Op::kSlice,
       {},
       {"float32[4,?]", "int32[2]=1,2", "int32[2]=2,-1"},
       "float32[2,?]"},
      {Op::kSlice, {}, {"float32[4]", "int32[1]", "int32[1]"}, "float32[?]"},
      {Op::kSlice,
       {},
       {"float32[4]", "int32[1]=3", "int32[1]=2"},
       "axis 0 of [4] has no 2 elements from 3 on"},
      {Op::kSlice,
       {},
       {"float32[4]", "int64[1]=9223372036854775807", "int64[1]=2"},
       "axis 0 of [4] has no 2 elements from 9223372036854775807 on"},
      {Op::kDynamicUpdateSlice,
       {},
       {"float32[4,?]", "float32[2,2]", "int32[2]"},
       "float32[4,?]"},
      {Op::kDynamicUpdateSlice,
       {},
       {"float32[4]", "float32[5]", "int32[1]"},
       "update [5] is larger than operand [4]"},
  });
}

// numpy: np.zeros(shape)[...].shape
TEST(InferSlice, StridedRows) {
  StridedSliceOptions ellipsis, insert, shrink, open, offset;
  ellipsis.ellipsis_mask = 2;
  insert.new_axis_mask = 1;
  shrink.shrink_axis_mask = 2;
  open.begin_mask = open.end_mask = 3;
  offset.offset = true;
  const std::string x = "float32[6,5,4]";
  const Op op = Op::kStridedSlice;
  EXPECT_ROWS({
      {op,
       {},
       {x, "int32[1]=1", "int32[1]=-1", "int32[1]=2"},
       "float32[2,5,4]"},  // x[1:-1:2]
      {op,
       {},
       {x, "int32[1]=-1", "int32[1]=-7", "int32[1]=-1"},
       "float32[6,5,4]"},  // x[::-1]
      {op,
       {},
       {x, "int32[1]=9", "int32[1]=2", "int32[1]=1"},
       "float32[0,5,4]"},  // x[9:2]
      {op,
       ellipsis,
       {x, "int32[3]=0,0,1", "int32[3]=2,0,3", "int32[3]=1,1,1"},
       "float32[2,5,2]"},  // x[0:2, ..., 1:3]
      {op,
       insert,
       {x, "int32[2]=0,1", "int32[2]=0,3", "int32[2]=1,1"},
       "float32[1,2,5,4]"},  // x[None, 1:3]
      {op,
       shrink,
       {x, "int32[2]=0,-5", "int32[2]=6,9", "int32[2]=1,1"},
       "float32[6,4]"},  // x[0:6, -5]
      {op,
       shrink,
       {x, "int32[2]=0,5", "int32[2]=6,9", "int32[2]=1,1"},
       "index 5 is out of range for an axis of 5"},
      {op,
       open,
       {"float32[6,?,4]", "int32[2]", "int32[2]", "int32[2]=4,1"},
       "float32[2,?,4]"},  // x[::4, :]
      {op, {}, {x, "int32[1]", "int32[1]", "int32[1]=1"}, "float32[?,5,4]"},
      {op, {}, {x, "int32[?]", "int32[?]", "int32[?]"}, "float32[*]"},
      {op,
       offset,
       {x, "int32[1]=-2", "int32[1]=2", "int32[1]=1"},
       "float32[2,5,4]"},  // the last two
      {op, {}, {x, "int32[1]=0", "int32[1]=1", "int32[1]=0"}, "a stride is 0"},
      {op,
       {},
       {"float32[6]", "int32[2]=0,0", "int32[2]=1,1", "int32[2]=1,1"},
       "more axes are sliced than input [6] has"},
      {op,
       {},
       {"float32[6]", "int32[1]=0", "int32[2]=1,1", "int32[1]=1"},
       "begin, end and strides differ in length"},
      {op,
       offset,
       {"float32[6]", "int64[1]=1", "int64[1]=9223372036854775807",
        "int64[1]=9223372036854775807"},
       "float32[1]"},
      {op,
       {},
       {"float32[6]", "int64[1]=5", "int64[1]=-9",
        "int64[1]=-9223372036854775808"},
       "float32[1]"},
  });
}

TEST(InferSlice, EveryEntryAnEllipsis) {
  StridedSliceOptions o;
  o.ellipsis_mask = -1;
  EXPECT_ROWS(
      {{Op::kStridedSlice,
        o,
        {"float32[2,3]", "int32[3]=0,0,0", "int32[3]=0,0,0", "int32[3]=1,1,1"},
        "float32[2,3]"}});
}

TEST(InferJoin, Rows) {
  ConcatenationOptions last;
  last.axis = -1;
  PackOptions second;
  second.axis = 1;
  SplitVOptions split;
  EXPECT_ROWS({
      {Op::kConcatenation,
       last,
       {"float32[?,2]", "float32[3,5]"},
       "float32[3,7]"},
      {Op::kConcatenation,
       last,
       {"float32[3,?]", "float32[3,5]"},
       "float32[3,?]"},
      {Op::kConcatenation,
       last,
       {"float32[2,2]", "float32[3,5]"},
       "inputs of shapes [2,2] and [3,5] do not fit together"},
      {Op::kConcatenation,
       last,
       {"float32[2147483647]", "float32[2147483647]"},
       "the output is too large"},
      {Op::kConcatenation, last, {}, "it has no inputs"},
      {Op::kPack, second, {"float32[2,?]", "float32[?,3]"}, "float32[2,2,3]"},
      {Op::kUnpack,
       UnpackOptions{},
       {"float32[2,?]"},
       "float32[?] float32[?]",
       {"none", "none"}},
      {Op::kUnpack,
       UnpackOptions{},
       {"float32[3,4]"},
       "input [3,4] has 3 slices for 2 outputs",
       {"none", "none"}},
      {Op::kSplit,
       {},
       {"int32[]=1", "float32[3,4]"},
       "float32[3,2] float32[3,2]",
       {"none", "none"}},
      {Op::kSplit,
       {},
       {"int32[]", "float32[3,4]"},
       "float32[?,?] float32[?,?]",
       {"none", "none"}},
      {Op::kSplit,
       {},
       {"int32[0]", "float32[3,4]"},
       "axis must be one number, it is [0]",
       {"none", "none"}},
      {Op::kSplit,
       {},
       {"int32[]=0", "float32[]"},
       "a scalar has no axis",
       {"none", "none"}},
      {Op::kSplit,
       {},
       {"int32[]=0", "float32[3,4]"},
       "axis 0 of [3,4] does not split into 2 equal parts",
       {"none", "none"}},
      {Op::kSplitV,
       split,
       {"float32[7]", "int32[2]=3,-1", "int32[]=0"},
       "float32[3] float32[4]",
       {"none", "none"}},
      {Op::kSplitV,
       split,
       {"float32[7]", "int32[2]=3,3", "int32[]=0"},
       "the sizes add up to 6, the axis has 7",
       {"none", "none"}},
      {Op::kSplitV,
       split,
       {"float32[7]", "int32[2]", "int32[]=0"},
       "float32[?] float32[?]",
       {"none", "none"}},
  });
}

TEST(InferReduction, Rows) {
  ReducerOptions keep;
  keep.keep_dims = true;
  ArgMaxOptions narrow;
  narrow.output_type = DataType::kInt32;
  EXPECT_ROWS({
      {Op::kMean, {}, {"float32[?,2,3,4]", "int32[2]=1,-2"}, "float32[?,4]"},
      {Op::kMean,
       keep,
       {"float32[?,2,3,4]", "int32[2]=1,2"},
       "float32[?,1,1,4]"},
      {Op::kMean, keep, {"float32[2,3]", "int32[1]"}, "float32[?,?]"},
      {Op::kMean, {}, {"float32[2,3]", "int32[1]"}, "float32[*]"},
      {Op::kSum, {}, {"float32[2,3]", "int32[0]="}, "float32[2,3]"},
      {Op::kSum,
       {},
       {"float32[2,3]", "int32[1]=2"},
       "axis 2 is out of range for rank 2"},
      {Op::kReduceAny, {}, {"bool[2,3]", "int32[1]=0"}, "bool[3]"},
      {Op::kArgMax, narrow, {"float32[2,3]", "int32[]=-1"}, "int32[2]"},
      {Op::kArgMin, {}, {"float32[2,3]", "int32[]"}, "int64[?]"},
  });
}

TEST(InferLookup, Rows) {
  GatherOptions batch;
  batch.axis = 1;
  batch.batch_dims = 1;
  OneHotOptions last;
  last.axis = -1;
  EXPECT_ROWS({
      {Op::kGather, {}, {"float32[5,4]", "int32[2,?]"}, "float32[2,?,4]"},
      {Op::kGather, batch, {"float32[2,5,4]", "int32[2,3]"}, "float32[2,3,4]"},
      {Op::kGather,
       batch,
       {"float32[2,5,4]", "int32[3,3]"},
       "the batches of [2,5,4] and [3,3] differ"},
      {Op::kGatherNd, {}, {"float32[5,4,3]", "int32[7,2]"}, "float32[7,3]"},
      {Op::kGatherNd, {}, {"float32[5,4,3]", "int32[7,?]"}, "float32[*]"},
      {Op::kOneHot,
       last,
       {"int32[2]", "int32[]=5", "float32[]", "float32[]"},
       "float32[2,5]"},
      {Op::kOneHot,
       last,
       {"int32[2]", "int32[]", "float32[]", "float32[]"},
       "float32[2,?]"},
      {Op::kTopKV2,
       {},
       {"float32[2,9]", "int32[]=4"},
       "float32[2,4] int32[2,4]",
       {"none", "none"}},
      {Op::kTopKV2,
       {},
       {"float32[2,9]", "int32[]=-4"},
       "float32[2,0] int32[2,0]",
       {"none", "none"}},
      {Op::kTopKV2,
       {},
       {"float32[2,9]", "int32[]=10"},
       "k must be one value, at most the last dimension of [2,9]",
       {"none", "none"}},
      {Op::kWhere, {}, {"bool[2,3]"}, "int64[?,2]"},
      {Op::kScatterNd,
       {},
       {"int32[4,1]", "float32[4]", "int32[2]"},
       "float32[?,?]"},
  });
}

TEST(InferSpatial, Rows) {
  SpaceToDepthOptions two;
  two.block_size = 2;
  SpaceToDepthOptions huge;
  huge.block_size = 1 << 30;
  EXPECT_ROWS({
      {Op::kResizeBilinear,
       {},
       {"float32[?,4,4,3]", "int32[2]=8,9"},
       "float32[?,8,9,3]"},
      {Op::kResizeBilinear,
       {},
       {"float32[1,4,4,3]", "int32[2]"},
       "float32[1,?,?,3]"},
      {Op::kResizeBilinear,
       {},
       {"float32[1,4,4,3]", "int32[2]=8,0"},
       "width is 0"},
      {Op::kSpaceToDepth, two, {"float32[1,4,?,3]"}, "float32[1,2,?,12]"},
      {Op::kSpaceToDepth,
       two,
       {"float32[1,5,4,3]"},
       "[1,5,4,3] does not divide into blocks of 2"},
      {Op::kSpaceToDepth,
       huge,
       {"float32[1,?,?,2147483647]"},
       "block_size is too large"},
      {Op::kSpaceToBatchND,
       {},
       {"float32[1,4,6,3]", "int32[2]=2,3", "int32[2,2]=0,0,1,2"},
       "float32[6,2,3,3]"},
      {Op::kBatchToSpaceND,
       {},
       {"float32[6,2,3,3]", "int32[2]=2,3", "int32[2,2]=0,0,1,2"},
       "float32[1,4,6,3]"},
      {Op::kBatchToSpaceND,
       {},
       {"float32[6,2,3,3]", "int32[2]", "int32[2,2]"},
       "float32[?,?,?,3]"},
  });
}

TEST(InferPad, Rows) {
  EXPECT_ROWS({
      {Op::kPad, {}, {"float32[?,2]", "int32[2,2]=1,2,3,4"}, "float32[?,9]"},
      {Op::kPad, {}, {"float32[2,2]", "int32[2,2]"}, "float32[?,?]"},
      {Op::kPad,
       {},
       {"float32[2]", "int32[1,2]=-1,0"},
       "a padding is negative"},
      {Op::kPad,
       {},
       {"float32[2]", "int64[1,2]=9223372036854775807,9223372036854775807"},
       "a padding is too large"},
      {Op::kMirrorPad, {}, {"float32[3]", "int32[1,2]=2,2"}, "float32[7]"},
      {Op::kMirrorPad,
       {},
       {"float32[3]", "int32[1,2]=3,0"},
       "a padding is larger than axis 0 of [3]"},
      {Op::kTile, {}, {"float32[2,?]", "int32[2]=3,4"}, "float32[6,?]"},
      {Op::kTile,
       {},
       {"float32[2]", "int64[1]=9223372036854775807"},
       "a multiple is too large"},
  });
}

TEST(InferValue, Rows) {
  EXPECT_ROWS({
      {Op::kFill, {}, {"int32[2]=3,4", "float32[]"}, "float32[3,4]"},
      {Op::kFill, {}, {"int32[2]", "float32[]"}, "float32[?,?]"},
      {Op::kFill, {}, {"int32[?]", "float32[]"}, "float32[*]"},
      {Op::kFill, {}, {"int32[1]=-3", "float32[]"}, "a dimension is -3"},
      {Op::kFill,
       {},
       {"int32[20]", "float32[]"},
       "the output would have too many dimensions"},
      {Op::kRange, {}, {"int32[]=2", "int32[]=9", "int32[]=3"}, "int32[3]"},
      {Op::kRange, {}, {"int32[]=9", "int32[]=2", "int32[]=3"}, "int32[0]"},
      {Op::kRange, {}, {"int32[]=9", "int32[]=2", "int32[]=0"}, "delta is 0"},
      {Op::kRange, {}, {"int32[]", "int32[]=2", "int32[]=1"}, "int32[?]"},
      {Op::kBroadcastTo, {}, {"float32[3]", "int32[2]=2,3"}, "float32[2,3]"},
      {Op::kBroadcastTo,
       {},
       {"float32[3]", "int32[1]=1"},
       "input [3] cannot be broadcast to [1]"},
      {Op::kBroadcastArgs, {}, {"int32[2]", "int32[3]"}, "int32[3]"},
  });
}

TEST(InferElementwise, Rows) {
  CastOptions cast;
  cast.out_data_type = DataType::kInt32;
  EXPECT_ROWS({
      {Op::kAdd, {}, {"float32[?,1]", "float32[3]"}, "float32[?,3]"},
      {Op::kAdd,
       {},
       {"float32[2]", "int32[2]"},
       "inputs are float32 and int32; they must agree"},
      {Op::kLess, {}, {"int32[2,1]", "int32[3]"}, "bool[2,3]"},
      {Op::kCast, cast, {"float32[2]"}, "int32[2]"},
      {Op::kQuantize, {}, {"float32[2]"}, "int16[2]", {"int16[2]"}},
      {Op::kDequantize, {}, {"int8[2]"}, "float32[2]"},
      {Op::kSelect,
       {},
       {"bool[2]", "float32[2,3]", "float32[2,3]"},
       "float32[2,3]"},
      {Op::kSelect,
       {},
       {"bool[1]", "float32[]", "float32[1]"},
       "float32[]",
       {"float32[]"}},
      {Op::kSelectV2,
       {},
       {"bool[2,1]", "float32[3]", "float32[]"},
       "float32[2,3]"},
      {Op::kAddN, {}, {"float32[?]", "float32[4]"}, "float32[4]"},
      {Op::kAddN, {}, {}, "it has no inputs"},
      {Op::kRelu, {}, {"none"}, "input 0 is missing"},
  });
}

}  // namespace liteforge::infer_families_test
