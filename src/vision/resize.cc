// SPDX-License-Identifier: Apache-2.0
// Bilinear resizing with a filter as wide as the step (tf.image.resize with
// antialias, Pillow's BILINEAR). Along each axis, with s = in / out:
//
//   out[i] = sum_j w_ij in[j] / sum_j w_ij
//   w_ij   = max(0, 1 - |j + 1/2 - (i + 1/2) s| / max(s, 1))
//
// Rows first, then columns; weights are fixed point of 14 bits and add up to 1
// exactly, so that an even area keeps its color.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/try.h"
#include "liteforge/image.h"

namespace liteforge {
namespace {

constexpr int kBits = 14;
constexpr int kOne = 1 << kBits;
constexpr uint8_t kBesidePicture = 128;

// For each output: the first input it sees, and `width` weights.
struct Taps {
  int width = 0;
  std::vector<int> first;
  std::vector<int16_t> weights;
};

// Rounded weights; the largest takes what rounding lost.
void FixWeights(const std::vector<double>& exact, int16_t* fixed) {
  double sum = 0;
  for (const double weight : exact) sum += weight;
  int total = 0;
  size_t largest = 0;
  for (size_t k = 0; k < exact.size(); ++k) {
    fixed[k] = static_cast<int16_t>(std::lround(exact[k] / sum * kOne));
    total += fixed[k];
    if (exact[k] > exact[largest]) largest = k;
  }
  fixed[largest] = static_cast<int16_t>(fixed[largest] + kOne - total);
}

Taps MakeTaps(int in, int out) {
  const double step = static_cast<double>(in) / out;
  const double reach = std::max(step, 1.0);
  Taps taps;
  taps.width = std::min(in, static_cast<int>(std::ceil(2 * reach)));
  taps.first.resize(static_cast<size_t>(out));
  taps.weights.resize(static_cast<size_t>(out) *
                      static_cast<size_t>(taps.width));
  std::vector<double> exact(static_cast<size_t>(taps.width));
  for (int i = 0; i < out; ++i) {
    const double center = (i + 0.5) * step;
    // The first whose middle is within reach.
    const int first = std::clamp(
        static_cast<int>(std::floor(center - reach + 0.5)), 0, in - taps.width);
    for (int k = 0; k < taps.width; ++k)
      exact[static_cast<size_t>(k)] =
          std::max(0.0, 1 - std::abs(first + k + 0.5 - center) / reach);
    taps.first[static_cast<size_t>(i)] = first;
    FixWeights(exact, &taps.weights[static_cast<size_t>(i * taps.width)]);
  }
  return taps;
}

uint8_t Round(int sum) {
  return static_cast<uint8_t>(std::clamp((sum + kOne / 2) >> kBits, 0, 255));
}

// One output row from the rows of the image above each other.
void MixRows(const uint8_t* rows, size_t row_bytes, const int16_t* weights,
             int count, std::vector<int>& sums, uint8_t* out) {
  std::fill(sums.begin(), sums.end(), 0);
  for (int k = 0; k < count; ++k) {
    if (weights[k] == 0) continue;
    const uint8_t* row = rows + static_cast<size_t>(k) * row_bytes;
    // Products of 16 bits: the widest that SSE2 multiplies at once.
    const int16_t weight = weights[k];
    for (size_t x = 0; x < row_bytes; ++x)
      sums[x] += weight * static_cast<int16_t>(row[x]);
  }
  for (size_t x = 0; x < row_bytes; ++x) out[x] = Round(sums[x]);
}

void MixColumns(const uint8_t* row, const Taps& taps, uint8_t* out) {
  const int16_t* weights = taps.weights.data();
  for (const int first : taps.first) {
    const uint8_t* pixel = row + static_cast<ptrdiff_t>(first) * 3;
    int red = 0, green = 0, blue = 0;
    for (int k = 0; k < taps.width; ++k, pixel += 3) {
      red += weights[k] * pixel[0];
      green += weights[k] * pixel[1];
      blue += weights[k] * pixel[2];
    }
    *out++ = Round(red);
    *out++ = Round(green);
    *out++ = Round(blue);
    weights += taps.width;
  }
}

// Into the rectangle `place` of `to`, whose rows have `to_width` pixels.
void ResizeInto(const Image& image, const Placement& place, Image& to) {
  const Taps down = MakeTaps(image.height, place.height);
  const Taps across = MakeTaps(image.width, place.width);
  const size_t row_bytes = static_cast<size_t>(image.width) * 3;
  std::vector<int> sums(row_bytes);
  std::vector<uint8_t> row(row_bytes);
  for (int y = 0; y < place.height; ++y) {
    const auto at = static_cast<size_t>(y);
    MixRows(&image.pixels[static_cast<size_t>(down.first[at]) * row_bytes],
            row_bytes, &down.weights[at * static_cast<size_t>(down.width)],
            down.width, sums, row.data());
    const auto pixel =
        static_cast<size_t>((place.top + y) * to.width + place.left);
    MixColumns(row.data(), across, &to.pixels[pixel * 3]);
  }
}

}  // namespace

Placement Place(int image_width, int image_height, int width, int height,
                Fit fit) {
  if (fit == Fit::kStretch) return {0, 0, width, height};
  const double scale = std::min(static_cast<double>(width) / image_width,
                                static_cast<double>(height) / image_height);
  Placement place;
  place.width =
      std::clamp(static_cast<int>(std::lround(image_width * scale)), 1, width);
  place.height = std::clamp(static_cast<int>(std::lround(image_height * scale)),
                            1, height);
  place.left = (width - place.width) / 2;
  place.top = (height - place.height) / 2;
  return place;
}

Image Resize(const Image& image, int width, int height, Fit fit) {
  if (image.width == width && image.height == height) return image;
  const Placement place = Place(image.width, image.height, width, height, fit);
  Image resized{width, height, {}};
  resized.pixels.assign(
      static_cast<size_t>(width) * static_cast<size_t>(height) * 3,
      kBesidePicture);
  ResizeInto(image, place, resized);
  return resized;
}

}  // namespace liteforge
