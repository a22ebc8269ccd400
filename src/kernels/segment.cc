// SPDX-License-Identifier: Apache-2.0
// SEGMENT_SUM and UNSORTED_SEGMENT_SUM, _PROD, _MAX, _MIN:
// output[s, q…] folds data[p…, q…] over all p with segment_ids[p…] == s.
// Sorted ids start at 0 and grow by 0 or 1; unsorted ones may be negative,
// which leaves their data out. Empty segments hold 0, 1, the lowest and the
// highest number. f32 i32 (integers wrap).
// Source: tflite/kernels/{segment_sum,unsorted_segment}.cc.
#include <algorithm>
#include <limits>

#include "kernels/visit_type.h"

namespace liteforge {
namespace {

using Types = TypeList<float, int32_t>;

Result<void> Prepare(KernelContext& k) {
  if (k.Input(1).type != DataType::kInt32) {
    return InvalidModel("segment_ids must be int32");
  }
  return Types::Check(k.Input(0).type);
}

template <class T>
T Identity(Op op) {
  if (op == Op::kUnsortedSegmentMax) return std::numeric_limits<T>::lowest();
  if (op == Op::kUnsortedSegmentMin) return std::numeric_limits<T>::max();
  return op == Op::kUnsortedSegmentProd ? T{1} : T{0};
}

template <class T>
T Fold(Op op, T a, T b) {
  if (op == Op::kUnsortedSegmentMax) return std::max(a, b);
  if (op == Op::kUnsortedSegmentMin) return std::min(a, b);
  const bool product = op == Op::kUnsortedSegmentProd;
  if constexpr (std::is_integral_v<T>) {
    const auto x = static_cast<uint32_t>(a), y = static_cast<uint32_t>(b);
    return static_cast<T>(product ? x * y : x + y);
  } else {
    return product ? a * b : a + b;
  }
}

// Whether the ids of SEGMENT_SUM are in order, and all within the output.
bool AreIdsValid(const KernelContext& k, int64_t segments) {
  const auto* ids = k.Input(1).Data<int32_t>();
  const int64_t count = k.Input(1).elements();
  const bool sorted = k.op() == Op::kSegmentSum;
  for (int64_t i = 0; i < count; ++i) {
    if (ids[i] >= segments || (sorted && ids[i] < 0)) return false;
    const int64_t step = i == 0 ? ids[0] : int64_t{ids[i]} - ids[i - 1];
    if (sorted && step != 0 && (i == 0 || step != 1)) return false;
  }
  return true;
}

template <class T>
void Run(KernelContext& k) {
  const Shape& output = k.Output(0).shape;
  if (!AreIdsValid(k, output[0])) {
    return k.FailEval(k.op() == Op::kSegmentSum
                          ? "segment_ids must start at 0 and grow by 0 or 1"
                          : "a segment id is not below num_segments");
  }
  int64_t run = 1;
  for (int axis = 1; axis < output.rank(); ++axis) run *= output[axis];
  T* to = k.Output(0).MutableData<T>();
  std::fill_n(to, output.elements(), Identity<T>(k.op()));
  const auto* ids = k.Input(1).Data<int32_t>();
  const T* from = k.Input(0).Data<T>();
  for (int64_t i = 0; i < k.Input(1).elements(); ++i, from += run) {
    if (ids[i] < 0) continue;
    T* place = to + ids[i] * run;
    for (int64_t j = 0; j < run; ++j) {
      place[j] = Fold(k.op(), place[j], from[j]);
    }
  }
}

void Eval(KernelContext& k) noexcept {
  Types::Dispatch(k.Input(0).type,
                  [&](auto type) { Run<TypeOf<decltype(type)>>(k); });
}

}  // namespace

extern const Kernel kSegmentSum{Op::kSegmentSum, "f32 i32", Prepare, Eval};
extern const Kernel kUnsortedSegmentMax{Op::kUnsortedSegmentMax, "f32 i32",
                                        Prepare, Eval};
extern const Kernel kUnsortedSegmentMin{Op::kUnsortedSegmentMin, "f32 i32",
                                        Prepare, Eval};
extern const Kernel kUnsortedSegmentProd{Op::kUnsortedSegmentProd, "f32 i32",
                                         Prepare, Eval};
extern const Kernel kUnsortedSegmentSum{Op::kUnsortedSegmentSum, "f32 i32",
                                        Prepare, Eval};

}  // namespace liteforge
