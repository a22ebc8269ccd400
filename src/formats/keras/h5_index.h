// SPDX-License-Identifier: Apache-2.0
// What the child that runs libhdf5 tells its parent about a file: a stream of
// records, each a tag and its fields. The parent trusts none of it, for a
// damaged file may have made libhdf5 write anything anywhere.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/blob.h"
#include "formats/keras/h5.h"
#include "liteforge/result.h"

namespace liteforge {

// Bounds on what one file may describe; a child over them gives up and a
// parent refuses. The largest Keras applications have some 5,000 objects at
// depth 8.
inline constexpr int kMaxH5Objects = 200'000;
inline constexpr int kMaxH5Depth = 64;

// Where the elements of a dataset lie.
enum class H5Place : uint8_t {
  kFile = 0,    // in the file itself, as they are wanted
  kShared = 1,  // in the memory shared with the child, read and converted
};

// Child: sends records down a pipe. Nothing is reported back: a parent that
// has gone ends the child with SIGPIPE.
class H5IndexWriter {
 public:
  explicit H5IndexWriter(int fd) : fd_(fd) {}

  void EnterGroup(std::string_view name);
  void LeaveGroup();
  void Attribute(std::string_view name, const std::vector<std::string>& texts);
  void Dataset(std::string_view name, DataType type,
               const std::vector<uint64_t>& dims, H5Place place,
               uint64_t offset, uint64_t bytes);
  void Unread(std::string_view name, std::string_view why);
  // The last record, one or the other, and everything is sent.
  void Failed(std::string_view why);
  void Done();

 private:
  void Tag(char tag);
  void Number(uint64_t value);
  void Text(std::string_view text);
  void Flush();

  int fd_;
  std::string buffer_;
};

// Parent: rebuilds the tree. `file` is the mapped file and `shared` the
// memory the child wrote, which the datasets will view. Errors: kInvalidModel
// with the child's own complaint ("is damaged: …"), or for records that break
// off or contradict the file.
Result<H5Group> ParseH5Index(std::string_view index, const Blob& file,
                             const Blob& shared);

}  // namespace liteforge
