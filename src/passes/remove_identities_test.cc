// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "passes/rewrite_testing.h"

namespace liteforge::remove_identities_test {

constexpr RewriteRow kIdentities[] = {
    {"operators that change nothing",
     "graph g(%x: float32[2,3]) {\n"
     "%n = NEG(%x)\n"
     "%a = RESHAPE(%n, @s: int32[2] = [2,-1])\n"
     "%b = TRANSPOSE(%a, @p: int32[2] = [0,-1])\n"
     "%c = PAD(%b, @z: int32[2,2] = [0…])\n"
     "%d = CAST(%c)\n"
     "%e = MUL(%d, @one: float32[] = [1])\n"
     "%f = ADD(@zero: float32[2,1] = [0,0], %e)\n"
     "%h = SLICE(%f, @o: int32[2] = [0,0], @w: int32[2] = [2,-1])\n"
     "%i = TILE(%h, @t: int32[2] = [1,1])\n"
     "%j = CONCATENATION(%i) {axis=1}\n"
     "%k = STRIDED_SLICE(%j, @o, @e: int32[2] = [2,3], @u: int32[2] = [1,1])\n"
     "%l = DIV(%k, @one)\n"
     "%m = SUB(%l, @zero)\n"
     "%q = BROADCAST_TO(%m, @v: int32[2] = [2,3])\n"
     "%r = SPLIT(@ax: int32[] = [0], %q) {num_splits=1}\n"
     "%y = ABS(%r)\n return %y }",
     "graph g(%x: float32[2,3]) {\n"
     "%n = NEG(%x)\n%y = ABS(%n)\n return %y }"},
    {"the name of an output stays",
     "graph g(%x: float32[2,3]) {\n"
     "%n = NEG(%x)\n%a = RESHAPE(%n, @s: int32[2] = [2,3])\n return %a }",
     "graph g(%x: float32[2,3]) {\n%a = NEG(%x)\n return %a }"},
    {"an input is no output, and an output not another one",
     "graph g(%x: float32[2,3]) {\n"
     "%a = RESHAPE(%x, @s: int32[2] = [2,3])\n"
     "%n = NEG(%x)\n"
     "%b = RESHAPE(%n, @t: int32[2] = [2,3])\n return %a, %n, %b }",
     nullptr},
    {"an unknown batch",
     "graph g(%x: float32[?,3]) {\n"
     "%n = NEG(%x)\n"
     "%a = RESHAPE(%n, @s: int32[2] = [-1,3])\n"
     "%h = SLICE(%a, @o: int32[2] = [0,0], @w: int32[2] = [-1,3])\n"
     "%k = STRIDED_SLICE(%h, @o, @o, @u: int32[2] = [1,1])"
     " {begin_mask=3 end_mask=3}\n"
     "%y = ABS(%k)\n return %y }",
     "graph g(%x: float32[?,3]) {\n%n = NEG(%x)\n%y = ABS(%n)\n return %y }"},
    {"broadcasting is no identity",
     "graph g(%x: float32[1,3]) {\n"
     "%a = MUL(%x, @one: float32[2,3] = [1…])\n"
     "%b = ADD(%a, @zero: float32[1,1,1] = [0])\n"
     "%c = ADD(%x, @z: float32[3] = [0…]) {fused_activation_function=1}\n"
     "%d = SUB(@zero, %x)\n return %b, %c, %d }",
     nullptr},
};

TEST(RemoveIdentities, DropsWhatChangesNothing) {
  ExpectRewrites("remove_identities", kIdentities);
}

constexpr RewriteRow kChains[] = {
    {"reshapes of all kinds become one",
     "graph g(%x: float32[?,1,1,6]) {\n"
     "%a = SQUEEZE(%x) {squeeze_dims=[1,2]}\n"
     "%b = RESHAPE(%a, @s: int32[3] = [-1,2,3])\n"
     "%c = EXPAND_DIMS(%b, @k: int32[] = [1])\n return %c }",
     "graph g(%x: float32[?,1,1,6]) {\n"
     "%c: float32[?,1,2,3] = RESHAPE(%x, @c/shape: int32[4] = [-1,1,2,3])\n"
     "return %c }"},
    {"transposes compose",
     "graph g(%x: float32[2,3,4]) {\n"
     "%a = TRANSPOSE(%x, @p: int32[3] = [1,2,0])\n"
     "%b = TRANSPOSE(%a, @q: int32[3] = [0,2,1])\n return %b }",
     "graph g(%x: float32[2,3,4]) {\n"
     "%b = TRANSPOSE(%x, @b/perm: int32[3] = [1,0,2])\n return %b }"},
    {"and cancel",
     "graph g(%x: float32[2,3,4]) {\n"
     "%a = TRANSPOSE(%x, @p: int32[3] = [1,2,0])\n"
     "%b = TRANSPOSE(%a, @q: int32[3] = [2,0,1])\n"
     "%y = NEG(%b)\n return %y }",
     "graph g(%x: float32[2,3,4]) {\n%y = NEG(%x)\n return %y }"},
    {"moving axes of one element is a reshape",
     "graph g(%x: float32[1,1,1,5]) {\n"
     "%a = TRANSPOSE(%x, @p: int32[4] = [0,3,1,2])\n return %a }",
     "graph g(%x: float32[1,1,1,5]) {\n"
     "%a: float32[1,5,1,1] = RESHAPE(%x, @a/shape: int32[4] = [1,5,1,1])\n"
     "return %a }"},
};

TEST(RemoveIdentities, MergesChains) {
  ExpectRewrites("remove_identities", kChains);
}

}  // namespace liteforge::remove_identities_test
