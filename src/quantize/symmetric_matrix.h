// SPDX-License-Identifier: Apache-2.0
// Positive definite matrices, [n, n], row-major.
#pragma once

#include <cstddef>
#include <vector>

namespace liteforge {

// The lower factor L of a = L L^T in place; what stands above the diagonal is
// left alone. False where `a` is not positive definite.
bool Cholesky(std::vector<double>& a, size_t n);

// x with L L^T x = b, in place of b.
void SolveFactored(const std::vector<double>& l, std::vector<double>& b);

// (L L^T)^-1 from L.
std::vector<double> InverseFromFactor(const std::vector<double>& l, size_t n);

// U, upper, with U^T U = h^-1; empty where h is not positive definite.
std::vector<double> FactorOfInverse(std::vector<double> h, size_t n);

}  // namespace liteforge
