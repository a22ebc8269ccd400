// SPDX-License-Identifier: Apache-2.0
#include "convert/calibrate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "convert/example_testing.h"

namespace liteforge::calibrate_test {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* kSquare =
    "graph square(%x: float32[1,2]) {\n"
    "%s = MUL(%x, %x)\n%y = ADD(%s, @k: float32[] = [1])\n return %y }";
constexpr const char* kTwice =
    "graph twice(%x: float32[1,2]) {\n%y = ADD(%x, %x)\n return %y }";

RepresentativeDataset Pairs(const std::vector<std::vector<float>>& pairs) {
  std::vector<NpyArray> arrays;
  for (const auto& pair : pairs) arrays.push_back(ExampleArray({1, 2}, pair));
  return ExamplesOf(std::move(arrays));
}

ValueRange RangeSeen(const Calibration& calibration, const std::string& graph,
                     const std::string& value) {
  const Statistics* s = calibration.Find(graph, value);
  EXPECT_NE(s, nullptr) << graph << "/" << value;
  return s == nullptr ? ValueRange() : s->Range(CalibrationMethod::kMinMax);
}

TEST(Calibrate, SeesEveryTensorOfEveryExample) {
  const ir::Module module = ModuleOf({kSquare});
  std::vector<size_t> finished;
  const auto seen = Calibrate(module, Pairs({{1, 2}, {-3, 0.5f}}),
                              [&](size_t count) { finished.push_back(count); });
  ASSERT_TRUE(seen) << seen.error().ToString();
  EXPECT_EQ(RangeSeen(*seen, "square", "x"), (ValueRange{-3, 2}));
  EXPECT_EQ(RangeSeen(*seen, "square", "s"), (ValueRange{0, 9}));
  EXPECT_EQ(RangeSeen(*seen, "square", "y"), (ValueRange{0, 10}));
  EXPECT_EQ(seen->Find("square", "y")->examples, 2);
  EXPECT_THAT(finished, ElementsAre(1u, 2u));
}

TEST(Calibrate, SeesTheSignatureThatWasAskedFor) {
  ir::Module module = ModuleOf({kSquare, kTwice});
  SignEveryGraph(module);
  const auto seen = Calibrate(module, Pairs({{4, 5}}), {}, 1);
  ASSERT_TRUE(seen) << seen.error().ToString();
  EXPECT_EQ(RangeSeen(*seen, "twice", "y"), (ValueRange{0, 10}));
  EXPECT_FALSE(seen->Knows("square"));
  EXPECT_EQ(InputsOf(module, 1)[0].name, "x");
}

// 1, 2, 4, 8: each turn of a loop counts.
TEST(Calibrate, SeesEveryTurnOfALoop) {
  const ir::Module module =
      ModuleOf({"graph main(%x: float32[1,2]) {\n"
                "%n: int32[], %y: float32[1,2] = WHILE(@z: int32[] = [0], %x)"
                " {cond_subgraph_index=1 body_subgraph_index=2}\n return %y }",
                "graph cond(%i: int32[], %v: float32[1,2]) {\n"
                "%c = LESS(%i, @m: int32[] = [3])\n return %c }",
                "graph body(%i: int32[], %v: float32[1,2]) {\n"
                "%j = ADD(%i, @o: int32[] = [1])\n"
                "%d = ADD(%v, %v)\n return %j, %d }"});
  const auto seen = Calibrate(module, Pairs({{1, -1}}));
  ASSERT_TRUE(seen) << seen.error().ToString();
  EXPECT_EQ(RangeSeen(*seen, "body", "d"), (ValueRange{-8, 8}));
  EXPECT_EQ(seen->Find("body", "d")->examples, 3);
}

TEST(Calibrate, WhatIsNoNumberIsNamed) {
  const ir::Module module =
      ModuleOf({"graph main(%x: float32[1,2]) {\n%l = LOG(%x)\n return %l }"});
  const auto negative = Calibrate(module, Pairs({{1, 2}, {1, -1}}));
  ASSERT_FALSE(negative);
  EXPECT_THAT(negative.error().ToString(),
              HasSubstr("example 1: tensor 'l': holds values that are not "
                        "finite numbers"));
  const auto infinite =
      Calibrate(module, Pairs({{1, std::numeric_limits<float>::infinity()}}));
  ASSERT_FALSE(infinite);
  EXPECT_THAT(infinite.error().ToString(), HasSubstr("example 0: tensor 'x'"));
}

TEST(Calibrate, ExamplesThatDoNotFitAreNamed) {
  const ir::Module module = ModuleOf({kTwice});
  const auto none = Calibrate(module, Pairs({}));
  ASSERT_FALSE(none);
  EXPECT_THAT(none.error().message, HasSubstr("holds no example"));
  const auto wide =
      Calibrate(module, ExamplesOf({ExampleArray<float>({1, 3}, {1, 2, 3})}));
  ASSERT_FALSE(wide);
  EXPECT_THAT(wide.error().ToString(), HasSubstr("example 0: "));
}

// What a module gives now beside what it gave with other constants.
TEST(RunExamplePairs, ShowsBoth) {
  ir::Module module =
      ModuleOf({kTwice,
                "graph scaled(%x: float32[1,2]) {\n"
                "%y = MUL(%x, @k: float32[1,2] = [2,3])\n return %y }"});
  SignEveryGraph(module);
  const auto before = EmittedBytes(module);
  module.graphs[1]->nodes()[0]->input(1)->SetConstant(
      Blob::Own(std::vector<float>{-1, 10}));
  std::vector<float> now, was;
  const auto values = [](const ObservedTensor& tensor) {
    const auto* first = reinterpret_cast<const float*>(tensor.data.data());
    return std::vector<float>(first, first + tensor.shape.elements());
  };
  const auto ran = RunExamplePairs(
      module, before, Pairs({{1, 1}, {2, 3}}),
      [](const ir::Graph& graph, std::string_view name) {
        return graph.name == "scaled" && name == "y";
      },
      [&](const ir::Graph&, const ObservedTensor& a,
          const ObservedTensor& b) -> Result<void> {
        now = values(a);
        was = values(b);
        return {};
      },
      {}, 1);
  ASSERT_TRUE(ran) << ran.error().ToString();
  EXPECT_THAT(now, ElementsAre(-2, 30));
  EXPECT_THAT(was, ElementsAre(4, 9));
}

}  // namespace liteforge::calibrate_test
