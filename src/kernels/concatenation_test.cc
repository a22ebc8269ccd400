// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <numeric>
#include <vector>

#include "kernels/filter_testing.h"
#include "kernels/index_testing.h"
#include "kernels/kernel_tester.h"

namespace liteforge::concatenation_test {

KernelCase MakeCase(int axis, std::vector<KernelTensor> inputs,
                    KernelTensor output = {}) {
  ConcatenationOptions options;
  options.axis = axis;
  KernelCase k{Op::kConcatenation, options};
  k.inputs = std::move(inputs);
  k.outputs = {std::move(output)};
  return k;
}

// Every axis of three tensors, element by element.
template <class T>
void ExpectJoined(const std::vector<Shape>& shapes, int axis) {
  const int rank = shapes[0].rank();
  const int at = axis < 0 ? axis + rank : axis;
  std::vector<std::vector<T>> values;
  std::vector<KernelTensor> inputs;
  Shape output = shapes[0];
  output.set_dim(at, 0);
  T next = 0;
  for (const Shape& shape : shapes) {
    values.emplace_back();
    for (int64_t i = 0; i < shape.elements(); ++i)
      values.back().push_back(next++);
    inputs.push_back(KernelTensor::Of(shape, values.back()));
    output.set_dim(at, output[at] + shape[at]);
  }
  std::vector<T> expected;
  int64_t rows = 1, inner = 1;
  for (int a = 0; a < at; ++a) rows *= output[a];
  for (int a = at + 1; a < rank; ++a) inner *= output[a];
  for (int64_t row = 0; row < rows; ++row) {
    for (size_t i = 0; i < shapes.size(); ++i) {
      const int64_t part = inner * shapes[i][at];
      for (int64_t j = 0; j < part; ++j)
        expected.push_back(values[i][static_cast<size_t>(row * part + j)]);
    }
  }
  ExpectValues(MakeCase(axis, inputs), expected, output);
}

TEST(Concatenation, EveryAxis) {
  for (int axis = -4; axis < 4; ++axis) {
    std::vector<Shape> shapes(3, Shape{2, 3, 4, 5});
    const int at = axis < 0 ? axis + 4 : axis;
    shapes[1].set_dim(at, 1);
    shapes[2].set_dim(at, 0);
    ExpectJoined<float>(shapes, axis);
    ExpectJoined<int64_t>(shapes, axis);
    ExpectJoined<int16_t>(shapes, axis);
  }
  ExpectJoined<int32_t>({Shape{3}}, 0);
  ExpectJoined<int32_t>(std::vector<Shape>(20, Shape{2, 1}), -1);
  ExpectJoined<float>({Shape{0, 3}, Shape{0, 2}}, 1);
}

// Two halves of 12 and 8 columns; the element at (row, column) is picked from
// the one it lies in.
TEST(Concatenation, EveryType) {
  const Shape left{2, 12}, right{2, 8}, joined{2, 20};
  std::vector<int64_t> places;
  for (int64_t i = 0; i < joined.elements(); ++i) {
    const int64_t row = i / 20, column = i % 20;
    places.push_back(column < 12 ? row * 12 + column
                                 : left.elements() + row * 8 + column - 12);
  }
  const auto expect = [&](DataType type) {
    const KernelTensor a = Labelled(type, left), b = Labelled(type, right, 1);
    ExpectPicked(MakeCase(1, {a, b}, KernelTensor::Output(type)),
                 EndToEnd({a, b}), places, joined);
  };
  for (const DataType type : kFixedTypes) expect(type);
  for (const DataType type : kPackedTypes) expect(type);
}

// real = scale * (q - zero_point), put into the output's steps.
template <class T>
void ExpectRequantized() {
  std::vector<T> all;
  for (int q = std::numeric_limits<T>::min();
       q <= std::numeric_limits<T>::max(); ++q)
    all.push_back(static_cast<T>(q));
  const Quantization output = Steps(0.5f, 3);
  std::vector<T> expected = all;
  for (const T q : all) {
    const double real = 0.25 * (q - 7);
    expected.push_back(static_cast<T>(std::clamp<long>(
        std::lround(real / 0.5) + 3, std::numeric_limits<T>::min(),
        std::numeric_limits<T>::max())));
  }
  ExpectValues(MakeCase(0,
                        {KernelTensor::Of<T>({256}, all, output),
                         KernelTensor::Of<T>({256}, all, Steps(0.25f, 7))},
                        KernelTensor::Output(TypeOf<T>(), output)),
               expected, Shape{512});
}

TEST(Concatenation, BringsInputsToTheOutputsSteps) {
  ExpectRequantized<int8_t>();
  ExpectRequantized<uint8_t>();
}

TEST(Concatenation, RefusesWhatDoesNotGoTogether) {
  const KernelTensor x = KernelTensor::Of<float>({2, 3}, std::vector<float>(6));
  ExpectRefused(MakeCase(2, {x, x}), "infer", "out of range");
  ExpectRefused(MakeCase(-3, {x, x}), "infer", "out of range");
  ExpectRefused(MakeCase(0, {x, KernelTensor::Of<float>({2}, {1, 2})}), "infer",
                "");
  ExpectRefused(MakeCase(0, {x, KernelTensor::Of<float>({2, 2}, {1, 2, 3, 4})}),
                "infer", "");
  ExpectRefused(MakeCase(0, {x, KernelTensor::Absent()}), "infer", "");
  ExpectRefused(MakeCase(0, {}), "infer", "");
  ExpectRefused(
      MakeCase(0, {x, KernelTensor::Of<int32_t>({2, 3}, std::vector<int>(6))}),
      "", "");
  ExpectRefused(MakeCase(1, {KernelTensor::Of<float>({}, {1}),
                             KernelTensor::Of<float>({}, {1})}),
                "infer", "out of range");
  ExpectRefused(MakeCase(0, {KernelTensor::Of<float>({}, {1}), x}), "infer",
                "");
  const KernelTensor bytes = KernelTensor::Of<int8_t>({1}, {1}, Steps(0.5f));
  ExpectRefused(MakeCase(0, {bytes, KernelTensor::Of<int8_t>({1}, {1})},
                         KernelTensor::Output(DataType::kInt8, Steps(0.5f))),
                "prepare", "without a quantization scale");
}

TEST(Concatenation, ScalarsAreVectorsOfOne) {
  for (const int axis : {0, -1}) {
    ExpectValues<float>(MakeCase(axis, {KernelTensor::Of<float>({}, {1}),
                                        KernelTensor::Of<float>({}, {7})}),
                        {1, 7}, {2});
  }
}

TEST(Concatenation, SurvivesEnormousScales) {
  for (const float in : {1e-45f, 1.0f, 3e38f}) {
    for (const float out : {1e-45f, 1.0f, 3e38f}) {
      const auto bytes =
          KernelTensor::Of<int8_t>({3}, {-128, 0, 127}, Steps(in, 0));
      const KernelRun run = RunKernel(MakeCase(
          0, {bytes}, KernelTensor::Output(DataType::kInt8, Steps(out, 0))));
      EXPECT_TRUE(run.ok()) << run.error;
      if (in < out) {
        EXPECT_THAT(run.Values<int8_t>(), testing::Each(0));
      }
    }
  }
}

}  // namespace liteforge::concatenation_test
