// SPDX-License-Identifier: Apache-2.0
#include "convert/self_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "convert/estimate_work.h"
#include "emit/emit.h"
#include "ir/parse.h"

namespace liteforge::self_check_test {

using testing::HasSubstr;

// Graphs with a signature of the values' names.
ir::Module ModuleOf(const std::string& text) {
  auto graph = ir::Parse(text);
  EXPECT_TRUE(graph) << graph.error().ToString();
  ir::Module module;
  module.graphs.push_back(*std::move(graph));
  ir::Signature signature{"f", 0, {}, {}};
  for (ir::Value* input : module.graphs[0]->inputs())
    signature.inputs.emplace_back(input->name, input);
  for (ir::Value* output : module.graphs[0]->outputs())
    signature.outputs.emplace_back(output->name, output);
  module.signatures.push_back(signature);
  return module;
}

Result<CheckReport> Check(const std::string& source, const std::string& model,
                          bool must_agree = true) {
  SelfCheck check;
  ir::Module from = ModuleOf(source);
  check.RunSource(from);
  return check.Compare(*Emit(ModuleOf(model)), must_agree);
}

constexpr const char* kDouble =
    "graph g(%x: float32[?,4]) {\n"
    "%y = MUL(%x, @c: float32[] = [2])\n return %y }";

TEST(SelfCheck, TheSameInOtherOperators) {
  const auto report = Check(kDouble,
                            "graph g(%x: float32[?,4]) {\n"
                            "%y = ADD(%x, %x)\n return %y }");
  ASSERT_TRUE(report) << report.error().ToString();
  EXPECT_EQ(report->skipped, "");
  EXPECT_EQ(report->output, "y");
  EXPECT_EQ(report->difference, 0);
  EXPECT_GT(report->magnitude, 1);
  EXPECT_LE(report->magnitude, 2);
}

TEST(SelfCheck, AnotherFunctionIsAnError) {
  const char* other =
      "graph g(%x: float32[?,4]) {\n"
      "%y = MUL(%x, @c: float32[] = [2.1])\n return %y }";
  const auto report = Check(kDouble, other);
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, ErrorCode::kInternal);
  EXPECT_THAT(report.error().ToString(),
              AllOf(HasSubstr("self check"), HasSubstr("output 'y'"),
                    HasSubstr("--no-check")));
  // Quantized models may differ: a twentieth of the magnitude is seen.
  const auto seen = Check(kDouble, other, false);
  ASSERT_TRUE(seen);
  EXPECT_NEAR(seen->difference / seen->magnitude, 0.05, 1e-5);
}

TEST(SelfCheck, AModelThatDoesNotRunIsAnError) {
  const auto report =
      Check("graph g(%x: float32[1,4]) {\n%y = NEG(%x)\n return %y }",
            "graph g(%x: float32[1,5]) {\n%y = NEG(%x)\n return %y }");
  EXPECT_FALSE(report);
}

TEST(SelfCheck, NumbersThatAreNoneInTheSourceToo) {
  const auto report = Check(
      "graph g(%x: float32[8]) {\n"
      "%m = MUL(%x, %x)\n%n = NEG(%m)\n%y = LOG(%n)\n return %y }",
      "graph g(%x: float32[8]) {\n"
      "%m = MUL(%x, %x)\n%n = NEG(%m)\n%y = LOG(%n)\n return %y }");
  ASSERT_TRUE(report) << report.error().ToString();
  EXPECT_EQ(report->not_finite, "y");
}

TEST(SelfCheck, WhatCannotBeCheckedSaysWhy) {
  const auto skipped = [](const std::string& text) {
    SelfCheck check;
    ir::Module from = ModuleOf(text);
    check.RunSource(from);
    const auto report = check.Compare({}, true);
    EXPECT_TRUE(report);
    return report ? report->skipped : "";
  };
  EXPECT_THAT(skipped("graph g(%x: int32[1]) {\n"
                      "%y: float32[?] = RANDOM_UNIFORM(%x)\n return %y }"),
              HasSubstr("RANDOM_UNIFORM"));
  EXPECT_THAT(skipped("graph g(%x: float32[1,4096,4096,64]) {\n"
                      "%y = NEG(%x)\n return %y }"),
              HasSubstr("too long"));
}

TEST(EstimateWork, CountsMultiplications) {
  const auto of = [](const std::string& text) {
    return EstimateWork(ModuleOf(text), {2, 8});
  };
  // 2 * 10 outputs of 4 products.
  EXPECT_EQ(of("graph g(%x: float32[?,4]) {\n"
               "%y = FULLY_CONNECTED(%x, @w: float32[10,4], none)\n"
               " return %y }"),
            80);
  // 6 * 6 * 5 outputs of 3 * 3 * 2.
  EXPECT_EQ(of("graph g(%x: float32[1,8,8,2]) {\n"
               "%y = CONV_2D(%x, @w: float32[5,3,3,2], none)"
               " {padding=1 stride_w=1 stride_h=1}\n return %y }"),
            3240);
}

}  // namespace liteforge::self_check_test
