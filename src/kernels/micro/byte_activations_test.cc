// SPDX-License-Identifier: Apache-2.0
#include "kernels/micro/byte_activations.h"

#include "kernels/micro/targets_with_vnni.h"
//
#include <gtest/gtest.h>

#include <vector>

#include "kernels/micro/target_testing.h"

namespace liteforge::byte_activations_test {

TEST(ByteActivations, AddsUpRows) {
  ForEachTarget([] {
    for (const int64_t length : {1, 8, 15, 16, 25, 63, 64, 65, 200}) {
      constexpr int64_t kRows = 3, kRuns = 2;
      Sequence draw(static_cast<uint32_t>(length));
      std::vector<uint8_t> x(static_cast<size_t>(kRows * kRuns * length));
      std::vector<const uint8_t*> rows;
      std::vector<int64_t> want(kRows), got(kRows);
      for (size_t i = 0; i < x.size(); ++i) {
        x[i] = static_cast<uint8_t>(draw.Integer(0, 255));
        want[i / static_cast<size_t>(kRuns * length)] += x[i];
      }
      for (int64_t r = 0; r < kRows * kRuns; ++r)
        rows.push_back(x.data() + r * length);
      AddUpRows(rows.data(), kRows, kRuns, length, got.data());
      ASSERT_EQ(got, want) << length;
      const ByteRun<uint8_t> evenly[] = {{x.data(), kRuns * length},
                                         {x.data() + length, kRuns * length}};
      AddUpRows(evenly, kRows, kRuns, length, got.data());
      ASSERT_EQ(got, want) << length;
    }
  });
}

}  // namespace liteforge::byte_activations_test
