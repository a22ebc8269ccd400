// SPDX-License-Identifier: Apache-2.0
// The models of tests/keras_goldens with everything but the channels left
// open: batch, time, height and width stay -1 in the .tflite, at the size of
// the golden the model gives what TensorFlow.js computes, and at other sizes
// what the same model gives that was converted for that size.
#include "convert/keras_golden_testing.h"

namespace liteforge::open_dimensions_test {

using nlohmann::json;

// Whether a layer of the model has its channels in front.
bool HasChannelsFirst(const json& layers) {
  return layers.dump().find("channels_first") != std::string::npos;
}

// The axes of an input beyond the batch that may be open.
std::vector<size_t> OpenAxes(const json& layers, size_t rank) {
  // Words of an Embedding have no channels.
  const bool words = layers.at(1).at("class_name") == "Embedding";
  const bool first = HasChannelsFirst(layers);
  const size_t end = first || words ? rank : rank - 1;
  std::vector<size_t> axes;
  for (size_t axis = first ? 2 : 1; axis < end; ++axis) axes.push_back(axis);
  return axes;
}

// The golden with other numbers for these axes of the input; null: open.
json WithSizes(json golden, const std::vector<size_t>& axes,
               const std::vector<json>& sizes) {
  json& shape = golden.at("model").at("config").at("layers").at(0).at(
      "config")["batch_input_shape"];
  for (size_t i = 0; i < axes.size(); ++i) shape.at(axes[i]) = sizes[i];
  return golden;
}

Result<std::vector<std::byte>> Converted(const json& golden) {
  auto function = ImportKeras(ReadGolden(golden).file);
  if (!function) return tl::unexpected(std::move(function.error()));
  return Compile(*function);
}

struct Output {
  Shape shape;
  std::vector<float> values;
};

Output RunOn(const std::vector<std::byte>& bytes, const Array& x) {
  auto interpreter = Interpreter::FromBuffer(bytes);
  EXPECT_TRUE(interpreter) << interpreter.error().ToString();
  if (!interpreter) return {};
  const TensorDetails input = interpreter->InputDetails()[0];
  EXPECT_TRUE(interpreter->ResizeInputTensor(
      input.index, Shape(std::span<const int32_t>(x.dims))));
  const auto allocated = interpreter->AllocateTensors();
  EXPECT_TRUE(allocated) << allocated.error().ToString();
  if (!allocated) return {};
  SetInput(*interpreter, input, x);
  const auto done = interpreter->Invoke();
  EXPECT_TRUE(done) << done.error().ToString();
  const TensorDetails output = interpreter->OutputDetails()[0];
  const auto values = interpreter->Tensor<float>(output.index);
  return {output.shape, {values.begin(), values.end()}};
}

// Whole numbers stay ones that the golden has.
Array OfSize(const KerasGolden& golden, const Indices& dims) {
  const Array& own = golden.inputs[0];
  Array x = Zeros(dims);
  for (size_t i = 0; i < x.values.size(); ++i)
    x.values[i] = own.values[(7 * i) % own.values.size()];
  return x;
}

void ExpectOpen(const json& golden) {
  const json& layers = golden.at("model").at("config").at("layers");
  const KerasGolden g = ReadGolden(golden);
  const auto axes = OpenAxes(layers, g.inputs[0].dims.size());
  const auto open =
      Converted(WithSizes(golden, axes, std::vector<json>(axes.size())));
  ASSERT_TRUE(open) << open.error().ToString();
  {
    const auto interpreter = Interpreter::FromBuffer(*open);
    ASSERT_TRUE(interpreter) << interpreter.error().ToString();
    const Shape signature = interpreter->InputDetails()[0].shape_signature;
    EXPECT_EQ(signature[0], -1);
    for (const size_t axis : axes)
      EXPECT_EQ(signature[static_cast<int>(axis)], -1);
    EXPECT_EQ(interpreter->OutputDetails()[0].shape_signature[0], -1);
  }
  const Output own = RunOn(*open, g.inputs[0]);
  EXPECT_EQ(own.shape, Shape(std::span<const int32_t>(g.want.dims)));
  EXPECT_THAT(
      own.values,
      testing::Pointwise(testing::FloatNear(static_cast<float>(g.tolerance)),
                         FloatsOf(g.want)));
  for (const int more : {1, 6}) {
    Indices dims = g.inputs[0].dims;
    dims[0] = more;
    std::vector<json> sizes;
    for (const size_t axis : axes)
      sizes.push_back(dims[axis] += more + static_cast<int>(axis));
    const auto fixed = Converted(WithSizes(golden, axes, sizes));
    ASSERT_TRUE(fixed) << fixed.error().ToString();
    const Array x = OfSize(g, dims);
    const Output want = RunOn(*fixed, x), got = RunOn(*open, x);
    EXPECT_EQ(got.shape, want.shape);
    EXPECT_THAT(
        got.values,
        testing::Pointwise(testing::FloatNear(static_cast<float>(g.tolerance)),
                           want.values));
  }
}

class OpenDimensions : public testing::TestWithParam<const char*> {};

TEST_P(OpenDimensions, StayOpenAndRunAtSeveralSizes) {
  for (const json& golden : ReadGoldens(GetParam())) {
    const json& layers = golden.at("model").at("config").at("layers");
    SCOPED_TRACE(layers.dump());
    ExpectOpen(golden);
    if (HasFailure()) break;
  }
}

INSTANTIATE_TEST_SUITE_P(Families, OpenDimensions,
                         testing::Values("convolutions", "pooling",
                                         "recurrent"),
                         [](const auto& family) { return family.param; });

}  // namespace liteforge::open_dimensions_test
