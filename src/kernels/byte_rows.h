// SPDX-License-Identifier: Apache-2.0
// How 8-bit convolutions and dense layers use the matrix products of micro/:
// weights packed with what becomes of the sums, activations as they are
// multiplied.
#pragma once

#include "kernels/byte_output.h"
#include "kernels/gemm_rows.h"
#include "kernels/micro/byte_activations.h"

namespace liteforge {

// An integer operator's weights and parameters, ready for micro/.
struct PackedFilter {
  BytePanels panels;
  AlignedVector<int32_t> bias, multiplier, left_shift, right_shift;
  AlignedVector<float> float_bias, scale;  // hybrid
  AlignedVector<uint8_t> outside_bytes;    // a run outside the input
  AlignedVector<int16_t> outside_words;
  int32_t input_zero = 0;     // as multiplied: kByte, unsigned
  bool shifts_right = false;  // every channel, and none to the left
  bool ready() const { return !panels.empty(); }
};

// Of int8 or uint8 activations.
template <class Weight>
PackedFilter PackIntegerFilter(ArrayCache& arrays, const Weight* weights,
                               const FilterQuantization& q, const int32_t* bias,
                               bool signed_input, int64_t columns,
                               const Runs& of_window) {
  const auto [runs, run_length] = of_window;
  PackedFilter f;
  if constexpr (sizeof(Weight) == 1 && std::is_signed_v<Weight>) {
    f.panels = PackBytePanels(arrays, weights, columns, runs, run_length);
  } else {
    f.panels = PackBytePanels(arrays, weights, -q.filter_offset, columns, runs,
                              run_length);
  }
  const auto size =
      static_cast<size_t>(f.panels.panels() * f.panels.panel_width);
  const bool bytes = f.panels.element == GemmElement::kByte;
  f.input_zero = -q.input_offset + (bytes && signed_input ? 128 : 0);
  f.bias.resize(size);
  f.multiplier.resize(size);
  f.left_shift.resize(size);
  f.right_shift.resize(size, 1);
  f.shifts_right = true;
  for (size_t n = 0; n < static_cast<size_t>(columns); ++n) {
    const uint32_t correction =
        bytes ? static_cast<uint32_t>(f.input_zero) *
                    static_cast<uint32_t>(f.panels.column_sums()[n])
              : 0;
    f.bias[n] = static_cast<int32_t>(
        static_cast<uint32_t>(bias != nullptr ? bias[n] : 0) - correction);
    f.multiplier[n] = q.scales[n].multiplier;
    f.left_shift[n] = std::max(q.scales[n].shift, 0);
    f.right_shift[n] = std::max(-q.scales[n].shift, 0);
    f.shifts_right &= q.scales[n].shift < 0;
  }
  const auto run = static_cast<size_t>(run_length) + kGemmSlack;
  if (bytes) f.outside_bytes.assign(run, static_cast<uint8_t>(f.input_zero));
  if (!bytes) f.outside_words.assign(run, 0);
  return f;
}

inline IntegerOutput OutputOf(const PackedFilter& f,
                              const FilterQuantization& q) {
  return {
      f.bias.data(),        f.multiplier.data(), f.left_shift.data(),
      f.right_shift.data(), q.ties_up,           q.ties_up && f.shifts_right,
      q.output_offset,      q.range.min,         q.range.max};
}

// Of float activations quantized on the fly.
PackedFilter PackHybridFilter(ArrayCache& arrays, const int8_t* weights,
                              const RuntimeTensor& filter, const float* bias,
                              int64_t columns, const Runs& of_window);

// What unsigned weights add to each row: weight_offset times the sum of the
// row's values less their zero point. `rows`: as AddUpRows takes them.
inline constexpr int kMostTerms = 96;
template <class Rows>
void RowTerms(const PackedFilter& f, const Rows* rows, int count,
              int32_t* terms) {
  const BytePanels& p = f.panels;
  int64_t sums[kMostTerms];
  AddUpRows(rows, count, p.runs, p.run_length, sums);
  for (int m = 0; m < count; ++m) {
    const int64_t less = int64_t{f.input_zero} * p.runs * p.run_length;
    terms[m] = static_cast<int32_t>((sums[m] - less) * p.weight_offset);
  }
}
inline void RowTerms(const PackedFilter&, const int16_t* const*, int,
                     int32_t*) {}

// Bytes of scratch that the activations take.
inline size_t ActivationScratch(int64_t elements) {
  const size_t element =
      GemmElementOfThisMachine() == GemmElement::kByte ? 1 : 2;
  return (static_cast<size_t>(elements) + kGemmSlack) * element;
}

// Whether nothing is read beyond a run, as it is filled up to whole groups.
inline bool ReadsRunsOnly(const BytePanels& p) {
  return p.run_length % (p.element == GemmElement::kByte ? 4 : 2) == 0;
}

// Whether activations can be multiplied where they lie.
template <class In>
bool MultipliesInPlace(const BytePanels& p) {
  return std::is_same_v<In, uint8_t> && p.element == GemmElement::kByte &&
         ReadsRunsOnly(p);
}

template <class In>
void ConvertPart(const In* from, int64_t count, int, uint8_t* to) {
  ConvertBytes(from, count, to);
}
template <class In>
void ConvertPart(const In* from, int64_t count, int zero_point, int16_t* to) {
  WidenBytes(from, count, -zero_point, to);
}

// Activations as they are multiplied, and behind them kGemmSlack zeros.
template <class In, class Element>
void ConvertActivations(ThreadPool& threads, const In* from, int64_t count,
                        int zero_point, Element* to) {
  constexpr int64_t kGrain = 1 << 15;
  threads.ParallelFor(count, kGrain, [&](int64_t begin, int64_t end) {
    ConvertPart(from + begin, end - begin, zero_point, to + begin);
  });
  std::fill_n(to + count, kGemmSlack, Element{0});
}

inline const uint8_t* OutsideOf(const PackedFilter& f, uint8_t) {
  return f.outside_bytes.data();
}
inline const int16_t* OutsideOf(const PackedFilter& f, int16_t) {
  return f.outside_words.data();
}

// Rows that lie evenly, by panels [begin, end).
template <class Out>
void MultiplySpan(const PackedFilter& f, const ByteRun<uint8_t>* runs,
                  int64_t count, int64_t begin, int64_t end,
                  const IntegerOutput& how, Out* to, int64_t stride) {
  const BytePanels& p = f.panels;
  if (p.weight_offset == 0)
    return MultiplyBytes<uint8_t>(p, {count, nullptr, runs}, begin, end, how,
                                  to, stride);
  ByteRun<uint8_t> part[kMostRuns];
  int32_t terms[kMostTerms];
  for (int64_t first = 0; first < count; first += kMostTerms) {
    const auto rows =
        static_cast<int>(std::min<int64_t>(kMostTerms, count - first));
    for (int64_t r = 0; r < p.runs; ++r)
      part[r] = {runs[r].first + first * runs[r].step, runs[r].step};
    RowTerms(f, part, rows, terms);
    MultiplyBytes<uint8_t>(p, {rows, nullptr, part, terms}, begin, end, how,
                           to + first * stride, stride);
  }
}
template <class Out>
void MultiplySpan(const PackedFilter& f, const ByteRun<int16_t>* runs,
                  int64_t count, int64_t begin, int64_t end,
                  const IntegerOutput& how, Out* to, int64_t stride) {
  MultiplyBytes<int16_t>(f.panels, {count, nullptr, runs}, begin, end, how, to,
                         stride);
}

// What a window operator computes of: activations, and where they go as they
// are multiplied, unless that is where they lie.
template <class In, class Element>
struct ByteInput {
  const In* from;
  int64_t count;
  int zero_point;
  Element* scratch;
};

// All of them, converted by the threads that multiply them where those of
// different rows are apart.
template <class In, class Element>
class ConvertedInput {
 public:
  ConvertedInput(ThreadPool& threads, const Window& w, const BytePanels& p,
                 const ByteInput<In, Element>& input)
      : input_(input), channels_(w.in_channels), data_(input.scratch) {
    if constexpr (std::is_same_v<In, Element>) {
      if (MultipliesInPlace<In>(p)) {
        data_ = input.from;
        return;
      }
    }
    later_ = IsPointwise(w) && ReadsRunsOnly(p);
    if (!later_) {
      ConvertActivations(threads, input.from, input.count, input.zero_point,
                         input.scratch);
    }
  }
  const Element* data() const { return data_; }

