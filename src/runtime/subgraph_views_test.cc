// SPDX-License-Identifier: Apache-2.0
// Tensors that lie within others: the numbers are those that moving them gives,
// and where they lie needs no memory of its own.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "liteforge/interpreter.h"
#include "runtime/test_model.h"

namespace liteforge::subgraph_views_test {

using testing::ElementsAre;

using Shapes = std::vector<int32_t>;

class Views : public testing::Test {
 protected:
  int Float(const std::string& name, const Shapes& shape) {
    return m.Tensor(name, DataType::kFloat32, shape);
  }
  // -x, by a node.
  int Negative(int of, const Shapes& shape) {
    const int to = Float("negative " + std::to_string(of), shape);
    m.Node(Op::kNeg, OpOptions(), {of}, {to});
    return to;
  }

  // The floats of tensor `index` after a run on `values`.
  std::vector<float> Run(const std::vector<float>& values, int index,
                         const InterpreterOptions& options = {}) {
    auto interpreter = Interpreter::FromBuffer(m.Pack(), options);
    EXPECT_TRUE(interpreter) << interpreter.error().ToString();
    auto done = interpreter->AllocateTensors();
    EXPECT_TRUE(done) << done.error().ToString();
    done = interpreter->SetTensor(interpreter->InputDetails()[0].index,
                                  std::span<const float>(values));
    EXPECT_TRUE(done) << done.error().ToString();
    // Twice: what lies within others is not there before.
    for (int i = 0; i < 2; ++i) {
      done = interpreter->Invoke();
      EXPECT_TRUE(done) << done.error().ToString();
    }
    return interpreter->Tensor<float>(index);
  }

  // What the tensors of the model take together.
  size_t ArenaBytes(bool preserve_all_tensors = false) {
    auto interpreter = Interpreter::FromBuffer(
        m.Pack(), {.preserve_all_tensors = preserve_all_tensors});
    EXPECT_TRUE(interpreter) << interpreter.error().ToString();
    const auto done = interpreter->AllocateTensors();
    EXPECT_TRUE(done) << done.error().ToString();
    return interpreter->ArenaBytes();
  }

