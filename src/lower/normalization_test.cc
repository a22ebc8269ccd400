// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "lower/lowering_case.h"

namespace liteforge::normalization_test {

const LoweringCase kNormalizations[] = {
    {"FusedBatchNormV3",
     [](TestFunction& f) {
       f.Input("x", {-1, 4, 4, 2}).Floats("scale", {2}, {2, 4});
       f.Floats("offset", {2}, {1, 1}).Floats("mean", {2}, {3, 5});
       f.Floats("variance", {2}, {0.75f, 3.75f});
       f.Node("FusedBatchNormV3", "y",
              {"x", "scale", "offset", "mean", "variance"},
              {{"epsilon", 0.25f}, {"is_training", false}});
     },
     R"(graph f(%x: float32[?,4,4,2]) {
  %y/mul_2: float32[?,4,4,2] = MUL(%x, @y/mul: float32[2] = [2,2])
  %y: float32[?,4,4,2] = ADD(%y/mul_2, @y/sub: float32[2] = [-5,-9])
  return %y
}
)"},
    {"FusedBatchNorm NCHW",
     [](TestFunction& f) {
       f.Input("x", {-1, 2, 4, 4}).Floats("scale", {2}, {2, 4});
       f.Floats("offset", {2}, {1, 1}).Floats("mean", {2}, {3, 5});
       f.Floats("variance", {2}, {0.75f, 3.75f});
       f.Node("FusedBatchNorm", "y",
              {"x", "scale", "offset", "mean", "variance"},
              {{"epsilon", 0.25f},
               {"is_training", false},
               {"data_format", "NCHW"}});
     },
     R"(graph f(%x: float32[?,2,4,4]) {
  %y/mul_2: float32[?,2,4,4] = MUL(%x, @y/reshape: float32[2,1,1] = [2,2])
  %y: float32[?,2,4,4] = ADD(%y/mul_2, @y/reshape_1: float32[2,1,1] = [-5,-9])
  return %y
}
)"},
    {"LRN",
     [](TestFunction& f) {
       f.Input("x", {1, 2, 2, 8});
       f.Node("LRN", "y", {"x"}, {{"depth_radius", 2}, {"alpha", 0.5f}});
     },
     R"(graph f(%x: float32[1,2,2,8]) {
  %y: float32[1,2,2,8] = LOCAL_RESPONSE_NORMALIZATION(%x) {radius=2 bias=1 alpha=0.5 beta=0.5}
  return %y
}
)"},
};

TEST(LowerNormalization, WritesTflite) { ExpectLowered(kNormalizations); }

}  // namespace liteforge::normalization_test
