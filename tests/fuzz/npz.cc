// SPDX-License-Identifier: Apache-2.0
// Any bytes as an archive of arrays: examples, and weights of a .keras file.
#include "formats/npz/npz.h"

#include "formats/keras/npz_weights.h"
#include "tests/fuzz/scratch_files.h"
#include "tests/fuzz/target.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto path = liteforge_fuzz::WriteScratch("arrays.npz", {data, size});
  (void)liteforge::ReadNpz(path);
  (void)liteforge::ReadNpzWeights(path);
  return 0;
}
