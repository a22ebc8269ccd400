// SPDX-License-Identifier: Apache-2.0
// SELECT, SELECT_V2: condition ? a : b, elementwise. SELECT_V2 broadcasts all
// three; SELECT takes a condition of the operands' shape, of one element, or
// of one element per row of the first axis.
// Source: TFLite schema SelectOptions, SelectV2Options; kernels/select.cc.
#include <array>
#include <type_traits>

#include "kernels/move_elements.h"

namespace liteforge {
namespace {

using Strides = std::array<int64_t, Shape::kMaxRank>;

struct State {
  Strides condition{};
};

// Elements between neighbours of an operand under each output axis.
Strides StridesUnder(const Shape& operand, const Shape& output) {
  const auto own = RowMajorStrides(operand);
  Strides strides{};
  const int lead = output.rank() - operand.rank();
  for (int axis = lead; axis < output.rank(); ++axis) {
    const int source = axis - lead;
    if (source < 0 || operand[source] == 1) continue;
    strides[static_cast<size_t>(axis)] = own[static_cast<size_t>(source)];
  }
  return strides;
}

Result<void> Prepare(KernelContext& k) {
  const Shape& condition = k.Input(0).shape;
  const Shape& output = k.Output(0).shape;
  if (k.Input(0).type != DataType::kBool) {
    return InvalidModel("the condition must be bool");
  }
  if (k.Input(1).type == DataType::kString) {
    return Unsupported("string elements are not supported");
  }
  TRY(CheckWhole(k.Input(1)));
  State& s = k.NewState<State>();
  s.condition = StridesUnder(condition, output);
  const bool per_row = k.op() == Op::kSelect && condition.rank() == 1 &&
                       output.rank() > 1 && condition.elements() != 1;
  if (per_row) {
    s.condition = {};
    s.condition[0] = 1;
  }
  return {};
}

constexpr int kOperands = 3;  // condition, a, b

// The output's first `axes` axes, and runs behind them through which each
// operand goes in steps of 1 or 0.
struct Walk {
  int axes = 0;
  int64_t run = 1;
  std::array<Strides, kOperands> strides{};
  std::array<int64_t, kOperands> step{};
};

Walk WalkOf(const Shape& output,
            const std::array<Strides, kOperands>& strides) {
  Walk w{output.rank(), 1, strides, {}};
  for (; w.axes > 0; --w.axes) {
    const auto axis = static_cast<size_t>(w.axes - 1);
    if (output[w.axes - 1] != 1) {
      for (size_t i = 0; i < kOperands; ++i) {
        if (w.run == 1) w.step[i] = strides[i][axis];
        if (strides[i][axis] != w.step[i] * w.run) return w;
      }
    }
    w.run *= output[w.axes - 1];
  }
  return w;
}

// Steps that the compiler knows make it a loop of vectors.
template <class T>
void ChooseRun(const bool* condition, const T* a, const T* b,
               const std::array<int64_t, kOperands>& step, int64_t count,
               T* to) {
  const auto each = [&](auto step_a, auto step_b) {
    for (int64_t i = 0; i < count; ++i)
      to[i] = condition[i] ? a[i * step_a] : b[i * step_b];
  };
  using Zero = std::integral_constant<int64_t, 0>;
  using One = std::integral_constant<int64_t, 1>;
  if (step[0] == 0) {
    const T* from = condition[0] ? a : b;
    const int64_t by = step[condition[0] ? 1 : 2];
    for (int64_t i = 0; i < count; ++i) to[i] = from[i * by];
    return;
  }
  if (step[1] != 0)
    return step[2] != 0 ? each(One(), One()) : each(One(), Zero());
  return step[2] != 0 ? each(Zero(), One()) : each(Zero(), Zero());
}

template <class T>
void Choose(KernelContext& k) {
  constexpr int64_t kLeastWork = 1 << 14;  // of a thread, in elements
  const Shape& output = k.Output(0).shape;
  const Walk w = WalkOf(output, {k.State<State>().condition,
                                 StridesUnder(k.Input(1).shape, output),
                                 StridesUnder(k.Input(2).shape, output)});
  if (w.run == 0) return;
  const bool* condition = k.Input(0).Data<bool>();
  const T* from_a = k.Input(1).Data<T>();
  const T* from_b = k.Input(2).Data<T>();
  T* to = k.Output(0).MutableData<T>();
  k.threads().ParallelFor(
      output.elements() / w.run, (kLeastWork + w.run - 1) / w.run,
      [&](int64_t begin, int64_t end) {
        for (int64_t run = begin; run < end; ++run) {
          std::array<int64_t, kOperands> at{};
          int64_t left = run;
          for (int axis = w.axes - 1; axis >= 0; --axis) {
            const int64_t place = left % output[axis];
            left /= output[axis];
            for (size_t i = 0; i < kOperands; ++i)
              at[i] += place * w.strides[i][static_cast<size_t>(axis)];
          }
          ChooseRun(condition + at[0], from_a + at[1], from_b + at[2], w.step,
                    w.run, to + run * w.run);
        }
      });
}

struct Bytes16 {
  uint64_t low, high;
};

void Eval(KernelContext& k) noexcept {
  switch (ElementBytes(k.Output(0))) {
    case 1:
      return Choose<uint8_t>(k);
    case 2:
      return Choose<uint16_t>(k);
    case 4:
      return Choose<uint32_t>(k);
    case 8:
      return Choose<uint64_t>(k);
    default:
      return Choose<Bytes16>(k);
  }
}

constexpr const char* kTypes =
    "f32 f16 f64 i8 i16 i32 i64 u8 u16 u32 u64 bool complex64";

}  // namespace

extern const Kernel kSelect{Op::kSelect, kTypes, Prepare, Eval};
extern const Kernel kSelectV2{Op::kSelectV2, kTypes, Prepare, Eval};

}  // namespace liteforge
