// SPDX-License-Identifier: Apache-2.0
#include "kernels/gate_products.h"

#include <algorithm>
#include <vector>

#include "kernels/micro/byte_activations.h"

namespace liteforge {

GateProducts PackGateProducts(ArrayCache& arrays,
                              std::span<const int8_t* const> matrices,
                              std::span<const int32_t* const> biases, int rows,
                              int depth, int32_t zero_point) {
  const int64_t size = int64_t{rows} * depth;
  std::vector<int8_t> all;
  all.reserve(static_cast<size_t>(size) * matrices.size());
  for (const int8_t* matrix : matrices)
    all.insert(all.end(), matrix, matrix + size);
  GateProducts products;
  products.zero_point = zero_point;
  products.panels =
      PackBytePanels(arrays, all.data(),
                     static_cast<int64_t>(matrices.size()) * rows, 1, depth);
  const BytePanels& p = products.panels;
  products.bias.resize(p.padded_columns());
  const bool bytes = p.element == GemmElement::kByte;
  const auto zero = static_cast<uint32_t>(bytes ? zero_point + 128 : 0);
  for (size_t n = 0; n < static_cast<size_t>(p.columns); ++n) {
    const int32_t* bias = biases[n / static_cast<size_t>(rows)];
    const int32_t own =
        bias == nullptr ? 0 : bias[n % static_cast<size_t>(rows)];
    products.bias[n] =
        static_cast<int32_t>(static_cast<uint32_t>(own) -
                             zero * static_cast<uint32_t>(p.column_sums()[n]));
  }
  return products;
}

size_t GateVectorScratch(int depth) {
  return (static_cast<size_t>(depth) + kGemmSlack) * sizeof(int16_t);
}

void MultiplyGates(const GateProducts& products, const int8_t* x,
                   std::byte* scratch, int32_t* sum) {
  const BytePanels& p = products.panels;
  if (p.element == GemmElement::kByte) {
    auto* bytes = reinterpret_cast<uint8_t*>(scratch);
    ConvertBytes(x, p.run_length, bytes);
    return SumByteRow(p, bytes, products.bias.data(), sum);
  }
  auto* words = reinterpret_cast<int16_t*>(scratch);
  WidenBytes(x, p.run_length, -products.zero_point, words);
  SumByteRow(p, words, products.bias.data(), sum);
}

}  // namespace liteforge
