// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "passes/rewrite_testing.h"

namespace liteforge::remove_dead_test {

constexpr RewriteRow kRows[] = {
    {"chains nobody reads go, inputs stay",
     "graph g(%x: float32[2], %z: float32[2]) {\n"
     "%a = MUL(%z, @p: float32[2] = [2,3])\n%b = NEG(%a)\n"
     "%y = NEG(%x)\n return %y }",
     "graph g(%x: float32[2], %z: float32[2]) {\n"
     "%y = NEG(%x)\n return %y }"},
};

TEST(RemoveDead, DropsWhatNobodyReads) { ExpectRewrites("remove_dead", kRows); }

}  // namespace liteforge::remove_dead_test
