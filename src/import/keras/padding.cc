// SPDX-License-Identifier: Apache-2.0
// ZeroPadding1D to 3D and Cropping1D to 3D. How borders are written:
//   1D  n, [before, after]
//   2D  n, [rows, cols], [[top, bottom], [left, right]]
//       and in Keras 1 [top, bottom, left, right]
//   3D  n, three numbers, or three pairs
//   Keras 1 also {"top_pad": …, "bottom_pad": …, "left_pad": …, "right_pad": …}
#include "base/try.h"
#include "function/ops.h"
#include "import/keras/all_layers.h"
#include "import/keras/axes.h"

namespace liteforge {
namespace {

using nlohmann::json;
using Border = std::pair<int32_t, int32_t>;

// n or [before, after].
Result<Border> ReadBorder(const json& value, std::string_view key) {
  const json wrapped = {{"border", value}};
  const LayerConfig config(wrapped, 2);
  auto both = config.Ints("border", 2, 0);
  if (both) return Border{(*both)[0], (*both)[1]};
  return InvalidModel("'" + std::string(key) +
                      "' must hold non-negative integers, one or two per axis");
}

Result<Border> ReadSides(const json& sides, std::string_view before,
                         std::string_view after) {
  const LayerConfig config(sides, 1);
  TRY_ASSIGN(const int32_t first, config.Int(before, 0));
  TRY_ASSIGN(const int32_t last, config.Int(after, 0));
  return ReadBorder(json::array({first, last}), before);
}

Result<std::vector<Border>> ReadDictionary(const json& value, int rank) {
  std::vector<Border> borders;
  if (rank == 2) {
    TRY_ASSIGN(const Border rows, ReadSides(value, "top_pad", "bottom_pad"));
    borders.push_back(rows);
  }
  TRY_ASSIGN(const Border cols, ReadSides(value, "left_pad", "right_pad"));
  borders.push_back(cols);
  return borders;
}

// One border per spatial axis.
Result<std::vector<Border>> ReadBorders(const LayerConfig& config,
                                        std::string_view key, int rank,
                                        int fallback) {
  const json missing = fallback;
  const json* found = config.Find(key);
  const json& value = found == nullptr ? missing : *found;
  if (value.is_object()) return ReadDictionary(value, rank);
  if (value.is_number() || rank == 1) {
    TRY_ASSIGN(const Border all, ReadBorder(value, key));
    return std::vector<Border>(static_cast<size_t>(rank), all);
  }
  std::vector<json> parts(value.begin(), value.end());
  if (rank == 2 && parts.size() == 4) {
    parts = {json::array({parts[0], parts[1]}),
             json::array({parts[2], parts[3]})};
  }
  if (!value.is_array() || parts.size() != static_cast<size_t>(rank)) {
    return InvalidModel("'" + std::string(key) +
                        "' must be an integer or one pair per axis");
  }
  std::vector<Border> borders;
  for (const json& part : parts) {
    TRY_ASSIGN(borders.emplace_back(), ReadBorder(part, key));
  }
  return borders;
}

// The first spatial axis.
Result<int> FirstAxis(LayerContext& c) {
  TRY_ASSIGN(const bool channels_first, c.config.ChannelsFirst());
  return channels_first ? 2 : 1;
}

Result<Tensor> InputOfRank(LayerContext& c, int rank) {
  TRY_ASSIGN(const Tensor x, c.Input());
  if (x.rank() == rank) return x;
  return InvalidModel("its input must have " + std::to_string(rank) +
                      " dimensions, it is " + x.shape().ToString());
}

LayerOutputs BuildZeroPadding(LayerContext& c, int rank) {
  TRY_ASSIGN(const Tensor x, InputOfRank(c, rank + 2));
  TRY_ASSIGN(const auto borders, ReadBorders(c.config, "padding", rank, 1));
  TRY_ASSIGN(int axis, FirstAxis(c));
  std::vector<Border> paddings(static_cast<size_t>(x.rank()));
  for (const Border& border : borders) {
    const int64_t extent = std::max(1, x.dim(axis));
    TRY(CheckedDim(extent + border.first + border.second));
    paddings[static_cast<size_t>(axis++)] = border;
  }
  return One(Pad(x, std::move(paddings)));
}

LayerOutputs BuildCropping(LayerContext& c, int rank) {
  TRY_ASSIGN(const Tensor x, InputOfRank(c, rank + 2));
  TRY_ASSIGN(const auto borders,
             ReadBorders(c.config, "cropping", rank, rank == 2 ? 0 : 1));
  TRY_ASSIGN(int axis, FirstAxis(c));
  std::vector<Range> ranges(static_cast<size_t>(x.rank()));
  for (const Border& border : borders) {
    if (x.dim(axis) >= 0) {
      TRY(CheckedDim(int64_t{x.dim(axis)} - border.first - border.second));
    }
    Range& range = ranges[static_cast<size_t>(axis++)];
    range.begin = border.first;
    if (border.second > 0) range.end = -border.second;
  }
  return One(StridedSlice(x, std::move(ranges)));
}

LayerOutputs BuildZeroPadding1D(LayerContext& c) {
  return BuildZeroPadding(c, 1);
}
LayerOutputs BuildZeroPadding2D(LayerContext& c) {
  return BuildZeroPadding(c, 2);
}
LayerOutputs BuildZeroPadding3D(LayerContext& c) {
  return BuildZeroPadding(c, 3);
}
LayerOutputs BuildCropping3D(LayerContext& c) { return BuildCropping(c, 3); }
LayerOutputs BuildCropping1D(LayerContext& c) { return BuildCropping(c, 1); }
LayerOutputs BuildCropping2D(LayerContext& c) { return BuildCropping(c, 2); }

}  // namespace

const KerasLayer kCropping1DLayer{"Cropping1D", BuildCropping1D};
const KerasLayer kCropping2DLayer{"Cropping2D", BuildCropping2D};
const KerasLayer kCropping3DLayer{"Cropping3D", BuildCropping3D};
const KerasLayer kZeroPadding3DLayer{"ZeroPadding3D", BuildZeroPadding3D};
const KerasLayer kZeroPadding1DLayer{"ZeroPadding1D", BuildZeroPadding1D};
const KerasLayer kZeroPadding2DLayer{"ZeroPadding2D", BuildZeroPadding2D};

}  // namespace liteforge
