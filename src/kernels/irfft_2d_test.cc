// SPDX-License-Identifier: Apache-2.0
// The transform of a real image, by the sum of the definition, comes back; so
// do cut and padded ones, as sums over the spectrum that is left.
#include <cmath>
#include <complex>
#include <numbers>
#include <random>

#include "kernels/custom_testing.h"
#include "kernels/kernel_tester.h"

namespace liteforge::irfft_2d_test {

using Complex = std::complex<double>;

KernelCase Irfft(const Shape& shape, const std::vector<Complex>& spectrum,
                 std::vector<int32_t> lengths, bool constant = true) {
  std::vector<float> parts;
  for (const Complex& value : spectrum) {
    parts.push_back(static_cast<float>(value.real()));
    parts.push_back(static_cast<float>(value.imag()));
  }
  KernelCase c{Op::kCustom, CustomOptions{"IRFFT2D", {}}};
  c.inputs = {KernelTensor::OfType(DataType::kComplex64, shape, parts),
              KernelTensor::Of<int32_t>({2}, lengths)};
  c.inputs[1].is_constant = constant;
  return c;
}

std::vector<double> Image(int height, int width, uint32_t seed) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<double> unit(-1, 1);
  std::vector<double> image(static_cast<size_t>(height * width));
  for (double& pixel : image) pixel = unit(random);
  return image;
}

// Rows [0, rows) and columns [0, columns) of the transform.
std::vector<Complex> Transform(const std::vector<double>& image, int height,
                               int width, int rows, int columns) {
  std::vector<Complex> spectrum;
  for (int j = 0; j < rows; ++j)
    for (int i = 0; i < columns; ++i) {
      Complex sum = 0;
      for (int y = 0; y < height; ++y)
        for (int x = 0; x < width; ++x)
          sum += image[static_cast<size_t>(y * width + x)] *
                 std::polar(
                     1.0, -2 * std::numbers::pi *
                              (double(j) * y / height + double(i) * x / width));
      spectrum.push_back(sum);
    }
  return spectrum;
}

std::vector<float> Floats(const std::vector<double>& values) {
  return {values.begin(), values.end()};
}

TEST(Irfft2d, ImagesComeBack) {
  for (const auto& [height, width] :
       {std::pair(4, 8), {8, 4}, {1, 4}, {4, 1}, {2, 2}, {1, 1}, {16, 2}}) {
    const auto image = Image(height, width, 1);
    const int columns = width / 2 + 1;
    const auto spectrum = Transform(image, height, width, height, columns);
    for (const bool constant : {true, false})
      ExpectNear<float>(
          Irfft({height, columns}, spectrum, {height, width}, constant),
          Floats(image), 1e-6, {height, width});
  }
}

TEST(Irfft2d, SlicesAreTransformedEach) {
  std::vector<Complex> spectra;
  std::vector<float> expected;
  for (const uint32_t seed : {1u, 2u, 3u}) {
    const auto image = Image(4, 4, seed);
    for (const Complex& value : Transform(image, 4, 4, 4, 3))
      spectra.push_back(value);
    for (const double pixel : image)
      expected.push_back(static_cast<float>(pixel));
  }
  ExpectNear<float>(Irfft({3, 1, 4, 3}, spectra, {4, 4}), expected, 1e-6,
                    {3, 1, 4, 4});
}

// One complex wave: re cos - im sin, and twice that off the mirrored columns.
TEST(Irfft2d, CutAndPaddedSpectra) {
  const Complex value(3, -2);
  for (const auto& [rows, columns] : {std::pair(2, 2), {3, 9}, {20, 20}}) {
    std::vector<Complex> spectrum(static_cast<size_t>(rows * columns));
    spectrum[static_cast<size_t>(1 * columns + 1)] = value;
    if (columns > 5) spectrum[static_cast<size_t>(columns - 1)] = 99;
    std::vector<float> expected;
    for (int y = 0; y < 4; ++y)
      for (int x = 0; x < 8; ++x)
        expected.push_back(static_cast<float>(
            2 *
            (value *
             std::polar(1.0, 2 * std::numbers::pi * (y / 4.0 + x / 8.0)))
                .real() /
            32));
    ExpectNear<float>(Irfft({rows, columns}, spectrum, {4, 8}), expected, 1e-6,
                      {4, 8});
  }
}

TEST(Irfft2d, IsChecked) {
  const std::vector<Complex> spectrum(12);
  for (const int32_t length : {0, -4, 3, 6, INT32_MIN})
    ExpectRefused(Irfft({4, 3}, spectrum, {4, length}), "infer",
                  "no power of two");
  ExpectRefused(Irfft({4, 3}, spectrum, {4, 5}, false), "", "no power of two");
  ExpectRefused(Irfft({12}, spectrum, {4, 4}), "infer", "input");
  ExpectValues<float>(Irfft({0, 4, 3}, {}, {1 << 25, 1 << 25}), {},
                      {0, 1 << 25, 1 << 25});
  ExpectValues<float>(Irfft({0, 3}, {}, {2, 2}), {0, 0, 0, 0}, {2, 2});
  KernelCase c = Irfft({4, 3}, spectrum, {4, 4});
  c.inputs[1] = KernelTensor::Of<int32_t>({3}, {4, 4, 4}).Constant();
  ExpectRefused(c, "infer", "fft");
  c = Irfft({4, 3}, spectrum, {4, 4});
  c.inputs[0] = KernelTensor::Of<float>({4, 3}, std::vector<float>(12));
  ExpectRefused(c, "prepare", "float32");
}

}  // namespace liteforge::irfft_2d_test
