// SPDX-License-Identifier: Apache-2.0
// The public face. TensorAccess checks what callers say, Subgraph does the
// work.
#include "liteforge/interpreter.h"

#include <algorithm>
#include <map>
#include <string>
#include <thread>

#include "base/blob.h"
#include "base/thread_pool.h"
#include "base/try.h"
#include "formats/tflite/model_reader.h"
#include "kernels/micro/packed_layout.h"
#include "runtime/load_model.h"
#include "runtime/op_work.h"
#include "runtime/run_control.h"
#include "runtime/subgraph.h"
#include "runtime/tensor_access.h"
#include "runtime/user_op.h"

namespace liteforge {
namespace {

int ThreadCount(int wanted) {
  if (wanted > 0) return wanted;
  return static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
}

bool HasKernel(const NodeSpec& node, std::span<const CustomOp> custom_ops) {
  return FindKernel(node.op, node.options) != nullptr ||
         FindUserOp(custom_ops, node) != nullptr;
}

// All at once, so that nobody has to find them one by one.
Result<void> CheckKernels(const ModelSpec& model,
                          std::span<const CustomOp> custom_ops) {
  std::map<std::string, int> missing;
  bool custom = false;
  for (const GraphSpec& graph : model.graphs) {
    for (const NodeSpec& node : graph.nodes) {
      if (HasKernel(node, custom_ops)) continue;
      ++missing[OperatorName(node)];
      custom |= node.op == Op::kCustom;
    }
  }
  if (missing.empty()) return {};
  std::string list;
  for (const auto& [name, count] : missing) {
    if (!list.empty()) list += ", ";
    list += name + " (" + std::to_string(count) +
            (count == 1 ? " node)" : " nodes)");
  }
  return Unsupported(
      "operators without a kernel: " + list +
      (custom ? "; give the custom ones in InterpreterOptions::custom_ops"
              : ""));
}

// Whose weights are laid out alike.
std::string Maker() {
  return "liteforge " LITEFORGE_VERSION ", " + PackedLayout();
}

std::string KnownKeys(const ModelSpec& model) {
  std::string known;
  for (const SignatureSpec& spec : model.signatures)
    known += (known.empty() ? "'" : ", '") + spec.key + "'";
  return known.empty() ? "none at all" : known;
}

}  // namespace

class Interpreter::Impl {
 public:
  Impl(const TfliteModel& file, ModelSpec model,
       const InterpreterOptions& options)
      : file_(file),
        model_(std::move(model)),
        control_(model_, options),
        state_(ThreadCount(options.num_threads)) {
    state_.custom_ops = options.custom_ops;
    if (!options.weight_cache.empty())
      state_.arrays = ArrayCache(options.weight_cache, Maker());
    state_.arrays.SourcesLieIn(file_.bytes());
    access_.reserve(model_.graphs.size());
    for (const GraphSpec& graph : model_.graphs) {
      Subgraph& made = *state_.graphs.emplace_back(
          std::make_unique<Subgraph>(graph, options, state_));
      made.Attach(control_);
      access_.emplace_back(file_, made, control_);
    }
  }

  TensorAccess& main() { return access_[0]; }
  TensorAccess& access(int graph) {
    return access_[static_cast<size_t>(graph)];
  }
  const GraphSpec& graph() const { return model_.graphs[0]; }
  const ModelSpec& model() const { return model_; }
  RunControl& control() { return control_; }

  std::vector<TensorDetails> Details(const std::vector<int>& indices);
  std::vector<ProfileEntry> Profile() const;
  void ResetVariables() {
    for (const auto& graph : state_.graphs) graph->ResetVariables();
    state_.resources.Reset();
  }

