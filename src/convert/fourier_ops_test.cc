// SPDX-License-Identifier: Apache-2.0
// Fourier transforms of one to three axes against their sums, axis by axis.
#include <gtest/gtest.h>

#include <complex>

#include "convert/compile.h"
#include "convert/lowered_op_testing.h"
#include "liteforge/interpreter.h"

namespace liteforge::fourier_ops_test {

using Complex = std::complex<double>;

struct Grid {
  Shape shape;
  std::vector<Complex> v;
};

// y[j] = sum_k x[k] e^(sign 2 pi i j k / n) for j < outputs and k < n, along
// one axis; divided by n for sign 1. `half`: what stands is half of the
// spectrum of real numbers, whose other half is its mirrored conjugate.
Grid Along(const Grid& x, int axis, int n, int outputs, int sign,
           bool half = false) {
  Position dims = Dims(x.shape);
  dims[static_cast<size_t>(axis)] = outputs;
  Grid y{ToShape(dims), {}};
  const NdArray places = Filled(x.shape, 0);
  ForEachPosition(y.shape, [&](const Position& at) {
    Complex sum = 0;
    for (int k = 0; k < n; ++k) {
      Position from = at;
      const bool mirrored = half && k > n / 2;
      from[static_cast<size_t>(axis)] = mirrored ? n - k : k;
      Complex value = x.v[places.Offset(from)];
      if (mirrored) value = std::conj(value);
      // Of what is its own mirror image the real part counts.
      if (half && (k == 0 || 2 * k == n)) value = value.real();
      sum += value * std::polar(1.0, sign * 2 * M_PI *
                                         at[static_cast<size_t>(axis)] * k / n);
    }
    y.v.push_back(sign > 0 ? sum / (1.0 * n) : sum);
  });
  return y;
}

// An operation on an input drawn for it: real numbers, or a + b i.
class FourierCase {
 public:
  FourierCase(const Shape& shape, bool real, uint32_t seed) {
    OpCase draw(seed);
    grid_.shape = shape;
    const NdArray a = draw.Draw(shape, -1, 1), b = draw.Draw(shape, -1, 1);
    for (size_t i = 0; i < a.size(); ++i)
      grid_.v.emplace_back(a.v[i], real ? 0 : b.v[i]);
    f_.Input("a", shape);
    if (!real) f_.Input("b", shape).Node("Complex", "x", {"a", "b"});
    x_ = real ? "a" : "x";
  }

  const Grid& x() const { return grid_; }

  void Expect(const std::string& op, const std::vector<int>& length,
              const Grid& want, bool real_result = false) {
    if (!length.empty()) f_.Ints("n", {length.begin(), length.end()});
    f_.Node(op, "y", {x_});
    if (!length.empty()) f_.Last()->add_input("n");
    if (!real_result) {
      f_.Node("Real", "re", {"y"}).Node("Imag", "im", {"y"});
      f_.Output("imaginary", "im");
    }
    f_.Output("real", real_result ? "y" : "re");
    const auto bytes = Compile(f_.function(), true);
    ASSERT_TRUE(bytes) << bytes.error().ToString();
    auto interpreter = Interpreter::FromBuffer(*bytes);
    ASSERT_TRUE(interpreter) << interpreter.error().ToString();
    ASSERT_TRUE(interpreter->AllocateTensors());
    for (const TensorDetails& input : interpreter->InputDetails()) {
      std::vector<float> values;
      for (const Complex& v : grid_.v)
        values.push_back(
            static_cast<float>(input.name == "a" ? v.real() : v.imag()));
      ASSERT_TRUE(interpreter->SetTensor<float>(input.index, values));
    }
    const auto done = interpreter->Invoke();
    ASSERT_TRUE(done) << done.error().ToString();
    for (const TensorDetails& output : interpreter->OutputDetails()) {
      EXPECT_EQ(output.shape, want.shape);
      const auto got = interpreter->Tensor<float>(output.index);
      ASSERT_EQ(got.size(), want.v.size());
      for (size_t i = 0; i < got.size(); ++i) {
        const Complex& v = want.v[i];
        ASSERT_NEAR(got[i], output.name == "real" ? v.real() : v.imag(), 5e-5)
            << output.name << " " << i;
      }
    }
  }

