// SPDX-License-Identifier: Apache-2.0
#include "runtime/load_model.h"

#include <algorithm>
#include <cstdint>

#include "base/try.h"
#include "formats/tflite/densify.h"
#include "formats/tflite/read_sparsity.h"
#include "ops/options_flatbuffers.h"

namespace liteforge {
namespace {

template <class T>
std::vector<T> List(const flatbuffers::Vector<T>* values) {
  const auto elements = Elements(values);
  return {elements.begin(), elements.end()};
}

Result<Quantization> ReadQuantization(
    const tflite::QuantizationParameters* from) {
  if (from == nullptr) return Quantization();
  if (from->details_as_BlockwiseQuantization() != nullptr ||
      from->details_as_MultiAxisQuantization() != nullptr)
    return Unsupported(
        "is quantized block by block; quantize per tensor or per channel");
  return Quantization{List(from->scale()), List(from->zero_point()),
                      from->quantized_dimension(), List(from->min()),
                      List(from->max())};
}

Result<ModelTensor> ReadTensor(const TfliteModel& file,
                               const tflite::Tensor& from) {
  ModelTensor tensor;
  tensor.name = Text(from.name());
  tensor.type = static_cast<DataType>(from.type());
  tensor.shape = Shape(Elements(from.shape()));
  tensor.shape_signature = Count(from.shape_signature()) == 0
                               ? tensor.shape
                               : Shape(Elements(from.shape_signature()));
  TRY_ASSIGN(tensor.quantization, ReadQuantization(from.quantization()));
  tensor.is_variable = from.is_variable();
  tensor.is_constant = file.IsConstant(from);
  if (!tensor.is_constant) return tensor;
  tensor.data = file.ConstantData(from);
  if (from.sparsity() != nullptr) {
    const int bits = BitWidth(tensor.type);
    if (bits == 0 || bits % 8 != 0)
      return Unsupported("is sparse and " + std::string(Name(tensor.type)));
    TRY_ASSIGN(auto dense,
               Densify(ReadSparsity(*from.sparsity()), tensor.shape,
                       static_cast<size_t>(bits) / 8, tensor.data.bytes()));
    tensor.data = Blob::Own(std::move(dense));
  }
  // Reading any other byte as a C++ bool is undefined.
  if (tensor.type == DataType::kBool &&
      std::ranges::any_of(tensor.data.bytes(),
                          [](std::byte b) { return b > std::byte{1}; }))
    return InvalidModel("holds a bool that is neither 0 nor 1");
  return tensor;
}

NodeSpec ReadNode(const TfliteModel& file, const tflite::Operator& from) {
  NodeSpec node;
  node.op = static_cast<Op>(file.OperatorNumber(from.opcode_index()));
  const auto* code = file->operator_codes()->Get(from.opcode_index());
  node.options =
      OptionsFromFlatBuffer(node.op, from, Text(code->custom_code()));
  if (node.op == Op::kCustom) {
    const Blob bytes = file.CustomOptionsData(from);
    node.options.Edit<CustomOptions>().bytes = bytes.ToVector<uint8_t>();
  }
  node.inputs = List(from.inputs());
  node.outputs = List(from.outputs());
  node.intermediates = List(from.intermediates());
  return node;
}

std::string TensorPlace(uint32_t index, const tflite::Tensor& tensor) {
  return "tensor " + std::to_string(index) + " '" +
         std::string(Text(tensor.name())) + "'";
}

Result<GraphSpec> ReadGraph(const TfliteModel& file, uint32_t index) {
  const tflite::SubGraph& from = *file->subgraphs()->Get(index);
  GraphSpec graph;
  graph.index = static_cast<int>(index);
  graph.name = Text(from.name());
  graph.inputs = List(from.inputs());
  graph.outputs = List(from.outputs());
  for (uint32_t i = 0; i < Count(from.tensors()); ++i) {
    const tflite::Tensor& tensor = *from.tensors()->Get(i);
    auto read = ReadTensor(file, tensor);
    if (!read)
      return tl::unexpected(std::move(read.error()).In(TensorPlace(i, tensor)));
    graph.tensors.push_back(*std::move(read));
  }
  for (uint32_t i = 0; i < Count(from.operators()); ++i)
    graph.nodes.push_back(ReadNode(file, *from.operators()->Get(i)));
  return graph;
}

std::vector<std::pair<std::string, int>> ReadNames(
    const flatbuffers::Vector<flatbuffers::Offset<tflite::TensorMap>>* from) {
  std::vector<std::pair<std::string, int>> names;
  for (uint32_t i = 0; i < Count(from); ++i)
    names.emplace_back(std::string(Text(from->Get(i)->name())),
                       static_cast<int>(from->Get(i)->tensor_index()));
  return names;
}

}  // namespace

std::string OperatorName(const NodeSpec& node) {
  std::string name(Name(node.op));
  if (node.op == Op::kCustom)
    name += " '" + node.options.Get<CustomOptions>().name + "'";
  return name;
}

std::string Place(const GraphSpec& graph, size_t node) {
  const NodeSpec& spec = graph.nodes[node];
  std::string text;
  if (graph.index != 0) text = "subgraph " + std::to_string(graph.index) + ": ";
  text += "operator " + std::to_string(node) + " (" + OperatorName(spec) + ")";
  if (!spec.outputs.empty())
    text +=
        " '" + graph.tensors[static_cast<size_t>(spec.outputs[0])].name + "'";
  return text;
}

Result<ModelSpec> LoadModel(const TfliteModel& file) {
  ModelSpec model;
  model.bytes = file.bytes();
  for (uint32_t i = 0; i < Count(file->subgraphs()); ++i) {
    TRY_ASSIGN(GraphSpec graph, ReadGraph(file, i));
    model.graphs.push_back(std::move(graph));
  }
  for (uint32_t i = 0; i < Count(file->signature_defs()); ++i) {
    const tflite::SignatureDef& from = *file->signature_defs()->Get(i);
    model.signatures.push_back(
        SignatureSpec{std::string(Text(from.signature_key())),
                      static_cast<int>(from.subgraph_index()),
                      ReadNames(from.inputs()), ReadNames(from.outputs())});
  }
  return model;
}

}  // namespace liteforge
