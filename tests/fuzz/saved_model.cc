// SPDX-License-Identifier: Apache-2.0
// Any bytes as saved_model.pb, without variables: read, and every signature
// flattened to a function.
#include "import/saved_model/import_saved_model.h"
#include "tests/fuzz/scratch_files.h"
#include "tests/fuzz/target.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto file =
      liteforge_fuzz::WriteScratch("saved_model/saved_model.pb", {data, size});
  (void)liteforge::ImportSavedModel(file.parent_path(), {});
  return 0;
}
