// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <vector>

#include "kernels/index_testing.h"

namespace liteforge::broadcast_args_test {

using Dims = std::vector<int64_t>;

KernelCase ArgsCase(const Dims& a, const Dims& b,
                    DataType type = DataType::kInt32) {
  KernelCase k{Op::kBroadcastArgs};
  k.inputs = {IntegersOf(type, a), IntegersOf(type, b)};
  return k;
}

TEST(BroadcastArgs, GivesTheCommonShape) {
  struct {
    Dims a, b, both;
  } const rows[] = {{{}, {}, {}},
                    {{}, {2, 3}, {2, 3}},
                    {{1}, {4}, {4}},
                    {{3, 1}, {1, 4}, {3, 4}},
                    {{5}, {2, 1}, {2, 5}},
                    {{2, 1, 4}, {3, 1}, {2, 3, 4}},
                    {{2, 3}, {2, 3}, {2, 3}},
                    {{0}, {1}, {0}},
                    {{0, 2}, {1, 1}, {0, 2}},
                    {{1, 1, 1}, {7}, {1, 1, 7}}};
  for (const auto& [a, b, both] : rows) {
    for (const DataType type : kIndexTypes) {
      const auto expected = IntegersOf(type, both);
      ExpectValues(ArgsCase(a, b, type), expected.Values<uint8_t>(),
                   expected.shape);
      ExpectValues(ArgsCase(b, a, type), expected.Values<uint8_t>(),
                   expected.shape);
    }
  }
}

TEST(BroadcastArgs, RefusesShapesThatDoNotFit) {
  ExpectRefused(ArgsCase({2}, {3}), "eval", "cannot be broadcast");
  ExpectRefused(ArgsCase({0}, {2}), "eval", "cannot be broadcast");
  KernelCase k = ArgsCase({2}, {2});
  k.inputs[1] = KernelTensor::Of<int64_t>({1}, {2});
  ExpectRefused(k, "", "one type");
  k = ArgsCase({2}, {2});
  k.inputs[0] = KernelTensor::Of<int32_t>({1, 1}, {2});
  ExpectRefused(k, "", "one dimension");
}

}  // namespace liteforge::broadcast_args_test
