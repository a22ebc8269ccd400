// SPDX-License-Identifier: Apache-2.0
// EMBEDDING_LOOKUP: output[i, …] = table[ids[i], …], ids i32.
//   a table of any type of whole bytes gives its own type; i8 u8 i4 i2 tables
//   (zero_point 0, one scale or one per row) may give f32 | f16: value x
//   scale.
// EMBEDDING_LOOKUP_SPARSE: entry n adds weights[n] x table[ids[n]] to the
// output row that indices[n, all but the last] name; then mean divides by the
// sum of the weights, sqrtn by the root of the sum of their squares. Entries
// of one row follow each other. f32.
// Source: tflite/kernels/embedding_lookup{,_sparse}.cc.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "kernels/move_elements.h"
#include "kernels/numerics.h"
#include "kernels/packed_elements.h"
#include "kernels/visit_type.h"

namespace liteforge {
namespace {

using Dequantized = TypeList<float, Float16>;

int64_t RowElements(const Shape& table) {
  int64_t row = 1;
  for (int axis = 1; axis < table.rank(); ++axis) row *= table[axis];
  return row;
}

bool IsNarrow(DataType type) {
  return type == DataType::kInt4 || type == DataType::kInt2;
}

Result<void> CheckScales(const RuntimeTensor& table) {
  TRY(CheckQuantized(table, "table"));
  const Quantization& q = *table.quantization;
  if (std::ranges::any_of(q.zero_point, [](int64_t z) { return z != 0; })) {
    return InvalidModel("the table must have zero_point 0");
  }
  if (q.scale.size() == 1) return {};
  if (q.axis != 0 || q.scale.size() != static_cast<size_t>(table.shape[0])) {
    return InvalidModel("the table must have one scale, or one for each row");
  }
  return {};
}

Result<void> Prepare(KernelContext& k) {
  const RuntimeTensor& table = k.Input(1);
  const DataType to = k.Output(0).type;
  if (k.Input(0).type != DataType::kInt32) {
    return InvalidModel("ids must be int32");
  }
  if (table.type == DataType::kString) {
    return Unsupported("strings are not supported");
  }
  if (to == table.type) return CheckWhole(table);
  const bool hybrid = IsNarrow(table.type) || table.type == DataType::kInt8 ||
                      table.type == DataType::kUInt8;
  if (hybrid && Dequantized::Has(to)) return CheckScales(table);
  return Unsupported("a table of " + std::string(Name(table.type)) +
                     " for an output of " + std::string(Name(to)) +
                     " is not supported");
}

// Element `i` of an 8-, 4- or 2-bit table.
int32_t QuantizedAt(const RuntimeTensor& table, int64_t i) {
  if (table.type == DataType::kUInt8) return table.Data<uint8_t>()[i];
  if (table.type == DataType::kInt8) return table.Data<int8_t>()[i];
  return PackedAt(table, i);
}

template <class T>
void Dequantize(const RuntimeTensor& table, int64_t id, int64_t row, T* to) {
  const auto& scales = table.quantization->scale;
  const float scale = scales[scales.size() > 1 ? static_cast<size_t>(id) : 0];
  for (int64_t i = 0; i < row; ++i) {
    to[i] = static_cast<T>(
        scale * static_cast<float>(QuantizedAt(table, id * row + i)));
  }
}

void Eval(KernelContext& k) noexcept {
  const RuntimeTensor& table = k.Input(1);
  RuntimeTensor& output = k.Output(0);
  const bool plain = output.type == table.type;
  const int64_t row = RowElements(table.shape);
  const int64_t bytes =
      plain ? row * static_cast<int64_t>(ElementBytes(table)) : 0;
  for (int64_t i = 0; i < k.Input(0).elements(); ++i) {
    const int32_t id = k.Input(0).Data<int32_t>()[i];
    if (id < 0 || id >= table.shape[0]) {
      return k.FailEval("an id is out of range");
    }
    if (!plain) {
      Dequantized::Dispatch(output.type, [&](auto t) {
        using T = TypeOf<decltype(t)>;
        Dequantize(table, id, row, output.MutableData<T>() + i * row);
      });
    } else if (bytes > 0) {
      std::memcpy(output.data + i * bytes, table.data + id * bytes,
                  static_cast<size_t>(bytes));
    }
  }
}

//------------------------------------------------------------------- sparse

Result<void> PrepareSparse(KernelContext& k) {
  for (int i = 0; i < 5; ++i) {
    const DataType want = i < 3 ? DataType::kInt32 : DataType::kFloat32;
    if (k.Input(i).type == want) continue;
    return InvalidModel(
        "ids, indices and dense shape must be int32, weights and table "
        "float32");
  }
  const int64_t entries = k.Input(0).elements();
  if (k.Input(1).shape[0] != entries || k.Input(3).elements() != entries) {
    return InvalidModel("ids, indices and weights differ in number");
  }
  return {};
}

// The output row that entry `n` belongs to; -1 when it is out of range.
int64_t Bucket(KernelContext& k, int64_t n) {
  const int rank = k.Input(1).shape[1];
  int64_t bucket = 0;
  for (int axis = 0; axis + 1 < rank; ++axis) {
    const int64_t index = IntegerAt(k.Input(1), n * rank + axis);
    const int64_t size = IntegerAt(k.Input(2), axis);
    if (index < 0 || index >= size) return -1;
    bucket = bucket * size + index;
  }
  return bucket;
}

struct Weights {
  float sum = 0;
  float squares = 0;

  void Add(float weight) {
    sum += weight;
    squares += weight * weight;
  }
  float Divisor(CombinerType combiner) const {
    return combiner == CombinerType::kMean ? sum : std::sqrt(squares);
  }
};

void EvalSparse(KernelContext& k) noexcept {
  const RuntimeTensor& table = k.Input(4);
  const int64_t row = RowElements(table.shape);
  const auto combiner = k.options<EmbeddingLookupSparseOptions>().combiner;
  auto* output = k.Output(0).MutableData<float>();
  std::fill_n(output, k.Output(0).elements(), 0.0f);
  Weights weights;
  const int64_t entries = k.Input(0).elements();
  for (int64_t n = 0; n < entries; ++n) {
    const int64_t id = IntegerAt(k.Input(0), n), bucket = Bucket(k, n);
    if (id < 0 || id >= table.shape[0] || bucket < 0) {
      return k.FailEval("an id or index is out of range");
    }
    const float weight = k.Input(3).Data<float>()[n];
    const float* from = table.Data<float>() + id * row;
    float* to = output + bucket * row;
    weights.Add(weight);
    for (int64_t i = 0; i < row; ++i) to[i] += from[i] * weight;
    if (n + 1 < entries && Bucket(k, n + 1) == bucket) continue;
    if (combiner != CombinerType::kSum) {
      const float divisor = weights.Divisor(combiner);
      for (int64_t i = 0; i < row; ++i) to[i] /= divisor;
    }
    weights = {};
  }
}

}  // namespace

extern const Kernel kEmbeddingLookup{
    Op::kEmbeddingLookup,
    "f32 f16 bf16 f64 i8 i16 i32 i64 u8 u16 u32 u64 bool complex64 i4 i2",
    Prepare, Eval};
extern const Kernel kEmbeddingLookupSparse{Op::kEmbeddingLookupSparse, "f32",
                                           PrepareSparse, EvalSparse};

}  // namespace liteforge
