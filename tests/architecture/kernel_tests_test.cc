// SPDX-License-Identifier: Apache-2.0
// Every kernel is named by a test: a builtin one as Op::kAdd, a custom one by
// its name in quotes. That the tests cover its types too is for
// kernels/all_kernels_test.cc to see.
#include <gtest/gtest.h>

#include <filesystem>
#include <regex>
#include <set>
#include <string>

#include "kernels/kernel.h"
#include "tests/command.h"

namespace {

namespace fs = std::filesystem;
using liteforge::Op;

// "Op::kAdd"
std::string Spelling(Op op) {
  switch (op) {
#define OP(number, SCHEMA_NAME, kEnumerator, Options) \
  case Op::kEnumerator:                               \
    return "Op::" #kEnumerator;
#include "ops/ops.def"
#undef OP
  }
  return "";
}

// Every Op::k… and every "…" of the tests in these folders.
std::set<std::string> WordsOfTests() {
  const std::regex word("Op::k\\w+|\"\\w+\"");
  std::set<std::string> words;
  for (const char* folder : {"kernels", "runtime"}) {
    for (const auto& entry : fs::recursive_directory_iterator(
             fs::path(LITEFORGE_SOURCE_DIR) / "src" / folder)) {
      const std::string name = entry.path().filename().string();
      if (!name.ends_with("_test.cc") && !name.ends_with("_testing.h"))
        continue;
      const std::string text = liteforge_tests::ReadText(entry.path());
      for (std::sregex_iterator match(text.begin(), text.end(), word), end;
           match != end; ++match)
        words.insert(match->str());
    }
  }
  return words;
}

TEST(KernelTests, NameEveryKernel) {
  const std::set<std::string> words = WordsOfTests();
  for (const liteforge::Kernel* kernel : liteforge::AllKernels())
    EXPECT_TRUE(words.contains(Spelling(kernel->op)))
        << Name(kernel->op) << " has no test";
  for (const liteforge::CustomKernel* kernel : liteforge::AllCustomKernels())
    EXPECT_TRUE(words.contains('"' + std::string(kernel->name) + '"'))
        << kernel->name << " has no test";
}

}  // namespace
