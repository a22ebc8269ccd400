// SPDX-License-Identifier: Apache-2.0
// The start of an HDF5 file (HDF5 File Format Specification 3.0, II.A): the
// superblock, at offset 0, 512, 1024, 2048 … (before it: anything).
//
//   0   89 48 44 46 0d 0a 1a 0a     signature
//   8   version 0 | 1 | 2 | 3
//   versions 0 and 1                versions 2 and 3
//   13  O, bytes of an offset        9   O
//   24  (28 in version 1)            12
//       base address       O             base address        O
//       free space         O             superblock extension O
//       end of file        O             end of file         O
#include "formats/keras/h5.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <mutex>

#include "base/descriptor.h"
#include "base/mapped_file.h"
#include "base/try.h"
#include "formats/keras/h5_child.h"
#include "formats/keras/h5_index.h"

namespace liteforge {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::string_view kSignature = "\x89HDF\r\n\x1a\n";
constexpr size_t kNowhere = ~size_t{0};

std::string_view TextOf(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// Where the signature stands; kNowhere without one.
size_t FindSignature(std::span<const std::byte> bytes) {
  const std::string_view text = TextOf(bytes);
  for (size_t at = 0; at < text.size(); at = at == 0 ? 512 : 2 * at) {
    if (text.substr(at, kSignature.size()) == kSignature) return at;
  }
  return kNowhere;
}

// "\x89HDF": the first bytes of a file for a message.
std::string Opening(std::string_view text) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string shown;
  for (const char c : text.substr(0, 12)) {
    const auto value = static_cast<unsigned char>(c);
    if (value >= 0x20 && value < 0x7f) {
      shown += c;
    } else {
      shown += {'\\', 'x', kDigits[value >> 4], kDigits[value & 15]};
    }
  }
  return shown;
}

struct Guess {
  std::string_view start;
  std::string_view what;
};

// What people pass by mistake.
constexpr Guess kGuesses[] = {
    {"PK\x03\x04", ": a zip file, as .keras models are; name it .keras"},
    {"version https://git-lfs",
     ": a Git LFS pointer, not the model; run 'git lfs pull'"},
    {"<!DOCTYPE", ": a web page, not the model; download the file itself"},
    {"<html", ": a web page, not the model; download the file itself"},
    {"\x1f\x8b", ": gzip; unpack it first"},
};

tl::unexpected<Error> NotHdf5(std::string_view text) {
  if (text.empty()) return InvalidModel("is empty; it should be an HDF5 file");
  std::string message =
      "is not an HDF5 file (starts with '" + Opening(text) + "')";
  for (const Guess& guess : kGuesses) {
    if (text.starts_with(guess.start))
      return InvalidModel(message += guess.what);
  }
  return InvalidModel(message + "; give a model saved by Keras");
}

// Little-endian number of `size` bytes; 0 beyond the end.
uint64_t LittleEndian(std::string_view text, size_t offset, size_t size) {
  if (size > 8 || offset > text.size() || size > text.size() - offset) return 0;
  uint64_t value = 0;
  for (size_t i = size; i-- > 0;) {
    value = value << 8 | static_cast<unsigned char>(text[offset + i]);
  }
  return value;
}

// The file's size according to its superblock; 0 when that cannot be told.
uint64_t PromisedSize(std::string_view superblock) {
  const uint64_t version = LittleEndian(superblock, 8, 1);
  if (version > 3) return 0;
  const bool old = version < 2;
  const uint64_t width = LittleEndian(superblock, old ? 13 : 9, 1);
  const size_t base = old ? (version == 0 ? 24 : 28) : 12;
  return LittleEndian(superblock, base + 2 * width, width);
}

Result<void> CheckOpening(std::span<const std::byte> bytes) {
  const std::string_view text = TextOf(bytes);
  const size_t start = FindSignature(bytes);
  if (start == kNowhere) return NotHdf5(text);
  const uint64_t promised = PromisedSize(text.substr(start));
  if (promised > text.size()) {
    return InvalidModel("is truncated: its header promises " +
                        std::to_string(promised) + " bytes, there are " +
                        std::to_string(text.size()) +
                        "; copy or download it again");
  }
  return {};
}

tl::unexpected<Error> SystemError(std::string_view what) {
  return Fail(ErrorCode::kIo, "cannot be read: " + std::string(what) + ": " +
                                  std::strerror(errno));
}

struct Reply {
  std::string index;
  bool late = false;    // the deadline passed first
  bool excess = false;  // it never stopped talking
  int status = 0;       // as waitpid() gives it
};

// Appends what the pipe holds; false at its end.
bool Receive(int fd, std::string& index) {
  char buffer[1 << 16];
  const ssize_t count = read(fd, buffer, sizeof(buffer));
  if (count > 0) index.append(buffer, static_cast<size_t>(count));
  return count > 0 || (count < 0 && errno == EINTR);
}

// Listens until the child closes the pipe or must be ended, then ends it: a
// child that has said everything has nothing more to do.
Reply Listen(pid_t child, int fd, Clock::time_point deadline, size_t limit) {
  Reply reply;
  while (true) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
    pollfd waiting{fd, POLLIN, 0};
    const int64_t wait = std::clamp<int64_t>(left.count(), 0, 1 << 20);
    const int ready = poll(&waiting, 1, static_cast<int>(wait));
    reply.late = left.count() <= 0;
    reply.excess = reply.index.size() > limit;
    if (reply.late || reply.excess) break;
    if (ready > 0 && !Receive(fd, reply.index)) break;
  }
  kill(child, SIGKILL);
  while (waitpid(child, &reply.status, 0) < 0 && errno == EINTR) {
  }
  return reply;
}

