// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>

#include "liteforge/result.h"

namespace liteforge {

// Memory for tensors: 64-byte aligned, uninitialised, growing only. The one
// place where the runtime allocates by a size that a model dictates.
class AlignedBuffer {
 public:
  // Makes at least `bytes` available; the contents are lost when it has to
  // grow. Errors: kUnsupported when the machine has not that much memory at
  // all, or refuses it now. The old memory is kept then.
  Result<void> Reserve(size_t bytes);
  // The same with room to spare, for sizes that creep up.
  Result<void> ReserveGrowing(size_t bytes);
  void Free();

  std::byte* data() const { return data_.get(); }
  size_t capacity() const { return capacity_; }

 private:
  struct Deleter {
    void operator()(std::byte* data) const;
  };
  std::unique_ptr<std::byte, Deleter> data_;
  size_t capacity_ = 0;
};

}  // namespace liteforge
