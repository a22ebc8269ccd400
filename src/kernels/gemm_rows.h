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
#include "kernels/float_output.h"
#include "kernels/micro/byte_activations.h"
#include "kernels/micro/byte_gemm.h"
#include "kernels/micro/float_gemm.h"
#include "kernels/window.h"

namespace liteforge {

//------------------------------------------------------------------- tiles

constexpr int64_t kLeastProducts = 1 << 16;  // of a thread

// Whether all threads get about as many of the tiles.
inline bool AreEnough(const ThreadPool& threads, int64_t tiles) {
  return tiles >= 2 * threads.threads() || tiles == threads.threads();
}

// How many panels are multiplied by all rows before the next ones: as many as
// stay in the first cache while rows pass by, and where there are few tiles of
// rows, so few that all threads get some.
inline int64_t PanelsTogether(const ThreadPool& threads, int64_t tiles,
                              int64_t panels, int64_t panel_bytes) {
  constexpr int64_t kCacheBytes = 24 << 10;
  int64_t block = kCacheBytes / std::max<int64_t>(panel_bytes, 1);
  const int64_t shares = 2 * threads.threads();
  if (!AreEnough(threads, tiles))
    block = std::min(block, (panels + shares - 1) / shares);
  return std::clamp<int64_t>(block, 1, std::max<int64_t>(panels, 1));
}

struct NothingBefore {
  void operator()(int64_t, int64_t) const {}
};

// Calls body(first tile, tiles' end, first panel, panels' end) for all of them,
// shared among the threads: by tiles, so that the same thread sees the same
// part of an image in every operator, or where there are few, by panels as
// well. before(first tile, tiles' end) has run for them by then.
template <class Body, class Before = NothingBefore>
void ShareTiles(ThreadPool& threads, int64_t tiles, int64_t panels,
                int64_t panel_bytes, int64_t work_of_tile, const Body& body,
                const Before& before = {}) {
  const int64_t block = PanelsTogether(threads, tiles, panels, panel_bytes);
  const int64_t blocks = (panels + block - 1) / block;
  const auto part = [&](int64_t begin, int64_t end, int64_t at) {
    body(begin, end, at * block, std::min((at + 1) * block, panels));
  };
  const auto grain = [](int64_t work) {
    return (kLeastProducts + work - 1) / std::max<int64_t>(1, work);
  };
  if (AreEnough(threads, tiles)) {
    return threads.ParallelFor(tiles, grain(work_of_tile),
                               [&](int64_t begin, int64_t end) {
                                 before(begin, end);
                                 for (int64_t at = 0; at < blocks; ++at)
                                   part(begin, end, at);
                               });
  }
  before(0, tiles);
  threads.ParallelFor(tiles * blocks, grain(work_of_tile / blocks),
                      [&](int64_t begin, int64_t end) {
                        for (int64_t unit = begin; unit < end; ++unit) {
                          const int64_t tile = unit % tiles;
                          part(tile, tile + 1, unit / tiles);
                        }
                      });
}

// Calls body(first row, rows, first panel, panels' end) for tiles that cover
// all, shared among the threads; before that, before(first row, rows' end).
template <class Body, class Before = NothingBefore>
void ForEachTile(ThreadPool& threads, int64_t rows, int tile_rows,
                 int64_t panels, int64_t panel_bytes, int64_t work_of_row,
                 const Body& body, const Before& before = {}) {
  const auto row_of = [&](int64_t tile) {
    return std::min(tile * tile_rows, rows);
  };
  ShareTiles(
      threads, (rows + tile_rows - 1) / tile_rows, panels, panel_bytes,
      work_of_row * std::min<int64_t>(tile_rows, rows),
      [&](int64_t tile, int64_t tiles_end, int64_t begin, int64_t end) {
        for (; tile < tiles_end; ++tile) {
          const int64_t first = row_of(tile);
          body(first, static_cast<int>(row_of(tile + 1) - first), begin, end);
        }
      },
      [&](int64_t tile, int64_t tiles_end) {
        before(row_of(tile), row_of(tiles_end));
      });
}

// The most rows of a tile on any machine.
inline constexpr int kMostTileRows = 12;

//-------------------------------------------------------------------- rows

// What one output position sees are runs of numbers that lie one after the
// other in the input: the lines of its window, or, where it is dilated or
// large, the channels of each of its positions.
struct Runs {
  int count;
  int64_t length;
};

inline constexpr int kMostLines = 16;
inline constexpr int64_t kMostPatch = 2304;  // numbers of a window of lines
inline bool HasLines(const Window& w) {
  return w.width > 1 && w.dilation_width == 1 && w.height <= kMostLines &&
         int64_t{w.height} * w.width * w.in_channels <= kMostPatch;
}
inline Runs RunsOf(const Window& w) {
  return HasLines(w) ? Runs{w.height, int64_t{w.width} * w.in_channels}
                     : Runs{w.height * w.width, w.in_channels};
}

// More runs would overflow the tables on the stack.
inline constexpr int kMostRuns = 256;
inline bool FitsTables(const Window& w) {
  return HasLines(w) || int64_t{w.height} * w.width <= kMostRuns;
}

// A few numbers, for which a call of memcpy would take longer than they do.
template <class T>
inline T* CopyRun(const T* from, int64_t count, T* to) {
  constexpr int64_t kChunk = 16 / sizeof(T);
  if (count < kChunk) {
    for (int64_t i = 0; i < count; ++i) to[i] = from[i];
    return to + count;
  }
  for (int64_t i = 0; i + kChunk <= count; i += kChunk)
    std::memcpy(to + i, from + i, 16);
  std::memcpy(to + count - kChunk, from + count - kChunk, 16);
  return to + count;
}

// What a run of a row is: what RunsOf() says, or always a position's channels.
enum class RunKind { kChosen, kPositions };

// What output positions see of `input`, [N, H, W, C].
template <class T>
class WindowRows {
 public:
  static constexpr int64_t kSlack = kGemmSlack;

