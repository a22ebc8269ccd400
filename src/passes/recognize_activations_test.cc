// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "passes/rewrite_testing.h"

namespace liteforge::recognize_activations_test {

constexpr RewriteRow kClamps[] = {
    {"relu",
     "graph g(%x: float32[1,4]) {\n"
     "%y = MAXIMUM(@z: float32[] = [0], %x)\n return %y }",
     "graph g(%x: float32[1,4]) {\n%y = RELU(%x)\n return %y }"},
    {"relu6, both ways",
     "graph g(%x: float32[1,4]) {\n"
     "%a = MAXIMUM(%x, @z: float32[1] = [0])\n"
     "%b = MINIMUM(%a, @s: float32[] = [6])\n"
     "%c = MINIMUM(@s, %x)\n%d = MAXIMUM(%c, @z)\n"
     "%e = RELU(%x)\n%f = MINIMUM(%e, @s)\n return %b, %d, %f }",
     "graph g(%x: float32[1,4]) {\n"
     "%b = RELU6(%x)\n%d = RELU6(%x)\n%f = RELU6(%x)\n return %b, %d, %f }"},
    {"relu6 of a relu that was fused",
     "graph g(%x: float32[1,4]) {\n"
     "%a = MUL(%x, %x) {fused_activation_function=1}\n"
     "%b = MINIMUM(%a, @s: float32[] = [6])\n return %b }",
     "graph g(%x: float32[1,4]) {\n"
     "%a = MUL(%x, %x) {fused_activation_function=1}\n"
     "%b = RELU6(%a)\n return %b }"},
    {"between -1 and 1",
     "graph g(%x: float32[1,4]) {\n"
     "%a = MINIMUM(%x, @o: float32[] = [1])\n"
     "%b = MAXIMUM(%a, @m: float32[] = [-1])\n return %b }",
     "graph g(%x: float32[1,4]) {\n%b = RELU_N1_TO_1(%x)\n return %b }"},
    {"other bounds, other types, broadcasting",
     "graph g(%x: float32[1,4], %i: int32[4]) {\n"
     "%a = MINIMUM(%x, @o: float32[] = [5])\n"
     "%b = MAXIMUM(%a, @m: float32[] = [-1])\n"
     "%c = MAXIMUM(%i, @n: int32[] = [0])\n"
     "%d = MAXIMUM(%x, @k: float32[2,1] = [0,0])\n return %b, %c, %d }",
     nullptr},
};

TEST(RecognizeActivations, Clamps) {
  ExpectRewrites("recognize_activations", kClamps);
}

constexpr RewriteRow kSlopes[] = {
    {"leaky relu",
     "graph g(%x: float32[1,4]) {\n"
     "%a = MUL(@s: float32[] = [0.25], %x)\n"
     "%y = MAXIMUM(%a, %x)\n return %y }",
     "graph g(%x: float32[1,4]) {\n%y = LEAKY_RELU(%x) {alpha=0.25}\n"
     "return %y }"},
    {"a slope over 1 is the other half",
     "graph g(%x: float32[1,4]) {\n"
     "%a = MUL(@s: float32[] = [1.5], %x)\n"
     "%y = MAXIMUM(%a, %x)\n return %y }",
     nullptr},
    {"prelu, subtracted and added, and as Keras writes it",
     "graph g(%x: float32[1,3,2]) {\n"
     "%p = RELU(%x)\n%n = NEG(%x)\n%r = RELU(%n)\n"
     "%m = MUL(@s: float32[1,2] = [0.5,2], %r)\n"
     "%y = SUB(%p, %m)\n"
     "%k = MUL(%r, @t: float32[3,1] = [-0.5,-1,-2])\n"
     "%z = ADD(%k, %p)\n return %y, %z }",
     "graph g(%x: float32[1,3,2]) {\n"
     "%y = PRELU(%x, @s: float32[1,2] = [0.5,2])\n"
     "%z = PRELU(%x, @t/negative: float32[3,1] = [0.5,1,2])\n"
     "return %y, %z }"},
};

TEST(RecognizeActivations, Slopes) {
  ExpectRewrites("recognize_activations", kSlopes);
}

constexpr RewriteRow kProducts[] = {
    {"hard swish as Keras' MobileNetV3 writes it",
     "graph g(%x: float32[1,4]) {\n"
     "%a = ADD(%x, @t: float32[] = [3])\n%b = RELU6(%a)\n"
     "%c = MUL(%b, @s: float32[] = [0.16666667])\n"
     "%y = MUL(%x, %c)\n return %y }",
     "graph g(%x: float32[1,4]) {\n%y = HARD_SWISH(%x)\n return %y }"},
    {"hard swish, divided at the end, relu6 fused",
     "graph g(%x: float32[1,4]) {\n"
     "%a = ADD(@t: float32[] = [3], %x) {fused_activation_function=3}\n"
     "%c = MUL(%a, %x)\n"
     "%y = DIV(%c, @s: float32[] = [6])\n return %y }",
     "graph g(%x: float32[1,4]) {\n%y = HARD_SWISH(%x)\n return %y }"},
    {"gelu's approximation",
     "graph g(%x: float32[1,4]) {\n"
     "%a = POW(%x, @p: float32[] = [3])\n"
     "%b = MUL(@c: float32[] = [0.044715], %a)\n"
     "%d = ADD(%x, %b)\n"
     "%e = MUL(@s: float32[] = [0.7978845608], %d)\n"
     "%f = TANH(%e)\n%g = ADD(@o: float32[] = [1], %f)\n"
     "%h = MUL(@u: float32[] = [0.5], %x)\n%y = MUL(%h, %g)\n return %y }",
     "graph g(%x: float32[1,4]) {\n%y = GELU(%x) {approximate=1}\n"
     "return %y }"},
    {"gelu's approximation with products",
     "graph g(%x: float32[1,4]) {\n"
     "%q = SQUARE(%x)\n%a = MUL(%x, %q)\n"
     "%b = MUL(%a, @c: float32[] = [0.044715])\n"
     "%d = ADD(%b, %x)\n"
     "%e = MUL(%d, @s: float32[] = [0.7978845608])\n"
     "%f = TANH(%e)\n%g = ADD(%f, @o: float32[] = [1])\n"
     "%h = MUL(%x, %g)\n%y = MUL(%h, @u: float32[] = [0.5])\n return %y }",
     "graph g(%x: float32[1,4]) {\n%y = GELU(%x) {approximate=1}\n"
     "return %y }"},
    {"other numbers, and two different x",
     "graph g(%x: float32[1,4], %z: float32[1,4]) {\n"
     "%a = ADD(%x, @t: float32[] = [3])\n%b = RELU6(%a)\n"
     "%c = MUL(%b, @s: float32[] = [0.2])\n%y = MUL(%x, %c)\n"
     "%d = MUL(%b, @u: float32[] = [0.16666667])\n%w = MUL(%z, %d)\n"
     "return %y, %w }",
     nullptr},
};

TEST(RecognizeActivations, Products) {
  ExpectRewrites("recognize_activations", kProducts);
}

}  // namespace liteforge::recognize_activations_test
