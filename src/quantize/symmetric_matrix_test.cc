// SPDX-License-Identifier: Apache-2.0
#include "quantize/symmetric_matrix.h"

#include <gtest/gtest.h>

namespace liteforge::symmetric_matrix_test {

// A^T A of a matrix written out, so its inverse can be checked by multiplying.
const std::vector<double> kH = {14, 8, 3, 8, 11, 1, 3, 1, 6};

TEST(SymmetricMatrix, InverseTimesMatrixIsOne) {
  std::vector<double> l = kH;
  ASSERT_TRUE(Cholesky(l, 3));
  const std::vector<double> inverse = InverseFromFactor(l, 3);
  for (size_t i = 0; i < 3; ++i) {
    for (size_t j = 0; j < 3; ++j) {
      double sum = 0;
      for (size_t k = 0; k < 3; ++k) sum += kH[i * 3 + k] * inverse[k * 3 + j];
      EXPECT_NEAR(sum, i == j, 1e-12);
    }
  }
}

TEST(SymmetricMatrix, SolvesEquations) {
  std::vector<double> l = kH;
  ASSERT_TRUE(Cholesky(l, 3));
  // H (1, -2, 3).
  std::vector<double> b = {14 - 16 + 9, 8 - 22 + 3, 3 - 2 + 18};
  SolveFactored(l, b);
  EXPECT_NEAR(b[0], 1, 1e-12);
  EXPECT_NEAR(b[1], -2, 1e-12);
  EXPECT_NEAR(b[2], 3, 1e-12);
}

TEST(SymmetricMatrix, FactorOfTheInverse) {
  const std::vector<double> u = FactorOfInverse(kH, 3);
  std::vector<double> l = kH;
  ASSERT_TRUE(Cholesky(l, 3));
  const std::vector<double> inverse = InverseFromFactor(l, 3);
  for (size_t i = 0; i < 3; ++i) {
    for (size_t j = 0; j < 3; ++j) {
      double sum = 0;
      for (size_t k = 0; k < 3; ++k) sum += u[k * 3 + i] * u[k * 3 + j];
      EXPECT_NEAR(sum, inverse[i * 3 + j], 1e-12);
      if (j < i) {
        EXPECT_EQ(u[i * 3 + j], 0);
      }
    }
  }
  EXPECT_TRUE(FactorOfInverse({1, 2, 2, 1}, 2).empty());
}

}  // namespace liteforge::symmetric_matrix_test
