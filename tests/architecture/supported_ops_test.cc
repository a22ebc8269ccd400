// SPDX-License-Identifier: Apache-2.0
// docs/supported_ops.md is made from the list of kernels. When it is stale,
// run this test with LITEFORGE_UPDATE_DOCS=1 and commit the file.
#include <fmt/core.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <string>

#include "kernels/kernel.h"
#include "tests/command.h"

namespace {

using liteforge::AllKernels;
using liteforge::Kernel;

std::string Table() {
  std::string text = fmt::format(
      "# Operators the interpreter runs\n\n"
      "{} of the {} numbers of the TFLite schema. Made from the list of "
      "kernels by a test; do not edit.\n\n"
      "Types are those of the activations: f32 float32, i8 int8 (per tensor "
      "and per channel), u8 uint8, i16 int16 with int8 weights; \"hybrid\" is "
      "float32 activations with int8 weights.\n\n"
      "| number | operator | types |\n|---|---|---|\n",
      AllKernels().size(), liteforge::kOpCount);
  for (const Kernel* kernel : AllKernels()) {
    text += fmt::format("| {} | {} | {} |\n", static_cast<int>(kernel->op),
                        Name(kernel->op), kernel->types);
  }
  return text;
}

TEST(SupportedOps, PageAgreesWithTheKernels) {
  const std::string page = LITEFORGE_SOURCE_DIR "/docs/supported_ops.md";
  if (std::getenv("LITEFORGE_UPDATE_DOCS") != nullptr) {
    std::ofstream(page) << Table();
  }
  EXPECT_EQ(liteforge_tests::ReadText(page), Table())
      << "run again with LITEFORGE_UPDATE_DOCS=1 and commit " << page;
}

}  // namespace