  // Before pixels [begin, end) are multiplied.
  void operator()(int64_t begin, int64_t end) const {
    if (!later_) return;
    ConvertPart(input_.from + begin * channels_, (end - begin) * channels_,
                input_.zero_point, input_.scratch + begin * channels_);
  }

 private:
  const ByteInput<In, Element>& input_;
  int64_t channels_;
  const Element* data_;
  bool later_ = false;
};

// A window operator.
template <class Element, class T>
void ConvolveBytes(ThreadPool& threads, const Window& w, const PackedFilter& f,
                   const IntegerOutput& how, const ByteInput<T, Element>& input,
                   const ByteOutput<T>& output) {
  const BytePanels& p = f.panels;
  const int64_t channels = w.out_channels;
  const auto finish = [&](int64_t row, int64_t rows, int64_t begin, int64_t end,
                          int64_t step) {
    output.Finish(row, rows, begin * p.panel_width,
                  std::min(end * p.panel_width, channels), step);
  };
  const ConvertedInput<T, Element> converted(threads, w, p, input);
  ForEachProduct<ByteRun<Element>>(
      threads, w, converted.data(), OutsideOf(f, Element{}), p, ByteTileRows(),
      [&](const ByteRun<Element>* runs, int64_t row, int64_t count,
          int64_t begin, int64_t end) {
        MultiplySpan(f, runs, count, begin, end, how,
                     output.to + row * channels, channels);
        finish(row, count, begin, end, 1);
      },
      [&](const Element* const* pointers, int64_t row, int count, int64_t step,
          int64_t begin, int64_t end) {
        int32_t terms[kMostTileRows] = {};
        if (p.weight_offset != 0) RowTerms(f, pointers, count, terms);
        MultiplyBytes<Element>(p, {count, pointers, nullptr, terms}, begin, end,
                               how, output.to + row * channels,
                               step * channels);
        finish(row, count, begin, end, step);
      },
      converted);
}

}  // namespace liteforge
