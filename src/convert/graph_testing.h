// SPDX-License-Identifier: Apache-2.0
// For tests of frozen graphs: written as text, converted and run.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "formats/keras/h5_test_writer.h"
#include "liteforge/converter.h"
#include "liteforge/interpreter.h"

namespace liteforge {

using Floats = std::vector<float>;
using Ints = std::vector<int32_t>;

// A GraphDef in text.
class GraphText {
 public:
  // More attributes as "key": "type: DT_FLOAT".
  using Attributes = std::map<std::string, std::string>;

  GraphText& Node(const std::string& name, const std::string& op,
                  const std::vector<std::string>& inputs,
                  const Attributes& attributes = {}) {
    text_ += "node { name: \"" + name + "\" op: \"" + op + "\"";
    for (const std::string& input : inputs)
      text_ += " input: \"" + input + "\"";
    for (const auto& [key, value] : attributes)
      text_ += " attr { key: \"" + key + "\" value { " + value + " } }";
    text_ += " }\n";
    return *this;
  }
  GraphText& Input(const std::string& name, const std::vector<int>& shape,
                   const std::string& type = "DT_FLOAT") {
    return Node(name, "Placeholder", {},
                {{"dtype", "type: " + type},
                 {"shape", "shape { " + Dims(shape) + " }"}});
  }
  GraphText& Constant(const std::string& name, const std::vector<int>& shape,
                      const Floats& values) {
    std::string list;
    for (const float value : values)
      list += " float_val: " + std::to_string(value);
    return Const(name, "DT_FLOAT", shape, list);
  }
  GraphText& Constant(const std::string& name, const std::vector<int>& shape,
                      const Ints& values) {
    std::string list;
    for (const int value : values) list += " int_val: " + std::to_string(value);
    return Const(name, "DT_INT32", shape, list);
  }
  const std::string& text() const { return text_; }

 private:
  static std::string Dims(const std::vector<int>& shape) {
    std::string dims;
    for (const int dim : shape)
      dims += " dim { size: " + std::to_string(dim) + " }";
    return dims;
  }
  GraphText& Const(const std::string& name, const std::string& type,
                   const std::vector<int>& shape, const std::string& values) {
    return Node(name, "Const", {},
                {{"dtype", "type: " + type},
                 {"value", "tensor { dtype: " + type + " tensor_shape { " +
                               Dims(shape) + " }" + values + " }"}});
  }

  std::string text_;
};

const GraphText::Attributes kFloat = {{"T", "type: DT_FLOAT"}};

inline GraphText::Attributes With(GraphText::Attributes attributes,
                                  const GraphText::Attributes& more) {
  attributes.insert(more.begin(), more.end());
  return attributes;
}

inline Result<std::vector<std::byte>> Converted(
    const GraphText& graph, const std::string& outputs = "y") {
  const ScratchDirectory dir;
  std::ofstream(dir / "m.pbtxt") << graph.text();
  auto converter = Converter::FromFrozenGraph(dir / "m.pbtxt");
  if (!converter) return tl::unexpected(converter.error());
  converter->options().outputs = {outputs};
  return converter->Convert();
}

struct Answer {
  Shape shape;
  std::vector<double> values;
};

inline std::vector<double> ValuesOf(Interpreter& interpreter,
                                    const TensorDetails& tensor) {
  const auto widened = [](auto values) {
    return std::vector<double>(values.begin(), values.end());
  };
  switch (tensor.dtype) {
    case DataType::kFloat32:
      return widened(interpreter.Tensor<float>(tensor.index));
    case DataType::kInt32:
      return widened(interpreter.Tensor<int32_t>(tensor.index));
    case DataType::kInt64:
      return widened(interpreter.Tensor<int64_t>(tensor.index));
    case DataType::kBool:
      return widened(interpreter.Tensor<bool>(tensor.index));
    default:
      return {};
  }
}

// What the graph gives for its float inputs, in the order of their nodes.
inline Answer AnswerOf(const GraphText& graph,
                       const std::vector<Floats>& inputs,
                       const std::vector<Shape>& shapes = {}) {
  const auto bytes = Converted(graph);
  EXPECT_TRUE(bytes) << bytes.error().ToString();
  if (!bytes) return {};
  auto interpreter = Interpreter::FromBuffer(*bytes);
  EXPECT_TRUE(interpreter) << interpreter.error().ToString();
  const auto details = interpreter->InputDetails();
  EXPECT_EQ(details.size(), inputs.size());
  for (size_t i = 0; i < shapes.size(); ++i)
    EXPECT_TRUE(interpreter->ResizeInputTensor(details[i].index, shapes[i]));
  EXPECT_TRUE(interpreter->AllocateTensors());
  for (size_t i = 0; i < inputs.size(); ++i) {
    const auto set = interpreter->SetTensor<float>(details[i].index, inputs[i]);
    EXPECT_TRUE(set) << set.error().ToString();
  }
  const auto done = interpreter->Invoke();
  EXPECT_TRUE(done) << done.error().ToString();
  const TensorDetails output = interpreter->OutputDetails()[0];
  return {output.shape, ValuesOf(*interpreter, output)};
}

inline void ExpectAnswer(const Answer& answer, const Shape& shape,
                         const std::vector<double>& want,
                         double tolerance = 1e-5) {
  EXPECT_EQ(answer.shape, shape);
  ASSERT_EQ(answer.values.size(), want.size());
  for (size_t i = 0; i < want.size(); ++i) {
    if (answer.values[i] == want[i]) continue;
    EXPECT_NEAR(answer.values[i], want[i],
                tolerance * std::max(1.0, std::abs(want[i])))
        << i;
  }
}

inline Floats DrawFloats(int count, uint32_t seed) {
  Floats values;
  uint32_t state = seed * 2654435761u + 1;
  for (int i = 0; i < count; ++i) {
    state = state * 1664525u + 1013904223u;
    values.push_back(static_cast<float>((state >> 8) / 8388608.0 - 1.0));
  }
  return values;
}

}  // namespace liteforge
