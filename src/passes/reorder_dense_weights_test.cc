// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "passes/rewrite_testing.h"

namespace liteforge::reorder_dense_weights_test {

constexpr RewriteRow kRows[] = {
    // Behind the TRANSPOSE an example is c0: 00 01 10 11, c1: 00 01 10 11.
    {"weights in the order of channels last",
     "graph g(%x: float32[1,2,2,2]) {\n"
     "%a = TRANSPOSE(%x, @p: int32[4] = [0,3,1,2])\n"
     "%f = RESHAPE(%a, @s: int32[2] = [1,8])\n"
     "%y = FULLY_CONNECTED(%f, @w: float32[1,8] = [1,2,3,4,5,6,7,8], none)\n"
     " return %y }",
     "graph g(%x: float32[1,2,2,2]) {\n"
     "%f = RESHAPE(%x, @s: int32[2] = [1,8])\n"
     "%y = FULLY_CONNECTED(%f, @w: float32[1,8] = [1,5,2,6,3,7,4,8], none)\n"
     " return %y }"},
    {"an open batch",
     "graph g(%x: float32[?,1,2,2]) {\n"
     "%a = TRANSPOSE(%x, @p: int32[4] = [0,3,1,2])\n"
     "%f = RESHAPE(%a, @s: int32[2] = [-1,4])\n"
     "%y = FULLY_CONNECTED(%f, @w: float32[1,4] = [1,2,3,4], none)\n"
     " return %y }",
     "graph g(%x: float32[?,1,2,2]) {\n"
     "%f = RESHAPE(%x, @s: int32[2] = [-1,4])\n"
     "%y = FULLY_CONNECTED(%f, @w: float32[1,4] = [1,3,2,4], none)\n"
     " return %y }"},
    {"somebody else reads it",
     "graph g(%x: float32[1,2,2,2]) {\n"
     "%a = TRANSPOSE(%x, @p: int32[4] = [0,3,1,2])\n"
     "%f = RESHAPE(%a, @s: int32[2] = [1,8])\n"
     "%y = FULLY_CONNECTED(%f, @w: float32[1,8] = [1,2,3,4,5,6,7,8], none)\n"
     " return %y, %f }",
     nullptr},
    {"the batch is moved",
     "graph g(%x: float32[2,2,2]) {\n"
     "%a = TRANSPOSE(%x, @p: int32[3] = [1,0,2])\n"
     "%f = RESHAPE(%a, @s: int32[2] = [2,4])\n"
     "%y = FULLY_CONNECTED(%f, @w: float32[1,4] = [1,2,3,4], none)\n"
     " return %y }",
     nullptr},
    {"rows of another length",
     "graph g(%x: float32[1,2,2,2]) {\n"
     "%a = TRANSPOSE(%x, @p: int32[4] = [0,3,1,2])\n"
     "%f = RESHAPE(%a, @s: int32[2] = [2,4])\n"
     "%y = FULLY_CONNECTED(%f, @w: float32[1,4] = [1,2,3,4], none)\n"
     " return %y }",
     nullptr},
};

TEST(ReorderDenseWeights, TakesTransposesIn) {
  ExpectRewrites("reorder_dense_weights", kRows);
}

}  // namespace liteforge::reorder_dense_weights_test
