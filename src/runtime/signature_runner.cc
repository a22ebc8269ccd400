// SPDX-License-Identifier: Apache-2.0
// Names in, tensor indices out; TensorAccess does the rest.
#include <string>

#include "base/try.h"
#include "liteforge/interpreter.h"
#include "runtime/load_model.h"
#include "runtime/tensor_access.h"

namespace liteforge {
namespace {

using NamedTensors = std::vector<std::pair<std::string, int>>;

Result<int> FindTensor(const NamedTensors& tensors, std::string_view name,
                       std::string_view kind, const std::string& key) {
  std::string known;
  for (const auto& [candidate, index] : tensors) {
    if (candidate == name) return index;
    known += (known.empty() ? "'" : ", '") + candidate + "'";
  }
  return InvalidArgument("signature '" + key + "' has no " + std::string(kind) +
                         " '" + std::string(name) + "'; it has " +
                         (known.empty() ? "none" : known));
}

std::vector<TensorDetails> DetailsOf(const NamedTensors& tensors,
                                     const TensorAccess& access) {
  std::vector<TensorDetails> details;
  for (const auto& [name, index] : tensors)
    details.push_back(access.Details({index, name}));
  return details;
}

}  // namespace

const std::string& SignatureRunner::key() const { return spec_->key; }

Result<int> SignatureRunner::FindInput(std::string_view name) const {
  return FindTensor(spec_->inputs, name, "input", spec_->key);
}

Result<int> SignatureRunner::FindOutput(std::string_view name) const {
  return FindTensor(spec_->outputs, name, "output", spec_->key);
}

std::vector<TensorDetails> SignatureRunner::InputDetails() const {
  return DetailsOf(spec_->inputs, *tensors_);
}

std::vector<TensorDetails> SignatureRunner::OutputDetails() const {
  return DetailsOf(spec_->outputs, *tensors_);
}

Result<void> SignatureRunner::AllocateTensors() {
  return tensors_->graph().AllocateAndSave();
}

Result<void> SignatureRunner::ResizeInput(std::string_view name,
                                          const Shape& shape, bool strict) {
  TRY_ASSIGN(const int index, FindInput(name));
  return tensors_->Resize({index, name}, shape, strict);
}

Result<void> SignatureRunner::SetInput(std::string_view name, DataType dtype,
                                       const Shape& shape,
                                       std::span<const std::byte> data) {
  TRY_ASSIGN(const int index, FindInput(name));
  return tensors_->Set({index, name}, dtype, shape, data);
}

Result<void> SignatureRunner::SetInputFlat(std::string_view name,
                                           DataType dtype, size_t elements,
                                           std::span<const std::byte> data) {
  TRY_ASSIGN(const int index, FindInput(name));
  return tensors_->SetFlat({index, name}, dtype, elements, data);
}

size_t SignatureRunner::ArenaBytes() const {
  return tensors_->graph().plan().arena_bytes;
}

size_t SignatureRunner::ArenaLowerBound() const {
  return tensors_->graph().plan().lower_bound;
}

Result<void> SignatureRunner::Invoke() { return tensors_->Invoke(); }

Result<std::span<const std::byte>> SignatureRunner::Output(
    std::string_view name) const {
  TRY_ASSIGN(const int index, FindOutput(name));
  return tensors_->Get({index, name});
}

Result<std::span<const std::byte>> SignatureRunner::TypedOutput(
    std::string_view name, DataType dtype) const {
  TRY_ASSIGN(const int index, FindOutput(name));
  return tensors_->GetTyped({index, name}, dtype);
}

}  // namespace liteforge
