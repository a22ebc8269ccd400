// SPDX-License-Identifier: Apache-2.0
#include "kernels/window.h"

#include <gtest/gtest.h>

#include <vector>

namespace liteforge::window_test {

TEST(Window, TapsInsideAreThoseThatLieInside) {
  for (int origin = -12; origin <= 12; ++origin) {
    for (int size = 1; size <= 5; ++size) {
      for (int dilation = 1; dilation <= 4; ++dilation) {
        for (int extent = 0; extent <= 7; ++extent) {
          std::vector<int> inside;
          for (int i = 0; i < size; ++i) {
            const int at = origin + i * dilation;
            if (at >= 0 && at < extent) inside.push_back(i);
          }
          const Taps taps = TapsInside(origin, size, dilation, extent);
          ASSERT_EQ(taps.end - taps.begin, static_cast<int>(inside.size()));
          ASSERT_TRUE(inside.empty() || taps.begin == inside.front());
          ASSERT_GE(taps.begin, 0);
          ASSERT_LE(taps.end, size);
        }
      }
    }
  }
}

// kValid places the window wherever it fits; kSame at every stride-th element,
// with the padding shared out, the odd one after.
TEST(Window, PaddingOfBothKinds) {
  for (int input = 1; input <= 9; ++input) {
    for (int window = 1; window <= 4; ++window) {
      for (int stride = 1; stride <= 4; ++stride) {
        for (int dilation = 1; dilation <= 3; ++dilation) {
          const int reach = (window - 1) * dilation + 1;
          int valid = 0, same = 0;
          for (int at = 0; at < input; at += stride) {
            ++same;
            if (at + reach <= input) ++valid;
          }
          ASSERT_EQ(
              WindowOutput(Padding::kValid, input, window, stride, dilation),
              valid);
          ASSERT_EQ(
              WindowOutput(Padding::kSame, input, window, stride, dilation),
              same);
          if (valid > 0) {
            ASSERT_EQ(WindowPadding(input, valid, window, stride, dilation), 0);
          }
          const int needed = (same - 1) * stride + reach;
          int before = 0, after = 0;
          while (before + input + after < needed)
            before == after ? ++after : ++before;
          ASSERT_EQ(WindowPadding(input, same, window, stride, dilation),
                    before);
        }
      }
    }
  }
}

TEST(Window, SetShapes) {
  Window window;
  window.stride_height = 2;
  window.stride_width = 1;
  window.dilation_width = 2;
  window.SetShapes(Shape{2, 5, 7, 3}, 3, 3, Shape{2, 3, 7, 4});
  EXPECT_EQ(window.batches, 2);
  EXPECT_EQ(window.in_channels, 3);
  EXPECT_EQ(window.out_channels, 4);
  EXPECT_EQ(window.out_rows(), 6);
  EXPECT_EQ(window.pad_top, 1);
  EXPECT_EQ(window.pad_left, 2);
}

// Their numbers are those of a line.
TEST(Window, ImagesOnePixelWideLieDown) {
  Window window;
  window.stride_height = 2;
  window.stride_width = 3;
  window.dilation_height = 1;
  window.dilation_width = 4;
  window.SetShapes(Shape{1, 9, 1, 3}, 5, 1, Shape{1, 5, 1, 4});
  EXPECT_EQ(window.in_height, 1);
  EXPECT_EQ(window.in_width, 9);
  EXPECT_EQ(window.height, 1);
  EXPECT_EQ(window.width, 5);
  EXPECT_EQ(window.out_width, 5);
  EXPECT_EQ(window.stride_width, 2);
  EXPECT_EQ(window.dilation_width, 1);
  EXPECT_EQ(window.pad_left, 2);
  EXPECT_EQ(window.pad_top, 0);
}

// Steps no image has, as a damaged model may claim them.
TEST(Window, EnormousSteps) {
  constexpr int32_t kHuge = std::numeric_limits<int32_t>::max();
  for (const int32_t stride : {1, kHuge}) {
    for (const int32_t dilation : {1, kHuge / 2, kHuge}) {
      for (const int32_t size : {1, 2, 3, kHuge}) {
        for (const Padding padding : {Padding::kSame, Padding::kValid}) {
          if ((int64_t{size} - 1) * dilation >= kHuge) continue;  // refused
          const int32_t out = WindowOutput(padding, 5, size, stride, dilation);
          ASSERT_GE(out, 0);
          ASSERT_LE(out, 5);
          if (out == 0) continue;
          const int32_t before = WindowPadding(5, out, size, stride, dilation);
          ASSERT_GE(before, 0);
          const Taps taps = TapsInside(-before, size, dilation, 5);
          for (int i = taps.begin; i < taps.end; ++i) {
            const int64_t at = int64_t{i} * dilation - before;
            ASSERT_GE(at, 0);
            ASSERT_LT(at, 5);
            if (i > taps.begin + 5) break;
          }
        }
      }
    }
  }
}

}  // namespace liteforge::window_test
