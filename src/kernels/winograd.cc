// SPDX-License-Identifier: Apache-2.0
// A block of tiles at a time: its inputs are transformed, multiplied by the 36
// matrices, and transformed back, all within the cache.
#include "kernels/winograd.h"

#include <algorithm>
#include <limits>

#include "kernels/micro/float_winograd.h"
#include "kernels/micro/packed_layout.h"
#include "kernels/scratch_slots.h"

namespace liteforge {
namespace {

constexpr int kOut = kWinogradOutput, kIn = kWinogradInput;
constexpr int64_t kTaps = 9;

int64_t TilesAcross(const Window& w) { return (w.out_width + kOut - 1) / kOut; }
int64_t TilesDown(const Window& w) { return (w.out_height + kOut - 1) / kOut; }
int64_t AllTiles(const Window& w) {
  return w.batches * TilesDown(w) * TilesAcross(w);
}

// Whole tiles of the product, as many as the second cache has room for.
int64_t TilesOfBlock(const Window& w) {
  constexpr int64_t kCacheBytes = 256 << 10;
  const int64_t rows = FloatTileRows();
  const int64_t bytes = kWinogradProducts * int64_t{sizeof(float)} *
                        (int64_t{w.in_channels} + w.out_channels);
  return std::clamp<int64_t>(kCacheBytes / bytes / rows, 1, 8) * rows;
}

int64_t ScratchOfThread(const Window& w) {
  return TilesOfBlock(w) * kWinogradProducts *
         (int64_t{w.in_channels} + w.out_channels);
}

// One block of tiles, [first, first + count).
class Block {
 public:
  Block(const WinogradCall& call, const float* input, float* scratch,
        int64_t first, int64_t count)
      : call_(call),
        w_(call.window),
        input_(input),
        inputs_(scratch),
        products_(scratch + TilesOfBlock(w_) * kWinogradProducts *
                                int64_t{w_.in_channels}),
        first_(first),
        count_(count) {}

  void TransformInputs() const {
    for (int64_t t = 0; t < count_; ++t) {
      const float* pixels[kIn * kIn];
      const Corner corner = CornerOf(first_ + t);
      for (int i = 0; i < kIn; ++i) {
        for (int j = 0; j < kIn; ++j)
          pixels[i * kIn + j] = InputPixel(corner, i, j);
      }
      TransformWinogradInput(pixels, w_.in_channels,
                             inputs_ + t * w_.in_channels,
                             count_ * w_.in_channels);
    }
  }

  void Multiply() const {
    constexpr float kAll = std::numeric_limits<float>::infinity();
    for (int64_t p = 0; p < kWinogradProducts; ++p) {
      const FloatPanels& panels = call_.filter.products[static_cast<size_t>(p)];
      const float* from = inputs_ + p * count_ * w_.in_channels;
      float* to = products_ + p * count_ * w_.out_channels;
      const FloatRun rows{from, w_.in_channels};
      MultiplyFloatSpan(panels, &rows, count_, 0, panels.panels(), -kAll, kAll,
                        to, w_.out_channels);
    }
  }

  void TransformOutputs() const {
    const WinogradOutput how{call_.filter.bias.data(), w_.out_channels,
                             call_.output.range.min, call_.output.range.max};
    for (int64_t t = 0; t < count_; ++t) {
      float* pixels[kOut * kOut];
      const Corner corner = CornerOf(first_ + t);
      for (int i = 0; i < kOut; ++i) {
        for (int j = 0; j < kOut; ++j)
          pixels[i * kOut + j] = OutputPixel(corner, i, j);
      }
      TransformWinogradOutput(products_ + t * w_.out_channels,
                              count_ * w_.out_channels, how, pixels);
      Finish(corner);
    }
  }

 private:
  struct Corner {
    int64_t n, y, x;  // of the output
  };
  Corner CornerOf(int64_t tile) const {
    const int64_t line = tile / TilesAcross(w_);
    return {line / TilesDown(w_), line % TilesDown(w_) * kOut,
            tile % TilesAcross(w_) * kOut};
  }
  const float* InputPixel(const Corner& c, int i, int j) const {
    const int64_t y = c.y - w_.pad_top + i, x = c.x - w_.pad_left + j;
    const bool inside = y >= 0 && y < w_.in_height && x >= 0 && x < w_.in_width;
    if (!inside) return call_.outside;
    return input_ +
           ((c.n * w_.in_height + y) * w_.in_width + x) * w_.in_channels;
  }
  int64_t PixelAt(const Corner& c, int64_t y, int64_t x) const {
    return (c.n * w_.out_height + y) * w_.out_width + x;
  }
  float* OutputPixel(const Corner& c, int i, int j) const {
    const int64_t y = c.y + i, x = c.x + j;
    if (y >= w_.out_height || x >= w_.out_width) return nullptr;
    return call_.output.to + PixelAt(c, y, x) * w_.out_channels;
  }
  void Finish(const Corner& c) const {
    const int64_t bottom = std::min<int64_t>(c.y + kOut, w_.out_height);
    const int64_t width = std::min<int64_t>(kOut, w_.out_width - c.x);
    for (int64_t y = c.y; y < bottom; ++y) {
      call_.output.Finish(PixelAt(c, y, c.x), width, 0, w_.out_channels, 1);
    }
  }

