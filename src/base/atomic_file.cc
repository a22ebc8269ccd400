// SPDX-License-Identifier: Apache-2.0
// dir/.name.PID.N.tmp is created with O_EXCL, filled, fsynced and renamed to
// dir/name; then the directory is fsynced, so that the new name survives a
// crash too.
#include "base/atomic_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <string>
#include <system_error>

#include "base/try.h"

namespace liteforge {
namespace {

namespace fs = std::filesystem;

Error WriteError(const fs::path& path, const std::string& reason) {
  return Error{ErrorCode::kIo, "cannot be written: " + reason, path.string()};
}

Error WriteError(const fs::path& path, int number) {
  return WriteError(path, std::string(std::strerror(number)));
}

// The file being made; removed again unless it was renamed.
class TemporaryFile {
 public:
  TemporaryFile() = default;
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  ~TemporaryFile() {
    if (fd_ >= 0) close(fd_);
    if (!path_.empty()) unlink(path_.c_str());
  }

  // These return 0 or an errno.
  int CreateBeside(const fs::path& target);
  int Write(std::span<const std::byte> bytes);
  int SyncAndClose();
  int RenameTo(const fs::path& target);

 private:
  int fd_ = -1;
  fs::path path_;
};

int TemporaryFile::CreateBeside(const fs::path& target) {
  static std::atomic<unsigned> counter{0};
  constexpr size_t kMaxStem = 200;  // the whole name must stay below NAME_MAX
  const std::string stem = target.filename().string().substr(0, kMaxStem);
  for (int attempt = 0; attempt < 1000; ++attempt) {
    const fs::path candidate =
        target.parent_path() / ("." + stem + "." + std::to_string(getpid()) +
                                "." + std::to_string(counter++) + ".tmp");
    fd_ =
        open(candidate.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd_ >= 0) {
      path_ = candidate;
      return 0;
    }
    if (errno != EEXIST) return errno;
  }
  return EEXIST;
}

int TemporaryFile::Write(std::span<const std::byte> bytes) {
  constexpr size_t kMaxWrite = size_t{1} << 30;  // write() takes < 2 GiB
  while (!bytes.empty()) {
    const ssize_t written =
        write(fd_, bytes.data(), std::min(bytes.size(), kMaxWrite));
    if (written < 0) {
      if (errno == EINTR) continue;
      return errno;
    }
    bytes = bytes.subspan(static_cast<size_t>(written));
  }
  return 0;
}

int TemporaryFile::SyncAndClose() {
  if (fsync(fd_) != 0) return errno;
  const int fd = fd_;
  fd_ = -1;
  return close(fd) == 0 ? 0 : errno;
}

int TemporaryFile::RenameTo(const fs::path& target) {
  if (rename(path_.c_str(), target.c_str()) != 0) return errno;
  path_.clear();
  return 0;
}

// Best effort: some file systems refuse to sync a directory, and the data is
// complete either way.
void SyncDirectory(const fs::path& directory) {
  const fs::path& name = directory.empty() ? fs::path(".") : directory;
  const int fd = open(name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return;
  (void)fsync(fd);
  close(fd);
}

// A link is followed, so that it stays a link. A directory or a device
// (renaming onto /dev/null would replace it) is refused.
Result<fs::path> FinalPath(const fs::path& path) {
  std::error_code error;
  if (!path.has_filename())
    return tl::unexpected(WriteError(path, "is not a file name"));
  const fs::file_status status = fs::status(path, error);
  if (fs::exists(status) && !fs::is_regular_file(status))
    return tl::unexpected(WriteError(path, "is not a regular file"));
  if (!fs::is_symlink(path, error) || !fs::exists(status)) return path;
  const fs::path real = fs::canonical(path, error);
  if (error) return tl::unexpected(WriteError(path, error.value()));
  return real;
}

}  // namespace

Result<void> WriteFileAtomically(
    const fs::path& path, std::span<const std::span<const std::byte>> pieces) {
  TRY_ASSIGN(const fs::path target, FinalPath(path));
  TemporaryFile file;
  int number = file.CreateBeside(target);
  for (size_t i = 0; number == 0 && i < pieces.size(); ++i)
    number = file.Write(pieces[i]);
  if (number == 0) number = file.SyncAndClose();
  if (number == 0) number = file.RenameTo(target);
  if (number != 0) return tl::unexpected(WriteError(path, number));
  SyncDirectory(target.parent_path());
  return {};
}

Result<void> WriteFileAtomically(const fs::path& path,
                                 std::span<const std::byte> bytes) {
  return WriteFileAtomically(path, std::span(&bytes, 1));
}

}  // namespace liteforge
