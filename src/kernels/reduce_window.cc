// SPDX-License-Identifier: Apache-2.0
// A window slides over the input, and what it sees is combined into one value:
//
//   output[o] = init * x[0] * x[1] * …   over the window's places w in order,
//   x = input[(o stride + w dilation - low) / base_dilation], or init where
//   that is outside or between elements
//
//   REDUCE_WINDOW            * is named; no padding and base dilation
//   STABLEHLO_REDUCE_WINDOW  * is a subgraph
// All outputs take the same step at once: one gathered tensor for each place
// of the window.
// Source: the StableHLO specification, "reduce_window";
// tflite/kernels/stablehlo_reduce_window.cc.
#include <algorithm>
#include <functional>

#include "base/function_ref.h"
#include "kernels/move_elements.h"
#include "kernels/scalar_function.h"
#include "kernels/visit_type.h"

namespace liteforge {
namespace {

using Types =
    TypeList<float, double, bool, int8_t, int16_t, int32_t, int64_t, uint8_t>;
constexpr const char* kTypes = "f32 f64 bool i8 i16 i32 i64 u8";

struct Axis {
  int64_t window, stride, dilation, base, low;
};

struct State {
  std::array<Axis, Shape::kMaxRank> axes{};
};

// Input and output of at least one axis, windows' places countable.
Result<void> CheckTensors(KernelContext& k) {
  const RuntimeTensor& input = k.Input(0);
  const RuntimeTensor& init = k.Input(1);
  TRY(Types::Check(input.type));
  if (init.type != input.type || init.elements() != 1)
    return InvalidModel("the initial value must be one value of input's type");
  k.NeedScratch(0, k.Output(0).bytes);
  return {};
}

// Places within the window, moved on to the next one; false after the last.
using Place = std::array<int64_t, Shape::kMaxRank>;
bool Advance(const State& s, int rank, Place& place) {
  for (int axis = rank - 1; axis >= 0; --axis) {
    const auto at = static_cast<size_t>(axis);
    if (++place[at] < s.axes[at].window) return true;
    place[at] = 0;
  }
  return false;
}

// What every output sees at one place of its window, along one axis after the
// other. T: of the elements' width.
template <class T>
class Gatherer {
 public:
  explicit Gatherer(KernelContext& k)
      : input_(k.Input(0)),
        shape_(k.Output(0).shape),
        init_(*k.Input(1).Data<T>()),
        axes_(k.State<State>().axes),
        strides_(RowMajorStrides(input_.shape)) {}

  void Run(const Place& place, T* seen) {
    place_ = &place;
    seen_ = seen;
    Walk(0, 0, true);
  }

 private:
  void Walk(int axis, int64_t offset, bool inside) {
    if (axis == shape_.rank()) {
      *seen_++ = inside ? input_.Data<T>()[offset] : init_;
      return;
    }
    const auto at = static_cast<size_t>(axis);
    const Axis& a = axes_[at];
    for (int64_t o = 0; o < shape_[axis]; ++o) {
      const int64_t spread = o * a.stride + (*place_)[at] * a.dilation - a.low;
      const int64_t index = spread / a.base;
      const bool hit =
          spread >= 0 && spread % a.base == 0 && index < input_.shape[axis];
      Walk(axis + 1, hit ? offset + index * strides_[at] : offset,
           inside && hit);
    }
  }

