// SPDX-License-Identifier: Apache-2.0
// Classifiers whose scores are their input.
#include "convert/evaluate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "convert/example_testing.h"

namespace liteforge::evaluate_test {

using testing::HasSubstr;

constexpr int32_t kClasses = 7;

class EvaluateBytesTest : public testing::Test {
 protected:
  Result<Evaluation> Evaluate(const EvaluateOptions& options = {}) const {
    return EvaluateBytes({"model", model_}, folder_.path(), options);
  }
  // An example for each list, as the highest score, the next, and so on.
  void WriteExamples(const std::string& file,
                     const std::vector<std::vector<int>>& best) const {
    std::vector<float> values;
    for (const auto& order : best) {
      std::vector<float> scores(kClasses, -1);
      for (size_t i = 0; i < order.size(); ++i)
        scores[static_cast<size_t>(order[i])] = 10 - static_cast<float>(i);
      values.insert(values.end(), scores.begin(), scores.end());
    }
    folder_.Write(file, {static_cast<int32_t>(best.size()), kClasses}, values);
  }
  void WriteLabels(const std::vector<int64_t>& labels) const {
    folder_.Write("labels.npy", {static_cast<int32_t>(labels.size())}, labels);
  }
  void ExpectError(const std::string& text,
                   const EvaluateOptions& options = {}) const {
    const auto evaluation = Evaluate(options);
    ASSERT_FALSE(evaluation);
    EXPECT_THAT(evaluation.error().ToString(), HasSubstr(text));
  }

  ExampleFolder folder_;
  std::vector<std::byte> model_ = EmittedBytes(
      ModuleOf({"graph main(%x: float32[1,7]) {\n"
                "%y = MUL(%x, @k: float32[] = [2])\n return %y }"}));
};

TEST_F(EvaluateBytesTest, CountsFirstAndAmongTheFirstFive) {
  WriteExamples("examples.npy", {{0, 1, 2, 3, 4},
                                 {1, 0, 2, 3, 4},
                                 {2, 3, 4, 5, 0, 1},
                                 {6, 5, 4, 3, 2, 1, 0}});
  WriteLabels({0, 0, 1, 3});
  const auto e = Evaluate();
  ASSERT_TRUE(e) << e.error().ToString();
  EXPECT_FALSE(e->is_detector);
  EXPECT_EQ(e->examples, 4);
  EXPECT_EQ(e->top1, 0.25);  // the first one alone
  EXPECT_EQ(e->top5, 0.75);  // the third has 1 in the sixth place
  ASSERT_EQ(e->classes.size(), 3u);
  EXPECT_EQ(e->classes[0].name, "0");
  EXPECT_EQ(e->classes[0].examples, 2);
  EXPECT_EQ(e->classes[0].right, 1);
  EXPECT_EQ(e->classes[1].right, 0);
}

// Scores that are all alike put the first class first.
TEST_F(EvaluateBytesTest, TiesGoToTheFirst) {
  folder_.Write("examples.npy", {2, kClasses},
                std::vector<float>(2 * kClasses, 0.5f));
  WriteLabels({0, 1});
  const auto e = Evaluate();
  ASSERT_TRUE(e) << e.error().ToString();
  EXPECT_EQ(e->top1, 0.5);
  EXPECT_EQ(e->top5, 1.0);
}

TEST_F(EvaluateBytesTest, FoldersAreClassesByNumberOrByLabel) {
  WriteExamples("2/a.npy", {{2}, {3}});
  WriteExamples("5/a.npy", {{5}});
  const auto numbered = Evaluate();
  ASSERT_TRUE(numbered) << numbered.error().ToString();
  EXPECT_EQ(numbered->examples, 3);
  EXPECT_NEAR(numbered->top1, 2.0 / 3, 1e-12);
  ASSERT_EQ(numbered->classes.size(), 2u);
  EXPECT_EQ(numbered->classes[1].name, "5");

  // Names count up from 0 in their order; labels say otherwise.
  const ExampleFolder names;
  const auto evaluate = [&](const EvaluateOptions& options) {
    return EvaluateBytes({"model", model_}, names.path(), options);
  };
  names.Write("cat/a.npy", {1, 7}, std::vector<float>{0, 1, 0, 0, 0, 0, 0});
  names.Write("dog/a.npy", {1, 7}, std::vector<float>{1, 0, 0, 0, 0, 0, 0});
  const auto sorted = evaluate({});
  ASSERT_TRUE(sorted) << sorted.error().ToString();
  EXPECT_EQ(sorted->top1, 0);
  EvaluateOptions options;
  options.labels = folder_.path() / "labels.txt";
  std::ofstream(options.labels) << "dog\ncat\n";
  const auto labelled = evaluate(options);
  ASSERT_TRUE(labelled) << labelled.error().ToString();
  EXPECT_EQ(labelled->top1, 1);
  std::ofstream(options.labels) << "dog\nbird\n";
  const auto unknown = evaluate(options);
  ASSERT_FALSE(unknown);
  EXPECT_THAT(unknown.error().message,
              HasSubstr("folder 'cat' is no line of the labels"));
}

TEST_F(EvaluateBytesTest, DataSetsThatDoNotFitAreNamed) {
  ExpectError("holds neither a folder for each class nor examples.npy");
  WriteExamples("examples.npy", {{0}, {1}});
  WriteLabels({0});
  ExpectError("examples.npy holds 2 examples, labels.npy 1 labels");
  WriteLabels({0, 9});
  ExpectError("class 9 is none of the model's 7");
  EvaluateOptions options;
  options.labels = folder_.path() / "none.txt";
  ExpectError("none.txt", options);
}

TEST_F(EvaluateBytesTest, ModelsThatDoNotClassifyAreNamed) {
  WriteExamples("examples.npy", {{0}});
  WriteLabels({0});
  model_ = EmittedBytes(
      ModuleOf({"graph main(%x: float32[1,7], %z: float32[1,7]) {\n"
                "%y = ADD(%x, %z)\n return %y }"}));
  ExpectError("model: has 2 inputs; only models of one are evaluated");
  model_ =
      EmittedBytes(ModuleOf({"graph main(%x: float32[1,7]) {\n"
                             "%y = SUM(%x, @a: int32[] = [1])\n return %y }"}));
  ExpectError("output 'y' holds no scores of classes");
}

}  // namespace liteforge::evaluate_test
