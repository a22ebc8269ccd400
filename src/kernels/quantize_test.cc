// SPDX-License-Identifier: Apache-2.0
// QUANTIZE and DEQUANTIZE over all pairs of types they go between.
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "kernels/filter_testing.h"
#include "kernels/half_testing.h"
#include "kernels/kernel_tester.h"

namespace liteforge::quantize_test {

template <class In>
KernelCase QuantizeCase(const std::vector<In>& x, const Quantization& in,
                        DataType type, const Quantization& out) {
  KernelCase k{Op::kQuantize};
  k.inputs = {KernelTensor::Of<In>({static_cast<int32_t>(x.size())}, x, in)};
  k.outputs = {KernelTensor::Output(type, out)};
  return k;
}

// A power of two as scale makes ties, which go away from 0.
template <class T>
void ExpectFromFloats(float scale, int zero) {
  using Limits = std::numeric_limits<T>;
  std::vector<float> x = {HUGE_VALF, -HUGE_VALF, 1e30f, -1e30f, 0, -0.0f};
  for (int i = -1200; i <= 1200; ++i)
    x.push_back(scale / 4 * static_cast<float>(i));
  std::vector<T> expected;
  for (const float value : x) {
    const double steps =
        std::round(static_cast<double>(value) / static_cast<double>(scale));
    expected.push_back(static_cast<T>(
        std::clamp<double>(steps + zero, Limits::min(), Limits::max())));
  }
  ExpectValues(QuantizeCase<float>(x, {}, TypeOf<T>(), Steps(scale, zero)),
               expected);
}

TEST(Quantize, Floats) {
  for (const float scale : {0.125f, 2.0f}) {
    ExpectFromFloats<int8_t>(scale, 0);
    ExpectFromFloats<int8_t>(scale, -100);
    ExpectFromFloats<uint8_t>(scale, 0);
    ExpectFromFloats<uint8_t>(scale, 128);
    ExpectFromFloats<int16_t>(scale, 0);
    ExpectFromFloats<int16_t>(scale, 700);
  }
}

TEST(Quantize, FloatsOfAnyScaleToTheNearestStep) {
  for (const float scale : {0.1f, 0.0371f, 13.7f}) {
    std::vector<float> x;
    for (int i = -300; i <= 300; ++i)
      x.push_back(static_cast<float>(i) * 0.1371f);
    for (const KernelMode mode : kKernelModes) {
      const KernelRun run = RunKernel(
          QuantizeCase<float>(x, {}, DataType::kInt8, Steps(scale, 7)), mode);
      ASSERT_TRUE(run.ok()) << run.error;
      const auto y = run.Values<int8_t>();
      for (size_t i = 0; i < x.size(); ++i) {
        const double steps =
            static_cast<double>(x[i]) / static_cast<double>(scale) + 7;
        EXPECT_NEAR(y[i], std::clamp(steps, -128.0, 127.0), 0.5001);
      }
    }
  }
}

// A quotient near a tie falls on one side as a float and on the other as a
// double. Both kernels of TensorFlow Lite, reference and optimized.
TEST(Quantize, Int16QuotientsAreDoublesButInReferenceMode) {
  constexpr float kScale = 0.000123f;
  std::vector<float> x;
  std::vector<int16_t> by_float, by_double;
  for (int i = 0; i < 20000; ++i) {
    const float value = (static_cast<float>(i) + 0.5f) * kScale;
    x.push_back(value);
    by_float.push_back(static_cast<int16_t>(std::round(value / kScale)));
    by_double.push_back(static_cast<int16_t>(
        std::round(static_cast<double>(value) / static_cast<double>(kScale))));
  }
  EXPECT_NE(by_float, by_double);
  for (const KernelMode mode : kKernelModes) {
    const KernelRun run = RunKernel(
        QuantizeCase<float>(x, {}, DataType::kInt16, Steps(kScale, 0)), mode);
    ASSERT_TRUE(run.ok()) << run.error;
    EXPECT_EQ(run.Values<int16_t>(),
              mode == KernelMode::kReference ? by_float : by_double);
  }
}

// Each slice along the axis in its own steps.
template <class T>
void ExpectInChannels(const Shape& shape, int axis) {
  using Limits = std::numeric_limits<T>;
  std::vector<float> x;
  for (int i = 0; i < shape.elements(); ++i)
    x.push_back(0.37f * static_cast<float>(i - 11));
  std::vector<float> scales;
  std::vector<int64_t> zeros;
  for (int c = 0; c < shape[axis]; ++c) {
    scales.push_back(0.25f * static_cast<float>(c + 1));
    zeros.push_back(std::is_signed_v<T> ? 3 * c : 100 + c);
  }
  for (const bool one_zero : {false, true}) {
    if (one_zero) zeros.assign(scales.size(), zeros[0]);
    std::vector<T> expected;
    for (int64_t i = 0; i < shape.elements(); ++i) {
      int64_t inner = 1;
      for (int a = axis + 1; a < shape.rank(); ++a) inner *= shape[a];
      const auto c = static_cast<size_t>(i / inner % shape[axis]);
      const double steps =
          std::round(static_cast<double>(x[static_cast<size_t>(i)]) /
                     static_cast<double>(scales[c]));
      expected.push_back(static_cast<T>(
          std::clamp<double>(steps + static_cast<double>(zeros[c]),
                             Limits::min(), Limits::max())));
    }
    KernelCase k{Op::kQuantize};
    k.inputs = {KernelTensor::Of(shape, x)};
    k.outputs = {KernelTensor::Output(
        TypeOf<T>(),
        ChannelSteps(scales, axis,
                     one_zero ? std::vector<int64_t>{zeros[0]} : zeros))};
    ExpectValues(k, expected, shape);
  }
}

TEST(Quantize, FloatsPerChannel) {
  for (int axis = 0; axis < 3; ++axis) {
    ExpectInChannels<int8_t>({2, 3, 4}, axis);
    ExpectInChannels<uint8_t>({2, 3, 4}, axis);
    ExpectInChannels<int16_t>({2, 3, 4}, axis);
  }
}

// Four or two bits each, the first in the low ones.
TEST(Quantize, FloatsToPackedTypes) {
  const std::vector<float> x = {0, 0.5f, -0.5f, 3.4f, 100, -100, 1.25f};
  const auto bytes = [&](DataType type, int zero) {
    return QuantizeCase<float>(x, {}, type, Steps(0.5f, zero));
  };
  //  0 1 -1 7 7 -8 3
  ExpectValues<uint8_t>(bytes(DataType::kInt4, 0), {0x10, 0x7F, 0x87, 0x03},
                        {7});
  //  8 9 7 15 15 0 11
  ExpectValues<uint8_t>(bytes(DataType::kUInt4, 8), {0x98, 0xF7, 0x0F, 0x0B},
                        {7});
  //  0 1 -1 1 | 1 -2 1
  ExpectValues<uint8_t>(bytes(DataType::kInt2, 0), {0x74, 0x19}, {7});
}

template <class In, class Out>
void ExpectRequantized(float in, int in_zero, float out, int out_zero) {
  std::vector<In> x = RandomIntegers<In>({300}, -3000, 3000, 1);
  for (int i = -130; i <= 130; ++i) x.push_back(static_cast<In>(i));
  std::vector<Out> expected;
  for (const In q : x) {
    const int64_t steps =
        Rescaled(int64_t{q} - in_zero,
                 static_cast<double>(in) / static_cast<double>(out),
                 Rounding::kTiesAway) +
        out_zero;
    expected.push_back(static_cast<Out>(
        std::clamp<int64_t>(steps, std::numeric_limits<Out>::min(),
                            std::numeric_limits<Out>::max())));
  }
  ExpectValues(QuantizeCase<In>(x, Steps(in, in_zero), TypeOf<Out>(),
                                Steps(out, out_zero)),
               expected);
}

template <class In, class Out>
void ExpectRequantizedByEveryScale(int in_zero, int out_zero) {
  for (const float in : {0.5f, 0.03f}) {
    for (const float out : {0.5f, 0.25f, 0.0071f, 2.0f, 3.7f})
      ExpectRequantized<In, Out>(in, in_zero, out, out_zero);
  }
}

template <class In>
void ExpectRequantizedTo(int zero) {
  ExpectRequantizedByEveryScale<In, int8_t>(zero, -5);
  ExpectRequantizedByEveryScale<In, uint8_t>(zero, 130);
  ExpectRequantizedByEveryScale<In, int16_t>(zero, 0);
}

TEST(Quantize, BetweenQuantizedTypes) {
  ExpectRequantizedTo<int8_t>(7);
  ExpectRequantizedTo<uint8_t>(100);
  ExpectRequantizedTo<int16_t>(0);
  ExpectRequantizedTo<int32_t>(0);
  ExpectRequantizedByEveryScale<int16_t, int32_t>(0, 0);
}

TEST(Quantize, RefusesWhatDoesNotGoTogether) {
  const auto steps = Steps(0.5f);
  const DataType i8 = DataType::kInt8;
  ExpectRefused(QuantizeCase<float>({1}, {}, i8, {}), "prepare",
                "without a quantization scale");
  ExpectRefused(QuantizeCase<uint8_t>({1}, {}, i8, steps), "prepare",
                "without a quantization scale");
  ExpectRefused(QuantizeCase<float>({1}, {}, DataType::kInt32, steps),
                "prepare", "float32 to int32 is not supported");
  ExpectRefused(QuantizeCase<int64_t>({1}, steps, i8, steps), "prepare",
                "int64 to int8 is not supported");
  ExpectRefused(QuantizeCase<float>({1}, {}, i8, ChannelSteps({1, 2}, 0)),
                "prepare", "the scales do not fit [1]");
  ExpectRefused(
      QuantizeCase<int8_t>({1, 2}, steps, i8, ChannelSteps({1, 2}, 0)),
      "prepare", "a per-channel output of int8 from int8");
  ExpectRefused(QuantizeCase<int8_t>({1}, steps, DataType::kInt4, steps),
                "prepare", "int8 to int4 is not supported");
}

//--------------------------------------------------------------- DEQUANTIZE

KernelCase DequantizeCase(KernelTensor input) {
  KernelCase k{Op::kDequantize};
  k.inputs = {std::move(input)};
  return k;
}

template <class T>
void ExpectDequantized(const Quantization& q, const Shape& shape) {
  const auto x = RandomIntegers<T>(shape, std::numeric_limits<T>::min(),
                                   std::numeric_limits<T>::max(), 2);
  int64_t inner = 1;
  for (int axis = q.axis + 1; axis < shape.rank(); ++axis) inner *= shape[axis];
  std::vector<float> expected;
  for (size_t i = 0; i < x.size(); ++i) {
    const auto channel = i / static_cast<size_t>(inner) % q.scale.size();
    expected.push_back(
        static_cast<float>(static_cast<double>(q.scale[channel]) *
                           static_cast<double>(x[i] - q.zero_point[channel])));
  }
  ExpectValues(DequantizeCase(KernelTensor::Of<T>(shape, x, q)), expected,
               shape);
}

template <class T>
void ExpectDequantizedByEveryScale(int zero) {
  for (const Shape& shape : {Shape{}, Shape{0}, Shape{100}, Shape{3, 4, 5}}) {
    for (const float scale : {0.5f, 0.037f})
      ExpectDequantized<T>(Steps(scale, zero), shape);
  }
  const Shape shape{2, 3, 4};
  for (int axis = 0; axis < 3; ++axis) {
    std::vector<float> scales = FilterScales(shape[axis]);
    ExpectDequantized<T>(ChannelSteps(scales, axis), shape);
    std::vector<int64_t> zeros;
    for (int i = 0; i < shape[axis]; ++i) zeros.push_back(zero + i);
    ExpectDequantized<T>(ChannelSteps(scales, axis, zeros), shape);
  }
}

TEST(Dequantize, Integers) {
  ExpectDequantizedByEveryScale<int8_t>(-7);
  ExpectDequantizedByEveryScale<uint8_t>(128);
  ExpectDequantizedByEveryScale<int16_t>(0);
  ExpectDequantizedByEveryScale<uint16_t>(32768);
}

// Two a byte, the first in the low bits.
TEST(Dequantize, Int4) {
  const std::vector<uint8_t> packed = {0x10, 0x87, 0x0F};
  const auto input = [&](Quantization q) {
    return KernelTensor::OfType(DataType::kInt4, {5}, packed, std::move(q));
  };
  ExpectValues<float>(DequantizeCase(input(Steps(0.5f))),
                      {0, 0.5f, 3.5f, -4, -0.5f}, {5});
  ExpectValues<float>(DequantizeCase(input(ChannelSteps({1, 2, 4, 8, 16}, 0))),
                      {0, 2, 28, -64, -16}, {5});
}

TEST(Dequantize, UInt4AndInt2) {
  ExpectValues<float>(DequantizeCase(KernelTensor::OfType<uint8_t>(
                          DataType::kUInt4, {3}, {0x1F, 0x08}, Steps(0.5f, 8))),
                      {3.5f, -3.5f, 0}, {3});
  ExpectValues<float>(DequantizeCase(KernelTensor::OfType<uint8_t>(
                          DataType::kInt2, {5}, {0x9C, 0x01}, Steps(2))),
                      {0, -2, 2, -4, 2}, {5});
}

TEST(Dequantize, HalfFloats) {
  std::vector<float> x = {HUGE_VALF, -HUGE_VALF, 0, 1e-7f, 6.1e-5f, 65504};
  for (int i = -40; i < 40; ++i) x.push_back(static_cast<float>(i) / 3);
  const Shape shape{2, static_cast<int32_t>(x.size()) / 2};
  for (const HalfFormat& format : kHalfFormats) {
    std::vector<double> rounded;
    const KernelCase k = DequantizeCase(Halves(format, shape, x, &rounded));
    ExpectValues(k, std::vector<float>(rounded.begin(), rounded.end()), shape);
  }
}

TEST(Dequantize, RefusesWhatDoesNotGoTogether) {
  ExpectRefused(DequantizeCase(KernelTensor::Of<int8_t>({1}, {1})), "prepare",
                "without a quantization scale");
  ExpectRefused(DequantizeCase(KernelTensor::Of<int32_t>({1}, {1}, Steps(1))),
                "prepare", "int32 is not supported");
  ExpectRefused(DequantizeCase(KernelTensor::Of<int8_t>(
                    {3}, {1, 2, 3}, ChannelSteps({1, 2}, 0))),
                "prepare", "the scales do not fit");
  ExpectRefused(DequantizeCase(KernelTensor::Of<int8_t>(
                    {2}, {1, 2}, ChannelSteps({1, 2}, 1))),
                "prepare", "the scales do not fit");
}

}  // namespace liteforge::quantize_test
