// SPDX-License-Identifier: Apache-2.0
// DENSIFY of a constant that is dense by now: a copy. How sparse ones become
// dense is tested in runtime/.
#include <gtest/gtest.h>

#include "kernels/index_testing.h"

namespace liteforge::densify_test {

TEST(Densify, CopiesConstants) {
  for (const DataType type : kFixedTypes) {
    KernelCase k{Op::kDensify};
    k.inputs = {Labelled(type, {2, 3}).Constant()};
    ExpectValues(k, k.inputs[0].Values<uint8_t>(), {2, 3});
  }
  KernelCase k{Op::kDensify};
  k.inputs = {Labelled(DataType::kFloat32, {2, 0}).Constant()};
  ExpectValues<float>(k, {}, {2, 0});
}

TEST(Densify, RefusesWhatIsComputed) {
  KernelCase k{Op::kDensify};
  k.inputs = {Labelled(DataType::kFloat32, {2})};
  ExpectRefused(k, "prepare", "must be a constant");
  k.inputs = {Labelled(DataType::kString, {2}).Constant()};
  ExpectRefused(k, "prepare", "string");
}

}  // namespace liteforge::densify_test
