// SPDX-License-Identifier: Apache-2.0
#include "runtime/user_op.h"

#include <algorithm>
#include <exception>
#include <string>
#include <utility>

#include "base/try.h"
#include "ops/infer.h"

namespace liteforge {
namespace {

std::span<const std::byte> BytesOf(const CustomOptions& options) {
  return std::as_bytes(std::span(options.bytes));
}

// A user's function; what it throws ends here.
template <class Function, class... Arguments>
auto Guarded(const Function& function, Arguments&... arguments)
    -> decltype(function(arguments...)) {
  try {
    return function(arguments...);
  } catch (const std::exception& e) {
    return Fail(ErrorCode::kInternal,
                std::string("the custom operator threw: ") + e.what());
  } catch (...) {
    return Fail(ErrorCode::kInternal,
                "the custom operator threw something that is no "
                "std::exception");
  }
}

// Bytes of a value known during inference; its strings' size is not.
std::span<const std::byte> DataOf(const TensorInfo& tensor) {
  const int64_t bytes = ByteSize(tensor.type, tensor.shape.elements());
  if (tensor.data == nullptr || bytes < 0) return {};
  return {static_cast<const std::byte*>(tensor.data),
          static_cast<size_t>(bytes)};
}

}  // namespace

// The way from kernels into the classes users see.
struct CustomOpCalls {
  static Result<void> Infer(KernelContext& k, InferContext& c) {
    CustomOpShapes shapes(c, BytesOf(k.options<CustomOptions>()));
    return Guarded(k.custom_op_->infer, shapes);
  }

  static Result<void> Prepare(KernelContext& k) {
    k.state_ = nullptr;
    if (!k.custom_op_->prepare) return {};
    CustomOpRun run(k);
    TRY_ASSIGN(k.state_, Guarded(k.custom_op_->prepare, run));
    return {};
  }

  static void Eval(KernelContext& k) noexcept {
    CustomOpRun run(k);
    const Result<void> result = Guarded(k.custom_op_->eval, run);
    if (!result) return k.FailEval(result.error());
    for (int i = 0; i < k.output_count(); ++i) {
      if (!k.Output(i).shape.IsStatic())
        return k.FailEval("the custom operator left the shape of output " +
                          std::to_string(i) +
                          " open; give it one with ResizeOutput");
    }
  }
};

namespace {

constexpr Kernel kUserOp{Op::kCustom, "", CustomOpCalls::Prepare,
                         CustomOpCalls::Eval, CustomOpCalls::Infer};

}  // namespace

//-------------------------------------------------------------- CustomOpShapes

int CustomOpShapes::input_count() const { return context_->input_count(); }

CustomInput CustomOpShapes::Input(int i) const {
  const TensorInfo& tensor = context_->input(i);
  if (!tensor.present()) return {};
  return {tensor.type, tensor.shape, tensor.quantization, DataOf(tensor)};
}

int CustomOpShapes::output_count() const { return context_->output_count(); }

DataType CustomOpShapes::DeclaredType(int i) const {
  return context_->declared_type(i);
}

Shape CustomOpShapes::DeclaredShape(int i) const {
  return context_->declared_shape(i);
}

void CustomOpShapes::SetOutput(int i, DataType dtype, const Shape& shape) {
  context_->SetOutput(i, dtype, shape);
}

//----------------------------------------------------------------- CustomOpRun

std::span<const std::byte> CustomOpRun::options() const {
  return BytesOf(context_->options<CustomOptions>());
}

int CustomOpRun::input_count() const { return context_->input_count(); }

CustomInput CustomOpRun::Input(int i) const {
  if (!context_->HasInput(i)) return {};
  const RuntimeTensor& tensor = context_->Input(i);
  std::span<const std::byte> data;
  if (tensor.data != nullptr) data = {tensor.data, tensor.bytes};
  return {tensor.type, tensor.shape, tensor.quantization, data};
}

int CustomOpRun::output_count() const { return context_->output_count(); }

CustomOutput CustomOpRun::Output(int i) const {
  RuntimeTensor& tensor = context_->Output(i);
  std::span<std::byte> data;
  if (tensor.data != nullptr) data = {tensor.data, tensor.bytes};
  return {tensor.type, tensor.shape, tensor.quantization, data};
}

Result<void> CustomOpRun::ResizeOutput(int i, const Shape& shape,
                                       size_t bytes) {
  if (i < 0 || i >= output_count())
    return InvalidArgument("there is no output " + std::to_string(i));
  if (!shape.IsStatic())
    return InvalidArgument("output " + std::to_string(i) + " cannot become " +
                           shape.ToString() + "; give every dimension a size");
  return context_->host().Resize(context_->Output(i), shape, bytes);
}

void* CustomOpRun::state() const { return context_->state_.get(); }

//---------------------------------------------------------------- registration

Result<void> CheckUserOps(std::span<const CustomOp> ops) {
  for (size_t i = 0; i < ops.size(); ++i) {
    const std::string quoted = "custom operator '" + ops[i].name + "' ";
    if (ops[i].name.empty())
      return InvalidArgument("custom_ops[" + std::to_string(i) +
                             "] has no name; give it the custom_code of the "
                             "nodes it runs");
    if (!ops[i].infer || !ops[i].eval)
      return InvalidArgument(quoted + "has no " +
                             (ops[i].infer ? "eval" : "infer") +
                             " function; give it one");
    for (size_t j = 0; j < i; ++j) {
      if (ops[j].name == ops[i].name)
        return InvalidArgument(quoted + "is given twice; give it once");
    }
  }
  return {};
}

const CustomOp* FindUserOp(std::span<const CustomOp> ops,
                           const NodeSpec& node) {
  if (node.op != Op::kCustom) return nullptr;
  const std::string& name = node.options.Get<CustomOptions>().name;
  const auto found = std::ranges::find(ops, name, &CustomOp::name);
  return found == ops.end() ? nullptr : &*found;
}

const Kernel* FindCustomKernel(const NodeSpec& node, const CustomOp* op) {
  if (op != nullptr) return &kUserOp;
  return FindCustomKernel(node.options.Get<CustomOptions>().name);
}

}  // namespace liteforge
