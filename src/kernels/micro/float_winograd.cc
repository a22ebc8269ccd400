// SPDX-License-Identifier: Apache-2.0
// The points of interpolation are 0, 1, -1, 2, -2 and infinity:
//         | 4  0 -5  0  1  0 |        |  1/4    0     0  |
//         | 0 -4 -4  1  1  0 |        | -1/6  -1/6  -1/6 |
//   B^T = | 0  4 -4 -1  1  0 |    G = | -1/6   1/6  -1/6 |
//         | 0 -2 -1  2  1  0 |        |  1/24  1/12  1/6 |
//         | 0  2 -1 -2  1  0 |        |  1/24 -1/12  1/6 |
//         | 0  4  0 -5  0  1 |        |   0     0     1  |
//         | 1  1  1  1  1  0 |
//   A^T = | 0  1 -1  2 -2  0 |
//         | 0  1  1  4  4  0 |
//         | 0  1 -1  8 -8  1 |
// Each is applied to the columns of a tile, then to its rows, a vector of
// channels at a time.
#include "kernels/micro/float_winograd.h"

#include <array>

#include "kernels/micro/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/micro/float_winograd.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/micro/clamp-inl.h"

HWY_BEFORE_NAMESPACE();
namespace liteforge {
namespace HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

constexpr int kIn = kWinogradInput, kOut = kWinogradOutput;

// B^T x.
template <class D, class V>
HWY_INLINE void ApplyInput(D d, const V* x, V* y) {
  const auto two = hn::Set(d, 2.0f), four = hn::Set(d, 4.0f),
             five = hn::Set(d, 5.0f);
  const auto even = hn::NegMulAdd(four, x[2], x[4]);  // x4 - 4 x2
  const auto odd = hn::NegMulAdd(four, x[1], x[3]);   // x3 - 4 x1
  const auto more = hn::Sub(x[4], x[2]);
  const auto less = hn::Mul(two, hn::Sub(x[3], x[1]));
  y[0] = hn::MulAdd(four, x[0], hn::NegMulAdd(five, x[2], x[4]));
  y[1] = hn::Add(even, odd);
  y[2] = hn::Sub(even, odd);
  y[3] = hn::Add(more, less);
  y[4] = hn::Sub(more, less);
  y[5] = hn::MulAdd(four, x[1], hn::NegMulAdd(five, x[3], x[5]));
}

// A^T x.
template <class D, class V>
HWY_INLINE void ApplyOutput(D d, const V* x, V* y) {
  const auto two = hn::Set(d, 2.0f), four = hn::Set(d, 4.0f),
             eight = hn::Set(d, 8.0f);
  const auto sum1 = hn::Add(x[1], x[2]), difference1 = hn::Sub(x[1], x[2]);
  const auto sum2 = hn::Add(x[3], x[4]), difference2 = hn::Sub(x[3], x[4]);
  y[0] = hn::Add(hn::Add(x[0], sum1), sum2);
  y[1] = hn::MulAdd(two, difference2, difference1);
  y[2] = hn::MulAdd(four, sum2, sum1);
  y[3] = hn::Add(hn::MulAdd(eight, difference2, difference1), x[5]);
}

template <class D>
HWY_INLINE void InputChannels(D d, const float* const* pixels, int64_t c,
                              float* to, int64_t step) {
  using V = hn::Vec<D>;
  V half[kIn][kIn];  // [column of the tile][row of B^T x]
  for (int j = 0; j < kIn; ++j) {
    V column[kIn];
    for (int i = 0; i < kIn; ++i)
      column[i] = hn::LoadU(d, pixels[i * kIn + j] + c);
    ApplyInput(d, column, half[j]);
  }
  for (int i = 0; i < kIn; ++i) {
    V row[kIn], result[kIn];
    for (int j = 0; j < kIn; ++j) row[j] = half[j][i];
    ApplyInput(d, row, result);
    for (int j = 0; j < kIn; ++j)
      hn::StoreU(result[j], d, to + (i * kIn + j) * step + c);
  }
}

template <class D>
HWY_INLINE void OutputChannels(D d, const float* from, int64_t step,
                               const WinogradOutput& o, int64_t c,
                               float* const* pixels) {
  using V = hn::Vec<D>;
  V half[kIn][kOut];
  for (int j = 0; j < kIn; ++j) {
    V column[kIn];
    for (int i = 0; i < kIn; ++i)
      column[i] = hn::LoadU(d, from + (i * kIn + j) * step + c);
    ApplyOutput(d, column, half[j]);
  }
  const auto bias = o.bias != nullptr ? hn::LoadU(d, o.bias + c) : hn::Zero(d);
  for (int i = 0; i < kOut; ++i) {
    V row[kIn], result[kOut];
    for (int j = 0; j < kIn; ++j) row[j] = half[j][i];
    ApplyOutput(d, row, result);
    for (int j = 0; j < kOut; ++j) {
      float* to = pixels[i * kOut + j];
      if (to == nullptr) continue;
      hn::StoreU(ClampFloats(d, hn::Add(result[j], bias), o.low, o.high), d,
                 to + c);
    }
  }
}

// body(d, c) for vectors of channels; where they do not divide them, some are
// computed twice, or one by one.
template <class Body>
HWY_INLINE void ForEachVector(int64_t channels, const Body& body) {
  const hn::ScalableTag<float> d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  int64_t c = 0;
  for (; c + lanes <= channels; c += lanes) body(d, c);
  if (c == channels) return;
  if (channels >= lanes) return body(d, channels - lanes);
  const hn::CappedTag<float, 1> d1;
  for (; c < channels; ++c) body(d1, c);
}

void Input(const float* const* pixels, int64_t channels, float* to,
           int64_t step) {
  ForEachVector(channels, [&](auto d, int64_t c) HWY_ATTR {
    InputChannels(d, pixels, c, to, step);
  });
}

void Output(const float* from, int64_t step, const WinogradOutput& output,
            float* const* pixels) {
  ForEachVector(output.channels, [&](auto d, int64_t c) HWY_ATTR {
    OutputChannels(d, from, step, output, c, pixels);
  });
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace liteforge
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace liteforge {
namespace {

// G x, in double: it is done once.
std::array<double, 6> ApplyFilter(double x0, double x1, double x2) {
  return {x0 / 4,
          -(x0 + x1 + x2) / 6,
          -(x0 - x1 + x2) / 6,
          (x0 + 2 * x1 + 4 * x2) / 24,
          (x0 - 2 * x1 + 4 * x2) / 24,
          x2};
}

}  // namespace

HWY_EXPORT(Input);
HWY_EXPORT(Output);

std::vector<float> TransformWinogradFilter(const float* filter, int64_t outputs,
                                           int64_t channels) {
  std::vector<float> result(
      static_cast<size_t>(kWinogradProducts * outputs * channels));
  for (int64_t o = 0; o < outputs; ++o) {
    for (int64_t c = 0; c < channels; ++c) {
      const float* at = filter + o * 9 * channels + c;
      std::array<double, 6> columns[3];
      for (int j = 0; j < 3; ++j) {
        columns[j] = ApplyFilter(at[j * channels], at[(3 + j) * channels],
                                 at[(6 + j) * channels]);
      }
      for (size_t i = 0; i < 6; ++i) {
        const auto row =
            ApplyFilter(columns[0][i], columns[1][i], columns[2][i]);
        for (size_t j = 0; j < 6; ++j) {
          const size_t matrix = (i * 6 + j) * static_cast<size_t>(outputs);
          result[(matrix + static_cast<size_t>(o)) *
                     static_cast<size_t>(channels) +
                 static_cast<size_t>(c)] = static_cast<float>(row[j]);
        }
      }
    }
  }
  return result;
}

void TransformWinogradInput(const float* const* pixels, int64_t channels,
                            float* to, int64_t step) {
  HWY_DYNAMIC_DISPATCH(Input)(pixels, channels, to, step);
}

void TransformWinogradOutput(const float* from, int64_t step,
                             const WinogradOutput& output,
                             float* const* pixels) {
  HWY_DYNAMIC_DISPATCH(Output)(from, step, output, pixels);
}

}  // namespace liteforge
#endif  // HWY_ONCE
