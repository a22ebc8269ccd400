// SPDX-License-Identifier: Apache-2.0
// How convolutions and dense layers use the matrix products of micro/: the
// rows are what each output position sees of the input, the columns are the
// output channels.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <vector>

#include "base/thread_pool.h"
#include "kernels/filter_params.h"
#include "kernels/micro/byte_gemm.h"
#include "kernels/micro/float_gemm.h"
#include "kernels/window.h"

namespace liteforge {

//------------------------------------------------------------------- tiles

// Calls body(first row, rows, first panel, panels' end) for tiles that cover
// all, shared among the threads. Panels of one call stay in the cache while
// rows pass by.
template <class Body>
void ForEachTile(ThreadPool& threads, int64_t rows, int tile_rows,
                 int64_t panels, int64_t panel_bytes, int64_t work_of_row,
                 const Body& body) {
  constexpr int64_t kCacheBytes = 256 << 10;
  constexpr int64_t kLeastWork = 1 << 16;  // of a thread, in products
  const int64_t tiles = (rows + tile_rows - 1) / tile_rows;
  int64_t block =
      std::max<int64_t>(1, kCacheBytes / std::max<int64_t>(panel_bytes, 1));
  // Few rows: the panels are what the threads share.
  if (tiles < 2 * threads.threads()) {
    block = std::min(
        block, (panels + 2 * threads.threads() - 1) / (2 * threads.threads()));
  }
  block = std::clamp<int64_t>(block, 1, std::max<int64_t>(panels, 1));
  const int64_t blocks = (panels + block - 1) / block;
  const int64_t work = std::max<int64_t>(
      1, work_of_row * std::min<int64_t>(tile_rows, rows) / blocks);
  threads.ParallelFor(
      tiles * blocks, (kLeastWork + work - 1) / work,
      [&](int64_t begin, int64_t end) {
        for (int64_t unit = begin; unit < end; ++unit) {
          const int64_t tile = unit % tiles, at = unit / tiles;
          const int64_t first = tile * tile_rows;
          body(first,
               static_cast<int>(std::min<int64_t>(tile_rows, rows - first)),
               at * block, std::min((at + 1) * block, panels));
        }
      });
}

// The most rows of a tile on any machine.
inline constexpr int kMostTileRows = 12;

//-------------------------------------------------------------------- rows

// A small window of few channels is copied together into one run; a larger one
// is a run of channels for each of its positions.
inline constexpr int kMostPatch = 1024;
inline bool CopiesPatches(const Window& w) {
  return w.height * w.width > 1 && w.in_channels < 16 &&
         int64_t{w.height} * w.width * w.in_channels <= kMostPatch;
}

// Windows of more positions would overflow the tables on the stack.
inline constexpr int kMostRuns = 256;

// A few numbers, for which a call of memcpy would take longer than they do.
template <class T>
inline void CopyRun(const T* from, size_t count, T* to) {
  constexpr size_t kChunk = 16 / sizeof(T);
  if (count < kChunk) {
    for (size_t i = 0; i < count; ++i) to[i] = from[i];
    return;
  }
  for (size_t i = 0; i + kChunk <= count; i += kChunk)
    std::memcpy(to + i, from + i, 16);
  std::memcpy(to + count - kChunk, from + count - kChunk, 16);
}

// What output positions see of `input`, [N, H, W, C].
template <class T>
class WindowRows {
 public:
  // `outside`: in_channels elements (to whole groups) for positions outside.
  WindowRows(const Window& w, const T* input, const T* outside)
      : w_(w), input_(input), outside_(outside) {
    if (CopiesPatches(w)) return;
    for (int i = 0; i < w.height; ++i) {
      for (int j = 0; j < w.width; ++j) {
        offsets_[i * w.width + j] =
            (int64_t{i} * w.dilation_height * w.in_width +
             int64_t{j} * w.dilation_width) *
            w.in_channels;
      }
    }
  }

