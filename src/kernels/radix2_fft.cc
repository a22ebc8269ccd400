// SPDX-License-Identifier: Apache-2.0
#include "kernels/radix2_fft.h"

#include <cmath>
#include <numbers>
#include <utility>

#include "base/try.h"

namespace liteforge {
namespace {

// Element i and the one whose index has i's bits in reverse change places.
void ReverseBits(std::complex<double>* values, size_t size) {
  size_t reversed = 0;
  for (size_t i = 1; i < size; ++i) {
    size_t bit = size >> 1;
    while ((reversed & bit) != 0) {
      reversed ^= bit;
      bit >>= 1;
    }
    reversed |= bit;
    if (i < reversed) std::swap(values[i], values[reversed]);
  }
}

}  // namespace

Radix2Fft::Radix2Fft(size_t size) : size_(size) {
  CHECK(size > 0 && (size & (size - 1)) == 0);
  const double angle = 2 * std::numbers::pi / static_cast<double>(size);
  for (size_t i = 0; i < size / 2; ++i) {
    const double at = angle * static_cast<double>(i);
    roots_.emplace_back(std::cos(at), -std::sin(at));
  }
}

void Radix2Fft::Run(std::complex<double>* values, double sign) const {
  ReverseBits(values, size_);
  for (size_t half = 1; half < size_; half *= 2) {
    const size_t step = size_ / (2 * half);
    for (size_t begin = 0; begin < size_; begin += 2 * half) {
      for (size_t i = 0; i < half; ++i) {
        const double re = roots_[i * step].real();
        const double im = sign * roots_[i * step].imag();
        std::complex<double>& a = values[begin + i];
        std::complex<double>& b = values[begin + i + half];
        // Spelled out: operator* also mends infinities, at a price.
        const std::complex<double> turned(b.real() * re - b.imag() * im,
                                          b.real() * im + b.imag() * re);
        b = a - turned;
        a += turned;
      }
    }
  }
}

}  // namespace liteforge
