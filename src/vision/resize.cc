// SPDX-License-Identifier: Apache-2.0
// Bilinear resizing with a filter as wide as the step (tf.image.resize with
// antialias, Pillow's BILINEAR). Along each axis, with s = in / out:
//
//   out[i] = sum_j w_ij in[j] / sum_j w_ij
//   w_ij   = max(0, 1 - |j + 1/2 - (i + 1/2) s| / max(s, 1))
//
// Rows first, then columns; weights are fixed point of 14 bits and add up to 1
// exactly, so that an even area keeps its color.
#include "vision/resize.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "kernels/micro/byte_resize.h"

namespace liteforge {
namespace {

constexpr int kOne = 1 << kResizeBits;
constexpr uint8_t kBesidePicture = 128;

// For each output: the first input it sees, and `width` weights, an even
// number of which the last may stand for no input and be 0.
struct Taps {
  int width = 0;
  std::vector<int32_t> first;
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
  const int seen = std::min(in, static_cast<int>(std::ceil(2 * reach)));
  Taps taps;
  taps.width = seen + seen % 2;
  taps.first.resize(static_cast<size_t>(out));
  taps.weights.resize(static_cast<size_t>(out) *
                      static_cast<size_t>(taps.width));
  std::vector<double> exact(static_cast<size_t>(seen));
  for (int i = 0; i < out; ++i) {
    const double center = (i + 0.5) * step;
    // The first whose middle is within reach.
    const int first = std::clamp(
        static_cast<int>(std::floor(center - reach + 0.5)), 0, in - seen);
    for (int k = 0; k < seen; ++k)
      exact[static_cast<size_t>(k)] =
          std::max(0.0, 1 - std::abs(first + k + 0.5 - center) / reach);
    taps.first[static_cast<size_t>(i)] = first;
    FixWeights(exact, &taps.weights[static_cast<size_t>(i) *
                                    static_cast<size_t>(taps.width)]);
  }
  return taps;
}

// Those of a few sizes are kept: the pictures of a stream are alike.
std::shared_ptr<const Taps> TapsFor(int in, int out) {
  constexpr size_t kMostKept = 8;
  thread_local std::map<std::pair<int, int>, std::shared_ptr<const Taps>> kept;
  const auto found = kept.find({in, out});
  if (found != kept.end()) return found->second;
  if (kept.size() >= kMostKept) kept.clear();
  return kept[{in, out}] = std::make_shared<const Taps>(MakeTaps(in, out));
}

size_t RowBytes(int width) { return static_cast<size_t>(width) * 3; }

// Asks for a row that is read next. The picture may have left the caches since
// it was taken, and rows are too short for the processor to foresee them.
void Prefetch(const uint8_t* row, size_t bytes) {
  constexpr size_t kLine = 64;
  for (size_t i = 0; i < bytes; i += kLine) __builtin_prefetch(row + i);
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

void ForEachResizedRow(const Image& image, int width, int height, Fit fit,
                       const std::function<void(const uint8_t* row)>& take) {
  const size_t from_bytes = RowBytes(image.width);
  if (image.width == width && image.height == height) {
    for (int y = 0; y < height; ++y)
      take(&image.pixels[static_cast<size_t>(y) * from_bytes]);
    return;
  }
  const Placement place = Place(image.width, image.height, width, height, fit);
  const auto down = TapsFor(image.height, place.height);
  const auto across = TapsFor(image.width, place.width);
  const std::vector<uint8_t> beside(RowBytes(width), kBesidePicture);
  std::vector<uint8_t> mixed(from_bytes + kResizeSlack), row = beside;
  int fetched = 0;
  for (int y = 0; y < height; ++y) {
    if (y < place.top || y >= place.top + place.height) {
      take(beside.data());
      continue;
    }
    const auto at = static_cast<size_t>(y - place.top);
    const int first = down->first[at];
    const int next = down->first[std::min(at + 1, down->first.size() - 1)];
    for (; fetched < std::min(next + down->width, image.height); ++fetched)
      Prefetch(&image.pixels[static_cast<size_t>(fetched) * from_bytes],
               from_bytes);
    MixByteRows(
        &image.pixels[static_cast<size_t>(first) * from_bytes], from_bytes,
        &down->weights[at * static_cast<size_t>(down->width)],
        std::min(down->width, image.height - first), from_bytes, mixed.data());
    MixBytePixels(mixed.data(), across->first.data(), across->weights.data(),
                  across->width, across->first.size(),
                  &row[RowBytes(place.left)]);
    take(row.data());
  }
}

Image Resize(const Image& image, int width, int height, Fit fit) {
  if (image.width == width && image.height == height) return image;
  Image resized{width, height, {}};
  resized.pixels.reserve(RowBytes(width) * static_cast<size_t>(height));
  ForEachResizedRow(image, width, height, fit, [&](const uint8_t* row) {
    resized.pixels.insert(resized.pixels.end(), row, row + RowBytes(width));
  });
  return resized;
}

}  // namespace liteforge