 private:
  Grid grid_;
  TestFunction f_;
  const char* x_;
};

const Shape kShapes[] = {{3, 4, 5, 6}, {1, 2, 8, 7}, {2, 1, 3, 1}};

std::string Named(const char* op, int axes) {
  return axes == 1 ? op : std::string(op) + std::to_string(axes) + "D";
}

TEST(FourierOps, OfComplexNumbers) {
  for (const Shape& shape : kShapes) {
    for (int axes = 1; axes <= 3; ++axes) {
      for (const bool inverse : {false, true}) {
        SCOPED_TRACE(shape.ToString() + " " + std::to_string(axes));
        FourierCase c(shape, false, 1);
        Grid want = c.x();
        for (int axis = 4 - axes; axis < 4; ++axis)
          want = Along(want, axis, shape[axis], shape[axis], inverse ? 1 : -1);
        c.Expect(Named(inverse ? "IFFT" : "FFT", axes), {}, want);
      }
    }
  }
}

TEST(FourierOps, OfAVector) {
  FourierCase c({5}, false, 2);
  c.Expect("FFT", {}, Along(c.x(), 0, 5, 5, -1));
}

// Whole lengths, powers of 2 among them, and such that leave something out.
TEST(FourierOps, OfRealNumbers) {
  for (const Shape& shape : kShapes) {
    for (int axes = 1; axes <= 3; ++axes) {
      for (const int less : {0, 1}) {
        SCOPED_TRACE(shape.ToString() + " " + std::to_string(axes));
        FourierCase c(shape, true, 3);
        std::vector<int> length;
        for (int axis = 4 - axes; axis < 4; ++axis)
          length.push_back(std::max(1, shape[axis] - less));
        Grid want = Along(c.x(), 3, length.back(), length.back() / 2 + 1, -1);
        for (int axis = 4 - axes; axis < 3; ++axis) {
          const int n = length[static_cast<size_t>(axis + axes - 4)];
          want = Along(want, axis, n, n, -1);
        }
        c.Expect(Named("RFFT", axes), length, want);
      }
    }
  }
}

TEST(FourierOps, BackToRealNumbers) {
  for (const Shape& shape : kShapes) {
    for (int axes = 1; axes <= 3; ++axes) {
      for (const bool odd : {false, true}) {
        const int last = 2 * (shape[3] - 1) + (odd ? 1 : 0);
        if (last < 1) continue;
        SCOPED_TRACE(shape.ToString() + " " + std::to_string(axes));
        FourierCase c(shape, false, 4);
        Grid want = c.x();
        std::vector<int> length;
        for (int axis = 4 - axes; axis < 3; ++axis) {
          length.push_back(shape[axis]);
          want = Along(want, axis, shape[axis], shape[axis], 1);
        }
        length.push_back(last);
        want = Along(want, 3, last, last, 1, true);
        c.Expect(Named("IRFFT", axes), length, want, true);
      }
    }
  }
}

TEST(FourierOps, LengthsThatAreNotThereAreRefused) {
  TestFunction f;
  f.Input("x", {1, 6}).Ints("n", {9});
  f.Node("RFFT", "z", {"x", "n"}).Node("Real", "y", {"z"}).Output("y", "y");
  const auto bytes = Compile(f.function());
  ASSERT_FALSE(bytes);
  EXPECT_NE(
      bytes.error().ToString().find("fft_length is longer than the input"),
      std::string::npos)
      << bytes.error().ToString();
}

}  // namespace liteforge::fourier_ops_test
