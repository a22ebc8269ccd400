// SPDX-License-Identifier: Apache-2.0
// Where the values of one tensor lie, over many examples.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "liteforge/result.h"

namespace liteforge {

struct ValueRange {
  float min = 0;
  float max = 0;
  friend bool operator==(const ValueRange&, const ValueRange&) = default;
};

// How a range is chosen from the values seen.
enum class CalibrationMethod : uint8_t {
  kMinMax,      // all of them
  kAverage,     // the mean of each example's smallest and largest
  kPercentile,  // but for one in 10,000 at either end
  kMse,         // least mean squared error of 256 steps
  kKl,          // least Kullback-Leibler divergence of 256 steps
};

// "minmax", "average", "percentile", "mse", "kl".
std::optional<CalibrationMethod> CalibrationMethodFromName(
    std::string_view name);

// Statistics of examples seen here and there join to exactly those of all of
// them seen in one place, in any order, up to the rounding of sums.
struct Statistics {
  int64_t examples = 0;  // calls of Add
  float min = 0;
  float max = 0;
  double sum_of_min = 0;  // one a call
  double sum_of_max = 0;

  // How many values lie in [i, i + 1) * 2^exponent, for i from -kHalfBins to
  // kHalfBins - 1. The exponent grows with the values, two bins becoming one.
  static constexpr int kHalfBins = 2048;
  int exponent = -149;
  std::vector<int64_t> bins;  // 2 * kHalfBins, or none yet

  // Sums along the last axis, one number a channel, and how many were added
  // to each; none where the number of channels varies.
  std::vector<double> channel_sums;
  int64_t channel_count = 0;

  // One run's values. `channels`: the last dimension, 0 for a scalar. Errors:
  // kInvalidArgument for NaN and infinity.
  Result<void> Add(std::span<const float> values, int64_t channels);
  void Merge(const Statistics& other);
  // Contains zero, as a quantized range must.
  ValueRange Range(CalibrationMethod method) const;

 private:
  void GrowTo(int to);
  void AddChannels(std::span<const float> values, int64_t channels);
};

}  // namespace liteforge
