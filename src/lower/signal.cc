// SPDX-License-Identifier: Apache-2.0
// Parts of complex numbers and Fourier transforms.
//   ComplexAbs, Real, Imag   operators of the same name, or what is known of
//                            the parts (complex.h)
//   Angle    atan2(Imag, Real)
//   RFFT     of the last axis: RFFT2D of images of one row
//   RFFT2D   RFFT2D
//   IRFFT    y[t] = sum_k w_k (Re[k] cos(2 pi k t / n) - Im[k] sin(…)) / n,
//            w_k = 1 for k = 0 and n / 2, otherwise 2: two matrix products
#include <fmt/format.h>

#include <cmath>
#include <span>

#include "lower/complex.h"
#include "lower/formula.h"

namespace liteforge {
namespace {

Result<void> LowerReal(LowerContext& c) {
  TRY_ASSIGN(const ComplexParts x, PartsOf(c.ir(), c.input(0)));
  c.SetOutput(0, x.real);
  return {};
}

Result<void> LowerImag(LowerContext& c) {
  TRY_ASSIGN(const ComplexParts x, PartsOf(c.ir(), c.input(0)));
  c.SetOutput(0, x.imaginary);
  return {};
}

Result<void> LowerComplexAbs(LowerContext& c) {
  const ComplexParts* x = c.ir().FindParts(c.input(0));
  if (x == nullptr || !x->only)
    return Finish(c, c.ir().Emit(Op::kComplexAbs, {}, {c.input(0)}));
  Formula f(c);
  return f.Finish(f.Of(Op::kSqrt, f.Add(f.Mul(x->real, x->real),
                                        f.Mul(x->imaginary, x->imaginary))));
}

Result<void> LowerAngle(LowerContext& c) {
  TRY_ASSIGN(const ComplexParts x, PartsOf(c.ir(), c.input(0)));
  return Finish(c,
                c.ir().Emit(Op::kATan2, ATan2Options{}, {x.imaginary, x.real}));
}

Result<void> LowerRfft2d(LowerContext& c) {
  TRY_ASSIGN(Value * length, c.ir().AsInt32(c.input(1)));
  return Finish(c, c.ir().Emit(Op::kRfft2D, {}, {c.input(0), length}));
}

Result<void> LowerRfft(LowerContext& c) {
  IrBuilder& ir = c.ir();
  TRY_ASSIGN(const int64_t length, c.IntegerOf(1, "fft_length"));
  if (length < 1 || length > INT32_MAX)
    return InvalidModel(fmt::format("fft_length {}", length));
  ExpandDimsOptions expand;
  TRY_ASSIGN(Value * x,
             ir.Emit(Op::kExpandDims, expand, {c.input(0), ir.Int32(-2)}));
  TRY_ASSIGN(Value * y,
             ir.Emit(Op::kRfft2D, {},
                     {x, ir.Int32s({1, static_cast<int32_t>(length)})}));
  SqueezeOptions squeeze;
  squeeze.squeeze_dims = {-2};
  return Finish(c, ir.Emit(Op::kSqueeze, squeeze, {y}));
}

// [length, bins] of weights for one part of the spectrum, as FULLY_CONNECTED
// takes them.
Value* Waves(IrBuilder& ir, int32_t length, int32_t bins, bool real) {
  std::vector<float> waves;
  waves.reserve(static_cast<size_t>(length) * static_cast<size_t>(bins));
  for (int64_t t = 0; t < length; ++t) {
    for (int64_t k = 0; k < bins; ++k) {
      const double angle =
          2 * M_PI * static_cast<double>(k * t % length) / length;
      const double weight = (k == 0 || 2 * k == length ? 1.0 : 2.0) / length;
      waves.push_back(static_cast<float>(
          weight * (real ? std::cos(angle) : -std::sin(angle))));
    }
  }
  return ir.Constant(DataType::kFloat32, {length, bins},
                     Blob::Own(std::move(waves)), "waves");
}

Result<void> LowerIrfft(LowerContext& c) {
  constexpr int64_t kLongest = 16384;  // the matrices grow with its square
  IrBuilder& ir = c.ir();
  TRY_ASSIGN(const int64_t wanted, c.IntegerOf(1, "fft_length"));
  if (wanted < 1 || wanted > kLongest)
    return Unsupported(fmt::format("fft_length {}", wanted));
  const auto length = static_cast<int32_t>(wanted);
  const int32_t bins = length / 2 + 1;
  const Shape& shape = c.input(0)->shape;
  if (shape.rank() < 1 || shape[shape.rank() - 1] != bins)
    return Unsupported(
        fmt::format("a spectrum of other than {} numbers", bins));
  FullyConnectedOptions options;
  options.keep_num_dims = true;
  TRY_ASSIGN(const ComplexParts x, PartsOf(ir, c.input(0)));
  Value* parts[2];
  for (const bool real : {true, false}) {
    TRY_ASSIGN(parts[real ? 0 : 1],
               ir.Emit(Op::kFullyConnected, options,
                       {real ? x.real : x.imaginary,
                        Waves(ir, length, bins, real), nullptr}));
  }
  return Finish(c, ir.Emit(Op::kAdd, AddOptions{}, {parts[0], parts[1]}));
}

constexpr TfOp kOps[] = {
    {"Angle", 1, LowerAngle}, {"ComplexAbs", 1, LowerComplexAbs},
    {"IRFFT", 2, LowerIrfft}, {"Imag", 1, LowerImag},
    {"RFFT", 2, LowerRfft},   {"RFFT2D", 2, LowerRfft2d},
    {"Real", 1, LowerReal},
};

}  // namespace

std::span<const TfOp> SignalOps() { return kOps; }

}  // namespace liteforge
