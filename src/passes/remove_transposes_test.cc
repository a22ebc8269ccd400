// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "passes/rewrite_testing.h"

namespace liteforge::remove_transposes_test {

constexpr RewriteRow kRows[] = {
    {"through elementwise operators, constants along",
     "graph g(%x: float32[1,2,3,4]) {\n"
     "%a = TRANSPOSE(%x, @p: int32[4] = [0,3,1,2])\n"
     "%b = RELU(%a)\n"
     "%c = MUL(%b, @s: float32[4,1,1] = [1,2,3,4])\n"
     "%d = ADD(@t: float32[] = [7], %c)\n"
     "%e = TRANSPOSE(%d, @q: int32[4] = [0,2,3,1])\n"
     "%y = NEG(%e)\n return %y }",
     "graph g(%x: float32[1,2,3,4]) {\n"
     "%b = RELU(%x)\n"
     "%c = MUL(%b, @s: float32[1,1,1,4] = [1,2,3,4])\n"
     "%d = ADD(@t: float32[] = [7], %c)\n"
     "%y = NEG(%d)\n return %y }"},
    {"the name of an output stays",
     "graph g(%x: float32[1,2,3,4]) {\n"
     "%a = TRANSPOSE(%x, @p: int32[4] = [0,3,1,2])\n"
     "%b = RELU(%a)\n"
     "%e = TRANSPOSE(%b, @q: int32[4] = [0,2,3,1])\n return %e }",
     "graph g(%x: float32[1,2,3,4]) {\n"
     "%e = RELU(%x)\n return %e }"},
    {"a residual block: two branches meet, one result leaves both ways",
     "graph g(%x: float32[1,2,3,4], %z: float32[1,2,3,4]) {\n"
     "%a = TRANSPOSE(%x, @p: int32[4] = [0,3,1,2])\n"
     "%b = TRANSPOSE(%z, @p)\n"
     "%c = ADD(%a, %b)\n"
     "%d = RELU(%c)\n"
     "%e = TRANSPOSE(%d, @q: int32[4] = [0,2,3,1])\n"
     "%y = NEG(%e)\n return %y, %d }",
     "graph g(%x: float32[1,2,3,4], %z: float32[1,2,3,4]) {\n"
     "%c = ADD(%x, %z)\n"
     "%d/transposed = RELU(%c)\n"
     "%d = TRANSPOSE(%d/transposed, @d/perm: int32[4] = [0,3,1,2])\n"
     "%y = NEG(%d/transposed)\n return %y, %d }"},
    {"concatenation, padding, slices, splits",
     "graph g(%x: float32[1,2,3,4]) {\n"
     "%a = TRANSPOSE(%x, @p: int32[4] = [0,3,1,2])\n"
     "%b = CONCATENATION(%a, %a) {axis=1}\n"
     "%c = PAD(%b, @w: int32[4,2] = [0,0,0,0,1,2,0,3])\n"
     "%d = SLICE(%c, @o: int32[4] = [0,1,2,0], @z: int32[4] = [1,2,3,-1])\n"
     "%e = TRANSPOSE(%d, @q: int32[4] = [0,2,3,1])\n"
     "%y = NEG(%e)\n return %y }",
     "graph g(%x: float32[1,2,3,4]) {\n"
     "%b = CONCATENATION(%x, %x) {axis=3}\n"
     "%c = PAD(%b, @w: int32[4,2] = [0,0,1,2,0,3,0,0])\n"
     "%d = SLICE(%c, @o: int32[4] = [0,2,0,1], @z: int32[4] = [1,3,-1,2])\n"
     "%y = NEG(%d)\n return %y }"},
    {"a mean over what was moved swallows it",
     "graph g(%x: float32[?,2,3,4]) {\n"
     "%a = TRANSPOSE(%x, @p: int32[4] = [0,3,1,2])\n"
     "%b = RELU(%a)\n"
     "%c = MEAN(%b, @r: int32[2] = [2,-1])\n return %c }",
     "graph g(%x: float32[?,2,3,4]) {\n"
     "%b = RELU(%x)\n"
     "%c = MEAN(%b, @r: int32[2] = [1,2])\n return %c }"},
    {"a mean that keeps its axes moves along",
     "graph g(%x: float32[1,2,3,4]) {\n"
     "%a = TRANSPOSE(%x, @p: int32[4] = [0,3,1,2])\n"
     "%c = MEAN(%a, @r: int32[2] = [2,3]) {keep_dims=1}\n"
     "%d = MUL(%a, %c)\n"
     "%e = TRANSPOSE(%d, @q: int32[4] = [0,2,3,1])\n return %e }",
     "graph g(%x: float32[1,2,3,4]) {\n"
     "%c = MEAN(%x, @r: int32[2] = [1,2]) {keep_dims=1}\n"
     "%e = MUL(%x, %c)\n return %e }"},
    {"another entry that must be transposed, when two go",
     "graph g(%x: float32[1,2,3,4], %z: float32[1,4,2,3]) {\n"
     "%a = TRANSPOSE(%x, @p: int32[4] = [0,3,1,2])\n"
     "%c = ADD(%a, %z)\n"
     "%e = TRANSPOSE(%c, @q: int32[4] = [0,2,3,1])\n return %e }",
     "graph g(%x: float32[1,2,3,4], %z: float32[1,4,2,3]) {\n"
     "%z/transposed = TRANSPOSE(%z, @z/transposed/perm: int32[4] = [0,2,3,1])\n"
     "%e = ADD(%x, %z/transposed)\n return %e }"},
    {"a value and its own transpose meet",
     "graph g(%x: float32[1,2,3,3]) {\n"
     "%a = TRANSPOSE(%x, @p: int32[4] = [0,1,3,2])\n"
     "%b = NEG(%a)\n"
     "%c = TRANSPOSE(%b, @p)\n"
     "%d = ADD(%c, %b)\n"
     "%e = TRANSPOSE(%d, @p)\n return %e }",
     "graph g(%x: float32[1,2,3,3]) {\n"
     "%b = NEG(%x)\n"
     "%c/transposed = TRANSPOSE(%b, @c/transposed/perm: int32[4] = [0,1,3,2])\n"
     "%e = ADD(%c/transposed, %b)\n return %e }"},
    {"softmax over the last axis, where it stays the last",
     "graph g(%x: float32[1,2,3,4]) {\n"
     "%a = TRANSPOSE(%x, @p: int32[4] = [0,2,1,3])\n"
     "%b = SOFTMAX(%a) {beta=1}\n"
     "%y = TRANSPOSE(%b, @q: int32[4] = [0,3,2,1])\n return %y }",
     "graph g(%x: float32[1,2,3,4]) {\n"
     "%b = SOFTMAX(%x) {beta=1}\n"
     "%y = TRANSPOSE(%b, @y/perm: int32[4] = [0,3,1,2])\n return %y }"},
    {"the largest along an axis that was moved",
     "graph g(%x: float32[1,2,3,4]) {\n"
     "%a = TRANSPOSE(%x, @p: int32[4] = [0,3,1,2])\n"
     "%b = RELU(%a)\n"
     "%y = ARG_MAX(%b, @i: int32[] = [1]) {output_type=int32}\n return %y }",
     "graph g(%x: float32[1,2,3,4]) {\n"
     "%b = RELU(%x)\n"
     "%y = ARG_MAX(%b, @i: int32[] = [3]) {output_type=int32}\n return %y }"},
    {"no gain: one goes, one comes",
     "graph g(%x: float32[1,2,3,4], %z: float32[1,4,2,3]) {\n"
     "%a = TRANSPOSE(%x, @p: int32[4] = [0,3,1,2])\n"
     "%c = ADD(%a, %z)\n return %c }",
     nullptr},
    {"one goes, one comes further down",
     "graph g(%x: float32[1,2,3,4]) {\n"
     "%a = TRANSPOSE(%x, @p: int32[4] = [0,3,1,2])\n"
     "%c = RELU(%a)\n"
     "%r = RESHAPE(%c, @s: int32[2] = [1,24])\n return %r }",
     nullptr},
    {"a mean that leaves the moved axes",
     "graph g(%x: float32[1,2,3,4]) {\n"
     "%a = TRANSPOSE(%x, @p: int32[4] = [0,3,1,2])\n"
     "%c = MEAN(%a, @r: int32[1] = [3])\n return %c }",
     nullptr},
};

TEST(RemoveTransposes, CancelsWhatItCan) {
  ExpectRewrites("remove_transposes", kRows);
}

}  // namespace liteforge::remove_transposes_test
