// SPDX-License-Identifier: Apache-2.0
// Roll: tf.roll. Elements move by `shift` along each axis named, and come in
// again at the other end; shifts of an axis named twice add up.
//
//   output[…, (i + shift) mod dim, …] = input[…, i, …]
//
// Inputs: any type; shift and axis are int32 or int64, of rank 0 or 1 and of
// the same size. Source: tflite/kernels/roll.cc.
#include <cstring>
#include <string>
#include <vector>

#include "kernels/move_elements.h"
#include "ops/infer_checks.h"

namespace liteforge {
namespace {

Result<void> Infer(KernelContext&, InferContext& c) {
  TRY(NeedInputs(c, 3));
  for (const int i : {1, 2}) {
    if (c.input(i).shape.rank() > 1)
      return InvalidModel("shift and axis must be numbers or lists of them");
  }
  const int64_t shifts = c.input(1).shape.elements();
  const int64_t axes = c.input(2).shape.elements();
  if (shifts >= 0 && axes >= 0 && shifts != axes)
    return InvalidModel("there are " + std::to_string(shifts) + " shifts for " +
                        std::to_string(axes) + " axes");
  c.SetOutput(0, c.input(0).type, c.input(0).shape);
  return {};
}

struct State {
  std::vector<int32_t> places;  // strings only
};

Result<void> Prepare(KernelContext& k) {
  TRY(CheckWhole(k.Input(0)));
  for (const int i : {1, 2}) {
    const DataType type = k.Input(i).type;
    if (type != DataType::kInt32 && type != DataType::kInt64)
      return Unsupported("shift and axis must be int32 or int64, not " +
                         std::string(Name(type)));
  }
  State& s = k.NewState<State>();
  if (k.Input(0).type == DataType::kString)
    s.places.resize(static_cast<size_t>(k.Input(0).elements()));
  return {};
}

// By how much each axis moves, in [0, dim).
struct Shifts {
  int64_t of[Shape::kMaxRank] = {};
};

// False when there is no such axis.
bool ReadShifts(const KernelContext& k, Shifts& shifts) {
  const Shape& shape = k.Input(0).shape;
  for (int64_t i = 0; i < k.Input(2).elements(); ++i) {
    int64_t axis = IntegerAt(k.Input(2), i);
    if (axis < -shape.rank() || axis >= shape.rank()) return false;
    if (axis < 0) axis += shape.rank();
    const int64_t dim = shape[static_cast<int>(axis)];
    if (dim == 0) continue;
    int64_t& shift = shifts.of[axis];
    shift = (shift + IntegerAt(k.Input(1), i) % dim + dim) % dim;
  }
  return true;
}

// The flat index that element `flat` of axes [0, axes) comes from.
int64_t SourceOf(const Shape& shape, const Shifts& shifts, int axes,
                 int64_t flat) {
  int64_t source = 0;
  int64_t stride = 1;
  for (int axis = axes - 1; axis >= 0; --axis) {
    const int64_t dim = shape[axis];
    const int64_t at = (flat % dim - shifts.of[axis] + dim) % dim;
    source += at * stride;
    stride *= dim;
    flat /= dim;
  }
  return source;
}

// Calls copy(from, to, count) for runs of elements. Behind the last axis that
// moves, a slice is two runs.
template <class Copy>
void ForRuns(const Shape& shape, const Shifts& shifts, Copy&& copy) {
  int last = shape.rank() - 1;
  while (last > 0 && shifts.of[last] == 0) --last;
  if (last < 0) return copy(0, 0, 1);
  int64_t inner = 1;
  for (int axis = last + 1; axis < shape.rank(); ++axis) inner *= shape[axis];
  const int64_t slice = shape[last] * inner;
  const int64_t moved = shifts.of[last] * inner;
  for (int64_t i = 0; i < shape.elements() / slice; ++i) {
    const int64_t from = SourceOf(shape, shifts, last, i) * slice;
    copy(from + slice - moved, i * slice, moved);
    copy(from, i * slice + moved, slice - moved);
  }
}

void Eval(KernelContext& k) noexcept {
  const RuntimeTensor& input = k.Input(0);
  RuntimeTensor& output = k.Output(0);
  Shifts shifts;
  if (!ReadShifts(k, shifts))
    return k.FailEval("an axis is outside the input's rank of " +
                      std::to_string(input.shape.rank()));
  const bool strings = input.type == DataType::kString;
  std::vector<int32_t>& places = k.State<State>().places;
  if (input.elements() > 0) {
    const auto element =
        static_cast<int64_t>(strings ? 0 : ElementBytes(input));
    ForRuns(input.shape, shifts, [&](int64_t from, int64_t to, int64_t count) {
      if (!strings) {
        std::memcpy(output.data + to * element, input.data + from * element,
                    static_cast<size_t>(count * element));
        return;
      }
      for (int64_t i = 0; i < count; ++i)
        places[static_cast<size_t>(to + i)] = static_cast<int32_t>(from + i);
    });
  }
  if (strings) MoveStrings(k, input, places, output);
}

}  // namespace

extern const CustomKernel kRoll{
    "Roll", {Op::kCustom, kEveryWholeType, Prepare, Eval, Infer}};

}  // namespace liteforge