  const RuntimeTensor& input_;
  const Shape& shape_;
  const T init_;
  const std::array<Axis, Shape::kMaxRank>& axes_;
  const std::array<int64_t, Shape::kMaxRank> strides_;
  const Place* place_ = nullptr;
  T* seen_ = nullptr;
};

// combine(values, seen, count) takes what is seen into the values; false ends.
using Combine = FunctionRef<bool(std::byte*, std::byte*, int64_t)>;

template <class T>
void ReduceWidth(KernelContext& k, Combine combine) {
  const State& s = k.State<State>();
  T* values = k.Output(0).MutableData<T>();
  const int64_t count = k.Output(0).elements();
  if (count == 0) return;
  T* seen = k.Scratch<T>(0);
  std::fill_n(values, count, *k.Input(1).Data<T>());
  Gatherer<T> gatherer(k);
  Place place{};
  do {
    gatherer.Run(place, seen);
    if (!combine(reinterpret_cast<std::byte*>(values),
                 reinterpret_cast<std::byte*>(seen), count))
      return;
  } while (Advance(s, k.Output(0).shape.rank(), place));
}

void Reduce(KernelContext& k, Combine combine) {
  switch (BitWidth(k.Input(0).type)) {
    case 8:
      return ReduceWidth<uint8_t>(k, combine);
    case 16:
      return ReduceWidth<uint16_t>(k, combine);
    case 32:
      return ReduceWidth<uint32_t>(k, combine);
    default:
      return ReduceWidth<uint64_t>(k, combine);
  }
}

//----------------------------------------------------------- REDUCE_WINDOW

Result<void> PrepareNamed(KernelContext& k) {
  for (int i = 2; i < 5; ++i) {
    if (k.Input(i).type != DataType::kInt64)
      return InvalidModel("window shape, strides and dilations must be int64");
  }
  const auto function = k.options<ReduceWindowOptions>().reduce_function;
  if (function < ReduceWindowFunction::kAdd ||
      function > ReduceWindowFunction::kAny)
    return Unsupported("the reduce_function is none of ADD … ANY");
  State& s = k.NewState<State>();
  for (int axis = 0; axis < k.Input(0).shape.rank(); ++axis) {
    s.axes[static_cast<size_t>(axis)] = {IntegerAt(k.Input(2), axis),
                                         IntegerAt(k.Input(3), axis),
                                         IntegerAt(k.Input(4), axis), 1, 0};
  }
  return CheckTensors(k);
}

template <class T>
T Combined(ReduceWindowFunction function, T a, T b) {
  // Integers wrap around.
  using Wide = std::conditional_t<std::is_integral_v<T>, uint64_t, T>;
  switch (function) {
    case ReduceWindowFunction::kAdd:
      return static_cast<T>(static_cast<Wide>(a) + static_cast<Wide>(b));
    case ReduceWindowFunction::kMul:
      return static_cast<T>(static_cast<Wide>(a) * static_cast<Wide>(b));
    case ReduceWindowFunction::kMinimum:
      return a <= b ? a : b;
    case ReduceWindowFunction::kMaximum:
      return a >= b ? a : b;
    case ReduceWindowFunction::kAll:
      return static_cast<T>(a != T{} && b != T{});
    default:
      return static_cast<T>(a != T{} || b != T{});
  }
}

void EvalNamed(KernelContext& k) noexcept {
  const auto function = k.options<ReduceWindowOptions>().reduce_function;
  Types::Dispatch(k.Input(0).type, [&](auto tag) {
    using T = TypeOf<decltype(tag)>;
    Reduce(k, [&](std::byte* values, const std::byte* seen, int64_t count) {
      T* const to = reinterpret_cast<T*>(values);
      for (int64_t i = 0; i < count; ++i)
        to[i] = Combined(function, to[i], reinterpret_cast<const T*>(seen)[i]);
      return true;
    });
  });
}

//--------------------------------------------------- STABLEHLO_REDUCE_WINDOW

Result<void> PrepareStablehlo(KernelContext& k) {
  const auto& o = k.options<StablehloReduceWindowOptions>();
  const auto value = [](const std::vector<int64_t>& list, size_t at,
                        int64_t absent) {
    return list.empty() ? absent : list[at];
  };
  State& s = k.NewState<State>();
  for (size_t at = 0; at < o.window_dimensions.size(); ++at) {
    s.axes[at] = {o.window_dimensions[at], value(o.window_strides, at, 1),
                  value(o.window_dilations, at, 1),
                  value(o.base_dilations, at, 1), value(o.padding, 2 * at, 0)};
  }
  TRY(CheckTensors(k));
  return ScalarFunction(k, o.body_subgraph_index).Check(k.Input(0).type);
}

void EvalStablehlo(KernelContext& k) noexcept {
  const DataType type = k.Input(0).type;
  ScalarFunction body(
      k, k.options<StablehloReduceWindowOptions>().body_subgraph_index);
  Reduce(k, [&](std::byte* values, std::byte* seen, int64_t count) {
    const auto done = body.Run(type, count, values, seen);
    if (!done) k.FailEval(done.error());
    return done.has_value();
  });
}

}  // namespace

extern const Kernel kReduceWindow{Op::kReduceWindow, kTypes, PrepareNamed,
                                  EvalNamed};
extern const Kernel kStablehloReduceWindow{Op::kStablehloReduceWindow, kTypes,
                                           PrepareStablehlo, EvalStablehlo};

}  // namespace liteforge
