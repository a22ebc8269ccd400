// SPDX-License-Identifier: Apache-2.0
// Any bytes as a frozen graph, .pb: read, flattened, lowered, rewritten and
// emitted.
#include "convert/compile.h"
#include "import/saved_model/import_saved_model.h"
#include "tests/fuzz/scratch_files.h"
#include "tests/fuzz/target.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto file = liteforge_fuzz::WriteScratch("graph.pb", {data, size});
  if (const auto function = liteforge::ImportGraph(file, {}))
    (void)liteforge::Compile(*function, true);
  return 0;
}
