// SPDX-License-Identifier: Apache-2.0
// Any text as pipeline.config; what can be built of it asks an empty directory
// for its variables.
#include "import/detection/import_detection.h"
#include "tests/fuzz/scratch_files.h"
#include "tests/fuzz/target.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto file =
      liteforge_fuzz::WriteScratch("pipeline/pipeline.config", {data, size});
  (void)liteforge::ImportDetection(file, file.parent_path(), {});
  return 0;
}