// The memory the child filled, mapped; it lives on with the Blob.
Result<Blob> MapShared(int fd) {
  struct stat info {};
  if (fstat(fd, &info) != 0) return SystemError("shared memory");
  const auto size = static_cast<size_t>(info.st_size);
  if (size == 0) return Blob();
  void* memory = mmap(nullptr, size, PROT_READ, MAP_SHARED, fd, 0);
  if (memory == MAP_FAILED) return SystemError("shared memory");
  auto unmap = [size](const void* start) {
    munmap(const_cast<void*>(start), size);
  };
  return Blob::View({static_cast<const std::byte*>(memory), size},
                    std::shared_ptr<const void>(memory, unmap));
}

std::string Seconds(std::chrono::milliseconds time) {
  const int64_t tenths = (time.count() + 99) / 100;
  const std::string whole = std::to_string(tenths / 10);
  return tenths % 10 == 0 ? whole + " s"
                          : whole + "." + std::to_string(tenths % 10) + " s";
}

// An index ends with a record that says so; a child that was cut off, however
// it ended, left none, and ParseH5Index reports that as a crash.
Result<void> CheckEnd(const Reply& reply, std::chrono::milliseconds time) {
  if (reply.late) {
    return InvalidModel(
        "is probably damaged: the HDF5 library took longer "
        "than " +
        Seconds(time) + " over it; restore it from a good copy");
  }
  if (reply.excess) {
    return InvalidModel(
        "is damaged: it describes more than a file of its size can hold; "
        "restore it from a good copy");
  }
  if (WIFEXITED(reply.status) &&
      WEXITSTATUS(reply.status) == kH5ChildOutOfMemory) {
    return InvalidModel(
        "is damaged: reading it would take far more memory than its size; "
        "restore it from a good copy");
  }
  return {};
}

struct Child {
  pid_t process = -1;
  Descriptor index;   // the pipe to read from
  Descriptor shared;  // the memory it fills
};

// One at a time: a child forked while another's pipe is open for writing would
// keep it open, and its end would not be seen.
Result<void> Start(const std::filesystem::path& path, size_t file_bytes,
                   std::chrono::milliseconds time, Child& child) {
  static std::mutex one;
  const std::lock_guard lock(one);
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return SystemError("no pipe");
  child.index.Reset(ends[0]);
  const Descriptor writing(ends[1]);
  child.shared.Reset(memfd_create("liteforge-h5", MFD_CLOEXEC));
  if (child.shared.get() < 0) return SystemError("no shared memory");
  const H5ChildJob job{path.c_str(), file_bytes, writing.get(),
                       child.shared.get(),
                       std::chrono::ceil<std::chrono::seconds>(time).count()};
  child.process = fork();
  if (child.process < 0) return SystemError("no process");
  if (child.process == 0) RunH5Child(job);
  return {};
}

