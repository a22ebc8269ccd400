// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "passes/rewrite_testing.h"

namespace liteforge::fuse_activation_test {

constexpr RewriteRow kRows[] = {
    {"one of each",
     "graph g(%x: float32[1,4,4,2]) {\n"
     "%c = CONV_2D(%x, @w: float32[2,1,1,2], none) {stride_w=1 stride_h=1}\n"
     "%r = RELU(%c)\n"
     "%d = DEPTHWISE_CONV_2D(%r, @v: float32[1,1,1,2], none)"
     " {stride_w=1 stride_h=1}\n"
     "%s = RELU6(%d)\n"
     "%a = ADD(%s, %x)\n"
     "%t = RELU_N1_TO_1(%a)\n"
     "%p = AVERAGE_POOL_2D(%t)"
     " {stride_w=2 stride_h=2 filter_width=2 filter_height=2}\n"
     "%u = RELU(%p)\n return %u }",
     "graph g(%x: float32[1,4,4,2]) {\n"
     "%r = CONV_2D(%x, @w: float32[2,1,1,2], none)"
     " {stride_w=1 stride_h=1 fused_activation_function=1}\n"
     "%s = DEPTHWISE_CONV_2D(%r, @v: float32[1,1,1,2], none)"
     " {stride_w=1 stride_h=1 fused_activation_function=3}\n"
     "%t = ADD(%s, %x) {fused_activation_function=2}\n"
     "%u = AVERAGE_POOL_2D(%t) {stride_w=2 stride_h=2 filter_width=2"
     " filter_height=2 fused_activation_function=1}\n return %u }"},
    {"one after the other",
     "graph g(%x: float32[1,4]) {\n"
     "%m = MUL(%x, %x)\n%a = RELU6(%m)\n%b = RELU(%a)\n"
     "%s = SUB(%b, %x)\n%c = RELU(%s)\n%d = RELU6(%c)\n%e = RELU_N1_TO_1(%d)\n"
     "return %e }",
     "graph g(%x: float32[1,4]) {\n"
     "%b = MUL(%x, %x) {fused_activation_function=3}\n"
     "%d = SUB(%b, %x) {fused_activation_function=3}\n"
     "%e = RELU_N1_TO_1(%d)\n return %e }"},
    {"not into CONCATENATION, nor what others read",
     "graph g(%x: float32[1,4]) {\n"
     "%c = CONCATENATION(%x, %x) {axis=1}\n%a = RELU(%c)\n"
     "%m = MUL(%x, %x)\n%b = RELU(%m)\n return %a, %b, %m }",
     nullptr},
    {"not into quantized or integer operators",
     "graph g(%x: int32[1,4]) {\n"
     "%m = ADD(%x, %x)\n%b = RELU(%m)\n return %b }",
     nullptr},
    {"not what has no clamp",
     "graph g(%x: float32[1,4]) {\n"
     "%m = ADD(%x, %x)\n%b = TANH(%m)\n return %b }",
     nullptr},
};

TEST(FuseActivation, ClampsInTheProducer) {
  ExpectRewrites("fuse_activation", kRows);
}

}  // namespace liteforge::fuse_activation_test
