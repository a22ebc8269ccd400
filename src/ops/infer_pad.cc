// SPDX-License-Identifier: Apache-2.0
// PAD, PADV2, MIRROR_PAD, TILE: every axis grows.
#include <string>

#include "base/try.h"
#include "ops/all_infer_rules.h"

namespace liteforge {
namespace {

Shape UnknownLike(const Shape& input) {
  Shape shape = input;
  for (int axis = 0; axis < input.rank(); ++axis) {
    shape.set_dim(axis, Shape::kUnknownDim);
  }
  return shape;
}

Result<void> Pad(InferContext& c) {
  const Shape& input = c.input(0).shape;
  std::vector<int64_t> paddings;
  if (!input.has_rank() || !c.GetIntegers(1, paddings)) {
    c.SetOutput(0, c.input(0).type, UnknownLike(input));
    return {};
  }
  if (paddings.size() != 2 * static_cast<size_t>(input.rank())) {
    return InvalidModel("paddings must be [" + std::to_string(input.rank()) +
                        ",2]");
  }
  // A mirror has one row less to copy when it does not repeat the border.
  const bool mirror = c.op() == Op::kMirrorPad;
  const int64_t border =
      c.options<MirrorPadOptions>().mode == MirrorPadMode::kReflect ? 1 : 0;
  Shape output = input;
  for (int axis = 0; axis < input.rank(); ++axis) {
    const int64_t before = paddings[2 * static_cast<size_t>(axis)];
    const int64_t after = paddings[2 * static_cast<size_t>(axis) + 1];
    if (before < 0 || after < 0) return InvalidModel("a padding is negative");
    if (input[axis] < 0) continue;
    if (mirror &&
        (before > input[axis] - border || after > input[axis] - border)) {
      return InvalidModel("a padding is larger than axis " +
                          std::to_string(axis) + " of " + input.ToString());
    }
    if (before > INT32_MAX || after > INT32_MAX ||
        input[axis] + before + after > INT32_MAX) {
      return InvalidModel("a padding is too large");
    }
    const int64_t size = input[axis] + before + after;
    output.set_dim(axis, static_cast<int32_t>(size));
  }
  c.SetOutput(0, c.input(0).type, output);
  return {};
}

Result<void> Tile(InferContext& c) {
  const Shape& input = c.input(0).shape;
  std::vector<int64_t> multiples;
  if (!input.has_rank() || !c.GetIntegers(1, multiples)) {
    c.SetOutput(0, c.input(0).type, UnknownLike(input));
    return {};
  }
  if (multiples.size() != static_cast<size_t>(input.rank())) {
    return InvalidModel("multiples must have " + std::to_string(input.rank()) +
                        " values");
  }
  Shape output = input;
  for (int axis = 0; axis < input.rank(); ++axis) {
    const int64_t times = multiples[static_cast<size_t>(axis)];
    if (times < 0) return InvalidModel("a multiple is negative");
    if (input[axis] < 0) continue;
    if (input[axis] > 0 && times > INT32_MAX / input[axis]) {
      return InvalidModel("a multiple is too large");
    }
    output.set_dim(axis, static_cast<int32_t>(input[axis] * times));
  }
  c.SetOutput(0, c.input(0).type, output);
  return {};
}

}  // namespace

std::span<const InferRule> PadRules() {
  static constexpr InferRule kRules[] = {
      {Op::kMirrorPad, Pad},
      {Op::kPad, Pad},
      {Op::kPadV2, Pad},
      {Op::kTile, Tile},
  };
  return kRules;
}

}  // namespace liteforge
