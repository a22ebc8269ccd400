// SPDX-License-Identifier: Apache-2.0
// ARG_MAX, ARG_MIN: where along an axis the largest or smallest value is, the
// first of equals; NaN only where there is nothing else. f32 i8 u8 i32 bool ->
// i32 | i64. Source: tflite/kernels/arg_min_max.cc.
#include <algorithm>
#include <cmath>

#include "kernels/micro/arg_best.h"
#include "kernels/move_elements.h"
#include "kernels/visit_type.h"

namespace liteforge {
namespace {

using Values = TypeList<float, int8_t, uint8_t, int32_t, bool>;
using Places = TypeList<int32_t, int64_t>;

Result<void> Prepare(KernelContext& k) {
  TRY(Values::Check(k.Input(0).type));
  TRY(Places::Check(k.Output(0).type));
  if (!IsIndexType(k.Input(1).type) || k.Input(1).elements() != 1) {
    return InvalidModel("the axis must be one int32 or int64");
  }
  if (k.Input(0).shape.rank() == 0) return InvalidModel("input is a scalar");
  return {};
}

template <class T>
bool IsBetter(bool largest, T candidate, T best) {
  if constexpr (std::is_floating_point_v<T>) {
    if (std::isnan(candidate)) return false;
    if (std::isnan(best)) return true;
  }
  return largest ? candidate > best : candidate < best;
}

// Where the axis is the last one, whole rows at a time.
template <class T, class Place>
void ArgBestOfRuns(const T* from, int64_t rows, int64_t size, bool largest,
                   Place* to) {
  constexpr int64_t kTogether = 64;
  int32_t places[kTogether];
  for (int64_t r = 0; r < rows; r += kTogether) {
    const int64_t count = std::min(kTogether, rows - r);
    ArgBestOfRows(from + r * size, count, size, size, largest, places);
    std::copy_n(places, count, to + r);
  }
}

template <class T, class Place>
void ArgBest(KernelContext& k, int axis) {
  constexpr bool kHasVectors =
      sizeof(T) == 1 ? !std::is_same_v<T, bool> : std::is_same_v<T, float>;
  constexpr int64_t kLeastWork = 1 << 13;  // of a thread, in numbers
  const Shape& shape = k.Input(0).shape;
  const bool largest = k.op() == Op::kArgMax;
  const int64_t size = shape[axis];
  int64_t outer = 1, inner = 1;
  for (int a = 0; a < axis; ++a) outer *= shape[a];
  for (int a = axis + 1; a < shape.rank(); ++a) inner *= shape[a];
  if (size == 0) return k.FailEval("the axis has no elements");
  const T* input = k.Input(0).Data<T>();
  Place* output = k.Output(0).MutableData<Place>();
  const int64_t work = std::max<int64_t>(1, size * inner);
  k.threads().ParallelFor(
      outer, (kLeastWork + work - 1) / work, [&](int64_t begin, int64_t end) {
        if constexpr (kHasVectors) {
          if (inner == 1 && !k.reference())
            return ArgBestOfRuns(input + begin * size, end - begin, size,
                                 largest, output + begin);
        }
        for (int64_t o = begin; o < end; ++o) {
          for (int64_t i = 0; i < inner; ++i) {
            const T* from = input + o * size * inner + i;
            int64_t best = 0;
            for (int64_t at = 1; at < size; ++at) {
              if (IsBetter(largest, from[at * inner], from[best * inner]))
                best = at;
            }
            output[o * inner + i] = static_cast<Place>(best);
          }
        }
      });
}

void Eval(KernelContext& k) noexcept {
  const int rank = k.Input(0).shape.rank();
  int64_t axis = IntegerAt(k.Input(1), 0);
  if (axis < 0) axis += rank;
  if (axis < 0 || axis >= rank) return k.FailEval("the axis is out of range");
  Values::Dispatch(k.Input(0).type, [&](auto value) {
    using T = TypeOf<decltype(value)>;
    Places::Dispatch(k.Output(0).type, [&](auto place) {
      using Place = TypeOf<decltype(place)>;
      ArgBest<T, Place>(k, static_cast<int>(axis));
    });
  });
}

}  // namespace

extern const Kernel kArgMax{Op::kArgMax, "f32 i8 u8 i32 bool", Prepare, Eval};
extern const Kernel kArgMin{Op::kArgMin, "f32 i8 u8 i32 bool", Prepare, Eval};

}  // namespace liteforge
