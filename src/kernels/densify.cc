// SPDX-License-Identifier: Apache-2.0
// DENSIFY: the dense form of a sparse constant. Sparse constants are already
// dense when a kernel sees them, so this copies.
// Source: tflite/kernels/densify.cc.
#include <cstring>

#include "kernels/move_elements.h"

namespace liteforge {
namespace {

Result<void> Prepare(KernelContext& k) {
  const RuntimeTensor& input = k.Input(0);
  if (!input.is_constant) return Unsupported("the input must be a constant");
  if (k.Output(0).type != input.type)
    return InvalidModel("the output must have the input's type");
  if (input.type == DataType::kString)
    return Unsupported("string is not supported");
  return {};
}

void Eval(KernelContext& k) noexcept {
  if (k.Output(0).bytes > 0)
    std::memcpy(k.Output(0).data, k.Input(0).data, k.Output(0).bytes);
}

}  // namespace

extern const Kernel kDensify{Op::kDensify, kEveryNumber, Prepare, Eval};

}  // namespace liteforge