  // Pointers of one row, one for each position of the window.
  void Pointers(int64_t row, const T** to) const {
    const Origin o = OriginOf(row);
    const int positions = w_.height * w_.width;
    const int64_t bottom = o.top + int64_t{w_.height - 1} * w_.dilation_height;
    const int64_t right = o.left + int64_t{w_.width - 1} * w_.dilation_width;
    if (o.top >= 0 && o.left >= 0 && bottom < w_.in_height &&
        right < w_.in_width) {
      const T* first = At(o, o.top, o.left);
      for (int p = 0; p < positions; ++p) to[p] = first + offsets_[p];
      return;
    }
    for (int i = 0; i < w_.height; ++i) {
      const int64_t y = o.top + int64_t{i} * w_.dilation_height;
      for (int j = 0; j < w_.width; ++j) {
        const int64_t x = o.left + int64_t{j} * w_.dilation_width;
        const bool inside =
            y >= 0 && y < w_.in_height && x >= 0 && x < w_.in_width;
        *to++ = inside ? At(o, y, x) : outside_;
      }
    }
  }

  // The same values, one after the other. Neighbours in the window are
  // neighbours in the input too, unless it is dilated.
  void Patch(int64_t row, T* to) const {
    const Origin o = OriginOf(row);
    const int channels = w_.in_channels;
    for (int i = 0; i < w_.height; ++i) {
      const int64_t y = o.top + int64_t{i} * w_.dilation_height;
      const bool has_row = y >= 0 && y < w_.in_height;
      const Taps cols = has_row ? TapsInside(static_cast<int>(o.left), w_.width,
                                             w_.dilation_width, w_.in_width)
                                : Taps{0, 0};
      const int run = w_.dilation_width == 1 ? cols.end - cols.begin : 1;
      for (int j = 0; j < w_.width;) {
        const bool inside = j >= cols.begin && j < cols.end;
        const int count = (inside ? run : 1) * channels;
        const T* from = inside
                            ? At(o, y, o.left + int64_t{j} * w_.dilation_width)
                            : outside_;
        CopyRun(from, static_cast<size_t>(count), to);
        to += count;
        j += inside ? run : 1;
      }
    }
  }

 private:
  struct Origin {
    int64_t n, top, left;
  };
  Origin OriginOf(int64_t row) const {
    const int64_t x = row % w_.out_width, line = row / w_.out_width;
    return {line / w_.out_height,
            line % w_.out_height * w_.stride_height - w_.pad_top,
            x * w_.stride_width - w_.pad_left};
  }
  const T* At(const Origin& o, int64_t y, int64_t x) const {
    return input_ +
           ((o.n * w_.in_height + y) * w_.in_width + x) * w_.in_channels;
  }

  const Window& w_;
  const T* input_;
  const T* outside_;
  int64_t offsets_[kMostRuns];
};

inline bool FitsTables(const Window& w) {
  return CopiesPatches(w) || w.height * w.width <= kMostRuns;
}

// The rows of one tile, as pointers.
template <class T>
class TileRows {
 public:
  TileRows(const Window& w, const WindowRows<T>& rows, int64_t first, int count)
      : runs_(CopiesPatches(w) ? 1 : w.height * w.width) {
    const int64_t patch = int64_t{w.height} * w.width * w.in_channels;
    for (int r = 0; r < count; ++r) {
      if (CopiesPatches(w)) {
        T* to = patches_ + r * (kMostPatch + kSlack);
        rows.Patch(first + r, to);
        std::fill_n(to + patch, kSlack, T{0});
        pointers_[r] = to;
      } else {
        rows.Pointers(first + r, pointers_ + r * runs_);
      }
    }
  }
  const T* const* pointers() const { return pointers_; }
  const T* const* row(int r) const { return pointers_ + r * runs_; }
  int runs() const { return runs_; }

