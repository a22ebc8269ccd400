// SPDX-License-Identifier: Apache-2.0
// MAXIMUM, MINIMUM, FLOOR_DIV, FLOOR_MOD, POW, SQUARED_DIFFERENCE and the
// logical operators over grids of operand pairs.
#include <gtest/gtest.h>

#include <vector>

#include "kernels/filter_testing.h"
#include "kernels/half_testing.h"
#include "kernels/kernel_tester.h"

namespace liteforge::binary_test {

// a as a column under b as a row.
template <class T>
KernelCase GridCase(Op op, const std::vector<T>& a, const std::vector<T>& b) {
  KernelCase k{op};
  k.inputs = {KernelTensor::Of<T>({static_cast<int32_t>(a.size()), 1}, a),
              KernelTensor::Of<T>({static_cast<int32_t>(b.size())}, b)};
  return k;
}

template <class Out, class T, class Function>
std::vector<Out> Grid(const std::vector<T>& a, const std::vector<T>& b,
                      const Function& f) {
  std::vector<Out> values;
  for (const T x : a) {
    for (const T y : b) values.push_back(static_cast<Out>(f(x, y)));
  }
  return values;
}

template <class T>
std::vector<T> Corners() {
  using Limits = std::numeric_limits<T>;
  return {Limits::lowest(), Limits::max(), T{0}, T{1}, T{7}, T{100}};
}

template <class T>
void ExpectOrder() {
  const auto values = Corners<T>();
  ExpectValues(GridCase(Op::kMaximum, values, values),
               Grid<T>(values, values, [](T x, T y) { return x < y ? y : x; }));
  ExpectValues(GridCase(Op::kMinimum, values, values),
               Grid<T>(values, values, [](T x, T y) { return y < x ? y : x; }));
}

TEST(Binary, MaximumAndMinimum) {
  ExpectOrder<float>();
  ExpectOrder<double>();
  ExpectOrder<int8_t>();
  ExpectOrder<uint8_t>();
  ExpectOrder<int16_t>();
  ExpectOrder<int32_t>();
  ExpectOrder<int64_t>();
  ExpectOrder<uint32_t>();
}

TEST(Binary, MaximumOfDifferentStepsIsRefused) {
  KernelCase k{Op::kMaximum};
  k.inputs = {KernelTensor::Of<int8_t>({1}, {1}, Steps(1)),
              KernelTensor::Of<int8_t>({1}, {1}, Steps(2))};
  k.outputs = {KernelTensor::Output(DataType::kInt8, Steps(1))};
  ExpectRefused(k, "prepare", "different quantization");
}

double Computed(Op op, double a, double b) {
  switch (op) {
    case Op::kMaximum:
      return std::max(a, b);
    case Op::kMinimum:
      return std::min(a, b);
    case Op::kFloorDiv:
      return std::floor(a / b);
    case Op::kFloorMod:
      return a - std::floor(a / b) * b;
    case Op::kPow:
      return std::pow(a, b);
    default:
      return (a - b) * (a - b);
  }
}

// On numbers of few digits, whose results no intermediate rounding changes.
TEST(Binary, Halves) {
  const std::vector<double> x = {-8, -2.5, -1, -0.25, 0.25, 1, 3, 9};
  const std::vector<double> y = {-2, -1, 1, 2, 4};
  for (const HalfFormat& format : kHalfFormats) {
    for (const Op op : {Op::kMaximum, Op::kMinimum, Op::kFloorDiv,
                        Op::kFloorMod, Op::kPow, Op::kSquaredDifference}) {
      KernelCase k{op};
      k.inputs = {Halves(format, {8, 1}, x), Halves(format, {5}, y)};
      std::vector<uint16_t> expected;
      for (const double a : x) {
        for (const double b : y)
          expected.push_back(BitsOf(format, Computed(op, a, b)));
      }
      const KernelRun run = RunKernel(k);
      ASSERT_TRUE(run.ok()) << run.error;
      EXPECT_EQ(run.outputs[0].type, format.type);
      const auto values = run.Values<uint16_t>();
      ASSERT_EQ(values.size(), expected.size());
      for (size_t i = 0; i < values.size(); ++i) {
        EXPECT_EQ(ValueOf(format, values[i]), ValueOf(format, expected[i]))
            << Name(op) << " " << x[i / 5] << " " << y[i % 5];
      }
    }
  }
}

template <class T>
void ExpectDivision() {
  constexpr T kLow = std::numeric_limits<T>::min();
  constexpr T kHigh = std::numeric_limits<T>::max();
  const std::vector<T> a = {kLow, kLow + 1, -7, -6, -1, 0, 1, 6, 7, kHigh};
  const std::vector<T> b = {kLow, -7, -3, -2, -1, 1, 2, 3, 7, kHigh};
  const auto quotient = [](T x, T y) {
    __int128 p = x, q = y;
    if (q < 0) {
      p = -p;
      q = -q;
    }
    return p >= 0 ? p / q : -((q - 1 - p) / q);
  };
  ExpectValues(GridCase(Op::kFloorDiv, a, b), Grid<T>(a, b, quotient));
  ExpectValues(GridCase(Op::kFloorMod, a, b),
               Grid<T>(a, b, [&](T x, T y) { return x - quotient(x, y) * y; }));
  for (const Op op : {Op::kFloorDiv, Op::kFloorMod}) {
    ExpectRefused(GridCase<T>(op, {1, 2}, {3, 0}), "eval", "division by zero");
  }
}

TEST(Binary, FloorDivAndFloorModOfIntegers) {
  ExpectDivision<int8_t>();
  ExpectDivision<int16_t>();
  ExpectDivision<int32_t>();
  ExpectDivision<int64_t>();
}

// In float32 1 / 0.1 would round up to 10 before its floor is taken; the exact
// quotient of the two numbers is below it.
TEST(Binary, FloorDivDividesInDouble) {
  const std::vector<float> a = {1.0f, -1.0f, 10.0f, 0.3f};
  const std::vector<float> b = {0.1f, 0.7f, -3.0f};
  ExpectValues(GridCase(Op::kFloorDiv, a, b),
               Grid<float>(a, b, [](float x, float y) {
                 return std::floor(static_cast<long double>(x) / y);
               }));
  ExpectValues<float>(GridCase<float>(Op::kFloorDiv, {1, 10}, {0.1f}), {9, 99});
}

TEST(Binary, FloorModOfFloats) {
  ExpectValues<float>(GridCase<float>(Op::kFloorMod, {5.5f, -5.5f, 0}, {2, -2}),
                      {1.5f, -0.5f, 0.5f, -1.5f, 0, 0});
}

TEST(Binary, Powers) {
  const std::vector<int32_t> a = {-3, -1, 0, 1, 2, 65536};
  const std::vector<int32_t> b = {0, 1, 2, 3, 31};
  ExpectValues(GridCase(Op::kPow, a, b),
               Grid<int32_t>(a, b, [](int32_t x, int32_t y) {
                 uint32_t power = 1;
                 for (int i = 0; i < y; ++i) power *= static_cast<uint32_t>(x);
                 return power;
               }));
  ExpectRefused(GridCase<int32_t>(Op::kPow, {2}, {1, -1}), "eval", "negative");
  ExpectValues<int64_t>(GridCase<int64_t>(Op::kPow, {3, -2}, {39, 3}),
                        {4052555153018976267, 27, -549755813888, -8});
  ExpectNear<float>(GridCase<float>(Op::kPow, {2, 9}, {-1, 0.5f}),
                    {0.5f, 1.41421356f, 1 / 9.0f, 3});
}

TEST(Binary, SquaredDifferenceWraps) {
  const auto values = Corners<int32_t>();
  ExpectValues(GridCase(Op::kSquaredDifference, values, values),
               Grid<int32_t>(values, values, [](int32_t x, int32_t y) {
                 const __int128 d = static_cast<__int128>(x) - y;
                 return static_cast<uint32_t>(d * d);
               }));
}

TEST(Binary, SquaredDifferenceOfWideNumbers) {
  const auto values = Corners<int64_t>();
  ExpectValues(GridCase(Op::kSquaredDifference, values, values),
               Grid<int64_t>(values, values, [](int64_t x, int64_t y) {
                 const auto d =
                     static_cast<uint64_t>(x) - static_cast<uint64_t>(y);
                 return d * d;
               }));
  // Halves of small numbers: nothing is rounded.
  const std::vector<float> a = {-3, -0.5f, 0, 1.5f, 7}, b = {-2, 0.5f, 4};
  ExpectValues(
      GridCase(Op::kSquaredDifference, a, b),
      Grid<float>(a, b, [](float x, float y) { return (x - y) * (x - y); }));
}

TEST(Binary, QuantizedSquaredDifference) {
  std::vector<int8_t> grid;
  for (int i = -128; i < 128; i += 3) grid.push_back(static_cast<int8_t>(i));
  for (const auto& scales :
       {std::array{0.5f, 0.25f, 40.0f}, std::array{0.03f, 0.7f, 0.9f}}) {
    const float a = scales[0], b = scales[1], out = scales[2];
    KernelCase k = GridCase(Op::kSquaredDifference, grid, grid);
    k.inputs[0].quantization = Steps(a, 5);
    k.inputs[1].quantization = Steps(b, -20);
    k.outputs = {KernelTensor::Output(DataType::kInt8, Steps(out, -100))};
    const double twice = 2 * static_cast<double>(std::max(a, b));
    const auto scaled = [&](int step, float scale) {
      return Rescaled(int64_t{step} * 128, static_cast<double>(scale) / twice,
                      Rounding::kTiesAway);
    };
    ExpectValues(k, Grid<int8_t>(grid, grid, [&](int8_t x, int8_t y) {
                   const int64_t d = scaled(x - 5, a) - scaled(y + 20, b);
                   const int64_t square = Rescaled(
                       d * d,
                       twice * twice / (16384 * static_cast<double>(out)),
                       Rounding::kTiesAway);
                   return std::clamp<int64_t>(square - 100, -128, 127);
                 }));
  }
}

TEST(Binary, QuantizedSquaredDifferenceNeedsScales) {
  ExpectRefused(GridCase<int8_t>(Op::kSquaredDifference, {1}, {2}), "prepare",
                "without a quantization scale");
}

TEST(Binary, Logical) {
  for (const Op op : {Op::kLogicalAnd, Op::kLogicalOr}) {
    KernelCase k{op};
    k.inputs = {KernelTensor::OfType<uint8_t>(DataType::kBool, {2, 1}, {0, 1}),
                KernelTensor::OfType<uint8_t>(DataType::kBool, {2}, {0, 1})};
    ExpectValues<uint8_t>(k, op == Op::kLogicalAnd
                                 ? std::vector<uint8_t>{0, 0, 0, 1}
                                 : std::vector<uint8_t>{0, 1, 1, 1});
  }
  ExpectRefused(GridCase<int32_t>(Op::kLogicalAnd, {1}, {1}), "prepare",
                "int32 is not supported");
}

TEST(Binary, EmptyTensors) {
  ExpectValues<float>(GridCase<float>(Op::kMaximum, {}, {1, 2}), {},
                      Shape{0, 2});
  ExpectValues<int16_t>(GridCase<int16_t>(Op::kFloorDiv, {}, {0}), {},
                        Shape{0, 1});
}

}  // namespace liteforge::binary_test
