// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "passes/rewrite_testing.h"

namespace liteforge::fuse_batch_norm_test {

constexpr RewriteRow kBehind[] = {
    {"conv, batch normalization",
     "graph g(%x: float32[?,4,4,3]) {\n"
     "%c = CONV_2D(%x, @w: float32[2,3,3,3], @b: float32[2] = [1,2])"
     " {stride_w=1 stride_h=1}\n"
     "%m = MUL(%c, @s: float32[2] = [2,-4])\n"
     "%a = ADD(%m, @t: float32[2] = [0.5,3])\n return %a }",
     "graph g(%x: float32[?,4,4,3]) {\n"
     "%a = CONV_2D(%x, @w: float32[2,3,3,3], @b: float32[2] = [2.5,-5])"
     " {stride_w=1 stride_h=1}\n return %a }"},
    {"constant first, and scalars, and divisions",
     "graph g(%x: float32[1,4,4,2]) {\n"
     "%c = DEPTHWISE_CONV_2D(%x, @w: float32[1,1,1,4] = [1,2,3,4], none)"
     " {stride_w=2 stride_h=1 depth_multiplier=2}\n"
     "%m = MUL(@s: float32[] = [2], %c)\n"
     "%d = DIV(%m, @u: float32[1,1,4] = [1,2,4,8])\n"
     "%a = SUB(@t: float32[1] = [3], %d)\n return %a }",
     "graph g(%x: float32[1,4,4,2]) {\n"
     "%a = DEPTHWISE_CONV_2D(%x, @w: float32[1,1,1,4] = [-2,-2,-1.5,-1],"
     " @c/bias: float32[4] = [3,3,3,3])"
     " {stride_w=2 stride_h=1 depth_multiplier=2}\n return %a }"},
    {"transposed convolution",
     "graph g(%x: float32[1,2,2,1]) {\n"
     "%c = TRANSPOSE_CONV(@o: int32[4] = [1,4,4,2], @w: float32[2,2,2,1] ="
     " [1,2,3,4,5,6,7,8], %x) {stride_w=2 stride_h=2}\n"
     "%m = MUL(%c, @s: float32[2] = [10,100])\n return %m }",
     "graph g(%x: float32[1,2,2,1]) {\n"
     "%m = TRANSPOSE_CONV(@o: int32[4] = [1,4,4,2], @w: float32[2,2,2,1] ="
     " [10,20,30,40,500,600,700,800], %x, @c/bias: float32[2] = [0,0])"
     " {stride_w=2 stride_h=2}\n return %m }"},
    {"a reshape between, its last axis a part of the channels",
     "graph g(%x: float32[?,2]) {\n"
     "%f = FULLY_CONNECTED(%x, @w: float32[4,2] = [1,2,3,4,5,6,7,8], none)\n"
     "%r = RESHAPE(%f, @d: int32[3] = [-1,2,2])\n"
     "%m = MUL(%r, @s: float32[2] = [10,100])\n"
     "%a = ADD(%m, @t: float32[2,1] = [1,2])\n return %a }",
     "graph g(%x: float32[?,2]) {\n"
     "%f = FULLY_CONNECTED(%x, @w: float32[4,2] ="
     " [10,20,300,400,50,60,700,800], @f/bias: float32[4] = [1,1,2,2])\n"
     "%a = RESHAPE(%f, @d: int32[3] = [-1,2,2])\n return %a }"},
    {"only scales pass a PAD of zeros",
     "graph g(%x: float32[1,2,2,1]) {\n"
     "%c = CONV_2D(%x, @w: float32[2,1,1,1] = [1,2], @b: float32[2] = [1,2])"
     " {stride_w=1 stride_h=1}\n"
     "%p = PAD(%c, @q: int32[4,2] = [0,0,1,0,0,1,0,0])\n"
     "%m = MUL(%p, @s: float32[2] = [3,5])\n"
     "%a = ADD(%m, @t: float32[2] = [1,2])\n return %a }",
     "graph g(%x: float32[1,2,2,1]) {\n"
     "%c = CONV_2D(%x, @w: float32[2,1,1,1] = [3,10], @b: float32[2] = [3,10])"
     " {stride_w=1 stride_h=1}\n"
     "%m = PAD(%c, @q: int32[4,2] = [0,0,1,0,0,1,0,0])\n"
     "%a = ADD(%m, @t: float32[2] = [1,2])\n return %a }"},
    {"a shift equal for all channels becomes the pad value",
     "graph g(%x: float32[1,2,2,1]) {\n"
     "%c = CONV_2D(%x, @w: float32[2,1,1,1] = [1,2], @b: float32[2] = [1,2])"
     " {stride_w=1 stride_h=1}\n"
     "%p = PAD(%c, @q: int32[4,2] = [0,0,1,0,0,1,0,0])\n"
     "%a = ADD(%p, @t: float32[] = [4])\n return %a }",
     "graph g(%x: float32[1,2,2,1]) {\n"
     "%c = CONV_2D(%x, @w: float32[2,1,1,1] = [1,2], @b: float32[2] = [5,6])"
     " {stride_w=1 stride_h=1}\n"
     "%a = PADV2(%c, @q: int32[4,2] = [0,0,1,0,0,1,0,0],"
     " @p/value: float32[] = [4])\n return %a }"},
    {"weights of another node stay as they are",
     "graph g(%x: float32[1,2]) {\n"
     "%f = FULLY_CONNECTED(%x, @w: float32[2,2] = [1,2,3,4], none)\n"
     "%m = MUL(%f, @s: float32[2] = [2,3])\n"
     "%g = FULLY_CONNECTED(%x, @w, none)\n return %m, %g }",
     "graph g(%x: float32[1,2]) {\n"
     "%m = FULLY_CONNECTED(%x, @f/filter: float32[2,2] = [2,4,9,12],"
     " @f/bias: float32[2] = [0,0])\n"
     "%g = FULLY_CONNECTED(%x, @w: float32[2,2] = [1,2,3,4], none)\n"
     "return %m, %g }"},
};

TEST(FuseBatchNorm, ComputesWhatFollowsIntoTheWeights) {
  ExpectRewrites("fuse_batch_norm", kBehind);
}

constexpr RewriteRow kBefore[] = {
    {"shift and scale in front of a VALID convolution",
     "graph g(%x: float32[1,3,3,2]) {\n"
     "%m = MUL(%x, @s: float32[2] = [2,3])\n"
     "%a = SUB(%m, @t: float32[2] = [1,-1])\n"
     "%y = CONV_2D(%a, @w: float32[1,2,1,2] = [1,2,3,4], @b: float32[1] = [1])"
     " {padding=1 stride_w=1 stride_h=1 fused_activation_function=1}\n"
     "return %y }",
     "graph g(%x: float32[1,3,3,2]) {\n"
     "%y = CONV_2D(%x, @w: float32[1,2,1,2] = [2,6,6,12],"
     " @b: float32[1] = [3])"
     " {padding=1 stride_w=1 stride_h=1 fused_activation_function=1}\n"
     "return %y }"},
    {"with SAME only the scale, and only up to the shift",
     "graph g(%x: float32[1,3,3,2]) {\n"
     "%m = MUL(%x, @s: float32[2] = [2,3])\n"
     "%a = ADD(%m, @t: float32[2] = [1,-1])\n"
     "%n = DIV(%a, @u: float32[] = [4])\n"
     "%y = DEPTHWISE_CONV_2D(%n, @w: float32[1,1,2,4] = [4,8,12,16,4,8,12,16],"
     " none) {stride_w=1 stride_h=1 depth_multiplier=2}\n"
     "return %y }",
     "graph g(%x: float32[1,3,3,2]) {\n"
     "%m = MUL(%x, @s: float32[2] = [2,3])\n"
     "%a = ADD(%m, @t: float32[2] = [1,-1])\n"
     "%y = DEPTHWISE_CONV_2D(%a, @w: float32[1,1,2,4] = [1,2,3,4,1,2,3,4],"
     " @y/bias: float32[4] = [0,0,0,0])"
     " {stride_w=1 stride_h=1 depth_multiplier=2}\n"
     "return %y }"},
    {"groups read their own channels, past a PAD",
     "graph g(%x: float32[1,3,3,4]) {\n"
     "%m = MUL(%x, @s: float32[4] = [1,10,100,1000])\n"
     "%p = PAD(%m, @q: int32[4,2] = [0,0,1,1,1,1,0,0])\n"
     "%y = CONV_2D(%p, @w: float32[2,1,1,2] = [1,2,3,4], @b: float32[2] ="
     " [1,1]) {padding=1 stride_w=1 stride_h=1}\n return %y }",
     "graph g(%x: float32[1,3,3,4]) {\n"
     "%p = PAD(%x, @q: int32[4,2] = [0,0,1,1,1,1,0,0])\n"
     "%y = CONV_2D(%p, @w: float32[2,1,1,2] = [1,20,300,4000], @b: float32[2]"
     " = [1,1]) {padding=1 stride_w=1 stride_h=1}\n return %y }"},
    {"past a flattening into FULLY_CONNECTED",
     "graph g(%x: float32[?,1,2,2]) {\n"
     "%m = MUL(%x, @s: float32[2] = [10,100])\n"
     "%a = ADD(%m, @t: float32[2] = [1,2])\n"
     "%r = RESHAPE(%a, @d: int32[2] = [-1,4])\n"
     "%y = FULLY_CONNECTED(%r, @w: float32[2,4] = [1,2,3,4,5,6,7,8],"
     " @b: float32[2] = [0,1])\n return %y }",
     "graph g(%x: float32[?,1,2,2]) {\n"
     "%r = RESHAPE(%x, @d: int32[2] = [-1,4])\n"
     "%y = FULLY_CONNECTED(%r, @w: float32[2,4] ="
     " [10,200,30,400,50,600,70,800], @b: float32[2] = [16,41])\n return %y }"},
    {"a shift does not pass a PAD, what stands behind the PAD does",
     "graph g(%x: float32[1,3,3,1]) {\n"
     "%a = ADD(%x, @t: float32[] = [2])\n"
     "%p = PAD(%a, @q: int32[4,2] = [0,0,1,1,1,1,0,0])\n"
     "%b = SUB(%p, @u: float32[] = [3])\n"
     "%y = CONV_2D(%b, @w: float32[1,1,2,1] = [1,2], @b: float32[1] = [1])"
     " {padding=1 stride_w=1 stride_h=1}\n return %y }",
     "graph g(%x: float32[1,3,3,1]) {\n"
     "%a = ADD(%x, @t: float32[] = [2])\n"
     "%p = PAD(%a, @q: int32[4,2] = [0,0,1,1,1,1,0,0])\n"
     "%y = CONV_2D(%p, @w: float32[1,1,2,1] = [1,2], @b: float32[1] = [-8])"
     " {padding=1 stride_w=1 stride_h=1}\n return %y }"},
    {"several readers: left alone",
     "graph g(%x: float32[1,2]) {\n"
     "%m = MUL(%x, @s: float32[2] = [10,100])\n"
     "%y = FULLY_CONNECTED(%m, @w: float32[2,2] = [1,2,3,4], none)\n"
     "return %y, %m }",
     nullptr},
};

TEST(FuseBatchNorm, ComputesWhatPrecedesIntoTheWeights) {
  ExpectRewrites("fuse_batch_norm", kBefore);
}

constexpr RewriteRow kAlone[] = {
    {"an activation stands between",
     "graph g(%x: float32[1,2]) {\n"
     "%f = FULLY_CONNECTED(%x, @w: float32[2,2], none)"
     " {fused_activation_function=1}\n"
     "%m = MUL(%f, @s: float32[2] = [2,3])\n return %m }",
     nullptr},
    {"the product is no float",
     "graph g(%x: float32[1,2]) {\n"
     "%f = FULLY_CONNECTED(%x, @w: float32[2,2] = [1e30,1,1,1], none)\n"
     "%m = MUL(%f, @s: float32[2] = [1e30,3])\n return %m }",
     nullptr},
    {"one factor a row, not a channel",
     "graph g(%x: float32[2,2]) {\n"
     "%f = FULLY_CONNECTED(%x, @w: float32[2,2], none)\n"
     "%m = MUL(%f, @s: float32[2,1] = [2,3])\n return %m }",
     nullptr},
    {"broadcasting makes it larger",
     "graph g(%x: float32[1,2]) {\n"
     "%f = FULLY_CONNECTED(%x, @w: float32[1,2], none)\n"
     "%m = MUL(%f, @s: float32[4] = [2,3,4,5])\n return %m }",
     nullptr},
    {"c / x is not linear",
     "graph g(%x: float32[1,2]) {\n"
     "%f = FULLY_CONNECTED(%x, @w: float32[2,2] = [1,2,3,4], none)\n"
     "%m = DIV(@s: float32[2] = [2,3], %f)\n return %m }",
     nullptr},
    {"a shift of a transposed convolution's input",
     "graph g(%x: float32[1,2,2,1]) {\n"
     "%a = ADD(%x, @s: float32[1] = [2])\n"
     "%y = TRANSPOSE_CONV(@o: int32[4] = [1,4,4,1], @w: float32[1,2,2,1], %a)"
     " {padding=1 stride_w=2 stride_h=2}\n return %y }",
     nullptr},
};

TEST(FuseBatchNorm, LeavesTheRestAlone) {
  ExpectRewrites("fuse_batch_norm", kAlone);
}

// A whole Keras BatchNormalization in double against the folded constants.
TEST(FuseBatchNorm, RoundsOnce) {
  const std::string text =
      "graph g(%x: float32[1,5,5,4]) {\n"
      "%c = CONV_2D(%x, @w: float32[3,3,3,4], @b: float32[3])"
      " {stride_w=1 stride_h=1}\n"
      "%m = MUL(%c, @s: float32[3] = [0.3,-1.7,2.9])\n"
      "%a = ADD(%m, @t: float32[3] = [0.1,0.2,0.7])\n return %a }";
  const auto graph = Rewrite("fuse_batch_norm", text);
  const auto filter = OperandOf(*graph, "a", 1),
             bias = OperandOf(*graph, "a", 2);
  const float scale[] = {0.3f, -1.7f, 2.9f}, shift[] = {0.1f, 0.2f, 0.7f};
  const auto fill = [](size_t i) {
    return (static_cast<double>(7 * i % 13) - 6) / 4;
  };
  ASSERT_EQ(filter.size(), 108u);
  for (size_t i = 0; i < filter.size(); ++i) {
    EXPECT_EQ(filter[i], static_cast<float>(fill(i) * scale[i / 36]));
  }
  for (size_t o = 0; o < 3; ++o) {
    EXPECT_EQ(bias[o], static_cast<float>(fill(o) * scale[o] + shift[o]));
  }
}

}  // namespace liteforge::fuse_batch_norm_test
