// SPDX-License-Identifier: Apache-2.0
// Before any Highway header: which instruction sets are compiled. SVE's vectors
// have no size that is known here; what has SSSE3 but not SSE4, processors of
// 2006, counts as one without vectors, for which they are emulated,
// so that the code is the same.
#pragma once

#define HWY_BROKEN_EMU128 0
#define HWY_DISABLED_TARGETS \
  (HWY_SSSE3 | HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128)
