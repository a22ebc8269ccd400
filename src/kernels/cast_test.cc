// SPDX-License-Identifier: Apache-2.0
// CAST from every type to every type, against conversions in long double.
#include <gtest/gtest.h>

#include <complex>
#include <vector>

#include "kernels/half_testing.h"
#include "kernels/kernel_tester.h"

namespace liteforge::cast_test {

using Wide = long double;

KernelCase CastTo(DataType type, KernelTensor input) {
  KernelCase k{Op::kCast};
  k.inputs = {std::move(input)};
  k.outputs = {KernelTensor::Output(type)};
  return k;
}

// Values of many sizes that From may hold.
template <class From>
std::vector<From> ValuesOf() {
  using Limits = std::numeric_limits<From>;
  if constexpr (std::is_same_v<From, bool>) {
    return {false, true};
  } else if constexpr (std::is_floating_point_v<From>) {
    return {0,
            1,
            -1,
            From(0.5),
            From(-0.75),
            From(2.5),
            From(-127.9),
            From(255.99),
            70000,
            From(-3e9),
            From(3e9),
            From(9.3e18),
            From(-1e30),
            From(1e30),
            Limits::infinity(),
            -Limits::infinity(),
            Limits::quiet_NaN()};
  } else {
    return {0,
            1,
            2,
            100,
            Limits::min(),
            Limits::max(),
            static_cast<From>(-1),
            static_cast<From>(-100)};
  }
}

template <class To, class From>
To Converted(From x) {
  if constexpr (std::is_same_v<To, bool>) {
    return !(x == 0);
  } else if constexpr (std::is_floating_point_v<To>) {
    return static_cast<To>(x);
  } else if constexpr (std::is_floating_point_v<From>) {
    const Wide low = std::numeric_limits<To>::min();
    const Wide high = std::numeric_limits<To>::max();
    const Wide whole = std::isnan(x) ? high : std::trunc(Wide{x});
    return static_cast<To>(std::clamp(whole, low, high));
  } else {
    // The low bits.
    return static_cast<To>(static_cast<__int128>(x) & ~uint64_t{0});
  }
}

template <class T>
KernelTensor TensorOf(const std::vector<T>& values) {
  const auto count = static_cast<int32_t>(values.size());
  if constexpr (std::is_same_v<T, bool>) {
    return KernelTensor::OfType<uint8_t>(DataType::kBool, {count},
                                         {values.begin(), values.end()});
  } else {
    return KernelTensor::Of<T>({count}, values);
  }
}

template <class From, class To>
void ExpectCast() {
  SCOPED_TRACE(std::string(Name(TypeOf<From>())) + " to " +
               std::string(Name(TypeOf<To>())));
  const auto values = ValuesOf<From>();
  std::vector<To> expected;
  for (const From x : values) expected.push_back(Converted<To>(x));
  const KernelCase k = CastTo(TypeOf<To>(), TensorOf(values));
  const KernelRun run = RunKernel(k);
  ASSERT_TRUE(run.ok()) << run.stage << ": " << run.error;
  EXPECT_EQ(run.outputs[0].bytes.size(), TensorOf(expected).bytes.size());
  if constexpr (std::is_floating_point_v<To>) {
    ExpectNear(k, expected, 0);
  } else {
    EXPECT_EQ(run.outputs[0].bytes, TensorOf(expected).bytes);
  }
}

template <class From>
void ExpectCasts() {
  ExpectCast<From, float>();
  ExpectCast<From, double>();
  ExpectCast<From, int8_t>();
  ExpectCast<From, int16_t>();
  ExpectCast<From, int32_t>();
  ExpectCast<From, int64_t>();
  ExpectCast<From, uint8_t>();
  ExpectCast<From, uint16_t>();
  ExpectCast<From, uint32_t>();
  ExpectCast<From, uint64_t>();
  ExpectCast<From, bool>();
}

TEST(Cast, EveryPairOfPlainTypes) {
  ExpectCasts<float>();
  ExpectCasts<double>();
  ExpectCasts<int8_t>();
  ExpectCasts<int16_t>();
  ExpectCasts<int32_t>();
  ExpectCasts<int64_t>();
  ExpectCasts<uint8_t>();
  ExpectCasts<uint16_t>();
  ExpectCasts<uint32_t>();
  ExpectCasts<uint64_t>();
  ExpectCasts<bool>();
}

TEST(Cast, HalvesRoundFromFloat) {
  const std::vector<float> values = {0,     -0.0f,   1.0f / 3, -1e-7f, 65519,
                                     65520, 3.4e38f, 2049,     2051,   1e-40f};
  const KernelTensor floats = KernelTensor::Of<float>({10}, values);
  const std::vector<int32_t> whole = {2049, -2051, 16777217, 70000};
  for (const HalfFormat& format : kHalfFormats) {
    std::vector<uint16_t> expected, from_whole;
    for (const float x : values)
      expected.push_back(BitsOf(format, static_cast<double>(x)));
    ExpectValues(CastTo(format.type, floats), expected);
    for (const int32_t x : whole)
      from_whole.push_back(BitsOf(format, static_cast<float>(x)));
    ExpectValues(CastTo(format.type, KernelTensor::Of<int32_t>({4}, whole)),
                 from_whole);
  }
}

TEST(Cast, HalvesAsTheirValues) {
  const std::vector<double> values = {0.5, -2.75, 300, -300};
  for (const HalfFormat& format : kHalfFormats) {
    const KernelTensor input = Halves(format, {4}, values);
    ExpectValues<float>(CastTo(DataType::kFloat32, input),
                        {0.5f, -2.75f, 300, -300});
    ExpectValues<int8_t>(CastTo(DataType::kInt8, input), {0, -2, 127, -128});
    ExpectValues<uint16_t>(CastTo(DataType::kUInt16, input), {0, 0, 300, 0});
    ExpectValues<uint8_t>(CastTo(DataType::kBool, input), {1, 1, 1, 1});
    for (const HalfFormat& other : kHalfFormats) {
      ExpectValues(CastTo(other.type, input),
                   Halves(other, {4}, values).Values<uint16_t>());
    }
  }
}

TEST(Cast, Complex) {
  using Complex = std::complex<float>;
  const KernelTensor input =
      KernelTensor::Of<Complex>({3}, {{1.5f, 9}, {-2, 0}, {0, 7}});
  ExpectValues<float>(CastTo(DataType::kFloat32, input), {1.5f, -2, 0});
  ExpectValues<int32_t>(CastTo(DataType::kInt32, input), {1, -2, 0});
  ExpectValues<uint8_t>(CastTo(DataType::kBool, input), {1, 1, 0});
  ExpectValues<uint16_t>(CastTo(DataType::kFloat16, input),
                         {0x3E00, 0xC000, 0});
  ExpectValues<Complex>(CastTo(DataType::kComplex64, input),
                        {{1.5f, 9}, {-2, 0}, {0, 7}});
  ExpectValues<Complex>(
      CastTo(DataType::kComplex64, KernelTensor::Of<int64_t>({2}, {3, -4})),
      {{3, 0}, {-4, 0}});
  ExpectValues<Complex>(
      CastTo(DataType::kComplex64,
             KernelTensor::OfType<uint8_t>(DataType::kBool, {2}, {1, 0})),
      {{1, 0}, {0, 0}});
}

TEST(Cast, PackedTypes) {
  // Low bits first; the last byte of an odd count is half empty.
  const auto packed = [](DataType type, int32_t count,
                         std::vector<uint8_t> bytes) {
    return KernelTensor::OfType(type, {count}, bytes);
  };
  const KernelTensor int4 = packed(DataType::kInt4, 3, {0x8F, 0x07});
  ExpectValues<float>(CastTo(DataType::kFloat32, int4), {-1, -8, 7});
  ExpectValues<int64_t>(CastTo(DataType::kInt64, int4), {-1, -8, 7});
  ExpectValues<float>(
      CastTo(DataType::kFloat32, packed(DataType::kUInt4, 3, {0x8F, 0x07})),
      {15, 8, 7});
  ExpectValues<float>(
      CastTo(DataType::kFloat32, packed(DataType::kInt2, 5, {0xE4, 0x01})),
      {0, 1, -2, -1, 1});
  const KernelTensor floats = KernelTensor::Of<float>(
      {5}, {-9.5f, 7.9f, 1e9f, -0.9f, std::numeric_limits<float>::quiet_NaN()});
  ExpectValues<uint8_t>(CastTo(DataType::kInt4, floats), {0x78, 0x07, 0x07});
  ExpectValues<uint8_t>(CastTo(DataType::kUInt4, floats), {0x70, 0x0F, 0x0F});
  ExpectValues<uint8_t>(CastTo(DataType::kInt2, floats), {0x16, 0x01});
  ExpectValues<uint8_t>(CastTo(DataType::kUInt4, int4), {0x8F, 0x07});
  ExpectValues<uint8_t>(
      CastTo(DataType::kInt4, KernelTensor::Of<int32_t>({2}, {-3, 21})),
      {0x5D});
}

TEST(Cast, ManyPackedElements) {
  std::vector<float> values;
  std::vector<uint8_t> bytes;
  for (int i = 0; i < 1000; ++i) {
    const int low = i * 7 % 16 - 8, high = i * 3 % 16 - 8;
    values.push_back(static_cast<float>(low));
    values.push_back(static_cast<float>(high));
    bytes.push_back(static_cast<uint8_t>((low & 15) | (high & 15) << 4));
  }
  ExpectValues(CastTo(DataType::kInt4, KernelTensor::Of<float>({2000}, values)),
               bytes);
  ExpectValues(CastTo(DataType::kFloat32,
                      KernelTensor::OfType(DataType::kInt4, {2000}, bytes)),
               values);
}

TEST(Cast, EmptyAndUnsupported) {
  ExpectValues<float>(
      CastTo(DataType::kFloat32, KernelTensor::Of<int8_t>({0, 2}, {})), {},
      Shape{0, 2});
  ExpectValues<uint8_t>(
      CastTo(DataType::kInt4, KernelTensor::Of<float>({0}, {})), {}, Shape{0});
  ExpectRefused(CastTo(DataType::kFloat32, KernelTensor::Strings({1}, {"a"})),
                "prepare", "string is not supported");
}

}  // namespace liteforge::cast_test
