// SPDX-License-Identifier: Apache-2.0
// Activations as micro/byte_gemm.h multiplies them, and sums of them.
#pragma once

#include <cstdint>

#include "kernels/micro/byte_gemm.h"

namespace liteforge {

// GemmElement::kByte: unsigned, as stored for uint8 and with 128 added for
// int8.
void ConvertBytes(const int8_t* from, int64_t count, uint8_t* to);
void ConvertBytes(const uint8_t* from, int64_t count, uint8_t* to);

// GemmElement::kWord: to[i] = from[i] + offset, which is less the zero point.
void WidenBytes(const int8_t* from, int64_t count, int offset, int16_t* to);
void WidenBytes(const uint8_t* from, int64_t count, int offset, int16_t* to);

// sums[m] = all numbers of row m, whose `run_count` runs are `length` long,
// added up: given by pointers rows[m * run_count + r], or evenly.
void AddUpRows(const uint8_t* const* rows, int64_t count, int64_t run_count,
               int64_t length, int64_t* sums);
void AddUpRows(const ByteRun<uint8_t>* runs, int64_t count, int64_t run_count,
               int64_t length, int64_t* sums);

}  // namespace liteforge
