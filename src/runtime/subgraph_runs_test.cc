// SPDX-License-Identifier: Apache-2.0
// Elementwise operators computed part by part: the same numbers as one after
// the other, which keeping all tensors makes them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <random>
#include <string>

#include "liteforge/interpreter.h"
#include "runtime/test_model.h"

namespace liteforge::subgraph_runs_test {

using testing::HasSubstr;

using Dims = std::vector<int32_t>;

std::vector<float> Numbers(int64_t count, int seed) {
  std::vector<float> numbers;
  for (int64_t i = 0; i < count; ++i)
    numbers.push_back(static_cast<float>((i * 37 + seed * 11) % 101 - 50) /
                      23.0f);
  return numbers;
}

int64_t ElementsOf(const Dims& dims) {
  return Shape(std::span<const int32_t>(dims)).elements();
}

// A model of float inputs whose operators all give `shape`.
class Chain {
 public:
  explicit Chain(Dims shape) : shape_(std::move(shape)) {}

  int Input(const Dims& dims) {
    const int input = m.Tensor("in" + std::to_string(inputs_.size()),
                               DataType::kFloat32, dims);
    inputs_.push_back(input);
    return input;
  }
  int Constant(const Dims& dims, int seed) {
    return m.Constant<float>("c" + std::to_string(seed), DataType::kFloat32,
                             dims, Numbers(ElementsOf(dims), seed));
  }
  int Add(Op op, std::vector<int32_t> inputs,
          DataType type = DataType::kFloat32,
          const OpOptions& options = OpOptions()) {
    const int to =
        m.Tensor(std::string(Name(op)) + std::to_string(made_++), type, shape_);
    m.Node(op, options, std::move(inputs), {to});
    return to;
  }
  void Quantize(int tensor, float scale, int64_t zero_point) {
    auto quantization = std::make_unique<tflite::QuantizationParametersT>();
    quantization->scale = {scale};
    quantization->zero_point = {zero_point};
    m.tensor(tensor).quantization = std::move(quantization);
  }
  Interpreter Run(std::vector<int32_t> outputs,
                  const InterpreterOptions& options) {
    m.Border(inputs_, std::move(outputs));
    auto interpreter = Interpreter::FromBuffer(m.Pack(), options);
    EXPECT_TRUE(interpreter) << interpreter.error().ToString();
    auto done = interpreter->AllocateTensors();
    EXPECT_TRUE(done) << done.error().ToString();
    int seed = 0;
    for (const TensorDetails& input : interpreter->InputDetails()) {
      const auto values = Numbers(input.shape.elements(), ++seed);
      EXPECT_TRUE(interpreter->SetTensor(input.index, input.dtype, input.shape,
                                         std::as_bytes(std::span(values))));
    }
    done = interpreter->Invoke();
    EXPECT_TRUE(done) << done.error().ToString();
    return *std::move(interpreter);
  }
  // Runs it apart and together; `hidden` is not there then.
  void Expect(const std::vector<int32_t>& outputs, int hidden) {
    const Interpreter apart = Run(outputs, {.preserve_all_tensors = true});
    for (const int threads : {1, 2, 3}) {
      const Interpreter together = Run(outputs, {.num_threads = threads});
      for (const int output : outputs) {
        const auto got = together.GetTensor(output);
        const auto want = apart.GetTensor(output);
        ASSERT_TRUE(got && want);
        EXPECT_TRUE(std::ranges::equal(*got, *want)) << threads << " threads";
      }
      const auto between = together.GetTensor(hidden);
      ASSERT_FALSE(between);
      EXPECT_THAT(between.error().message, HasSubstr("preserve_all_tensors"));
    }
  }

  TestModel m;

