// SPDX-License-Identifier: Apache-2.0
// The public face: checks what callers say, in full sentences, and leaves the
// work to Subgraph.
#include "liteforge/interpreter.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <string>
#include <thread>

#include "base/blob.h"
#include "base/thread_pool.h"
#include "base/try.h"
#include "formats/tflite/model_reader.h"
#include "runtime/load_model.h"
#include "runtime/string_tensor.h"
#include "runtime/subgraph.h"

namespace liteforge {
namespace {

int ThreadCount(int wanted) {
  if (wanted > 0) return wanted;
  return static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
}

std::string OperatorName(const NodeSpec& node) {
  std::string name(Name(node.op));
  if (node.op == Op::kCustom)
    name += " '" + node.options.Get<CustomOptions>().name + "'";
  return name;
}

// All at once, so that nobody has to find them one by one.
Result<void> CheckKernels(const ModelSpec& model) {
  std::map<std::string, int> missing;
  for (const GraphSpec& graph : model.graphs) {
    for (const NodeSpec& node : graph.nodes) {
      if (FindKernel(node.op) == nullptr) ++missing[OperatorName(node)];
    }
  }
  if (missing.empty()) return {};
  std::string list;
  for (const auto& [name, count] : missing) {
    if (!list.empty()) list += ", ";
    list += name + " (" + std::to_string(count) +
            (count == 1 ? " node)" : " nodes)");
  }
  return Unsupported("operators without a kernel: " + list);
}

bool IsStaticShape(const Shape& shape) {
  return shape.IsStatic() && shape.elements() >= 0;
}

// A bool is stored as 0 or 1, whatever the caller's bytes are.
void CopyValues(DataType type, std::span<const std::byte> from,
                std::span<std::byte> to) {
  if (from.empty()) return;
  if (type != DataType::kBool) {
    std::memcpy(to.data(), from.data(), from.size());
    return;
  }
  std::ranges::transform(from, to.begin(), [](std::byte b) {
    return std::byte{b != std::byte{0}};
  });
}

}  // namespace

class Interpreter::Impl {
 public:
  Impl(ModelSpec model, const InterpreterOptions& options)
      : model_(std::move(model)), state_(ThreadCount(options.num_threads)) {
    for (const GraphSpec& graph : model_.graphs)
      state_.graphs.push_back(
          std::make_unique<Subgraph>(graph, options, state_));
  }

  Subgraph& main() { return *state_.graphs[0]; }
  const GraphSpec& graph() const { return model_.graphs[0]; }
  const ModelSpec& model() const { return model_; }

  Result<void> CheckIndex(int index);
  Result<void> CheckWritable(int index);
  // "input 'x'" or "tensor 'x'"
  std::string Describe(int index) const;
  Error Mismatch(int index, const std::string& got);
  Result<void> CopyIn(int index, std::span<const std::byte> data);
  Result<void> CheckResize(int index, const Shape& shape, bool strict);
  TensorDetails Details(int index);
  std::vector<TensorDetails> Details(const std::vector<int>& indices);

 private:
  bool IsInput(int index) const {
    return std::ranges::count(graph().inputs, index) > 0;
  }

