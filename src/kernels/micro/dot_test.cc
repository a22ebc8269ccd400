// SPDX-License-Identifier: Apache-2.0
#include "kernels/micro/targets_with_vnni.h"
//
#include <gtest/gtest.h>

#include <vector>

#include "kernels/micro/dot.h"
#include "kernels/micro/target_testing.h"

namespace liteforge::dot_test {

TEST(Dot, Floats) {
  ForEachTarget([] {
    for (size_t count = 0; count < 200; count += count < 70 ? 1 : 31) {
      Sequence draw(static_cast<uint32_t>(count));
      std::vector<float> a(count), b(count);
      double want = 0;
      for (size_t i = 0; i < count; ++i) {
        a[i] = draw.Real();
        b[i] = draw.Real();
        want += static_cast<double>(a[i]) * static_cast<double>(b[i]);
      }
      ASSERT_NEAR(static_cast<double>(DotOfFloats(a.data(), b.data(),
                                                  static_cast<int64_t>(count))),
                  want, 1e-6 * static_cast<double>(count))
          << count;
    }
  });
}

TEST(Dot, Bytes) {
  ForEachTarget([] {
    for (size_t count = 0; count < 300; count += count < 70 ? 1 : 31) {
      for (const int zero_point : {-128, 0, 127}) {
        Sequence draw(static_cast<uint32_t>(count));
        std::vector<int8_t> x(count), w(count);
        int64_t want = 0;
        for (size_t i = 0; i < count; ++i) {
          x[i] = static_cast<int8_t>(draw.Integer(-128, 127));
          w[i] = static_cast<int8_t>(draw.Integer(-128, 127));
          want += (x[i] - zero_point) * w[i];
        }
        ASSERT_EQ(DotOfBytes(x.data(), zero_point, w.data(),
                             static_cast<int64_t>(count)),
                  want)
            << count;
      }
    }
  });
}

}  // namespace liteforge::dot_test
