// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <sstream>

#include "ir/parse.h"
#include "passes/rewrite_testing.h"

namespace liteforge::fuse_pad_test {

constexpr RewriteRow kRows[] = {
    {"Keras' ZeroPadding2D of MobileNet: stride 2, the odd row behind",
     "graph g(%x: float32[?,4,6,1]) {\n"
     "%p = PAD(%x, @q: int32[4,2] = [0,0,0,1,0,1,0,0])\n"
     "%c = CONV_2D(%p, @w: float32[1,3,3,1], none)"
     " {padding=1 stride_w=2 stride_h=2}\n return %c }",
     "graph g(%x: float32[?,4,6,1]) {\n"
     "%c: float32[?,2,3,1] = CONV_2D(%x, @w: float32[1,3,3,1], none)"
     " {stride_w=2 stride_h=2}\n return %c }"},
    {"stride 1, dilation 2, the PAD also read elsewhere",
     "graph g(%x: float32[1,5,5,1]) {\n"
     "%p = PADV2(%x, @q: int32[4,2] = [0,0,2,2,2,2,0,0], @v: float32[] = [0])\n"
     "%c = DEPTHWISE_CONV_2D(%p, @w: float32[1,3,3,1], none) {padding=1"
     " stride_w=1 stride_h=1 dilation_w_factor=2 dilation_h_factor=2}\n"
     "return %c, %p }",
     "graph g(%x: float32[1,5,5,1]) {\n"
     "%p = PADV2(%x, @q: int32[4,2] = [0,0,2,2,2,2,0,0], @v: float32[] = [0])\n"
     "%c = DEPTHWISE_CONV_2D(%x, @w: float32[1,3,3,1], none) {stride_w=1"
     " stride_h=1 dilation_w_factor=2 dilation_h_factor=2}\n"
     "return %c, %p }"},
    {"PyTorch's symmetric padding at stride 2 is another one",
     "graph g(%x: float32[1,4,4,1]) {\n"
     "%p = PAD(%x, @q: int32[4,2] = [0,0,1,1,1,1,0,0])\n"
     "%c = CONV_2D(%p, @w: float32[1,3,3,1], none)"
     " {padding=1 stride_w=2 stride_h=2}\n return %c }",
     nullptr},
    {"the size is not known",
     "graph g(%x: float32[1,?,4,1]) {\n"
     "%p = PAD(%x, @q: int32[4,2] = [0,0,1,1,1,1,0,0])\n"
     "%c = CONV_2D(%p, @w: float32[1,3,3,1], none)"
     " {padding=1 stride_w=1 stride_h=1}\n return %c }",
     nullptr},
    {"not zeros, or of channels",
     "graph g(%x: float32[1,4,4,1]) {\n"
     "%p = PADV2(%x, @q: int32[4,2] = [0,0,1,1,1,1,0,0], @v: float32[] = [1])\n"
     "%c = CONV_2D(%p, @w: float32[1,3,3,1], none)"
     " {padding=1 stride_w=1 stride_h=1}\n"
     "%r = PAD(%x, @s: int32[4,2] = [0,0,1,1,1,1,0,1])\n"
     "%d = CONV_2D(%r, @u: float32[1,3,3,2], none)"
     " {padding=1 stride_w=1 stride_h=1}\n return %c, %d }",
     nullptr},
    {"the convolution pads, too",
     "graph g(%x: float32[1,4,4,1]) {\n"
     "%p = PAD(%x, @q: int32[4,2] = [0,0,1,1,1,1,0,0])\n"
     "%c = CONV_2D(%p, @w: float32[1,3,3,1], none) {stride_w=1 stride_h=1}\n"
     "return %c }",
     nullptr},
};

TEST(FusePad, BecomesSame) { ExpectRewrites("fuse_pad", kRows); }

// Every small case: fused exactly when SAME computes the same numbers.
TEST(FusePad, FusesExactlyWhatIsTheSame) {
  for (int in = 3; in <= 6; ++in) {
    for (int window = 1; window <= 3; ++window) {
      for (int stride = 1; stride <= 3; ++stride) {
        for (int pads = 0; pads < 9; ++pads) {
          const int before = pads / 3, after = pads % 3;
          std::ostringstream text;
          text << "graph g(%x: float32[1," << in << ",1,1]) {\n"
               << "%p = PAD(%x, @q: int32[4,2] = [0,0," << before << ","
               << after << ",0,0,0,0])\n"
               << "%c = CONV_2D(%p, @w: float32[1," << window
               << ",1,1], none) {padding=1 stride_w=1 stride_h=" << stride
               << "}\n return %c }";
          const auto graph = Rewrite("fuse_pad", text.str());
          const int out = (in + stride - 1) / stride;
          int total = (out - 1) * stride + window - in;
          if (total < 0) total = 0;
          const bool same = before == total / 2 && before + after == total;
          EXPECT_EQ(OpList(*graph), same ? "CONV_2D" : "PAD CONV_2D")
              << text.str();
          EXPECT_EQ(Evaluate(*graph)[0].data,
                    Evaluate(**ir::Parse(text.str()))[0].data)
              << text.str();
        }
      }
    }
  }
}

}  // namespace liteforge::fuse_pad_test
