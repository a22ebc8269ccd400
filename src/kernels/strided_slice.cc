// SPDX-License-Identifier: Apache-2.0
// STRIDED_SLICE: numpy's input[begin:end:strides] with masks.
//   input [any]   begin, end, strides: i32 | i64 [entries]
//
// Bit i of a mask speaks of entry i: begin_mask and end_mask replace the bound
// by the open end, ellipsis_mask makes the entry stand for all axes nobody
// else names, new_axis_mask inserts an axis of 1, shrink_axis_mask takes one
// index and drops the axis. offset: end is counted from where begin lies.
// Source: TFLite schema StridedSliceOptions; tensorflow/core/util/
// strided_slice_op.cc for bounds out of range.
#include <algorithm>

#include "kernels/move_elements.h"

namespace liteforge {
namespace {

struct AxisRange {
  int64_t begin = 0;
  int64_t stride = 1;
  int64_t count = 0;
};

bool HasBit(int32_t mask, int bit) { return bit < 32 && ((mask >> bit) & 1); }

// Which axis of the input an entry of begin/end/strides speaks of. Where more
// are named than there are, the ellipsis stands for one, as in TFLite, and the
// last entries for none.
class EntryAxes {
 public:
  EntryAxes(const StridedSliceOptions& options, int entries, int rank)
      : options_(options) {
    int named = 0;
    for (int i = 0; i < entries; ++i) {
      named += !HasBit(options.ellipsis_mask, i) &&
               !HasBit(options.new_axis_mask, i);
    }
    ellipsis_axes_ = named > rank ? 1 : rank - named;
  }

  // Axes entry `i` consumes; calls must go in order.
  int Consumes(int i) const {
    if (HasBit(options_.ellipsis_mask, i)) return ellipsis_axes_;
    return HasBit(options_.new_axis_mask, i) ? 0 : 1;
  }

 private:
  const StridedSliceOptions& options_;
  int ellipsis_axes_ = 0;
};

// Keeps sums of numbers from a file from overflowing; no axis reaches 2^40.
int64_t Tame(int64_t value) {
  constexpr int64_t kFar = int64_t{1} << 40;
  return std::clamp(value, -kFar, kFar);
}

AxisRange RangeOf(const KernelContext& k, const StridedSliceOptions& options,
                  int entry, int64_t size) {
  AxisRange range;
  range.stride = Tame(IntegerAt(k.Input(3), entry));
  const bool up = range.stride > 0;
  const int64_t first = up ? 0 : -1;
  const int64_t last = up ? size : size - 1;
  const auto bound = [&](int64_t at) {
    return std::clamp(at < 0 ? at + size : at, first, last);
  };
  const bool open_begin = HasBit(options.begin_mask, entry);
  const int64_t begin = Tame(IntegerAt(k.Input(1), entry));
  range.begin = open_begin ? (up ? 0 : size - 1) : bound(begin);
  if (HasBit(options.shrink_axis_mask, entry)) {
    // Not clamped: Eval reports a bad index.
    if (!open_begin) range.begin = begin < 0 ? begin + size : begin;
    range.count = 1;
    range.stride = 1;
    return range;
  }
  int64_t end = Tame(IntegerAt(k.Input(2), entry));
  if (options.offset) end += range.begin;
  const int64_t stop =
      HasBit(options.end_mask, entry) ? (up ? size : -1) : bound(end);
  const int64_t span = up ? stop - range.begin : range.begin - stop;
  const int64_t step = up ? range.stride : -range.stride;
  range.count = span <= 0 ? 0 : (span + step - 1) / step;
  return range;
}

Result<void> Prepare(KernelContext& k) {
  for (int i = 1; i < 4; ++i) {
    if (!IsIndexType(k.Input(i).type) && k.Input(i).type != DataType::kInt16) {
      return InvalidModel("begin, end and strides must be int32 or int64");
    }
  }
  return CheckMovable(k.Input(0));
}

void Eval(KernelContext& k) noexcept {
  const RuntimeTensor& input = k.Input(0);
  const auto& options = k.options<StridedSliceOptions>();
  const int rank = input.shape.rank();
  const auto entries = static_cast<int>(k.Input(1).elements());
  const EntryAxes axes(options, entries, rank);
  const auto strides = RowMajorStrides(input.shape);

  StridedBox box;
  int64_t offset = 0, elements = 1;
  int axis = 0;
  const auto add = [&](const AxisRange& range) {
    const int64_t stride = strides[static_cast<size_t>(axis)];
    offset += range.begin * stride;
    box.AddAxis(static_cast<int32_t>(range.count), range.stride * stride, 0);
    elements *= range.count;
    ++axis;
  };
  for (int entry = 0; entry < entries; ++entry) {
    const bool ellipsis = HasBit(options.ellipsis_mask, entry);
    for (int n = axes.Consumes(entry); n > 0 && axis < rank; --n) {
      const int64_t size = input.shape[axis];
      if (ellipsis) {
        add({0, 1, size});
        continue;
      }
      if (IntegerAt(k.Input(3), entry) == 0) {
        return k.FailEval("a stride is 0");
      }
      const AxisRange range = RangeOf(k, options, entry, size);
      if (range.count > 0 && (range.begin < 0 || range.begin >= size)) {
        return k.FailEval("an index lies outside the input");
      }
      add(range);
    }
  }
  while (axis < rank) add({0, 1, input.shape[axis]});
  if (elements != k.Output(0).elements()) {
    return k.FailEval("begin, end and strides do not give the output's shape");
  }
  // The output is row-major in the order of the walk.
  int64_t to = 1;
  for (int a = box.rank - 1; a >= 0; --a) {
    box.to[static_cast<size_t>(a)] = to;
    to *= box.extent[static_cast<size_t>(a)];
  }
  MoveBox(k, box, input, offset, k.Output(0));
}

}  // namespace

extern const Kernel kStridedSlice{Op::kStridedSlice, kEveryType, Prepare, Eval};

}  // namespace liteforge
