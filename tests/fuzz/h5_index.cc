// SPDX-License-Identifier: Apache-2.0
// Any bytes as what the child that reads HDF5 sends back: a damaged file may
// have made it send anything.
#include "formats/keras/h5_index.h"

#include <span>
#include <string_view>

#include "tests/fuzz/target.h"

namespace {

unsigned Visit(const liteforge::H5Group& group) {
  unsigned sum = 0;
  for (const auto& [name, dataset] : group.datasets) {
    for (const std::byte b : dataset.data.bytes())
      sum += std::to_integer<unsigned>(b);
  }
  for (const auto& [name, child] : group.groups) sum += Visit(child);
  return sum;
}

}  // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view index(reinterpret_cast<const char*>(data), size);
  const liteforge::Blob file =
      liteforge::Blob::Copy(std::as_bytes(std::span(data, size)));
  if (const auto tree = liteforge::ParseH5Index(index, file, file)) {
    volatile unsigned read = Visit(*tree);  // so that the reads happen
    (void)read;
  }
  return 0;
}
