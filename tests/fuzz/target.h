// SPDX-License-Identifier: Apache-2.0
// The function a fuzz target defines, in libFuzzer's words.
#pragma once

#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);
