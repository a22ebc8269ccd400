// SPDX-License-Identifier: Apache-2.0
// UNIQUE: the different values of a vector in the order they appear first, and
// for each element the place of its value among them (i32 | i64).
//   f32 i8 u8 i16 i32 i64
// Source: tflite/kernels/unique.cc.
#include <algorithm>
#include <numeric>

#include "kernels/visit_type.h"

namespace liteforge {
namespace {

using Values = TypeList<float, int8_t, uint8_t, int16_t, int32_t, int64_t>;
using Places = TypeList<int32_t, int64_t>;

Result<void> Prepare(KernelContext& k) {
  if (k.Input(0).shape.rank() != 1) {
    return InvalidModel("the input must have one dimension");
  }
  if (k.output_count() != 2) return InvalidModel("it must have two outputs");
  TRY(Values::Check(k.Input(0).type));
  TRY(Places::Check(k.Output(1).type));
  const auto bytes =
      sizeof(int32_t) * static_cast<size_t>(k.Input(0).elements());
  k.NeedScratch(0, bytes);
  k.NeedScratch(1, bytes);
  return {};
}

// first[i]: the first element of i's value, by way of a sorted order.
template <class T>
void FindFirsts(const T* values, int32_t count, int32_t* order,
                int32_t* first) {
  std::iota(order, order + count, 0);
  std::sort(order, order + count, [&](int32_t a, int32_t b) {
    if (values[a] < values[b]) return true;
    return !(values[b] < values[a]) && a < b;
  });
  for (int32_t i = 0; i < count; ++i) {
    const bool same = i > 0 && !(values[order[i - 1]] < values[order[i]]);
    first[order[i]] = same ? first[order[i - 1]] : order[i];
  }
}

template <class T, class Place>
void Unique(KernelContext& k) {
  const T* values = k.Input(0).Data<T>();
  const int32_t count = k.Input(0).shape[0];
  auto* first = k.Scratch<int32_t>(1);
  FindFirsts(values, count, k.Scratch<int32_t>(0), first);
  int32_t different = 0;
  for (int32_t i = 0; i < count; ++i) different += first[i] == i ? 1 : 0;
  if (auto done = k.host().Resize(k.Output(0), Shape{different}); !done) {
    return k.FailEval(done.error().message);
  }
  auto* places = k.Output(1).MutableData<Place>();
  int32_t next = 0;
  for (int32_t i = 0; i < count; ++i) {
    if (first[i] != i) {
      places[i] = places[first[i]];
      continue;
    }
    k.Output(0).MutableData<T>()[next] = values[i];
    places[i] = static_cast<Place>(next++);
  }
}

void Eval(KernelContext& k) noexcept {
  Values::Dispatch(k.Input(0).type, [&](auto value) {
    Places::Dispatch(k.Output(1).type, [&](auto place) {
      Unique<TypeOf<decltype(value)>, TypeOf<decltype(place)>>(k);
    });
  });
}

}  // namespace

extern const Kernel kUnique{Op::kUnique, "f32 i8 u8 i16 i32 i64", Prepare,
                            Eval};

}  // namespace liteforge
