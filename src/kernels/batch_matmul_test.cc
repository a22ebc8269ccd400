// SPDX-License-Identifier: Apache-2.0
// BATCH_MATMUL against sums over the inner dimension, batches broadcast.
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "kernels/filter_testing.h"
#include "kernels/index_testing.h"

namespace liteforge::batch_matmul_test {

// Batches of a and b; then rows, depth, columns.
struct Case {
  Shape a, b;
  int rows, depth, columns;
  bool adj_x = false, adj_y = false;
};

std::vector<Case> Grid() {
  const std::pair<Shape, Shape> batches[] = {
      {{}, {}},   {{2}, {2}},       {{3}, {}},     {{}, {3}},
      {{1}, {4}}, {{2, 1}, {1, 3}}, {{2, 3}, {3}}, {{1, 2, 1}, {2, 1, 2}},
      {{0}, {1}}};
  const int sizes[][3] = {{1, 1, 1}, {3, 4, 2}, {1, 17, 5}, {4, 1, 3},
                          {2, 0, 3}, {0, 2, 3}, {2, 3, 0}};
  std::vector<Case> cases;
  for (const bool adj_x : {false, true}) {
    for (const bool adj_y : {false, true}) {
      for (const auto& [a, b] : batches)
        cases.push_back({a, b, 3, 5, 4, adj_x, adj_y});
      for (const auto& [rows, depth, columns] : sizes)
        cases.push_back({{2}, {1}, rows, depth, columns, adj_x, adj_y});
    }
  }
  return cases;
}

Shape Matrices(Shape batches, int rows, int columns, bool transposed) {
  batches.Append(transposed ? columns : rows);
  batches.Append(transposed ? rows : columns);
  return batches;
}
Shape ShapeOfA(const Case& c) {
  return Matrices(c.a, c.rows, c.depth, c.adj_x);
}
Shape ShapeOfB(const Case& c) {
  return Matrices(c.b, c.depth, c.columns, c.adj_y);
}
Shape ShapeOfOutput(const Case& c) {
  Shape shape = c.a.rank() >= c.b.rank() ? c.a : c.b;
  const Shape& other = c.a.rank() >= c.b.rank() ? c.b : c.a;
  for (int axis = 0; axis < other.rank(); ++axis) {
    const int at = shape.rank() - other.rank() + axis;
    if (shape[at] == 1) shape.set_dim(at, other[axis]);
  }
  return Matrices(shape, c.rows, c.columns, false);
}

// value(a, b) summed over depth, exact: integers or eighths.
template <class A, class B, class Term>
std::vector<double> Sums(const Case& c, const std::vector<A>& a,
                         const std::vector<B>& b, const Term& term) {
  const Shape output = ShapeOfOutput(c);
  const auto place = [&](const auto& values, const Shape& shape,
                         const Shape& batches, const Coordinates& at,
                         int64_t row, int64_t column, bool transposed) {
    const int64_t matrix =
        BroadcastPlace(batches, Coordinates(at.begin(), at.end() - 2));
    const int64_t width = shape[shape.rank() - 1];
    const int64_t size = shape[shape.rank() - 2] * width;
    const int64_t within =
        transposed ? column * width + row : row * width + column;
    return values[static_cast<size_t>(matrix * size + within)];
  };
  std::vector<double> sums;
  for (int64_t i = 0; i < output.elements(); ++i) {
    const auto at = CoordinatesOf(output, i);
    const int64_t row = at[at.size() - 2], column = at.back();
    double sum = 0;
    for (int64_t d = 0; d < c.depth; ++d)
      sum += term(place(a, ShapeOfA(c), c.a, at, row, d, c.adj_x),
                  place(b, ShapeOfB(c), c.b, at, d, column, c.adj_y));
    sums.push_back(sum);
  }
  return sums;
}

KernelCase MakeCase(const Case& c, KernelTensor a, KernelTensor b,
                    KernelTensor output = {}) {
  KernelCase k{Op::kBatchMatMul,
               BatchMatMulOptions{.adj_x = c.adj_x, .adj_y = c.adj_y}};
  k.inputs = {std::move(a), std::move(b)};
  k.outputs = {std::move(output)};
  return k;
}

TEST(BatchMatMul, Floats) {
  for (const Case& c : Grid()) {
    const auto a = RandomEighths(ShapeOfA(c), 1);
    const auto b = RandomEighths(ShapeOfB(c), 2);
    const auto sums = Sums(c, a, b, [](float x, float y) {
      return static_cast<double>(x) * static_cast<double>(y);
    });
    const KernelCase k = MakeCase(c, KernelTensor::Of(ShapeOfA(c), a),
                                  KernelTensor::Of(ShapeOfB(c), b));
    const std::vector<float> expected(sums.begin(), sums.end());
    ExpectValues(k, expected, ShapeOfOutput(c));
    ExpectValues(WithConstants(k), expected, ShapeOfOutput(c));
  }
}

struct Scales {
  float a, b, output;
  int a_zero = 0, b_zero = 0, output_zero = 0;
};

template <class A, class B>
void ExpectQuantized(const Scales& s) {
  for (const Case& c : Grid()) {
    const auto a = RandomIntegers<A>(ShapeOfA(c), -128, 127, 3);
    const auto b = RandomIntegers<B>(ShapeOfB(c), -128, 127, 4);
    const auto sums = Sums(c, a, b, [&](A x, B y) {
      return static_cast<double>(x - s.a_zero) * (y - s.b_zero);
    });
    const KernelCase k = MakeCase(
        c, KernelTensor::Of(ShapeOfA(c), a, Steps(s.a, s.a_zero)),
        KernelTensor::Of(ShapeOfB(c), b, Steps(s.b, s.b_zero)),
        KernelTensor::Output(TypeOf<A>(), Steps(s.output, s.output_zero)));
    for (const KernelMode mode : kKernelModes) {
      const Rounding rounding = sizeof(A) == 2 ? Rounding::kOnce
                                : mode == KernelMode::kReference
                                    ? Rounding::kTiesAway
                                    : Rounding::kTiesUp;
      std::vector<A> expected;
      for (const double sum : sums) {
        const int64_t value = Rescaled(static_cast<int64_t>(sum),
                                       static_cast<double>(s.a * s.b) /
                                           static_cast<double>(s.output),
                                       rounding) +
                              s.output_zero;
        expected.push_back(static_cast<A>(
            std::clamp<int64_t>(value, std::numeric_limits<A>::min(),
                                std::numeric_limits<A>::max())));
      }
      const KernelRun run = RunKernel(k, mode);
      ASSERT_TRUE(run.ok()) << run.stage << ": " << run.error;
      ASSERT_EQ(run.Values<A>(), expected) << Name(mode);
    }
  }
}

TEST(BatchMatMul, Int8) {
  ExpectQuantized<int8_t, int8_t>({0.5f, 0.25f, 16.0f, 0, 0, 0});
  ExpectQuantized<int8_t, int8_t>({0.05f, 0.03f, 0.7f, 5, -9, 11});
  ExpectQuantized<int8_t, int8_t>({0.05f, 0.03f, 0.3f, -128, 127, -128});
}

TEST(BatchMatMul, Int16) {
  ExpectQuantized<int16_t, int16_t>({0.001f, 0.002f, 0.003f});
  ExpectQuantized<int16_t, int8_t>({0.001f, 0.05f, 0.07f});
}

// int32 is what the stored values add up to.
TEST(BatchMatMul, Int8ToInt32) {
  for (const Case& c : Grid()) {
    const auto a = RandomIntegers<int8_t>(ShapeOfA(c), -128, 127, 5);
    const auto b = RandomIntegers<int8_t>(ShapeOfB(c), -128, 127, 6);
    const auto sums = Sums(
        c, a, b, [](int8_t x, int8_t y) { return static_cast<double>(x) * y; });
    ExpectValues(MakeCase(c, KernelTensor::Of(ShapeOfA(c), a, Steps(0.5f, 3)),
                          KernelTensor::Of(ShapeOfB(c), b, Steps(0.5f, 4)),
                          KernelTensor::Output(DataType::kInt32)),
                 std::vector<int32_t>(sums.begin(), sums.end()),
                 ShapeOfOutput(c));
  }
}

// Within half a step of the row of a in each of the products.
TEST(BatchMatMul, HybridIsCloseToFloat) {
  for (const bool asymmetric : {false, true}) {
    for (const bool per_column : {false, true}) {
      for (const Case& c : Grid()) {
        const auto a = RandomEighths(ShapeOfA(c), 7);
        const auto b = RandomIntegers<int8_t>(ShapeOfB(c), -127, 127, 8);
        if (per_column && c.columns < 2) continue;
        const auto scales = FilterScales(per_column ? c.columns : 1);
        const int axis = ShapeOfB(c).rank() - (c.adj_y ? 2 : 1);
        KernelCase k =
            MakeCase(c, KernelTensor::Of(ShapeOfA(c), a),
                     KernelTensor::Of(ShapeOfB(c), b,
                                      per_column ? ChannelSteps(scales, axis)
                                                 : Steps(scales[0])));
        k.options =
            BatchMatMulOptions{.adj_x = c.adj_x,
                               .adj_y = c.adj_y,
                               .asymmetric_quantize_inputs = asymmetric};
        const auto sums = Sums(c, a, b, [](float x, int8_t y) {
          return static_cast<double>(x) * y;
        });
        // Eighths up to 3: steps of 3/127, or of 6/255 and an offset.
        const double slack = 0.026 / 2 * 127 * c.depth;
        for (const KernelMode mode : kKernelModes) {
          const KernelRun run = RunKernel(k, mode);
          ASSERT_TRUE(run.ok()) << run.stage << ": " << run.error;
          const auto got = run.Values<float>();
          ASSERT_EQ(got.size(), sums.size());
          for (size_t i = 0; i < sums.size(); ++i) {
            const auto scale = static_cast<double>(
                scales[per_column ? i % static_cast<size_t>(c.columns) : 0]);
            ASSERT_NEAR(got[i], sums[i] * scale, slack * scale) << Name(mode);
          }
        }
      }
    }
  }
}

TEST(BatchMatMul, RefusesWhatDoesNotGoTogether) {
  const Case c{{}, {}, 1, 1, 1};
  const auto floats = KernelTensor::Of<float>({1, 1}, {1});
  const auto bytes = KernelTensor::Of<int8_t>({1, 1}, {1}, Steps(0.5f));
  ExpectRefused(MakeCase(c, floats, KernelTensor::Of<float>({2, 1}, {1, 2})),
                "infer", "do not agree in the summed dimension");
  ExpectRefused(MakeCase(c, floats, KernelTensor::Of<float>({1}, {1})), "infer",
                "at least 2 dimensions");
  ExpectRefused(MakeCase(c, KernelTensor::Of<float>({2, 1, 1}, {1, 2}),
                         KernelTensor::Of<float>({3, 1, 1}, {1, 2, 3})),
                "infer", "");
  ExpectRefused(
      MakeCase(c, bytes, KernelTensor::Of<int16_t>({1, 1}, {1}, Steps(1))),
      "prepare", "int8 with int16 is not supported");
  ExpectRefused(
      MakeCase(c, bytes, bytes, KernelTensor::Output(DataType::kInt8)),
      "prepare", "without a quantization scale");
  ExpectRefused(MakeCase(c, bytes, bytes,
                         KernelTensor::Output(DataType::kInt16, Steps(1))),
                "prepare", "the first input's type");
  const auto words = KernelTensor::Of<int16_t>({1, 1}, {1}, Steps(0.5f, 3));
  ExpectRefused(MakeCase(c, words, bytes,
                         KernelTensor::Output(DataType::kInt16, Steps(1))),
                "prepare", "zero_point must be 0");
  ExpectRefused(
      MakeCase(c, floats,
               KernelTensor::Of<int8_t>({1, 1}, {1}, ChannelSteps({1, 2}, 1))),
      "prepare", "has 2 scales, the output has 1 columns");
}

}  // namespace liteforge::batch_matmul_test
