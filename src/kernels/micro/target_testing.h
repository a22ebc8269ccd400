// SPDX-License-Identifier: Apache-2.0
// Runs a test once for every instruction set that this machine has. What is
// not compiled for it takes the next lesser one.
#pragma once

#include <gtest/gtest.h>
#include <hwy/highway.h>

#include <cstdint>
#include <functional>
#include <string>

namespace liteforge {

inline void ForEachTarget(const std::function<void()>& test) {
  const int64_t supported = hwy::SupportedTargets() & HWY_TARGETS;
  for (int64_t left = supported; left != 0; left &= left - 1) {
    const int64_t target = left & -left;
    const int64_t allowed = supported & ~(target - 1);  // lesser: higher bits
    hwy::SetSupportedTargetsForTest(allowed);
    hwy::GetChosenTarget().Update(allowed);
    SCOPED_TRACE(std::string("target ") + hwy::TargetName(target));
    test();
  }
  hwy::SetSupportedTargetsForTest(0);
  hwy::GetChosenTarget().Update(hwy::SupportedTargets());
}

// Numbers from a fixed sequence, 0 to 2^24 - 1.
class Sequence {
 public:
  explicit Sequence(uint32_t seed) : state_(seed * 2654435761u + 1) {}
  uint32_t Next() {
    state_ = state_ * 1664525u + 1013904223u;
    return state_ >> 8;
  }
  float Real() { return static_cast<float>(Next()) / 8388608.0f - 1.0f; }
  int Integer(int low, int high) {
    return low +
           static_cast<int>(Next() % static_cast<uint32_t>(high - low + 1));
  }

 private:
  uint32_t state_;
};

}  // namespace liteforge
