// SPDX-License-Identifier: Apache-2.0
// BATCH_MATMUL: output[.., m, n] = sum over k of a[.., m, k] * b[.., k, n],
// batches broadcast; adj_x and adj_y say that a or b come transposed.
//   f32 x f32, i8 x i8 -> i8 or i32, i16 x i16 and i16 x i8 -> i16
//   hybrid: f32 x i8, rows of a quantized on the fly
// i8 -> i32 gives the sums of the stored values, zero points not taken off.
// Source: tflite/kernels/batch_matmul.cc and
// kernels/internal/reference/batch_matmul.h.
#include <string>
#include <utility>

#include "kernels/broadcast.h"
#include "kernels/filter_params.h"
#include "kernels/gemm_rows.h"

namespace liteforge {
namespace {

constexpr int kA = 0, kB = 1;
// Working memory: operands brought to rows along the summed dimension, and
// hybrid rows with their quantization.
constexpr int kRowsOfA = 0, kRowsOfB = 1, kQuantized = 2, kScales = 3;

struct State {
  FilterArithmetic arithmetic;
  int rows = 0, columns = 0, depth = 0;
  // Which matrices of a and b make each one of the output.
  std::vector<std::pair<int64_t, int64_t>> batches;
  int64_t a_count = 0, b_count = 0;  // matrices there are
  FixedScale scale;
  int32_t a_offset = 0, b_offset = 0, output_offset = 0;
  bool ties_up = false;
  FloatPanels panels;  // of one matrix of b, for the fast path
  AlignedVector<float> packed;
};

Result<FilterArithmetic> ArithmeticOf(const RuntimeTensor& a,
                                      const RuntimeTensor& b) {
  if (a.type == DataType::kFloat32 && b.type == DataType::kFloat32)
    return FilterArithmetic::kFloat;
  if (a.type == DataType::kFloat32 && b.type == DataType::kInt8)
    return FilterArithmetic::kHybrid;
  if (a.type == DataType::kInt8 && b.type == DataType::kInt8)
    return FilterArithmetic::kInt8;
  if (a.type == DataType::kInt16 && b.type == DataType::kInt8)
    return FilterArithmetic::kInt16;
  if (a.type == DataType::kInt16 && b.type == DataType::kInt16)
    return FilterArithmetic::kInt16x16;
  return Unsupported(std::string(Name(a.type)) + " with " +
                     std::string(Name(b.type)) + " is not supported");
}

Shape Batches(const Shape& shape) {
  return Shape(shape.dims().first(shape.dims().size() - 2));
}

void PairBatches(const KernelContext& k, const RuntimeTensor& output,
                 State& s) {
  const Shape a = Batches(k.Input(kA).shape), b = Batches(k.Input(kB).shape);
  s.a_count = a.elements();
  s.b_count = b.elements();
  WalkBroadcast(PlanBroadcast(a, b, Batches(output.shape)),
                [&](int64_t, int64_t at_a, int64_t step_a, int64_t at_b,
                    int64_t step_b, int64_t count) {
                  for (int64_t i = 0; i < count; ++i)
                    s.batches.emplace_back(at_a + i * step_a,
                                           at_b + i * step_b);
                });
}

Result<void> PrepareQuantized(KernelContext& k, State& s) {
  const RuntimeTensor& a = k.Input(kA);
  const RuntimeTensor& b = k.Input(kB);
  const RuntimeTensor& output = k.Output(0);
  if (s.arithmetic == FilterArithmetic::kInt8 &&
      output.type == DataType::kInt32)
    return {};
  if (output.type != a.type)
    return InvalidModel("the output must have the first input's type");
  TRY(CheckQuantized(a, "first input"));
  TRY(CheckQuantized(b, "second input"));
  TRY(CheckQuantized(output, "output"));
  s.scale = ToFixedScale(static_cast<double>(a.scale() * b.scale()) /
                         static_cast<double>(output.scale()));
  s.a_offset = -a.zero_point();
  s.b_offset = -b.zero_point();
  s.output_offset = output.zero_point();
  s.ties_up = !k.reference() && s.arithmetic == FilterArithmetic::kInt8;
  const bool symmetric =
      s.a_offset == 0 && s.b_offset == 0 && s.output_offset == 0;
  if (a.type == DataType::kInt16 && !symmetric)
    return InvalidModel("with int16, zero_point must be 0");
  return {};
}

Result<void> PrepareHybrid(KernelContext& k, const State& s) {
  const RuntimeTensor& b = k.Input(kB);
  TRY(CheckQuantized(b, "second input"));
  const size_t scales = b.quantization->scale.size();
  if (scales != 1 && scales != static_cast<size_t>(s.columns))
    return InvalidModel("the second input has " + std::to_string(scales) +
                        " scales, the output has " + std::to_string(s.columns) +
                        " columns");
  k.NeedScratch(kQuantized, static_cast<size_t>(k.Input(kA).elements()));
  k.NeedScratch(kScales, sizeof(FloatQuantization) *
                             static_cast<size_t>(s.a_count * s.rows));
  return {};
}

// Packing a matrix takes as long as multiplying a row or two by it.
bool IsFast(const KernelContext& k, const State& s) {
  constexpr int kLeastRows = 4;
  return !k.reference() && s.rows >= kLeastRows && s.columns > 0 && s.depth > 0;
}

Result<void> Prepare(KernelContext& k) {
  const RuntimeTensor& a = k.Input(kA);
  const RuntimeTensor& b = k.Input(kB);
  const RuntimeTensor& output = k.Output(0);
  const auto& options = k.options<BatchMatMulOptions>();
  State& s = k.NewState<State>();
  TRY_ASSIGN(s.arithmetic, ArithmeticOf(a, b));
  s.rows = output.shape[output.shape.rank() - 2];
  s.columns = output.shape[output.shape.rank() - 1];
  s.depth = a.shape[a.shape.rank() - (options.adj_x ? 2 : 1)];
  // A file can claim any number of batches of nothing.
  if (output.elements() > 0) PairBatches(k, output, s);
  if (options.adj_x) k.NeedScratch(kRowsOfA, a.bytes);
  if (s.arithmetic == FilterArithmetic::kFloat && IsFast(k, s)) {
    s.panels = ShapeFloatPanels(s.columns, 1, s.depth);
    s.packed.resize(s.panels.numbers());
    s.panels.weights = s.packed.data();
  } else if (!options.adj_y) {
    k.NeedScratch(kRowsOfB, b.bytes);
  }
  switch (s.arithmetic) {
    case FilterArithmetic::kFloat:
      return output.type == DataType::kFloat32
                 ? Result<void>()
                 : InvalidModel("the output must be float32");
    case FilterArithmetic::kHybrid:
      return PrepareHybrid(k, s);
    default:
      return PrepareQuantized(k, s);
  }
}

// `count` matrices [from_rows, from_columns], each transposed.
template <class T>
const T* Transposed(const T* from, int64_t count, int from_rows,
                    int from_columns, T* to) {
  for (int64_t matrix = 0; matrix < count; ++matrix) {
    const int64_t at = matrix * from_rows * from_columns;
    for (int64_t r = 0; r < from_rows; ++r) {
      for (int64_t c = 0; c < from_columns; ++c)
        to[at + c * from_rows + r] = from[at + r * from_columns + c];
    }
  }
  return to;
}

// a as [.., rows, depth].
template <class T>
const T* RowsOfA(KernelContext& k, const State& s) {
  const T* a = k.Input(kA).Data<T>();
  return k.options<BatchMatMulOptions>().adj_x
             ? Transposed(a, s.a_count, s.depth, s.rows, k.Scratch<T>(kRowsOfA))
             : a;
}

// b as [.., columns, depth].
template <class T>
const T* RowsOfB(KernelContext& k, const State& s) {
  const T* b = k.Input(kB).Data<T>();
  return k.options<BatchMatMulOptions>().adj_y
             ? b
             : Transposed(b, s.b_count, s.depth, s.columns,
                          k.Scratch<T>(kRowsOfB));
}

// output = value(row of a, row of b, index of a's row, column) for every
// output value, rows shared among the threads.
template <class Out, class A, class B, class Value>
void ForEachOutput(KernelContext& k, const State& s, const A* a, const B* b,
                   const Value& value) {
  Out* output = k.Output(0).MutableData<Out>();
  const int64_t rows = static_cast<int64_t>(s.batches.size()) * s.rows;
  const int64_t a_size = int64_t{s.rows} * s.depth;
  const int64_t b_size = int64_t{s.columns} * s.depth;
  k.threads().ParallelFor(rows, 1, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      const auto [of_a, of_b] = s.batches[static_cast<size_t>(row / s.rows)];
      const int64_t m = row % s.rows;
      const A* x = a + of_a * a_size + m * s.depth;
      const B* y = b + of_b * b_size;
      for (int n = 0; n < s.columns; ++n)
        output[row * s.columns + n] =
            value(x, y + int64_t{n} * s.depth, of_a * s.rows + m, n);
    }
  });
}

