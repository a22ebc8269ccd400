// SPDX-License-Identifier: Apache-2.0
// REVERSE_SEQUENCE: in batch b, the first seq_lengths[b] (i32 | i64) steps of
// axis seq_dim are turned around; the rest stays. Any type of whole bytes.
// Source: tflite/kernels/reverse_sequence.cc.
#include <cstring>

#include "kernels/move_elements.h"

namespace liteforge {
namespace {

Result<void> Prepare(KernelContext& k) {
  const Shape& shape = k.Input(0).shape;
  const auto& options = k.options<ReverseSequenceOptions>();
  TRY(CheckWhole(k.Input(0)));
  if (k.Input(0).type == DataType::kString) {
    return Unsupported("strings are not supported");
  }
  if (!IsIndexType(k.Input(1).type)) {
    return InvalidModel("seq_lengths must be int32 or int64");
  }
  const auto valid = [&](int32_t axis) {
    return axis >= 0 && axis < shape.rank();
  };
  if (!valid(options.seq_dim) || !valid(options.batch_dim) ||
      options.seq_dim == options.batch_dim) {
    return InvalidModel("seq_dim and batch_dim must be two of the axes");
  }
  if (k.Input(1).shape.rank() != 1 ||
      k.Input(1).shape[0] != shape[options.batch_dim]) {
    return InvalidModel("there must be one length for each batch");
  }
  return {};
}

void Eval(KernelContext& k) noexcept {
  const Shape& shape = k.Input(0).shape;
  const auto& options = k.options<ReverseSequenceOptions>();
  const auto strides = RowMajorStrides(shape);
  const int64_t batch_stride = strides[static_cast<size_t>(options.batch_dim)];
  const int64_t step_stride = strides[static_cast<size_t>(options.seq_dim)];
  const int64_t batches = shape[options.batch_dim];
  const int64_t steps = shape[options.seq_dim];
  for (int64_t b = 0; b < batches; ++b) {
    const int64_t length = IntegerAt(k.Input(1), b);
    if (length < 0 || length > steps) {
      return k.FailEval("a sequence is longer than its axis");
    }
  }
  // Runs of elements that share batch and step.
  const int64_t run = std::min(batch_stride, step_stride);
  const auto bytes = static_cast<int64_t>(ElementBytes(k.Input(0)));
  const int64_t elements = shape.elements();
  for (int64_t at = 0; at < elements; at += run) {
    const int64_t length = IntegerAt(k.Input(1), at / batch_stride % batches);
    const int64_t step = at / step_stride % steps;
    const int64_t source = step < length ? length - 1 - step : step;
    const int64_t from = at + (source - step) * step_stride;
    std::memcpy(k.Output(0).data + at * bytes, k.Input(0).data + from * bytes,
                static_cast<size_t>(run * bytes));
  }
}

}  // namespace

extern const Kernel kReverseSequence{
    Op::kReverseSequence, "f32 f16 f64 i8 i16 i32 i64 u8 bool", Prepare, Eval};

}  // namespace liteforge
