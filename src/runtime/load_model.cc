// SPDX-License-Identifier: Apache-2.0
#include "runtime/load_model.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

#include "base/try.h"
#include "ops/options_flatbuffers.h"
#include "runtime/string_tensor.h"

namespace liteforge {
namespace {

std::string Text(const flatbuffers::String* text) {
  return text == nullptr ? std::string() : text->str();
}

template <class T>
std::vector<T> List(const flatbuffers::Vector<T>* values) {
  if (values == nullptr) return {};
  return {values->begin(), values->end()};
}

template <class T>
size_t Size(const flatbuffers::Vector<T>* values) {
  return values == nullptr ? 0 : values->size();
}

//------------------------------------------------------------------ tensors

Result<Shape> ReadShape(const flatbuffers::Vector<int32_t>* dims) {
  if (Size(dims) > static_cast<size_t>(Shape::kMaxRank))
    return Unsupported("has " + std::to_string(Size(dims)) +
                       " dimensions; at most 16 are supported");
  Shape shape;
  for (size_t i = 0; i < Size(dims); ++i)
    shape.Append(dims->Get(static_cast<uint32_t>(i)));
  for (const int32_t dim : shape.dims()) {
    if (dim < Shape::kUnknownDim)
      return InvalidModel("has a dimension of " + std::to_string(dim));
  }
  return shape;
}

Result<Quantization> ReadQuantization(
    const tflite::QuantizationParameters* from) {
  if (from == nullptr) return Quantization();
  if (from->details_type() ==
          tflite::QuantizationDetails::BlockwiseQuantization ||
      from->details_type() ==
          tflite::QuantizationDetails::MultiAxisQuantization)
    return Unsupported(
        "is quantized block by block; quantize per tensor or per channel");
  return Quantization{List(from->scale()), List(from->zero_point()),
                      from->quantized_dimension(), List(from->min()),
                      List(from->max())};
}

// What every kernel may rely on: finite scales, as many zero points as scales
// or none, and one of each per slice when per channel.
Result<void> CheckQuantization(const Quantization& q, const Shape& shape) {
  const auto in_range = [](int64_t zero_point) {
    return zero_point >= std::numeric_limits<int32_t>::min() &&
           zero_point <= std::numeric_limits<int32_t>::max();
  };
  if (!std::ranges::all_of(q.scale,
                           [](float s) { return std::isfinite(s) && s >= 0; }))
    return InvalidModel("has a quantization scale that is no positive number");
  if (!std::ranges::all_of(q.zero_point, in_range))
    return InvalidModel("has a zero point outside 32 bits");
  const size_t count = q.scale.size();
  if (!q.zero_point.empty() && q.zero_point.size() != count)
    return InvalidModel("has " + std::to_string(count) + " scales but " +
                        std::to_string(q.zero_point.size()) + " zero points");
  if (count <= 1) return {};
  if (q.axis < 0 || q.axis >= shape.rank())
    return InvalidModel("is quantized along axis " + std::to_string(q.axis) +
                        " but has shape " + shape.ToString());
  if (shape[q.axis] != static_cast<int64_t>(count))
    return InvalidModel("has " + std::to_string(count) + " scales along axis " +
                        std::to_string(q.axis) + " of shape " +
                        shape.ToString());
  return {};
}

// Files not written with aligned buffers exist; a copy of those makes element
// access defined everywhere.
Blob Aligned(Blob data) {
  constexpr uintptr_t kAlignment = 16;
  if (reinterpret_cast<uintptr_t>(data.data()) % kAlignment == 0) return data;
  return Blob::Copy(data.bytes());
}

Result<void> CheckConstant(const TensorSpec& tensor) {
  if (tensor.type == DataType::kString)
    return CheckStringTensor(tensor.data.bytes(), tensor.shape.elements());
  if (BitWidth(tensor.type) == 0) return {};
  const int64_t bytes = ByteSize(tensor.type, tensor.shape.elements());
  if (bytes < 0 || static_cast<uint64_t>(bytes) > tensor.data.size())
    return InvalidModel("is " + Describe(tensor.type, tensor.shape) +
                        " but its buffer holds " +
                        std::to_string(tensor.data.size()) + " bytes");
  // Reading any other byte as a C++ bool is undefined.
  if (tensor.type == DataType::kBool &&
      std::ranges::any_of(tensor.data.bytes(),
                          [](std::byte b) { return b > std::byte{1}; }))
    return InvalidModel("holds a bool that is neither 0 nor 1");
  return {};
}

Result<TensorSpec> ReadTensor(const TfliteModel& file,
                              const tflite::Tensor& from) {
  TensorSpec tensor;
  tensor.name = Text(from.name());
  tensor.type = static_cast<DataType>(from.type());
  tensor.is_variable = from.is_variable();
  TRY_ASSIGN(tensor.shape, ReadShape(from.shape()));
  tensor.shape_signature = tensor.shape;
  if (Size(from.shape_signature()) > 0) {
    TRY_ASSIGN(tensor.shape_signature, ReadShape(from.shape_signature()));
  }
  TRY_ASSIGN(tensor.quantization, ReadQuantization(from.quantization()));
  TRY(CheckQuantization(tensor.quantization, tensor.shape));
  if (tensor.is_variable) return tensor;
  const Blob data = file.BufferData(from.buffer());
  if (data.empty()) return tensor;
  if (from.sparsity() != nullptr)
    return Unsupported("is stored sparse; convert the model without sparsity");
  tensor.is_constant = true;
  tensor.data = Aligned(data);
  TRY(CheckConstant(tensor));
  return tensor;
}

//-------------------------------------------------------------------- nodes

NodeSpec ReadNode(const TfliteModel& file, const tflite::Operator& from) {
  NodeSpec node;
  node.op = static_cast<Op>(file.OperatorNumber(from.opcode_index()));
  const auto* code = file->operator_codes()->Get(from.opcode_index());
  node.options =
      OptionsFromFlatBuffer(node.op, from, Text(code->custom_code()));
  node.inputs = List(from.inputs());
  node.outputs = List(from.outputs());
  return node;
}

std::string TensorPlace(size_t index, const std::string& name) {
  return "tensor " + std::to_string(index) + " '" + name + "'";
}

// Which tensors hold a value, while the nodes are walked in order.
class OrderCheck {
 public:
  explicit OrderCheck(const GraphSpec& graph)
      : graph_(graph), has_value_(graph.tensors.size()) {
    for (size_t i = 0; i < graph.tensors.size(); ++i)
      has_value_[i] =
          graph.tensors[i].is_constant || graph.tensors[i].is_variable;
    for (const int input : graph.inputs) Set(input);
  }

