// SPDX-License-Identifier: Apache-2.0
// Discrete Fourier transforms of the last axes.
//   FFT      y[j] = sum_k x[k] e^(-2 pi i j k / n); IFFT with +, divided by n
//   RFFT     of real numbers, j = 0 … n / 2
//   IRFFT    of such a half to real numbers:
//            y[t] = sum_k w_k (Re[k] cos(2 pi k t / n) - Im[k] sin(…)) / n,
//            w_k = 1 for k = 0 and n / 2, otherwise 2
//   …2D, …3D an axis after the other
// RFFT and RFFT2D of powers of 2 are RFFT2D; everything else is, axis by axis,
// a product with the matrices of the cosines and sines. What is cut off or
// filled up with zeros to fft_length is so by the matrices' columns.
// Source: tensorflow/core/ops/spectral_ops.cc.
#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <complex>
#include <functional>
#include <span>

#include "lower/complex.h"
#include "lower/formula.h"

namespace liteforge {
namespace {

using Length = std::vector<int64_t>;

// The weight of number k in number j of a transform.
using Wave = std::function<std::complex<double>(int64_t j, int64_t k)>;

std::complex<double> Turn(int64_t j, int64_t k, int64_t n, int sign) {
  return std::polar(1.0, sign * 2 * M_PI * static_cast<double>(j * k % n) /
                             static_cast<double>(n));
}

Wave Forward(int64_t n) {
  return [n](int64_t j, int64_t k) { return Turn(j, k, n, -1); };
}

Wave Inverse(int64_t n) {
  return [n](int64_t j, int64_t k) {
    return Turn(j, k, n, 1) / static_cast<double>(n);
  };
}

// Of half a spectrum; only the real part of the result is asked for.
Wave InverseOfHalf(int64_t n) {
  return [n](int64_t j, int64_t k) {
    const double weight = k == 0 || 2 * k == n ? 1 : 2;
    return weight * Turn(j, k, n, 1) / static_cast<double>(n);
  };
}

// One axis of a tensor, by matrices.
class Transform {
 public:
  Transform(Formula& f, int rank, int axis) : f_(f), rank_(rank), axis_(axis) {}

  // `length`: how many numbers the transform takes of those there are.
  ComplexParts Apply(const ComplexParts& x, int64_t length, int64_t outputs,
                     const Wave& wave, bool real_result) {
    const Value* any = x.real;
    if (any == nullptr) return {};
    const int64_t there = any->shape[axis_];
    MakeMatrices(there, std::min(there, length), outputs, wave);
    ComplexParts y;
    y.real = Times(x.real, cosines_);
    if (x.imaginary) y.real = f_.Sub(y.real, Times(x.imaginary, sines_));
    if (real_result) return y;
    y.imaginary = Times(x.real, sines_);
    if (x.imaginary)
      y.imaginary = f_.Add(y.imaginary, Times(x.imaginary, cosines_));
    return y;
  }

 private:
  void MakeMatrices(int64_t there, int64_t taken, int64_t outputs,
                    const Wave& wave) {
    const auto count = static_cast<size_t>(there * outputs);
    std::vector<float> cosines(count), sines(count);
    for (int64_t j = 0; j < outputs; ++j) {
      for (int64_t k = 0; k < taken; ++k) {
        const std::complex<double> w = wave(j, k);
        const auto at = static_cast<size_t>(j * there + k);
        cosines[at] = static_cast<float>(w.real());
        sines[at] = static_cast<float>(w.imag());
      }
    }
    const Shape shape{static_cast<int32_t>(outputs),
                      static_cast<int32_t>(there)};
    cosines_ = f_.Floats(shape, std::move(cosines));
    sines_ = f_.Floats(shape, std::move(sines));
  }

  Value* Times(Value* x, Value* matrix) {
    x = Turned(x);
    if (x == nullptr) return nullptr;
    FullyConnectedOptions options;
    options.keep_num_dims = true;
    return Turned(f_.Take(
        f_.ir().Emit(Op::kFullyConnected, options, {x, matrix, nullptr})));
  }

  // The axis and the last one in each other's place.
  Value* Turned(Value* x) {
    if (x == nullptr || axis_ == rank_ - 1) return x;
    std::vector<int32_t> order;
    for (int axis = 0; axis < rank_; ++axis) order.push_back(axis);
    std::swap(order[static_cast<size_t>(axis_)], order.back());
    return f_.Take(f_.ir().Transpose(x, order));
  }

