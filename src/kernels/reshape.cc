// SPDX-License-Identifier: Apache-2.0
// RESHAPE, SQUEEZE, EXPAND_DIMS: the same elements under another shape.
// Source: TFLite schema ReshapeOptions, SqueezeOptions, ExpandDimsOptions.
#include <cstring>

#include "kernels/move_elements.h"

namespace liteforge {
namespace {

Result<void> Prepare(KernelContext& k) {
  if (k.Input(0).type != k.Output(0).type) {
    return InvalidModel("the output must have the input's type");
  }
  return {};
}

void Eval(KernelContext& k) noexcept {
  const RuntimeTensor& input = k.Input(0);
  RuntimeTensor& output = k.Output(0);
  if (input.type == DataType::kString) {
    if (!k.host().Resize(output, output.shape, input.bytes)) {
      return k.FailEval("not enough memory for its strings");
    }
  }
  const size_t bytes = std::min(input.bytes, output.bytes);
  if (bytes > 0 && input.data != output.data) {
    std::memcpy(output.data, input.data, bytes);
  }
}

}  // namespace

extern const Kernel kReshape{Op::kReshape, kEveryType, Prepare, Eval};
extern const Kernel kSqueeze{Op::kSqueeze, kEveryType, Prepare, Eval};
extern const Kernel kExpandDims{Op::kExpandDims, kEveryType, Prepare, Eval};

}  // namespace liteforge