  const WinogradCall& call_;
  const Window& w_;
  const float* input_;
  float* inputs_;    // [36, tiles, in_channels]
  float* products_;  // [36, tiles, out_channels]
  int64_t first_, count_;
};

// The 36 products' panels, one after the other; a panel of each at a time, for
// the transformed filter is four times as large.
void FillPanels(const float* filter, const FloatPanels& shape, float* to) {
  const int64_t channels = shape.depth(), width = shape.panel_width;
  for (int64_t first = 0; first < shape.columns; first += width) {
    const int64_t count = std::min(width, shape.columns - first);
    const std::vector<float> all = TransformWinogradFilter(
        filter + first * kTaps * channels, count, channels);
    const FloatPanels panel = ShapeFloatPanels(count, 1, channels);
    for (size_t p = 0; p < kWinogradProducts; ++p) {
      FillFloatPanels(
          all.data() + static_cast<int64_t>(p) * count * channels, channels, 1,
          panel,
          to + p * shape.numbers() + static_cast<size_t>(first * channels));
    }
  }
}

}  // namespace

bool PrefersWinograd(const Window& w) {
  constexpr int kLeastChannels = 16;
  if (w.height != 3 || w.width != 3 || w.stride_height != 1 ||
      w.stride_width != 1 || w.dilation_height != 1 || w.dilation_width != 1 ||
      w.in_channels < kLeastChannels || w.out_channels < kLeastChannels)
    return false;
  const int64_t pixels = w.out_rows() * w.out_width;
  return AllTiles(w) >= FloatTileRows() &&
         pixels * 2 >= AllTiles(w) * kOut * kOut;
}

WinogradFilter PackWinogradFilter(ArrayCache& arrays, const float* filter,
                                  const float* bias, const Window& w) {
  const int64_t outputs = w.out_channels, channels = w.in_channels;
  FloatPanels shape = ShapeFloatPanels(outputs, 1, channels);
  const size_t numbers = shape.numbers();
  shape.stored = arrays.Find(
      {static_cast<uint32_t>(PackedKind::kWinogradPanels),
       {outputs, channels, shape.panel_width},
       std::as_bytes(
           std::span(filter, static_cast<size_t>(outputs * kTaps * channels)))},
      kWinogradProducts * numbers * sizeof(float), [&](std::byte* to) {
        FillPanels(filter, shape, reinterpret_cast<float*>(to));
      });
  WinogradFilter packed;
  for (size_t p = 0; p < kWinogradProducts; ++p) {
    shape.weights =
        reinterpret_cast<const float*>(shape.stored.data()) + p * numbers;
    packed.products.push_back(shape);
  }
  packed.bias.assign(static_cast<size_t>(outputs), 0.0f);
  if (bias != nullptr) std::copy_n(bias, outputs, packed.bias.begin());
  return packed;
}

size_t WinogradScratch(const Window& w, int threads) {
  return static_cast<size_t>(ScratchOfThread(w)) * sizeof(float) *
         static_cast<size_t>(threads);
}

void ConvolveByWinograd(ThreadPool& threads, const WinogradCall& call,
                        const float* input) {
  const Window& w = call.window;
  const int64_t tiles = AllTiles(w);
  // Fewer tiles a block where there are not enough blocks for the threads: as
  // many in each.
  const int64_t rows = FloatTileRows();
  const int64_t share = (tiles + threads.threads() - 1) / threads.threads();
  const int64_t most =
      std::min(TilesOfBlock(w), (share + rows - 1) / rows * rows);
  const int64_t blocks = (tiles + most - 1) / most;
  const int64_t block =
      blocks <= threads.threads() ? (tiles + blocks - 1) / blocks : most;
  ScratchSlots<float> slots(call.scratch, ScratchOfThread(w));
  threads.ParallelFor(blocks, 1, [&](int64_t begin, int64_t end) {
    const ScratchSlots<float>::Slot scratch(slots);
    for (int64_t b = begin; b < end; ++b) {
      const Block of(call, input, scratch.data(), b * block,
                     std::min(block, tiles - b * block));
      of.TransformInputs();
      of.Multiply();
      of.TransformOutputs();
    }
  });
}

}  // namespace liteforge
