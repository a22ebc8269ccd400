// SPDX-License-Identifier: Apache-2.0
// Slice, StridedSlice.
//
// A StridedSlice is a list of entries, one bit of each mask per entry:
//   ellipsis    as many whole axes as the other entries leave
//   new axis    an axis of extent 1 in the result
//   otherwise   the next axis of the input, begin:end:stride (begin_mask,
//               end_mask: from its start, to its end); shrink: begin alone,
//               and the axis goes
// With constant entries the first two kinds are resolved here: old TFLite
// runtimes know neither. The new axes are a RESHAPE of the result.
// Source: tensorflow/core/util/strided_slice_op.cc.
#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <span>

#include "lower/context.h"

namespace liteforge {
namespace {

Result<void> LowerSlice(LowerContext& c) {
  TRY_ASSIGN(Value * begin, c.ir().AsInt32(c.input(1)));
  TRY_ASSIGN(Value * size, c.ir().AsInt32(c.input(2)));
  return Finish(
      c, c.ir().Emit(Op::kSlice, SliceOptions{}, {c.input(0), begin, size}));
}

struct Entries {
  std::vector<int64_t> begin, end, stride;
};

// The slice in TFLite's plain form, and what comes after it.
struct DenseSlice {
  std::vector<int32_t> begin, end, stride;
  StridedSliceOptions options;
  // Of each axis of the result: whether it is a new one.
  std::vector<bool> is_new;
};

int32_t Saturate(int64_t value) {
  return static_cast<int32_t>(
      std::clamp<int64_t>(value, std::numeric_limits<int32_t>::min(),
                          std::numeric_limits<int32_t>::max()));
}

bool Bit(int32_t mask, size_t i) { return i < 32 && ((mask >> i) & 1) != 0; }

void AppendWholeAxes(DenseSlice& dense, int count) {
  for (int i = 0; i < count; ++i) {
    const auto axis = dense.begin.size();
    dense.begin.push_back(0);
    dense.end.push_back(0);
    dense.stride.push_back(1);
    dense.options.begin_mask |= 1 << axis;
    dense.options.end_mask |= 1 << axis;
    dense.is_new.push_back(false);
  }
}

void AppendAxis(DenseSlice& dense, const StridedSliceOptions& masks,
                const Entries& entries, size_t i) {
  const auto axis = dense.begin.size();
  dense.begin.push_back(Saturate(entries.begin[i]));
  dense.end.push_back(Saturate(entries.end[i]));
  dense.stride.push_back(Saturate(entries.stride[i]));
  if (Bit(masks.shrink_axis_mask, i)) {
    dense.options.shrink_axis_mask |= 1 << axis;
    return;
  }
  if (Bit(masks.begin_mask, i)) dense.options.begin_mask |= 1 << axis;
  if (Bit(masks.end_mask, i)) dense.options.end_mask |= 1 << axis;
  dense.is_new.push_back(false);
}

// How many axes of the input the entries name one by one.
int NamedAxes(const StridedSliceOptions& masks, size_t entries) {
  int named = 0;
  for (size_t i = 0; i < entries; ++i) {
    if (!Bit(masks.ellipsis_mask, i) && !Bit(masks.new_axis_mask, i)) ++named;
  }
  return named;
}

Result<DenseSlice> MakeDense(const StridedSliceOptions& masks,
                             const Entries& entries, int rank) {
  const size_t count = entries.begin.size();
  const int unnamed = rank - NamedAxes(masks, count);
  if (unnamed < 0) {
    return InvalidModel(fmt::format("it slices {} axes of an input that has {}",
                                    rank - unnamed, rank));
  }
  DenseSlice dense;
  bool had_ellipsis = false;
  for (size_t i = 0; i < count; ++i) {
    if (Bit(masks.ellipsis_mask, i)) {
      if (had_ellipsis) return InvalidModel("it has two ellipses");
      had_ellipsis = true;
      AppendWholeAxes(dense, unnamed);
    } else if (Bit(masks.new_axis_mask, i)) {
      dense.is_new.push_back(true);
    } else if (entries.stride[i] == 0) {
      return InvalidModel("a stride is 0");
    } else {
      AppendAxis(dense, masks, entries, i);
    }
  }
  if (!had_ellipsis) AppendWholeAxes(dense, unnamed);
  return dense;
}

Result<Value*> InsertAxes(IrBuilder& ir, Value* y,
                          const std::vector<bool>& is_new) {
  if (std::count(is_new.begin(), is_new.end(), true) == 0) return y;
  if (is_new.size() > Shape::kMaxRank)
    return Unsupported("the result has too many dimensions");
  Shape shape;
  int next = 0;
  for (bool fresh : is_new) shape.Append(fresh ? 1 : y->shape[next++]);
  if (y->shape.has_rank() && CanReshapeTo(shape)) return ir.Reshape(y, shape);
  for (size_t axis = 0; axis < is_new.size(); ++axis) {
    if (!is_new[axis]) continue;
    TRY_ASSIGN(y, ir.Emit(Op::kExpandDims, ExpandDimsOptions{},
                          {y, ir.Int32(static_cast<int32_t>(axis))}));
  }
  return y;
}

Result<StridedSliceOptions> ReadMasks(const LowerContext& c) {
  StridedSliceOptions masks;
  const std::pair<const char*, int32_t*> fields[] = {
      {"begin_mask", &masks.begin_mask},
      {"end_mask", &masks.end_mask},
      {"ellipsis_mask", &masks.ellipsis_mask},
      {"new_axis_mask", &masks.new_axis_mask},
      {"shrink_axis_mask", &masks.shrink_axis_mask},
  };
  for (const auto& [name, field] : fields) {
    TRY_ASSIGN(const int64_t bits, c.Attribute<int64_t>(name, 0));
    *field = static_cast<int32_t>(static_cast<uint32_t>(bits));
  }
  return masks;
}

// All three lists known and of one length; nullopt when one is computed.
Result<std::optional<Entries>> ReadEntries(const LowerContext& c) {
  KnownIntegers lists[3];
  for (int i = 0; i < 3; ++i) {
    auto known = c.ir().Known(c.input(i + 1));
    if (!known || !AllKnown(*known)) return std::optional<Entries>();
    lists[i] = *std::move(known);
  }
  if (lists[0].size() != lists[1].size() ||
      lists[0].size() != lists[2].size() || lists[0].size() > 31)
    return InvalidModel(
        "begin, end and strides differ in length or are more "
        "than 31");
  return std::optional<Entries>(Entries{lists[0], lists[1], lists[2]});
}

Result<void> LowerStridedSlice(LowerContext& c) {
  IrBuilder& ir = c.ir();
  Value* x = c.input(0);
  TRY_ASSIGN(const StridedSliceOptions masks, ReadMasks(c));
  TRY_ASSIGN(const std::optional<Entries> entries, ReadEntries(c));
  if (!entries || !x->shape.has_rank()) {
    std::vector<Value*> inputs = {x};
    for (int i = 1; i <= 3; ++i) {
      TRY_ASSIGN(Value * list, ir.AsInt32(c.input(i)));
      inputs.push_back(list);
    }
    return Finish(c, ir.Emit(Op::kStridedSlice, masks, std::move(inputs)));
  }
  TRY_ASSIGN(DenseSlice dense, MakeDense(masks, *entries, x->shape.rank()));
  TRY_ASSIGN(Value * y, ir.Emit(Op::kStridedSlice, dense.options,
                                {x, ir.Int32s(std::move(dense.begin)),
                                 ir.Int32s(std::move(dense.end)),
                                 ir.Int32s(std::move(dense.stride))}));
  return Finish(c, InsertAxes(ir, y, dense.is_new));
}

}  // namespace

std::span<const TfOp> SliceOps() {
  static constexpr TfOp kOps[] = {
      {"Slice", 3, LowerSlice},
      {"StridedSlice", 4, LowerStridedSlice},
  };
  return kOps;
}

}  // namespace liteforge
