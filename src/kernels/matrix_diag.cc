// SPDX-License-Identifier: Apache-2.0
// MATRIX_DIAG: [..., n] -> [..., n, n], zero off the diagonal.
// MATRIX_SET_DIAG: matrices [..., m, n] with diagonals [..., min(m, n)] put in.
// Any type of whole bytes.
// Source: tflite/kernels/matrix_{diag,set_diag}.cc.
#include <cstring>

#include "kernels/move_elements.h"

namespace liteforge {
namespace {

Result<void> Prepare(KernelContext& k) {
  if (k.Input(0).type == DataType::kString) {
    return Unsupported("strings are not supported");
  }
  if (k.op() == Op::kMatrixSetDiag && k.Input(1).type != k.Input(0).type) {
    return InvalidModel("input and diagonal must be of one type");
  }
  return CheckWhole(k.Input(0));
}

void PutDiagonals(const RuntimeTensor& diagonals, RuntimeTensor& output) {
  const Shape& shape = output.shape;
  const int64_t columns = shape[shape.rank() - 1];
  const int64_t area = columns * shape[shape.rank() - 2];
  const int64_t length = std::min<int64_t>(columns, shape[shape.rank() - 2]);
  if (area == 0) return;
  const size_t bytes = ElementBytes(output);
  const std::byte* from = diagonals.data;
  const int64_t matrices = shape.elements() / area;
  for (int64_t m = 0; m < matrices; ++m) {
    for (int64_t i = 0; i < length; ++i, from += bytes) {
      const int64_t at = m * area + i * (columns + 1);
      std::memcpy(output.data + static_cast<size_t>(at) * bytes, from, bytes);
    }
  }
}

void EvalDiag(KernelContext& k) noexcept {
  if (k.Output(0).bytes == 0) return;
  std::memset(k.Output(0).data, 0, k.Output(0).bytes);
  PutDiagonals(k.Input(0), k.Output(0));
}

void EvalSetDiag(KernelContext& k) noexcept {
  if (k.Output(0).bytes == 0) return;
  std::memcpy(k.Output(0).data, k.Input(0).data, k.Output(0).bytes);
  PutDiagonals(k.Input(1), k.Output(0));
}

constexpr const char* kTypes = "f32 f16 f64 i8 i16 i32 i64 u8 bool";

}  // namespace

extern const Kernel kMatrixDiag{Op::kMatrixDiag, kTypes, Prepare, EvalDiag};
extern const Kernel kMatrixSetDiag{Op::kMatrixSetDiag, kTypes, Prepare,
                                   EvalSetDiag};

}  // namespace liteforge
