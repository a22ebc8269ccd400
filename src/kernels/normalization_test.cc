// SPDX-License-Identifier: Apache-2.0
// L2_NORMALIZATION, LOCAL_RESPONSE_NORMALIZATION and LOG_SOFTMAX against their
// formulas in double.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <vector>

#include "kernels/filter_testing.h"
#include "kernels/kernel_tester.h"

namespace liteforge::normalization_test {

const Shape kShapes[] = {{1}, {7}, {3, 5}, {2, 3, 4}, {2, 1, 3, 16}};

using Row = std::vector<double>;
using RowFunction = std::function<Row(const Row&)>;

// f of every row of real values.
template <class T>
std::vector<double> EachRow(const Shape& shape, const std::vector<T>& x,
                            double scale, int zero, const RowFunction& f) {
  const auto depth = static_cast<size_t>(shape[shape.rank() - 1]);
  std::vector<double> y;
  for (size_t first = 0; depth > 0 && first < x.size(); first += depth) {
    Row row;
    for (size_t c = 0; c < depth; ++c)
      row.push_back(scale * (static_cast<double>(x[first + c]) - zero));
    for (const double value : f(row)) y.push_back(value);
  }
  return y;
}

Row L2(const Row& x) {
  double squares = 0;
  for (const double v : x) squares += v * v;
  Row y;
  for (const double v : x) y.push_back(v / std::max(std::sqrt(squares), 1e-6));
  return y;
}

Row LogSoftmax(const Row& x) {
  const double largest = *std::max_element(x.begin(), x.end());
  double sum = 0;
  for (const double v : x) sum += std::exp(v - largest);
  Row y;
  for (const double v : x) y.push_back(v - largest - std::log(sum));
  return y;
}

void ExpectFloats(const KernelCase& make, const RowFunction& f,
                  double tolerance) {
  for (const Shape& shape : kShapes) {
    const auto x = RandomEighths(shape, 1);
    KernelCase k = make;
    k.inputs = {KernelTensor::Of<float>(shape, x)};
    const auto y = EachRow(shape, x, 1, 0, f);
    ExpectNear(k, std::vector<float>(y.begin(), y.end()), tolerance, shape);
  }
  for (const Shape& shape : {Shape{0, 3}, Shape{2, 0}}) {
    KernelCase k = make;
    k.inputs = {KernelTensor::Of<float>(shape, {})};
    ExpectValues<float>(k, {}, shape);
  }
}

template <class T>
void ExpectBytes(Op op, const RowFunction& f, float in, int in_zero, float out,
                 int out_zero, double tolerance) {
  using Limits = std::numeric_limits<T>;
  for (const Shape& shape : kShapes) {
    const auto x = RandomIntegers<T>(shape, Limits::min(), Limits::max(), 2);
    KernelCase k{op};
    k.inputs = {KernelTensor::Of<T>(shape, x, Steps(in, in_zero))};
    k.outputs = {KernelTensor::Output(TypeOf<T>(), Steps(out, out_zero))};
    const auto y = EachRow(shape, x, static_cast<double>(in), in_zero, f);
    for (const KernelMode mode : kKernelModes) {
      const KernelRun run = RunKernel(k, mode);
      ASSERT_TRUE(run.ok()) << run.stage << ": " << run.error;
      const auto got = run.Values<T>();
      for (size_t i = 0; i < y.size(); ++i) {
        const double steps = y[i] / static_cast<double>(out) + out_zero;
        ASSERT_NEAR(got[i],
                    std::clamp<double>(steps, Limits::min(), Limits::max()),
                    tolerance)
            << Name(mode) << " " << shape.ToString();
      }
    }
  }
}

TEST(L2Normalization, Floats) {
  ExpectFloats({Op::kL2Normalization}, L2, 1e-6);
  KernelCase k{Op::kL2Normalization};
  k.inputs = {KernelTensor::Of<float>({2, 2}, {0, 0, 1e-7f, 0})};
  ExpectNear<float>(k, {0, 0, 0.1f, 0});
}

TEST(L2Normalization, Bytes) {
  for (const float in : {0.01f, 1.0f}) {
    for (const int zero : {-128, -3, 127}) {
      ExpectBytes<int8_t>(Op::kL2Normalization, L2, in, zero, 1.0f / 128, 0,
                          0.76);
      ExpectBytes<uint8_t>(Op::kL2Normalization, L2, in, zero + 128, 1.0f / 128,
                           128, 0.76);
    }
  }
  KernelCase k{Op::kL2Normalization};
  k.inputs = {KernelTensor::Of<int8_t>({3}, {5, 5, 5}, Steps(0.5f, 5))};
  k.outputs = {KernelTensor::Output(DataType::kInt8, Steps(1.0f / 128))};
  ExpectValues<int8_t>(k, {0, 0, 0});
}

TEST(LogSoftmax, Floats) {
  ExpectFloats({Op::kLogSoftmax}, LogSoftmax, 1e-6);
  KernelCase k{Op::kLogSoftmax};
  k.inputs = {KernelTensor::Of<float>({3}, {3e38f, 3e38f, -3e38f})};
  ExpectNear<float>(k, {-std::log(2.0f), -std::log(2.0f), -HUGE_VALF});
}

TEST(LogSoftmax, Bytes) {
  for (const float in : {0.02f, 0.1f, 1.0f}) {
    ExpectBytes<int8_t>(Op::kLogSoftmax, LogSoftmax, in, 3, 1.0f / 16, 127,
                        0.51);
    ExpectBytes<uint8_t>(Op::kLogSoftmax, LogSoftmax, in, 100, 1.0f / 16, 255,
                         0.51);
  }
}

// Reference mode leaves the last neighbour out, as TFLite's reference kernel.
TEST(LocalResponseNormalization, SumsNeighboursOnBothSides) {
  for (const int radius : {0, 1, 2, 20}) {
    for (const float beta : {0.5f, 0.75f, 1.0f}) {
      LocalResponseNormalizationOptions o;
      o.radius = radius;
      o.bias = 1.5f;
      o.alpha = 0.25f;
      o.beta = beta;
      for (const Shape& shape : kShapes) {
        const auto x = RandomEighths(shape, 1);
        KernelCase k{Op::kLocalResponseNormalization, o};
        k.inputs = {KernelTensor::Of<float>(shape, x)};
        for (const KernelMode mode : kKernelModes) {
          const int after =
              mode == KernelMode::kReference ? radius - 1 : radius;
          const auto y = EachRow(shape, x, 1, 0, [&](const Row& row) {
            const auto depth = static_cast<int>(row.size());
            Row normal;
            for (int c = 0; c < depth; ++c) {
              double squares = 0;
              for (int i = 0; i < depth; ++i) {
                const double v = row[static_cast<size_t>(i)];
                if (i >= c - radius && i <= c + after) squares += v * v;
              }
              normal.push_back(
                  row[static_cast<size_t>(c)] *
                  std::pow(1.5 + 0.25 * squares, -static_cast<double>(beta)));
            }
            return normal;
          });
          const KernelRun run = RunKernel(k, mode);
          ASSERT_TRUE(run.ok()) << run.error;
          const auto got = run.Values<float>();
          ASSERT_EQ(got.size(), y.size());
          for (size_t i = 0; i < y.size(); ++i)
            ASSERT_NEAR(got[i], y[i], 1e-5) << Name(mode) << " " << radius;
        }
      }
    }
  }
}

TEST(Normalization, RefusesWhatDoesNotGoTogether) {
  const auto bytes = [](Op op, float scale, int zero) {
    KernelCase k{op};
    k.inputs = {KernelTensor::Of<int8_t>({1}, {1}, Steps(0.5f))};
    k.outputs = {KernelTensor::Output(DataType::kInt8, Steps(scale, zero))};
    return k;
  };
  ExpectRefused(bytes(Op::kL2Normalization, 0.5f, 0), "prepare", "scale must");
  ExpectRefused(bytes(Op::kL2Normalization, 1.0f / 128, 1), "prepare",
                "zero_point");
  ExpectRefused(bytes(Op::kLogSoftmax, 1.0f / 16, 0), "prepare", "zero_point");
  ExpectRefused(bytes(Op::kLocalResponseNormalization, 1.0f, 0), "prepare",
                "only float32");
  KernelCase k{Op::kL2Normalization,
               L2NormOptions{.fused_activation_function = Activation::kRelu}};
  k.inputs = {KernelTensor::Of<float>({1}, {1})};
  ExpectRefused(k, "prepare", "fused activation");
  for (const Op op : {Op::kL2Normalization, Op::kLogSoftmax,
                      Op::kLocalResponseNormalization}) {
    k = {op};
    k.inputs = {KernelTensor::Of<float>({}, {1})};
    ExpectRefused(k, "prepare", "must have an axis");
  }
  k = {Op::kLogSoftmax};
  k.inputs = {KernelTensor::Of<int32_t>({1}, {1})};
  ExpectRefused(k, "prepare", "int32 is not supported");
}

}  // namespace liteforge::normalization_test
