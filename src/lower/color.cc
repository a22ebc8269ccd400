// SPDX-License-Identifier: Apache-2.0
// Colours of images, channels last.
//   AdjustContrastv2   (x - mean) factor + mean, the mean over height and width
//   RGBToHSV           v = max, s = (max - min) / max, h by which of r, g, b is
//                      the largest: (g - b) / d, 2 + (b - r) / d or
//                      4 + (r - g) / d, divided by 6, d = max - min
//   HSVToRGB           v (1 - s + s t), with for r, g, b
//                      t = |6 h - 3| - 1, 2 - |6 h - 2|, 2 - |6 h - 4| in [0,
//                      1]
//   AdjustHue, AdjustSaturation   h + delta, s scale in [0, 1], between the two
// Source: tensorflow/core/kernels/image/{adjust_*,colorspace}_op.*.
#include <span>

#include "lower/formula.h"

namespace liteforge {
namespace {

// Three channels, each [.., 1].
struct Channels {
  Value *a, *b, *c;
};

Channels SplitChannels(Formula& f, Value* x) {
  const int axis = x->shape.rank() - 1;
  const auto channel = [&](int32_t i) {
    return f.Gather(x, f.Ints({i}), axis);
  };
  return {channel(0), channel(1), channel(2)};
}

Value* Join(Formula& f, Channels x) {
  const int axis = x.a == nullptr ? 0 : x.a->shape.rank() - 1;
  return f.Concat({x.a, x.b, x.c}, axis);
}

Channels ToHsv(Formula& f, Channels rgb) {
  Value* const r = rgb.a;
  Value* const g = rgb.b;
  Value* const b = rgb.c;
  Value* high = f.Max(f.Max(r, g), b);
  Value* range = f.Sub(high, f.Min(f.Min(r, g), b));
  Value* zero = f.Like(r, 0);
  const auto divided = [&](Value* x, Value* by) {
    Value* none = f.Compare(Op::kLessEqual, by, zero);
    return f.Select(none, zero, f.Div(x, f.Select(none, f.Like(r, 1), by)));
  };
  const auto sector = [&](Value* x, Value* y, double first) {
    return f.Add(divided(f.Sub(x, y), range), f.Like(r, first));
  };
  Value* h = f.Select(f.Compare(Op::kEqual, r, high), sector(g, b, 0),
                      f.Select(f.Compare(Op::kEqual, g, high), sector(b, r, 2),
                               sector(r, g, 4)));
  h = f.Mul(h, f.Like(r, 1.0 / 6));
  h = f.Select(f.Compare(Op::kLess, h, zero), f.Add(h, f.Like(r, 1)), h);
  h = f.Select(f.Compare(Op::kLessEqual, range, zero), f.Mul(h, zero), h);
  return {h, divided(range, high), high};
}

Value* Held(Formula& f, Value* x) {  // in [0, 1]
  return f.Min(f.Max(x, f.Like(x, 0)), f.Like(x, 1));
}

Channels ToRgb(Formula& f, Channels hsv) {
  Value* const h = hsv.a;
  Value* const s = hsv.b;
  Value* const v = hsv.c;
  Value* turned = f.Mul(h, f.Like(h, 6));
  const auto distance = [&](double from) {
    return f.Of(Op::kAbs, f.Sub(turned, f.Like(h, from)));
  };
  const auto channel = [&](Value* t) {
    Value* part = f.Sub(f.Mul(s, Held(f, t)), f.Sub(s, f.Like(s, 1)));
    return f.Mul(v, part);
  };
  return {channel(f.Sub(distance(3), f.Like(h, 1))),
          channel(f.Sub(f.Like(h, 2), distance(2))),
          channel(f.Sub(f.Like(h, 2), distance(4)))};
}

Result<void> CheckChannels(const Value* x) {
  const Shape& shape = x->shape;
  if (shape.rank() > 0 && shape[shape.rank() - 1] == 3) return {};
  return Unsupported("an image of other than three channels");
}

Result<void> LowerToHsv(LowerContext& c) {
  TRY(CheckChannels(c.input(0)));
  Formula f(c);
  return f.Finish(Join(f, ToHsv(f, SplitChannels(f, c.input(0)))));
}

Result<void> LowerToRgb(LowerContext& c) {
  TRY(CheckChannels(c.input(0)));
  Formula f(c);
  return f.Finish(Join(f, ToRgb(f, SplitChannels(f, c.input(0)))));
}

Result<void> LowerAdjustHue(LowerContext& c) {
  TRY(CheckChannels(c.input(0)));
  Formula f(c);
  Channels hsv = ToHsv(f, SplitChannels(f, c.input(0)));
  Value* h = f.Add(hsv.a, c.input(1));
  hsv.a = f.Sub(h, f.Of(Op::kFloor, h));
  return f.Finish(Join(f, ToRgb(f, hsv)));
}

Result<void> LowerAdjustSaturation(LowerContext& c) {
  TRY(CheckChannels(c.input(0)));
  Formula f(c);
  Channels hsv = ToHsv(f, SplitChannels(f, c.input(0)));
  hsv.b = Held(f, f.Mul(hsv.b, c.input(1)));
  return f.Finish(Join(f, ToRgb(f, hsv)));
}

Result<void> LowerAdjustContrast(LowerContext& c) {
  Value* x = c.input(0);
  const int rank = x->shape.rank();
  if (rank < 3) return Unsupported("an image of unknown rank");
  Formula f(c);
  ReducerOptions keep;
  keep.keep_dims = true;
  Value* mean = f.Emit(Op::kMean, keep, {x, f.Ints({rank - 3, rank - 2})});
  return f.Finish(f.Add(f.Mul(f.Sub(x, mean), c.input(1)), mean));
}

}  // namespace

std::span<const TfOp> ColorOps() {
  static constexpr TfOp kOps[] = {
      {"AdjustContrastv2", 2, LowerAdjustContrast},
      {"AdjustHue", 2, LowerAdjustHue},
      {"AdjustSaturation", 2, LowerAdjustSaturation},
      {"HSVToRGB", 1, LowerToRgb},
      {"RGBToHSV", 1, LowerToHsv},
  };
  return kOps;
}

}  // namespace liteforge
