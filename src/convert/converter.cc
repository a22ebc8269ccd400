// SPDX-License-Identifier: Apache-2.0
// The driver: source -> concrete function -> TFLite operators -> passes ->
// bytes (ARCHITECTURE.md, "Life of a model").
#include "liteforge/converter.h"

#include <algorithm>

#include "base/atomic_file.h"
#include "base/try.h"
#include "convert/compile.h"
#include "convert/detect.h"
#include "formats/keras/keras_file.h"
#include "import/keras/import_keras.h"

namespace liteforge {
namespace {

std::string NamesOf(const std::vector<FunctionArgument>& arguments) {
  std::string names;
  for (const FunctionArgument& argument : arguments) {
    names += (names.empty() ? "" : ", ") + argument.name;
  }
  return names;
}

bool Fits(const Shape& wanted, const Shape& declared) {
  if (!declared.has_rank()) return true;
  if (wanted.rank() != declared.rank()) return false;
  for (int axis = 0; axis < wanted.rank(); ++axis) {
    if (declared[axis] >= 0 && wanted[axis] != declared[axis]) return false;
  }
  return true;
}

// Gives an input of the function a more definite shape.
Result<void> FixInputShape(ConcreteFunction& function, const std::string& name,
                           const Shape& shape) {
  const auto input =
      std::find_if(function.inputs.begin(), function.inputs.end(),
                   [&](const FunctionArgument& a) { return a.name == name; });
  if (input == function.inputs.end()) {
    return InvalidArgument("has no input '" + name +
                           "'; its inputs are: " + NamesOf(function.inputs));
  }
  if (!Fits(shape, input->shape)) {
    return InvalidArgument("input '" + name + "' is " +
                           input->shape.ToString() + ", which cannot become " +
                           shape.ToString() +
                           "; only unknown dimensions can be given");
  }
  input->shape = shape;
  for (tf::NodeDef& node : *function.graph.mutable_node()) {
    if (node.name() != ParseInput(input->tensor).node) continue;
    *(*node.mutable_attr())["shape"].mutable_shape() = ToTensorFlow(shape);
  }
  return {};
}

}  // namespace

class Converter::Impl {
 public:
  explicit Impl(KerasFile file) : file_(std::move(file)) {}

  Result<std::vector<std::byte>> Convert() {
    TRY_ASSIGN(ConcreteFunction function, ImportKeras(file_));
    for (const auto& [name, shape] : options_.input_shapes) {
      TRY(FixInputShape(function, name, shape));
    }
    return Compile(function);
  }

  // Errors of the steps speak of layers and nodes; the file comes in front.
  Result<std::vector<std::byte>> ConvertNamed() {
    auto bytes = Convert();
    if (bytes || bytes.error().where.starts_with(file_.path)) return bytes;
    return tl::unexpected(std::move(bytes.error()).In(file_.path));
  }

  ConvertOptions options_;
  std::vector<std::string> notices_;

 private:
  KerasFile file_;
};

Converter::Converter(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Converter::Converter(Converter&&) noexcept = default;
Converter& Converter::operator=(Converter&&) noexcept = default;
Converter::~Converter() = default;

Result<Converter> Converter::FromKerasModel(const std::filesystem::path& path) {
  TRY_ASSIGN(KerasFile file, ReadKeras(path));
  return Converter(std::make_unique<Impl>(std::move(file)));
}

Result<Converter> Converter::FromFile(const std::filesystem::path& path) {
  TRY_ASSIGN(const FileKind kind, DetectKind(path));
  if (kind == FileKind::kKerasH5 || kind == FileKind::kKerasZip)
    return FromKerasModel(path);
  return tl::unexpected(CannotConvert(path, kind));
}

ConvertOptions& Converter::options() { return impl_->options_; }

const std::vector<std::string>& Converter::notices() const {
  return impl_->notices_;
}

Result<std::vector<std::byte>> Converter::Convert() {
  return impl_->ConvertNamed();
}

Result<void> Converter::ConvertToFile(const std::filesystem::path& path) {
  TRY_ASSIGN(const std::vector<std::byte> bytes, Convert());
  return WriteFileAtomically(path, bytes);
}

}  // namespace liteforge
