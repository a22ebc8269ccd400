// SPDX-License-Identifier: Apache-2.0
// Ranges from histograms.
//   MSE  for [l, h] in steps of d = (h - l) / 255: a value inside errs by
//        d^2 / 12 on average, one outside by its distance
//   KL   sum p log(p / q), p the histogram with what lies outside [l, h] put
//        into the outermost bins, q the same in 256 groups of bins, each
//        spread evenly over those of its bins that hold anything
// Source of the latter: S. Migacz, "8-bit Inference with TensorRT", GTC 2017.
#include "quantize/statistics.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <limits>
#include <utility>

namespace liteforge {
namespace {

constexpr int kLevels = 256;
// Of all values, beyond either end.
constexpr double kOutside = 1e-4;
// Windows tried: these parts of the whole range, each end on its own.
constexpr int kTrials = 64;
constexpr int64_t kMostChannels = 65536;

constexpr std::pair<std::string_view, CalibrationMethod> kMethods[] = {
    {"minmax", CalibrationMethod::kMinMax},
    {"average", CalibrationMethod::kAverage},
    {"percentile", CalibrationMethod::kPercentile},
    {"mse", CalibrationMethod::kMse},
    {"kl", CalibrationMethod::kKl},
};

// The exponent that lets |value| fall into a bin.
int ExponentFor(float value) {
  int exponent = 0;
  std::frexp(value, &exponent);  // |value| < 2^exponent
  static_assert(Statistics::kHalfBins == 1 << 11);
  return std::max(exponent - 11, -149);
}

// Bins [first, last] of a histogram, in units of one bin's width.
struct Window {
  int first, last;
};

class Histogram {
 public:
  explicit Histogram(const Statistics& s) : s_(s) {
    const auto filled = [](int64_t count) { return count > 0; };
    whole_.first = static_cast<int>(
        std::find_if(s.bins.begin(), s.bins.end(), filled) - s.bins.begin());
    whole_.last = static_cast<int>(
        s.bins.rend() - std::find_if(s.bins.rbegin(), s.bins.rend(), filled) -
        1);
    // Zero is part of every range.
    whole_.first = std::min(whole_.first, Statistics::kHalfBins);
    whole_.last = std::max(whole_.last, Statistics::kHalfBins);
  }

  ValueRange Percentile() const {
    int64_t total = 0;
    for (const int64_t count : s_.bins) total += count;
    const auto outside =
        static_cast<int64_t>(kOutside * static_cast<double>(total));
    Window w = whole_;
    int64_t below = Count(w.first), above = Count(w.last);
    while (w.first < w.last && below <= outside) below += Count(++w.first);
    while (w.last > w.first && above <= outside) above += Count(--w.last);
    return RangeOf(w);
  }

  // The window of the least `cost`: either end is tried with the other fixed.
  ValueRange Least(const std::function<double(Window)>& cost) const {
    Window best = whole_;
    double least = cost(best);
    const auto consider = [&](Window w) {
      const double c = cost(w);
      if (c >= least) return;
      least = c;
      best = w;
    };
    const auto part = [](int end, int trial) {
      const int from_zero = end - Statistics::kHalfBins;
      return Statistics::kHalfBins + from_zero * trial / kTrials;
    };
    for (int t = 1; t < kTrials; ++t)
      consider({part(whole_.first, t), part(whole_.last, t)});
    const Window both = best;
    for (int t = 1; t <= kTrials; ++t)
      consider({part(whole_.first, t), both.last});
    const int first = best.first;
    for (int t = 1; t <= kTrials; ++t) consider({first, part(whole_.last, t)});
    return RangeOf(best);
  }

  double SquaredError(Window w) const {
    const double step = (w.last - w.first + 1) / (kLevels - 1.0);
    double error = 0;
    for (int i = whole_.first; i <= whole_.last; ++i) {
      const double outside = i < w.first  ? w.first - i - 0.5
                             : i > w.last ? i - w.last - 0.5
                                          : 0;
      error += static_cast<double>(Count(i)) *
               (outside > 0 ? outside * outside : step * step / 12);
    }
    return error;
  }

  double Divergence(Window w) const {
    const int size = w.last - w.first + 1;
    std::vector<double> p(static_cast<size_t>(size));
    double total = 0;
    for (int i = whole_.first; i <= whole_.last; ++i) {
      const int at = std::clamp(i, w.first, w.last) - w.first;
      p[static_cast<size_t>(at)] += static_cast<double>(CountBesideZero(i));
      total += static_cast<double>(CountBesideZero(i));
    }
    if (size <= kLevels || total == 0)
      return std::numeric_limits<double>::max();
    double divergence = 0, kept = 0;
    std::vector<std::pair<double, double>> pairs;  // p, q, not normalized
    for (int g = 0; g < kLevels; ++g) {
      const int from = size * g / kLevels, to = size * (g + 1) / kLevels;
      double sum = 0;
      int filled = 0;
      for (int i = from; i < to; ++i) {
        const int64_t inside = CountBesideZero(w.first + i);
        sum += static_cast<double>(inside);
        filled += inside > 0;
      }
      for (int i = from; i < to; ++i) {
        const double q = CountBesideZero(w.first + i) > 0 ? sum / filled : 0;
        if (p[static_cast<size_t>(i)] > 0)
          pairs.emplace_back(p[static_cast<size_t>(i)], q);
        kept += q;
      }
    }
    constexpr double kAlmostNone = 1e-12;
    for (const auto& [of_p, of_q] : pairs) {
      const double q =
          kept > 0 ? std::max(of_q / kept, kAlmostNone) : kAlmostNone;
      divergence += of_p / total * std::log(of_p / total / q);
    }
    return divergence;
  }

