// SPDX-License-Identifier: Apache-2.0
// Any bytes as an array of numpy.
#include "liteforge/npy.h"

#include "tests/fuzz/target.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  (void)liteforge::ParseNpy({reinterpret_cast<const std::byte*>(data), size});
  return 0;
}
