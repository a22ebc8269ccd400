// SPDX-License-Identifier: Apache-2.0
// For tests: a small .tflite, built tensor by tensor with the FlatBuffers
// object API.
#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "formats/tflite/schema_generated.h"
#include "liteforge/types.h"
#include "ops/op.h"
#include "ops/options.h"
#include "ops/options_flatbuffers.h"

namespace liteforge {

class TestModel {
 public:
  TestModel() {
    model_.version = 3;
    model_.buffers.push_back(std::make_unique<tflite::BufferT>());
    model_.subgraphs.push_back(std::make_unique<tflite::SubGraphT>());
  }

  // From now on everything goes into a new subgraph; returns its index.
  int Subgraph() {
    model_.subgraphs.push_back(std::make_unique<tflite::SubGraphT>());
    return static_cast<int>(model_.subgraphs.size()) - 1;
  }

  // These return the tensor's index.
  int Tensor(const std::string& name, DataType type, std::vector<int32_t> shape,
             std::vector<int32_t> signature = {}) {
    auto tensor = std::make_unique<tflite::TensorT>();
    tensor->name = name;
    tensor->type = static_cast<tflite::TensorType>(type);
    tensor->shape = std::move(shape);
    tensor->shape_signature = std::move(signature);
    graph().tensors.push_back(std::move(tensor));
    return static_cast<int>(graph().tensors.size()) - 1;
  }
  template <class T>
  int Constant(const std::string& name, DataType type,
               std::vector<int32_t> shape, const std::vector<T>& values) {
    auto buffer = std::make_unique<tflite::BufferT>();
    const auto* bytes = reinterpret_cast<const uint8_t*>(values.data());
    buffer->data.assign(bytes, bytes + values.size() * sizeof(T));
    model_.buffers.push_back(std::move(buffer));
    const int index = Tensor(name, type, std::move(shape));
    tensor(index).buffer = static_cast<uint32_t>(model_.buffers.size()) - 1;
    return index;
  }

  void Node(Op op, const OpOptions& options, std::vector<int32_t> inputs,
            std::vector<int32_t> outputs, const std::string& custom = "") {
    auto code = std::make_unique<tflite::OperatorCodeT>();
    code->builtin_code = static_cast<tflite::BuiltinOperator>(op);
    code->deprecated_builtin_code =
        static_cast<int8_t>(std::min(static_cast<int>(op), 127));
    code->custom_code = custom;
    model_.operator_codes.push_back(std::move(code));
    auto node = std::make_unique<tflite::OperatorT>();
    node->opcode_index =
        static_cast<uint32_t>(model_.operator_codes.size()) - 1;
    node->inputs = std::move(inputs);
    node->outputs = std::move(outputs);
    OptionsToFlatBuffer(op, options, *node);
    graph().operators.push_back(std::move(node));
  }

  void Border(std::vector<int32_t> inputs, std::vector<int32_t> outputs) {
    graph().inputs = std::move(inputs);
    graph().outputs = std::move(outputs);
  }

  void Signature(const std::string& key,
                 const std::vector<std::pair<std::string, int>>& inputs,
                 const std::vector<std::pair<std::string, int>>& outputs) {
    auto signature = std::make_unique<tflite::SignatureDefT>();
    signature->signature_key = key;
    signature->inputs = Names(inputs);
    signature->outputs = Names(outputs);
    model_.signature_defs.push_back(std::move(signature));
  }

  // What has no function of its own here.
  tflite::ModelT& model() { return model_; }
  tflite::SubGraphT& graph() { return *model_.subgraphs.back(); }
  tflite::TensorT& tensor(int index) {
    return *graph().tensors[static_cast<size_t>(index)];
  }

  std::vector<std::byte> Pack() const {
    flatbuffers::FlatBufferBuilder builder;
    tflite::FinishModelBuffer(builder, tflite::Model::Pack(builder, &model_));
    const auto* bytes =
        reinterpret_cast<const std::byte*>(builder.GetBufferPointer());
    return {bytes, bytes + builder.GetSize()};
  }

 private:
  static std::vector<std::unique_ptr<tflite::TensorMapT>> Names(
      const std::vector<std::pair<std::string, int>>& names) {
    std::vector<std::unique_ptr<tflite::TensorMapT>> maps;
    for (const auto& [name, index] : names) {
      maps.push_back(std::make_unique<tflite::TensorMapT>());
      maps.back()->name = name;
      maps.back()->tensor_index = static_cast<uint32_t>(index);
    }
    return maps;
  }

  tflite::ModelT model_;
};

}  // namespace liteforge
