// SPDX-License-Identifier: Apache-2.0
// Any text as a recipe of modes.
#include "convert/recipe.h"

#include "tests/fuzz/scratch_files.h"
#include "tests/fuzz/target.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto file = liteforge_fuzz::WriteScratch("recipe.json", {data, size});
  (void)liteforge::ReadRecipe(file);
  return 0;
}
