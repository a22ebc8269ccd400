// SPDX-License-Identifier: Apache-2.0
// A kernel's tests cover each of the types it claims. What they run is noted
// by RunKernel; this looks at it when all of them are through. Kernels that
// need an interpreter are tested in runtime/; that every kernel is named by a
// test somewhere is for tests/architecture to see.
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "kernels/claimed_types_testing.h"
#include "kernels/kernel.h"
#include "kernels/kernel_tester.h"

namespace liteforge::all_kernels_test {

void ExpectTypesTested(const std::string& name, const Kernel& kernel) {
  const auto tested = TestedTypes().find(name);
  if (tested == TestedTypes().end()) return;
  for (const auto& [word, type] : ClaimedTypesOf(kernel).types)
    EXPECT_TRUE(tested->second.contains(type))
        << name << " has no test of " << word;
}

// "all" and its kin stand alone, for operators that look at no element.
void ExpectWordsKnown(const std::string& name, const Kernel& kernel) {
  const ClaimedTypes claimed = ClaimedTypesOf(kernel);
  const std::string text = kernel.types;
  EXPECT_TRUE(claimed.unknown.empty() || text == "all")
      << name << " claims " << text;
}

class ClaimedTypesAreTested : public testing::Environment {
 public:
  void TearDown() override {
    const bool all_have_run = GTEST_FLAG_GET(filter) == "*" &&
                              std::getenv("GTEST_TOTAL_SHARDS") == nullptr;
    if (!all_have_run) return;
    for (const Kernel* kernel : AllKernels())
      ExpectTypesTested(std::string(Name(kernel->op)), *kernel);
    for (const CustomKernel* kernel : AllCustomKernels())
      ExpectTypesTested(kernel->name, kernel->kernel);
  }
};

[[maybe_unused]] const auto* const kEnvironment =
    testing::AddGlobalTestEnvironment(new ClaimedTypesAreTested);

TEST(AllKernels, ClaimTypesByTheirWords) {
  for (const Kernel* kernel : AllKernels())
    ExpectWordsKnown(std::string(Name(kernel->op)), *kernel);
  for (const CustomKernel* kernel : AllCustomKernels())
    ExpectWordsKnown(kernel->name, kernel->kernel);
}

TEST(AllKernels, AreSortedAndFound) {
  const Kernel* last = nullptr;
  for (const Kernel* kernel : AllKernels()) {
    EXPECT_TRUE(last == nullptr || last->op < kernel->op) << Name(kernel->op);
    EXPECT_EQ(FindKernel(kernel->op), kernel) << Name(kernel->op);
    last = kernel;
  }
  EXPECT_EQ(FindKernel(Op::kCustom), nullptr);
  for (const CustomKernel* kernel : AllCustomKernels())
    EXPECT_EQ(FindCustomKernel(kernel->name), &kernel->kernel) << kernel->name;
  EXPECT_EQ(FindCustomKernel("Nobody"), nullptr);
}

}  // namespace liteforge::all_kernels_test