 private:
  Dims shape_;
  std::vector<int32_t> inputs_;
  int made_ = 0;
};

// x * sigmoid(x), and the rest of rows that no part divides.
TEST(ElementwiseRun, ReadsTheInputTwice) {
  Chain c({1, 61, 67, 24});
  const int x = c.Input({1, 61, 67, 24});
  const int gate = c.Add(Op::kLogistic, {x});
  c.Expect({c.Add(Op::kMul, {x, gate})}, gate);
}

TEST(ElementwiseRun, BroadcastsRowsChannelsAndNumbers) {
  const Dims shape{2, 40, 50, 24};
  Chain c(shape);
  const int x = c.Input(shape);
  const int scaled = c.Add(Op::kMul, {x, c.Constant({24}, 2)});
  const int shifted = c.Add(Op::kAdd, {c.Constant({1, 1, 1, 1}, 3), scaled});
  const int gated = c.Add(Op::kMul, {shifted, c.Input({2, 1, 1, 24})});
  const int each = c.Add(Op::kSub, {gated, c.Input({2, 40, 50, 1})});
  c.Expect({c.Add(Op::kPrelu, {each, c.Constant({1, 1, 24}, 4)})}, scaled);
}

TEST(ElementwiseRun, ShowsWhatOthersSee) {
  const Dims shape{1, 100, 101, 8};
  Chain c(shape);
  const int x = c.Input(shape), y = c.Input(shape);
  const int sum = c.Add(Op::kAdd, {x, y});
  const int root = c.Add(Op::kSqrt, {c.Add(Op::kSquare, {sum})});
  const int between = c.Add(Op::kTanh, {root});
  c.Expect({sum, c.Add(Op::kMaximum, {between, y})}, between);
}

TEST(ElementwiseRun, GoesThroughOtherTypes) {
  const Dims shape{7, 99, 64};
  Chain c(shape);
  const int x = c.Input(shape);
  const int steps = c.Add(Op::kQuantize, {x}, DataType::kInt8);
  c.Quantize(steps, 0.03f, -5);
  const int swish = c.Add(Op::kHardSwish, {steps}, DataType::kInt8);
  c.Quantize(swish, 0.02f, 3);
  const int product =
      c.Add(Op::kMul, {swish, steps}, DataType::kInt8, MulOptions());
  c.Quantize(product, 0.05f, 1);
  const int real = c.Add(Op::kDequantize, {product});
  const int above =
      c.Add(Op::kGreater, {real, c.Constant({64}, 9)}, DataType::kBool);
  const int both = c.Add(
      Op::kLogicalAnd,
      {above, c.Add(Op::kLess, {real, c.Constant({1}, 8)}, DataType::kBool)},
      DataType::kBool);
  c.Expect({c.Add(Op::kSelectV2, {both, real, x})}, swish);
}

// Any operators in any order.
TEST(ElementwiseRun, RandomGraphs) {
  std::mt19937 random(5);
  const auto draw = [&](size_t below) {
    return std::uniform_int_distribution<size_t>(0, below - 1)(random);
  };
  const Op unary[] = {Op::kAbs,  Op::kNeg,    Op::kRelu6,     Op::kLogistic,
                      Op::kTanh, Op::kFloor,  Op::kHardSwish, Op::kElu,
                      Op::kGelu, Op::kSquare, Op::kLeakyRelu, Op::kExp};
  const Op binary[] = {Op::kAdd,     Op::kSub,     Op::kMul,
                       Op::kMaximum, Op::kMinimum, Op::kSquaredDifference};
  for (int round = 0; round < 20; ++round) {
    const Dims shape{static_cast<int32_t>(1 + draw(3)), 90,
                     static_cast<int32_t>(70 + draw(9)), 16};
    Chain c(shape);
    std::vector<int32_t> operands{c.Input(shape), c.Input({shape[0], 1, 1, 16}),
                                  c.Input({shape[0], 90, shape[2], 1}),
                                  c.Constant({16}, 20), c.Constant({}, 21)};
    std::vector<int32_t> made{operands[0]};
    for (int i = 0; i < 12; ++i) {
      const int32_t a =
          made[made.size() - 1 - draw(std::min<size_t>(3, made.size()))];
      const int32_t b = draw(2) == 0 ? operands[draw(operands.size())]
                                     : made[draw(made.size())];
      made.push_back(draw(2) == 0
                         ? c.Add(unary[draw(std::size(unary))], {a})
                         : c.Add(binary[draw(std::size(binary))], {a, b}));
    }
    // The first but one has a reader at least, and is seen by nobody else.
    const int last = c.Add(Op::kAdd, {made[1], made.back()});
    c.Expect({last, made[6]}, made[1]);
  }
}

// Few numbers are one part, and so there is no run.
TEST(ElementwiseRun, IsNotForFewNumbers) {
  Chain c({8, 8});
  const int x = c.Input({8, 8});
  const int between = c.Add(Op::kExp, {x});
  const Interpreter ran = c.Run({c.Add(Op::kNeg, {between})}, {});
  EXPECT_TRUE(ran.GetTensor(between));
}

}  // namespace liteforge::subgraph_runs_test
