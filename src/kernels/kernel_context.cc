// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <mutex>

#include "kernels/kernel.h"

namespace liteforge {

// Several threads of one Eval may fail at once; the loop's end makes what they
// wrote visible to the interpreter.
void KernelContext::FailEval(std::string_view message) noexcept {
  static std::mutex mutex;
  const std::lock_guard lock(mutex);
  if (failed_) return;
  failed_ = true;
  const size_t length = std::min(message.size(), sizeof(failure_) - 1);
  std::copy_n(message.data(), length, failure_);
  failure_[length] = '\0';
}

}  // namespace liteforge
