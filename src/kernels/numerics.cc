// SPDX-License-Identifier: Apache-2.0
#include "kernels/numerics.h"

#include <algorithm>
#include <bit>
#include <string>

#include "kernels/micro/float_functions.h"
#include "kernels/packed_elements.h"

namespace liteforge {

FixedScale ToFixedScale(double real) {
  if (!(real > 0)) return {};
  if (real >= 0x1p31) return {std::numeric_limits<int32_t>::max(), 31};
  int shift = 0;
  const double fraction = std::frexp(real, &shift);  // [0.5, 1)
  auto fixed = static_cast<int64_t>(
      std::round(fraction * static_cast<double>(int64_t{1} << 31)));
  if (fixed == int64_t{1} << 31) {
    fixed /= 2;
    ++shift;
  }
  if (shift < -31) return {};
  if (shift > 31) return {std::numeric_limits<int32_t>::max(), 31};
  return {static_cast<int32_t>(fixed), shift};
}

bool PowerOfTwoExponent(float x, int& exponent) {
  const float log = std::log2(x);
  if (!std::isfinite(log)) return false;
  const float rounded = std::round(log);
  exponent = static_cast<int>(rounded);
  return std::abs(log - rounded) < 1e-3f;
}

Range<float> FloatActivationRange(Activation activation) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  switch (activation) {
    case Activation::kRelu:
      return {0.0f, kInfinity};
    case Activation::kRelu6:
      return {0.0f, 6.0f};
    case Activation::kReluN1To1:
      return {-1.0f, 1.0f};
    default:
      return {-kInfinity, kInfinity};
  }
}

template <class T>
Range<T> IntegerActivationRange(Activation activation) {
  constexpr T kLowest = std::numeric_limits<T>::lowest();
  constexpr T kMax = std::numeric_limits<T>::max();
  switch (activation) {
    case Activation::kRelu:
      return {0, kMax};
    case Activation::kRelu6:
      return {0, 6};
    case Activation::kReluN1To1:
      return {static_cast<T>(-1), 1};
    default:
      return {kLowest, kMax};
  }
}
template Range<int32_t> IntegerActivationRange(Activation);
template Range<int64_t> IntegerActivationRange(Activation);
template Range<int16_t> IntegerActivationRange(Activation);
template Range<uint32_t> IntegerActivationRange(Activation);

Range<int32_t> RangeOf(DataType type) {
  switch (type) {
    case DataType::kUInt8:
      return {0, 255};
    case DataType::kInt8:
      return {-128, 127};
    case DataType::kInt4:
      return {-8, 7};
    case DataType::kUInt4:
      return {0, 15};
    case DataType::kInt2:
      return {-2, 1};
    case DataType::kInt16:
      return {-32768, 32767};
    default:
      return {std::numeric_limits<int32_t>::min(),
              std::numeric_limits<int32_t>::max()};
  }
}

Result<Range<int32_t>> QuantizedActivationRange(Activation activation,
                                                const RuntimeTensor& output) {
  TRY(CheckQuantized(output, "output"));
  const Range<int32_t> whole = RangeOf(output.type);
  const auto steps = [&](float real) -> int64_t {
    const float q = std::round(real / output.scale());
    return output.zero_point() +
           static_cast<int64_t>(std::clamp(q, -1e9f, 1e9f));
  };
  const Range<float> real = FloatActivationRange(activation);
  Range<int32_t> range = whole;
  if (real.min >= -1.0f) {
    range.min =
        static_cast<int32_t>(std::max<int64_t>(whole.min, steps(real.min)));
  }
  if (real.max <= 6.0f) {
    range.max =
        static_cast<int32_t>(std::min<int64_t>(whole.max, steps(real.max)));
  }
  return range;
}

Result<void> CheckQuantized(const RuntimeTensor& tensor, const char* role) {
  const auto& scale = tensor.quantization->scale;
  const auto& zero_point = tensor.quantization->zero_point;
  const std::string what = std::string(role) + " '" + std::string(tensor.name) +
                           "' is " + std::string(Name(tensor.type));
  if (scale.empty() || !(scale[0] > 0) || !std::isfinite(scale[0]))
    return InvalidModel(what + " without a quantization scale");
  const Range<int32_t> range = RangeOf(tensor.type);
  const int64_t zero = zero_point.empty() ? 0 : zero_point[0];
  if (zero < range.min || zero > range.max)
    return InvalidModel(what + " with zero point " + std::to_string(zero));
  return {};
}

int32_t SaturatingShiftLeft(int32_t x, int shift) {
  const int64_t shifted = int64_t{x} * (int64_t{1} << shift);
  return static_cast<int32_t>(
      std::clamp<int64_t>(shifted, std::numeric_limits<int32_t>::min(),
                          std::numeric_limits<int32_t>::max()));
}

