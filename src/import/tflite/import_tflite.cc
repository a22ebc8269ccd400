// SPDX-License-Identifier: Apache-2.0
#include "import/tflite/import_tflite.h"

#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/try.h"
#include "formats/tflite/densify.h"
#include "formats/tflite/read_sparsity.h"
#include "ops/options_flatbuffers.h"

namespace liteforge {
namespace {

// emit/ writes it anew.
constexpr std::string_view kMinRuntimeVersion = "min_runtime_version";

template <class T>
std::vector<T> List(const flatbuffers::Vector<T>* values) {
  const auto elements = Elements(values);
  return {elements.begin(), elements.end()};
}

Quantization ReadQuantization(const tflite::QuantizationParameters* from) {
  if (from == nullptr) return {};
  return {List(from->scale()), List(from->zero_point()),
          from->quantized_dimension(), List(from->min()), List(from->max())};
}

class GraphReader {
 public:
  GraphReader(const TfliteModel& file, const tflite::SubGraph& from,
              ir::Graph& graph)
      : file_(file),
        from_(from),
        graph_(graph),
        values_(Count(from.tensors())) {
    graph_.name = Text(from.name());
    for (uint32_t i = 0; i < Count(from_.operators()); ++i) {
      const auto outputs = Elements(from_.operators()->Get(i)->outputs());
      written_.insert(outputs.begin(), outputs.end());
    }
  }

  Result<void> Read() {
    for (const int32_t index : Elements(from_.inputs())) MakeInput(index);
    for (uint32_t i = 0; i < values_.size(); ++i) {
      const tflite::Tensor& tensor = *from_.tensors()->Get(i);
      TRY_IN("tensor '" + std::string(Text(tensor.name())) + "'",
             CheckStored(tensor));
      if (tensor.is_variable() && !written_.contains(static_cast<int32_t>(i))) {
        MakeInput(static_cast<int32_t>(i));
      } else if (file_.IsConstant(tensor)) {
        TRY_IN("tensor '" + std::string(Text(tensor.name())) + "'",
               MakeConstant(i, tensor));
      }
    }
    for (uint32_t i = 0; i < Count(from_.operators()); ++i) {
      TRY_IN("operator " + std::to_string(i),
             ReadNode(*from_.operators()->Get(i)));
    }
    for (const int32_t index : Elements(from_.outputs())) {
      graph_.AddOutput(ValueAt(index));
    }
    return {};
  }

  ir::Value* ValueAt(int32_t index) const {
    return index < 0 ? nullptr : values_[static_cast<size_t>(index)];
  }

 private:
  Result<void> CheckStored(const tflite::Tensor& tensor) const {
    const auto* q = tensor.quantization();
    if (q != nullptr && (q->details_as_BlockwiseQuantization() != nullptr ||
                         q->details_as_MultiAxisQuantization() != nullptr))
      return Unsupported("is quantized block by block");
    return {};
  }

  static Shape ShapeOf(const tflite::Tensor& tensor) {
    return Shape(Count(tensor.shape_signature()) == 0
                     ? Elements(tensor.shape())
                     : Elements(tensor.shape_signature()));
  }

  void Describe(ir::Value& value, const tflite::Tensor& tensor) const {
    value.quantization = ReadQuantization(tensor.quantization());
    value.is_variable = tensor.is_variable();
  }

  void MakeInput(int32_t index) {
    auto& value = values_[static_cast<size_t>(index)];
    if (value != nullptr) return;
    const tflite::Tensor& tensor =
        *from_.tensors()->Get(static_cast<uint32_t>(index));
    value =
        graph_.AddInput(std::string(Text(tensor.name())),
                        static_cast<DataType>(tensor.type()), ShapeOf(tensor));
    Describe(*value, tensor);
  }

  Result<void> MakeConstant(uint32_t index, const tflite::Tensor& tensor) {
    auto& value = values_[index];
    if (value != nullptr) return {};
    const Shape shape(Elements(tensor.shape()));
    const auto type = static_cast<DataType>(tensor.type());
    Blob data = file_.ConstantData(tensor);
    if (tensor.sparsity() != nullptr) {
      const int bits = BitWidth(type);
      if (bits < 8)
        return Unsupported("is sparse and " + std::string(Name(type)));
      TRY_ASSIGN(auto dense,
                 Densify(ReadSparsity(*tensor.sparsity()), shape,
                         static_cast<size_t>(bits) / 8, data.bytes()));
      data = Blob::Own(std::move(dense));
    }
    value = graph_.AddConstant(std::string(Text(tensor.name())), type, shape,
                               std::move(data));
    Describe(*value, tensor);
    return {};
  }