  Result<void> Run() {
    for (size_t i = 0; i < graph_.nodes.size(); ++i)
      TRY_IN(Place(graph_, i), Node(graph_.nodes[i]));
    for (const int output : graph_.outputs) {
      if (output < 0 || !Has(output))
        return InvalidModel("output " + Quoted(output) +
                            " is not made by any operator");
    }
    return {};
  }

 private:
  bool Has(int tensor) const { return has_value_[static_cast<size_t>(tensor)]; }
  void Set(int tensor) { has_value_[static_cast<size_t>(tensor)] = true; }
  std::string Quoted(int tensor) const {
    if (tensor < 0) return "-1";
    return "'" + graph_.tensors[static_cast<size_t>(tensor)].name + "'";
  }

  Result<void> Node(const NodeSpec& node) {
    for (const int input : node.inputs) {
      if (input >= 0 && !Has(input))
        return InvalidModel("reads " + Quoted(input) +
                            ", which has no value at that point");
    }
    for (const int output : node.outputs) {
      if (output < 0) return InvalidModel("has an output that is left out");
      if (Has(output))
        return InvalidModel("writes " + Quoted(output) +
                            ", which has a value already");
      Set(output);
    }
    return {};
  }

  const GraphSpec& graph_;
  std::vector<bool> has_value_;
};

//------------------------------------------------------------------- graphs

// A constant of no elements has no buffer. It shows by having nobody who
// could make it.
void FindEmptyConstants(GraphSpec& graph) {
  std::vector<bool> made(graph.tensors.size());
  for (const int input : graph.inputs) made[static_cast<size_t>(input)] = true;
  for (const NodeSpec& node : graph.nodes) {
    for (const int output : node.outputs) {
      if (output >= 0) made[static_cast<size_t>(output)] = true;
    }
  }
  for (size_t i = 0; i < graph.tensors.size(); ++i) {
    TensorSpec& tensor = graph.tensors[i];
    if (!made[i] && !tensor.is_variable && tensor.shape.elements() == 0 &&
        BitWidth(tensor.type) > 0)
      tensor.is_constant = true;
  }
}

Result<GraphSpec> ReadGraph(const TfliteModel& file, int index) {
  const tflite::SubGraph& from =
      *file->subgraphs()->Get(static_cast<uint32_t>(index));
  GraphSpec graph;
  graph.index = index;
  graph.name = Text(from.name());
  graph.inputs = List(from.inputs());
  graph.outputs = List(from.outputs());
  for (uint32_t i = 0; i < Size(from.tensors()); ++i) {
    const tflite::Tensor& tensor = *from.tensors()->Get(i);
    auto read = ReadTensor(file, tensor);
    if (!read) {
      return tl::unexpected(
          std::move(read.error()).In(TensorPlace(i, Text(tensor.name()))));
    }
    graph.tensors.push_back(*std::move(read));
  }
  for (uint32_t i = 0; i < Size(from.operators()); ++i)
    graph.nodes.push_back(ReadNode(file, *from.operators()->Get(i)));
  FindEmptyConstants(graph);
  TRY(OrderCheck(graph).Run());
  return graph;
}

std::vector<std::pair<std::string, int>> ReadNames(
    const flatbuffers::Vector<flatbuffers::Offset<tflite::TensorMap>>* from) {
  std::vector<std::pair<std::string, int>> names;
  for (uint32_t i = 0; i < Size(from); ++i)
    names.emplace_back(Text(from->Get(i)->name()),
                       static_cast<int>(from->Get(i)->tensor_index()));
  return names;
}

}  // namespace

std::string Place(const GraphSpec& graph, size_t node) {
  const NodeSpec& spec = graph.nodes[node];
  std::string text;
  if (graph.index != 0) text = "subgraph " + std::to_string(graph.index) + ": ";
  text += "operator " + std::to_string(node) + " (" +
          std::string(Name(spec.op)) + ")";
  if (!spec.outputs.empty() && spec.outputs[0] >= 0)
    text +=
        " '" + graph.tensors[static_cast<size_t>(spec.outputs[0])].name + "'";
  return text;
}

Result<ModelSpec> LoadModel(const TfliteModel& file) {
  ModelSpec model;
  model.bytes = file.bytes();
  for (size_t i = 0; i < Size(file->subgraphs()); ++i) {
    TRY_ASSIGN(GraphSpec graph, ReadGraph(file, static_cast<int>(i)));
    model.graphs.push_back(std::move(graph));
  }
  if (model.graphs.empty()) return InvalidModel("has no subgraph");
  for (uint32_t i = 0; i < Size(file->signature_defs()); ++i) {
    const tflite::SignatureDef& from = *file->signature_defs()->Get(i);
    model.signatures.push_back(SignatureSpec{
        Text(from.signature_key()), static_cast<int>(from.subgraph_index()),
        ReadNames(from.inputs()), ReadNames(from.outputs())});
  }
  return model;
}

}  // namespace liteforge
