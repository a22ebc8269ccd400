// SPDX-License-Identifier: Apache-2.0
#include "emit/emit.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "base/try.h"
#include "emit/op_versions.h"
#include "emit/runtime_versions.h"
#include "emit/sparse_constants.h"
#include "formats/tflite/model_reader.h"
#include "formats/tflite/model_writer.h"
#include "ops/options_flatbuffers.h"

namespace liteforge {
namespace {

constexpr uint32_t kSchemaVersion = 3;
constexpr int32_t kOmitted = -1;
constexpr std::string_view kDescription = "Converted by liteforge.";

// TensorFlow Lite's converter stores the release as text in 16 bytes, padded
// with zeros.
constexpr std::string_view kMinRuntimeVersion = "min_runtime_version";
constexpr size_t kMinRuntimeVersionBytes = 16;

OperandSpec SpecOf(const ir::Value* value, const SparseConstants& sparse) {
  if (value == nullptr) return {};
  return {value->type, value->shape, value->quantization,
          sparse.contains(value)};
}

size_t OperandsOf(Op op) {
  constexpr size_t kLstmOperands = 24;
  return op == Op::kLstm || op == Op::kUnidirectionalSequenceLstm
             ? kLstmOperands
             : std::numeric_limits<size_t>::max();
}

int VersionOf(const ir::Node& node, const SparseConstants& sparse) {
  OperatorSpec spec{node.op(), node.options, {}, {}};
  for (const ir::Value* input : node.inputs()) {
    spec.inputs.push_back(SpecOf(input, sparse));
  }
  for (const ir::Value* output : node.outputs()) {
    spec.outputs.push_back(SpecOf(output, sparse));
  }
  return LowestVersion(spec);
}

std::unique_ptr<tflite::QuantizationParametersT> EmitQuantization(
    const Quantization& from) {
  if (from.empty() && from.min.empty() && from.max.empty()) return nullptr;
  auto to = std::make_unique<tflite::QuantizationParametersT>();
  to->scale = from.scale;
  to->zero_point = from.zero_point;
  to->quantized_dimension = from.axis;
  to->min = from.min;
  to->max = from.max;
  return to;
}

// shape holds 1 where shape_signature, which is there only then, holds -1.
void EmitShape(const Shape& shape, tflite::TensorT& tensor) {
  tensor.has_rank = shape.has_rank();
  tensor.shape.assign(shape.dims().begin(), shape.dims().end());
  if (shape.IsStatic()) return;
  tensor.shape_signature = tensor.shape;
  std::replace(tensor.shape.begin(), tensor.shape.end(), Shape::kUnknownDim, 1);
}

// Where a value ended up.
struct TensorPlace {
  int graph;
  int32_t tensor;
};

class ModuleEmitter {
 public:
  ModuleEmitter(const ir::Module& module, const EmitOptions& options)
      : module_(module), options_(options) {}

  Result<std::vector<std::byte>> Run() {
    TRY(CheckVariables());
    if (options_.sparse) {
      for (const auto& graph : module_.graphs)
        FindSparseConstants(*graph, sparse_);
    }
    model_.version = kSchemaVersion;
    model_.description = module_.description.empty() ? std::string(kDescription)
                                                     : module_.description;
    for (const auto& graph : module_.graphs) EmitGraph(*graph);
    for (const ir::Signature& signature : module_.signatures) {
      TRY_IN(fmt::format("signature '{}'", signature.key),
             EmitSignature(signature));
    }
    EmitMetadata();
    return PackModel(model_, buffers_);
  }

  // After Run(): the constants of `module`, which was emitted, become views of
  // the file.
  void Share(ir::Module& module,
             const std::shared_ptr<const std::vector<std::byte>>& file) const {
    const tflite::Model& model = *tflite::GetModel(file->data());
    for (const auto& graph : module.graphs) {
      for (const auto& value : graph->values()) {
        const auto place = tensors_.find(value.get());
        if (place == tensors_.end() || value->is_variable ||
            value->data().size() < kLeastShared)
          continue;
        const auto* tensor =
            model.subgraphs()
                ->Get(static_cast<uint32_t>(place->second.graph))
                ->tensors()
                ->Get(static_cast<uint32_t>(place->second.tensor));
        const auto& stored = *model.buffers()->Get(tensor->buffer())->data();
        if (stored.size() != value->data().size()) continue;
        value->SetConstant(Blob::View(
            {reinterpret_cast<const std::byte*>(stored.data()), stored.size()},
            file));
      }
    }
  }

