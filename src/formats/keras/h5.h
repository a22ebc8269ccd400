// SPDX-License-Identifier: Apache-2.0
// Reading HDF5 files safely.
//
// libhdf5 crashes and hangs on damaged files, so it runs in a forked child
// with a memory limit and a deadline; what it finds comes back over a pipe.
// Datasets that lie contiguous and in native byte order are not copied: the
// child reports where they are and the parent maps the file.
#pragma once

#include <filesystem>
#include <map>
#include <string>
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
struct H5Group {
  std::map<std::string, std::vector<std::string>, std::less<>> attributes;
  std::map<std::string, H5Group, std::less<>> groups;
  std::map<std::string, H5Dataset, std::less<>> datasets;

  // The strings of an attribute; one split into name0, name1, … is joined.
  // Empty when there is none.
  std::vector<std::string> Strings(std::string_view name) const;
  // By path, "a/b/c"; nullptr when absent.
  const H5Group* FindGroup(std::string_view path) const;
  const H5Dataset* FindDataset(std::string_view path) const;
};

// The whole tree of a file. Errors: kIo; kInvalidModel when it is no HDF5
// file, is damaged, or libhdf5 crashed or took too long over it.
Result<H5Group> ReadH5(const std::filesystem::path& path);

}  // namespace liteforge
