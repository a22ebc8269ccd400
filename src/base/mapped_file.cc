// SPDX-License-Identifier: Apache-2.0
#include "base/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "base/try.h"

namespace liteforge {
namespace {

// Unmaps on destruction.
class Mapping {
 public:
  Mapping(void* address, size_t size) : address_(address), size_(size) {}
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;
  ~Mapping() { munmap(address_, size_); }

 private:
  void* address_;
  size_t size_;
};

tl::unexpected<Error> IoError(const std::filesystem::path& path, int number) {
  return tl::unexpected(Error{
      ErrorCode::kIo, "cannot be read: " + std::string(std::strerror(number)),
      path.string()});
}

}  // namespace

Result<Blob> MapFile(const std::filesystem::path& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return IoError(path, errno);
  struct stat info {};
  if (fstat(fd, &info) != 0) {
    const int number = errno;
    close(fd);
    return IoError(path, number);
  }
  if (!S_ISREG(info.st_mode)) {
    close(fd);
    return tl::unexpected(
        Error{ErrorCode::kIo, "is not a regular file", path.string()});
  }
  const auto size = static_cast<size_t>(info.st_size);
  if (size == 0) {
    close(fd);
    return Blob();
  }
  void* address = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd, 0);
  const int number = errno;
  close(fd);
  if (address == MAP_FAILED) return IoError(path, number);
  return Blob::ViewOfFile({static_cast<const std::byte*>(address), size},
                          std::make_shared<Mapping>(address, size));
}

void LeaveMemory(const Blob& blob) {
#ifdef MADV_PAGEOUT  // does no harm to memory of other kinds
  const auto page = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
  const auto begin = reinterpret_cast<uintptr_t>(blob.data());
  const uintptr_t first = (begin + page - 1) / page * page;
  const uintptr_t last = (begin + blob.size()) / page * page;
  if (first < last)
    madvise(reinterpret_cast<void*>(first), last - first, MADV_PAGEOUT);
#else
  (void)blob;
#endif
}

void DropPages(const Blob& file, std::span<const std::byte> part) {
  const auto first = reinterpret_cast<uintptr_t>(file.data());
  const auto begin = reinterpret_cast<uintptr_t>(part.data());
  if (!file.is_file() || part.empty() || begin < first ||
      begin + part.size() > first + file.size())
    return;
  // Whole pages: those at the ends are of the file too.
  const auto page = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
  const uintptr_t aligned = begin / page * page;
  madvise(reinterpret_cast<void*>(aligned), begin + part.size() - aligned,
          MADV_DONTNEED);
}

Blob Slice(const Blob& whole, size_t offset, size_t size) {
  DCHECK(offset <= whole.size() && size <= whole.size() - offset);
  return Blob::View(whole.bytes().subspan(offset, size),
                    std::make_shared<Blob>(whole));
}

}  // namespace liteforge
