// SPDX-License-Identifier: Apache-2.0
// RFFT2D: the Fourier transform of the last two axes of a real input, of which
// the last is symmetric and kept by half:
//   input [.., H, W] f32, cropped or filled with zeros to fft_length [FH, FW]
//   (i32, powers of two) -> [.., FH, FW / 2 + 1] complex64
// Source: tflite/kernels/rfft2d.cc.
#include <algorithm>
#include <optional>

#include "kernels/kernel.h"
#include "kernels/radix2_fft.h"

namespace liteforge {
namespace {

struct State {
  std::optional<Radix2Fft> rows, columns;  // along W and along H
};

Result<void> Prepare(KernelContext& k) {
  const RuntimeTensor& output = k.Output(0);
  if (k.Input(0).type != DataType::kFloat32)
    return Unsupported("only float32 is supported");
  if (k.Input(1).type != DataType::kInt32)
    return InvalidModel("fft_length must be int32");
  const int rank = output.shape.rank();
  const auto height = static_cast<size_t>(output.shape[rank - 2]);
  const auto width = std::max<size_t>(
      1, 2 * (static_cast<size_t>(output.shape[rank - 1]) - 1));
  State& s = k.NewState<State>();
  s.rows.emplace(width);
  s.columns.emplace(height);
  using Value = std::complex<double>;
  k.NeedScratch(0, sizeof(Value) * width * height);
  k.NeedScratch(1, sizeof(Value) * height);
  return {};
}

// One image of `height` x `width` into a plane of the transform's size.
void Load(const float* image, size_t height, size_t width, const State& s,
          std::complex<double>* plane) {
  for (size_t y = 0; y < s.columns->size(); ++y) {
    for (size_t x = 0; x < s.rows->size(); ++x) {
      const bool inside = y < height && x < width;
      *plane++ = inside ? static_cast<double>(image[y * width + x]) : 0.0;
    }
  }
}

void Transform(KernelContext& k, const State& s, std::complex<float>* output) {
  auto* plane = k.Scratch<std::complex<double>>(0);
  auto* column = k.Scratch<std::complex<double>>(1);
  const size_t height = s.columns->size(), width = s.rows->size();
  const size_t kept = width / 2 + 1;
  for (size_t y = 0; y < height; ++y) s.rows->Forward(plane + y * width);
  for (size_t x = 0; x < kept; ++x) {
    for (size_t y = 0; y < height; ++y)
      column[y] = plane[y * width + x % width];
    s.columns->Forward(column);
    for (size_t y = 0; y < height; ++y)
      output[y * kept + x] = std::complex<float>(column[y]);
  }
}

void Eval(KernelContext& k) noexcept {
  const State& s = k.State<State>();
  const Shape& shape = k.Input(0).shape;
  const auto height = static_cast<size_t>(shape[shape.rank() - 2]);
  const auto width = static_cast<size_t>(shape[shape.rank() - 1]);
  const auto kept = s.columns->size() * (s.rows->size() / 2 + 1);
  const auto images = static_cast<size_t>(k.Output(0).elements()) / kept;
  const float* image = k.Input(0).Data<float>();
  auto* output = k.Output(0).MutableData<std::complex<float>>();
  for (size_t i = 0; i < images; ++i) {
    Load(image + i * height * width, height, width, s,
         k.Scratch<std::complex<double>>(0));
    Transform(k, s, output + i * kept);
  }
}

}  // namespace

extern const Kernel kRfft2D{Op::kRfft2D, "f32", Prepare, Eval};

}  // namespace liteforge
