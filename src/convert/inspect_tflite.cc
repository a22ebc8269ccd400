// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "base/try.h"
#include "convert/inspect_sources.h"
#include "convert/model_notes.h"
#include "formats/tflite/model_reader.h"
#include "ops/op.h"

namespace liteforge {
namespace {

Shape ShapeOf(const flatbuffers::Vector<int32_t>* dims) {
  return Shape(Elements(dims));
}

TensorDetails DetailsOfTensor(const tflite::SubGraph& graph, int index) {
  const tflite::Tensor& tensor =
      *graph.tensors()->Get(static_cast<uint32_t>(index));
  TensorDetails details;
  details.name = std::string(Text(tensor.name()));
  details.index = index;
  details.shape = ShapeOf(tensor.shape());
  const bool varies = Count(tensor.shape_signature()) > 0;
  details.shape_signature =
      varies ? ShapeOf(tensor.shape_signature()) : details.shape;
  details.dtype = static_cast<DataType>(tensor.type());
  if (const auto* from = tensor.quantization(); from != nullptr) {
    Quantization& to = details.quantization;
    if (from->scale() != nullptr)
      to.scale.assign(from->scale()->begin(), from->scale()->end());
    if (from->zero_point() != nullptr)
      to.zero_point.assign(from->zero_point()->begin(),
                           from->zero_point()->end());
    to.axis = from->quantized_dimension();
  }
  return details;
}

std::vector<TensorDetails> DetailsOfTensor(
    const tflite::SubGraph& graph, const flatbuffers::Vector<int32_t>* list) {
  std::vector<TensorDetails> details;
  if (list == nullptr) return details;
  for (int32_t index : *list) details.push_back(DetailsOfTensor(graph, index));
  return details;
}

std::vector<int> Indices(const flatbuffers::Vector<int32_t>* list) {
  const auto elements = Elements(list);
  return {elements.begin(), elements.end()};
}

OperatorUse UseOf(const TfliteModel& file, const tflite::Operator& node) {
  const tflite::OperatorCode& code =
      *file->operator_codes()->Get(node.opcode_index());
  const auto op = static_cast<Op>(file.OperatorNumber(node.opcode_index()));
  return {std::string(op == Op::kCustom ? Text(code.custom_code()) : Name(op)),
          code.version(), Indices(node.inputs()), Indices(node.outputs())};
}

void DescribeSubgraphs(const TfliteModel& file, ModelDescription& model) {
  for (const tflite::SubGraph* graph : *file->subgraphs()) {
    SubgraphDescription subgraph;
    subgraph.name = std::string(Text(graph->name()));
    subgraph.inputs = Indices(graph->inputs());
    subgraph.outputs = Indices(graph->outputs());
    for (uint32_t i = 0; i < Count(graph->tensors()); ++i) {
      const tflite::Tensor& tensor = *graph->tensors()->Get(i);
      TensorDetails details = DetailsOfTensor(*graph, static_cast<int>(i));
      details.is_constant = file.IsConstant(tensor);
      subgraph.constant_bytes.push_back(
          details.is_constant
              ? static_cast<int64_t>(file.BufferData(tensor.buffer()).size())
              : 0);
      subgraph.tensors.push_back(std::move(details));
    }
    for (uint32_t i = 0; i < Count(graph->operators()); ++i)
      subgraph.operators.push_back(UseOf(file, *graph->operators()->Get(i)));
    model.subgraphs.push_back(std::move(subgraph));
  }
}

// How often the operators of subgraph 0 occur, in the order of the first.
void ListOperators(ModelDescription& model) {
  for (const OperatorUse& use : model.subgraphs[0].operators) {
    model.operator_sequence.push_back(use.name);
    const auto row = std::find_if(
        model.operators.begin(), model.operators.end(), [&](const auto& r) {
          return r.name == use.name && r.version == use.version;
        });
    if (row != model.operators.end()) {
      ++row->count;
    } else {
      model.operators.push_back({use.name, use.version, 1});
    }
  }
}

void DescribeSignatures(const TfliteModel& file, ModelDescription& model) {
  if (file->signature_defs() == nullptr) return;
  const auto names = [](const auto* maps) {
    std::vector<std::pair<std::string, int>> list;
    if (maps == nullptr) return list;
    for (const tflite::TensorMap* map : *maps) {
      list.emplace_back(Text(map->name()),
                        static_cast<int>(map->tensor_index()));
    }
    return list;
  };
  for (const tflite::SignatureDef* signature : *file->signature_defs()) {
    model.signatures.push_back({std::string(Text(signature->signature_key())),
                                names(signature->inputs()),
                                names(signature->outputs())});
  }
}

// Elements of constants that are weights: not the small integer vectors that
// say shapes, axes and paddings.
int64_t CountParameters(const TfliteModel& file) {
  int64_t count = 0;
  for (const tflite::SubGraph* graph : *file->subgraphs()) {
    if (graph->tensors() == nullptr) continue;
    for (const tflite::Tensor* tensor : *graph->tensors()) {
      const bool constant = file.IsConstant(*tensor);
      const bool index = tensor->type() == tflite::TensorType::INT32 &&
                         tensor->quantization() == nullptr;
      if (constant && !index) count += ShapeOf(tensor->shape()).elements();
    }
  }
  return count;
}

std::string MinRuntimeVersion(const TfliteModel& file) {
  if (file->metadata() == nullptr) return "";
  for (const tflite::Metadata* entry : *file->metadata()) {
    if (Text(entry->name()) != "min_runtime_version") continue;
    const Blob data = file.BufferData(entry->buffer());
    std::string text(reinterpret_cast<const char*>(data.data()), data.size());
    return text.substr(0, text.find('\0'));
  }
  return "";
}

void DescribeMetadata(const TfliteModel& file, ModelDescription& model) {
  const auto notes = NotesOf(file);
  if (!notes) return;
  for (const TensorDescription& input : notes->inputs) {
    if (input.mean.empty()) continue;
    model.image_mean = input.mean;
    model.image_std = input.std;
    break;
  }
  model.labels = LabelsOf(file.bytes().bytes(), *notes);
}

}  // namespace

Result<void> DescribeTflite(const std::filesystem::path& path,
                            ModelDescription& model) {
  TRY_ASSIGN(const TfliteModel file, TfliteModel::Open(path));
  const tflite::SubGraph& graph = *file->subgraphs()->Get(0);
  model.writer = std::string(Text(file->description()));
  model.inputs = DetailsOfTensor(graph, graph.inputs());
  model.outputs = DetailsOfTensor(graph, graph.outputs());
  model.parameters = CountParameters(file);
  model.min_runtime_version = MinRuntimeVersion(file);
  DescribeSubgraphs(file, model);
  ListOperators(model);
  DescribeSignatures(file, model);
  DescribeMetadata(file, model);
  // Kernels that pack no weights, of which there may be many.
  auto interpreter = Interpreter::FromFile(path, {.reference_kernels = true});
  auto runs = interpreter ? interpreter->AllocateTensors()
                          : tl::unexpected(interpreter.error());
  model.converts = runs.has_value();
  if (!runs) model.problem = runs.error().message;
  return {};
}

}  // namespace liteforge
