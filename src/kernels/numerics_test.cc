// SPDX-License-Identifier: Apache-2.0
// Against the definitions, in 128-bit integers and double.
#include "kernels/numerics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

#include "kernels/kernel_tester.h"

namespace liteforge::numerics_test {

using Wide = __int128;
constexpr int32_t kMin = std::numeric_limits<int32_t>::min();
constexpr int32_t kMax = std::numeric_limits<int32_t>::max();

Wide FloorDivide(Wide x, Wide y) {
  const Wide quotient = x / y;
  return x % y != 0 && (x < 0) != (y < 0) ? quotient - 1 : quotient;
}
Wide RoundTiesUp(Wide x, Wide y) { return FloorDivide(2 * x + y, 2 * y); }
Wide RoundTiesAway(Wide x, Wide y) {
  return x < 0 ? -RoundTiesUp(-x, y) : RoundTiesUp(x, y);
}

// Edges, powers of two and their neighbours, and noise.
std::vector<int32_t> Samples() {
  std::vector<int32_t> samples = {0, kMin, kMin + 1, kMax, kMax - 1};
  for (int bit = 0; bit < 31; ++bit) {
    for (const int near : {-1, 0, 1}) {
      samples.push_back((1 << bit) + near);
      samples.push_back(-(1 << bit) + near);
    }
  }
  std::mt19937 random(1);
  for (int i = 0; i < 300; ++i)
    samples.push_back(static_cast<int32_t>(random()));
  return samples;
}

TEST(Numerics, RoundingDivideByPowerOfTwo) {
  for (const int32_t x : Samples()) {
    for (int exponent = 0; exponent <= 31; ++exponent) {
      EXPECT_EQ(RoundingDivideByPowerOfTwo(x, exponent),
                static_cast<int32_t>(RoundTiesAway(x, Wide{1} << exponent)))
          << x << " / 2^" << exponent;
    }
  }
}

TEST(Numerics, DoublingHighMultiply) {
  for (const int32_t a : Samples()) {
    for (const int32_t b : Samples()) {
      const Wide exact =
          std::min<Wide>(kMax, RoundTiesUp(Wide{a} * b, Wide{1} << 31));
      ASSERT_EQ(DoublingHighMultiply(a, b), static_cast<int32_t>(exact))
          << a << " * " << b;
    }
  }
}

TEST(Numerics, ToFixedScaleIsNearest) {
  std::mt19937 random(2);
  std::uniform_real_distribution<double> exponent(-31, 31);
  for (int i = 0; i < 2000; ++i) {
    const double real = std::exp2(exponent(random));
    const FixedScale scale = ToFixedScale(real);
    ASSERT_GE(scale.multiplier, 1 << 30);
    const double held = std::ldexp(scale.multiplier, scale.shift - 31);
    ASSERT_LE(std::abs(held - real), std::ldexp(1.0, scale.shift - 32)) << real;
  }
}

TEST(Numerics, ToFixedScaleOfPowersIsExact) {
  for (int exponent = -32; exponent < 31; ++exponent) {
    const FixedScale scale = ToFixedScale(std::ldexp(1.0, exponent));
    EXPECT_EQ(scale.multiplier, 1 << 30);
    EXPECT_EQ(scale.shift, exponent + 1);
  }
}

TEST(Numerics, ToFixedScaleAtTheEnds) {
  for (const double real : {0.0, -1.0, std::nan(""), 1e-30, 0x1p-33}) {
    EXPECT_EQ(ToFixedScale(real).multiplier, 0) << real;
    EXPECT_EQ(ToFixedScale(real).shift, 0) << real;
  }
  for (const double real : {0x1p31, 1e30, 1e300, HUGE_VAL}) {
    EXPECT_EQ(ToFixedScale(real).multiplier, kMax) << real;
    EXPECT_EQ(ToFixedScale(real).shift, 31) << real;
  }
  // Rounds up to the next power of two.
  const FixedScale scale = ToFixedScale(1.0 - 0x1p-40);
  EXPECT_EQ(scale.multiplier, 1 << 30);
  EXPECT_EQ(scale.shift, 1);
}

const std::vector<FixedScale>& Scales() {
  static const std::vector<FixedScale> scales = [] {
    std::vector<FixedScale> list;
    for (int shift = -31; shift <= 31; ++shift) {
      for (const int32_t multiplier : {1 << 30, 1518500250, kMax})
        list.push_back({multiplier, shift});
    }
    list.push_back({0, 0});
    return list;
  }();
  return scales;
}

// x * 2^left, wrapped to 32 bits.
Wide Wrapped(int32_t x, int left) {
  const Wide whole = Wide{1} << 32;
  Wide shifted = (Wide{x} * (Wide{1} << left)) % whole;
  if (shifted >= whole / 2) shifted -= whole;
  if (shifted < -whole / 2) shifted += whole;
  return shifted;
}

TEST(Numerics, MultiplyRoundsTwice) {
  for (const FixedScale scale : Scales()) {
    const int left = std::max(scale.shift, 0), right = left - scale.shift;
    for (const int32_t x : Samples()) {
      const Wide high =
          RoundTiesUp(Wrapped(x, left) * scale.multiplier, Wide{1} << 31);
      ASSERT_EQ(Multiply(x, scale),
                static_cast<int32_t>(RoundTiesAway(high, Wide{1} << right)))
          << x << " * " << scale.multiplier << " << " << scale.shift;
      ASSERT_EQ(MultiplyTiesUp(x, scale),
                static_cast<int32_t>(RoundTiesUp(high, Wide{1} << right)))
          << x << " * " << scale.multiplier << " << " << scale.shift;
    }
  }
}

TEST(Numerics, MultiplyIsCloseToTheRealProduct) {
  std::mt19937 random(3);
  std::uniform_real_distribution<double> exponent(-20, 3);
  for (int i = 0; i < 2000; ++i) {
    const double real = std::exp2(exponent(random));
    const auto x = static_cast<int32_t>(random()) >> 6;
    const double error = Multiply(x, ToFixedScale(real)) - x * real;
    ASSERT_LE(std::abs(error), 1.0) << x << " * " << real;
  }
}

TEST(Numerics, MultiplyOfWideAccumulators) {
  std::mt19937_64 random(4);
  std::vector<int64_t> samples = {0, 1, -1, (int64_t{1} << 47) - 1,
                                  -(int64_t{1} << 47)};
  for (int i = 0; i < 200; ++i)
    samples.push_back(static_cast<int64_t>(random()) >> (17 + i % 40));
  for (const FixedScale scale : Scales()) {
    if (scale.shift > 7) continue;
    const Wide reduced =
        std::min<Wide>(RoundTiesUp(scale.multiplier, 1 << 16), 0x7FFF);
    for (const int64_t x : samples) {
      const Wide exact =
          RoundTiesUp(x * reduced, Wide{1} << (15 - scale.shift));
      if (exact > kMax || exact < kMin) continue;
      ASSERT_EQ(Multiply(x, scale), static_cast<int32_t>(exact))
          << x << " * " << scale.multiplier << " << " << scale.shift;
    }
  }
}

// What a damaged model can ask for: the value does not matter.
TEST(Numerics, MultiplyOfAnythingIsDefined) {
  for (const int64_t x : {std::numeric_limits<int64_t>::min(),
                          std::numeric_limits<int64_t>::max()}) {
    for (const FixedScale scale : Scales()) Multiply(x, scale);
  }
}

TEST(Numerics, PowerOfTwoExponent) {
  for (int exponent = -20; exponent <= 20; ++exponent) {
    int found = 99;
    const float power = std::ldexp(1.0f, exponent);
    EXPECT_TRUE(PowerOfTwoExponent(power, found));
    EXPECT_EQ(found, exponent);
    EXPECT_FALSE(PowerOfTwoExponent(power * 1.01f, found));
  }
  int found = 0;
  EXPECT_FALSE(PowerOfTwoExponent(0.0f, found));
  EXPECT_FALSE(PowerOfTwoExponent(-1.0f, found));
  EXPECT_FALSE(PowerOfTwoExponent(std::nanf(""), found));
  EXPECT_FALSE(PowerOfTwoExponent(HUGE_VALF, found));
}

TEST(Numerics, QuantizedActivationRange) {
  struct Row {
    Activation activation;
    DataType type;
    float scale;
    int64_t zero_point;
    int32_t min, max;
  };
  const Row rows[] = {
      {Activation::kNone, DataType::kInt8, 0.5f, 3, -128, 127},
      {Activation::kRelu, DataType::kInt8, 0.5f, 3, 3, 127},
      {Activation::kRelu, DataType::kUInt8, 0.5f, 3, 3, 255},
      {Activation::kRelu6, DataType::kInt8, 0.5f, 3, 3, 15},
      {Activation::kRelu6, DataType::kInt8, 0.01f, -128, -128, 127},
      {Activation::kRelu6, DataType::kInt16, 0.001f, 0, 0, 6000},
      {Activation::kReluN1To1, DataType::kInt8, 0.25f, 1, -3, 5},
      {Activation::kReluN1To1, DataType::kUInt8, 0.25f, 1, 0, 5},
      {Activation::kTanh, DataType::kUInt8, 0.25f, 1, 0, 255},
      // A scale so small that the limits lie past the type.
      {Activation::kRelu6, DataType::kInt8, 1e-30f, 0, 0, 127},
  };
  for (const Row& row : rows) {
    const Quantization quantization = Steps(row.scale, row.zero_point);
    RuntimeTensor output;
    output.type = row.type;
    output.quantization = &quantization;
    const auto range = QuantizedActivationRange(row.activation, output);
    ASSERT_TRUE(range);
    EXPECT_EQ(range->min, row.min);
    EXPECT_EQ(range->max, row.max);
  }
}

TEST(Numerics, CheckQuantized) {
  const auto check = [](DataType type, const Quantization& quantization) {
    RuntimeTensor tensor;
    tensor.type = type;
    tensor.quantization = &quantization;
    return CheckQuantized(tensor, "input").has_value();
  };
  EXPECT_TRUE(check(DataType::kInt8, Steps(0.5f, -128)));
  EXPECT_TRUE(check(DataType::kUInt8, Steps(0.5f, 255)));
  EXPECT_FALSE(check(DataType::kInt8, Quantization()));
  for (const float scale : {0.0f, -1.0f, std::nanf(""), HUGE_VALF})
    EXPECT_FALSE(check(DataType::kInt8, Steps(scale))) << scale;
  EXPECT_FALSE(check(DataType::kInt8, Steps(0.5f, 128)));
  EXPECT_FALSE(check(DataType::kInt8, Steps(0.5f, kMin)));
  EXPECT_FALSE(check(DataType::kUInt8, Steps(0.5f, -1)));
  EXPECT_FALSE(check(DataType::kInt16, Steps(0.5f, 40000)));
  EXPECT_FALSE(check(DataType::kInt8, Steps(0.5f, int64_t{1} << 32)));
}

//----------------------------------------------------------- e^x, 1/x, shifts

// The series breaks off after y^4 / 24 with |y| <= 1/8.
TEST(Numerics, ExpOfNegativeQ5) {
  EXPECT_EQ(ExpOfNegativeQ5(0), kMax);
  for (int64_t x = -(int64_t{1} << 31); x < 0; x += 1234567) {
    const double real = std::exp(std::ldexp(static_cast<double>(x), -26));
    const double held =
        std::ldexp(ExpOfNegativeQ5(static_cast<int32_t>(x)), -31);
    ASSERT_NEAR(held, real, real * 3e-7 + 1e-8) << x;
  }
}

TEST(Numerics, ReciprocalQ0) {
  for (const int32_t x : Samples()) {
    if (x <= 0) continue;
    for (const int integer_bits : {12, 31}) {
      int bits_over_unit = 0;
      const int32_t fixed = ReciprocalQ0(x, integer_bits, bits_over_unit);
      const double real = std::ldexp(1.0, 31 - integer_bits) / x;
      const double held = std::ldexp(fixed, -31 - bits_over_unit);
      ASSERT_NEAR(held / real, 1.0, 1e-8) << x;
    }
  }
}

TEST(Numerics, SaturatingShiftLeft) {
  for (const int32_t x : Samples()) {
    for (int shift = 0; shift <= 31; ++shift) {
      const Wide exact = Wide{x} * (Wide{1} << shift);
      EXPECT_EQ(SaturatingShiftLeft(x, shift),
                static_cast<int32_t>(std::clamp<Wide>(exact, kMin, kMax)));
    }
  }
}

//--------------------------------------------------------- quantizing floats

TEST(Numerics, QuantizeValueRoundsHalfAwayAndClamps) {
  for (int halves = -600; halves <= 600; ++halves) {
    const int away = halves < 0 ? (halves - 1) / 2 : (halves + 1) / 2;
    const int rounded = halves % 2 == 0 ? halves / 2 : away;
    const auto x = static_cast<float>(halves) * 0.5f * 0.25f;
    EXPECT_EQ(QuantizeValue<int8_t>(x, 0.25f, 3),
              std::clamp(rounded + 3, -128, 127));
    EXPECT_EQ(QuantizeValue<uint8_t>(x, 0.25f, 3),
              std::clamp(rounded + 3, 0, 255));
    EXPECT_EQ(QuantizeValue<int16_t>(x, 0.25f, 3), rounded + 3);
  }
}

TEST(Numerics, QuantizeValueOfAnyFloat) {
  EXPECT_EQ(QuantizeValue<int8_t>(HUGE_VALF, 0.5f, -5), 127);
  EXPECT_EQ(QuantizeValue<int8_t>(-HUGE_VALF, 0.5f, 5), -128);
  EXPECT_EQ(QuantizeValue<int16_t>(1e38f, 1e-30f, 0), 32767);
  EXPECT_EQ(QuantizeValue<int8_t>(std::nanf(""), 0.5f, 5), 5);
}

std::vector<float> Noise(int count, float low, float high) {
  std::mt19937 random(5);
  std::uniform_real_distribution<float> values(low, high);
  std::vector<float> noise(static_cast<size_t>(count));
  for (float& x : noise) x = values(random);
  return noise;
}

// Every value comes back to within half a step (and the rounding of the zero
// point); the step is the range over the steps there are.
void ExpectHeld(const std::vector<float>& values, bool symmetric) {
  std::vector<int8_t> held(values.size());
  const auto count = static_cast<int64_t>(values.size());
  const FloatQuantization q =
      symmetric ? QuantizeSymmetric(values.data(), count, held.data())
                : QuantizeAsymmetric(values.data(), count, held.data());
  const float low = std::min(0.0f, *std::ranges::min_element(values));
  const float high = std::max(0.0f, *std::ranges::max_element(values));
  EXPECT_NEAR(q.scale,
              symmetric ? std::max(-low, high) / 127 : (high - low) / 255,
              q.scale * 1e-6);
  EXPECT_TRUE(!symmetric || q.offset == 0);
  for (size_t i = 0; i < values.size(); ++i) {
    EXPECT_NEAR(q.scale * static_cast<float>(held[i] - q.offset), values[i],
                q.scale * (symmetric ? 0.5001f : 1.001f));
    EXPECT_TRUE(!symmetric || held[i] >= -127);
  }
}

TEST(Numerics, QuantizesRowsOfFloats) {
  for (const bool symmetric : {true, false}) {
    ExpectHeld(Noise(100, -3, 5), symmetric);
    ExpectHeld(Noise(100, 2, 5), symmetric);
    ExpectHeld(Noise(100, -5, -2), symmetric);
    ExpectHeld({-1e-20f}, symmetric);
  }
}

TEST(Numerics, QuantizesRowsOfZeros) {
  const float zeros[3] = {};
  int8_t held[3] = {1, 2, 3};
  EXPECT_EQ(QuantizeSymmetric(zeros, 3, held).scale, 1);
  EXPECT_THAT(held, testing::Each(0));
  held[0] = 1;
  EXPECT_EQ(QuantizeAsymmetric(zeros, 3, held).offset, 0);
  EXPECT_THAT(held, testing::Each(0));
}

// Defined for any float; what comes out does not matter.
TEST(Numerics, QuantizesRowsOfAnyFloats) {
  const std::vector<std::vector<float>> rows = {{HUGE_VALF, 1},
                                                {-HUGE_VALF, HUGE_VALF},
                                                {std::nanf(""), 1},
                                                {3e38f, -3e38f},
                                                {1e-45f, 0}};
  for (const std::vector<float>& row : rows) {
    std::vector<int8_t> held(row.size());
    const auto count = static_cast<int64_t>(row.size());
    QuantizeSymmetric(row.data(), count, held.data());
    const auto q = QuantizeAsymmetric(row.data(), count, held.data());
    EXPECT_GE(q.offset, -128);
    EXPECT_LE(q.offset, 127);
  }
}

TEST(Numerics, UnpackNarrow) {
  for (const auto& [type, bits] :
       {std::pair{DataType::kInt4, 4}, std::pair{DataType::kInt2, 2}}) {
    const int count = 1 << bits;
    std::vector<std::byte> bytes(static_cast<size_t>(count * bits / 8 + 1));
    std::vector<int8_t> values;
    for (int i = 0; i < count; ++i) {
      values.push_back(static_cast<int8_t>(i < count / 2 ? i : i - count));
      bytes[static_cast<size_t>(i * bits / 8)] |=
          std::byte(static_cast<uint8_t>(i << (i * bits % 8)));
    }
    values.push_back(0);
    RuntimeTensor tensor;
    tensor.type = type;
    tensor.shape = Shape({count + 1});
    tensor.data = bytes.data();
    EXPECT_EQ(UnpackNarrow(tensor), values);
  }
}

}  // namespace liteforge::numerics_test
