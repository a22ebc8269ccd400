// SPDX-License-Identifier: Apache-2.0
#include "runtime/subgraph.h"

#include <cstring>
#include <string>

#include "base/try.h"
#include "ops/string_tensor.h"
#include "runtime/user_op.h"

namespace liteforge {
namespace {

RuntimeTensor FromSpec(const ModelTensor& spec) {
  RuntimeTensor tensor;
  tensor.name = spec.name;
  tensor.type = spec.type;
  tensor.shape = spec.shape;
  tensor.quantization = &spec.quantization;
  tensor.is_constant = spec.is_constant;
  tensor.is_variable = spec.is_variable;
  if (spec.is_constant && !spec.data.empty()) {
    // Read only: kernels get constants as const inputs.
    tensor.data = const_cast<std::byte*>(spec.data.data());
    const int64_t bytes = ByteSize(spec.type, spec.shape.elements());
    tensor.bytes = bytes < 0 ? spec.data.size() : static_cast<size_t>(bytes);
  }
  return tensor;
}

// What "zero" is for a variable: int8 states start at their zero point, as in
// TensorFlow Lite (ResetVariableTensor).
int ResetByte(const RuntimeTensor& tensor) {
  return tensor.type == DataType::kInt8 ? tensor.zero_point() : 0;
}

}  // namespace

Subgraph::Subgraph(const GraphSpec& graph, const InterpreterOptions& options,
                   ModelState& model, KernelFinder find_kernel)
    : graph_(graph),
      options_(options),
      model_(model),
      own_(graph.tensors.size()) {
  for (const ModelTensor& spec : graph.tensors)
    tensors_.push_back(FromSpec(spec));
  nodes_.reserve(graph.nodes.size());
  for (const NodeSpec& spec : graph.nodes) {
    const CustomOp* const custom_op = FindUserOp(model.custom_ops, spec);
    nodes_.push_back({&spec,
                      spec.op == Op::kCustom ? FindCustomKernel(spec, custom_op)
                                             : find_kernel(spec.op),
                      KernelContext(spec.op, spec.options, this),
                      Kind::kStatic,
                      nullptr,
                      0,
                      false,
                      false,
                      {}});
    KernelContext& context = nodes_.back().context;
    context.custom_op_ = custom_op;
    context.reference_ = options.reference_kernels;
    context.winograd_ = options.winograd && !options.reference_kernels;
    for (const int input : spec.inputs) context.inputs_.push_back(Find(input));
    for (const int output : spec.outputs)
      context.outputs_.push_back(Find(output));
    for (const int intermediate : spec.intermediates)
      context.intermediates_.push_back(Find(intermediate));
  }
  FindUses();
}

void Subgraph::FindUses() {
  maker_.assign(tensors_.size(), kNobody);
  user_.assign(tensors_.size(), kNobody);
  uses_.assign(tensors_.size(), 0);
  for (size_t i = 0; i < nodes_.size(); ++i) {
    for (const int input : nodes_[i].spec->inputs) {
      if (input < 0) continue;
      ++uses_[Index(input)];
      user_[Index(input)] = static_cast<int>(i);
    }
    for (const int output : nodes_[i].spec->outputs)
      maker_[Index(output)] = static_cast<int>(i);
  }
  for (const int output : graph_.outputs) ++uses_[Index(output)];
}

void Subgraph::Attach(RunControl& control) {
  control_ = &control;
  arena_.ChargeTo(control.memory());
  for (AlignedBuffer& buffer : own_) buffer.ChargeTo(control.memory());
  for (AlignedBuffer& buffer : own_scratch_) buffer.ChargeTo(control.memory());
}

void Subgraph::ResizeInput(int index, const Shape& shape) {
  RuntimeTensor& tensor = tensors_[Index(index)];
  if (tensor.shape == shape) return;
  tensor.shape = shape;
  allocated_ = false;
}

void Subgraph::ResetVariables() {
  for (RuntimeTensor& tensor : tensors_) {
    if (tensor.is_variable && tensor.data != nullptr)
      std::memset(tensor.data, ResetByte(tensor), tensor.bytes);
  }
}

Result<std::span<std::byte>> Subgraph::Writable(int index,
                                                size_t string_bytes) {
  RuntimeTensor& tensor = tensors_[Index(index)];
  if (tensor.type == DataType::kString)
    TRY(GiveOwnMemory(tensor, string_bytes));
  return std::span(tensor.data, tensor.bytes);
}

Result<std::span<const std::byte>> Subgraph::Read(int index) const {
  const RuntimeTensor& tensor = tensors_[Index(index)];
  const std::span<const std::byte> bytes(tensor.data, tensor.bytes);
  if (tensor.is_constant) return bytes;
  if (!allocated_)
    return InvalidArgument("tensor '" + std::string(tensor.name) +
                           "' has no memory yet; call AllocateTensors");
  if (!tensor.shape.IsStatic())
    return InvalidArgument("the size of tensor '" + std::string(tensor.name) +
                           "' depends on values; call Invoke");
  if (tensor.data == nullptr && tensor.bytes > 0)
    return InvalidArgument(
        "tensor '" + std::string(tensor.name) +
        "' is not computed by itself: the operators before and behind it are "
        "computed as one; set preserve_all_tensors in InterpreterOptions to "
        "have it");
  const int block = block_of_tensor_[Index(index)];
  if (block < 0 || bytes.empty()) return bytes;
  const MemoryRequest& mine = requests_[Index(block)];
  const size_t begin = plan_.offsets[Index(block)];
  for (size_t i = 0; i < requests_.size(); ++i) {
    if (requests_[i].last > mine.last &&
        plan_.offsets[i] < begin + mine.bytes &&
        begin < plan_.offsets[i] + requests_[i].bytes)
      return InvalidArgument(
          "the memory of tensor '" + std::string(tensor.name) +
          "' is used by another one later in the run; set "
          "preserve_all_tensors in InterpreterOptions to keep it");
  }
  return bytes;
}

Result<void> Subgraph::Resize(RuntimeTensor& t, const Shape& shape,
                              size_t string_bytes) {
  const bool fixed_width = BitWidth(t.type) > 0;
  if (block_of_tensor_.empty() || block_of_tensor_[IndexOf(t)] >= 0) {
    if (t.shape == shape) return {};
    return Fail(ErrorCode::kInternal,
                "output '" + std::string(t.name) + "' was inferred as " +
                    t.shape.ToString() + " but became " + shape.ToString());
  }
  t.shape = shape;
  if (!fixed_width) return GiveOwnMemory(t, string_bytes);
  TRY(MeasureTensor(t));
  return GiveOwnMemory(t, t.bytes);
}

}  // namespace liteforge
