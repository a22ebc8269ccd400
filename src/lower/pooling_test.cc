// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "lower/lowering_case.h"

namespace liteforge::pooling_test {

const LoweringCase kPools[] = {
    {"AvgPool",
     [](TestFunction& f) {
       f.Input("x", {-1, 8, 8, 3});
       f.Node("AvgPool", "y", {"x"},
              {{"ksize", L{1, 2, 3, 1}},
               {"strides", L{1, 2, 1, 1}},
               {"padding", "VALID"}});
     },
     R"(graph f(%x: float32[?,8,8,3]) {
  %y: float32[?,4,6,3] = AVERAGE_POOL_2D(%x) {padding=1 stride_w=1 stride_h=2 filter_width=3 filter_height=2}
  return %y
}
)"},
};

TEST(LowerPooling, WritesTflite) { ExpectLowered(kPools); }

}  // namespace liteforge::pooling_test
