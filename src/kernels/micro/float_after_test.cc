// SPDX-License-Identifier: Apache-2.0
#include "kernels/micro/float_after.h"

#include "kernels/micro/targets_with_vnni.h"
//
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "kernels/micro/target_testing.h"

namespace liteforge {
namespace {

TEST(FloatAfter, Grid) {
  ForEachTarget([] {
    constexpr int64_t kRows = 3;
    for (const int64_t columns : {1, 7, 16, 33}) {
      for (const int64_t gap : {0, 2}) {
        for (const bool adds : {false, true}) {
          for (const bool slopes : {false, true}) {
            Sequence draw(static_cast<uint32_t>(columns * 4 + gap));
            const int64_t stride = columns + gap;
            std::vector<float> x(static_cast<size_t>(kRows * stride));
            std::vector<float> addend(x.size());
            std::vector<float> slope(static_cast<size_t>(columns));
            for (auto* list : {&x, &addend, &slope}) {
              for (float& v : *list) v = draw.Real();
            }
            std::vector<float> got = x;
            FinishFloats({adds ? addend.data() : nullptr, -0.5f, 0.75f,
                          slopes ? slope.data() : nullptr},
                         kRows, columns, stride, got.data());
            for (size_t i = 0; i < x.size(); ++i) {
              const auto c = static_cast<int64_t>(i) % stride;
              float want = x[i];
              if (c < columns) {
                want =
                    std::clamp(want + (adds ? addend[i] : 0.0f), -0.5f, 0.75f);
                if (slopes && want < 0) want *= slope[static_cast<size_t>(c)];
              }
              ASSERT_EQ(got[i], want) << columns << ", " << i;
            }
          }
        }
      }
    }
  });
}

}  // namespace
}  // namespace liteforge
