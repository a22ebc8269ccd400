// SPDX-License-Identifier: Apache-2.0
// Operators on the bits of integers and StableHLO's arithmetic, in 128-bit
// integers and in double, and ATAN2.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <vector>

#include "kernels/filter_testing.h"
#include "kernels/half_testing.h"
#include "kernels/index_testing.h"

namespace liteforge::bitwise_test {

const std::pair<Shape, Shape> kShapes[] = {
    {{3, 4}, {3, 4}},    {{3, 4}, {4}}, {{}, {2, 3}},
    {{2, 1, 3}, {4, 1}}, {{0, 2}, {2}}, {{}, {}}};

Shape Common(const Shape& a, const Shape& b) {
  const Shape& longer = a.rank() >= b.rank() ? a : b;
  const Shape& shorter = a.rank() >= b.rank() ? b : a;
  Shape both = longer;
  for (int axis = 0; axis < shorter.rank(); ++axis) {
    const int at = longer.rank() - shorter.rank() + axis;
    if (both[at] == 1) both.set_dim(at, shorter[axis]);
  }
  return both;
}

// f(a, b) for each pair that broadcasting brings together.
template <class T, class Function>
void ExpectEach(Op op, const Shape& of_a, const std::vector<T>& a,
                const Shape& of_b, const std::vector<T>& b, const Function& f) {
  const Shape output = Common(of_a, of_b);
  std::vector<T> expected;
  for (int64_t i = 0; i < output.elements(); ++i) {
    const auto at = CoordinatesOf(output, i);
    expected.push_back(f(a[static_cast<size_t>(BroadcastPlace(of_a, at))],
                         b[static_cast<size_t>(BroadcastPlace(of_b, at))]));
  }
  KernelCase k{op};
  k.inputs = {KernelTensor::Of<T>(of_a, a), KernelTensor::Of<T>(of_b, b)};
  ExpectValues(k, expected, output);
}

// Small numbers, and the ends of the type.
template <class T>
std::vector<T> Integers(const Shape& shape, unsigned seed) {
  std::vector<T> values;
  for (const int64_t x : RandomIntegers<int64_t>(shape, -70, 70, seed)) {
    T value = static_cast<T>(x);
    if (x > 60) value = std::numeric_limits<T>::max();
    if (x < -60) value = std::numeric_limits<T>::min();
    values.push_back(value);
  }
  return values;
}

using Wide = __int128;
using Function = std::function<Wide(Wide, Wide)>;

template <class T>
void ExpectIntegers(Op op, const Function& f) {
  for (const auto& [a, b] : kShapes) {
    ExpectEach<T>(op, a, Integers<T>(a, 1), b, Integers<T>(b, 2),
                  [&](T x, T y) { return static_cast<T>(f(x, y)); });
  }
}

void ExpectAllIntegers(Op op, const Function& f) {
  ExpectIntegers<int8_t>(op, f);
  ExpectIntegers<uint8_t>(op, f);
  ExpectIntegers<int16_t>(op, f);
  ExpectIntegers<uint16_t>(op, f);
  ExpectIntegers<int32_t>(op, f);
  ExpectIntegers<uint32_t>(op, f);
  ExpectIntegers<int64_t>(op, f);
  ExpectIntegers<uint64_t>(op, f);
}

TEST(Bitwise, OnIntegers) {
  ExpectAllIntegers(Op::kBitwiseXor, [](Wide a, Wide b) { return a ^ b; });
  ExpectAllIntegers(Op::kStablehloAnd, [](Wide a, Wide b) { return a & b; });
  ExpectAllIntegers(Op::kStablehloAdd, [](Wide a, Wide b) { return a + b; });
  ExpectAllIntegers(Op::kStablehloMultiply,
                    [](Wide a, Wide b) { return a * static_cast<int64_t>(b); });
  ExpectAllIntegers(Op::kStablehloMaximum,
                    [](Wide a, Wide b) { return std::max(a, b); });
  ExpectAllIntegers(Op::kStablehloMinimum,
                    [](Wide a, Wide b) { return std::min(a, b); });
}

TEST(Bitwise, Bools) {
  KernelCase k{Op::kStablehloAnd};
  k.inputs = {
      KernelTensor::OfType<uint8_t>(DataType::kBool, {4}, {0, 0, 1, 1}),
      KernelTensor::OfType<uint8_t>(DataType::kBool, {4}, {0, 1, 0, 1})};
  ExpectValues<uint8_t>(k, {0, 0, 0, 1});
}

// Halving and doubling one place at a time; a shift past the width leaves
// nothing but the sign, or nothing at all.
template <class T>
void ExpectShifts() {
  for (const auto& [a, b] : kShapes) {
    const auto values = Integers<T>(a, 3), by = Integers<T>(b, 4);
    const auto width = static_cast<int>(sizeof(T) * 8);
    ExpectEach<T>(Op::kRightShift, a, values, b, by, [&](T x, T shift) {
      Wide wide = x;
      const Wide places = std::clamp<Wide>(shift, 0, width - 1);
      for (Wide i = 0; i < places; ++i)
        wide = wide < 0 ? (wide - 1) / 2 : wide / 2;
      return static_cast<T>(wide);
    });
    ExpectEach<T>(Op::kStablehloShiftLeft, a, values, b, by, [&](T x, T shift) {
      if (static_cast<Wide>(shift) < 0 || static_cast<Wide>(shift) >= width)
        return T{0};
      unsigned __int128 wide = static_cast<unsigned __int128>(Wide{x});
      for (T i = 0; i < shift; ++i) wide *= 2;
      return static_cast<T>(wide);
    });
  }
}

TEST(Bitwise, Shifts) {
  ExpectShifts<int8_t>();
  ExpectShifts<uint8_t>();
  ExpectShifts<int16_t>();
  ExpectShifts<uint16_t>();
  ExpectShifts<int32_t>();
  ExpectShifts<uint32_t>();
  ExpectShifts<int64_t>();
  ExpectShifts<uint64_t>();
}

using Real = std::function<double(double, double)>;
const std::pair<Op, Real> kReals[] = {
    {Op::kStablehloAdd, [](double a, double b) { return a + b; }},
    {Op::kStablehloMultiply, [](double a, double b) { return a * b; }},
    {Op::kStablehloMaximum, [](double a, double b) { return a > b ? a : b; }},
    {Op::kStablehloMinimum, [](double a, double b) { return a < b ? a : b; }},
    {Op::kATan2, [](double y, double x) { return std::atan2(y, x); }}};

template <class T>
void ExpectReals(double tolerance) {
  for (const auto& [op, f] : kReals) {
    for (const auto& [a, b] : kShapes) {
      KernelCase k{op};
      std::vector<T> x, y, expected;
      for (const float v : RandomEighths(a, 5)) x.push_back(static_cast<T>(v));
      for (const float v : RandomEighths(b, 6)) y.push_back(static_cast<T>(v));
      const Shape output = Common(a, b);
      for (int64_t i = 0; i < output.elements(); ++i) {
        const auto at = CoordinatesOf(output, i);
        expected.push_back(static_cast<T>(f(
            static_cast<double>(x[static_cast<size_t>(BroadcastPlace(a, at))]),
            static_cast<double>(
                y[static_cast<size_t>(BroadcastPlace(b, at))]))));
      }
      k.inputs = {KernelTensor::Of<T>(a, x), KernelTensor::Of<T>(b, y)};
      ExpectNear(k, expected, tolerance, output);
    }
  }
}

TEST(Bitwise, RealNumbers) {
  ExpectReals<float>(1e-6);
  ExpectReals<double>(1e-14);
}

TEST(Bitwise, HalfNumbers) {
  const Shape shape{2, 8};
  for (const HalfFormat& format : kHalfFormats) {
    for (const auto& [op, f] : kReals) {
      std::vector<double> x, y;
      KernelCase k{op};
      k.inputs = {Halves(format, shape, RandomEighths(shape, 7), &x),
                  Halves(format, shape, RandomEighths(shape, 8), &y)};
      std::vector<uint16_t> expected;
      for (size_t i = 0; i < x.size(); ++i)
        expected.push_back(BitsOf(
            format, static_cast<double>(static_cast<float>(f(x[i], y[i])))));
      ExpectValues(k, expected, shape);
    }
  }
}

TEST(Bitwise, RefusesWhatDoesNotGoTogether) {
  const auto floats = KernelTensor::Of<float>({2}, {1, 2});
  for (const Op op : {Op::kBitwiseXor, Op::kRightShift, Op::kStablehloShiftLeft,
                      Op::kStablehloAnd}) {
    KernelCase k{op};
    k.inputs = {floats, floats};
    ExpectRefused(k, "prepare", "float32");
  }
  KernelCase k{Op::kStablehloAdd};
  k.inputs = {floats, KernelTensor::Of<int32_t>({2}, {1, 2})};
  ExpectRefused(k, "infer", "must agree");
  k.inputs[1] = KernelTensor::Of<float>({3}, {1, 2, 3});
  ExpectRefused(k, "infer", "");
}

}  // namespace liteforge::bitwise_test