  Formula& f_;
  int rank_, axis_;
  Value* cosines_ = nullptr;
  Value* sines_ = nullptr;
};

Result<void> CheckLength(int64_t length, int64_t there) {
  constexpr int64_t kMostWeights = int64_t{1} << 26;  // of a matrix
  if (length < 1 || there < 1)
    return Unsupported("a transform of a length that is not known");
  if (length > kMostWeights / std::max(there, length))
    return Unsupported(fmt::format("a transform of length {}", length));
  return {};
}

// How long each of the last `axes` axes of the input is.
Result<Length> Extents(const LowerContext& c, int axes) {
  const Shape& shape = c.input(0)->shape;
  if (shape.rank() < axes)
    return Unsupported("a transform of an input of unknown rank");
  Length extents;
  for (int i = shape.rank() - axes; i < shape.rank(); ++i)
    extents.push_back(shape[i]);
  return extents;
}

// fft_length, each with what the axis has. `half`: the last axis has half of
// a spectrum.
Result<Length> Lengths(const LowerContext& c, int axes, bool half) {
  TRY_ASSIGN(const Length length, c.IntegersOf(1, "fft_length"));
  TRY_ASSIGN(const Length there, Extents(c, axes));
  if (length.size() != there.size())
    return InvalidModel("fft_length has another number of axes");
  for (size_t i = 0; i < length.size(); ++i) {
    TRY(CheckLength(length[i], there[i]));
    const bool is_half = half && i + 1 == length.size();
    if (there[i] < (is_half ? length[i] / 2 + 1 : length[i]))
      return InvalidModel("fft_length is longer than the input");
  }
  return length;
}

Result<ComplexParts> Parts(LowerContext& c) {
  if (IsComplex(*c.input(0))) return PartsOf(c.ir(), c.input(0));
  if (c.input(0)->type != DataType::kFloat32)
    return Unsupported("a transform of other than float32");
  return ComplexParts{c.input(0)};
}

Result<void> Finish(LowerContext& c, Formula& f, const ComplexParts& y) {
  TRY(f.Check());
  return liteforge::Finish(c, AsComplex(c.ir(), y.real, y.imaginary));
}

template <int axes, bool inverse>
Result<void> LowerFft(LowerContext& c) {
  TRY_ASSIGN(const Length extents, Extents(c, axes));
  TRY_ASSIGN(ComplexParts y, Parts(c));
  const int rank = c.input(0)->shape.rank();
  Formula f(c);
  for (int i = 0; i < axes; ++i) {
    const int64_t n = extents[static_cast<size_t>(i)];
    TRY(CheckLength(n, n));
    y = Transform(f, rank, rank - axes + i)
            .Apply(y, n, n, inverse ? Inverse(n) : Forward(n), false);
  }
  return Finish(c, f, y);
}

//----------------------------------------------------------- real numbers

bool ArePowersOf2(const Length& length) {
  return std::ranges::all_of(length, [](int64_t n) {
    return n > 0 && n <= INT32_MAX && std::has_single_bit(uint64_t(n));
  });
}

// RFFT2D of the last two axes, or of images of one row.
Result<void> LowerNative(LowerContext& c, const Length& length) {
  Formula f(c);
  if (length.size() == 2)
    return f.Finish(
        f.Emit(Op::kRfft2D, {},
               {c.input(0), f.Ints({static_cast<int32_t>(length[0]),
                                    static_cast<int32_t>(length[1])})}));
  Value* y = f.Emit(Op::kRfft2D, {},
                    {f.ExpandDims(c.input(0), -2),
                     f.Ints({1, static_cast<int32_t>(length[0])})});
  SqueezeOptions squeeze;
  squeeze.squeeze_dims = {-2};
  return f.Finish(f.Emit(Op::kSqueeze, squeeze, {y}));
}

template <int axes>
Result<void> LowerRfft(LowerContext& c) {
  TRY_ASSIGN(const Length wanted, c.IntegersOf(1, "fft_length"));
  if (axes <= 2 && wanted.size() == axes && ArePowersOf2(wanted))
    return LowerNative(c, wanted);
  TRY_ASSIGN(const Length length, Lengths(c, axes, false));
  TRY_ASSIGN(ComplexParts y, Parts(c));
  const int rank = c.input(0)->shape.rank();
  Formula f(c);
  for (int i = axes - 1; i >= 0; --i) {
    const int64_t n = length[static_cast<size_t>(i)];
    y = Transform(f, rank, rank - axes + i)
            .Apply(y, n, i == axes - 1 ? n / 2 + 1 : n, Forward(n), false);
  }
  return Finish(c, f, y);
}

template <int axes>
Result<void> LowerIrfft(LowerContext& c) {
  TRY_ASSIGN(const Length length, Lengths(c, axes, true));
  TRY_ASSIGN(ComplexParts y, Parts(c));
  const int rank = c.input(0)->shape.rank();
  Formula f(c);
  for (int i = 0; i < axes; ++i) {
    const int64_t n = length[static_cast<size_t>(i)];
    const bool last = i == axes - 1;
    y = Transform(f, rank, rank - axes + i)
            .Apply(y, last ? n / 2 + 1 : n, n,
                   last ? InverseOfHalf(n) : Inverse(n), last);
  }
  return f.Finish(y.real);
}

}  // namespace

std::span<const TfOp> FourierOps() {
  static constexpr TfOp kOps[] = {
      {"FFT", 1, LowerFft<1, false>},   {"FFT2D", 1, LowerFft<2, false>},
      {"FFT3D", 1, LowerFft<3, false>}, {"IFFT", 1, LowerFft<1, true>},
      {"IFFT2D", 1, LowerFft<2, true>}, {"IFFT3D", 1, LowerFft<3, true>},
      {"IRFFT", 2, LowerIrfft<1>},      {"IRFFT2D", 2, LowerIrfft<2>},
      {"IRFFT3D", 2, LowerIrfft<3>},    {"RFFT", 2, LowerRfft<1>},
      {"RFFT2D", 2, LowerRfft<2>},      {"RFFT3D", 2, LowerRfft<3>},
  };
  return kOps;
}

}  // namespace liteforge
