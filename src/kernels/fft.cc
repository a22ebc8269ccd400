// SPDX-License-Identifier: Apache-2.0
// Decimation in time by factors of two: bit-reversed order, then butterflies of
// 2, 4, … elements. Source: Cooley and Tukey, 1965.
#include "kernels/fft.h"

#include <cmath>
#include <utility>

namespace liteforge {

Fft::Fft(size_t length) : length_(length), roots_(length / 2) {
  for (size_t k = 0; k < roots_.size(); ++k) {
    const double angle =
        -2.0 * M_PI * static_cast<double>(k) / static_cast<double>(length);
    roots_[k] = {std::cos(angle), std::sin(angle)};
  }
}

void Fft::Run(std::complex<double>* x, bool inverse) const {
  for (size_t i = 1, j = 0; i < length_; ++i) {
    size_t bit = length_ >> 1;
    for (; (j & bit) != 0; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i < j) std::swap(x[i], x[j]);
  }
  for (size_t half = 1; half < length_; half *= 2) {
    const size_t step = length_ / (2 * half);
    for (size_t first = 0; first < length_; first += 2 * half) {
      for (size_t k = 0; k < half; ++k) {
        const auto root =
            inverse ? std::conj(roots_[k * step]) : roots_[k * step];
        const auto odd = root * x[first + half + k];
        x[first + half + k] = x[first + k] - odd;
        x[first + k] += odd;
      }
    }
  }
}

}  // namespace liteforge