  ModelSpec model_;
  ModelState state_;
};

Result<void> Interpreter::Impl::CheckIndex(int index) {
  if (index >= 0 && index < main().tensor_count()) return {};
  return InvalidArgument("there is no tensor " + std::to_string(index) +
                         "; the model has " +
                         std::to_string(main().tensor_count()));
}

std::string Interpreter::Impl::Describe(int index) const {
  return std::string(IsInput(index) ? "input '" : "tensor '") +
         graph().tensors[static_cast<size_t>(index)].name + "'";
}

Result<void> Interpreter::Impl::CheckWritable(int index) {
  TRY(CheckIndex(index));
  const RuntimeTensor& tensor = main().tensor(index);
  if (tensor.is_constant)
    return InvalidArgument(Describe(index) +
                           " is a constant of the model and cannot be set");
  if (!IsInput(index) && !tensor.is_variable)
    return InvalidArgument(Describe(index) +
                           " is computed by the model and cannot be set");
  if (!main().allocated())
    return InvalidArgument(Describe(index) +
                           " has no memory yet; call AllocateTensors first");
  return {};
}

Error Interpreter::Impl::Mismatch(int index, const std::string& got) {
  const RuntimeTensor& tensor = main().tensor(index);
  return Error{ErrorCode::kInvalidArgument,
               Describe(index) + " wants " +
                   liteforge::Describe(tensor.type, tensor.shape) + ", got " +
                   got,
               {}};
}

Result<void> Interpreter::Impl::CopyIn(int index,
                                       std::span<const std::byte> data) {
  const RuntimeTensor& tensor = main().tensor(index);
  if (tensor.type == DataType::kString) {
    const auto check = CheckStringTensor(data, tensor.shape.elements());
    if (!check)
      return InvalidArgument(Describe(index) + ": " + check.error().message);
  } else if (data.size() != tensor.bytes) {
    return tl::unexpected(
        Mismatch(index, std::to_string(data.size()) + " bytes"));
  }
  TRY_ASSIGN(const std::span<std::byte> to,
             main().Writable(index, data.size()));
  CopyValues(tensor.type, data, to);
  return {};
}

Result<void> Interpreter::Impl::CheckResize(int index, const Shape& shape,
                                            bool strict) {
  TRY(CheckIndex(index));
  if (!IsInput(index) || main().tensor(index).is_constant)
    return InvalidArgument(Describe(index) +
                           " is not an input and cannot be resized");
  if (!IsStaticShape(shape))
    return InvalidArgument(Describe(index) + " cannot become " +
                           shape.ToString() + "; give every dimension a size");
  if (!strict) return {};
  const Shape& allowed =
      graph().tensors[static_cast<size_t>(index)].shape_signature;
  bool fits = shape.rank() == allowed.rank();
  for (int axis = 0; fits && axis < shape.rank(); ++axis)
    fits = allowed[axis] < 0 || allowed[axis] == shape[axis];
  if (fits) return {};
  return InvalidArgument(Describe(index) + " is " + allowed.ToString() +
                         " in the model and cannot become " + shape.ToString() +
                         "; only ? dimensions may change");
}

TensorDetails Interpreter::Impl::Details(int index) {
  const RuntimeTensor& tensor = main().tensor(index);
  const TensorSpec& spec = graph().tensors[static_cast<size_t>(index)];
  return {spec.name,    index,
          tensor.shape, spec.shape_signature,
          tensor.type,  spec.quantization};
}

std::vector<TensorDetails> Interpreter::Impl::Details(
    const std::vector<int>& indices) {
  std::vector<TensorDetails> details;
  for (const int index : indices) details.push_back(Details(index));
  return details;
}

//----------------------------------------------------------------- the class

Interpreter::Interpreter(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Interpreter::Interpreter(Interpreter&&) noexcept = default;
Interpreter& Interpreter::operator=(Interpreter&&) noexcept = default;
Interpreter::~Interpreter() = default;

Result<Interpreter> Interpreter::FromModel(const TfliteModel& file,
                                           const InterpreterOptions& options) {
  TRY_ASSIGN(ModelSpec model, LoadModel(file));
  TRY(CheckKernels(model));
  return Interpreter(std::make_unique<Impl>(std::move(model), options));
}

Result<Interpreter> Interpreter::FromFile(const std::filesystem::path& path,
                                          const InterpreterOptions& options) {
  TRY_ASSIGN(const TfliteModel file, TfliteModel::Open(path));
  auto interpreter = FromModel(file, options);
  if (!interpreter)
    return tl::unexpected(std::move(interpreter.error()).In(path.string()));
  return interpreter;
}

Result<Interpreter> Interpreter::FromBuffer(std::span<const std::byte> model,
                                            const InterpreterOptions& options) {
  TRY_ASSIGN(const TfliteModel file, TfliteModel::FromBytes(Blob::Copy(model)));
  return FromModel(file, options);
}

Result<void> Interpreter::AllocateTensors() { return impl_->main().Allocate(); }

Result<void> Interpreter::Invoke() {
  if (!impl_->main().allocated())
    return InvalidArgument(
        "the tensors have no memory yet; call AllocateTensors before Invoke");
  return impl_->main().Invoke();
}

std::vector<TensorDetails> Interpreter::InputDetails() const {
  return impl_->Details(impl_->graph().inputs);
}

std::vector<TensorDetails> Interpreter::OutputDetails() const {
  return impl_->Details(impl_->graph().outputs);
}

std::vector<TensorDetails> Interpreter::AllTensorDetails() const {
  std::vector<TensorDetails> details;
  for (int i = 0; i < impl_->main().tensor_count(); ++i)
    details.push_back(impl_->Details(i));
  return details;
}

std::vector<SignatureDetails> Interpreter::Signatures() const {
  std::vector<SignatureDetails> details;
  for (const SignatureSpec& spec : impl_->model().signatures)
    details.push_back({spec.key, spec.inputs, spec.outputs, spec.graph});
  return details;
}

Result<void> Interpreter::SetTensor(int index, DataType dtype,
                                    const Shape& shape,
                                    std::span<const std::byte> data) {
  TRY(impl_->CheckWritable(index));
  const RuntimeTensor& tensor = impl_->main().tensor(index);
  if (tensor.type != dtype || tensor.shape != shape)
    return tl::unexpected(impl_->Mismatch(index, Describe(dtype, shape)));
  return impl_->CopyIn(index, data);
}

Result<void> Interpreter::SetTensorFlat(int index, DataType dtype,
                                        size_t elements,
                                        std::span<const std::byte> data) {
  TRY(impl_->CheckWritable(index));
  const RuntimeTensor& tensor = impl_->main().tensor(index);
  if (tensor.type != dtype ||
      tensor.shape.elements() != static_cast<int64_t>(elements))
    return tl::unexpected(impl_->Mismatch(
        index,
        std::to_string(elements) + " values of " + std::string(Name(dtype))));
  return impl_->CopyIn(index, data);
}

Result<std::span<const std::byte>> Interpreter::GetTensor(int index) const {
  TRY(impl_->CheckIndex(index));
  return impl_->main().Read(index);
}

Result<void> Interpreter::ResizeInputTensor(int index, const Shape& shape,
                                            bool strict) {
  TRY(impl_->CheckResize(index, shape, strict));
  impl_->main().ResizeInput(index, shape);
  return {};
}

void Interpreter::ResetVariableTensors() { impl_->main().ResetVariables(); }

size_t Interpreter::ArenaBytes() const { return impl_->main().arena_bytes(); }

}  // namespace liteforge