 private:
  static constexpr int kSlack = static_cast<int>(kGemmSlack);
  int runs_;
  const T* pointers_[kMostTileRows * kMostRuns];
  T patches_[kMostTileRows * (kMostPatch + kSlack)];
};

//------------------------------------------------------------ 8-bit operators

// An integer operator's weights and parameters, ready for micro/.
struct PackedFilter {
  BytePanels panels;
  AlignedVector<int32_t> bias, multiplier, left_shift, right_shift;
  AlignedVector<float> float_bias, scale;  // hybrid
  AlignedVector<uint8_t> outside_bytes;    // a run outside the input
  AlignedVector<int16_t> outside_words;
  int32_t input_zero = 0;  // as multiplied: kByte, unsigned
  bool ready() const { return !panels.empty(); }
};

// Of int8 or uint8 activations; `outside` is the length of a run.
template <class Weight>
PackedFilter PackIntegerFilter(const Weight* weights,
                               const FilterQuantization& q, const int32_t* bias,
                               bool signed_input, int64_t columns, int64_t runs,
                               int64_t run_length, int64_t outside) {
  PackedFilter f;
  if constexpr (sizeof(Weight) == 1 && std::is_signed_v<Weight>) {
    f.panels = PackBytePanels(weights, columns, runs, run_length);
  } else {
    f.panels =
        PackBytePanels(weights, -q.filter_offset, columns, runs, run_length);
  }
  const auto size =
      static_cast<size_t>(f.panels.panels() * f.panels.panel_width);
  const bool bytes = f.panels.element == GemmElement::kByte;
  f.input_zero = -q.input_offset + (bytes && signed_input ? 128 : 0);
  f.bias.resize(size);
  f.multiplier.resize(size);
  f.left_shift.resize(size);
  f.right_shift.resize(size);
  for (size_t n = 0; n < static_cast<size_t>(columns); ++n) {
    const uint32_t correction =
        bytes ? static_cast<uint32_t>(f.input_zero) *
                    static_cast<uint32_t>(f.panels.column_sums[n])
              : 0;
    f.bias[n] = static_cast<int32_t>(
        static_cast<uint32_t>(bias != nullptr ? bias[n] : 0) - correction);
    f.multiplier[n] = q.scales[n].multiplier;
    f.left_shift[n] = std::max(q.scales[n].shift, 0);
    f.right_shift[n] = std::max(-q.scales[n].shift, 0);
  }
  const auto run = static_cast<size_t>(outside) + kGemmSlack;
  if (bytes) f.outside_bytes.assign(run, static_cast<uint8_t>(f.input_zero));
  if (!bytes) f.outside_words.assign(run, 0);
  return f;
}

inline IntegerOutput OutputOf(const PackedFilter& f,
                              const FilterQuantization& q) {
  return {f.bias.data(),        f.multiplier.data(), f.left_shift.data(),
          f.right_shift.data(), q.ties_up,           q.output_offset,
          q.range.min,          q.range.max};
}

// Of float activations quantized on the fly.
PackedFilter PackHybridFilter(const int8_t* weights,
                              const RuntimeTensor& filter, const float* bias,
                              int64_t columns, int64_t runs, int64_t run_length,
                              int64_t outside);

// What unsigned weights add to each row: weight_offset times the sum of the
// row's values less their zero point.
inline void RowTerms(const PackedFilter& f, const uint8_t* const* rows,
                     int count, int32_t* terms) {
  const BytePanels& p = f.panels;
  for (int m = 0; m < count; ++m) {
    int64_t sum = 0;
    for (int64_t r = 0; r < p.runs; ++r) {
      const uint8_t* run = rows[m * p.runs + r];
      int32_t of_run = 0;
      for (int64_t i = 0; i < p.run_length; ++i) of_run += run[i];
      sum += of_run;
    }
    sum -= int64_t{f.input_zero} * p.runs * p.run_length;
    terms[m] = static_cast<int32_t>(sum * p.weight_offset);
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

template <class In>
void ConvertActivations(const In* from, int64_t count, int, uint8_t* to) {
  ConvertToBytes(from, count, to);
}
template <class In>
void ConvertActivations(const In* from, int64_t count, int zero_point,
                        int16_t* to) {
  ConvertToWords(from, count, zero_point, to);
}

inline const uint8_t* OutsideOf(const PackedFilter& f, uint8_t) {
  return f.outside_bytes.data();
}
inline const int16_t* OutsideOf(const PackedFilter& f, int16_t) {
  return f.outside_words.data();
}

}  // namespace liteforge
