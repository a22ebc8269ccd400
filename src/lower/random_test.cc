// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "lower/lowering_case.h"

namespace liteforge::random_test {

const LoweringCase kCases[] = {
    {"uniform and normal, with seeds",
     [](TestFunction& f) {
       f.Input("x", {2, 3}).Ints("shape", {2, 3});
       f.Node("RandomUniform", "u", {"shape"}, {{"seed", 7}, {"seed2", 9}});
       f.Node("RandomStandardNormal", "n", {"shape"});
       f.Node("Add", "y", {"u", "n"});
     },
     R"(graph f(%x: float32[2,3]) {
  %u: float32[2,3] = RANDOM_UNIFORM(@shape: int32[2] = [2,3]) {seed=7 seed2=9}
  %n: float32[2,3] = RANDOM_STANDARD_NORMAL(@shape: int32[2] = [2,3])
  %y: float32[2,3] = ADD(%u, %n)
  return %y
}
)"},
    {"whole numbers in [low, high)",
     [](TestFunction& f) {
       f.Input("low", {}, DataType::kInt32);
       f.Input("high", {}, DataType::kInt32);
       f.Ints("shape", {4});
       f.Node("RandomUniformInt", "y", {"shape", "low", "high"});
     },
     R"(graph f(%low: int32[], %high: int32[]) {
  %y/cast: float32[] = CAST(%low) {in_data_type=2}
  %y/cast_1: float32[] = CAST(%high) {in_data_type=2}
  %y/random_uniform: float32[4] = RANDOM_UNIFORM(@shape: int32[1] = [4])
  %y/sub: float32[] = SUB(%y/cast_1, %y/cast)
  %y/mul: float32[4] = MUL(%y/random_uniform, %y/sub)
  %y/floor: float32[4] = FLOOR(%y/mul)
  %y/cast_2: int32[4] = CAST(%y/floor) {out_data_type=2}
  %y: int32[4] = ADD(%y/cast_2, %low)
  return %y
}
)"},
};

TEST(RandomOps, WritesTflite) { ExpectLowered(kCases); }

}  // namespace liteforge::random_test
