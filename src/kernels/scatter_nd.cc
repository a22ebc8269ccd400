// SPDX-License-Identifier: Apache-2.0
// SCATTER_ND: output of the given shape, zero but for
// output[indices[i…, :], q…] += updates[i…, q…]. Indices i32 | i64; updates
// f32 i8 u8 i32 i64 bool (bool: or).
// SPARSE_TO_DENSE: output of the given shape, default_value but for
// output[indices[i, :]] = values[i]; one value may serve all indices.
// Source: tflite/kernels/{scatter_nd,sparse_to_dense}.cc.
#include <algorithm>

#include "kernels/move_elements.h"
#include "kernels/visit_type.h"

namespace liteforge {
namespace {

using Updates = TypeList<float, int8_t, uint8_t, int32_t, int64_t, bool>;
using Values = TypeList<float, int8_t, uint8_t, int32_t, int64_t>;

// The element that row `row` of indices, `depth` numbers each, points to;
// -1 when it is out of range.
int64_t Target(const RuntimeTensor& indices, int64_t row, int depth,
               const Shape& shape) {
  int64_t element = 0;
  for (int axis = 0; axis < depth; ++axis) {
    const int64_t index = IntegerAt(indices, row * depth + axis);
    if (index < 0 || index >= shape[axis]) return -1;
    element = element * shape[axis] + index;
  }
  return element;
}

template <class T>
T Accumulate(T a, T b) {
  if constexpr (std::is_same_v<T, bool>) {
    return a || b;
  } else if constexpr (std::is_integral_v<T>) {
    return static_cast<T>(static_cast<uint64_t>(a) + static_cast<uint64_t>(b));
  } else {
    return a + b;
  }
}

Result<void> PrepareScatter(KernelContext& k) {
  const Shape& indices = k.Input(0).shape;
  const Shape& updates = k.Input(1).shape;
  const Shape& output = k.Output(0).shape;
  if (!IsIndexType(k.Input(0).type)) {
    return InvalidModel("indices must be int32 or int64");
  }
  TRY(Updates::Check(k.Input(1).type));
  if (indices.rank() == 0) return InvalidModel("indices are a scalar");
  const int outer = indices.rank() - 1, depth = indices[outer];
  Shape wanted;
  for (int axis = 0; axis < outer; ++axis) wanted.Append(indices[axis]);
  for (int axis = depth; axis < output.rank(); ++axis) {
    if (wanted.rank() < Shape::kMaxRank) wanted.Append(output[axis]);
  }
  if (depth > output.rank() || wanted != updates) {
    return InvalidModel("updates " + updates.ToString() +
                        " do not fit indices " + indices.ToString() +
                        " and output " + output.ToString());
  }
  return {};
}

template <class T>
void Scatter(KernelContext& k) {
  const Shape& indices = k.Input(0).shape;
  const Shape& output = k.Output(0).shape;
  const int depth = indices[indices.rank() - 1];
  int64_t points = 1, run = 1;
  for (int axis = 0; axis + 1 < indices.rank(); ++axis) points *= indices[axis];
  for (int axis = depth; axis < output.rank(); ++axis) run *= output[axis];
  T* to = k.Output(0).MutableData<T>();
  const T* from = k.Input(1).Data<T>();
  std::fill_n(to, output.elements(), T{});
  for (int64_t p = 0; p < points; ++p, from += run) {
    const int64_t target = Target(k.Input(0), p, depth, output);
    if (target < 0) return k.FailEval("an index is out of range");
    T* place = to + target * run;
    for (int64_t i = 0; i < run; ++i) place[i] = Accumulate(place[i], from[i]);
  }
}

void EvalScatter(KernelContext& k) noexcept {
  Updates::Dispatch(k.Input(1).type,
                    [&](auto type) { Scatter<TypeOf<decltype(type)>>(k); });
}

// Rows of indices: [n, rank], or [n] and [] for a vector.
int64_t SparseRows(const Shape& indices) {
  return indices.rank() < 2 ? indices.elements() : int64_t{indices[0]};
}

Result<void> PrepareSparse(KernelContext& k) {
  const Shape& indices = k.Input(0).shape;
  const int rank = k.Output(0).shape.rank();
  if (!IsIndexType(k.Input(0).type)) {
    return InvalidModel("indices must be int32 or int64");
  }
  TRY(Values::Check(k.Input(2).type));
  if (k.Input(3).type != k.Input(2).type || k.Input(3).elements() != 1) {
    return InvalidModel("default_value must be one value of values' type");
  }
  const int depth = indices.rank() == 2 ? indices[1] : 1;
  if (indices.rank() > 2 || depth != rank) {
    return InvalidModel("indices " + indices.ToString() +
                        " do not fit an output of rank " +
                        std::to_string(rank));
  }
  if (k.Input(2).shape.rank() != 0 &&
      k.Input(2).elements() != SparseRows(indices)) {
    return InvalidModel("there must be one value for each index");
  }
  return {};
}

template <class T>
void ToDense(KernelContext& k) {
  const Shape& output = k.Output(0).shape;
  T* to = k.Output(0).MutableData<T>();
  const T* values = k.Input(2).Data<T>();
  const int64_t step = k.Input(2).shape.rank() == 0 ? 0 : 1;
  std::fill_n(to, output.elements(), k.Input(3).Data<T>()[0]);
  const int64_t rows = SparseRows(k.Input(0).shape);
  for (int64_t row = 0; row < rows; ++row) {
    const int64_t target = Target(k.Input(0), row, output.rank(), output);
    if (target < 0) return k.FailEval("an index is out of range");
    to[target] = values[row * step];
  }
}

void EvalSparse(KernelContext& k) noexcept {
  Values::Dispatch(k.Input(2).type,
                   [&](auto type) { ToDense<TypeOf<decltype(type)>>(k); });
}

}  // namespace

extern const Kernel kScatterNd{Op::kScatterNd, "f32 i8 u8 i32 i64 bool",
                               PrepareScatter, EvalScatter};
extern const Kernel kSparseToDense{Op::kSparseToDense, "f32 i8 u8 i32 i64",
                                   PrepareSparse, EvalSparse};

}  // namespace liteforge
