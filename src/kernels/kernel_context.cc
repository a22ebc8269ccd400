// SPDX-License-Identifier: Apache-2.0
#include <mutex>
#include <new>

#include "kernels/kernel.h"

namespace liteforge {

// Several threads of one Eval may fail at once; the loop's end makes what they
// wrote visible to the interpreter.
void KernelContext::FailEval(std::string_view message) noexcept {
  static std::mutex mutex;
  const std::lock_guard lock(mutex);
  if (failed_) return;
  failed_ = true;
  try {
    failure_ = message;
  } catch (const std::bad_alloc&) {
    failure_ = "out of memory";  // short enough to need none
  }
}

}  // namespace liteforge