  // `outside`: what a run outside the input holds, to whole groups.
  WindowRows(const Window& w, const T* input, const T* outside,
             RunKind kind = RunKind::kChosen)
      : w_(w),
        has_lines_(kind == RunKind::kChosen && HasLines(w)),
        input_(input),
        outside_(outside) {
    if (has_lines_) return;
    for (int i = 0; i < w.height; ++i) {
      for (int j = 0; j < w.width; ++j) {
        offsets_[i * w.width + j] =
            (int64_t{i} * w.dilation_height * w.in_width +
             int64_t{j} * w.dilation_width) *
            w.in_channels;
      }
    }
  }

  // Where one row's window lies.
  struct Origin {
    int64_t n, y, x;  // of the output
    int64_t top, left;
  };
  Origin OriginOf(int64_t row) const {
    const int64_t x = row % w_.out_width, line = row / w_.out_width;
    return Placed({line / w_.out_height, line % w_.out_height, x, 0, 0});
  }
  Origin Next(Origin o) const {
    if (++o.x == w_.out_width) {
      o.x = 0;
      if (++o.y == w_.out_height) {
        o.y = 0;
        ++o.n;
      }
    }
    return Placed(o);
  }

  // Where the runs of a row begin, and of its right neighbours, which must lie
  // wholly within the input's left and right.
  template <class Run>
  void Evenly(const Origin& o, Run* to) const {
    const int64_t step = int64_t{w_.stride_width} * w_.in_channels;
    for (int i = 0; i < w_.height; ++i) {
      const int64_t y = o.top + int64_t{i} * w_.dilation_height;
      const bool inside = y >= 0 && y < w_.in_height;
      for (int j = 0; j < (has_lines_ ? 1 : w_.width); ++j) {
        const int64_t x = o.left + int64_t{j} * w_.dilation_width;
        *to++ = inside ? Run{At(o, y, x), step} : Run{outside_, 0};
      }
    }
  }

  // A pointer to each run of one row. Lines that reach beyond the input's left
  // or right are put together in `patch`.
  void Pointers(const Origin& o, const T** to, T* patch) const {
    has_lines_ ? Lines(o, to, patch) : Positions(o, to);
  }

 private:
  Origin Placed(Origin o) const {
    o.top = o.y * w_.stride_height - w_.pad_top;
    o.left = o.x * w_.stride_width - w_.pad_left;
    return o;
  }
  const T* At(const Origin& o, int64_t y, int64_t x) const {
    return input_ +
           ((o.n * w_.in_height + y) * w_.in_width + x) * w_.in_channels;
  }

