// SPDX-License-Identifier: Apache-2.0
// Any text as annotations in COCO's format.
#include "data/coco.h"

#include "tests/fuzz/target.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  (void)liteforge::ParseCoco({reinterpret_cast<const char*>(data), size});
  return 0;
}
