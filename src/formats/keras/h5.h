// SPDX-License-Identifier: Apache-2.0
// Reading HDF5 files safely.
//
// libhdf5 crashes and hangs on damaged files, so it runs in a forked child
// with a memory limit and a deadline; what it finds comes back over a pipe.
// Datasets that lie contiguous and in native byte order are not copied: the
// child reports where they are and the parent maps the file.
#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/blob.h"
#include "liteforge/result.h"
#include "liteforge/types.h"

namespace liteforge {

struct H5Dataset {
  DataType type = DataType::kNone;
  Shape shape;
  Blob data;  // row-major, little-endian
};

// A group. Attributes of text (scalar or list) are kept; others are ignored.
// Soft links are resolved; external links, links that dangle and links back
// to an enclosing group are left out.
struct H5Group {
  std::map<std::string, std::vector<std::string>, std::less<>> attributes;
  std::map<std::string, H5Group, std::less<>> groups;
  std::map<std::string, H5Dataset, std::less<>> datasets;
  // Datasets that are there but were not read, and why: "is of a compound
  // type", "is stored in another file".
  std::map<std::string, std::string, std::less<>> unread;

  // The strings of an attribute; one split into name0, name1, … is joined.
  // Empty when there is none.
  std::vector<std::string> Strings(std::string_view name) const;
  // By path, "a/b/c"; nullptr when absent.
  const H5Group* FindGroup(std::string_view path) const;
  const H5Dataset* FindDataset(std::string_view path) const;
  // Why the dataset at this path was not read; nullptr when it was, or when
  // there is none.
  const std::string* FindUnread(std::string_view path) const;
};

// Whether the bytes of a file are HDF5's: its signature stands at offset 0 or
// at a power of two from 512 on.
bool LooksLikeH5(std::span<const std::byte> bytes);

// The whole tree of a file. `deadline` is how long libhdf5 may take over it;
// without one, 10 s and 1 s more for each 4 MB. The Blobs view the mapped
// file, which must not be shortened while they live. Safe to call from
// several threads (glibc's malloc survives the fork). Errors: kIo;
// kInvalidModel when it is no HDF5 file, is damaged, or libhdf5 crashed or took
// too long over it.
Result<H5Group> ReadH5(
    const std::filesystem::path& path,
    std::optional<std::chrono::milliseconds> deadline = std::nullopt);

// The same for a file that has no name of its own: errors do not give `path`.
Result<H5Group> ReadUnnamedH5(
    const std::filesystem::path& path,
    std::optional<std::chrono::milliseconds> deadline = std::nullopt);

}  // namespace liteforge
