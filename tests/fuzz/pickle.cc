// SPDX-License-Identifier: Apache-2.0
// Any bytes as what numpy pickles of a dictionary of arrays.
#include "formats/keras/pickle.h"

#include "tests/fuzz/target.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::span bytes(reinterpret_cast<const std::byte*>(data), size);
  (void)liteforge::ReadPickledArrays(liteforge::Blob::Copy(bytes));
  return 0;
}
