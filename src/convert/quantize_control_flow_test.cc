// SPDX-License-Identifier: Apache-2.0
// Bodies of loops and branches are calibrated as they run, and quantized.
#include <gtest/gtest.h>

#include "convert/example_testing.h"
#include "quantize/quantize.h"

namespace liteforge::quantize_control_flow_test {

// Quantizes the module and compares what it gives with what it gave.
void ExpectNearFloat(ir::Module module, Op op) {
  const std::vector<float> exact =
      FirstOutput(module, DrawExamples(module, 10, 2, 1));
  const auto calibration = Calibrate(module, DrawExamples(module, 40, 1, 1));
  ASSERT_TRUE(calibration) << calibration.error().ToString();
  QuantizeSettings settings;
  settings.mode = QuantizeMode::kInt8;
  const auto report = Quantize(module, *calibration, settings);
  ASSERT_TRUE(report) << report.error().ToString();
  int quantized = 0;
  for (size_t g = 1; g < module.graphs.size(); ++g) {
    for (const auto& node : module.graphs[g]->nodes())
      quantized += node->op() == op && node->input(0)->type == DataType::kInt8;
  }
  EXPECT_GT(quantized, 0);
  const std::vector<float> got =
      FirstOutput(module, DrawExamples(module, 10, 2, 1));
  ASSERT_EQ(got.size(), exact.size());
  for (size_t i = 0; i < got.size(); ++i)
    ASSERT_NEAR(got[i], exact[i], 0.05) << i;
}

TEST(QuantizeControlFlow, BodiesOfLoops) {
  ExpectNearFloat(
      ModuleOf({"graph main(%x: float32[1,4]) {\n"
                "%n: int32[], %y: float32[1,4] = WHILE(@z: int32[] = [0], %x)"
                " {cond_subgraph_index=1 body_subgraph_index=2}\n return %y }",
                "graph cond(%i: int32[], %v: float32[1,4]) {\n"
                "%c = LESS(%i, @m: int32[] = [3])\n return %c }",
                "graph body(%i: int32[], %v: float32[1,4]) {\n"
                "%j = ADD(%i, @o: int32[] = [1])\n"
                "%f = FULLY_CONNECTED(%v, @w: float32[4,4] = "
                "[0.5,-0.2,0.1,0.3,0.2,0.4,-0.3,0.1,-0.1,0.3,0.6,0.2,0.1,0.2,"
                "0.3,-0.5], @b: float32[4] = [0.1,-0.1,0.2,0])\n"
                "%t = TANH(%f)\n return %j, %t }"}),
      Op::kFullyConnected);
}

TEST(QuantizeControlFlow, BothBranches) {
  ExpectNearFloat(
      ModuleOf({"graph main(%x: float32[1,4]) {\n"
                "%s = SUM(%x, @d: int32[2] = [0,1])\n"
                "%c = GREATER(%s, @z: float32[] = [0])\n"
                "%y: float32[1,4] = IF(%c, %x)"
                " {then_subgraph_index=1 else_subgraph_index=2}\n return %y }",
                "graph then(%v: float32[1,4]) {\n%a = MUL(%v, %v)\n"
                "%b = ADD(%a, %v)\n return %b }",
                "graph else(%v: float32[1,4]) {\n%a = MUL(%v, @k: float32[1,4]"
                " = [1,2,-1,0.5])\n%b = TANH(%a)\n return %b }"}),
      Op::kMul);
}

}  // namespace liteforge::quantize_control_flow_test
