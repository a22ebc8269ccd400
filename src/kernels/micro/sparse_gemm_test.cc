// SPDX-License-Identifier: Apache-2.0
#include "kernels/micro/targets_with_vnni.h"
//
#include <gtest/gtest.h>

#include <cmath>

#include "kernels/micro/sparse_gemm.h"
#include "kernels/micro/target_testing.h"

namespace liteforge::sparse_gemm_test {

constexpr float kLow = -1.5f, kHigh = 2;

struct Product {
  int64_t columns, depth;
  std::vector<float> weights, bias;

  // weights(n, k) != 0 where `keeps` says so.
  Product(int64_t c, int64_t d, auto keeps) : columns(c), depth(d) {
    Sequence draw(static_cast<uint32_t>(c * 31 + d));
    for (int64_t n = 0; n < c; ++n) {
      bias.push_back(draw.Real());
      for (int64_t k = 0; k < d; ++k) {
        const float w = draw.Real();
        weights.push_back(keeps(n, k) ? w : 0.0f);
      }
    }
  }

  // In double.
  double Of(const float* row, int64_t n) const {
    double sum = static_cast<double>(bias[static_cast<size_t>(n)]);
    for (int64_t k = 0; k < depth; ++k)
      sum += static_cast<double>(row[k]) *
             static_cast<double>(weights[static_cast<size_t>(n * depth + k)]);
    return std::min<double>(kHigh, std::max<double>(kLow, sum));
  }
  double Tolerance() const {
    return 1e-6 * std::sqrt(static_cast<double>(depth)) + 1e-6;
  }
};

std::vector<float> Reals(int64_t count) {
  Sequence draw(static_cast<uint32_t>(count));
  std::vector<float> values(static_cast<size_t>(count));
  for (float& v : values) v = draw.Real();
  return values;
}

void ExpectTile(int rows, int64_t columns, int64_t runs, int64_t length) {
  const int64_t depth = runs * length;
  const Product product(columns, depth, [](int64_t n, int64_t k) {
    return (n * 7 + k * 3) % 5 < 2;
  });
  const SparseColumns p = PackSparseColumns(
      product.weights.data(), product.bias.data(), columns, runs, length);
  const std::vector<float> a = Reals(rows * depth);
  std::vector<const float*> pointers;
  for (int64_t m = 0; m < rows * runs; ++m)
    pointers.push_back(a.data() + m * length);
  // Nothing may be written behind a row's columns.
  const int64_t stride = columns + 3;
  std::vector<float> output(static_cast<size_t>(rows * stride), 77);
  for (int64_t n = 0; n < columns; n += kMostSparseColumns)
    MultiplySparseTile(p, pointers.data(), rows, n,
                       std::min(columns, n + kMostSparseColumns), kLow, kHigh,
                       output.data(), stride);
  for (int m = 0; m < rows; ++m) {
    for (int64_t n = 0; n < stride; ++n) {
      const auto got =
          static_cast<double>(output[static_cast<size_t>(m * stride + n)]);
      if (n >= columns) {
        ASSERT_EQ(got, 77) << m << "," << n;
      } else {
        ASSERT_NEAR(got, product.Of(a.data() + m * depth, n),
                    product.Tolerance())
            << rows << " rows, " << columns << " columns, " << runs << " x "
            << length << " at " << m << "," << n;
      }
    }
  }
}

TEST(SparseGemm, TilesOfManyRows) {
  ForEachTarget([] {
    for (const int rows : {1, 3, 4, SparseTileRows() - 1, SparseTileRows()}) {
      for (const int64_t columns : {5, 8, 17, 300})
        ExpectTile(rows, columns, 2, 7);
    }
    for (const int64_t length : {1, 3, 4, 100, 301}) {
      ExpectTile(SparseTileRows(), 20, 9, length);
      ExpectTile(SparseTileRows() - 3, 9, 1, length);
    }
  });
}

TEST(SparseGemm, FewZerosAreNotWorthIt) {
  const Product large(128, 512, [](int64_t, int64_t k) { return k % 4 != 0; });
  EXPECT_FALSE(SparseColumnsPay(large.weights.data(), 128, 512, 1 << 20));
  EXPECT_TRUE(
      PackSparseVectors(large.weights.data(), nullptr, 128, 512).empty());
}

// Of few inputs, moving the outputs takes longer; few rows take as long as a
// tile of them.
TEST(SparseGemm, ManyZerosAreWorthItInLargeProducts) {
  const auto is_kept = [](int64_t, int64_t k) { return k % 4 == 0; };
  ForEachTarget([&] {
    const Product deep(128, 512, is_kept), flat(512, 16, is_kept);
    const int64_t rows = 4 * SparseTileRows();
    EXPECT_TRUE(SparseColumnsPay(deep.weights.data(), 128, 512, rows));
    EXPECT_FALSE(SparseColumnsPay(deep.weights.data(), 128, 512, 2));
    EXPECT_FALSE(SparseColumnsPay(flat.weights.data(), 512, 16, rows));
  });
}

void ExpectVector(const Product& product) {
  const SparseVectors p =
      PackSparseVectors(product.weights.data(), product.bias.data(),
                        product.columns, product.depth);
  if (p.empty()) return;  // not on this machine
  const std::vector<float> row = Reals(product.depth);
  std::vector<float> output(static_cast<size_t>(product.columns) + 1, 77);
  const int64_t middle = p.panels() / 2;
  MultiplySparseVector(p, row.data(), 0, middle, kLow, kHigh, output.data());
  MultiplySparseVector(p, row.data(), middle, p.panels(), kLow, kHigh,
                       output.data());
  EXPECT_EQ(output.back(), 77);
  for (int64_t n = 0; n < product.columns; ++n)
    ASSERT_NEAR(static_cast<double>(output[static_cast<size_t>(n)]),
                product.Of(row.data(), n), product.Tolerance())
        << product.columns << " x " << product.depth << " at " << n;
}

TEST(SparseGemm, OneRowOfBlocksAndOfPairs) {
  ForEachTarget([] {
    for (const int64_t columns : {150, 161}) {
      for (const int64_t depth : {128, 132, 252}) {
        const Product blocks(columns, depth, [](int64_t n, int64_t k) {
          return (n + k / 4) % 3 == 0;
        });
        EXPECT_FALSE(
            PackSparseVectors(blocks.weights.data(), nullptr, columns, depth)
                .block_begins.empty());
        ExpectVector(blocks);
        // Two of four, one of four and none.
        ExpectVector(Product(columns, depth, [](int64_t n, int64_t k) {
          const int64_t first = (n + k / 4) % 3;
          return k % 4 == first || (k % 4 == 3 && n % 5 != 0);
        }));
      }
    }
  });
}

}  // namespace liteforge::sparse_gemm_test
