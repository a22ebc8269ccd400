// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "lower/lowering_case.h"

namespace liteforge::shape_test {

const LoweringCase kShapes[] = {
    {"Flatten: Reshape(x, Pack(Shape(x)[0], 12))",
     [](TestFunction& f) {
       f.Input("x", {-1, 3, 4}).Ints("b", {0}).Ints("e", {1}).Ints("s", {1});
       f.Ints("n", {}, {12});
       f.Node("Shape", "shape", {"x"});
       f.Node("StridedSlice", "batch", {"shape", "b", "e", "s"},
              {{"shrink_axis_mask", 1}});
       f.Node("Pack", "dims", {"batch", "n"})
           .Node("Reshape", "y", {"x", "dims"});
     },
     R"(graph f(%x: float32[?,3,4]) {
  %y: float32[?,12] = RESHAPE(%x, @y/const: int32[2] = [-1,12])
  return %y
}
)"},
    {"Reshape by the product of the trailing dimensions",
     [](TestFunction& f) {
       f.Input("x", {-1, 3, 4}).Ints("b", {1}).Ints("e", {0}).Ints("s", {1});
       f.Ints("axis", {0}).Ints("any", {1}, {-1}).Ints("zero", {}, {0});
       f.Node("Shape", "shape", {"x"}, {{"out_type", DataType::kInt64}});
       f.Node("StridedSlice", "tail", {"shape", "b", "e", "s"},
              {{"end_mask", 1}});
       f.Node("Prod", "count", {"tail", "axis"}, {{"keep_dims", true}});
       f.Node("Cast", "narrow", {"count"}, {{"DstT", DataType::kInt32}});
       f.Node("ConcatV2", "dims", {"any", "narrow", "zero"});
       f.Node("Reshape", "y", {"x", "dims"});
     },
     R"(graph f(%x: float32[?,3,4]) {
  %y: float32[?,12] = RESHAPE(%x, @y/const: int32[2] = [-1,12])
  return %y
}
)"},
    {"two unknown dimensions stay computed",
     [](TestFunction& f) {
       f.Input("x", {-1, -1, 4}).Ints("p", {1, 0, 2}).Ints("axis", {}, {0});
       f.Node("Shape", "shape", {"x"});
       f.Node("GatherV2", "dims", {"shape", "p", "axis"});
       f.Node("Reshape", "y", {"x", "dims"});
     },
     R"(graph f(%x: float32[?,?,4]) {
  %shape: int32[3] = SHAPE(%x) {out_type=2}
  %dims: int32[3] = GATHER(%shape, @p: int32[3] = [1,0,2])
  %y: float32[?,?,?] = RESHAPE(%x, %dims)
  return %y
}
)"},
    {"Shape, Size and Rank of a static tensor are constants",
     [](TestFunction& f) {
       f.Input("x", {3, 4});
       f.Node("Size", "size", {"x"}).Node("Rank", "rank", {"x"});
       f.Node("Shape", "shape", {"x"});
       f.Node("AddV2", "a", {"size", "rank"})
           .Node("AddV2", "y", {"shape", "a"});
     },
     R"(graph f(%x: float32[3,4]) {
  return @y: int32[2] = [17,18]
}
)"},
    {"Squeeze and ExpandDims with one and two unknown dimensions",
     [](TestFunction& f) {
       f.Input("x", {-1, 1, 5}).Input("z", {-1, 1, -1}).Ints("axis", {}, {-1});
       f.Node("Squeeze", "a", {"x"}, {{"squeeze_dims", L{1}}});
       f.Node("ExpandDims", "y1", {"a", "axis"}).Output("y1", "y1");
       f.Node("Squeeze", "b", {"z"}, {{"squeeze_dims", L{1}}});
       f.Node("ExpandDims", "y", {"b", "axis"});
     },
     R"(graph f(%x: float32[?,1,5], %z: float32[?,1,?]) {
  %a: float32[?,5] = RESHAPE(%x, @a/const: int32[2] = [-1,5])
  %y1: float32[?,5,1] = RESHAPE(%a, @y1/const: int32[3] = [-1,5,1])
  %b: float32[?,?] = SQUEEZE(%z) {squeeze_dims=[1]}
  %y: float32[?,?,1] = EXPAND_DIMS(%b, @axis: int32[] = [-1])
  return %y1, %y
}
)"},
    {"StridedSlice: x[..., tf.newaxis, 1, ::-2]",
     [](TestFunction& f) {
       f.Input("x", {-1, 5, 6}).Ints("b", {0, 0, 1, 0});
       f.Ints("e", {0, 0, 2, 0}).Ints("s", {1, 1, 1, -2});
       f.Node("StridedSlice", "y", {"x", "b", "e", "s"},
              {{"ellipsis_mask", 1},
               {"new_axis_mask", 2},
               {"shrink_axis_mask", 4},
               {"begin_mask", 8},
               {"end_mask", 8}});
     },
     R"(graph f(%x: float32[?,5,6]) {
  %y/strided_slice: float32[?,3] = STRIDED_SLICE(%x, @y/const: int32[3] = [0,1,0], @y/const_1: int32[3] = [0,2,0], @y/const_2: int32[3] = [1,1,-2]) {begin_mask=5 end_mask=5 shrink_axis_mask=2}
  %y: float32[?,1,3] = RESHAPE(%y/strided_slice, @y/const_3: int32[3] = [-1,1,3])
  return %y
}
)"},
    {"Slice with int64 bounds",
     [](TestFunction& f) {
       f.Input("x", {5, 6});
       f.Constant<int64_t>("b", {2}, {1, 2}, DataType::kInt64);
       f.Constant<int64_t>("n", {2}, {-1, 3}, DataType::kInt64);
       f.Node("Slice", "y", {"x", "b", "n"});
     },
     R"(graph f(%x: float32[5,6]) {
  %y: float32[4,3] = SLICE(%x, @y/cast: int32[2] = [1,2], @y/cast_1: int32[2] = [-1,3])
  return %y
}
)"},
    {"Concat and Split",
     [](TestFunction& f) {
       f.Input("x", {-1, 6}).Ints("axis", {}, {-1}).Ints("one", {}, {1});
       f.Node("Split", "parts", {"one", "x"}, {{"num_split", 2}});
       f.Node("ConcatV2", "y", {"parts:1", "parts", "axis"});
     },
     R"(graph f(%x: float32[?,6]) {
  %parts: float32[?,3], %parts:1: float32[?,3] = SPLIT(@one: int32[] = [1], %x) {num_splits=2}
  %y: float32[?,6] = CONCATENATION(%parts:1, %parts) {axis=1}
  return %y
}
)"},
    {"SplitV and Unpack",
     [](TestFunction& f) {
       f.Input("x", {2, 6}).Ints("sizes", {2, 4}).Ints("one", {}, {1});
       f.Node("SplitV", "parts", {"x", "sizes", "one"}, {{"num_split", 2}});
       f.Node("Unpack", "rows", {"parts:1"}, {{"num", 2}, {"axis", 0}});
       f.Node("AddV2", "y", {"rows", "rows:1"}).Output("first", "parts");
     },
     R"(graph f(%x: float32[2,6]) {
  %first: float32[2,2], %parts:1: float32[2,4] = SPLIT_V(%x, @sizes: int32[2] = [2,4], @one: int32[] = [1]) {num_splits=2}
  %rows: float32[4], %rows:1: float32[4] = UNPACK(%parts:1) {num=2}
  %y: float32[4] = ADD(%rows, %rows:1)
  return %first, %y
}
)"},
    {"Transpose of a transposition and of a constant",
     [](TestFunction& f) {
       f.Input("x", {2, 3}).Floats("c", {2, 3}, {1, 2, 3, 4, 5, 6});
       f.Ints("p", {1, 0}).Ints("same", {0, 1});
       f.Node("Transpose", "tx", {"x", "p"})
           .Node("Transpose", "tc", {"c", "p"});
       f.Node("AddV2", "sum", {"tx", "tc"});
       f.Node("Transpose", "y", {"sum", "same"});
     },
     R"(graph f(%x: float32[2,3]) {
  %tx: float32[3,2] = TRANSPOSE(%x, @tx/const: int32[2] = [1,0])
  %y: float32[3,2] = ADD(%tx, @tc: float32[3,2] = [1,4,2,5,3,6])
  return %y
}
)"},
    {"Pad, PadV2, MirrorPad",
     [](TestFunction& f) {
       f.Input("x", {4}).Ints("p", {1, 2}, {1, 2}).Floats("v", {}, {9});
       f.Node("Pad", "a", {"x", "p"}).Node("PadV2", "b", {"a", "p", "v"});
       f.Node("MirrorPad", "y", {"b", "p"}, {{"mode", "SYMMETRIC"}});
     },
     R"(graph f(%x: float32[4]) {
  %a: float32[7] = PAD(%x, @p: int32[1,2] = [1,2])
  %b: float32[10] = PADV2(%a, @p: int32[1,2] = [1,2], @v: float32[] = [9])
  %y: float32[13] = MIRROR_PAD(%b, @p: int32[1,2] = [1,2]) {mode=1}
  return %y
}
)"},
};

TEST(LowerShapes, WritesTflite) { ExpectLowered(kShapes); }

}  // namespace liteforge::shape_test