  TestModel m;
};

constexpr size_t kBlock = 64;  // what a small tensor takes

TEST_F(Views, ReshapedIsTheSame) {
  const int input = Float("input", {2, 3});
  const int negative = Negative(input, {2, 3});
  const int flat = Float("flat", {6});
  const int expanded = Float("expanded", {1, 6});
  const int axis = m.Constant<int32_t>("axis", DataType::kInt32, {1}, {0});
  m.Node(Op::kReshape, ReshapeOptions{.new_shape = {6}}, {negative}, {flat});
  m.Node(Op::kExpandDims, OpOptions(), {flat, axis}, {expanded});
  m.Border({input}, {expanded});
  EXPECT_THAT(Run({1, 2, 3, 4, 5, 6}, expanded),
              ElementsAre(-1, -2, -3, -4, -5, -6));
  EXPECT_EQ(ArenaBytes(), 2 * kBlock);
  EXPECT_EQ(ArenaBytes(/*preserve_all_tensors=*/true), 4 * kBlock);
}

// The caller may write inputs, and read outputs, at any time.
TEST_F(Views, InputsAreTheCallers) {
  const int input = Float("input", {2, 1});
  const int flat = Float("flat", {2});
  m.Node(Op::kReshape, ReshapeOptions{.new_shape = {2}}, {input}, {flat});
  m.Border({input}, {flat});
  EXPECT_THAT(Run({1, 2}, flat), ElementsAre(1, 2));
  EXPECT_EQ(ArenaBytes(), 2 * kBlock);
}

TEST_F(Views, PartsAreWrittenWhereTheyAreJoined) {
  const int input = Float("input", {1, 2, 3});
  const int a = Negative(input, {1, 2, 3});
  const int flat = Float("flat", {1, 6});
  m.Node(Op::kReshape, ReshapeOptions{.new_shape = {1, 6}}, {a}, {flat});
  const int b = Float("b", {1, 6});
  m.Node(Op::kReshape, ReshapeOptions{.new_shape = {1, 6}}, {input}, {b});
  const int c = Negative(b, {1, 6});
  const int joined = Float("joined", {1, 18});
  m.Node(Op::kConcatenation, ConcatenationOptions{.axis = 1}, {flat, b, c},
         {joined});
  m.Border({input}, {joined});
  const std::vector<float> want = {-1, -2, -3, -4, -5, -6, 1,  2,  3,
                                   4,  5,  6,  -1, -2, -3, -4, -5, -6};
  EXPECT_EQ(Run({1, 2, 3, 4, 5, 6}, joined), want);
  EXPECT_EQ(Run({1, 2, 3, 4, 5, 6}, joined, {.preserve_all_tensors = true}),
            want);
  // The input, what is joined (72 bytes), and b, which two read.
  EXPECT_EQ(ArenaBytes(), kBlock + 2 * kBlock + kBlock);
}

// What is a part already, or joined twice, is copied.
TEST_F(Views, OnePlaceForEach) {
  const int input = Float("input", {1, 2});
  const int a = Negative(input, {1, 2});
  const int b = Negative(a, {1, 2});
  const int first = Float("first", {1, 4});
  const int second = Float("second", {1, 6});
  m.Node(Op::kConcatenation, ConcatenationOptions{.axis = 1}, {b, b}, {first});
  m.Node(Op::kConcatenation, ConcatenationOptions{.axis = -1}, {a, first},
         {second});
  m.Border({input}, {second});
  EXPECT_THAT(Run({1, 2}, second), ElementsAre(-1, -2, 1, 2, 1, 2));
}

TEST_F(Views, JoinedWithin) {
  const int input = Float("input", {1, 2});
  const int a = Negative(input, {1, 2});
  const int b = Negative(input, {1, 2});
  const int inner = Float("inner", {1, 4});
  m.Node(Op::kConcatenation, ConcatenationOptions{.axis = 1}, {a, b}, {inner});
  const int c = Negative(input, {1, 2});
  const int outer = Float("outer", {1, 6});
  m.Node(Op::kConcatenation, ConcatenationOptions{.axis = 1}, {c, inner},
         {outer});
  m.Border({input}, {outer});
  EXPECT_THAT(Run({1, 2}, outer), ElementsAre(-1, -2, -1, -2, -1, -2));
  EXPECT_EQ(ArenaBytes(), 2 * kBlock);
}

// Along an axis that is not the first of more than one element, parts are
// rows apart.
TEST_F(Views, RowsApartAreMoved) {
  const int input = Float("input", {2, 2});
  const int a = Negative(input, {2, 2});
  const int joined = Float("joined", {2, 4});
  m.Node(Op::kConcatenation, ConcatenationOptions{.axis = 1}, {input, a},
         {joined});
  m.Border({input}, {joined});
  EXPECT_THAT(Run({1, 2, 3, 4}, joined),
              ElementsAre(1, 2, -1, -2, 3, 4, -3, -4));
}

TEST_F(Views, PartsOfWhatIsSplit) {
  const int input = Float("input", {4, 1});
  const int negative = Negative(input, {4, 1});
  const int axis = m.Constant<int32_t>("axis", DataType::kInt32, {}, {0});
  const int upper = Float("upper", {2, 1});
  const int lower = Float("lower", {2, 1});
  m.Node(Op::kSplit, SplitOptions{.num_splits = 2}, {axis, negative},
         {upper, lower});
  const int one = Float("one", {1});
  const int other = Float("other", {1});
  m.Node(Op::kUnpack, UnpackOptions{.num = 2, .axis = 0}, {lower},
         {one, other});
  const int packed = Float("packed", {2, 1});
  m.Node(Op::kPack, PackOptions{.values_count = 2, .axis = 0}, {other, one},
         {packed});
  const int joined = Float("joined", {4, 1});
  m.Node(Op::kConcatenation, ConcatenationOptions{.axis = 0}, {packed, upper},
         {joined});
  m.Border({input}, {joined});
  EXPECT_THAT(Run({1, 2, 3, 4}, joined), ElementsAre(-4, -3, -1, -2));
  EXPECT_EQ(ArenaBytes(), 3 * kBlock);
}

// float -> steps -> float -> the same steps -> float
TEST_F(Views, QuantizedOnce) {
  const auto steps = [&](const std::string& name, float scale) {
    const int index = m.Tensor(name, DataType::kInt8, {1, 4});
    auto q = std::make_unique<tflite::QuantizationParametersT>();
    q->scale = {scale};
    q->zero_point = {3};
    m.tensor(index).quantization = std::move(q);
    return index;
  };
  const int input = Float("input", {1, 4});
  const int first = steps("first", 0.3f), again = steps("again", 0.3f);
  const int coarser = steps("coarser", 0.7f);
  const int real = Float("real", {1, 4}), back = Float("back", {1, 4});
  const int output = Float("output", {1, 4});
  m.Node(Op::kQuantize, OpOptions(), {input}, {first});
  m.Node(Op::kDequantize, OpOptions(), {first}, {real});
  m.Node(Op::kQuantize, OpOptions(), {real}, {again});
  m.Node(Op::kDequantize, OpOptions(), {again}, {back});
  m.Node(Op::kQuantize, OpOptions(), {back}, {coarser});
  m.Node(Op::kDequantize, OpOptions(), {coarser}, {output});
  m.Border({input}, {output});
  const std::vector<float> x = {-1.0f, 0.4f, 30.0f, 50.0f};
  const std::vector<float> got = Run(x, output);
  EXPECT_EQ(got, Run(x, output, {.preserve_all_tensors = true}));
  EXPECT_THAT(got, ElementsAre(0.7f * -1, 0.7f * 0, 0.7f * 43, 0.7f * 53));
}

}  // namespace liteforge::subgraph_views_test
