// SPDX-License-Identifier: Apache-2.0
// MEAN, SUM, REDUCE_PROD, REDUCE_MAX, REDUCE_MIN, REDUCE_ANY, REDUCE_ALL over
// the axes in input 1 (i32).
//   MEAN SUM   f32 i32 i64; u8 i8 i16 with rescaling: the integer sum less
//              count x zero_point is multiplied by scale_in / scale_out, for
//              MEAN with 1 / count worked into the multiplier
//   PROD       f32 i32 i64, i8 i16 plain or quantized: before each factor the
//              product is multiplied by scale_in / scale_out^(1 / count), and
//              once more at the end
//   MAX MIN    f32 i32 i64 u8 i8 i16
//   ANY ALL    bool
// The mean of nothing is NaN, or 0 in integers; the sum 0, the product 1.
// Source: tflite/kernels/reduce.cc, kernels/internal/reference/reduce.h.
#include <bit>
#include <cmath>
#include <string>
#include <type_traits>

#include "kernels/move_elements.h"
#include "kernels/numerics.h"

namespace liteforge {
namespace {

struct State {
  FixedScale scale;
};

bool IsQuantized(DataType type) {
  return type == DataType::kInt8 || type == DataType::kUInt8 ||
         type == DataType::kInt16;
}

bool TakesType(Op op, DataType type) {
  const bool number = type == DataType::kFloat32 || type == DataType::kInt32 ||
                      type == DataType::kInt64;
  if (op == Op::kReduceAny || op == Op::kReduceAll) {
    return type == DataType::kBool;
  }
  return number || (IsQuantized(type) &&
                    (op != Op::kReduceProd || type != DataType::kUInt8));
}

bool IsQuantizedProduct(const KernelContext& k) {
  return k.op() == Op::kReduceProd && IsQuantized(k.Input(0).type) &&
         !k.Input(0).quantization->empty();
}

// MEAN, SUM and PROD of quantized numbers.
Result<void> PrepareRescaling(KernelContext& k) {
  const RuntimeTensor& input = k.Input(0);
  const RuntimeTensor& output = k.Output(0);
  TRY(CheckQuantized(input, "input"));
  TRY(CheckQuantized(output, "output"));
  k.State<State>().scale = ToFixedScale(static_cast<double>(input.scale()) /
                                        static_cast<double>(output.scale()));
  const bool words = input.type == DataType::kInt16;
  if (words && (input.zero_point() != 0 || output.zero_point() != 0)) {
    return InvalidModel("int16 tensors must have zero_point 0");
  }
  return {};
}

Result<void> Prepare(KernelContext& k) {
  const RuntimeTensor& input = k.Input(0);
  const RuntimeTensor& output = k.Output(0);
  k.NewState<State>();
  if (!IsIndexType(k.Input(1).type)) return InvalidModel("axes must be int32");
  if (output.type != input.type) {
    return InvalidModel("the output must have the input's type");
  }
  if (!TakesType(k.op(), input.type)) {
    return Unsupported(std::string(Name(input.type)) + " is not supported");
  }
  k.NeedScratch(0, sizeof(int64_t) * static_cast<size_t>(std::max<int64_t>(
                                         1, output.elements())));
  if (!IsQuantized(input.type)) return {};
  if (k.op() == Op::kMean || k.op() == Op::kSum || IsQuantizedProduct(k)) {
    return PrepareRescaling(k);
  }
  if (input.scale() != output.scale() ||
      input.zero_point() != output.zero_point()) {
    return InvalidModel("input and output must have the same quantization");
  }
  return {};
}

// A walk over the input in its own order, with the output element each of its
// elements belongs to.
class OutputIndex {
 public:
  // False when an axis is out of range.
  bool Init(const KernelContext& k) {
    const Shape& shape = k.Input(0).shape;
    bool reduced[Shape::kMaxRank] = {};
    for (int64_t i = 0; i < k.Input(1).elements(); ++i) {
      int64_t axis = IntegerAt(k.Input(1), i);
      if (axis < 0) axis += shape.rank();
      if (shape.rank() == 0) continue;
      if (axis < 0 || axis >= shape.rank()) return false;
      if (!reduced[axis]) count_ *= shape[static_cast<int>(axis)];
      reduced[axis] = true;
    }
    shape_ = shape;
    int64_t stride = 1;
    for (int axis = shape.rank() - 1; axis >= 0; --axis) {
      strides_[axis] = reduced[axis] ? 0 : stride;
      if (!reduced[axis]) stride *= shape[axis];
    }
    return true;
  }

  // Elements that fall together into one output.
  int64_t count() const { return count_; }

