// SPDX-License-Identifier: Apache-2.0
// Small Keras models for tests: a configuration in JSON and weights that count
// up from 1.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "formats/keras/keras_file.h"
#include "function/concrete_function.h"
#include "import/keras/import_keras.h"

namespace liteforge {

inline KerasWeight CountingWeight(std::string name, Shape shape,
                                  float first = 1) {
  std::vector<float> values(static_cast<size_t>(shape.elements()));
  for (float& value : values) value = first++;
  return {std::move(name), DataType::kFloat32, shape,
          Blob::Own(std::move(values))};
}

inline KerasFile TestFile(int generation, std::string_view model,
                          std::vector<KerasLayerWeights> weights = {}) {
  KerasFile file;
  file.path = "model.h5";
  file.generation = generation;
  file.model = nlohmann::json::parse(model);
  file.weights = std::move(weights);
  return file;
}

// A Sequential model of one layer "l" on an input of the given shape (the
// batch left out); `config` without braces.
inline KerasFile OneLayer(int generation, const std::string& class_name,
                          const std::string& config,
                          const std::string& input_shape,
                          std::vector<KerasWeight> weights = {}) {
  const std::string model =
      R"({"class_name":"Sequential","config":[{"class_name":")" + class_name +
      R"(","config":{"name":"l","batch_input_shape":[null,)" + input_shape +
      "]" + (config.empty() ? "" : ",") + config + "}}]}";
  return TestFile(generation, model, {{"l", std::move(weights)}});
}

// Nodes of an operation, in order.
inline std::vector<const tf::NodeDef*> NodesOf(const ConcreteFunction& function,
                                               std::string_view op) {
  std::vector<const tf::NodeDef*> nodes;
  for (const tf::NodeDef& node : function.graph.node()) {
    if (node.op() == op) nodes.push_back(&node);
  }
  return nodes;
}

inline const tf::NodeDef* NodeNamed(const ConcreteFunction& function,
                                    std::string_view name) {
  for (const tf::NodeDef& node : function.graph.node()) {
    if (node.name() == name) return &node;
  }
  return nullptr;
}

// The operations that are neither constants nor inputs: "MatMul BiasAdd".
inline std::string OpsOf(const ConcreteFunction& function) {
  std::string ops;
  for (const tf::NodeDef& node : function.graph.node()) {
    if (node.op() == "Const" || node.op() == "Placeholder") continue;
    ops += (ops.empty() ? "" : " ") + node.op();
  }
  return ops;
}

inline std::vector<float> FloatsOf(const ConcreteFunction& function,
                                   const std::string& constant) {
  const auto found = function.constants.find(constant);
  if (found == function.constants.end()) return {};
  return found->second.ToVector<float>();
}

inline std::vector<int64_t> IntsOf(const tf::NodeDef& node,
                                   const std::string& attribute) {
  const auto& list = node.attr().at(attribute).list().i();
  return {list.begin(), list.end()};
}

// Imports or fails the test.
inline ConcreteFunction Imported(const KerasFile& file) {
  auto function = ImportKeras(file);
  EXPECT_TRUE(function.has_value()) << function.error().ToString();
  return function ? *std::move(function) : ConcreteFunction{};
}

inline std::string OutputShape(const ConcreteFunction& function) {
  if (function.outputs.size() != 1) return "not one output";
  return function.outputs[0].shape.ToString();
}

inline std::string ErrorOf(const KerasFile& file) {
  const auto function = ImportKeras(file);
  return function ? "imported" : function.error().ToString();
}

}  // namespace liteforge
