// SPDX-License-Identifier: Apache-2.0
// The products of the integer LSTM's constant matrices with one vector: those
// of all gates at once, packed for micro/byte_gemm.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/aligned_vector.h"
#include "kernels/micro/byte_gemm.h"

namespace liteforge {

struct GateProducts {
  BytePanels panels;            // the gates' rows, one gate after the other
  AlignedVector<int32_t> bias;  // with what the zero point takes away
  int32_t zero_point = 0;

  bool ready() const { return !panels.empty(); }
  size_t sums() const { return bias.size(); }
};

// One matrix [rows, depth] and, or null, one bias [rows] a gate, of vectors
// with that zero point.
GateProducts PackGateProducts(ArrayCache& arrays,
                              std::span<const int8_t* const> matrices,
                              std::span<const int32_t* const> biases, int rows,
                              int depth, int32_t zero_point);

// Bytes of working memory of a vector.
size_t GateVectorScratch(int depth);

// sum[gate * rows + r] = bias + sum over c of (x[c] - zero_point) * row r [c],
// modulo 2^32; `sum` has room for sums() numbers, 64-byte aligned.
void MultiplyGates(const GateProducts& products, const int8_t* x,
                   std::byte* scratch, int32_t* sum);

}  // namespace liteforge
