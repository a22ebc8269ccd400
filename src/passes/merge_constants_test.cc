// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "passes/rewrite_testing.h"

namespace liteforge::merge_constants_test {

constexpr RewriteRow kRows[] = {
    {"products and quotients",
     "graph g(%x: float32[1,2]) {\n"
     "%a = MUL(%x, @p: float32[2] = [2,3])\n"
     "%b = DIV(%a, @q: float32[] = [4])\n"
     "%c = MUL(@r: float32[1,1] = [5], %b) {fused_activation_function=1}\n"
     "return %c }",
     "graph g(%x: float32[1,2]) {\n"
     "%c = MUL(%x, @r: float32[1,2] = [2.5,3.75])"
     " {fused_activation_function=1}\n return %c }"},
    {"sums and differences",
     "graph g(%x: float32[1,2]) {\n"
     "%a = SUB(%x, @p: float32[2] = [2,3])\n"
     "%b = ADD(%a, @q: float32[] = [4])\n"
     "%c = SUB(%b, @r: float32[2] = [1,1])\n return %c }",
     "graph g(%x: float32[1,2]) {\n"
     "%c = ADD(%x, @r: float32[2] = [1,0])\n return %c }"},
    {"mixed, shared, clamped between, growing, or the constant divided",
     "graph g(%x: float32[2,2]) {\n"
     "%a = MUL(%x, @p: float32[2] = [2,3])\n"
     "%b = ADD(%a, @q: float32[] = [4]) {fused_activation_function=1}\n"
     "%c = ADD(%b, @q)\n"
     "%d = MUL(%c, @p)\n%e = MUL(%d, @p)\n"
     "%f = MUL(%e, @s: float32[2,1] = [1,2])\n"
     "%g = DIV(@p, %f)\n%h = MUL(%g, @p)\n return %d, %h }",
     nullptr},
};

TEST(MergeConstants, JoinsNeighbours) {
  ExpectRewrites("merge_constants", kRows);
}

}  // namespace liteforge::merge_constants_test
