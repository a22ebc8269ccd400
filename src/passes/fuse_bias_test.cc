// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "passes/rewrite_testing.h"

namespace liteforge::fuse_bias_test {

constexpr RewriteRow kRows[] = {
    {"no bias yet",
     "graph g(%x: float32[1,4,4,1]) {\n"
     "%c = CONV_2D(%x, @w: float32[2,3,3,1], none) {stride_w=1 stride_h=1}\n"
     "%a = ADD(%c, @t: float32[2] = [0.5,3])\n return %a }",
     "graph g(%x: float32[1,4,4,1]) {\n"
     "%a = CONV_2D(%x, @w: float32[2,3,3,1], @c/bias: float32[2] = [0.5,3])"
     " {stride_w=1 stride_h=1}\n return %a }"},
    {"a bias, a scalar, a subtraction, the constant first",
     "graph g(%x: float32[?,2]) {\n"
     "%f = FULLY_CONNECTED(%x, @w: float32[2,2] = [1,2,3,4], @b: float32[2] ="
     " [1,2])\n"
     "%a = SUB(%f, @t: float32[] = [3])\n"
     "%e = ADD(@u: float32[1,2] = [4,5], %a)\n return %e }",
     "graph g(%x: float32[?,2]) {\n"
     "%e = FULLY_CONNECTED(%x, @w: float32[2,2] = [1,2,3,4], @b: float32[2] ="
     " [2,4])\n return %e }"},
    {"past a reshape",
     "graph g(%x: float32[?,2]) {\n"
     "%f = FULLY_CONNECTED(%x, @w: float32[2,2] = [1,2,3,4], none)\n"
     "%r = RESHAPE(%f, @d: int32[3] = [-1,1,2])\n"
     "%a = ADD(%r, @t: float32[2] = [3,4])\n return %a }",
     "graph g(%x: float32[?,2]) {\n"
     "%f = FULLY_CONNECTED(%x, @w: float32[2,2] = [1,2,3,4],"
     " @f/bias: float32[2] = [3,4])\n"
     "%a = RESHAPE(%f, @d: int32[3] = [-1,1,2])\n return %a }"},
    {"the sum is read elsewhere too",
     "graph g(%x: float32[1,2]) {\n"
     "%f = FULLY_CONNECTED(%x, @w: float32[2,2] = [1,2,3,4], none)\n"
     "%a = ADD(%f, @t: float32[2] = [3,4])\n return %a, %f }",
     nullptr},
    {"two sums of activations, no constant",
     "graph g(%x: float32[1,2], %y: float32[1,2]) {\n"
     "%f = FULLY_CONNECTED(%x, @w: float32[2,2] = [1,2,3,4], none)\n"
     "%a = ADD(%f, %y)\n return %a }",
     nullptr},
    {"the sum has an activation",
     "graph g(%x: float32[1,2]) {\n"
     "%f = FULLY_CONNECTED(%x, @w: float32[2,2] = [1,2,3,4], none)\n"
     "%a = ADD(%f, @t: float32[2] = [3,4]) {fused_activation_function=1}\n"
     "return %a }",
     nullptr},
    {"weights that are no constant",
     "graph g(%x: float32[1,2], %w: float32[2,2]) {\n"
     "%f = FULLY_CONNECTED(%x, %w, none)\n"
     "%a = ADD(%f, @t: float32[2] = [3,4])\n return %a }",
     nullptr},
};

TEST(FuseBias, AddsConstantsToTheBias) { ExpectRewrites("fuse_bias", kRows); }

}  // namespace liteforge::fuse_bias_test