 private:
  static constexpr size_t kLeastShared = 4096;

  // A .tflite cannot say what a variable holds at first; it is zero.
  Result<void> CheckVariables() const {
    for (const auto& graph : module_.graphs) {
      for (const auto& value : graph->values()) {
        if (!value->is_variable) continue;
        const auto first = value->data().bytes();
        if (std::any_of(first.begin(), first.end(),
                        [](std::byte b) { return b != std::byte{0}; })) {
          return Unsupported(fmt::format(
              "variable '{}' does not begin as zero, which a variable tensor "
              "of a .tflite does; keep it in a VAR_HANDLE resource",
              value->name));
        }
      }
    }
    return {};
  }

  void EmitGraph(const ir::Graph& graph) {
    model_.subgraphs.push_back(std::make_unique<tflite::SubGraphT>());
    tflite::SubGraphT& subgraph = *model_.subgraphs.back();
    // As TensorFlow calls what runs where no signature is asked for.
    subgraph.name = model_.subgraphs.size() == 1 ? "main" : graph.name;
    // Variables are state that the runtime keeps and sets to zero, not inputs.
    for (const ir::Value* input : graph.inputs()) {
      const int32_t index = EmitValue(*input, subgraph);
      if (!input->is_variable) subgraph.inputs.push_back(index);
    }
    for (const auto& node : graph.nodes()) EmitNode(*node, subgraph);
    subgraph.outputs = EmitValues(graph.outputs(), subgraph);
  }

  void EmitNode(const ir::Node& node, tflite::SubGraphT& subgraph) {
    auto op = std::make_unique<tflite::OperatorT>();
    std::vector<bool> mutates;
    // An LSTM's operands behind those that it has are its intermediates.
    const size_t operands =
        std::min(node.inputs().size(), OperandsOf(node.op()));
    op->intermediates = EmitValues(node.inputs().subspan(operands), subgraph);
    for (size_t i = 0; i < operands; ++i) {
      const ir::Value* input = node.inputs()[i];
      const bool state = input != nullptr && IsState(node, i);
      op->inputs.push_back(input == nullptr ? kOmitted
                           : state          ? EmitState(node, i, subgraph)
                                            : EmitValue(*input, subgraph));
      mutates.push_back(state || (input != nullptr && input->is_variable));
    }
    op->opcode_index = CodeOf(node);
    op->outputs = EmitValues(node.outputs(), subgraph);
    OptionsToFlatBuffer(node.op(), node.options, *op);
    if (std::ranges::count(mutates, true) > 0)
      op->mutating_variable_inputs = std::move(mutates);
    subgraph.operators.push_back(std::move(op));
  }

  // The states of an LSTM before its first step. The graph may compute them,
  // but the operator takes and changes variable tensors, which live on from
  // run to run: a RESHAPE writes them there, in every run.
  static constexpr size_t kOutputState = 18, kCellState = 19;
  static bool IsState(const ir::Node& node, size_t i) {
    return node.op() == Op::kUnidirectionalSequenceLstm &&
           (i == kOutputState || i == kCellState);
  }

  // Whether it is written where the LSTM reads it by the RESHAPE it has.
  static bool IsWrittenState(const ir::Value& value) {
    if (value.producer() == nullptr || !value.has_one_use() ||
        value.producer()->op() != Op::kReshape)
      return false;
    const ir::Node& user = *value.users()[0];
    return (IsState(user, kOutputState) &&
            user.input(kOutputState) == &value) ||
           (IsState(user, kCellState) && user.input(kCellState) == &value);
  }

