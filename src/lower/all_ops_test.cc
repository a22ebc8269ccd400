// SPDX-License-Identifier: Apache-2.0
#include "lower/all_ops.h"

#include <gtest/gtest.h>

#include "lower/lowering_case.h"

namespace liteforge::all_ops_test {

const LoweringCase kRest[] = {
    {"Mean over height and width, and over nothing",
     [](TestFunction& f) {
       f.Input("x", {-1, 4, 4, 3}).Ints("hw", {1, 2}).Ints("none", {0}, {});
       f.Node("Max", "same", {"x", "none"});
       f.Node("Mean", "y", {"same", "hw"}, {{"keep_dims", true}});
     },
     R"(graph f(%x: float32[?,4,4,3]) {
  %y: float32[?,1,1,3] = MEAN(%x, @hw: int32[2] = [1,2]) {keep_dims=1}
  return %y
}
)"},
    {"reduction axes in int64",
     [](TestFunction& f) {
       f.Input("x", {2, 3});
       f.Constant<int64_t>("axis", {}, {-1}, DataType::kInt64);
       f.Node("Prod", "y", {"x", "axis"});
     },
     R"(graph f(%x: float32[2,3]) {
  %y: float32[2] = REDUCE_PROD(%x, @y/cast: int32[] = [-1])
  return %y
}
)"},
    {"Gather with batch dimensions",
     [](TestFunction& f) {
       f.Input("x", {2, 3, 4}).Input("i", {2, 5}, DataType::kInt32);
       f.Ints("axis", {}, {-2});
       f.Node("GatherV2", "y", {"x", "i", "axis"}, {{"batch_dims", -1}});
     },
     R"(graph f(%x: float32[2,3,4], %i: int32[2,5]) {
  %y: float32[2,5,4] = GATHER(%x, %i) {axis=1 batch_dims=1}
  return %y
}
)"},
    {"ResizeBilinear of bytes",
     [](TestFunction& f) {
       f.Input("x", {1, 2, 2, 3}, DataType::kUInt8).Ints("size", {4, 6});
       f.Node("ResizeBilinear", "y", {"x", "size"},
              {{"half_pixel_centers", true}});
     },
     R"(graph f(%x: uint8[1,2,2,3]) {
  %y/cast: float32[1,2,2,3] = CAST(%x) {in_data_type=3}
  %y: float32[1,4,6,3] = RESIZE_BILINEAR(%y/cast, @size: int32[2] = [4,6]) {half_pixel_centers=1}
  return %y
}
)"},
    {"ArgMax, TopKV2",
     [](TestFunction& f) {
       f.Input("x", {2, 9}).Ints("axis", {}, {1}).Ints("k", {}, {3});
       f.Node("ArgMax", "a", {"x", "axis"}).Output("a", "a");
       f.Node("TopKV2", "t", {"x", "k"}).Output("i", "t:1");
       f.Node("Neg", "y", {"t"});
     },
     R"(graph f(%x: float32[2,9]) {
  %a: int64[2] = ARG_MAX(%x, @axis: int32[] = [1]) {output_type=4}
  %t: float32[2,3], %i: int32[2,3] = TOPK_V2(%x, @k: int32[] = [3])
  %y: float32[2,3] = NEG(%t)
  return %a, %i, %y
}
)"},
    {"OneHot, Tile, Fill, OnesLike",
     [](TestFunction& f) {
       f.Input("i", {2}, DataType::kInt32).Ints("depth", {}, {3});
       f.Floats("on", {}, {1}).Floats("off", {}, {0}).Ints("m", {1, 2});
       f.Node("OneHot", "h", {"i", "depth", "on", "off"}, {{"axis", -1}});
       f.Node("Tile", "t", {"h", "m"}).Node("OnesLike", "o", {"t"});
       f.Node("Sub", "y", {"o", "t"});
     },
     R"(graph f(%i: int32[2]) {
  %h: float32[2,3] = ONE_HOT(%i, @depth: int32[] = [3], @on: float32[] = [1], @off: float32[] = [0]) {axis=-1}
  %t: float32[2,6] = TILE(%h, @m: int32[2] = [1,2])
  %o: float32[2,6] = FILL(@o/shape: int32[2] = [2,6], @o/const: float32[] = [1])
  %y: float32[2,6] = SUB(%o, %t)
  return %y
}
)"},
    {"DepthToSpace NCHW",
     [](TestFunction& f) {
       f.Input("x", {1, 8, 2, 3});
       f.Node("DepthToSpace", "y", {"x"},
              {{"block_size", 2}, {"data_format", "NCHW"}});
     },
     R"(graph f(%x: float32[1,8,2,3]) {
  %y/transpose: float32[1,2,3,8] = TRANSPOSE(%x, @y/const: int32[4] = [0,2,3,1])
  %y/depth_to_space: float32[1,4,6,2] = DEPTH_TO_SPACE(%y/transpose) {block_size=2}
  %y: float32[1,2,4,6] = TRANSPOSE(%y/depth_to_space, @y/const_1: int32[4] = [0,3,1,2])
  return %y
}
)"},
    {"SpaceToBatchND, BatchToSpaceND, ReverseV2, Cumsum",
     [](TestFunction& f) {
       f.Input("x", {1, 4, 4, 3}).Ints("block", {2, 2}).Ints("axis", {1});
       f.Ints("zero", {2, 2}, {0, 0, 0, 0}).Ints("last", {}, {3});
       f.Node("SpaceToBatchND", "s", {"x", "block", "zero"});
       f.Node("BatchToSpaceND", "b", {"s", "block", "zero"});
       f.Node("ReverseV2", "r", {"b", "axis"});
       f.Node("Cumsum", "y", {"r", "last"}, {{"exclusive", true}});
     },
     R"(graph f(%x: float32[1,4,4,3]) {
  %s: float32[4,2,2,3] = SPACE_TO_BATCH_ND(%x, @block: int32[2] = [2,2], @zero: int32[2,2] = [0,0,0,0])
  %b: float32[1,4,4,3] = BATCH_TO_SPACE_ND(%s, @block: int32[2] = [2,2], @zero: int32[2,2] = [0,0,0,0])
  %r: float32[1,4,4,3] = REVERSE_V2(%b, @axis: int32[1] = [1])
  %y: float32[1,4,4,3] = CUMSUM(%r, @last: int32[] = [3]) {exclusive=1}
  return %y
}
)"},
};

TEST(AllOps, WritesTflite) { ExpectLowered(kRest); }

TEST(AllOps, NamesAreUniqueAndFound) {
  const auto ops = AllTfOps();
  for (size_t i = 0; i < ops.size(); ++i) {
    if (i > 0) {
      EXPECT_LT(ops[i - 1]->name, ops[i]->name);
    }
    EXPECT_EQ(FindTfOp(ops[i]->name), ops[i]);
  }
  EXPECT_EQ(FindTfOp("NoSuchOperation"), nullptr);
  EXPECT_EQ(FindTfOp(""), nullptr);
}

}  // namespace liteforge::all_ops_test
