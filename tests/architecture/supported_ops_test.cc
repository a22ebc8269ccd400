// SPDX-License-Identifier: Apache-2.0
// docs/supported_ops.md is made from the list of kernels,
// docs/tensorflow_ops.md from that of lowered operations. When one is stale,
// run this test with LITEFORGE_UPDATE_DOCS=1 and commit the file.
#include <fmt/core.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "emit/op_versions.h"
#include "kernels/claimed_types_testing.h"
#include "kernels/kernel.h"
#include "lower/all_ops.h"
#include "tests/command.h"

namespace {

using liteforge::AllKernels;
using liteforge::DataType;
using liteforge::Kernel;

// "1–8": what the kernel's types can meet of the operator's versions.
std::string Versions(const Kernel& kernel) {
  std::vector<DataType> types;
  for (const auto& claimed : liteforge::ClaimedTypesOf(kernel).types)
    types.push_back(claimed.type);
  const int highest = HighestVersion(kernel.op, types);
  return highest == 1 ? "1" : fmt::format("1–{}", highest);
}

std::string Table() {
  std::string text = fmt::format(
      "# Operators the interpreter runs\n\n"
      "{} of the {} numbers of the TFLite schema, and {} custom operators. "
      "Made from the lists of kernels by a test; do not edit.\n\n"
      "Types are those of the activations: f32 float32, i8 int8 (per tensor "
      "and per channel), u8 uint8, i16 int16 with int8 weights; \"hybrid\" is "
      "float32 activations with int8 weights, \"i4-weights\" and "
      "\"i2-weights\" are weights of 4 and 2 bits.\n\n"
      "| number | operator | versions | types |\n|---|---|---|---|\n",
      AllKernels().size(), liteforge::kOpCount,
      liteforge::AllCustomKernels().size());
  for (const Kernel* kernel : AllKernels()) {
    text += fmt::format("| {} | {} | {} | {} |\n", static_cast<int>(kernel->op),
                        Name(kernel->op), Versions(*kernel), kernel->types);
  }
  text += "\n| custom operator | types |\n|---|---|\n";
  for (const liteforge::CustomKernel* kernel : liteforge::AllCustomKernels())
    text += fmt::format("| {} | {} |\n", kernel->name, kernel->kernel.types);
  return text;
}

// Names by their first letter.
std::string Operations() {
  const auto ops = liteforge::AllTfOps();
  std::string text = fmt::format(
      "# TensorFlow operations that convert\n\n"
      "{} of them, besides Const, Placeholder, calls of functions, Case and "
      "the loops and conditions of TensorFlow 1, which are resolved before. "
      "Made from the list in src/lower/all_ops.cc by a test; do not edit. What "
      "of an operation has no form in TFLite is said in the error.\n",
      ops.size());
  char letter = 0;
  for (const auto* op : ops) {
    text += op->name[0] == letter ? ", " : "\n\n";
    letter = op->name[0];
    text += op->name;
  }
  return text + "\n";
}

void ExpectPage(const std::string& name, const std::string& want) {
  const std::string page = LITEFORGE_SOURCE_DIR "/docs/" + name;
  if (std::getenv("LITEFORGE_UPDATE_DOCS") != nullptr)
    std::ofstream(page) << want;
  EXPECT_EQ(liteforge_tests::ReadText(page), want)
      << "run again with LITEFORGE_UPDATE_DOCS=1 and commit " << page;
}

TEST(SupportedOps, PagesAgreeWithTheLists) {
  ExpectPage("supported_ops.md", Table());
  ExpectPage("tensorflow_ops.md", Operations());
}

}  // namespace
