// SPDX-License-Identifier: Apache-2.0
// Any text as a frozen graph, .pbtxt.
#include "import/saved_model/import_saved_model.h"
#include "tests/fuzz/scratch_files.h"
#include "tests/fuzz/target.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto file = liteforge_fuzz::WriteScratch("graph.pbtxt", {data, size});
  (void)liteforge::ImportGraph(file, {});
  return 0;
}