  // Calls run(input element, output element, count, step) for all runs along
  // the last axis; from one element to the next the output's is the same, or
  // the next one: `step` is 0 or 1.
  template <class Run>
  void WalkRuns(const Run& run) const {
    if (shape_.elements() <= 0) return;
    if (shape_.rank() == 0) return run(0, 0, 1, 0);
    int32_t at[Shape::kMaxRank] = {};
    const int last = shape_.rank() - 1;
    int64_t in = 0, out = 0;
    while (true) {
      run(in, out, int64_t{shape_[last]}, strides_[last]);
      in += shape_[last];
      int axis = last - 1;
      for (; axis >= 0; --axis) {
        out += strides_[axis];
        if (++at[axis] < shape_[axis]) break;
        out -= strides_[axis] * shape_[axis];
        at[axis] = 0;
      }
      if (axis < 0) return;
    }
  }

  // Calls take(input element, output element) for every input element.
  template <class Take>
  void Walk(const Take& take) const {
    WalkRuns([&](int64_t in, int64_t out, int64_t count, int64_t step) {
      for (int64_t i = 0; i < count; ++i) take(in + i, out + i * step);
    });
  }

 private:
  Shape shape_;
  int64_t strides_[Shape::kMaxRank] = {};
  int64_t count_ = 1;
};

// Integers wrap.
template <class T>
T Add(T a, T b) {
  if constexpr (std::is_integral_v<T>) {
    using Unsigned = std::make_unsigned_t<T>;
    return static_cast<T>(static_cast<Unsigned>(a) + static_cast<Unsigned>(b));
  } else {
    return a + b;
  }
}

// Sums in Wide, then finish(sum) into the output.
template <class T, class Wide, class Finish>
void SumInto(KernelContext& k, const OutputIndex& index, const Finish& finish) {
  const T* from = k.Input(0).Data<T>();
  T* to = k.Output(0).MutableData<T>();
  auto* sums = k.Scratch<Wide>(0);
  const int64_t outputs = k.Output(0).elements();
  std::fill_n(sums, outputs, Wide{0});
  index.WalkRuns([&](int64_t in, int64_t out, int64_t count, int64_t step) {
    const T* values = from + in;
    Wide* sum = sums + out;
    if (step == 0) {
      for (int64_t i = 0; i < count; ++i)
        *sum = Add(*sum, static_cast<Wide>(values[i]));
    } else {
      for (int64_t i = 0; i < count; ++i)
        sum[i] = Add(sum[i], static_cast<Wide>(values[i]));
    }
  });
  for (int64_t o = 0; o < outputs; ++o) to[o] = finish(sums[o]);
}

// The multiplier with 1 / count worked in: shifted up as far as it may be
// before the division.
FixedScale DivideScale(FixedScale scale, int64_t count) {
  int shift = 63 - std::countl_zero(static_cast<uint64_t>(count));
  shift = std::min({shift, 32, 31 + scale.shift});
  return {static_cast<int32_t>((int64_t{scale.multiplier} << shift) / count),
          scale.shift - shift};
}

template <class T>
void EvalQuantizedSum(KernelContext& k, const OutputIndex& index) {
  const int32_t in_zero = k.Input(0).zero_point();
  const int32_t out_zero = k.Output(0).zero_point();
  const int64_t count = index.count();
  FixedScale scale = k.State<State>().scale;
  if (k.op() == Op::kMean && count > 0) scale = DivideScale(scale, count);
  const bool empty = k.Input(0).elements() == 0;
  SumInto<T, int32_t>(k, index, [&](int32_t sum) {
    if (empty) return T{0};
    const auto centred = static_cast<int32_t>(sum - in_zero * count);
    const int64_t value = int64_t{Multiply(centred, scale)} + out_zero;
    return static_cast<T>(std::clamp<int64_t>(
        value, std::numeric_limits<T>::min(), std::numeric_limits<T>::max()));
  });
}

template <class T, class Wide>
void EvalSum(KernelContext& k, const OutputIndex& index) {
  const bool mean = k.op() == Op::kMean;
  const auto count = static_cast<Wide>(index.count());
  SumInto<T, Wide>(k, index, [&](Wide sum) {
    if (mean && count == 0) return std::numeric_limits<T>::quiet_NaN();
    return static_cast<T>(mean ? sum / count : sum);
  });
}

// Starts every output from `start` and combines the inputs into it.
template <class T, class Combine>
void Fold(KernelContext& k, const OutputIndex& index, T start,
          const Combine& combine) {
  const T* from = k.Input(0).Data<T>();
  T* to = k.Output(0).MutableData<T>();
  std::fill_n(to, k.Output(0).elements(), start);
  index.Walk([&](int64_t i, int64_t o) { to[o] = combine(to[o], from[i]); });
}

template <class T>
void EvalFold(KernelContext& k, const OutputIndex& index) {
  using Limits = std::numeric_limits<T>;
  switch (k.op()) {
    case Op::kReduceMax:
      return Fold<T>(k, index, Limits::lowest(),
                     [](T a, T b) { return b > a ? b : a; });
    case Op::kReduceMin:
      return Fold<T>(k, index, Limits::max(),
                     [](T a, T b) { return b < a ? b : a; });
    default:
      return Fold<T>(k, index, T{1}, [](T a, T b) {
        if constexpr (std::is_integral_v<T>) {
          return static_cast<T>(static_cast<uint64_t>(a) *
                                static_cast<uint64_t>(b));
        } else {
          return a * b;
        }
      });
  }
}

template <class T>
void EvalQuantizedProduct(KernelContext& k, const OutputIndex& index) {
  const RuntimeTensor& input = k.Input(0);
  const RuntimeTensor& output = k.Output(0);
  const T* from = input.Data<T>();
  T* to = k.Output(0).MutableData<T>();
  auto* products = k.Scratch<int64_t>(0);
  const auto count = static_cast<double>(index.count());
  const auto scale = static_cast<double>(output.scale());
  const FixedScale step = ToFixedScale(static_cast<double>(input.scale()) /
                                       std::pow(scale, 1.0 / count));
  // No int32 is as large: the place of the first factor.
  constexpr int64_t kNone = std::numeric_limits<int64_t>::max();
  std::fill_n(products, output.elements(), kNone);
  index.Walk([&](int64_t i, int64_t o) {
    const int32_t factor = from[i] - input.zero_point();
    products[o] =
        products[o] == kNone ? factor : Multiply(products[o] * factor, step);
  });
  for (int64_t o = 0; o < output.elements(); ++o) {
    to[o] =
        products[o] == kNone
            ? QuantizeValue<T>(1.0f, output.scale(), output.zero_point())
            : static_cast<T>(std::clamp<int64_t>(
                  int64_t{Multiply(products[o], step)} + output.zero_point(),
                  std::numeric_limits<T>::min(),
                  std::numeric_limits<T>::max()));
  }
}

void EvalSums(KernelContext& k, const OutputIndex& index) {
  switch (k.Input(0).type) {
    case DataType::kInt8:
      return EvalQuantizedSum<int8_t>(k, index);
    case DataType::kUInt8:
      return EvalQuantizedSum<uint8_t>(k, index);
    case DataType::kInt16:
      return EvalQuantizedSum<int16_t>(k, index);
    case DataType::kInt32:
      return EvalSum<int32_t, int64_t>(k, index);
    case DataType::kInt64:
      return EvalSum<int64_t, int64_t>(k, index);
    default:
      return EvalSum<float, float>(k, index);
  }
}

void EvalFolds(KernelContext& k, const OutputIndex& index) {
  switch (k.Input(0).type) {
    case DataType::kBool:
      if (k.op() == Op::kReduceAny) {
        return Fold<bool>(k, index, false,
                          [](bool a, bool b) { return a || b; });
      }
      return Fold<bool>(k, index, true, [](bool a, bool b) { return a && b; });
    case DataType::kInt8:
      return EvalFold<int8_t>(k, index);
    case DataType::kUInt8:
      return EvalFold<uint8_t>(k, index);
    case DataType::kInt16:
      return EvalFold<int16_t>(k, index);
    case DataType::kInt32:
      return EvalFold<int32_t>(k, index);
    case DataType::kInt64:
      return EvalFold<int64_t>(k, index);
    default:
      return EvalFold<float>(k, index);
  }
}

void Eval(KernelContext& k) noexcept {
  OutputIndex index;
  if (!index.Init(k)) return k.FailEval("an axis is out of range");
  if (IsQuantizedProduct(k)) {
    return k.Input(0).type == DataType::kInt8
               ? EvalQuantizedProduct<int8_t>(k, index)
               : EvalQuantizedProduct<int16_t>(k, index);
  }
  const bool sum = k.op() == Op::kMean || k.op() == Op::kSum;
  sum ? EvalSums(k, index) : EvalFolds(k, index);
}

constexpr const char* kSums = "f32 i8 u8 i16 i32 i64";

}  // namespace

extern const Kernel kMean{Op::kMean, kSums, Prepare, Eval};
extern const Kernel kSum{Op::kSum, kSums, Prepare, Eval};
extern const Kernel kReduceProd{Op::kReduceProd, "f32 i8 i16 i32 i64", Prepare,
                                Eval};
extern const Kernel kReduceMax{Op::kReduceMax, kSums, Prepare, Eval};
extern const Kernel kReduceMin{Op::kReduceMin, kSums, Prepare, Eval};
extern const Kernel kReduceAny{Op::kReduceAny, "bool", Prepare, Eval};
extern const Kernel kReduceAll{Op::kReduceAll, "bool", Prepare, Eval};

}  // namespace liteforge
