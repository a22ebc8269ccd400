// SPDX-License-Identifier: Apache-2.0
// TensorFlow's checkpoints: PREFIX.index, a sorted table of what is there, and
// PREFIX.data-00000-of-00003 …, the shards with the bytes.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/blob.h"
#include "formats/tensorflow/checkpoint.pb.h"
#include "liteforge/result.h"
#include "liteforge/types.h"

namespace liteforge {

struct StoredTensor {
  DataType type = DataType::kNone;
  Shape shape;
  Blob data;  // row-major, little-endian; lies in the mapped shard
};

// An opened checkpoint; a value, cheap to copy once open. Errors of Read and
// ReadStrings name file and tensor: kInvalidModel when the tensor is not
// there, its bytes are not where the index says, have another size than its
// shape, or a wrong checksum.
class TensorBundle {
 public:
  // `prefix` is the path without ".index". Shards are opened when they are
  // read. Errors: kIo, kInvalidModel; kUnsupported for a big-endian one.
  static Result<TensorBundle> Open(const std::filesystem::path& prefix);

  // Names of tensors, sorted; the pieces of partitioned ones are left out.
  std::vector<std::string> Names() const;
  bool Contains(std::string_view name) const;

  // Type and shape alone.
  Result<StoredTensor> Describe(std::string_view name) const;
  // A partitioned tensor is put together. kUnsupported for types without a
  // fixed width.
  Result<StoredTensor> Read(std::string_view name) const;
  // The elements of a string tensor.
  Result<std::vector<std::string>> ReadStrings(std::string_view name) const;

 private:
  Result<const tf::BundleEntryProto*> Find(std::string_view name) const;
  Result<Blob> BytesOf(const tf::BundleEntryProto& entry) const;
  std::filesystem::path ShardPath(int32_t shard) const;
  Result<Blob> Shard(int32_t shard) const;
  Result<StoredTensor> ReadEntry(std::string_view name,
                                 const tf::BundleEntryProto& entry) const;
  Result<Blob> Assemble(std::string_view name,
                        const tf::BundleEntryProto& entry,
                        const StoredTensor& whole) const;

  std::filesystem::path prefix_;
  int32_t shards_ = 0;
  std::map<std::string, tf::BundleEntryProto, std::less<>> entries_;
  mutable std::map<int32_t, Blob> mapped_;
};

}  // namespace liteforge
