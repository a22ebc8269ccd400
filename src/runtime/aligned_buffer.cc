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

}  // namespace

size_t MachineBytes() {
  static const size_t bytes = [] {
    const long pages = sysconf(_SC_PHYS_PAGES);
    const long page_bytes = sysconf(_SC_PAGESIZE);
    return pages <= 0 || page_bytes <= 0
               ? size_t{1} << 40
               : static_cast<size_t>(pages) * static_cast<size_t>(page_bytes);
  }();
  return bytes;
}

void AlignedBuffer::Deleter::operator()(std::byte* data) const {
  ::operator delete(data, kAlignment);
  if (budget != nullptr) budget->GiveBack(bytes);
}

Result<void> AlignedBuffer::Reserve(size_t bytes) {
  if (bytes <= capacity_) return {};
  const size_t charged = data_ == nullptr ? 0 : data_.get_deleter().bytes;
  if (budget_ != nullptr && !budget_->Fits(bytes, charged))
    return Unsupported("needs " + std::to_string(bytes) +
                       " bytes of memory where " +
                       std::to_string(budget_->used() - charged) + " of " +
                       std::to_string(budget_->limit()) +
                       " are taken; raise max_memory_bytes or use smaller "
                       "input shapes");
  // Linux grants nearly any allocation and kills the process when the pages are
  // touched.
  void* memory = bytes > MachineBytes()
                     ? nullptr
                     : ::operator new(bytes, kAlignment, std::nothrow);
  if (memory == nullptr) {
    return Unsupported("needs " + std::to_string(bytes) +
                       " bytes of memory at once, which this machine does not "
                       "have; use smaller input shapes");
  }
  const size_t counted = budget_ == nullptr ? 0 : bytes;
  if (budget_ != nullptr) budget_->Take(counted);
  data_ = std::unique_ptr<std::byte, Deleter>(static_cast<std::byte*>(memory),
                                              Deleter(budget_, counted));
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
