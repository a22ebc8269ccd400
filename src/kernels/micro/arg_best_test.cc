// SPDX-License-Identifier: Apache-2.0
#include "kernels/micro/targets_with_vnni.h"
//
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "kernels/micro/arg_best.h"
#include "kernels/micro/target_testing.h"

namespace liteforge::arg_best_test {

template <class T>
void ExpectPlaces(int low, int high, bool with_nan) {
  for (const int64_t size : {1, 2, 3, 4, 5, 15, 16, 17, 21, 31, 32, 64, 100}) {
    for (const bool largest : {true, false}) {
      constexpr int64_t kRows = 40;
      const int64_t stride = size + (largest ? 0 : 3);
      Sequence draw(static_cast<uint32_t>(size));
      std::vector<T> values;
      for (int64_t i = 0; i < kRows * stride; ++i) {
        const int number = draw.Integer(low, high);  // many are equal
        const bool is_nan = with_nan && draw.Integer(0, 2) == 0;
        values.push_back(is_nan ? std::numeric_limits<T>::quiet_NaN()
                                : static_cast<T>(number));
      }
      std::vector<int32_t> places(kRows);
      ArgBestOfRows(values.data(), kRows, stride, size, largest, places.data());
      for (int64_t r = 0; r < kRows; ++r) {
        const T* row = values.data() + r * stride;
        int64_t best = 0;
        for (int64_t i = 1; i < size; ++i) {
          const bool instead_of_nan =
              std::isnan(static_cast<float>(row[best])) &&
              !std::isnan(static_cast<float>(row[i]));
          if (instead_of_nan ||
              (largest ? row[i] > row[best] : row[i] < row[best]))
            best = i;
        }
        ASSERT_EQ(places[static_cast<size_t>(r)], best)
            << "of " << size << (largest ? ", largest" : ", smallest");
      }
    }
  }
}

TEST(ArgBest, IsTheFirstOfEquals) {
  ForEachTarget([] {
    ExpectPlaces<int8_t>(-128, 127, false);
    ExpectPlaces<int8_t>(-3, -1, false);
    ExpectPlaces<uint8_t>(0, 255, false);
    ExpectPlaces<uint8_t>(250, 255, false);
    ExpectPlaces<float>(-100, 100, false);
    ExpectPlaces<float>(-9, -7, false);
  });
}

TEST(ArgBest, PassesOverNan) {
  ForEachTarget([] { ExpectPlaces<float>(-5, 5, true); });
}

}  // namespace liteforge::arg_best_test
