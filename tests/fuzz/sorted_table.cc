// SPDX-License-Identifier: Apache-2.0
// Any bytes as a LevelDB table.
#include "formats/tensorflow/sorted_table.h"

#include <span>

#include "tests/fuzz/target.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  (void)liteforge::ReadSortedTable(std::as_bytes(std::span(data, size)));
  return 0;
}
