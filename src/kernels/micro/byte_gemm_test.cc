// SPDX-License-Identifier: Apache-2.0
#include "kernels/micro/targets_with_vnni.h"
//
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "base/aligned_vector.h"
#include "kernels/micro/byte_activations.h"
#include "kernels/micro/byte_gemm.h"
#include "kernels/micro/target_testing.h"

namespace liteforge::byte_gemm_test {

// Source: gemmlowp's SaturatingRoundingDoublingHighMul, RoundingDivideByPOT;
// ruy's right shift for ties up.
int32_t Requantize(int32_t sum, int32_t multiplier, int shift, bool ties_up) {
  const int left = std::max(shift, 0), right = std::max(-shift, 0);
  const int64_t product = static_cast<int64_t>(static_cast<int32_t>(
                              static_cast<uint32_t>(sum) << left)) *
                          multiplier;
  const int64_t high = (product + (int64_t{1} << 30)) >> 31;
  if (right == 0) return static_cast<int32_t>(high);
  const int64_t half = int64_t{1} << (right - 1);
  if (ties_up) return static_cast<int32_t>((high + half) >> right);
  const int64_t size = (high < 0 ? -high : high) + half;
  const int64_t rounded = size >> right;
  return static_cast<int32_t>(high < 0 ? -rounded : rounded);
}

struct Case {
  int rows;
  int64_t columns, runs, length;
  bool unsigned_numbers;
  bool ties_up = true;
  bool shifts_right = false;
  bool evenly = false;  // as a span
};

template <class In, class Element>
void ExpectIntegers(const Case& c) {
  Sequence draw(static_cast<uint32_t>(c.rows * 131 + c.columns * 7 + c.length));
  const int64_t depth = c.runs * c.length;
  const int low = c.unsigned_numbers ? 0 : -128, high = low + 255;
  const int input_zero = draw.Integer(low, high);
  const int weight_zero = c.unsigned_numbers ? draw.Integer(1, 254) : 0;
  std::vector<In> a(static_cast<size_t>(c.rows * depth));
  std::vector<In> w(static_cast<size_t>(c.columns * depth));
  for (In& x : a) x = static_cast<In>(draw.Integer(low, high));
  for (In& x : w) x = static_cast<In>(draw.Integer(low, high));

  ArrayCache arrays;
  BytePanels p;
  if constexpr (std::is_signed_v<In>) {
    p = PackBytePanels(arrays, w.data(), c.columns, c.runs, c.length);
  } else {
    p = PackBytePanels(arrays, w.data(), weight_zero, c.columns, c.runs,
                       c.length);
  }
  const auto padded = static_cast<size_t>(p.panels() * p.panel_width);
  AlignedVector<int32_t> bias(padded), given(padded), multiplier(padded),
      left(padded), right(padded, 1), shift(padded);
  const bool bytes = p.element == GemmElement::kByte;
  const int32_t stored_zero =
      bytes && std::is_signed_v<In> ? input_zero + 128 : input_zero;
  for (size_t n = 0; n < static_cast<size_t>(c.columns); ++n) {
    given[n] = draw.Integer(-50000, 50000);
    bias[n] = given[n] - (bytes ? stored_zero * p.column_sums()[n] : 0);
    multiplier[n] = (1 << 30) + static_cast<int32_t>(draw.Next() * 63);
    shift[n] = draw.Integer(-12, c.shifts_right ? -1 : 1);
    left[n] = std::max(shift[n], 0);
    right[n] = std::max(-shift[n], 0);
  }
  std::vector<Element> activations(a.size() + kGemmSlack);
  if constexpr (sizeof(Element) == 1) {
    ConvertBytes(a.data(), static_cast<int64_t>(a.size()), activations.data());
  } else {
    WidenBytes(a.data(), static_cast<int64_t>(a.size()), -input_zero,
               activations.data());
  }
  std::vector<const Element*> pointers;
  std::vector<int32_t> terms;
  for (int m = 0; m < c.rows; ++m) {
    int32_t sum = 0;
    for (int64_t k = 0; k < depth; ++k)
      sum += a[static_cast<size_t>(m * depth + k)] - input_zero;
    terms.push_back(bytes ? sum * p.weight_offset : 0);
    for (int64_t r = 0; r < c.runs; ++r)
      pointers.push_back(activations.data() + m * depth + r * c.length);
  }
  const IntegerOutput output{
      bias.data(),  multiplier.data(), left.data(),
      right.data(), c.ties_up,         c.ties_up && c.shifts_right,
      low + 100,    low + 3,           high - 5};
  // Rows side by side are stored several at a time.
  const int64_t stride = c.columns + (c.rows % 3 == 0 ? 2 : 0);
  std::vector<In> got(static_cast<size_t>(c.rows * stride), In{99});
  if (c.evenly) {
    std::vector<ByteRun<Element>> runs;
    for (int64_t r = 0; r < c.runs; ++r)
      runs.push_back({activations.data() + r * c.length, depth});
    MultiplyBytes<Element>(p, {c.rows, nullptr, runs.data(), terms.data()}, 0,
                           p.panels(), output, got.data(), stride);
  } else {
    MultiplyBytes<Element>(p, {c.rows, pointers.data(), nullptr, terms.data()},
                           0, p.panels(), output, got.data(), stride);
  }
  for (int m = 0; m < c.rows; ++m) {
    for (int64_t n = 0; n < stride; ++n) {
      const int value = got[static_cast<size_t>(m * stride + n)];
      if (n >= c.columns) {
        ASSERT_EQ(value, 99);
        continue;
      }
      const auto at = static_cast<size_t>(n);
      int32_t sum = given[at];
      for (int64_t k = 0; k < depth; ++k)
        sum += (a[static_cast<size_t>(m * depth + k)] - input_zero) *
               (w[static_cast<size_t>(n * depth + k)] - weight_zero);
      const int64_t want = std::clamp<int64_t>(
          int64_t{Requantize(sum, multiplier[at], shift[at], c.ties_up)} + low +
              100,
          low + 3, high - 5);
      ASSERT_EQ(value, want)
          << c.rows << " rows, " << c.columns << " columns, " << c.runs << " x "
          << c.length << " at " << m << "," << n << ", sum " << sum;
    }
  }
}

template <class In>
void Expect(const Case& c) {
  if (GemmElementOfThisMachine() == GemmElement::kByte) {
    ExpectIntegers<In, uint8_t>(c);
  } else {
    ExpectIntegers<In, int16_t>(c);
  }
}

TEST(ByteGemm, Grid) {
  ForEachTarget([] {
    for (int rows = 1; rows <= ByteTileRows(); ++rows) {
      for (const int64_t columns : {1, 8, 16, 17, 32, 33, 40, 70}) {
        Expect<int8_t>({rows, columns, 2, 7, false});
        Expect<uint8_t>({rows, columns, 2, 7, true});
        Expect<int8_t>({rows, columns, 2, 7, false, true, true});
      }
    }
    for (const int64_t length : {1, 2, 3, 4, 5, 64, 255}) {
      for (const int64_t runs : {1, 9}) {
        Expect<int8_t>({ByteTileRows(), 40, runs, length, false});
        Expect<uint8_t>({ByteTileRows(), 40, runs, length, true, false});
        Expect<int8_t>({1, 40, runs, length, false, false});
        Expect<uint8_t>({2, 40, runs, length, true, true, true});
      }
    }
  });
}

TEST(ByteGemm, Spans) {
  ForEachTarget([] {
    for (const int rows : {1, 5, 6, 7, 13, 23, 40}) {
      for (const int64_t columns : {3, 16, 40}) {
        Expect<int8_t>({rows, columns, 2, 7, false, true, true, true});
        Expect<int8_t>({rows, columns, 1, 8, false, false, false, true});
        Expect<uint8_t>({rows, columns, 2, 7, true, true, true, true});
        Expect<uint8_t>({rows, columns, 1, 8, true, true, true, true});
        Expect<uint8_t>({rows, columns, 3, 5, true, false, false, true});
      }
    }
  });
}

template <class Element>
void ExpectSums(int64_t columns, int64_t depth) {
  Sequence draw(static_cast<uint32_t>(columns + depth));
  constexpr int kZero = 9;
  std::vector<int8_t> a(static_cast<size_t>(depth));
  std::vector<int8_t> w(static_cast<size_t>(columns * depth));
  for (int8_t& x : a) x = static_cast<int8_t>(draw.Integer(-128, 127));
  for (int8_t& x : w) x = static_cast<int8_t>(draw.Integer(-128, 127));
  ArrayCache arrays;
  const BytePanels p = PackBytePanels(arrays, w.data(), columns, 1, depth);
  std::vector<Element> row(a.size() + kGemmSlack);
  if constexpr (sizeof(Element) == 1) {
    ConvertBytes(a.data(), depth, row.data());
  } else {
    WidenBytes(a.data(), depth, -kZero, row.data());
  }
  const auto padded = static_cast<size_t>(p.panels() * p.panel_width);
  AlignedVector<int32_t> bias(padded), sums(padded);
  for (size_t n = 0; n < padded; ++n) {
    bias[n] = static_cast<int32_t>(n) * 5 -
              (sizeof(Element) == 1 ? (kZero + 128) * p.column_sums()[n] : 0);
  }
  SumByteRow(p, row.data(), bias.data(), sums.data());
  for (size_t n = 0; n < static_cast<size_t>(columns); ++n) {
    int32_t want = static_cast<int32_t>(n) * 5;
    for (size_t i = 0; i < a.size(); ++i)
      want += (a[i] - kZero) * w[n * a.size() + i];
    ASSERT_EQ(sums[n], want) << columns << " x " << depth << " at " << n;
  }
}

TEST(ByteGemm, Sums) {
  ForEachTarget([] {
    for (const int64_t columns : {1, 20, 80, 100}) {
      for (const int64_t depth : {1, 20, 28, 33}) {
        GemmElementOfThisMachine() == GemmElement::kByte
            ? ExpectSums<uint8_t>(columns, depth)
            : ExpectSums<int16_t>(columns, depth);
      }
    }
  });
}

// float = (sum of products) * row scale * column scale + bias.
template <class Element>
void ExpectHybrid(int rows, int64_t columns, int64_t depth) {
  Sequence draw(static_cast<uint32_t>(rows + columns + depth));
  std::vector<int8_t> a(static_cast<size_t>(rows * depth));
  std::vector<int8_t> w(static_cast<size_t>(columns * depth));
  for (int8_t& x : a) x = static_cast<int8_t>(draw.Integer(-128, 127));
  for (int8_t& x : w) x = static_cast<int8_t>(draw.Integer(-127, 127));
  ArrayCache arrays;
  const BytePanels p = PackBytePanels(arrays, w.data(), columns, 1, depth);
  const auto padded = static_cast<size_t>(p.panels() * p.panel_width);
  AlignedVector<int32_t> correction(padded);
  AlignedVector<float> scale(padded), bias(padded);
  constexpr int kOffset = -17;
  const bool bytes = sizeof(Element) == 1;
  for (size_t n = 0; n < padded; ++n) {
    correction[n] = bytes ? -(kOffset + 128) * p.column_sums()[n] : 0;
    scale[n] = 0.01f + static_cast<float>(n) * 0.001f;
    bias[n] = draw.Real();
  }
  std::vector<Element> activations(a.size() + kGemmSlack);
  if constexpr (sizeof(Element) == 1) {
    ConvertBytes(a.data(), static_cast<int64_t>(a.size()), activations.data());
  } else {
    WidenBytes(a.data(), static_cast<int64_t>(a.size()), -kOffset,
               activations.data());
  }
  std::vector<const Element*> pointers;
  for (int m = 0; m < rows; ++m)
    pointers.push_back(activations.data() + m * depth);
  constexpr float kRowScale = 0.02f;
  std::vector<float> got(static_cast<size_t>(rows * columns));
  const HybridOutput output{correction.data(), scale.data(), bias.data(),
                            kRowScale,         -1e9f,        1e9f};
  MultiplyBytes<Element>(p, {rows, pointers.data()}, 0, p.panels(), output,
                         got.data(), columns);
  for (int m = 0; m < rows; ++m) {
    for (int64_t n = 0; n < columns; ++n) {
      int32_t sum = 0;
      for (int64_t k = 0; k < depth; ++k)
        sum += (a[static_cast<size_t>(m * depth + k)] - kOffset) *
               w[static_cast<size_t>(n * depth + k)];
      const double want =
          static_cast<double>(sum) * static_cast<double>(kRowScale) *
              static_cast<double>(scale[static_cast<size_t>(n)]) +
          static_cast<double>(bias[static_cast<size_t>(n)]);
      ASSERT_NEAR(
          static_cast<double>(got[static_cast<size_t>(m * columns + n)]), want,
          1e-6 * std::abs(want) + 1e-5);
    }
  }
}

TEST(ByteGemm, HybridGrid) {
  ForEachTarget([] {
    for (int rows = 1; rows <= ByteTileRows(); ++rows) {
      for (const int64_t columns : {1, 16, 33}) {
        if (GemmElementOfThisMachine() == GemmElement::kByte) {
          ExpectHybrid<uint8_t>(rows, columns, 39);
        } else {
          ExpectHybrid<int16_t>(rows, columns, 39);
        }
      }
    }
  });
}

}  // namespace liteforge::byte_gemm_test
