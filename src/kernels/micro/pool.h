// SPDX-License-Identifier: Apache-2.0
// Maximum and average over a window, each channel by itself.
#pragma once

#include <cstdint>

namespace liteforge {

// Of each output x of [0, count), the numbers
//   first[x * step + i * line + j * channels + c]
// for i of [0, rows), j of [0, cols), c of [0, channels); at least one row and
// column.
template <class T>
struct PoolWindow {
  const T* first;
  int64_t line;
  int rows, cols;
  int64_t channels;
  T low, high;  // the result is clamped to
  int64_t count = 1;
  int64_t step = 0;
};

// to[x * channels + c]. NaN is passed over.
void MaximumOfWindow(const PoolWindow<float>& w, float* to);
void MaximumOfWindow(const PoolWindow<int8_t>& w, int8_t* to);
void MaximumOfWindow(const PoolWindow<uint8_t>& w, uint8_t* to);

// The mean; integers round half away from zero, of at most kMostPooled numbers.
inline constexpr int64_t kMostPooled = 65536;
void AverageOfWindow(const PoolWindow<float>& w, float* to);
void AverageOfWindow(const PoolWindow<int8_t>& w, int8_t* to);
void AverageOfWindow(const PoolWindow<uint8_t>& w, uint8_t* to);

}  // namespace liteforge
