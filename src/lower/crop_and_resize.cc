// SPDX-License-Identifier: Apache-2.0
// CropAndResize: of images [B, H, W, D] the boxes [N, 4] of images b [N], each
// resized to [h, w]. Row i of a box (y1, x1, y2, x2), which are parts of the
// image's size, lies at
//   y_i = y1 (H - 1) + i (y2 - y1) (H - 1) / (h - 1),  or for h = 1
//   y_0 = (y1 + y2) (H - 1) / 2
// and columns likewise. "bilinear" mixes the four pixels around, "nearest"
// takes the closest; places outside the image have extrapolation_value.
// Source: tensorflow/core/kernels/image/crop_and_resize_op.cc.
#include <array>
#include <span>

#include "lower/formula.h"

namespace liteforge {
namespace {

// Where rows, or columns, of every box lie in the image: [N, count].
struct SampledPlaces {
  Value* at;      // as computed
  Value* inside;  // whether within the image
  Value* last;    // the image's last place, a float scalar
};

class Cropper {
 public:
  Cropper(LowerContext& c, std::array<int32_t, 2> size)
      : f_(c), image_(c.input(0)), size_(size) {
    boxes_ = c.input(1);
    numbers_ = f_.Take(f_.ir().AsInt32(c.input(2)));
  }

  Result<void> Run(bool nearest, float outside) {
    const SampledPlaces y = PlacesOf(0), x = PlacesOf(1);
    Value* mixed = nearest ? Pixels(Nearest(y), Nearest(x)) : Mixed(y, x);
    Value* inside = f_.Emit(Op::kLogicalAnd, LogicalAndOptions{},
                            {Rows(y.inside), Columns(x.inside)});
    return f_.Finish(f_.Select(f_.ExpandDims(inside, 3), mixed,
                               f_.Number(DataType::kFloat32, outside)));
  }

 private:
  // `axis` 0: rows, 1: columns. Ends of boxes stand at axis and axis + 2.
  SampledPlaces PlacesOf(int32_t axis) {
    const int32_t count = size_[static_cast<size_t>(axis)];
    Value* extent = f_.Cast(f_.DimOf(image_, 1 + axis), DataType::kFloat32);
    Value* last = f_.Sub(extent, f_.Like(extent, 1));
    Value* low = f_.Mul(f_.Gather(boxes_, f_.Ints({axis}), 1), last);
    Value* high = f_.Mul(f_.Gather(boxes_, f_.Ints({axis + 2}), 1), last);
    Value* at;
    if (count == 1) {
      at = f_.Mul(f_.Add(low, high), f_.Like(low, 0.5));
    } else {
      std::vector<float> steps;
      for (int32_t i = 0; i < count; ++i)
        steps.push_back(static_cast<float>(i));
      Value* step = f_.Div(f_.Sub(high, low), f_.Like(low, count - 1));
      at = f_.Add(low, f_.Mul(f_.Floats({count}, std::move(steps)), step));
    }
    Value* inside = f_.Emit(Op::kLogicalAnd, LogicalAndOptions{},
                            {f_.Compare(Op::kGreaterEqual, at, f_.Like(at, 0)),
                             f_.Compare(Op::kLessEqual, at, last)});
    return {at, inside, last};
  }

  Value* Rows(Value* x) { return f_.ExpandDims(x, 2); }     // [N, h, 1]
  Value* Columns(Value* x) { return f_.ExpandDims(x, 1); }  // [N, 1, w]

  // Indices that the image has.
  Value* Index(Value* place, Value* last) {
    Value* held = f_.Min(f_.Max(place, f_.Like(place, 0)), last);
    return f_.Cast(held, DataType::kInt32);
  }
  // Halves are rounded away from zero; places inside are not negative.
  Value* Nearest(const SampledPlaces& p) {
    return Index(f_.Of(Op::kFloor, f_.Add(p.at, f_.Like(p.at, 0.5))), p.last);
  }

  // The pixels at [N, h] and [N, w], as float32 [N, h, w, D].
  Value* Pixels(Value* y, Value* x) {
    Value* rows = f_.ExpandDims(Rows(y), 3);
    Value* columns = f_.ExpandDims(Columns(x), 3);
    Value* image = f_.Reshape(numbers_, {-1, 1, 1, 1});
    // Each as [N, h, w, 1].
    Value* zero =
        f_.Mul(f_.Add(f_.Add(rows, columns), image), f_.ir().Int32(0));
    Value* index = f_.Concat(
        {f_.Add(image, zero), f_.Add(rows, zero), f_.Add(columns, zero)}, 3);
    return f_.Cast(f_.GatherNd(image_, index), DataType::kFloat32);
  }

  Value* Mixed(const SampledPlaces& y, const SampledPlaces& x) {
    Value* top = f_.Of(Op::kFloor, y.at);
    Value* left = f_.Of(Op::kFloor, x.at);
    Value* down = f_.ExpandDims(Rows(f_.Sub(y.at, top)), 3);
    Value* right = f_.ExpandDims(Columns(f_.Sub(x.at, left)), 3);
    Value* y0 = Index(top, y.last);
    Value* y1 = Index(f_.Of(Op::kCeil, y.at), y.last);
    Value* x0 = Index(left, x.last);
    Value* x1 = Index(f_.Of(Op::kCeil, x.at), x.last);
    const auto mix = [&](Value* a, Value* b, Value* part) {
      return f_.Add(a, f_.Mul(f_.Sub(b, a), part));
    };
    return mix(mix(Pixels(y0, x0), Pixels(y0, x1), right),
               mix(Pixels(y1, x0), Pixels(y1, x1), right), down);
  }

  Formula f_;
  Value* image_;
  Value* boxes_;
  Value* numbers_;
  std::array<int32_t, 2> size_;
};

Result<void> LowerCropAndResize(LowerContext& c) {
  constexpr std::array<std::string_view, 2> kMethods = {"bilinear", "nearest"};
  constexpr int64_t kMost = 1 << 14;
  TRY_ASSIGN(const size_t method, c.Choice("method", kMethods, 0));
  TRY_ASSIGN(const float outside,
             c.Attribute<float>("extrapolation_value", 0.0f));
  TRY_ASSIGN(const auto size, c.IntegersOf(3, "crop_size"));
  if (size.size() != 2 || size[0] < 1 || size[1] < 1 || size[0] > kMost ||
      size[1] > kMost)
    return InvalidModel("crop_size is no height and width");
  if (c.input(0)->shape.rank() != 4)
    return Unsupported("images of unknown rank");
  return Cropper(c,
                 {static_cast<int32_t>(size[0]), static_cast<int32_t>(size[1])})
      .Run(method == 1, outside);
}

}  // namespace

std::span<const TfOp> CropAndResizeOps() {
  static constexpr TfOp kOps[] = {{"CropAndResize", 4, LowerCropAndResize}};
  return kOps;
}

}  // namespace liteforge
