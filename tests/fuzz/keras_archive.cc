// SPDX-License-Identifier: Apache-2.0
// Any bytes as a .keras archive.
#include "formats/keras/keras_file.h"
#include "tests/fuzz/scratch_files.h"
#include "tests/fuzz/target.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  (void)liteforge::ReadKerasArchive(
      liteforge_fuzz::WriteScratch("model.keras", {data, size}));
  return 0;
}
