// SPDX-License-Identifier: Apache-2.0
// For tests of Keras layers: values, models of one layer, and running them.
// What a layer should give is computed by the tests, in double.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "convert/compile.h"
#include "import/keras/import_keras.h"
#include "import/keras/keras_test_model.h"
#include "liteforge/interpreter.h"

namespace liteforge {

using Indices = std::vector<int>;

// Row-major values with their dimensions.
struct Array {
  Indices dims;
  std::vector<double> values;

  int size() const {
    int product = 1;
    for (int d : dims) product *= d;
    return product;
  }
  size_t Offset(const Indices& at) const {
    int offset = 0;
    for (size_t axis = 0; axis < dims.size(); ++axis)
      offset = offset * dims[axis] + at[axis];
    return static_cast<size_t>(offset);
  }
  double& operator[](const Indices& at) { return values[Offset(at)]; }
  double operator[](const Indices& at) const { return values[Offset(at)]; }

  // [N, H, W, C]
  double& at(int n, int h, int w, int c) { return (*this)[{n, h, w, c}]; }
  double at(int n, int h, int w, int c) const { return (*this)[{n, h, w, c}]; }
};

// Values between -1 and 1 from a fixed sequence.
inline Array Draw(Indices dims, uint32_t seed) {
  Array array{std::move(dims), {}};
  uint32_t state = seed * 2654435761u + 1;
  for (int i = 0; i < array.size(); ++i) {
    state = state * 1664525u + 1013904223u;
    array.values.push_back(static_cast<double>(
        static_cast<float>((state >> 8) / 8388608.0 - 1.0)));
  }
  return array;
}

inline Array Zeros(Indices dims) {
  Array array{std::move(dims), {}};
  array.values.assign(static_cast<size_t>(array.size()), 0.0);
  return array;
}

// Every index of these dimensions, in row-major order.
inline void ForEach(const Indices& dims,
                    const std::function<void(const Indices&)>& visit) {
  Indices at(dims.size(), 0);
  const Array whole{dims, {}};
  for (int i = 0; i < whole.size(); ++i) {
    int rest = i;
    for (size_t axis = dims.size(); axis-- > 0;) {
      at[axis] = rest % dims[axis];
      rest /= dims[axis];
    }
    visit(at);
  }
}

// value(at) everywhere.
inline Array Filled(const Indices& dims,
                    const std::function<double(const Indices&)>& value) {
  Array array = Zeros(dims);
  ForEach(dims, [&](const Indices& at) { array[at] = value(at); });
  return array;
}

// The axes in another order: y's axis i is x's axis order[i].
inline Array Permuted(const Array& x, const Indices& order) {
  Indices dims;
  for (const int axis : order)
    dims.push_back(x.dims[static_cast<size_t>(axis)]);
  Indices from(order.size());
  return Filled(dims, [&](const Indices& at) {
    for (size_t i = 0; i < order.size(); ++i)
      from[static_cast<size_t>(order[i])] = at[i];
    return x[from];
  });
}

inline std::vector<float> FloatsOf(const Array& array) {
  return {array.values.begin(), array.values.end()};
}

inline KerasWeight Weight(std::string name, const Array& array) {
  return {std::move(name), DataType::kFloat32,
          Shape(std::span<const int32_t>(array.dims)),
          Blob::Own(FloatsOf(array))};
}

// [N, …, C] -> [N, C, …].
inline Array ToChannelsFirst(const Array& a) {
  Indices order = {0, static_cast<int>(a.dims.size()) - 1};
  for (int axis = 1; axis + 1 < static_cast<int>(a.dims.size()); ++axis)
    order.push_back(axis);
  return Permuted(a, order);
}

// Without the batch: "3,4".
inline std::string ShapeText(const Array& input) {
  std::string text;
  for (size_t i = 1; i < input.dims.size(); ++i) {
    text += (i > 1 ? "," : "") + std::to_string(input.dims[i]);
  }
  return text;
}

// Names of the inputs of FunctionalModel: "a", "b", …
inline std::string InputName(size_t i) {
  return std::string(1, static_cast<char>('a' + i));
}

inline std::string InputLayer(const std::string& name, const std::string& shape,
                              const std::string& type = "float32") {
  return R"({"class_name":"InputLayer","name":")" + name +
         R"(","config":{"name":")" + name + R"(","dtype":")" + type +
         R"(","batch_input_shape":[null,)" + shape +
         R"(]},"inbound_nodes":[]})";
}

// A functional model of inputs and further layers, the last of which, `output`,
// is its output. Each of `layers` is a JSON object.
inline KerasFile FunctionalModel(int generation,
                                 const std::vector<std::string>& inputs,
                                 const std::vector<std::string>& layers,
                                 const std::string& output,
                                 std::vector<KerasLayerWeights> weights = {}) {
  std::string all, names;
  for (size_t i = 0; i < inputs.size(); ++i) {
    all += (i > 0 ? "," : "") + inputs[i];
    names += (i > 0 ? "," : "") + (R"([")" + InputName(i) + R"(",0,0])");
  }
  for (const std::string& layer : layers) all += "," + layer;
  return TestFile(
      generation,
      R"({"class_name":"Functional","config":{"name":"m","layers":[)" + all +
          R"(],"input_layers":[)" + names + R"(],"output_layers":[[")" +
          output + R"(",0,0]]}})",
      std::move(weights));
}