  int32_t EmitState(const ir::Node& node, size_t i,
                    tflite::SubGraphT& subgraph) {
    const ir::Value& value = *node.inputs()[i];
    if (value.is_variable || IsWrittenState(value))
      return EmitValue(value, subgraph);
    constexpr int kInputWeights = 4, kRecurrentWeights = 8;
    const bool output = i == kOutputState;
    const int32_t size = output ? node.input(kRecurrentWeights)->shape[1]
                                : node.input(kInputWeights)->shape[0];
    const bool known = value.shape.IsStatic() && size > 0;
    const Shape shape{known
                          ? static_cast<int32_t>(value.shape.elements() / size)
                          : Shape::kUnknownDim,
                      size};
    const std::string name = fmt::format(
        "{}/{}", node.output()->name, output ? "output_state" : "cell_state");
    const std::vector<int32_t> dims(shape.dims().begin(), shape.dims().end());
    auto op = std::make_unique<tflite::OperatorT>();
    op->inputs = {
        EmitValue(value, subgraph),
        AddTensor(name + "/dims", DataType::kInt32, Shape{2}, subgraph)};
    subgraph.tensors.back()->buffer = buffers_.Add(Blob::Own(dims));
    op->opcode_index = CodeOf(Op::kReshape, "", 1);
    op->outputs = {AddTensor(name, value.type, shape, subgraph)};
    subgraph.tensors.back()->quantization =
        EmitQuantization(value.quantization);
    subgraph.tensors.back()->is_variable = true;
    OptionsToFlatBuffer(Op::kReshape, ReshapeOptions{}, *op);
    const int32_t index = op->outputs[0];
    subgraph.operators.push_back(std::move(op));
    return index;
  }

  std::vector<int32_t> EmitValues(std::span<ir::Value* const> values,
                                  tflite::SubGraphT& subgraph) {
    std::vector<int32_t> indices;
    for (const ir::Value* value : values) {
      indices.push_back(value == nullptr ? kOmitted
                                         : EmitValue(*value, subgraph));
    }
    return indices;
  }

  // Tensors stand in the order in which they are first named.
  int32_t EmitValue(const ir::Value& value, tflite::SubGraphT& subgraph) {
    const TensorPlace next{static_cast<int>(model_.subgraphs.size()) - 1,
                           static_cast<int32_t>(subgraph.tensors.size())};
    const auto [known, is_new] = tensors_.emplace(&value, next);
    if (!is_new) return known->second.tensor;
    AddTensor(value.name, value.type, value.shape, subgraph);
    tflite::TensorT& tensor = *subgraph.tensors.back();
    tensor.quantization = EmitQuantization(value.quantization);
    tensor.is_variable = value.is_variable || IsWrittenState(value);
    if (const auto sparse = sparse_.find(&value); sparse != sparse_.end()) {
      tensor.sparsity = std::make_unique<tflite::SparsityParametersT>(
          std::move(sparse->second->sparsity));
      tensor.buffer = buffers_.Add(sparse->second->stored);
    } else if (value.is_constant() && !value.is_variable) {
      tensor.buffer = buffers_.Add(value.data());
    }
    return next.tensor;
  }

  static int32_t AddTensor(std::string name, DataType type, const Shape& shape,
                           tflite::SubGraphT& subgraph) {
    auto tensor = std::make_unique<tflite::TensorT>();
    tensor->name = std::move(name);
    tensor->type = static_cast<tflite::TensorType>(type);
    EmitShape(shape, *tensor);
    subgraph.tensors.push_back(std::move(tensor));
    return static_cast<int32_t>(subgraph.tensors.size()) - 1;
  }

  // Operator codes: one for each operator, custom name and version.
  uint32_t CodeOf(const ir::Node& node) {
    return CodeOf(node.op(),
                  node.op() == Op::kCustom ? node.Options<CustomOptions>().name
                                           : std::string(),
                  VersionOf(node, sparse_));
  }