namespace {

// e^x for x in [-1/4, 0), both Q0.31: a fourth-order Taylor series around
// -1/8.
int32_t ExpNearZero(int32_t x) {
  constexpr int32_t kExpOfMinusEighth = 1895147668;
  constexpr int32_t kOneThird = 715827883;
  const int32_t y = x + (1 << 28);
  const int32_t y2 = DoublingHighMultiply(y, y);
  const int32_t y3 = DoublingHighMultiply(y2, y);
  const int32_t y4 = DoublingHighMultiply(y2, y2);
  const int32_t y4_over_4 = RoundingDivideByPowerOfTwo(y4, 2);
  const int32_t tail = RoundingDivideByPowerOfTwo(
      DoublingHighMultiply(y4_over_4 + y3, kOneThird) + y2, 1);
  return kExpOfMinusEighth + DoublingHighMultiply(kExpOfMinusEighth, y + tail);
}

}  // namespace

int32_t ExpOfNegativeQ5(int32_t x) {
  if (x == 0) return std::numeric_limits<int32_t>::max();
  constexpr int kFractionalBits = 26;
  constexpr int32_t kQuarter = 1 << (kFractionalBits - 2);
  // x = remainder of a quarter + a sum of powers of two from 1/4 to 16, each
  // of which multiplies by its own e^-power.
  const int32_t near_zero = (x & (kQuarter - 1)) - kQuarter;
  int32_t result = ExpNearZero(SaturatingShiftLeft(near_zero, 5));
  const int32_t remainder = near_zero - x;
  constexpr int32_t kExpOfMinusPower[] = {
      1672461947, 1302514674, 790015084, 290630308, 39332535, 720401, 242};
  for (int i = 0; i < 7; ++i) {
    if (remainder & (1 << (kFractionalBits - 2 + i))) {
      result = DoublingHighMultiply(result, kExpOfMinusPower[i]);
    }
  }
  return result;
}

namespace {

// 1 / (1 + x) for x in [0, 1), Q0.31: three Newton steps from 48/17 - 32/17 d
// in Q2.29, with d = (1 + x) / 2.
int32_t OneOverOnePlus(int32_t x) {
  constexpr int32_t kOne = std::numeric_limits<int32_t>::max();
  constexpr int32_t k48Over17 = 1515870810;
  constexpr int32_t kMinus32Over17 = -1010580540;
  const auto half_denominator =
      static_cast<int32_t>((int64_t{x} + kOne + 1) / 2);
  int32_t y =
      k48Over17 + DoublingHighMultiply(half_denominator, kMinus32Over17);
  for (int step = 0; step < 3; ++step) {
    const int32_t product = DoublingHighMultiply(half_denominator, y);
    const int32_t error = (1 << 29) - product;
    y += SaturatingShiftLeft(DoublingHighMultiply(y, error), 2);
  }
  return SaturatingShiftLeft(y, 1);
}

}  // namespace

int32_t ReciprocalQ0(int32_t x, int integer_bits, int& bits_over_unit) {
  const int headroom = std::countl_zero(static_cast<uint32_t>(x));
  bits_over_unit = integer_bits - headroom;
  const auto fraction = static_cast<int32_t>(
      (static_cast<uint32_t>(x) << headroom) - (uint32_t{1} << 31));
  return OneOverOnePlus(fraction);
}

namespace {

// A finite value unless a float of the row was none.
int8_t ToInt8(float steps, float lowest) {
  return std::isnan(steps)
             ? int8_t{0}
             : static_cast<int8_t>(std::clamp(steps, lowest, 127.0f));
}

}  // namespace

FloatQuantization QuantizeSymmetric(const float* values, int64_t count,
                                    int8_t* quantized) {
  const auto [low, high] = ExtentOfFloats(values, count);
  const float largest = std::max(-low, high);
  if (largest == 0) {
    std::fill_n(quantized, count, int8_t{0});
    return {};
  }
  RoundFloats(values, count, 127.0f / largest, 0, -127.0f, quantized);
  return {largest / 127.0f, 0};
}

FloatQuantization QuantizeAsymmetric(const float* values, int64_t count,
                                     int8_t* quantized) {
  const auto [low, high] = ExtentOfFloats(values, count);
  if (low == high) {
    std::fill_n(quantized, count, int8_t{0});
    return {};
  }
  const double rmin = low, rmax = high;
  const double scale = (rmax - rmin) / 255.0;
  // The zero point from whichever end of the range it is less in error.
  const double from_min = -128.0 - rmin / scale;
  const double from_max = 127.0 - rmax / scale;
  const bool min_better =
      128.0 + std::abs(rmin / scale) < 127.0 + std::abs(rmax / scale);
  const double nudged = std::round(min_better ? from_min : from_max);
  const FloatQuantization result{static_cast<float>(scale),
                                 ToInt8(static_cast<float>(nudged), -128.0f)};
  RoundFloats(values, count, 1.0f / result.scale,
              static_cast<float>(result.offset), -128.0f, quantized);
  return result;
}

std::vector<int8_t> UnpackNarrow(const RuntimeTensor& tensor) {
  std::vector<int8_t> values(static_cast<size_t>(tensor.elements()));
  UnpackElements(tensor, 0, tensor.elements(), values.data());
  return values;
}

}  // namespace liteforge
