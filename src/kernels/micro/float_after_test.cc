// SPDX-License-Identifier: Apache-2.0
#include "kernels/micro/float_after.h"

#include "kernels/micro/targets_with_vnni.h"
//
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "kernels/micro/target_testing.h"

namespace liteforge::float_after_test {

struct Case {
  int64_t columns, gap;  // between rows
  bool adds, slopes;
  int64_t fewer = 0;  // columns of the addend
};

void Expect(const Case& c) {
  constexpr int64_t kRows = 3;
  Sequence draw(static_cast<uint32_t>(c.columns * 4 + c.gap));
  const int64_t stride = c.columns + c.gap;
  const int64_t added = std::max<int64_t>(0, c.columns - c.fewer);
  const int64_t addend_stride = added + c.gap / 2;
  std::vector<float> x(static_cast<size_t>(kRows * stride));
  std::vector<float> addend(static_cast<size_t>(kRows * addend_stride));
  std::vector<float> slope(static_cast<size_t>(c.columns));
  for (auto* list : {&x, &addend, &slope}) {
    for (float& v : *list) v = draw.Real();
  }
  std::vector<float> got = x;
  FinishFloats({c.adds ? addend.data() : nullptr, added, addend_stride, -0.5f,
                0.75f, c.slopes ? slope.data() : nullptr},
               kRows, c.columns, stride, got.data());
  for (int64_t i = 0; i < kRows * stride; ++i) {
    const int64_t row = i / stride, column = i % stride;
    float want = x[static_cast<size_t>(i)];
    if (column < c.columns) {
      if (c.adds && column < added)
        want += addend[static_cast<size_t>(row * addend_stride + column)];
      want = std::clamp(want, -0.5f, 0.75f);
      if (c.slopes && want < 0) want *= slope[static_cast<size_t>(column)];
    }
    ASSERT_EQ(got[static_cast<size_t>(i)], want) << c.columns << ", " << i;
  }
}

TEST(FloatAfter, Grid) {
  ForEachTarget([] {
    for (const int64_t columns : {1, 7, 16, 33}) {
      for (const int64_t gap : {0, 2}) {
        for (const bool slopes : {false, true}) {
          Expect({columns, gap, false, slopes});
          for (const int64_t fewer : {0, 3, 16, 17})
            Expect({columns, gap, true, slopes, fewer});
        }
      }
    }
  });
}

}  // namespace liteforge::float_after_test