  uint32_t CodeOf(Op op, const std::string& custom_name, int version) {
    const auto next = static_cast<uint32_t>(model_.operator_codes.size());
    const auto [known, is_new] =
        codes_.emplace(std::tuple(op, custom_name, version), next);
    if (!is_new) return known->second;
    ops_.push_back({op, version});
    auto code = std::make_unique<tflite::OperatorCodeT>();
    // The old field is too narrow for numbers over 127, which stands for them.
    code->deprecated_builtin_code =
        static_cast<int8_t>(std::min(static_cast<int>(op), 127));
    code->builtin_code = static_cast<tflite::BuiltinOperator>(op);
    code->custom_code = custom_name;
    code->version = version;
    model_.operator_codes.push_back(std::move(code));
    return next;
  }

  using NamedValues = std::vector<std::pair<std::string, ir::Value*>>;

  Result<void> EmitSignature(const ir::Signature& signature) {
    auto definition = std::make_unique<tflite::SignatureDefT>();
    definition->signature_key = signature.key;
    definition->subgraph_index = static_cast<uint32_t>(signature.graph);
    TRY(EmitTensorMaps(signature.graph, signature.inputs, definition->inputs));
    TRY(EmitTensorMaps(signature.graph, signature.outputs,
                       definition->outputs));
    model_.signature_defs.push_back(std::move(definition));
    return {};
  }

  Result<void> EmitTensorMaps(
      int graph, const NamedValues& values,
      std::vector<std::unique_ptr<tflite::TensorMapT>>& maps) {
    for (const auto& [name, value] : values) {
      const auto tensor = tensors_.find(value);
      if (tensor == tensors_.end() || tensor->second.graph != graph) {
        return Fail(ErrorCode::kInternal,
                    fmt::format("'{}' is no value of graph {}", name, graph));
      }
      auto map = std::make_unique<tflite::TensorMapT>();
      map->name = name;
      map->tensor_index = static_cast<uint32_t>(tensor->second.tensor);
      maps.push_back(std::move(map));
    }
    return {};
  }

  void EmitMetadata() {
    std::map<std::string, Blob> metadata = module_.metadata;
    const std::string_view release = MinRuntimeVersion(ops_);
    std::vector<char> padded(kMinRuntimeVersionBytes);
    std::copy(release.begin(), release.end(), padded.begin());
    metadata[std::string(kMinRuntimeVersion)] = Blob::Own(std::move(padded));
    for (auto& [name, data] : metadata) {
      auto entry = std::make_unique<tflite::MetadataT>();
      entry->name = name;
      entry->buffer = buffers_.AddUnshared(data);
      model_.metadata.push_back(std::move(entry));
    }
  }

  const ir::Module& module_;
  const EmitOptions options_;
  SparseConstants sparse_;
  tflite::ModelT model_;
  BufferTable buffers_;
  std::unordered_map<const ir::Value*, TensorPlace> tensors_;  // of all graphs
  std::map<std::tuple<Op, std::string, int>, uint32_t> codes_;
  std::vector<VersionedOp> ops_;
};

// The file must pass the checks that readers make: what fails here is a bug
// of whoever made the module, and better found now than on a board.
Result<void> CheckReadable(std::span<const std::byte> bytes) {
  auto model = TfliteModel::FromBytes(Blob::View(bytes, nullptr));
  if (model) return {};
  Error error = std::move(model.error());
  error.code = ErrorCode::kInternal;
  return tl::unexpected(std::move(error).In("the emitted model"));
}

}  // namespace

Result<std::vector<std::byte>> Emit(const ir::Module& module,
                                    const EmitOptions& options) {
  TRY_ASSIGN(auto bytes, ModuleEmitter(module, options).Run());
  TRY(CheckReadable(bytes));
  return bytes;
}

Result<std::shared_ptr<const std::vector<std::byte>>> EmitAndShare(
    ir::Module& module) {
  ModuleEmitter emitter(module, {});
  TRY_ASSIGN(auto bytes, emitter.Run());
  TRY(CheckReadable(bytes));
  auto file = std::make_shared<const std::vector<std::byte>>(std::move(bytes));
  emitter.Share(module, file);
  return file;
}

}  // namespace liteforge