void FastFloat(KernelContext& k, State& s) {
  constexpr float kAll = std::numeric_limits<float>::infinity();
  const bool transposed = k.options<BatchMatMulOptions>().adj_y;
  const float* a = RowsOfA<float>(k, s);
  const float* b = k.Input(kB).Data<float>();
  float* output = k.Output(0).MutableData<float>();
  const FloatPanels& p = s.panels;
  int64_t packed = -1;
  for (const auto& [of_a, of_b] : s.batches) {
    if (of_b != packed) {
      FillFloatPanels(b + of_b * s.columns * s.depth, transposed ? s.depth : 1,
                      transposed ? 1 : s.columns, p, s.packed.data());
      packed = of_b;
    }
    const float* rows_of_a = a + of_a * s.rows * s.depth;
    ForEachTile(k.threads(), s.rows, FloatTileRows(), p.panels(),
                p.depth() * p.panel_width * int64_t{sizeof(float)},
                int64_t{s.columns} * s.depth,
                [&](int64_t first, int count, int64_t begin, int64_t end) {
                  const MatrixRows<float> rows(rows_of_a + first * s.depth,
                                               s.depth, count);
                  MultiplyFloatTile(p, rows.pointers, count, begin, end, -kAll,
                                    kAll, output + first * s.columns,
                                    s.columns);
                });
    output += int64_t{s.rows} * s.columns;
  }
}

