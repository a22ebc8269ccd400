// SPDX-License-Identifier: Apache-2.0
// Any text as the file "checkpoint" of a directory.
#include "formats/tensorflow/find_checkpoint.h"
#include "tests/fuzz/scratch_files.h"
#include "tests/fuzz/target.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto file =
      liteforge_fuzz::WriteScratch("checkpoints/checkpoint", {data, size});
  liteforge_fuzz::WriteScratch("checkpoints/ckpt-1.index", {});
  (void)liteforge::FindCheckpoint(file.parent_path());
  return 0;
}
