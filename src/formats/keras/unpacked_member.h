// SPDX-License-Identifier: Apache-2.0
// A member of a zip archive as a file of its own in the system's temporary
// directory, gone when this is.
#pragma once

#include <string>

#include "base/descriptor.h"
#include "formats/keras/zip.h"

namespace liteforge {

class UnpackedMember {
 public:
  UnpackedMember() = default;
  UnpackedMember(const UnpackedMember&) = delete;
  UnpackedMember& operator=(const UnpackedMember&) = delete;
  ~UnpackedMember();

  // Once. Errors: kIo, saying how to get room for it; as ZipReader::Read().
  Result<void> Unpack(const ZipReader& zip, const std::string& member);
  const std::string& path() const { return path_; }

 private:
  Result<void> Append(std::span<const std::byte> bytes);
  tl::unexpected<Error> Failed() const;

  std::string path_;
  Descriptor file_;
};

}  // namespace liteforge
