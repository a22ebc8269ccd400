// SPDX-License-Identifier: Apache-2.0
// Of the order of an image's dimensions, where a graph was rewritten for one:
//   DataFormatDimMap(x)       where the axis x of src_format is in dst_format
//   DataFormatVecPermute(x)   rows of x, one a dimension (or a spatial one), in
//                             the order of dst_format
// both a GATHER by constants.
// Source: tensorflow/core/ops/nn_ops.cc.
#include <algorithm>
#include <span>

#include "lower/formula.h"

namespace liteforge {
namespace {

struct Formats {
  std::string from, to;
};

Result<Formats> ReadFormats(const LowerContext& c) {
  Formats formats;
  TRY_ASSIGN(formats.from,
             c.Attribute<std::string>("src_format", std::string("NHWC")));
  TRY_ASSIGN(formats.to,
             c.Attribute<std::string>("dst_format", std::string("NCHW")));
  if (formats.from.size() < 4 || formats.from.size() > 5 ||
      !std::ranges::is_permutation(formats.from, formats.to))
    return InvalidModel("src_format and dst_format are no layouts of images");
  return formats;
}

// Where each letter of `letters` stands in `text`.
std::vector<int32_t> PlacesIn(const std::string& text,
                              const std::string& letters) {
  std::vector<int32_t> places;
  for (const char letter : letters)
    places.push_back(static_cast<int32_t>(text.find(letter)));
  return places;
}

Result<void> LowerDimMap(LowerContext& c) {
  TRY_ASSIGN(const Formats formats, ReadFormats(c));
  const auto rank = static_cast<int32_t>(formats.from.size());
  Formula f(c);
  Value* map =
      f.Cast(f.Ints(PlacesIn(formats.to, formats.from)), c.input(0)->type);
  Value* axis = f.Emit(Op::kFloorMod, FloorModOptions{},
                       {c.input(0), f.Like(c.input(0), rank)});
  return f.Finish(f.Gather(map, axis));
}

Result<void> LowerVecPermute(LowerContext& c) {
  TRY_ASSIGN(Formats formats, ReadFormats(c));
  const Shape& shape = c.input(0)->shape;
  const auto rank = static_cast<int32_t>(formats.from.size());
  const bool spatial = shape.rank() > 0 && shape[0] == rank - 2;
  if (!spatial && (shape.rank() < 1 || shape[0] != rank))
    return Unsupported("rows other than one for each dimension");
  if (spatial) {
    const auto is_other = [](char letter) {
      return letter == 'N' || letter == 'C';
    };
    std::erase_if(formats.from, is_other);
    std::erase_if(formats.to, is_other);
  }
  Formula f(c);
  return f.Finish(
      f.Gather(c.input(0), f.Ints(PlacesIn(formats.from, formats.to))));
}

}  // namespace

std::span<const TfOp> DataFormatOps() {
  static constexpr TfOp kOps[] = {
      {"DataFormatDimMap", 1, LowerDimMap},
      {"DataFormatVecPermute", 1, LowerVecPermute},
  };
  return kOps;
}

}  // namespace liteforge
