// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "lower/lowering_case.h"

namespace liteforge::matrix_test {

const LoweringCase kMatrices[] = {
    {"Dense",
     [](TestFunction& f) {
       f.Input("x", {-1, 2}).Floats("w", {2, 3}, {1, 2, 3, 4, 5, 6});
       f.Floats("b", {3}, {7, 8, 9});
       f.Node("MatMul", "dense/MatMul", {"x", "w"});
       f.Node("BiasAdd", "dense/BiasAdd", {"dense/MatMul", "b"});
       f.Node("Softmax", "y", {"dense/BiasAdd"});
     },
     R"(graph f(%x: float32[?,2]) {
  %dense/MatMul: float32[?,3] = FULLY_CONNECTED(%x, @dense/MatMul/transpose: float32[3,2] = [1,4,2,5,3,6], none)
  %dense/BiasAdd: float32[?,3] = ADD(%dense/MatMul, @b: float32[3] = [7,8,9])
  %y: float32[?,3] = SOFTMAX(%dense/BiasAdd) {beta=1}
  return %y
}
)"},
    {"MatMul, transpositions given",
     [](TestFunction& f) {
       f.Input("x", {2, 4}).Floats("w", {3, 2}, {1, 2, 3, 4, 5, 6});
       f.Node("MatMul", "y", {"x", "w"},
              {{"transpose_a", true}, {"transpose_b", true}});
     },
     R"(graph f(%x: float32[2,4]) {
  %y/transpose: float32[4,2] = TRANSPOSE(%x, @y/const: int32[2] = [1,0])
  %y: float32[4,3] = FULLY_CONNECTED(%y/transpose, @w: float32[3,2] = [1,2,3,4,5,6], none)
  return %y
}
)"},
    {"MatMul of computed matrices",
     [](TestFunction& f) {
       f.Input("a", {2, 4}).Input("b", {4, 3}).Node("MatMul", "y", {"a", "b"});
     },
     R"(graph f(%a: float32[2,4], %b: float32[4,3]) {
  %y/transpose: float32[3,4] = TRANSPOSE(%b, @y/const: int32[2] = [1,0])
  %y: float32[2,3] = FULLY_CONNECTED(%a, %y/transpose, none)
  return %y
}
)"},
    {"BatchMatMul by one matrix",
     [](TestFunction& f) {
       f.Input("x", {-1, 5, 2}).Floats("w", {2, 3}, {1, 2, 3, 4, 5, 6});
       f.Node("BatchMatMulV2", "y", {"x", "w"});
     },
     R"(graph f(%x: float32[?,5,2]) {
  %y: float32[?,5,3] = FULLY_CONNECTED(%x, @y/transpose: float32[3,2] = [1,4,2,5,3,6], none) {keep_num_dims=1}
  return %y
}
)"},
    {"BatchMatMul",
     [](TestFunction& f) {
       f.Input("a", {-1, 5, 2}).Input("b", {-1, 3, 2});
       f.Node("BatchMatMulV2", "y", {"a", "b"}, {{"adj_y", true}});
     },
     R"(graph f(%a: float32[?,5,2], %b: float32[?,3,2]) {
  %y: float32[?,5,3] = BATCH_MATMUL(%a, %b) {adj_y=1}
  return %y
}
)"},
};

TEST(LowerMatrix, WritesTflite) { ExpectLowered(kMatrices); }

}  // namespace liteforge::matrix_test
