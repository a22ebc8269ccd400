// SPDX-License-Identifier: Apache-2.0
#include "runtime/aligned_buffer.h"

#include <unistd.h>

#include <new>
#include <string>

#include "base/try.h"
#include "runtime/memory_planner.h"

namespace liteforge {
namespace {

constexpr std::align_val_t kAlignment{kArenaAlignment};

// Linux grants nearly any allocation and kills the process when the pages are
// touched, so a claim beyond the machine's memory has to be refused here.
size_t MachineBytes() {
  const long pages = sysconf(_SC_PHYS_PAGES);
  const long page_bytes = sysconf(_SC_PAGESIZE);
  if (pages <= 0 || page_bytes <= 0) return size_t{1} << 40;
  return static_cast<size_t>(pages) * static_cast<size_t>(page_bytes);
}

}  // namespace

void AlignedBuffer::Deleter::operator()(std::byte* data) const {
  ::operator delete(data, kAlignment);
}

Result<void> AlignedBuffer::Reserve(size_t bytes) {
  if (bytes <= capacity_) return {};
  static const size_t machine_bytes = MachineBytes();
  void* memory = bytes > machine_bytes
                     ? nullptr
                     : ::operator new(bytes, kAlignment, std::nothrow);
  if (memory == nullptr) {
    return Unsupported("needs " + std::to_string(bytes) +
                       " bytes of memory at once, which this machine does not "
                       "have; use smaller input shapes");
  }
  data_.reset(static_cast<std::byte*>(memory));
  capacity_ = bytes;
  return {};
}

Result<void> AlignedBuffer::ReserveGrowing(size_t bytes) {
  if (bytes <= capacity_) return {};
  if (capacity_ > 0 && bytes < capacity_ + capacity_ / 2 &&
      Reserve(capacity_ + capacity_ / 2))
    return {};
  return Reserve(bytes);
}

void AlignedBuffer::Free() {
  data_.reset();
  capacity_ = 0;
}

}  // namespace liteforge