 private:
  const TfliteModel file_;
  const ModelSpec model_;
  RunControl control_;  // outlives what is charged to it
  ModelState state_;
  std::vector<TensorAccess> access_;  // parallel to the state's graphs
};

std::vector<TensorDetails> Interpreter::Impl::Details(
    const std::vector<int>& indices) {
  std::vector<TensorDetails> details;
  for (const int index : indices) details.push_back(main().Details({index}));
  return details;
}

std::vector<ProfileEntry> Interpreter::Impl::Profile() const {
  std::vector<ProfileEntry> entries = control_.Profile();
  for (ProfileEntry& entry : entries) {
    const Subgraph& graph = *state_.graphs[static_cast<size_t>(entry.subgraph)];
    const KernelContext& node = graph.context(static_cast<size_t>(entry.node));
    entry.operations = graph.operations(static_cast<size_t>(entry.node));
    entry.bytes = CountBytes(node);
    if (!node.outputs_.empty()) entry.type = node.outputs_[0]->type;
  }
  return entries;
}

//----------------------------------------------------------------- the class

Interpreter::Interpreter(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Interpreter::Interpreter(Interpreter&&) noexcept = default;
Interpreter& Interpreter::operator=(Interpreter&&) noexcept = default;
Interpreter::~Interpreter() = default;

Result<Interpreter> Interpreter::FromModel(const TfliteModel& file,
                                           const InterpreterOptions& options) {
  TRY_ASSIGN(ModelSpec model, LoadModel(file));
  TRY(CheckUserOps(options.custom_ops));
  TRY(CheckKernels(model, options.custom_ops));
  return Interpreter(std::make_unique<Impl>(file, std::move(model), options));
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

Result<Interpreter> Interpreter::FromView(std::span<const std::byte> model,
                                          const InterpreterOptions& options) {
  TRY_ASSIGN(const TfliteModel file,
             TfliteModel::FromBytes(Blob::View(model, nullptr)));
  return FromModel(file, options);
}

Result<void> Interpreter::AllocateTensors() {
  return impl_->main().graph().AllocateAndSave();
}

Result<void> Interpreter::Invoke() { return impl_->main().Invoke(); }

void Interpreter::Cancel() { impl_->control().Cancel(); }

std::vector<TensorDetails> Interpreter::InputDetails() const {
  return impl_->Details(impl_->graph().inputs);
}

std::vector<TensorDetails> Interpreter::OutputDetails() const {
  return impl_->Details(impl_->graph().outputs);
}

std::vector<TensorDetails> Interpreter::AllTensorDetails() const {
  std::vector<TensorDetails> details;
  for (int i = 0; i < impl_->main().graph().tensor_count(); ++i)
    details.push_back(impl_->main().Details({i}));
  return details;
}

Result<TensorDetails> Interpreter::DetailsOf(int index) const {
  TRY(impl_->main().CheckIndex({index}));
  return impl_->main().Details({index});
}

std::vector<SignatureDetails> Interpreter::Signatures() const {
  std::vector<SignatureDetails> details;
  for (const SignatureSpec& spec : impl_->model().signatures)
    details.push_back({spec.key, spec.inputs, spec.outputs, spec.graph});
  return details;
}

Result<SignatureRunner> Interpreter::Signature(std::string_view key) {
  const auto& signatures = impl_->model().signatures;
  if (key.empty() && signatures.size() == 1)
    return SignatureRunner(signatures[0], impl_->access(signatures[0].graph));
  for (const SignatureSpec& spec : signatures) {
    if (spec.key == key)
      return SignatureRunner(spec, impl_->access(spec.graph));
  }
  return InvalidArgument("the model has no signature '" + std::string(key) +
                         "'; it has " + KnownKeys(impl_->model()));
}

Result<void> Interpreter::SetTensor(int index, DataType dtype,
                                    const Shape& shape,
                                    std::span<const std::byte> data) {
  return impl_->main().Set({index}, dtype, shape, data);
}

Result<void> Interpreter::SetTensorFlat(int index, DataType dtype,
                                        size_t elements,
                                        std::span<const std::byte> data) {
  return impl_->main().SetFlat({index}, dtype, elements, data);
}

Result<void> Interpreter::SetStrings(int index,
                                     std::span<const std::string> values) {
  return impl_->main().SetStrings({index}, values);
}

Result<std::span<const std::byte>> Interpreter::GetTensor(int index) const {
  return impl_->main().Get({index});
}

Result<std::span<const std::byte>> Interpreter::TypedTensor(
    int index, DataType dtype) const {
  return impl_->main().GetTyped({index}, dtype);
}

Result<std::vector<std::string>> Interpreter::Strings(int index) const {
  return impl_->main().Strings({index});
}

Result<void> Interpreter::ResizeInputTensor(int index, const Shape& shape,
                                            bool strict) {
  return impl_->main().Resize({index}, shape, strict);
}

void Interpreter::ResetVariableTensors() { impl_->ResetVariables(); }

std::vector<ProfileEntry> Interpreter::Profile() const {
  return impl_->Profile();
}

void Interpreter::ResetProfile() { impl_->control().ResetProfile(); }

size_t Interpreter::ArenaBytes() const {
  return impl_->main().graph().plan().arena_bytes;
}

size_t Interpreter::ArenaLowerBound() const {
  return impl_->main().graph().plan().lower_bound;
}

}  // namespace liteforge
