// SPDX-License-Identifier: Apache-2.0
// Models for tests: small ones made with the object API, and where the real
// ones are.
#pragma once

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/blob.h"
#include "formats/tflite/schema_generated.h"

namespace liteforge {

// The folder with models and goldens: $LITEFORGE_SHARED, else `shared` beside
// the source folder, which is above wherever the tests run. It may not exist;
// tests then skip what needs it.
inline std::filesystem::path SharedFolder() {
  if (const char* folder = std::getenv("LITEFORGE_SHARED")) return folder;
  std::filesystem::path above = std::filesystem::current_path();
  while (above.has_relative_path() &&
         !std::filesystem::exists(above / "shared" / "models")) {
    above = above.parent_path();
  }
  return above / "shared";
}

// Every model.tflite under the given folder of the shared models, sorted.
inline std::vector<std::filesystem::path> SharedModels(
    const std::string& kind) {
  std::vector<std::filesystem::path> found;
  std::error_code error;
  const auto options =
      std::filesystem::directory_options::follow_directory_symlink;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(
           SharedFolder() / "models" / kind, options, error)) {
    if (entry.path().filename() == "model.tflite") {
      found.push_back(entry.path());
    }
  }
  std::sort(found.begin(), found.end());
  return found;
}

// Appends a new object to a vector of the object API.
template <class T>
T& Append(std::vector<std::unique_ptr<T>>& objects) {
  objects.push_back(std::make_unique<T>());
  return *objects.back();
}

template <class T>
std::vector<uint8_t> BytesOf(const std::vector<T>& values) {
  const auto* begin = reinterpret_cast<const uint8_t*>(values.data());
  return {begin, begin + values.size() * sizeof(T)};
}

inline uint32_t AppendBuffer(tflite::ModelT& model, std::vector<uint8_t> data) {
  Append(model.buffers).data = std::move(data);
  return static_cast<uint32_t>(model.buffers.size() - 1);
}

inline tflite::TensorT& AppendTensor(
    tflite::SubGraphT& subgraph, const std::string& name,
    std::vector<int32_t> shape,
    tflite::TensorType type = tflite::TensorType::FLOAT32,
    uint32_t buffer = 0) {
  tflite::TensorT& tensor = Append(subgraph.tensors);
  tensor.name = name;
  tensor.shape = std::move(shape);
  tensor.type = type;
  tensor.buffer = buffer;
  return tensor;
}

inline tflite::OperatorCodeT& AppendCode(tflite::ModelT& model,
                                         tflite::BuiltinOperator op) {
  tflite::OperatorCodeT& code = Append(model.operator_codes);
  code.builtin_code = op;
  code.deprecated_builtin_code =
      static_cast<int8_t>(std::min(static_cast<int>(op), 127));
  code.version = 1;
  return code;
}

inline tflite::OperatorT& AppendOperator(tflite::SubGraphT& subgraph,
                                         uint32_t code,
                                         std::vector<int32_t> inputs,
                                         std::vector<int32_t> outputs) {
  tflite::OperatorT& op = Append(subgraph.operators);
  op.opcode_index = code;
  op.inputs = std::move(inputs);
  op.outputs = std::move(outputs);
  return op;
}

// The file as flatc's own code writes it, buffers included.
inline Blob PackPlainly(const tflite::ModelT& model) {
  flatbuffers::FlatBufferBuilder builder;
  tflite::FinishModelBuffer(builder, tflite::Model::Pack(builder, &model));
  const auto* begin =
      reinterpret_cast<const std::byte*>(builder.GetBufferPointer());
  return Blob::Copy({begin, builder.GetSize()});
}

// y = x · wᵀ + b, then two subgraphs that a branch may name; a signature and
// metadata.
//
//   subgraph 0  tensors 0 x[1,3]  1 w[2,3]  2 b[2]  3 y[1,2]  4 z[1,2]
//               operators 0 FULLY_CONNECTED(x, w, b) -> y  1 RELU(y) -> z
//   subgraphs 1, 2  one RELU each
//   operator codes  0 FULLY_CONNECTED  1 RELU  2 IF
//   buffers  0 none  1 w  2 b  3 metadata
inline tflite::ModelT SmallModel() {
  tflite::ModelT model;
  model.version = 3;
  model.description = "small";
  AppendBuffer(model, {});
  AppendBuffer(model, BytesOf<float>({1, 2, 3, 4, 5, 6}));
  AppendBuffer(model, BytesOf<float>({10, 20}));
  AppendBuffer(model, BytesOf<char>({'1', '.', '5', '.', '0', '\0'}));
  AppendCode(model, tflite::BuiltinOperator::FULLY_CONNECTED);
  AppendCode(model, tflite::BuiltinOperator::RELU);
  AppendCode(model, tflite::BuiltinOperator::IF);
  tflite::SubGraphT& main = Append(model.subgraphs);
  main.name = "main";
  AppendTensor(main, "x", {1, 3}).shape_signature = {-1, 3};
  AppendTensor(main, "w", {2, 3}, tflite::TensorType::FLOAT32, 1);
  AppendTensor(main, "b", {2}, tflite::TensorType::FLOAT32, 2);
  AppendTensor(main, "y", {1, 2});
  AppendTensor(main, "z", {1, 2});
  AppendOperator(main, 0, {0, 1, 2}, {3})
      .builtin_options.Set(tflite::FullyConnectedOptionsT());
  AppendOperator(main, 1, {3}, {4});
  main.inputs = {0};
  main.outputs = {4};
  for (const char* name : {"then", "else"}) {
    tflite::SubGraphT& branch = Append(model.subgraphs);
    branch.name = name;
    AppendTensor(branch, "in", {1, 3});
    AppendTensor(branch, "out", {1, 3});
    AppendOperator(branch, 1, {0}, {1});
    branch.inputs = {0};
    branch.outputs = {1};
  }
  tflite::SignatureDefT& signature = Append(model.signature_defs);
  signature.signature_key = "serving_default";
  Append(signature.inputs).name = "x";
  tflite::TensorMapT& output = Append(signature.outputs);
  output.name = "z";
  output.tensor_index = 4;
  tflite::MetadataT& metadata = Append(model.metadata);
  metadata.name = "min_runtime_version";
  metadata.buffer = 3;
  return model;
}

}  // namespace liteforge