Result<H5Group> ReadInChild(const std::filesystem::path& path, const Blob& file,
                            std::chrono::milliseconds time) {
  Child child;
  TRY(Start(path, file.size(), time, child));
  // The child bounds text by 4 times the file and 1 MB, and objects by number.
  const size_t limit = (size_t{1} << 28) + 8 * file.size();
  const Reply reply =
      Listen(child.process, child.index.get(), Clock::now() + time, limit);
  TRY(CheckEnd(reply, time));
  TRY_ASSIGN(const Blob converted, MapShared(child.shared.get()));
  return ParseH5Index(reply.index, file, converted);
}

Result<H5Group> ReadMapped(const std::filesystem::path& path, const Blob& file,
                           std::optional<std::chrono::milliseconds> deadline) {
  constexpr size_t kBytesPerSecond = size_t{4} << 20;
  const auto usual = std::chrono::seconds(10 + file.size() / kBytesPerSecond);
  TRY(CheckOpening(file.bytes()));
  return ReadInChild(path, file, deadline.value_or(usual));
}

// The member of `group` that the first part of `path` names, and the rest.
struct Step {
  std::string_view name;
  std::string_view rest;
};

Step FirstStep(std::string_view path) {
  while (path.starts_with('/')) path.remove_prefix(1);
  const size_t slash = path.find('/');
  if (slash == std::string_view::npos) return {path, {}};
  return {path.substr(0, slash), path.substr(slash + 1)};
}

struct Parts {
  std::string_view group;
  std::string_view name;
};

// "a/b/c" is "c" in the group "a/b".
Parts SplitLast(std::string_view path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string_view::npos) return {{}, path};
  return {path.substr(0, slash), path.substr(slash + 1)};
}

template <class Map>
auto* Find(const Map& map, std::string_view name) {
  const auto found = map.find(name);
  return found == map.end() ? nullptr : &found->second;
}

}  // namespace

bool LooksLikeH5(std::span<const std::byte> bytes) {
  return FindSignature(bytes) != kNowhere;
}

std::vector<std::string> H5Group::Strings(std::string_view name) const {
  if (const auto* whole = Find(attributes, name)) return *whole;
  std::vector<std::string> joined;
  for (int part = 0;; ++part) {
    const auto* piece =
        Find(attributes, std::string(name) + std::to_string(part));
    if (piece == nullptr) return joined;
    joined.insert(joined.end(), piece->begin(), piece->end());
  }
}

const H5Group* H5Group::FindGroup(std::string_view path) const {
  const H5Group* group = this;
  while (group != nullptr) {
    const auto [name, rest] = FirstStep(path);
    if (name.empty()) return group;
    group = Find(group->groups, name);
    path = rest;
  }
  return nullptr;
}

const H5Dataset* H5Group::FindDataset(std::string_view path) const {
  const auto [place, name] = SplitLast(path);
  const H5Group* group = FindGroup(place);
  return group == nullptr ? nullptr : Find(group->datasets, name);
}

const std::string* H5Group::FindUnread(std::string_view path) const {
  const auto [place, name] = SplitLast(path);
  const H5Group* group = FindGroup(place);
  return group == nullptr ? nullptr : Find(group->unread, name);
}

Result<H5Group> ReadUnnamedH5(
    const std::filesystem::path& path,
    std::optional<std::chrono::milliseconds> deadline) {
  TRY_ASSIGN(const Blob file, MapFile(path));
  return ReadMapped(path, file, deadline);
}

Result<H5Group> ReadH5(const std::filesystem::path& path,
                       std::optional<std::chrono::milliseconds> deadline) {
  TRY_ASSIGN(const Blob file, MapFile(path));
  auto tree = ReadMapped(path, file, deadline);
  if (!tree) return tl::unexpected(std::move(tree.error()).In(path.string()));
  return tree;
}

}  // namespace liteforge
