// SPDX-License-Identifier: Apache-2.0
// The discrete Fourier transform of lengths that are powers of two.
#pragma once

#include <complex>
#include <cstddef>
#include <vector>

namespace liteforge {

// Its factors, made once for a length.
class Fft {
 public:
  // `length` is a power of two.
  explicit Fft(size_t length);
  Fft() : Fft(1) {}

  size_t length() const { return length_; }

  // In place: X[k] = sum over n of x[n] e^(-2 pi i n k / length), or with
  // e^(+…) for the inverse, which is not divided by the length.
  void Run(std::complex<double>* x, bool inverse = false) const;

 private:
  size_t length_;
  std::vector<std::complex<double>> roots_;  // e^(-2 pi i k / length), half
};

}  // namespace liteforge
