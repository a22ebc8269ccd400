// SPDX-License-Identifier: Apache-2.0
// SKIP_GRAM: the selections of words, listed by hand. The first text and its
// answers are also in tflite/kernels/skip_gram_test.cc.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "kernels/kernel_tester.h"

namespace liteforge::skip_gram_test {

using testing::ElementsAre;
using testing::IsEmpty;

KernelCase GramCase(const std::string& text, int ngram, int skip, bool all) {
  KernelCase k{Op::kSkipGram, SkipGramOptions{.ngram_size = ngram,
                                              .max_skip_size = skip,
                                              .include_all_ngrams = all}};
  k.inputs = {KernelTensor::Strings({1}, {text})};
  return k;
}

std::vector<std::string> Grams(const std::string& text, int ngram, int skip,
                               bool all = false) {
  const KernelRun run = RunKernel(GramCase(text, ngram, skip, all));
  EXPECT_TRUE(run.ok()) << run.error;
  const auto strings = run.outputs[0].StringValues();
  EXPECT_EQ(run.shape(), Shape{static_cast<int32_t>(strings.size())});
  return strings;
}

TEST(SkipGram, WordsNextToEachOther) {
  EXPECT_THAT(Grams("a b c d", 1, 0), ElementsAre("a", "b", "c", "d"));
  EXPECT_THAT(Grams("a b c d", 2, 0), ElementsAre("a b", "b c", "c d"));
  EXPECT_THAT(Grams("a b c d", 3, 0), ElementsAre("a b c", "b c d"));
  EXPECT_THAT(Grams("a b c d", 4, 3), ElementsAre("a b c d"));
}

TEST(SkipGram, WordsLeftOutBetween) {
  EXPECT_THAT(Grams("a b c d", 2, 1),
              ElementsAre("a b", "a c", "b c", "b d", "c d"));
  EXPECT_THAT(Grams("a b c d", 2, 2),
              ElementsAre("a b", "a c", "a d", "b c", "b d", "c d"));
  EXPECT_THAT(Grams("a b c d", 3, 1),
              ElementsAre("a b c", "a b d", "a c d", "b c d"));
}

TEST(SkipGram, ShorterOnesToo) {
  EXPECT_THAT(Grams("a b c", 2, 0, true),
              ElementsAre("a b", "a", "b c", "b", "c"));
  EXPECT_THAT(Grams("a b c", 3, 1, true),
              ElementsAre("a b c", "a b", "a c", "a", "b c", "b", "c"));
}

TEST(SkipGram, TooFewWords) {
  EXPECT_THAT(Grams("", 1, 0), IsEmpty());
  EXPECT_THAT(Grams("a b", 3, 0), IsEmpty());
  EXPECT_THAT(Grams("a b", 3, 0, true), IsEmpty());
}

TEST(SkipGram, AnyBlanksBetween) {
  EXPECT_THAT(Grams("hear    me\troar", 2, 0),
              ElementsAre("hear me", "me roar"));
  EXPECT_THAT(Grams("a b ", 1, 0), ElementsAre("a", "b"));
}

TEST(SkipGram, RefusesWhatSelectsNothing) {
  ExpectRefused(GramCase("a", 0, 0, false), "prepare", "ngram_size");
  ExpectRefused(GramCase("a", 1, -1, false), "prepare", "max_skip_size");
  KernelCase k = GramCase("a", 1, 0, false);
  k.inputs = {KernelTensor::Of<int32_t>({1}, {1})};
  ExpectRefused(k, "prepare", "must be a string");
}

}  // namespace liteforge::skip_gram_test
