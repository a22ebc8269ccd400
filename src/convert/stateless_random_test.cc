// SPDX-License-Identifier: Apache-2.0
// Random numbers that seeds decide, against those that TensorFlow's
// documentation shows (tf.random.split, tf.random.fold_in), and by their
// distribution.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "convert/compile.h"
#include "convert/lowered_op_testing.h"
#include "liteforge/interpreter.h"

namespace liteforge::stateless_random_test {

using testing::ElementsAre;
using testing::FloatNear;
using testing::HasSubstr;

// What "y" gives, as it is or added to an input of zeros.
template <class T>
std::vector<T> Values(TestFunction& f) {
  f.Output("y", "y");
  const auto bytes = Compile(f.function(), true);
  EXPECT_TRUE(bytes) << bytes.error().ToString();
  if (!bytes) return {};
  auto interpreter = Interpreter::FromBuffer(*bytes);
  EXPECT_TRUE(interpreter) << interpreter.error().ToString();
  EXPECT_TRUE(interpreter->AllocateTensors());
  EXPECT_TRUE(interpreter->Invoke());
  const auto y = interpreter->Tensor<T>(interpreter->OutputDetails()[0].index);
  return {y.begin(), y.end()};
}

void KeyAndCounter(TestFunction& f, std::vector<int32_t> seed) {
  f.Ints("seed", std::move(seed));
  f.Node("StatelessRandomGetKeyCounter", "key", {"seed"});
  f.Node("StatelessRandomGetAlg", "alg", {});
}

TEST(StatelessRandom, SeedsThatAreSplit) {
  for (const int version : {1, 2}) {
    TestFunction f;
    f.Ints("shape", {3, 2});
    KeyAndCounter(f, {1, 2});
    if (version == 1)
      f.Node("StatelessRandomUniformFullInt", "y", {"shape", "seed"},
             {{"dtype", DataType::kInt32}});
    else
      f.Node("StatelessRandomUniformFullIntV2", "y",
             {"shape", "key", "key:1", "alg"}, {{"dtype", DataType::kInt32}});
    EXPECT_THAT(Values<int32_t>(f),
                ElementsAre(1105988140, 1738052849, -335576002, 370444179,
                            10670227, -246211131));
  }
}

TEST(StatelessRandom, NormalNumbers) {
  const auto near = [](float value) { return FloatNear(value, 2e-7f); };
  for (const int version : {1, 2}) {
    TestFunction f;
    f.Ints("shape", {3});
    KeyAndCounter(f, {1105988140, 1738052849});
    if (version == 1)
      f.Node("StatelessRandomNormal", "y", {"shape", "seed"});
    else
      f.Node("StatelessRandomNormalV2", "y", {"shape", "key", "key:1", "alg"});
    EXPECT_THAT(
        Values<float>(f),
        ElementsAre(near(-0.59835213f), near(-0.9578608f), near(0.9002807f)));
  }
  TestFunction f;
  f.Ints("shape", {3}).Ints("seed", {1105988140, 3});
  f.Node("StatelessRandomNormal", "y", {"shape", "seed"});
  EXPECT_THAT(Values<float>(f), ElementsAre(near(0.03197195f), near(0.8979765f),
                                            near(0.13253039f)));
}

constexpr int kCount = 20000;

struct Moments {
  double mean = 0, squares = 0, most = 0, least = 0;
};

Moments MomentsOf(const std::vector<double>& values) {
  Moments m;
  m.most = m.least = values.at(0);
  for (const double v : values) {
    m.mean += v / static_cast<double>(values.size());
    m.squares += v * v / static_cast<double>(values.size());
    m.most = std::max(m.most, v);
    m.least = std::min(m.least, v);
  }
  return m;
}

template <class T>
Moments MomentsOf(const char* op, const char* low = nullptr) {
  TestFunction f;
  f.Ints("shape", {kCount}).Ints("low", {}, {-3}).Ints("high", {}, {7});
  f.Constant<int64_t>("low64", {}, {-3}, DataType::kInt64);
  f.Constant<int64_t>("high64", {}, {7}, DataType::kInt64);
  KeyAndCounter(f, {4, 5});
  const bool second = std::string_view(op).ends_with("V2");
  f.Node(op, "y", {"shape"});
  const std::vector<std::string> generator =
      second ? std::vector<std::string>{"key", "key:1", "alg"}
             : std::vector<std::string>{"seed"};
  for (const std::string& input : generator) f.Last()->add_input(input);
  if (low != nullptr) {
    const std::string bound = low;
    f.Last()->add_input(bound);
    f.Last()->add_input(bound == "low" ? "high" : "high64");
  }
  const auto values = Values<T>(f);
  return MomentsOf({values.begin(), values.end()});
}

// Means lie within 6 standard deviations of the mean of so many numbers.
TEST(StatelessRandom, Distributions) {
  const double n = std::sqrt(1.0 * kCount);
  for (const char* op :
       {"StatelessRandomUniform", "StatelessRandomUniformV2"}) {
    const Moments m = MomentsOf<float>(op);
    EXPECT_GE(m.least, 0);
    EXPECT_LT(m.most, 1);
    EXPECT_NEAR(m.mean, 0.5, 6 * std::sqrt(1.0 / 12) / n) << op;
  }
  for (const char* op :
       {"StatelessTruncatedNormal", "StatelessTruncatedNormalV2"}) {
    const Moments m = MomentsOf<float>(op);
    EXPECT_LT(m.most, 2);
    EXPECT_GT(m.least, -2);
    EXPECT_NEAR(m.mean, 0, 6 * 0.88 / n) << op;
    // 1 - 4 phi(2) / erf(sqrt(2))
    EXPECT_NEAR(m.squares, 0.7737, 6 * 4 / n) << op;
  }
  for (const char* op :
       {"StatelessRandomUniformInt", "StatelessRandomUniformIntV2"}) {
    for (const Moments& m :
         {MomentsOf<int32_t>(op, "low"), MomentsOf<int64_t>(op, "low64")}) {
      EXPECT_EQ(m.least, -3);
      EXPECT_EQ(m.most, 6);
      EXPECT_NEAR(m.mean, 1.5, 6 * std::sqrt(99.0 / 12) / n) << op;
    }
  }
}

TEST(StatelessRandom, SeedsOfRunTimeAreRefused) {
  TestFunction f;
  f.Ints("shape", {3}).Input("seed", {2}, DataType::kInt32);
  f.Node("StatelessRandomNormal", "y", {"shape", "seed"}).Output("y", "y");
  const auto bytes = Compile(f.function());
  ASSERT_FALSE(bytes);
  EXPECT_EQ(bytes.error().code, ErrorCode::kUnsupported);
  EXPECT_THAT(bytes.error().ToString(),
              HasSubstr("node 'y' (StatelessRandomNormal): seeds that are "
                        "computed at run time"));
}

}  // namespace liteforge::stateless_random_test
