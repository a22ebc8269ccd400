// SPDX-License-Identifier: Apache-2.0
// PACK: tensors of one shape side by side along a new axis.
//   inputs [shape] × values_count   output [shape with values_count inserted]
// Source: TFLite schema PackOptions.
#include <string>

#include "kernels/move_elements.h"

namespace liteforge {
namespace {

Result<void> Prepare(KernelContext& k) {
  const DataType type = k.Output(0).type;
  for (int i = 0; i < k.input_count(); ++i) {
    if (k.Input(i).type != type) {
      return InvalidModel("input " + std::to_string(i) + " is " +
                          std::string(Name(k.Input(i).type)) +
                          ", the output is " + std::string(Name(type)));
    }
  }
  if (type == DataType::kString) {
    return Unsupported("string elements are not supported");
  }
  return CheckMovable(k.Output(0));
}

void Eval(KernelContext& k) noexcept {
  RuntimeTensor& output = k.Output(0);
  int axis = k.options<PackOptions>().axis;
  if (axis < 0) axis += output.shape.rank();
  int64_t inner = 1;
  for (int a = axis + 1; a < output.shape.rank(); ++a) inner *= output.shape[a];
  const int64_t row = inner * k.input_count();
  if (row == 0) return;
  for (int i = 0; i < k.input_count(); ++i) {
    StridedBox box;
    box.AddAxis(static_cast<int32_t>(output.elements() / row), inner, row);
    box.AddAxis(static_cast<int32_t>(inner), 1, 1);
    MoveBox(k, box, k.Input(i), 0, output, i * inner);
  }
}

}  // namespace

extern const Kernel kPack{Op::kPack, kEveryFixedType, Prepare, Eval};

}  // namespace liteforge
