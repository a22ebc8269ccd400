// SPDX-License-Identifier: Apache-2.0
#include <mutex>

#include "kernels/kernel.h"

namespace liteforge {

void KernelContext::FailEval(std::string_view message) noexcept {
  FailEval(Error{ErrorCode::kInvalidArgument, std::string(message), {}});
}

// Several threads of one Eval may fail at once; the loop's end makes what they
// wrote visible to the interpreter.
void KernelContext::FailEval(const Error& error) noexcept {
  static std::mutex mutex;
  const std::lock_guard lock(mutex);
  if (failed_) return;
  failed_ = true;
  failure_ = error;
}

}  // namespace liteforge