// One layer "l" on several inputs of these shapes (the batch left out).
inline KerasFile ManyInputs(int generation, const std::string& class_name,
                            const std::string& config,
                            const std::vector<std::string>& shapes,
                            std::vector<KerasWeight> weights = {}) {
  std::vector<std::string> inputs;
  std::string taken;
  for (size_t i = 0; i < shapes.size(); ++i) {
    inputs.push_back(InputLayer(InputName(i), shapes[i]));
    taken += (i > 0 ? "," : "") + (R"([")" + InputName(i) + R"(",0,0,{}])");
  }
  return FunctionalModel(generation, inputs,
                         {R"({"class_name":")" + class_name +
                          R"(","name":"l","config":{"name":"l")" +
                          (config.empty() ? "" : "," + config) +
                          R"(},"inbound_nodes":[[)" + taken + "]]}"},
                         "l", {{"l", std::move(weights)}});
}

// Sets an input, in its own type.
inline void SetInput(Interpreter& interpreter, const TensorDetails& input,
                     const Array& array) {
  if (input.dtype == DataType::kInt32) {
    const std::vector<int32_t> values(array.values.begin(), array.values.end());
    ASSERT_TRUE(interpreter.SetTensor<int32_t>(input.index, values));
    return;
  }
  ASSERT_TRUE(interpreter.SetTensor<float>(input.index, FloatsOf(array)));
}

// Converts the model, runs it on the input, and compares the first output.
inline void ExpectRuns(const KerasFile& file, const std::vector<Array>& inputs,
                       const Array& want, double tolerance = 1e-5) {
  const auto function = ImportKeras(file);
  ASSERT_TRUE(function) << function.error().ToString();
  const auto bytes = Compile(*function);
  ASSERT_TRUE(bytes) << bytes.error().ToString();
  auto interpreter = Interpreter::FromBuffer(*bytes);
  ASSERT_TRUE(interpreter) << interpreter.error().ToString();
  const auto details = interpreter->InputDetails();
  ASSERT_EQ(details.size(), inputs.size());
  for (size_t i = 0; i < inputs.size(); ++i) {
    const Shape shape{std::span<const int32_t>(inputs[i].dims)};
    ASSERT_TRUE(interpreter->ResizeInputTensor(details[i].index, shape));
  }
  const auto allocated = interpreter->AllocateTensors();
  ASSERT_TRUE(allocated) << allocated.error().ToString();
  for (size_t i = 0; i < inputs.size(); ++i)
    SetInput(*interpreter, details[i], inputs[i]);
  const auto invoked = interpreter->Invoke();
  ASSERT_TRUE(invoked) << invoked.error().ToString();
  const TensorDetails output = interpreter->OutputDetails()[0];
  EXPECT_EQ(output.shape, Shape(std::span<const int32_t>(want.dims)));
  EXPECT_THAT(
      interpreter->Tensor<float>(output.index),
      testing::Pointwise(testing::FloatNear(static_cast<float>(tolerance)),
                         FloatsOf(want)));
}

// One layer on [2, …], in channels_last and, of images, in channels_first.
inline void ExpectLayer(const std::string& class_name,
                        const std::string& config,
                        const std::vector<KerasWeight>& weights,
                        const Array& input, const Array& want,
                        double tolerance = 1e-5) {
  SCOPED_TRACE(class_name + " {" + config + "}");
  const std::string more = config.empty() ? "" : "," + config;
  ExpectRuns(OneLayer(2, class_name, R"("data_format":"channels_last")" + more,
                      ShapeText(input), weights),
             {input}, want, tolerance);
  if (input.dims.size() < 4) return;
  const Array first = ToChannelsFirst(input);
  const bool spatial = want.dims.size() == input.dims.size();
  ExpectRuns(OneLayer(2, class_name, R"("data_format":"channels_first")" + more,
                      ShapeText(first), weights),
             {first}, spatial ? ToChannelsFirst(want) : want, tolerance);
}

}  // namespace liteforge
