// SPDX-License-Identifier: Apache-2.0
// Resource variables: VAR_HANDLE gives the handle of a variable's name,
// ASSIGN_VARIABLE stores a value of any type and shape, READ_VARIABLE copies it
// out. Source: tflite/kernels/{var_handle,assign_variable,read_variable}.cc.
#include <cstring>
#include <string>

#include "kernels/kernel.h"
#include "kernels/resources.h"

namespace liteforge {
namespace {

// Old converters wrote handles as int32.
Result<void> CheckHandle(const RuntimeTensor& handle) {
  const bool fits =
      handle.type == DataType::kResource || handle.type == DataType::kInt32;
  if (fits && handle.elements() == 1) return {};
  return InvalidModel("the variable must be one resource, it is " +
                      Describe(handle.type, handle.shape));
}

//--------------------------------------------------------------- VAR_HANDLE

Result<void> PrepareVarHandle(KernelContext&) { return {}; }

void EvalVarHandle(KernelContext& k) noexcept {
  const auto& options = k.options<VarHandleOptions>();
  *k.Output(0).MutableData<int32_t>() = k.host().resources().VariableHandle(
      options.container, options.shared_name);
}

//----------------------------------------------------------- READ_VARIABLE

Result<void> PrepareRead(KernelContext& k) { return CheckHandle(k.Input(0)); }

Result<void> Read(KernelContext& k) {
  const ResourceVariable* variable =
      k.host().resources().FindVariable(*k.Input(0).Data<int32_t>());
  RuntimeTensor& output = k.Output(0);
  if (variable == nullptr)
    return InvalidArgument(
        "the variable has no value yet; run the signature that initializes it "
        "first");
  if (variable->type != output.type)
    return InvalidModel(
        "the variable is " + Describe(variable->type, variable->shape) +
        ", the model reads " + Describe(output.type, output.shape));
  if (variable->shape != output.shape) {
    const bool text = output.type == DataType::kString;
    TRY(k.host().Resize(output, variable->shape,
                        text ? variable->value.size() : 0));
  }
  if (variable->value.size() != output.bytes)
    return InvalidModel(
        "the variable is " + Describe(variable->type, variable->shape) +
        ", the model reads " + Describe(output.type, output.shape));
  if (output.bytes > 0)
    std::memcpy(output.data, variable->value.data(), output.bytes);
  return {};
}

void EvalRead(KernelContext& k) noexcept {
  if (auto done = Read(k); !done) k.FailEval(done.error());
}

//--------------------------------------------------------- ASSIGN_VARIABLE

Result<void> PrepareAssign(KernelContext& k) { return CheckHandle(k.Input(0)); }

void EvalAssign(KernelContext& k) noexcept {
  const RuntimeTensor& value = k.Input(1);
  if (auto done =
          k.host().resources().Assign(*k.Input(0).Data<int32_t>(), value.type,
                                      value.shape, value.data, value.bytes);
      !done)
    k.FailEval(done.error());
}

}  // namespace

extern const Kernel kVarHandle{Op::kVarHandle, "resource", PrepareVarHandle,
                               EvalVarHandle};
extern const Kernel kReadVariable{Op::kReadVariable, "all", PrepareRead,
                                  EvalRead};
extern const Kernel kAssignVariable{Op::kAssignVariable, "all", PrepareAssign,
                                    EvalAssign};

}  // namespace liteforge
