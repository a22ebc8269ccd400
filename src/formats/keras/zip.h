// SPDX-License-Identifier: Apache-2.0
// Members of a zip archive, through libzip. Sizes that the archive claims are
// not believed: what a member holds is read piece by piece.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "liteforge/result.h"

struct zip;

namespace liteforge {

class ZipReader {
 public:
  // Errors: kIo, kInvalidModel for what is no archive or a damaged one; they
  // do not name the archive.
  static Result<ZipReader> Open(const std::filesystem::path& path);

  bool Has(const std::string& member) const;
  // The names of all members, in the archive's order.
  std::vector<std::string> Members() const;

  // The member's bytes, in order, piece by piece; its checksum is checked at
  // the end. Errors: kInvalidModel, naming the member, when it is missing,
  // damaged, encrypted or compressed by an unknown method, or when it grows
  // past `limit`; and whatever `take` returns.
  Result<void> Read(
      const std::string& member, size_t limit,
      const std::function<Result<void>(std::span<const std::byte>)>& take)
      const;

  // A member as text.
  Result<std::string> ReadText(const std::string& member, size_t limit) const;

  // The most a member may hold: what its compressed bytes can expand to when
  // they are weights, not a trap.
  Result<size_t> FairSize(const std::string& member) const;

 private:
  explicit ZipReader(std::shared_ptr<zip> archive)
      : archive_(std::move(archive)) {}
  std::shared_ptr<zip> archive_;
};

}  // namespace liteforge
