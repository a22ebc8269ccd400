// SPDX-License-Identifier: Apache-2.0
// Complex numbers, against std::complex.
#include <gtest/gtest.h>

#include <complex>

#include "convert/compile.h"
#include "convert/lowered_op_testing.h"
#include "liteforge/interpreter.h"

namespace liteforge::complex_ops_test {

using Complex = std::complex<double>;
using Signal = std::vector<Complex>;
using Floats = std::vector<float>;

// sum_k x_k e^(sign 2 pi i j k / n)
Signal Transformed(const Signal& x, int sign) {
  const auto n = static_cast<double>(x.size());
  Signal y(x.size());
  for (size_t j = 0; j < x.size(); ++j) {
    for (size_t k = 0; k < x.size(); ++k) {
      y[j] += x[k] *
              std::polar(1.0, sign * 2 * M_PI * static_cast<double>(j * k) / n);
    }
  }
  return y;
}

// A function of a and b, one row each, to "y".
class ComplexFunction {
 public:
  explicit ComplexFunction(int n) : n_(n) {
    f_.Input("a", {1, n}).Input("b", {1, n});
    f_.Node("Complex", "z", {"a", "b"});
    uint32_t state = 1;
    for (auto* part : {&a_, &b_}) {
      for (int i = 0; i < n; ++i) {
        state = state * 1664525u + 1013904223u;
        part->push_back(static_cast<float>((state >> 8) / 8388608.0 - 1.0));
      }
    }
  }

  ComplexFunction& Node(const std::string& op, const std::string& name,
                        std::initializer_list<const char*> inputs) {
    f_.Node(op, name, inputs);
    return *this;
  }
  TestFunction& f() { return f_; }
  Signal z() const {
    Signal z;
    for (size_t i = 0; i < a_.size(); ++i) z.emplace_back(a_[i], b_[i]);
    return z;
  }

  Floats Run(const std::string& output) {
    f_.function().outputs.clear();
    f_.Output("y", output);
    const auto bytes = Compile(f_.function());
    EXPECT_TRUE(bytes) << bytes.error().ToString();
    if (!bytes) return {};
    auto interpreter = Interpreter::FromBuffer(*bytes);
    EXPECT_TRUE(interpreter) << interpreter.error().ToString();
    if (!interpreter || !interpreter->AllocateTensors()) return {};
    for (const TensorDetails& input : interpreter->InputDetails()) {
      EXPECT_TRUE(interpreter->SetTensor<float>(input.index,
                                                input.name == "a" ? a_ : b_));
    }
    const auto done = interpreter->Invoke();
    EXPECT_TRUE(done) << done.error().ToString();
    const auto y =
        interpreter->Tensor<float>(interpreter->OutputDetails()[0].index);
    return {y.begin(), y.end()};
  }

  // Both parts of what `node` gives.
  void Expect(const std::string& node, const Signal& want) {
    for (const bool real : {true, false}) {
      SCOPED_TRACE(node + (real ? ", real" : ", imaginary"));
      const std::string part = node + (real ? "/real" : "/imag");
      f_.Node(real ? "Real" : "Imag", part, {node.c_str()});
      const Floats got = Run(part);
      ASSERT_EQ(got.size(), want.size());
      for (size_t i = 0; i < want.size(); ++i)
        EXPECT_NEAR(got[i], real ? want[i].real() : want[i].imag(), 2e-5) << i;
    }
  }

 private:
  int n_;
  TestFunction f_;
  Floats a_, b_;
};

Signal Map(Signal x, const std::function<Complex(Complex)>& f) {
  std::ranges::transform(x, x.begin(), f);
  return x;
}

TEST(ComplexOps, Arithmetic) {
  ComplexFunction f(5);
  const Signal z = f.z();
  f.Node("Exp", "exp", {"z"}).Node("Mul", "mul", {"z", "exp"});
  f.Node("RealDiv", "div", {"z", "exp"}).Node("Sub", "sub", {"z", "mul"});
  f.Node("AddV2", "add", {"z", "mul"}).Node("Neg", "neg", {"z"});
  f.Node("Conj", "conj", {"z"}).Node("Square", "square", {"z"});
  f.Expect("exp", Map(z, [](Complex x) { return std::exp(x); }));
  f.Expect("mul", Map(z, [](Complex x) { return x * std::exp(x); }));
  f.Expect("div", Map(z, [](Complex x) { return x / std::exp(x); }));
  f.Expect("sub", Map(z, [](Complex x) { return x - x * std::exp(x); }));
  f.Expect("add", Map(z, [](Complex x) { return x + x * std::exp(x); }));
  f.Expect("neg", Map(z, [](Complex x) { return -x; }));
  f.Expect("conj", Map(z, [](Complex x) { return std::conj(x); }));
  f.Expect("square", Map(z, [](Complex x) { return x * x; }));
}

TEST(ComplexOps, SizesAndAngles) {
  ComplexFunction f(5);
  f.Node("ComplexAbs", "abs", {"z"}).Node("Angle", "angle", {"z"});
  const Floats abs = f.Run("abs"), angle = f.Run("angle");
  for (size_t i = 0; i < 5; ++i) {
    EXPECT_NEAR(abs[i], std::abs(f.z()[i]), 1e-6);
    EXPECT_NEAR(angle[i], std::arg(f.z()[i]), 1e-6);
  }
}

TEST(ComplexOps, Movement) {
  ComplexFunction f(6);
  f.f().Ints("dims", {2, 3}).Ints("order", {1, 0});
  f.Node("Reshape", "r", {"z", "dims"}).Node("Transpose", "t", {"r", "order"});
  const Signal z = f.z();
  f.Expect("t", {z[0], z[3], z[1], z[4], z[2], z[5]});
}

TEST(ComplexOps, RealTransforms) {
  constexpr int kLength = 8;
  ComplexFunction f(kLength);
  f.f().Ints("length", {kLength});
  f.Node("RFFT", "fft", {"a", "length"}).Node("Exp", "exp", {"fft"});
  Signal a = Map(f.z(), [](Complex x) { return x.real(); });
  Signal want = Transformed(a, -1);
  want.resize(kLength / 2 + 1);
  f.Expect("fft", want);
  // TFLite's RFFT2D, and what it has no operator for.
  f.Expect("exp", Map(want, [](Complex x) { return std::exp(x); }));
}

TEST(ComplexOps, ComplexOutputsAreRefused) {
  ComplexFunction f(3);
  f.f().Output("y", "z");
  const auto bytes = Compile(f.f().function());
  ASSERT_FALSE(bytes);
  EXPECT_EQ(bytes.error().message,
            "output 'y' is complex, which TFLite has no operator for; end in "
            "its real and imaginary parts");
}

}  // namespace liteforge::complex_ops_test