 private:
  int64_t Count(int bin) const { return s_.bins[static_cast<size_t>(bin)]; }
  // Zero is stored exactly in any window. What a RELU makes zero would be most
  // of the distribution and let the rest count for nothing.
  int64_t CountBesideZero(int bin) const {
    return bin == Statistics::kHalfBins ? 0 : Count(bin);
  }
  ValueRange RangeOf(Window w) const {
    const auto edge = [&](int bin) {
      return std::ldexp(static_cast<float>(bin - Statistics::kHalfBins),
                        s_.exponent);
    };
    return {std::max(edge(w.first), s_.min),
            std::min(edge(w.last + 1), s_.max)};
  }

  const Statistics& s_;
  Window whole_{};
};

ValueRange WithZero(ValueRange range) {
  return {std::min(range.min, 0.0f), std::max(range.max, 0.0f)};
}

}  // namespace

std::optional<CalibrationMethod> CalibrationMethodFromName(
    std::string_view name) {
  for (const auto& [known, method] : kMethods) {
    if (known == name) return method;
  }
  return std::nullopt;
}

// Halves the resolution until the exponent is `to`.
void Statistics::GrowTo(int to) {
  if (bins.empty()) bins.resize(2 * kHalfBins);
  if (to <= exponent) return;
  const int shift = std::min(to - exponent, 12);  // 12: all is one bin
  std::vector<int64_t> grown(bins.size());
  for (int i = 0; i < 2 * kHalfBins; ++i) {
    const int at = ((i - kHalfBins) >> shift) + kHalfBins;
    grown[static_cast<size_t>(at)] += bins[static_cast<size_t>(i)];
  }
  bins = std::move(grown);
  exponent = to;
}

void Statistics::AddChannels(std::span<const float> values, int64_t channels) {
  if (channels < 1 || channels > kMostChannels) return;
  const auto width = static_cast<size_t>(channels);
  if (examples == 0) channel_sums.assign(width, 0);
  if (channel_sums.size() != width) {
    channel_sums.clear();
    return;
  }
  for (size_t row = 0; row + width <= values.size(); row += width) {
    for (size_t c = 0; c < width; ++c)
      channel_sums[c] += static_cast<double>(values[row + c]);
  }
  channel_count += static_cast<int64_t>(values.size() / width);
}

Result<void> Statistics::Add(std::span<const float> values, int64_t channels) {
  if (values.empty()) return {};
  float low = values[0], high = values[0];
  bool finite = true;
  for (const float value : values) {
    low = std::min(low, value);
    high = std::max(high, value);
    finite = finite && std::isfinite(value);
  }
  if (!finite)
    return InvalidArgument("holds values that are not finite numbers");
  GrowTo(std::max(ExponentFor(low), ExponentFor(high)));
  // 2^-exponent may be no float; the product of two that are is exact.
  const double per_bin = std::ldexp(1.0, -exponent);
  for (const float value : values) {
    const auto at =
        static_cast<int>(std::floor(static_cast<double>(value) * per_bin));
    const int bin = std::clamp(at, -kHalfBins, kHalfBins - 1) + kHalfBins;
    ++bins[static_cast<size_t>(bin)];
  }
  AddChannels(values, channels);
  min = examples == 0 ? low : std::min(min, low);
  max = examples == 0 ? high : std::max(max, high);
  sum_of_min += static_cast<double>(low);
  sum_of_max += static_cast<double>(high);
  ++examples;
  return {};
}

void Statistics::Merge(const Statistics& other) {
  if (other.examples == 0) return;
  if (examples == 0) {
    *this = other;
    return;
  }
  Statistics from = other;
  GrowTo(other.exponent);
  from.GrowTo(exponent);
  for (size_t i = 0; i < bins.size(); ++i) bins[i] += from.bins[i];
  min = std::min(min, from.min);
  max = std::max(max, from.max);
  sum_of_min += from.sum_of_min;
  sum_of_max += from.sum_of_max;
  examples += from.examples;
  channel_count += from.channel_count;
  if (channel_sums.size() != from.channel_sums.size()) channel_sums.clear();
  for (size_t c = 0; c < channel_sums.size(); ++c)
    channel_sums[c] += from.channel_sums[c];
}

ValueRange Statistics::Range(CalibrationMethod method) const {
  if (examples == 0) return {};
  const auto average = [&](double sum) {
    return static_cast<float>(sum / static_cast<double>(examples));
  };
  const Histogram histogram(*this);
  switch (method) {
    case CalibrationMethod::kMinMax:
      return WithZero({min, max});
    case CalibrationMethod::kAverage:
      return WithZero({average(sum_of_min), average(sum_of_max)});
    case CalibrationMethod::kPercentile:
      return WithZero(histogram.Percentile());
    case CalibrationMethod::kMse:
      return WithZero(
          histogram.Least([&](Window w) { return histogram.SquaredError(w); }));
    case CalibrationMethod::kKl:
      return WithZero(
          histogram.Least([&](Window w) { return histogram.Divergence(w); }));
  }
  return WithZero({min, max});
}

}  // namespace liteforge
