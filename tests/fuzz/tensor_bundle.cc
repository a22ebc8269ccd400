// SPDX-License-Identifier: Apache-2.0
// Any entries of a checkpoint's index, over 256 bytes of one shard:
//   entries   tf.SavedModel-like list: for each, its length in one byte, and a
//             BundleEntryProto or, for the first, the BundleHeaderProto
// The table around them is written here, since its checksums keep a fuzzer from
// getting through.
#include "formats/tensorflow/tensor_bundle.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <vector>

#include "formats/tensorflow/write_tensor_bundle.h"
#include "tests/fuzz/scratch_files.h"
#include "tests/fuzz/target.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::map<std::string, std::string> rows;
  for (size_t at = 0; at < size && rows.size() < 16;) {
    const size_t length = std::min<size_t>(data[at], size - at - 1);
    const std::string name = rows.empty() ? "" : std::to_string(rows.size());
    rows[name].assign(reinterpret_cast<const char*>(data) + at + 1, length);
    at += 1 + length;
  }
  const std::string table = liteforge::WriteSortedTable(rows);
  std::vector<uint8_t> shard(256);
  std::iota(shard.begin(), shard.end(), uint8_t{0});
  const auto index = liteforge_fuzz::WriteScratch(
      "bundle/variables.index",
      {reinterpret_cast<const uint8_t*>(table.data()), table.size()});
  liteforge_fuzz::WriteScratch("bundle/variables.data-00000-of-00001", shard);
  const auto bundle =
      liteforge::TensorBundle::Open(index.parent_path() / "variables");
  if (!bundle) return 0;
  for (const std::string& name : bundle->Names()) {
    (void)bundle->Describe(name);
    (void)bundle->Read(name);
    (void)bundle->ReadStrings(name);
  }
  return 0;
}
