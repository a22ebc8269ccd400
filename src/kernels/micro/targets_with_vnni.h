// SPDX-License-Identifier: Apache-2.0
// The same for what has code of its own for AVX-512's later instructions: VNNI,
// VBMI. Anything else would only be compiled twice.
#pragma once

#define HWY_WANT_AVX3_DL
#include "kernels/micro/targets.h"