void EvalFloat(KernelContext& k, State& s) {
  if (!s.panels.empty()) return FastFloat(k, s);
  ForEachOutput<float>(k, s, RowsOfA<float>(k, s), RowsOfB<float>(k, s),
                       [&](const float* x, const float* y, int64_t, int) {
                         float sum = 0;
                         for (int i = 0; i < s.depth; ++i) sum += x[i] * y[i];
                         return sum;
                       });
}

template <class Accumulator, class A, class B>
Accumulator SumOf(const State& s, const A* x, const B* y, int32_t x_offset) {
  Accumulator sum = 0;
  for (int i = 0; i < s.depth; ++i) {
    sum = AddWrapping(
        sum, static_cast<Accumulator>(x[i] + x_offset) * (y[i] + s.b_offset));
  }
  return sum;
}

template <class A, class B, class Accumulator>
void EvalQuantized(KernelContext& k, const State& s) {
  ForEachOutput<A>(
      k, s, RowsOfA<A>(k, s), RowsOfB<B>(k, s),
      [&](const A* x, const B* y, int64_t, int) {
        const auto sum = SumOf<Accumulator>(s, x, y, s.a_offset);
        int32_t scaled;
        if constexpr (std::is_same_v<Accumulator, int32_t>) {
          scaled =
              s.ties_up ? MultiplyTiesUp(sum, s.scale) : Multiply(sum, s.scale);
        } else {
          scaled = Multiply(sum, s.scale);
        }
        return static_cast<A>(std::clamp<int64_t>(
            int64_t{scaled} + s.output_offset, std::numeric_limits<A>::min(),
            std::numeric_limits<A>::max()));
      });
}

void EvalSums(KernelContext& k, const State& s) {
  ForEachOutput<int32_t>(k, s, RowsOfA<int8_t>(k, s), RowsOfB<int8_t>(k, s),
                         [&](const int8_t* x, const int8_t* y, int64_t, int) {
                           return SumOf<int32_t>(s, x, y, 0);
                         });
}

void EvalHybrid(KernelContext& k, const State& s) {
  const float* a = RowsOfA<float>(k, s);
  auto* quantized = k.Scratch<int8_t>(kQuantized);
  auto* scales = k.Scratch<FloatQuantization>(kScales);
  const auto quantize =
      k.options<BatchMatMulOptions>().asymmetric_quantize_inputs
          ? QuantizeAsymmetric
          : QuantizeSymmetric;
  for (int64_t row = 0; row < s.a_count * s.rows; ++row)
    scales[row] =
        quantize(a + row * s.depth, s.depth, quantized + row * s.depth);
  ForEachOutput<float>(
      k, s, quantized, RowsOfB<int8_t>(k, s),
      [&](const int8_t* x, const int8_t* y, int64_t row, int n) {
        const auto sum = SumOf<int32_t>(s, x, y, -scales[row].offset);
        return static_cast<float>(sum) * scales[row].scale *
               FilterScale(k.Input(kB), n);
      });
}

void Eval(KernelContext& k) noexcept {
  State& s = k.State<State>();
  switch (s.arithmetic) {
    case FilterArithmetic::kFloat:
      return EvalFloat(k, s);
    case FilterArithmetic::kHybrid:
      return EvalHybrid(k, s);
    case FilterArithmetic::kInt8:
      return k.Output(0).type == DataType::kInt32
                 ? EvalSums(k, s)
                 : EvalQuantized<int8_t, int8_t, int32_t>(k, s);
    case FilterArithmetic::kInt16:
      return EvalQuantized<int16_t, int8_t, int64_t>(k, s);
    case FilterArithmetic::kInt16x16:
      return EvalQuantized<int16_t, int16_t, int64_t>(k, s);
    case FilterArithmetic::kUInt8:
      return;
  }
}

}  // namespace

extern const Kernel kBatchMatMul{Op::kBatchMatMul, "f32 i8 i16 hybrid", Prepare,
                                 Eval};

}  // namespace liteforge
