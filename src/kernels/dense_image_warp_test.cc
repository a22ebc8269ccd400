// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <limits>
#include <random>

#include "kernels/custom_testing.h"
#include "kernels/kernel_tester.h"

namespace liteforge::dense_image_warp_test {

KernelCase Warp(const Shape& image, const std::vector<float>& pixels,
                const Shape& flow, const std::vector<float>& steps) {
  KernelCase c{Op::kCustom, CustomOptions{"DenseImageWarp", {}}};
  c.inputs = {KernelTensor::Of<float>(image, pixels),
              KernelTensor::Of<float>(flow, steps)};
  return c;
}

// An image that is linear in y and x is its own interpolation: value at
// (y, x), the point brought into the image.
TEST(DenseImageWarp, LinearImages) {
  std::mt19937 random(1);
  std::uniform_real_distribution<float> unit(-3, 3);
  constexpr int kBatches = 2, kHeight = 4, kWidth = 5, kChannels = 3;
  std::vector<float> pixels, flow, expected;
  const auto value = [](int n, double y, double x, int c) {
    return n * 50 + 2 * y - 3 * x + c;
  };
  for (int n = 0; n < kBatches; ++n)
    for (int y = 0; y < kHeight; ++y)
      for (int x = 0; x < kWidth; ++x) {
        flow.push_back(unit(random));
        flow.push_back(unit(random));
        const double at_y =
            std::clamp(double{static_cast<float>(y)} - flow[flow.size() - 2],
                       0.0, kHeight - 1.0);
        const double at_x =
            std::clamp(double{static_cast<float>(x)} - flow[flow.size() - 1],
                       0.0, kWidth - 1.0);
        for (int c = 0; c < kChannels; ++c) {
          pixels.push_back(static_cast<float>(value(n, y, x, c)));
          expected.push_back(static_cast<float>(value(n, at_y, at_x, c)));
        }
      }
  const Shape image{kBatches, kHeight, kWidth, kChannels};
  ExpectNear<float>(Warp(image, pixels, {kBatches, kHeight, kWidth, 2}, flow),
                    expected, 1e-5, image);
}

TEST(DenseImageWarp, PointsFarAwayAreOnTheBorder) {
  const float inf = std::numeric_limits<float>::infinity();
  const float nan = std::nanf("");
  ExpectValues<float>(Warp({1, 2, 2, 1}, {1, 2, 3, 4}, {1, 2, 2, 2},
                           {inf, -inf, -1e30f, 1e30f, nan, nan, -inf, -inf}),
                      {2, 3, 1, 4});
}

TEST(DenseImageWarp, IsChecked) {
  const std::vector<float> eight(8);
  ExpectRefused(Warp({1, 2, 4, 1}, eight, {1, 2, 2, 2}, eight), "infer",
                "dimension 2");
  ExpectRefused(Warp({1, 1, 4, 2}, eight, {1, 1, 4, 2}, eight), "infer",
                "2 or more pixels");
  ExpectRefused(Warp({1, 4, 2, 1}, eight, {1, 4, 2, 1}, eight), "infer",
                "coordinates");
  ExpectRefused(Warp({4, 2, 1}, eight, {1, 2, 2, 2}, eight), "infer", "image");
  ExpectValues<float>(Warp({0, 2, 2, 1}, {}, {0, 2, 2, 2}, {}), {},
                      {0, 2, 2, 1});
  KernelCase c = Warp({1, 2, 2, 2}, eight, {1, 2, 2, 2}, eight);
  c.inputs[0] =
      KernelTensor::Of<int32_t>({1, 2, 2, 2}, std::vector<int32_t>(8));
  ExpectRefused(c, "prepare", "int32");
}

}  // namespace liteforge::dense_image_warp_test
