// SPDX-License-Identifier: Apache-2.0
#include "kernels/micro/packed_layout.h"

#include "kernels/micro/targets_with_vnni.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/micro/packed_layout.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace liteforge {
namespace HWY_NAMESPACE {
namespace {

const char* Target() { return hwy::TargetName(HWY_TARGET); }

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace liteforge
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace liteforge {

HWY_EXPORT(Target);

std::string PackedLayout() {
  constexpr int kVersion = 1;
  return "layout " + std::to_string(kVersion) + " for " +
         HWY_DYNAMIC_DISPATCH(Target)();
}

}  // namespace liteforge
#endif  // HWY_ONCE
