// SPDX-License-Identifier: Apache-2.0
// Windows written out, place by place.
//   ExtractImagePatches  [N, OH, OW, kh kw C]: what each place sees, in order
//   Dilation2D           max over the places of x[..] + filter[i, j, c]
//   MaxPoolWithArgmax    MAX_POOL_2D, and where the first maximum stands,
//                          (y W + x) C + c, counted from the window's start:
//                        (i W + j) C of the last place that surpassed those
//                        before it, and the start's own number
// Source:
// tensorflow/core/kernels/{extract_image_patches,dilation,maxpooling}_op.cc
#include <limits>
#include <span>

#include "lower/windows.h"

namespace liteforge {
namespace {

Result<Windows::Layout> LayoutOf(const LowerContext& c, const char* size,
                                 bool dilated) {
  Windows::Layout layout;
  if (size != nullptr) {
    TRY_ASSIGN(layout.size, SpatialAttribute(c, size, false));
  }
  TRY_ASSIGN(layout.strides, SpatialAttribute(c, "strides", false));
  if (dilated) {
    TRY_ASSIGN(layout.rates, SpatialAttribute(c, "rates", false));
  }
  TRY_ASSIGN(const WindowPaddingAttribute padding, PaddingAttribute(c, false));
  layout.padding = padding.padding;
  return layout;
}

Value* Lowest(Formula& f) {
  return f.Number(DataType::kFloat32, std::numeric_limits<float>::lowest());
}

Result<void> LowerPatches(LowerContext& c) {
  TRY_ASSIGN(const auto layout, LayoutOf(c, "ksizes", true));
  Formula f(c);
  Value* x = c.input(0);
  TRY_ASSIGN(const Windows windows, Windows::Of(f, x, layout, f.Like(x, 0)));
  std::vector<Value*> places;
  for (int32_t i = 0; i < layout.size.h; ++i) {
    for (int32_t j = 0; j < layout.size.w; ++j)
      places.push_back(windows.At(f, i, j));
  }
  return f.Finish(f.Concat(std::move(places), 3));
}

Result<void> LowerDilation(LowerContext& c) {
  TRY_ASSIGN(auto layout, LayoutOf(c, nullptr, true));
  Value* filter = c.input(1);
  if (filter->shape.rank() != 3 || !filter->shape.IsStatic())
    return Unsupported("a filter of unknown size");
  if (c.input(0)->type != DataType::kFloat32)
    return Unsupported("a dilation of other than float32");
  layout.size = {filter->shape[0], filter->shape[1]};
  Formula f(c);
  TRY_ASSIGN(const Windows windows,
             Windows::Of(f, c.input(0), layout, Lowest(f)));
  Value* rows = f.Reshape(filter, {-1, filter->shape[2]});
  Value* most = nullptr;
  for (int32_t i = 0; i < layout.size.h; ++i) {
    for (int32_t j = 0; j < layout.size.w; ++j) {
      Value* row = f.Gather(rows, c.ir().Int32(i * layout.size.w + j));
      Value* seen = f.Add(windows.At(f, i, j), row);
      most = most == nullptr ? seen : f.Max(most, seen);
    }
  }
  return f.Finish(most);
}

// The number of each window's start in its plane, [1, OH, OW, C].
Value* Starts(Formula& f, const Windows& windows, const Shape& x,
              const HeightWidth& strides) {
  std::vector<int32_t> starts;
  for (int32_t row = 0; row < windows.rows(); ++row) {
    for (int32_t column = 0; column < windows.columns(); ++column) {
      const int32_t place = (row * strides.h + windows.top()) * x[2] +
                            column * strides.w + windows.left();
      for (int32_t channel = 0; channel < x[3]; ++channel)
        starts.push_back(place * x[3] + channel);
    }
  }
  return f.ir().Constant(DataType::kInt32,
                         {1, windows.rows(), windows.columns(), x[3]},
                         Blob::Own(std::move(starts)), "starts");
}

Result<Value*> ArgMaxOf(LowerContext& c, Formula& f, Value* x,
                        const Windows::Layout& layout) {
  TRY_ASSIGN(const bool with_batch,
             c.Attribute<bool>("include_batch_in_index", false));
  const Shape shape = x->shape;
  if (shape[3] < 0 || int64_t{shape[1]} * shape[2] * shape[3] >
                          std::numeric_limits<int32_t>::max())
    return Unsupported("a number of channels that is not known or absurd");
  TRY_ASSIGN(const Windows windows, Windows::Of(f, x, layout, Lowest(f)));
  Value* most = windows.At(f, 0, 0);
  Value* place = f.Emit(Op::kZerosLike, ZerosLikeOptions{},
                        {f.Cast(most, DataType::kInt32)});
  for (int32_t i = 0; i < layout.size.h; ++i) {
    for (int32_t j = 0; j < layout.size.w; ++j) {
      if (i == 0 && j == 0) continue;
      Value* seen = windows.At(f, i, j);
      place = f.Select(f.Compare(Op::kGreater, seen, most),
                       f.ir().Int32((i * shape[2] + j) * shape[3]), place);
      most = f.Max(most, seen);
    }
  }
  Value* index = f.Add(place, Starts(f, windows, shape, layout.strides));
  if (!with_batch) return index;
  Value* image = f.Reshape(f.Range(f.DimOf(x, 0)), {-1, 1, 1, 1});
  return f.Add(index,
               f.Mul(image, f.ir().Int32(shape[1] * shape[2] * shape[3])));
}

Result<void> LowerMaxPoolWithArgmax(LowerContext& c) {
  TRY_ASSIGN(const auto layout, LayoutOf(c, "ksize", false));
  TRY_ASSIGN(const DataType type,
             c.Attribute<DataType>("Targmax", DataType::kInt64));
  Formula f(c);
  Value* x = c.input(0);
  if (x->type != DataType::kFloat32 || x->shape.rank() != 4)
    return Unsupported("a pool of other than images of float32");
  Pool2DOptions options;
  options.padding = layout.padding;
  options.stride_h = layout.strides.h;
  options.stride_w = layout.strides.w;
  options.filter_height = layout.size.h;
  options.filter_width = layout.size.w;
  Value* y = f.Emit(Op::kMaxPool2D, options, {x});
  TRY(f.Check());
  c.SetOutput(0, y);
  if (!c.calls().IsRead(1)) return {};
  TRY_ASSIGN(Value * index, ArgMaxOf(c, f, x, layout));
  index = f.Cast(index, type);
  TRY(f.Check());
  c.SetOutput(1, index);
  return {};
}

}  // namespace

std::span<const TfOp> PatchOps() {
  static constexpr TfOp kOps[] = {
      {"Dilation2D", 2, LowerDilation},
      {"ExtractImagePatches", 1, LowerPatches},
      {"MaxPoolWithArgmax", 1, LowerMaxPoolWithArgmax},
  };
  return kOps;
}

}  // namespace liteforge
