// SPDX-License-Identifier: Apache-2.0
// TOPK_V2: the k largest of each row (last axis), largest first, and their
// places in the row. Equal values keep their order; NaN comes after numbers.
//   values f32 i8 u8 i16 i32 i64; places i32 | i16
// Source: tflite/kernels/topk_v2.cc.
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "kernels/visit_type.h"

namespace liteforge {
namespace {

using Values = TypeList<float, int8_t, uint8_t, int16_t, int32_t, int64_t>;
using Places = TypeList<int32_t, int16_t>;

Result<void> Prepare(KernelContext& k) {
  const Shape& shape = k.Input(0).shape;
  const int32_t row = shape[shape.rank() - 1];
  if (k.output_count() != 2) return InvalidModel("it must have two outputs");
  TRY(Values::Check(k.Input(0).type));
  TRY(Places::Check(k.Output(1).type));
  if (k.Output(1).type == DataType::kInt16 &&
      row > std::numeric_limits<int16_t>::max()) {
    return InvalidModel("a row is longer than int16 can count");
  }
  k.NeedScratch(0, sizeof(int32_t) * static_cast<size_t>(row));
  return {};
}

template <class T>
bool ComesFirst(const T* row, int32_t a, int32_t b) {
  if constexpr (std::is_floating_point_v<T>) {
    const bool a_nan = std::isnan(row[a]), b_nan = std::isnan(row[b]);
    if (a_nan != b_nan) return b_nan;
  }
  if (row[a] > row[b]) return true;
  return !(row[a] < row[b]) && a < b;
}

template <class T, class Place>
void TopK(KernelContext& k) {
  const Shape& shape = k.Input(0).shape;
  const int64_t row = shape[shape.rank() - 1];
  const int64_t wanted = k.Output(0).shape[shape.rank() - 1];
  if (row == 0 || wanted == 0) return;
  auto* order = k.Scratch<int32_t>(0);
  const int64_t rows = shape.elements() / row;
  for (int64_t r = 0; r < rows; ++r) {
    const T* from = k.Input(0).Data<T>() + r * row;
    std::iota(order, order + row, 0);
    std::partial_sort(
        order, order + wanted, order + row,
        [&](int32_t a, int32_t b) { return ComesFirst(from, a, b); });
    for (int64_t i = 0; i < wanted; ++i) {
      k.Output(0).MutableData<T>()[r * wanted + i] = from[order[i]];
      k.Output(1).MutableData<Place>()[r * wanted + i] =
          static_cast<Place>(order[i]);
    }
  }
}

void Eval(KernelContext& k) noexcept {
  Values::Dispatch(k.Input(0).type, [&](auto value) {
    Places::Dispatch(k.Output(1).type, [&](auto place) {
      TopK<TypeOf<decltype(value)>, TypeOf<decltype(place)>>(k);
    });
  });
}

}  // namespace

extern const Kernel kTopKV2{Op::kTopKV2, "f32 i8 u8 i16 i32 i64", Prepare,
                            Eval};

}  // namespace liteforge
