// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "ir/parse.h"
#include "passes/passes.h"
#include "passes/rewrite_testing.h"

namespace liteforge::merge_duplicates_test {

constexpr RewriteRow kRows[] = {
    {"nodes with equal constants",
     "graph g(%x: float32[1,2]) {\n"
     "%a = MUL(%x, @p: float32[2] = [2,3])\n"
     "%b = MUL(%x, @q: float32[2] = [2,3])\n"
     "%c = NEG(%a)\n%d = NEG(%b)\n%y = ADD(%c, %d)\n return %y }",
     "graph g(%x: float32[1,2]) {\n"
     "%a = MUL(%x, @p: float32[2] = [2,3])\n"
     "%c = NEG(%a)\n%y = ADD(%c, %c)\n return %y }"},
    {"an output's name stays, two outputs stay two",
     "graph g(%x: float32[1,2]) {\n"
     "%a = NEG(%x)\n%b = NEG(%x)\n%c = NEG(%x)\n%d = ABS(%a)\n"
     "return %b, %c, %d }",
     "graph g(%x: float32[1,2]) {\n"
     "%b = NEG(%x)\n%c = NEG(%x)\n%d = ABS(%b)\n return %b, %c, %d }"},
    {"other options, shapes, types",
     "graph g(%x: float32[1,2]) {\n"
     "%a = LEAKY_RELU(%x) {alpha=0.5}\n%b = LEAKY_RELU(%x) {alpha=0.25}\n"
     "%c = ADD(%a, @p: float32[2] = [0,0])\n"
     "%d = ADD(%b, @q: float32[1,2] = [0,0])\n"
     "%e = RESHAPE(%c, @r: int32[2] = [2,1])\n"
     "%f = RESHAPE(%d, @s: int32[2] = [1,2])\n"
     "%h = MUL(%e, %f)\n return %h }",
     nullptr},
};

TEST(MergeDuplicates, ComputesOnce) {
  ExpectRewrites("merge_duplicates", kRows);
}

TEST(MergeDuplicates, RandomNumbersStayTwo) {
  auto graph = *ir::Parse(
      "graph g(%s: int32[1]) {\n"
      "%a: float32[?] = RANDOM_UNIFORM(%s)\n"
      "%b: float32[?] = RANDOM_UNIFORM(%s)\n return %a, %b }");
  EXPECT_EQ(*MergeDuplicates(*graph), 0);
  EXPECT_EQ(graph->nodes().size(), 2u);
}

}  // namespace liteforge::merge_duplicates_test