  Result<void> ReadNode(const tflite::Operator& from) {
    const Op op = static_cast<Op>(file_.OperatorNumber(from.opcode_index()));
    const auto* code = file_->operator_codes()->Get(from.opcode_index());
    OpOptions options =
        OptionsFromFlatBuffer(op, from, Text(code->custom_code()));
    if (op == Op::kCustom) {
      options.Edit<CustomOptions>().bytes =
          file_.CustomOptionsData(from).ToVector<uint8_t>();
    }
    if (Count(from.intermediates()) > 0)
      return Unsupported(std::string(Name(op)) +
                         " is quantized already, with intermediate tensors");
    std::vector<ir::Value*> inputs;
    for (const int32_t index : Elements(from.inputs()))
      inputs.push_back(ValueAt(index));
    // Constants are dense here: what DENSIFY makes of one is the same.
    if (op == Op::kDensify && inputs.size() == 1 && inputs[0] != nullptr &&
        inputs[0]->is_constant() && Count(from.outputs()) == 1) {
      values_[static_cast<size_t>(Elements(from.outputs())[0])] = inputs[0];
      return {};
    }
    std::vector<ir::Graph::OutputType> types;
    for (const int32_t index : Elements(from.outputs())) {
      const tflite::Tensor& tensor =
          *from_.tensors()->Get(static_cast<uint32_t>(index));
      types.push_back({std::string(Text(tensor.name())),
                       static_cast<DataType>(tensor.type()), ShapeOf(tensor)});
    }
    const std::string source = types.empty() ? "" : types[0].name;
    ir::Node* node = AddInferred(op, options, inputs, types, source);
    if (node == nullptr) {
      node = graph_.AddNodeWithTypes(op, std::move(options), std::move(inputs),
                                     std::move(types), source);
    }
    int output = 0;
    for (const int32_t index : Elements(from.outputs())) {
      ir::Value* value = node->output(output++);
      Describe(*value, *from_.tensors()->Get(static_cast<uint32_t>(index)));
      value->is_variable = false;  // computed anew in every run
      values_[static_cast<size_t>(index)] = value;
    }
    return {};
  }

  // With the shapes that inference finds, which know more than those that some
  // writers store; nullptr where it fails or disagrees about a type.
  ir::Node* AddInferred(Op op, const OpOptions& options,
                        const std::vector<ir::Value*>& inputs,
                        const std::vector<ir::Graph::OutputType>& types,
                        const std::string& source) {
    auto node = graph_.AddNode(op, options, inputs,
                               static_cast<int>(types.size()), source);
    if (!node) return nullptr;
    for (size_t i = 0; i < types.size(); ++i) {
      ir::Value* output = (*node)->output(static_cast<int>(i));
      output->name = types[i].name;
      if (output->type == types[i].type) continue;
      graph_.RemoveNode(*node);
      return nullptr;
    }
    return *node;
  }

  const TfliteModel& file_;
  const tflite::SubGraph& from_;
  ir::Graph& graph_;
  std::vector<ir::Value*> values_;       // by tensor index
  std::unordered_set<int32_t> written_;  // by operators
};

using TensorMaps = flatbuffers::Vector<flatbuffers::Offset<tflite::TensorMap>>;

std::vector<std::pair<std::string, ir::Value*>> ReadNames(
    const TensorMaps* maps, const GraphReader& graph) {
  std::vector<std::pair<std::string, ir::Value*>> names;
  for (uint32_t i = 0; i < Count(maps); ++i) {
    const tflite::TensorMap& map = *maps->Get(i);
    names.emplace_back(std::string(Text(map.name())),
                       graph.ValueAt(static_cast<int32_t>(map.tensor_index())));
  }
  return names;
}

}  // namespace

Result<std::unique_ptr<ir::Module>> ImportTflite(const TfliteModel& file) {
  auto module = std::make_unique<ir::Module>();
  module->description = Text(file->description());
  std::vector<GraphReader> graphs;
  for (uint32_t i = 0; i < Count(file->subgraphs()); ++i) {
    module->graphs.push_back(std::make_unique<ir::Graph>());
    graphs.emplace_back(file, *file->subgraphs()->Get(i),
                        *module->graphs.back());
    TRY_IN("subgraph " + std::to_string(i), graphs.back().Read());
  }
  for (uint32_t i = 0; i < Count(file->signature_defs()); ++i) {
    const tflite::SignatureDef& from = *file->signature_defs()->Get(i);
    const GraphReader& graph = graphs[from.subgraph_index()];
    module->signatures.push_back({std::string(Text(from.signature_key())),
                                  static_cast<int>(from.subgraph_index()),
                                  ReadNames(from.inputs(), graph),
                                  ReadNames(from.outputs(), graph)});
  }
  for (uint32_t i = 0; i < Count(file->metadata()); ++i) {
    const tflite::Metadata& entry = *file->metadata()->Get(i);
    if (Text(entry.name()) == kMinRuntimeVersion) continue;
    module->metadata[std::string(Text(entry.name()))] =
        file.BufferData(entry.buffer());
  }
  return module;
}

}  // namespace liteforge
