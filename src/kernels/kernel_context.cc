// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "kernels/kernel.h"

namespace liteforge {

void KernelContext::FailEval(std::string_view message) noexcept {
  if (failed_) return;
  failed_ = true;
  const size_t length = std::min(message.size(), sizeof(failure_) - 1);
  std::copy_n(message.data(), length, failure_);
  failure_[length] = '\0';
}

}  // namespace liteforge
