// SPDX-License-Identifier: Apache-2.0
#include "formats/keras/unpacked_member.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "base/try.h"

namespace liteforge {

UnpackedMember::~UnpackedMember() {
  if (file_.get() >= 0) unlink(path_.c_str());
}

Result<void> UnpackedMember::Unpack(const ZipReader& zip,
                                    const std::string& member) {
  std::error_code ignored;
  path_ = std::filesystem::temp_directory_path(ignored) /
          "liteforge-weights-XXXXXX";
  file_.Reset(mkostemp(path_.data(), O_CLOEXEC));
  if (file_.get() < 0) return Failed();
  TRY_ASSIGN(const size_t limit, zip.FairSize(member));
  return zip.Read(member, limit, [&](auto bytes) { return Append(bytes); });
}

Result<void> UnpackedMember::Append(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t done = write(file_.get(), bytes.data(), bytes.size());
    if (done < 0 && errno != EINTR) return Failed();
    if (done > 0) bytes = bytes.subspan(static_cast<size_t>(done));
  }
  return {};
}

tl::unexpected<Error> UnpackedMember::Failed() const {
  return Fail(ErrorCode::kIo,
              "cannot be unpacked to " + path_ + ": " + std::strerror(errno) +
                  "; set TMPDIR to a directory with room for it");
}

}  // namespace liteforge
