// SPDX-License-Identifier: Apache-2.0
// For tests of what each family emits: TensorFlow nodes in, ir::Print out.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <span>
#include <vector>

#include "lower/test_function.h"

namespace liteforge {

using L = std::vector<int64_t>;  // a list attribute

struct LoweringCase {
  const char* name;
  void (*build)(TestFunction&);
  const char* expected;
};

// Every case has the output "y", besides those it names itself.
inline void ExpectLowered(std::span<const LoweringCase> cases) {
  for (const LoweringCase& test : cases) {
    SCOPED_TRACE(test.name);
    TestFunction f;
    test.build(f);
    f.Output("y", "y");
    EXPECT_EQ(LowerToText(f), test.expected);
  }
}

}  // namespace liteforge
