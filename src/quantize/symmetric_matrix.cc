// SPDX-License-Identifier: Apache-2.0
// Source: G. Golub, C. Van Loan, "Matrix Computations", 4.2.
#include "quantize/symmetric_matrix.h"

#include <cmath>

namespace liteforge {

bool Cholesky(std::vector<double>& a, size_t n) {
  for (size_t j = 0; j < n; ++j) {
    double diagonal = a[j * n + j];
    for (size_t k = 0; k < j; ++k) diagonal -= a[j * n + k] * a[j * n + k];
    if (!(diagonal > 0)) return false;
    a[j * n + j] = std::sqrt(diagonal);
    for (size_t i = j + 1; i < n; ++i) {
      double sum = a[i * n + j];
      for (size_t k = 0; k < j; ++k) sum -= a[i * n + k] * a[j * n + k];
      a[i * n + j] = sum / a[j * n + j];
    }
  }
  return true;
}

void SolveFactored(const std::vector<double>& l, std::vector<double>& b) {
  const size_t n = b.size();
  for (size_t i = 0; i < n; ++i) {
    for (size_t k = 0; k < i; ++k) b[i] -= l[i * n + k] * b[k];
    b[i] /= l[i * n + i];
  }
  for (size_t i = n; i-- > 0;) {
    for (size_t k = i + 1; k < n; ++k) b[i] -= l[k * n + i] * b[k];
    b[i] /= l[i * n + i];
  }
}

std::vector<double> InverseFromFactor(const std::vector<double>& l, size_t n) {
  // Column j of L^-1, as row j, so that all loops run along rows.
  std::vector<double> columns(n * n);
  for (size_t j = 0; j < n; ++j) {
    double* column = columns.data() + j * n;
    column[j] = 1 / l[j * n + j];
    for (size_t i = j + 1; i < n; ++i) {
      double sum = 0;
      for (size_t k = j; k < i; ++k) sum -= l[i * n + k] * column[k];
      column[i] = sum / l[i * n + i];
    }
  }
  std::vector<double> inverse(n * n);
  for (size_t i = 0; i < n; ++i) {
    for (size_t j = 0; j <= i; ++j) {
      double sum = 0;
      for (size_t k = i; k < n; ++k)
        sum += columns[i * n + k] * columns[j * n + k];
      inverse[i * n + j] = inverse[j * n + i] = sum;
    }
  }
  return inverse;
}

std::vector<double> FactorOfInverse(std::vector<double> h, size_t n) {
  if (!Cholesky(h, n)) return {};
  std::vector<double> u = InverseFromFactor(h, n);
  if (!Cholesky(u, n)) return {};
  for (size_t i = 0; i < n; ++i) {
    for (size_t j = i + 1; j < n; ++j) {
      u[i * n + j] = u[j * n + i];
      u[j * n + i] = 0;
    }
  }
  return u;
}

}  // namespace liteforge
