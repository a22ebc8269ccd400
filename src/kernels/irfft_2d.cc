// SPDX-License-Identifier: Apache-2.0
// IRFFT2D: the real [..., h, w] whose two-dimensional transform is given by
// its first w / 2 + 1 columns, complex64 [..., H, W], cut off or filled with
// zeros to h x (w / 2 + 1). fft_length is [h, w], powers of two.
//
//   output[y, x] = 1 / (h w) sum over j, i of X[j, i]
//                  exp(2 pi sqrt(-1) (j y / h + i x / w))
//
// The other columns follow from X[j, i] = conj(X[h - j, w - i]). Of what that
// says twice TensorFlow Lite takes once, and so do we: the upper rows of column
// 0, the lower ones of column w / 2, and where an element is its own mirror
// image, the real part. Source: tflite/kernels/irfft2d.cc and rdft2dsort() of
// fftsg2d.c in Ooura's fft2d package.
#include <algorithm>
#include <bit>
#include <complex>
#include <optional>
#include <string>
#include <vector>

#include "kernels/kernel.h"
#include "kernels/radix2_fft.h"
#include "ops/infer_checks.h"

namespace liteforge {
namespace {

using Complex = std::complex<double>;

Result<void> Infer(KernelContext&, InferContext& c) {
  TRY(NeedInputs(c, 2));
  TRY(NeedRankAtLeast(c, 0, 2, "input"));
  TRY(NeedRank(c, 1, 1, "fft_length"));
  TRY(NeedEqual(DimOf(c.input(1).shape, 0), 2, "number of fft lengths"));
  Shape output = c.input(0).shape;
  std::vector<int64_t> lengths;
  const bool known = c.GetIntegers(1, lengths);
  for (size_t i = 0; output.has_rank() && i < 2; ++i) {
    const int64_t length = known ? lengths[i] : Shape::kUnknownDim;
    if (known && (length < 1 || length > INT32_MAX ||
                  !std::has_single_bit(static_cast<uint64_t>(length))))
      return InvalidModel("fft_length " + std::to_string(length) +
                          " is no power of two");
    output.set_dim(output.rank() - 2 + static_cast<int>(i),
                   static_cast<int32_t>(length));
  }
  c.SetOutput(0, DataType::kFloat32, output);
  return {};
}

struct State {
  std::optional<Radix2Fft> rows, columns;
};

Result<void> Prepare(KernelContext& k) {
  if (k.Input(0).type != DataType::kComplex64)
    return Unsupported(std::string(Name(k.Input(0).type)) +
                       " is not supported");
  if (k.Input(1).type != DataType::kInt32)
    return Unsupported("fft_length must be int32, not " +
                       std::string(Name(k.Input(1).type)));
  State& s = k.NewState<State>();
  if (k.Output(0).elements() == 0) return {};
  const Shape& shape = k.Output(0).shape;
  const auto height = static_cast<size_t>(shape[shape.rank() - 2]);
  const auto width = static_cast<size_t>(shape[shape.rank() - 1]);
  s.columns.emplace(height);
  s.rows.emplace(width);
  k.NeedScratch(0, height * width * sizeof(Complex));
  k.NeedScratch(1, height * sizeof(Complex));
  return {};
}

struct Spectrum {
  const std::complex<float>* given;
  int64_t given_height, given_width;
  int64_t height, width;  // of the transform

  // i <= width / 2.
  Complex Given(int64_t j, int64_t i) const {
    if (j >= given_height || i >= given_width) return 0;
    return given[j * given_width + i];
  }
  Complex Mirrored(int64_t j, int64_t i) const {
    return std::conj(Given((height - j) % height, i));
  }
  Complex At(int64_t j, int64_t i) const {
    if (i != 0 && 2 * i != width)
      return 2 * i < width ? Given(j, i) : Mirrored(j, width - i);
    if (j == 0 || 2 * j == height) return Given(j, i).real();
    const bool upper = 2 * j < height;
    return upper == (i == 0) ? Given(j, i) : Mirrored(j, i);
  }
};

void TransformSlice(KernelContext& k, const State& s, const Spectrum& spectrum,
                    float* to) {
  const int64_t height = spectrum.height;
  const int64_t width = spectrum.width;
  auto* const plane = k.Scratch<Complex>(0);
  auto* const column = k.Scratch<Complex>(1);
  for (int64_t j = 0; j < height; ++j) {
    for (int64_t i = 0; i < width; ++i)
      plane[j * width + i] = spectrum.At(j, i);
    s.rows->Backward(plane + j * width);
  }
  const double norm = 1.0 / (static_cast<double>(height) * width);
  for (int64_t i = 0; i < width; ++i) {
    for (int64_t j = 0; j < height; ++j) column[j] = plane[j * width + i];
    s.columns->Backward(column);
    for (int64_t j = 0; j < height; ++j)
      to[j * width + i] = static_cast<float>(column[j].real() * norm);
  }
}

void Eval(KernelContext& k) noexcept {
  const RuntimeTensor& input = k.Input(0);
  RuntimeTensor& output = k.Output(0);
  if (output.elements() == 0) return;
  const int rank = input.shape.rank();
  Spectrum spectrum{input.Data<std::complex<float>>(), input.shape[rank - 2],
                    input.shape[rank - 1], output.shape[rank - 2],
                    output.shape[rank - 1]};
  const int64_t from_slice = spectrum.given_height * spectrum.given_width;
  const int64_t to_slice = spectrum.height * spectrum.width;
  for (int64_t i = 0; i < output.elements() / to_slice; ++i) {
    TransformSlice(k, k.State<State>(), spectrum,
                   output.MutableData<float>() + i * to_slice);
    spectrum.given += from_slice;
  }
}

}  // namespace

extern const CustomKernel kIrfft2d{
    "IRFFT2D", {Op::kCustom, "complex64", Prepare, Eval, Infer}};

}  // namespace liteforge
