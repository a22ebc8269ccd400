// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cmath>
#include <complex>
#include <vector>

#include "kernels/kernel_tester.h"

namespace liteforge::complex_parts_test {

template <class Real>
void ExpectParts(DataType type) {
  using Complex = std::complex<Real>;
  const std::vector<Complex> values = {{3, 4},  {-3, 4}, {0, 0},
                                       {0, -2}, {5, 12}, {-1.5, -2}};
  std::vector<Real> real, imaginary, magnitude;
  for (const Complex& x : values) {
    real.push_back(x.real());
    imaginary.push_back(x.imag());
    magnitude.push_back(std::sqrt(x.real() * x.real() + x.imag() * x.imag()));
  }
  const std::pair<Op, std::vector<Real>> parts[] = {
      {Op::kReal, real}, {Op::kImag, imaginary}, {Op::kComplexAbs, magnitude}};
  for (const auto& [op, expected] : parts) {
    KernelCase k{op};
    k.inputs = {KernelTensor::OfType(type, {2, 3}, values)};
    ExpectNear(k, expected, 1e-7, Shape{2, 3});
    k.inputs = {KernelTensor::OfType<Complex>(type, {0}, {})};
    ExpectValues<Real>(k, {}, {0});
  }
}

TEST(ComplexParts, OfBothPrecisions) {
  ExpectParts<float>(DataType::kComplex64);
  ExpectParts<double>(DataType::kComplex128);
}

TEST(ComplexParts, MagnitudeDoesNotOverflow) {
  KernelCase k{Op::kComplexAbs};
  k.inputs = {KernelTensor::Of<std::complex<float>>({1}, {{3e30f, 4e30f}})};
  ExpectNear<float>(k, {5e30f});
}

TEST(ComplexParts, RefusesRealNumbers) {
  for (const Op op : {Op::kReal, Op::kImag, Op::kComplexAbs}) {
    KernelCase k{op};
    k.inputs = {KernelTensor::Of<float>({1}, {1})};
    ExpectRefused(k, "prepare", "float32 to float32 is not supported");
  }
}

}  // namespace liteforge::complex_parts_test
