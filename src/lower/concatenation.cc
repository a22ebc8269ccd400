// SPDX-License-Identifier: Apache-2.0
// Joining and splitting tensors along an axis, present (Concat, Split) or new
// (Pack, Unpack).
#include <fmt/format.h>

#include <limits>
#include <span>

#include "lower/formula.h"
#include "ops/infer.h"

namespace liteforge {
namespace {

// The axis, from the front where the rank is known.
Result<int32_t> ConcatAxis(int64_t axis, const Shape& shape) {
  if (shape.has_rank()) {
    TRY_ASSIGN(const int plain, NormalizeAxis(axis, shape.rank(), "axis"));
    return plain;
  }
  if (axis < -Shape::kMaxRank || axis >= Shape::kMaxRank)
    return InvalidModel(fmt::format("axis {} is out of range", axis));
  return static_cast<int32_t>(axis);
}

Result<void> EmitConcat(LowerContext& c, std::vector<Value*> parts,
                        int64_t axis) {
  ConcatenationOptions options;
  TRY_ASSIGN(options.axis, ConcatAxis(axis, parts[0]->shape));
  if (parts.size() == 1) {
    c.SetOutput(0, parts[0]);
    return {};
  }
  return Finish(c, c.ir().Emit(Op::kConcatenation, options, std::move(parts)));
}

Result<void> LowerConcatV2(LowerContext& c) {
  TRY_ASSIGN(const int64_t axis, c.IntegerOf(c.input_count() - 1, "axis"));
  return EmitConcat(c, {c.inputs().begin(), c.inputs().end() - 1}, axis);
}

// Parts of one row each.
Result<void> LowerParallelConcat(LowerContext& c) {
  return EmitConcat(c, c.inputs(), 0);
}

Result<void> LowerConcat(LowerContext& c) {
  TRY_ASSIGN(const int64_t axis, c.IntegerOf(0, "axis"));
  return EmitConcat(c, {c.inputs().begin() + 1, c.inputs().end()}, axis);
}

Result<void> LowerPack(LowerContext& c) {
  PackOptions options;
  TRY_ASSIGN(const int64_t axis, c.Attribute<int64_t>("axis", 0));
  Shape packed = c.input(0)->shape;
  if (packed.rank() == Shape::kMaxRank)
    return Unsupported("the result has too many dimensions");
  if (packed.has_rank()) packed.Append(1);
  TRY_ASSIGN(options.axis, ConcatAxis(axis, packed));
  options.values_count = c.input_count();
  return Finish(c, c.ir().Emit(Op::kPack, options, c.inputs()));
}

void SetOutputs(LowerContext& c, const std::vector<Value*>& values) {
  for (size_t i = 0; i < values.size(); ++i)
    c.SetOutput(static_cast<int>(i), values[i]);
}

// Far more outputs than any model has; a count is allocated for.
constexpr int64_t kMaxOutputs = 1 << 16;

Result<void> LowerUnpack(LowerContext& c) {
  UnpackOptions options;
  TRY_ASSIGN(options.num, c.IntegerIn("num", 0, kMaxOutputs));
  TRY_ASSIGN(const int64_t axis, c.Attribute<int64_t>("axis", 0));
  TRY_ASSIGN(options.axis, ConcatAxis(axis, c.input(0)->shape));
  TRY_ASSIGN(const auto parts,
             c.ir().EmitMany(Op::kUnpack, options, {c.input(0)}, options.num));
  SetOutputs(c, parts);
  return {};
}

Result<void> LowerSplit(LowerContext& c) {
  SplitOptions options;
  TRY_ASSIGN(options.num_splits, c.IntegerIn("num_split", 1, kMaxOutputs));
  TRY_ASSIGN(Value * axis, c.ir().AsInt32(c.input(0)));
  TRY_ASSIGN(const auto parts,
             c.ir().EmitMany(Op::kSplit, options, {axis, c.input(1)},
                             options.num_splits));
  SetOutputs(c, parts);
  return {};
}

Result<void> LowerSplitV(LowerContext& c) {
  SplitVOptions options;
  TRY_ASSIGN(options.num_splits, c.IntegerIn("num_split", 1, kMaxOutputs));
  TRY_ASSIGN(Value * sizes, c.ir().AsInt32(c.input(1)));
  TRY_ASSIGN(Value * axis, c.ir().AsInt32(c.input(2)));
  TRY_ASSIGN(const auto parts,
             c.ir().EmitMany(Op::kSplitV, options, {c.input(0), sizes, axis},
                             options.num_splits));
  SetOutputs(c, parts);
  return {};
}

// Where each of the shapes begins when they stand one behind the other.
Result<void> LowerConcatOffset(LowerContext& c) {
  TRY_ASSIGN(const int64_t dim, c.IntegerOf(0, "concat_dim"));
  const Shape& shape = c.input_count() > 1 ? c.input(1)->shape : Shape();
  if (shape.rank() != 1 || shape[0] < 0)
    return Unsupported("shapes of unknown rank");
  TRY_ASSIGN(const int axis, NormalizeAxis(dim, shape[0], "concat_dim"));
  std::vector<int32_t> mask(static_cast<size_t>(shape[0]));
  mask[static_cast<size_t>(axis)] = 1;
  Formula f(c);
  Value* only = f.Ints(std::move(mask));
  Value* begin = f.Mul(only, f.ir().Int32(0));
  std::vector<Value*> begins;
  for (int i = 1; i < c.input_count(); ++i) {
    begins.push_back(begin);
    begin = f.Add(begin, f.Mul(only, f.Take(c.ir().AsInt32(c.input(i)))));
  }
  TRY(f.Check());
  SetOutputs(c, begins);
  return {};
}

}  // namespace

std::span<const TfOp> ConcatenationOps() {
  static constexpr TfOp kOps[] = {
      {"Concat", 2, LowerConcat},
      {"ConcatOffset", 2, LowerConcatOffset},
      {"ConcatV2", 2, LowerConcatV2},
      {"Pack", 1, LowerPack},
      {"ParallelConcat", 1, LowerParallelConcat},
      {"Split", 2, LowerSplit},
      {"SplitV", 3, LowerSplitV},
      {"Unpack", 1, LowerUnpack},
  };
  return kOps;
}

}  // namespace liteforge
