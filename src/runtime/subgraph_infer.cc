// SPDX-License-Identifier: Apache-2.0
// Shapes, sizes and memory of single tensors.
#include <algorithm>
#include <string>

#include "base/try.h"
#include "ops/infer.h"
#include "runtime/subgraph.h"

namespace liteforge {
namespace {

constexpr int64_t kMaxTensorBytes = int64_t{1} << 40;

// The value of a tensor of no elements: known, and never read.
alignas(16) constexpr std::byte kNothing[16] = {};

TensorInfo InfoOf(const RuntimeTensor* tensor, bool with_data) {
  if (tensor == nullptr) return {};
  TensorInfo info{tensor->type, tensor->shape, nullptr, tensor->quantization};
  if (with_data || tensor->is_constant)
    info.data = tensor->data == nullptr ? kNothing : tensor->data;
  return info;
}

// `shape` has 1 where `shape_signature` leaves a dimension open.
const Shape& DeclaredShape(const ModelTensor& spec) {
  return spec.shape_signature.IsStatic() ? spec.shape : spec.shape_signature;
}

}  // namespace

Result<void> Subgraph::Infer(Node& node, bool with_data) {
  std::vector<TensorInfo> inputs;
  inputs.reserve(node.context.inputs_.size());
  for (const RuntimeTensor* input : node.context.inputs_)
    inputs.push_back(InfoOf(input, with_data));
  std::vector<TensorInfo> declared;
  declared.reserve(node.context.outputs_.size());
  for (const int output : node.spec->outputs)
    declared.push_back({tensors_[Index(output)].type,
                        DeclaredShape(graph_.tensors[Index(output)])});
  InferContext context(node.spec->op, node.spec->options, inputs, declared);
  if (node.kernel->infer != nullptr) {
    TRY(node.kernel->infer(node.context, context));
    TRY(CheckGiven(context));
  } else {
    TRY(InferOutputs(context));
  }
  node.lacks_values = context.lacks_values();
  for (int i = 0; i < context.output_count(); ++i) {
    const InferContext::Output& output = context.outputs()[Index(i)];
    TRY(SetInferred(node, i, output.type, output.shape));
  }
  return {};
}

// The inferred type is what the kernel computes, so it wins over what the file
// says of an intermediate tensor (old converters left float32 there; TensorFlow
// Lite overrides it too). An output's type is a promise to the caller. kNone
// stands for a type that only the file knows.
Result<void> Subgraph::SetInferred(Node& node, int output, DataType type,
                                   const Shape& shape) {
  RuntimeTensor& tensor = node.context.Output(output);
  if (type != DataType::kNone && type != tensor.type) {
    const auto index = static_cast<int>(IndexOf(tensor));
    if (allocated_ || std::ranges::count(graph_.outputs, index) > 0)
      return InvalidModel("output '" + std::string(tensor.name) +
                          "' is declared " + std::string(Name(tensor.type)) +
                          " but is " + std::string(Name(type)));
    tensor.type = type;
  }
  const bool in_arena =
      !block_of_tensor_.empty() && block_of_tensor_[IndexOf(tensor)] >= 0;
  if (in_arena && shape != tensor.shape)
    return Fail(ErrorCode::kInternal, "output '" + std::string(tensor.name) +
                                          "' was inferred as " +
                                          tensor.shape.ToString() +
                                          " but became " + shape.ToString());
  tensor.shape = shape;
  return {};
}

// Sets `bytes`; 0 for types without a fixed width and for unknown shapes.
// Refuses what cannot be, before kernels reckon with it; what is constant lies
// in the file. (Strings take their offsets at least, which have 31 bits.)
Result<void> Subgraph::MeasureTensor(RuntimeTensor& t) const {
  t.bytes = 0;
  const bool is_text = t.type == DataType::kString;
  if (!t.shape.IsStatic() || (BitWidth(t.type) == 0 && !is_text)) return {};
  const int64_t elements = t.shape.elements();
  const int64_t bytes = ByteSize(is_text ? DataType::kInt32 : t.type, elements);
  const auto refused = [&](const std::string& why) {
    return Unsupported("tensor '" + std::string(t.name) + "' is " +
                       Describe(t.type, t.shape) + ", " + why);
  };
  if (bytes < 0 || bytes > kMaxTensorBytes)
    return refused("more than 2^40 bytes");
  if (is_text && elements > INT32_MAX / 8) return refused("too many strings");
  const size_t limit =
      control_ == nullptr
          ? MachineBytes()
          : std::min(control_->memory().limit(), MachineBytes());
  if (!t.is_constant && static_cast<size_t>(bytes) > limit)
    return refused("which needs " + std::to_string(bytes) +
                   " bytes of memory where " + std::to_string(limit) +
                   " may be taken; use smaller input shapes or raise "
                   "max_memory_bytes");
  if (!is_text) t.bytes = static_cast<size_t>(bytes);
  return {};
}

Result<void> Subgraph::GiveOwnMemory(RuntimeTensor& t, size_t bytes) {
  AlignedBuffer& buffer = own_[IndexOf(t)];
  TRY_IN("tensor '" + std::string(t.name) + "'", buffer.ReserveGrowing(bytes));
  t.data = bytes == 0 ? nullptr : buffer.data();
  t.bytes = bytes;
  return {};
}

// Nodes outside the plan run one at a time and share these.
Result<void> Subgraph::GiveOwnScratch(Node& node) {
  for (size_t slot = 0; slot < KernelContext::kMaxScratch; ++slot) {
    const size_t bytes = node.context.scratch_bytes_[slot];
    TRY(own_scratch_[slot].ReserveGrowing(bytes));
    node.context.scratch_[slot] =
        bytes == 0 ? nullptr : own_scratch_[slot].data();
  }
  return {};
}

}  // namespace liteforge
