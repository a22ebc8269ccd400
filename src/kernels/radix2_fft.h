// SPDX-License-Identifier: Apache-2.0
// The discrete Fourier transform of 2^k complex numbers, in double and in
// place:
//
//   X[j] = sum over i of x[i] exp(-+2 pi sqrt(-1) i j / n)
//
// Source: Cooley and Tukey, "An algorithm for the machine calculation of
// complex Fourier series", 1965.
#pragma once

#include <complex>
#include <cstddef>
#include <vector>

namespace liteforge {

class Radix2Fft {
 public:
  // For 2^k numbers; `size` >= 1.
  explicit Radix2Fft(size_t size);

  size_t size() const { return size_; }

  // The exponent's sign is - for Forward and + for Backward; neither divides.
  // `values` has size() elements. Allocates nothing.
  void Forward(std::complex<double>* values) const { Run(values, 1.0); }
  void Backward(std::complex<double>* values) const { Run(values, -1.0); }

 private:
  void Run(std::complex<double>* values, double sign) const;

  size_t size_;
  std::vector<std::complex<double>> roots_;  // exp(-2 pi sqrt(-1) i / size)
};

}  // namespace liteforge
