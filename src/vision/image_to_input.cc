// SPDX-License-Identifier: Apache-2.0
// Pixels become tensor elements through one table of 256 entries a channel:
//
//   float32      (x - mean) / std
//   uint8        x
//   int8, int16  round((x - mean) / std / scale) + zero point, saturated;
//                int8 without mean and std: x - 128
#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>

#include "base/try.h"
#include "liteforge/image.h"
#include "vision/resize.h"

namespace liteforge {
namespace {

constexpr int64_t kMostPixels = 1 << 26;

// How the input lays pixels out.
struct Layout {
  int width = 0, height = 0, channels = 0;
  bool channels_first = false;
  Shape shape;
};

bool IsChannels(int32_t dim) { return dim == 1 || dim == 3; }

Result<Layout> LayoutOf(const Image& image, const TensorDetails& input) {
  const Shape& shape =
      input.shape_signature.has_rank() && input.shape_signature.rank() > 0
          ? input.shape_signature
          : input.shape;
  const auto wrong = [&] {
    return InvalidArgument("input '" + input.name + "' is " +
                           Describe(input.dtype, input.shape) +
                           "; an image is [1, height, width, 3] or [.., 1]");
  };
  if (shape.rank() != 4 || shape[0] > 1) return wrong();
  Layout layout;
  layout.channels_first = IsChannels(shape[1]) && !IsChannels(shape[3]);
  const int rows = layout.channels_first ? 2 : 1;
  const int32_t channels = shape[layout.channels_first ? 1 : 3];
  layout.channels = channels == Shape::kUnknownDim ? 3 : channels;
  if (!IsChannels(layout.channels)) return wrong();
  layout.height = shape[rows] < 0 ? image.height : shape[rows];
  layout.width = shape[rows + 1] < 0 ? image.width : shape[rows + 1];
  if (layout.height < 1 || layout.width < 1 ||
      static_cast<int64_t>(layout.height) * layout.width > kMostPixels)
    return wrong();
  layout.shape = layout.channels_first
                     ? Shape{1, layout.channels, layout.height, layout.width}
                     : Shape{1, layout.height, layout.width, layout.channels};
  return layout;
}

// (x - mean) / std for channel c.
Result<double> Normalized(double x, size_t c, size_t channels,
                          const ImageInput& options) {
  for (const auto* list : {&options.mean, &options.std}) {
    if (list->size() > 1 && list->size() != channels)
      return InvalidArgument(
          "mean and std are given for " + std::to_string(list->size()) +
          " channels, the input has " + std::to_string(channels));
  }
  const auto at = [c](const std::vector<float>& list, double none) {
    return list.empty() ? none
                        : static_cast<double>(list[list.size() > 1 ? c : 0]);
  };
  return (x - at(options.mean, 0)) / at(options.std, 1);
}

template <class T>
T Quantize(double real, const Quantization& quantization) {
  const double scale = quantization.scale.empty() ? 1 : quantization.scale[0];
  const double zero = quantization.zero_point.empty()
                          ? 0
                          : static_cast<double>(quantization.zero_point[0]);
  using Limits = std::numeric_limits<T>;
  return static_cast<T>(std::clamp<double>(std::round(real / scale) + zero,
                                           Limits::min(), Limits::max()));
}

template <class T>
T ElementOf(int x, double real, const TensorDetails& input, bool plain) {
  if constexpr (std::is_same_v<T, float>) return static_cast<float>(real);
  if constexpr (std::is_same_v<T, uint8_t>) return static_cast<uint8_t>(x);
  if (std::is_same_v<T, int8_t> && plain) return static_cast<T>(x - 128);
  return Quantize<T>(real, input.quantization);
}

// Rows of 256 elements, one row a channel.
template <class T>
Result<std::vector<T>> Table(const Layout& layout, const TensorDetails& input,
                             const ImageInput& options) {
  const bool plain = options.mean.empty() && options.std.empty();
  const auto channels = static_cast<size_t>(layout.channels);
  std::vector<T> table(channels * 256);
  for (size_t c = 0; c < channels; ++c) {
    for (int x = 0; x < 256; ++x) {
      TRY_ASSIGN(const double real, Normalized(x, c, channels, options));
      table[c * 256 + static_cast<size_t>(x)] =
          ElementOf<T>(x, real, input, plain);
    }
  }
  return table;
}

// ITU-R BT.601 luma, in 16 bits.
uint8_t Gray(const uint8_t* pixel) {
  return static_cast<uint8_t>(
      (19595 * pixel[0] + 38470 * pixel[1] + 7471 * pixel[2] + 32768) >> 16);
}

// One row of pixels.
template <class T>
void Store(const uint8_t* row, const Layout& layout, const T* table, T* out) {
  const auto width = static_cast<size_t>(layout.width);
  if (layout.channels == 1) {
    for (size_t i = 0; i < width; ++i) out[i] = table[Gray(row + i * 3)];
    return;
  }
  if (std::is_same_v<T, uint8_t> && !layout.channels_first) {
    std::memcpy(out, row, width * 3);  // their table changes nothing
    return;
  }
  const size_t step = layout.channels_first ? 1 : 3;
  const size_t plane =
      layout.channels_first ? width * static_cast<size_t>(layout.height) : 1;
  for (size_t i = 0; i < width; ++i, row += 3, out += step) {
    out[0] = table[row[0]];
    out[plane] = table[256 + row[1]];
    out[2 * plane] = table[512 + row[2]];
  }
}

template <class T>
Result<void> Convert(const Image& image, const Layout& layout,
                     const TensorDetails& input, const ImageInput& options,
                     NpyArray& array) {
  TRY_ASSIGN(const auto table, Table<T>(layout, input, options));
  array.type = input.dtype;
  array.shape = layout.shape;
  array.data.resize(static_cast<size_t>(layout.shape.elements()) * sizeof(T));
  T* out = reinterpret_cast<T*>(array.data.data());
  const int across = layout.channels_first ? 1 : layout.channels;
  ForEachResizedRow(image, layout.width, layout.height, options.fit,
                    [&](const uint8_t* row) {
                      Store(row, layout, table.data(), out);
                      out += layout.width * across;
                    });
  return {};
}

}  // namespace

Result<void> ImageToInput(const Image& image, const TensorDetails& input,
                          const ImageInput& options, NpyArray& array) {
  if (image.width < 1 || image.height < 1 ||
      image.pixels.size() != static_cast<size_t>(image.width) *
                                 static_cast<size_t>(image.height) * 3)
    return InvalidArgument("the image has " +
                           std::to_string(image.pixels.size()) + " bytes for " +
                           std::to_string(image.width) + " x " +
                           std::to_string(image.height) + " pixels of three");
  TRY_ASSIGN(const Layout layout, LayoutOf(image, input));
  switch (input.dtype) {
    case DataType::kFloat32:
      return Convert<float>(image, layout, input, options, array);
    case DataType::kUInt8:
      return Convert<uint8_t>(image, layout, input, options, array);
    case DataType::kInt8:
      return Convert<int8_t>(image, layout, input, options, array);
    case DataType::kInt16:
      return Convert<int16_t>(image, layout, input, options, array);
    default:
      return InvalidArgument("input '" + input.name + "' is " +
                             std::string(Name(input.dtype)) +
                             "; images become float32, uint8, int8 or int16");
  }
}

Result<NpyArray> ImageToInput(const Image& image, const TensorDetails& input,
                              const ImageInput& options) {
  NpyArray array;
  TRY(ImageToInput(image, input, options, array));
  return array;
}

}  // namespace liteforge