  void Positions(const Origin& o, const T** to) const {
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

  void Lines(const Origin& o, const T** to, T* patch) const {
    const bool whole = o.left >= 0 && o.left + w_.width <= w_.in_width;
    for (int i = 0; i < w_.height; ++i) {
      const int64_t y = o.top + int64_t{i} * w_.dilation_height;
      if (y < 0 || y >= w_.in_height) {
        to[i] = outside_;
      } else if (whole) {
        to[i] = At(o, y, o.left);
      } else {
        to[i] = patch;
        patch = CopyLine(o, y, patch) + kSlack;
      }
    }
  }

  T* CopyLine(const Origin& o, int64_t y, T* to) const {
    const int64_t channels = w_.in_channels;
    const Taps inside =
        TapsInside(static_cast<int>(o.left), w_.width, 1, w_.in_width);
    to = CopyRun(outside_, inside.begin * channels, to);
    to = CopyRun(At(o, y, o.left + inside.begin),
                 (inside.end - inside.begin) * channels, to);
    return CopyRun(outside_, (w_.width - inside.end) * channels, to);
  }

  const Window& w_;
  const bool has_lines_;
  const T* input_;
  const T* outside_;
  int64_t offsets_[kMostRuns];
};

// The rows of one tile, as pointers.
template <class T>
class TileRows {
 public:
  TileRows(const Window& w, const WindowRows<T>& rows, int64_t first, int count)
      : runs_(RunsOf(w).count) {
    auto origin = rows.OriginOf(first);
    for (int r = 0; r < count; ++r, origin = rows.Next(origin))
      rows.Pointers(origin, pointers_ + r * runs_, patches_ + r * kRowPatch);
  }
  // Every out_width-th row: a column of the output.
  TileRows(const Window& w, const WindowRows<T>& rows, int64_t column,
           int64_t first, int count)
      : runs_(RunsOf(w).count) {
    for (int r = 0; r < count; ++r) {
      rows.Pointers(rows.OriginOf((first + r) * w.out_width + column),
                    pointers_ + r * runs_, patches_ + r * kRowPatch);
    }
  }
  const T* const* pointers() const { return pointers_; }
  const T* const* row(int r) const { return pointers_ + r * runs_; }
  int runs() const { return runs_; }

