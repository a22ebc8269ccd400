// SPDX-License-Identifier: Apache-2.0
#include "quantize/shape_only.h"

#include <gtest/gtest.h>

#include "ir/parse.h"

namespace liteforge::shape_only_test {

// States of zero as a converted LSTM's: of the input's batch, which is not
// known before it runs.
TEST(ShapeOnly, StatesOfZero) {
  const auto graph = ir::Parse(
      "graph main(%x: float32[?,4,3]) {\n"
      "%s = SLICE(%x, @b: int32[3] = [0,0,0], @n: int32[3] = [-1,1,1])\n"
      "%z = ZEROS_LIKE(%s)\n"
      "%h = ADD(%z, @r: float32[1,1,2] = [0,0])\n"
      "%o = ADD(%z, @q: float32[1,1,2] = [0,1])\n"
      "%a = ADD(%x, %x)\n return %h, %o, %a }");
  ASSERT_TRUE(graph) << graph.error().ToString();
  const std::vector<ir::Node*> nodes = (*graph)->Nodes();
  ASSERT_EQ(nodes.size(), 5u);
  const bool only_shapes[] = {true, true, true, false, false};
  const bool zero[] = {false, true, true, false, false};
  for (size_t i = 0; i < nodes.size(); ++i) {
    EXPECT_EQ(IsOfShapesOnly(*nodes[i]), only_shapes[i]) << i;
    EXPECT_EQ(IsAlwaysZero(*nodes[i]->output()), zero[i]) << i;
  }
}

}  // namespace liteforge::shape_only_test
