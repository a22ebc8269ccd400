// SPDX-License-Identifier: Apache-2.0
#include "runtime/tensor_access.h"

#include <algorithm>
#include <cstring>

#include "base/try.h"
#include "formats/tflite/read_sparsity.h"
#include "ops/string_tensor.h"

namespace liteforge {
namespace {

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

TensorDetails TensorAccess::Details(TensorRef ref) const {
  const RuntimeTensor& tensor = At(ref);
  const ModelTensor& spec = SpecOf(ref);
  return {ref.name.empty() ? spec.name : std::string(ref.name),
          ref.index,
          tensor.shape,
          spec.shape_signature,
          tensor.type,
          spec.quantization,
          ReadSparsity(file_, graph_.spec().index, ref.index),
          spec.is_constant};
}

bool TensorAccess::IsInput(TensorRef tensor) const {
  return std::ranges::count(spec().inputs, tensor.index) > 0;
}

// "input 'x'" or "tensor 'x'"
std::string TensorAccess::Describe(TensorRef tensor) const {
  const std::string_view name =
      tensor.name.empty() ? At(tensor).name : tensor.name;
  return std::string(IsInput(tensor) ? "input '" : "tensor '") +
         std::string(name) + "'";
}

Error TensorAccess::Mismatch(TensorRef ref, const std::string& got) const {
  const RuntimeTensor& tensor = At(ref);
  return Error{ErrorCode::kInvalidArgument,
               Describe(ref) + " wants " +
                   liteforge::Describe(tensor.type, tensor.shape) + ", got " +
                   got,
               {}};
}

Result<void> TensorAccess::CheckIndex(TensorRef tensor) const {
  if (tensor.index >= 0 && tensor.index < graph_.tensor_count()) return {};
  return InvalidArgument("there is no tensor " + std::to_string(tensor.index) +
                         "; the model has " +
                         std::to_string(graph_.tensor_count()));
}

Result<void> TensorAccess::CheckWritable(TensorRef ref) const {
  TRY(CheckIndex(ref));
  const RuntimeTensor& tensor = At(ref);
  if (tensor.is_constant)
    return InvalidArgument(Describe(ref) +
                           " is a constant of the model and cannot be set");
  if (!IsInput(ref) && !tensor.is_variable)
    return InvalidArgument(Describe(ref) +
                           " is computed by the model and cannot be set");
  if (!graph_.allocated())
    return InvalidArgument(Describe(ref) +
                           " has no memory yet; call AllocateTensors first");
  return {};
}

Result<void> TensorAccess::CopyIn(TensorRef ref,
                                  std::span<const std::byte> data) {
  const RuntimeTensor& tensor = At(ref);
  if (tensor.type == DataType::kString) {
    const auto check = CheckStringTensor(data, tensor.shape.elements());
    if (!check)
      return InvalidArgument(Describe(ref) + ": " + check.error().message);
  } else if (data.size() != tensor.bytes) {
    return tl::unexpected(
        Mismatch(ref, std::to_string(data.size()) + " bytes"));
  }
  TRY_ASSIGN(const std::span<std::byte> to,
             graph_.Writable(ref.index, data.size()));
  CopyValues(tensor.type, data, to);
  return {};
}

Result<void> TensorAccess::Set(TensorRef ref, DataType dtype,
                               const Shape& shape,
                               std::span<const std::byte> data) {
  TRY(CheckWritable(ref));
  if (At(ref).type != dtype || At(ref).shape != shape)
    return tl::unexpected(Mismatch(ref, liteforge::Describe(dtype, shape)));
  return CopyIn(ref, data);
}

Result<void> TensorAccess::SetFlat(TensorRef ref, DataType dtype,
                                   size_t elements,
                                   std::span<const std::byte> data) {
  TRY(CheckWritable(ref));
  if (At(ref).type != dtype ||
      At(ref).shape.elements() != static_cast<int64_t>(elements))
    return tl::unexpected(Mismatch(
        ref,
        std::to_string(elements) + " values of " + std::string(Name(dtype))));
  return CopyIn(ref, data);
}

Result<void> TensorAccess::SetStrings(TensorRef ref,
                                      std::span<const std::string> values) {
  TRY(CheckWritable(ref));
  if (At(ref).type != DataType::kString ||
      At(ref).shape.elements() != static_cast<int64_t>(values.size()))
    return tl::unexpected(
        Mismatch(ref, std::to_string(values.size()) + " strings"));
  TRY_ASSIGN(const std::vector<std::byte> bytes, PackStrings(values));
  return CopyIn(ref, bytes);
}

Result<std::span<const std::byte>> TensorAccess::Get(TensorRef ref) const {
  TRY(CheckIndex(ref));
  return graph_.Read(ref.index);
}

Result<std::span<const std::byte>> TensorAccess::GetTyped(
    TensorRef ref, DataType dtype) const {
  TRY_ASSIGN(const std::span<const std::byte> bytes, Get(ref));
  if (At(ref).type == dtype) return bytes;
  return InvalidArgument(Describe(ref) + " is " +
                         std::string(Name(At(ref).type)) + ", not " +
                         std::string(Name(dtype)));
}

Result<std::vector<std::string>> TensorAccess::Strings(TensorRef ref) const {
  TRY_ASSIGN(const std::span<const std::byte> bytes,
             GetTyped(ref, DataType::kString));
  return UnpackStrings(bytes);
}

Result<void> TensorAccess::Resize(TensorRef ref, const Shape& shape,
                                  bool strict) {
  TRY(CheckIndex(ref));
  if (!IsInput(ref) || At(ref).is_constant)
    return InvalidArgument(Describe(ref) +
                           " is not an input and cannot be resized");
  if (!IsStaticShape(shape))
    return InvalidArgument(Describe(ref) + " cannot become " +
                           shape.ToString() + "; give every dimension a size");
  if (strict) TRY(CheckStrict(ref, shape));
  graph_.ResizeInput(ref.index, shape);
  return {};
}

Result<void> TensorAccess::CheckStrict(TensorRef ref,
                                       const Shape& shape) const {
  const Shape& allowed = SpecOf(ref).shape_signature;
  bool fits = shape.rank() == allowed.rank();
  for (int axis = 0; fits && axis < shape.rank(); ++axis)
    fits = allowed[axis] < 0 || allowed[axis] == shape[axis];
  if (fits) return {};
  return InvalidArgument(Describe(ref) + " is " + allowed.ToString() +
                         " in the model and cannot become " + shape.ToString() +
                         "; only ? dimensions may change");
}

Result<void> TensorAccess::Invoke() {
  if (!graph_.allocated())
    return InvalidArgument(
        "the tensors have no memory yet; call AllocateTensors before Invoke");
  control_.Begin();
  return graph_.Invoke();
}

}  // namespace liteforge