 private:
  static constexpr int64_t kRowPatch =
      kMostPatch + kMostLines * WindowRows<T>::kSlack;
  int runs_;
  const T* pointers_[kMostTileRows * kMostRuns];
  T patches_[kMostTileRows * kRowPatch];
};

//------------------------------------------------------------------- spans

// Whether most of each line lies inside. Else all rows go by pointers.
inline bool HasSpans(const Window& w) {
  constexpr int64_t kLeastSpan = 16;
  const Inside inside = InsideOf(w);
  return inside.end - inside.begin >=
         std::min<int64_t>(kLeastSpan, w.out_width);
}

inline int64_t PanelBytes(const FloatPanels& p) {
  return p.depth() * p.panel_width * int64_t{sizeof(float)};
}
inline int64_t PanelBytes(const BytePanels& p) {
  return p.runs * p.groups() * p.panel_width * 4;
}

// The products of one row.
inline int64_t WorkOfRow(const FloatPanels& p) { return p.depth() * p.columns; }
inline int64_t WorkOfRow(const BytePanels& p) {
  return p.runs * p.run_length * p.columns;
}

// A window of one pixel at every pixel.
inline bool IsPointwise(const Window& w) {
  return w.height == 1 && w.width == 1 && w.stride_height == 1 &&
         w.stride_width == 1 && w.pad_top == 0 && w.pad_left == 0;
}

// The products of such an operator, whose pixels are all one span: a few tiles
// at a time, fewer where the threads would get none. Where that would leave
// tiles of few rows, all rows are one part, which the threads share by panels.
//   span(run, first row, rows, first panel, panels' end)
//   before(first row, rows' end)
template <class Run, class T, class Panels, class Span,
          class Before = NothingBefore>
void ForEachPixelSpan(ThreadPool& threads, const Window& w, const T* input,
                      const Panels& p, int tile_rows, const Span& span,
                      const Before& before = {}) {
  constexpr int64_t kMostTiles = 8;
  const int64_t pixels = w.out_rows() * w.out_width;
  const int64_t whole = (pixels + threads.threads() - 1) / threads.threads();
  // Two parts for each thread, but not of a tile and a bit.
  const bool halved = threads.threads() > 1 && whole >= 4 * tile_rows;
  const int64_t share = halved ? (whole + 1) / 2 : whole;
  const int64_t rows =
      std::min(share * 2 < tile_rows ? pixels : share, kMostTiles * tile_rows);
  ForEachTile(
      threads, pixels, static_cast<int>(rows), p.panels(), PanelBytes(p),
      WorkOfRow(p),
      [&](int64_t first, int count, int64_t begin, int64_t end) {
        const Run run{input + first * w.in_channels, w.in_channels};
        span(&run, first, count, begin, end);
      },
      before);
}

// The products of a window operator, lines or parts of them shared among the
// threads: of each the span, then the outputs at the left and right of some
// lines, column by column.
//   span(runs, first row, rows, first panel, panels' end)
//   tile(pointers, first row, rows, rows' step, first panel, panels' end)
// where rows are output positions.
template <class Run, class T, class Panels, class Span, class Tile>
void ForEachSpan(ThreadPool& threads, const Window& w,
                 const WindowRows<T>& rows, const Panels& p, int tile_rows,
                 const Span& span, const Tile& tile) {
  const Inside inside = InsideOf(w);
  const auto column_of = [&](int64_t column, int64_t line, int64_t lines_end,
                             int64_t begin, int64_t end) {
    for (; line < lines_end; line += tile_rows) {
      const auto count =
          static_cast<int>(std::min<int64_t>(tile_rows, lines_end - line));
      const TileRows<T> of(w, rows, column, line, count);
      tile(of.pointers(), line * w.out_width + column, count, w.out_width,
           begin, end);
    }
  };
  // Outputs [left, right) of the lines.
  const auto lines_of = [&](int64_t first, int64_t lines_end, int64_t left,
                            int64_t right, int64_t begin, int64_t end) {
    const int64_t span_begin = std::clamp(inside.begin, left, right);
    const int64_t span_end = std::clamp(inside.end, span_begin, right);
    for (int64_t line = first; span_begin < span_end && line < lines_end;
         ++line) {
      Run runs[kMostRuns];
      const int64_t row = line * w.out_width + span_begin;
      rows.Evenly(rows.OriginOf(row), runs);
      span(runs, row, span_end - span_begin, begin, end);
    }
    for (int64_t x = left; x < right; ++x) {
      if (x < span_begin || x >= span_end)
        column_of(x, first, lines_end, begin, end);
    }
  };
  const int64_t parts =
      PartsOfLine(w, threads.threads(), 2 * int64_t{tile_rows});
  ShareTiles(threads, w.out_rows() * parts, p.panels(), PanelBytes(p),
             w.out_width * WorkOfRow(p) / parts,
             [&](int64_t first, int64_t tiles_end, int64_t begin, int64_t end) {
               const int64_t lines = parts == 1 ? tiles_end - first : 1;
               for (int64_t at = first; at < tiles_end; at += lines) {
                 const int64_t line = at / parts, part = at % parts;
                 lines_of(line, line + lines, w.out_width * part / parts,
                          w.out_width * (part + 1) / parts, begin, end);
               }
             });
}

// The same by pointers alone.
template <class T, class Panels, class Tile>
void ForEachWindowTile(ThreadPool& threads, const Window& w,
                       const WindowRows<T>& rows, const Panels& p,
                       int tile_rows, const Tile& tile) {
  ForEachTile(threads, w.out_rows() * w.out_width, tile_rows, p.panels(),
              PanelBytes(p), WorkOfRow(p),
              [&](int64_t first, int count, int64_t begin, int64_t end) {
                const TileRows<T> of(w, rows, first, count);
                tile(of.pointers(), first, count, 1, begin, end);
              });
}

// By spans where there are, else by pointers alone. `before`: of pixels only.
template <class Run, class T, class Panels, class Span, class Tile,
          class Before = NothingBefore>
void ForEachProduct(ThreadPool& threads, const Window& w, const T* input,
                    const T* outside, const Panels& p, int tile_rows,
                    const Span& span, const Tile& tile,
                    const Before& before = {}) {
  if (w.out_rows() == 0 || w.out_width == 0) return;
  if (IsPointwise(w))
    return ForEachPixelSpan<Run>(threads, w, input, p, tile_rows, span, before);
  const WindowRows<T> rows(w, input, outside);
  HasSpans(w) ? ForEachSpan<Run>(threads, w, rows, p, tile_rows, span, tile)
              : ForEachWindowTile(threads, w, rows, p, tile_rows, tile);
}

// A window operator of floats.
inline void ConvolveFloats(ThreadPool& threads, const Window& w,
                           const FloatPanels& p, const float* input,
                           const float* outside, const FloatOutput& output) {
  const int64_t channels = w.out_channels;
  const auto finish = [&](int64_t row, int64_t rows, int64_t begin, int64_t end,
                          int64_t step) {
    output.Finish(row, rows, begin * p.panel_width,
                  std::min(end * p.panel_width, channels), step);
  };
  ForEachProduct<FloatRun>(
      threads, w, input, outside, p, FloatTileRows(),
      [&](const FloatRun* runs, int64_t row, int64_t count, int64_t begin,
          int64_t end) {
        MultiplyFloatSpan(p, runs, count, begin, end, output.range.min,
                          output.range.max, output.to + row * channels,
                          channels);
        finish(row, count, begin, end, 1);
      },
      [&](const float* const* pointers, int64_t row, int count, int64_t step,
          int64_t begin, int64_t end) {
        MultiplyFloatTile(p, pointers, count, begin, end, output.range.min,
                          output.range.max, output.to + row * channels,
                          step * channels);
        finish(row, count, begin, end, step);
      });
}

// Rows of a matrix, as pointers.
template <class T>
struct MatrixRows {
  const T* pointers[kMostTileRows];
  MatrixRows(const T* first, int64_t stride, int count) {
    for (int r = 0; r < count; ++r) pointers[r] = first + r * stride;
  }
};

}  // namespace liteforge
