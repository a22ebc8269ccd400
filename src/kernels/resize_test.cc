// SPDX-License-Identifier: Apache-2.0
// Resized images against the formulas of where each output pixel looks.
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "kernels/filter_testing.h"
#include "kernels/index_testing.h"

namespace liteforge::resize_test {

struct Geometry {
  bool align_corners, half_pixel_centers;
};
const Geometry kGeometries[] = {{false, false}, {true, false}, {false, true}};

struct Case {
  Shape input;
  int32_t height, width;
};
const Case kCases[] = {
    {{1, 2, 3, 1}, 4, 6}, {{2, 3, 3, 2}, 5, 7}, {{1, 7, 5, 3}, 3, 2},
    {{1, 4, 4, 1}, 4, 4}, {{1, 1, 1, 2}, 3, 2}, {{1, 5, 6, 1}, 1, 1},
    {{2, 8, 6, 1}, 4, 3}, {{0, 2, 2, 1}, 3, 3}, {{1, 2, 2, 0}, 3, 3}};

KernelCase ResizeCase(Op op, const Geometry& g, KernelTensor input,
                      int32_t height, int32_t width) {
  KernelCase k{op};
  if (op == Op::kResizeBilinear) {
    k.options = ResizeBilinearOptions{g.align_corners, g.half_pixel_centers};
  } else {
    k.options =
        ResizeNearestNeighborOptions{g.align_corners, g.half_pixel_centers};
  }
  k.inputs = {std::move(input),
              KernelTensor::Of<int32_t>({2}, {height, width})};
  return k;
}

Shape Resized(const Case& c) {
  return {c.input[0], c.height, c.width, c.input[3]};
}

// Where along an axis of `in` pixel `at` of `out` looks; exact in double for
// such small numbers, but for the last bits.
double PlaceIn(int64_t at, int in, int out, const Geometry& g) {
  if (g.align_corners && out > 1)
    return static_cast<double>(at * (in - 1)) / (out - 1);
  if (g.half_pixel_centers)
    return static_cast<double>((2 * at + 1) * in) / (2 * out) - 0.5;
  return static_cast<double>(at * in) / out;
}

int64_t NearestIn(int64_t at, int in, int out, const Geometry& g) {
  const double place = PlaceIn(at, in, out, g);
  const bool half_up = g.align_corners || g.half_pixel_centers;
  const auto pixel =
      static_cast<int64_t>(std::floor(half_up ? place + 0.5 : place));
  return std::min<int64_t>(pixel, in - 1);
}

TEST(ResizeNearestNeighbor, PicksPixelsOfEveryType) {
  for (const Case& c : kCases) {
    for (const Geometry& g : kGeometries) {
      const auto places =
          PlacesFrom(c.input, Resized(c), [&](const Coordinates& at) {
            return Coordinates{at[0], NearestIn(at[1], c.input[1], c.height, g),
                               NearestIn(at[2], c.input[2], c.width, g), at[3]};
          });
      for (const DataType type : {DataType::kFloat32, DataType::kInt8,
                                  DataType::kUInt8, DataType::kInt16}) {
        const KernelCase k =
            ResizeCase(Op::kResizeNearestNeighbor, g, Labelled(type, c.input),
                       c.height, c.width);
        ExpectPicked(k, k.inputs[0], places, Resized(c));
        ExpectPicked(WithConstants(k), k.inputs[0], places, Resized(c));
      }
    }
  }
}

// Between the four pixels around the place, edges repeated.
template <class T>
std::vector<double> Interpolated(const Case& c, const Geometry& g,
                                 const std::vector<T>& x) {
  const auto pixel = [&](int64_t n, double y, double column, int64_t ch) {
    const auto inside = [](double at, int size) {
      return static_cast<int64_t>(std::clamp<double>(at, 0, size - 1));
    };
    return static_cast<double>(x[static_cast<size_t>(PlaceOf(
        c.input, {n, inside(y, c.input[1]), inside(column, c.input[2]), ch}))]);
  };
  std::vector<double> values;
  for (int64_t i = 0; i < Resized(c).elements(); ++i) {
    const auto at = CoordinatesOf(Resized(c), i);
    const double y = PlaceIn(at[1], c.input[1], c.height, g);
    const double column = PlaceIn(at[2], c.input[2], c.width, g);
    const double top = std::floor(y), left = std::floor(column);
    const double dy = y - top, dx = column - left;
    values.push_back((1 - dy) * ((1 - dx) * pixel(at[0], top, left, at[3]) +
                                 dx * pixel(at[0], top, left + 1, at[3])) +
                     dy * ((1 - dx) * pixel(at[0], top + 1, left, at[3]) +
                           dx * pixel(at[0], top + 1, left + 1, at[3])));
  }
  return values;
}

TEST(ResizeBilinear, Floats) {
  for (const Case& c : kCases) {
    for (const Geometry& g : kGeometries) {
      const auto x = RandomEighths(c.input, 1);
      const auto y = Interpolated(c, g, x);
      const KernelCase k =
          ResizeCase(Op::kResizeBilinear, g, KernelTensor::Of(c.input, x),
                     c.height, c.width);
      const std::vector<float> expected(y.begin(), y.end());
      ExpectNear(k, expected, 3e-6, Resized(c));
      ExpectNear(WithConstants(k), expected, 3e-6, Resized(c));
    }
  }
}

// `slack` steps besides the half of rounding.
template <class T>
void ExpectSteps(int low, int high, double slack) {
  for (const Case& c : kCases) {
    for (const Geometry& g : kGeometries) {
      const auto x = RandomIntegers<T>(c.input, low, high, 2);
      const auto y = Interpolated(c, g, x);
      const KernelCase k =
          ResizeCase(Op::kResizeBilinear, g, KernelTensor::Of(c.input, x),
                     c.height, c.width);
      for (const KernelMode mode : kKernelModes) {
        const KernelRun run = RunKernel(k, mode);
        ASSERT_TRUE(run.ok()) << run.error;
        const auto got = run.Values<T>();
        ASSERT_EQ(got.size(), y.size());
        for (size_t i = 0; i < y.size(); ++i)
          ASSERT_NEAR(got[i], y[i], 0.5 + slack)
              << Name(mode) << " " << c.input.ToString();
      }
    }
  }
}

TEST(ResizeBilinear, Integers) {
  ExpectSteps<uint8_t>(0, 255, 1e-4);
  // A place is off by up to half of 1/1024 for each pixel before it, along
  // both axes.
  ExpectSteps<int8_t>(-50, 50, 2 * 100 * 4 / 1024.0);
  ExpectSteps<int16_t>(-1000, 1000, 2 * 2000 * 4 / 1024.0);
}

// What TensorFlow Lite 2.9 makes of the same image, in each geometry.
TEST(ResizeBilinear, UInt8AsTensorFlowLite) {
  const std::vector<uint8_t> answers[] = {
      {11,  31,  51,  72,  92,  112, 132, 152, 172, 193, 196, 150, 83,
       30,  50,  70,  91,  111, 131, 151, 171, 175, 225, 140, 67,  52,
       49,  69,  90,  110, 130, 150, 154, 203, 206, 191, 89,  28,  48,
       68,  89,  109, 129, 132, 182, 202, 211, 161, 111, 62,  47,  67,
       87,  108, 111, 161, 181, 201, 221, 201, 99,  49,  52,  66,  86,
       90,  140, 160, 180, 200, 209, 194, 144, 60,  45,  65,  69,  131,
       151, 171, 192, 212, 232, 182, 63,  36,  57,  60},
      {11,  30,  48,  67,  85,  104, 122, 141, 159, 178, 196, 138, 83,
       29,  47,  66,  84,  103, 121, 140, 158, 177, 228, 137, 46,  46,
       46,  65,  83,  102, 120, 139, 157, 209, 191, 173, 100, 27,  45,
       64,  82,  101, 119, 138, 189, 208, 226, 153, 80,  62,  44,  63,
       81,  100, 118, 170, 188, 207, 207, 207, 116, 25,  43,  62,  80,
       99,  150, 169, 187, 206, 224, 170, 115, 79,  42,  61,  79,  131,
       150, 168, 187, 205, 224, 242, 133, 23,  42,  60},
      {11,  23,  43,  63,  83,  104, 124, 144, 164, 184, 196, 108, 84,
       43,  48,  68,  89,  109, 129, 149, 169, 181, 231, 166, 56,  36,
       48,  67,  88,  108, 128, 148, 160, 210, 196, 172, 110, 34,  46,
       66,  86,  107, 127, 139, 188, 200, 220, 169, 93,  65,  45,  65,
       85,  106, 117, 167, 179, 199, 213, 224, 124, 24,  44,  64,  84,
       96,  146, 158, 178, 198, 218, 182, 140, 82,  43,  63,  75,  131,
       143, 163, 183, 203, 224, 232, 113, 28,  48,  60}};
  std::vector<uint8_t> image;
  for (int i = 0; i < 30; ++i)
    image.push_back(static_cast<uint8_t>(i * 37 + 11));
  for (size_t g = 0; g < 3; ++g) {
    ExpectValues(
        ResizeCase(Op::kResizeBilinear, kGeometries[g],
                   KernelTensor::Of<uint8_t>({1, 5, 6, 1}, image), 8, 11),
        answers[g], {1, 8, 11, 1});
  }
}

// Bit for bit what the plain way makes, also of many channels and rows, and
// where most of the image is passed over.
template <class T>
void ExpectAsReference(const std::vector<T>& x, const Case& c) {
  for (const Op op : {Op::kResizeBilinear, Op::kResizeNearestNeighbor}) {
    for (const Geometry& g : kGeometries) {
      const KernelCase k =
          ResizeCase(op, g, KernelTensor::Of(c.input, x), c.height, c.width);
      const KernelRun want = RunKernel(k, KernelMode::kReference);
      ASSERT_TRUE(want.ok()) << want.error;
      for (const KernelMode mode : kKernelModes) {
        const KernelRun got = RunKernel(k, mode);
        ASSERT_TRUE(got.ok()) << got.error;
        ASSERT_EQ(got.Values<T>(), want.Values<T>())
            << Name(mode) << " " << c.input.ToString();
      }
    }
  }
}

TEST(Resize, IsAsTheReference) {
  const Case cases[] = {{{2, 9, 11, 21}, 40, 53},
                        {{1, 31, 60, 3}, 17, 29},
                        {{1, 40, 90, 16}, 7, 5},
                        {{1, 12, 12, 64}, 24, 24}};
  for (const Case& c : cases) {
    ExpectAsReference(RandomEighths(c.input, 1), c);
    ExpectAsReference(RandomIntegers<int8_t>(c.input, -128, 127, 2), c);
    ExpectAsReference(RandomIntegers<uint8_t>(c.input, 0, 255, 3), c);
    ExpectAsReference(RandomIntegers<int16_t>(c.input, -32768, 32767, 4), c);
  }
}

// Halves: away from 0 in fixed point, up in float.
TEST(ResizeBilinear, RoundsHalves) {
  const Geometry plain{false, false};
  const auto middle = [&](KernelTensor input) {
    return ResizeCase(Op::kResizeBilinear, plain, std::move(input), 1, 4);
  };
  ExpectValues<int8_t>(middle(KernelTensor::Of<int8_t>({1, 1, 2, 1}, {-3, -4})),
                       {-3, -4, -4, -4});
  ExpectValues<int8_t>(middle(KernelTensor::Of<int8_t>({1, 1, 2, 1}, {3, 4})),
                       {3, 4, 4, 4});
  ExpectValues<uint8_t>(middle(KernelTensor::Of<uint8_t>({1, 1, 2, 1}, {3, 4})),
                        {3, 4, 4, 4});
}

TEST(Resize, RefusesWhatHasNoMeaning) {
  const auto image = KernelTensor::Of<float>({1, 1, 1, 1}, {1});
  for (const Op op : {Op::kResizeBilinear, Op::kResizeNearestNeighbor}) {
    ExpectRefused(ResizeCase(op, {true, true}, image, 2, 2), "prepare",
                  "exclude each other");
    ExpectRefused(ResizeCase(op, {}, image, 0, 2), "", "height is 0");
    ExpectRefused(ResizeCase(op, {}, image, 2, -1), "", "width is -1");
    ExpectRefused(
        ResizeCase(op, {}, KernelTensor::Of<float>({1, 1, 1}, {1}), 2, 2),
        "infer", "[N, H, W, C]");
    ExpectRefused(
        ResizeCase(op, {}, KernelTensor::Of<int32_t>({1, 1, 1, 1}, {1}), 2, 2),
        "prepare", "int32 is not supported");
    for (const Shape& empty : {Shape{1, 0, 2, 1}, Shape{1, 2, 0, 1}}) {
      ExpectRefused(
          ResizeCase(op, {}, KernelTensor::Of<float>(empty, {}), 2, 2), "",
          "no pixels");
    }
    KernelCase k = ResizeCase(op, {}, image, 2, 2);
    k.inputs[1] = KernelTensor::Of<int32_t>({3}, {2, 2, 2});
    ExpectRefused(k, "", "[height, width]");
  }
}

}  // namespace liteforge::resize_test
