// SPDX-License-Identifier: Apache-2.0
// XlaConv, XlaConvV2: convolutions along one to three axes, whichever
// dimensions these are. TRANSPOSE brings the input to [N, .., C] and the kernel
// to [.., I, O]; one axis is a second of extent 1 and another.
//   out[o] = sum_k in'[o stride + k rate - low] kernel[k],
// in' the input with spread - 1 zeros between neighbours (lhs_dilation).
//   spread = 1          CONV_2D, DEPTHWISE_CONV_2D or CONV_3D, with SAME
//                       padding if that is what it is, or a PAD in front
//   stride = rate = 1   TRANSPOSE_CONV with the kernel turned round, of which
//                       size - 1 - low are cut off in front
//   otherwise           a convolution of the input spread out (axes.h)
#include <algorithm>
#include <numeric>
#include <span>

#include "lower/axes.h"
#include "lower/convolution.h"
#include "lower/xla.h"

namespace liteforge {
namespace {

using Axes = std::vector<int32_t>;

// One spatial axis.
struct SlidAxis {
  int32_t input = 1, size = 1;
  int32_t stride = 1, low = 0, high = 0, spread = 1, rate = 1;

  bool is_plain() const { return spread == 1; }
  bool is_transposed() const { return stride == 1 && rate == 1; }
  bool IsSame() const {
    if (input < 0)
      return stride == 1 && low + high == (size - 1) * rate &&
             low == (low + high) / 2;
    const int32_t output = (input + stride - 1) / stride;
    const int32_t missing =
        std::max(0, (output - 1) * stride + (size - 1) * rate + 1 - input);
    return low == missing / 2 && high == missing - low;
  }
};

struct XlaConvolution {
  Value* x;       // [N, .., C]
  Value* kernel;  // [.., I, O]
  Axes result;    // the permutation of [N, .., O] that is asked for
  std::vector<SlidAxis> axes;
  bool grouped = false;
};

Result<Axes> OrderOf(int rank, int64_t first,
                     const google::protobuf::RepeatedField<int64_t>& spatial,
                     int64_t last) {
  google::protobuf::RepeatedField<int64_t> all;
  all.Add(first);
  all.MergeFrom(spatial);
  all.Add(last);
  if (all.size() != rank)
    return InvalidModel("'dimension_numbers' does not name every dimension");
  return XlaAxes(all, rank);
}

Axes InverseOrder(const Axes& order) {
  Axes inverse(order.size());
  for (size_t i = 0; i < order.size(); ++i)
    inverse[static_cast<size_t>(order[i])] = static_cast<int32_t>(i);
  return inverse;
}

Result<void> ReadOperands(const LowerContext& c, XlaConvolution& conv) {
  TRY_ASSIGN(const auto dims, XlaDimensions<tf::XlaConvolutionDimensions>(c));
  const int rank = c.input(0)->shape.rank();
  if (rank < 0 || c.input(1)->shape.rank() != rank)
    return Unsupported("an operand of unknown rank");
  if (rank < 3 || rank > 5)
    return Unsupported("a convolution along other than 1 to 3 axes");
  TRY_ASSIGN(const Axes input, OrderOf(rank, dims.input_batch_dimension(),
                                       dims.input_spatial_dimensions(),
                                       dims.input_feature_dimension()));
  // The kernel's order is spatial first.
  TRY_ASSIGN(Axes kernel, OrderOf(rank, dims.kernel_input_feature_dimension(),
                                  dims.kernel_spatial_dimensions(),
                                  dims.kernel_output_feature_dimension()));
  std::rotate(kernel.begin(), kernel.begin() + 1, kernel.end() - 1);
  TRY_ASSIGN(const Axes output, OrderOf(rank, dims.output_batch_dimension(),
                                        dims.output_spatial_dimensions(),
                                        dims.output_feature_dimension()));
  conv.result = InverseOrder(output);
  TRY_ASSIGN(conv.x, c.ir().Cast(c.input(0), DataType::kFloat32));
  TRY_ASSIGN(conv.kernel, c.ir().Cast(c.input(1), DataType::kFloat32));
  TRY_ASSIGN(conv.x, c.ir().Transpose(conv.x, input));
  TRY_ASSIGN(conv.kernel, c.ir().Transpose(conv.kernel, kernel));
  return {};
}

Result<void> ReadSlidAxes(const LowerContext& c, XlaConvolution& conv) {
  constexpr int32_t kMost = 1 << 24;
  const auto count = static_cast<size_t>(conv.x->shape.rank() - 2);
  TRY_ASSIGN(const Axes strides,
             XlaIntegers(c, 2, "window_strides", count, 1, kMost));
  TRY_ASSIGN(const Axes padding,
             XlaIntegers(c, 3, "padding", 2 * count, -kMost, kMost));
  TRY_ASSIGN(const Axes spreads,
             XlaIntegers(c, 4, "lhs_dilation", count, 1, kMost));
  TRY_ASSIGN(const Axes rates,
             XlaIntegers(c, 5, "rhs_dilation", count, 1, kMost));
  for (size_t i = 0; i < count; ++i) {
    const auto own = static_cast<int>(i);
    conv.axes.push_back({conv.x->shape[own + 1], conv.kernel->shape[own],
                         strides[i], padding[2 * i], padding[2 * i + 1],
                         spreads[i], rates[i]});
    if (conv.axes.back().size < 1)
      return Unsupported("a kernel of unknown size");
  }
  return {};
}

Result<XlaConvolution> ReadXlaConvolution(const LowerContext& c) {
  for (const DataType type : {c.input(0)->type, c.input(1)->type}) {
    if (type != DataType::kFloat32 && type != DataType::kFloat16)
      return Unsupported("TFLite convolves floats only");
  }
  TRY_ASSIGN(const int64_t batch_groups,
             c.Attribute<int64_t>("batch_group_count", 1));
  if (batch_groups != 1)
    return Unsupported("groups of the batch, which gradients have");
  XlaConvolution conv{};
  TRY(ReadOperands(c, conv));
  TRY(ReadSlidAxes(c, conv));
  TRY_ASSIGN(const int64_t groups, c.IntegerOf(6, "feature_group_count"));
  conv.grouped = groups != 1;
  return conv;
}

//--------------------------------------------------------------------- plain

struct Plain {
  Value* x;
  Padding padding;
};

Plain PaddedImage(Formula& f, Value* x, const std::vector<SlidAxis>& axes) {
  const bool same = std::ranges::all_of(axes, &SlidAxis::IsSame);
  const bool valid = std::ranges::all_of(
      axes, [](const SlidAxis& a) { return a.low == 0 && a.high == 0; });
  if (valid || same) return {x, valid ? Padding::kValid : Padding::kSame};
  EdgePadding edges(static_cast<int>(axes.size()) + 2);
  for (size_t i = 0; i < axes.size(); ++i) {
    edges.low[i + 1] = axes[i].low;
    edges.high[i + 1] = axes[i].high;
  }
  return {PadEdges(f, x, edges, f.Number(DataType::kFloat32, 0)),
          Padding::kValid};
}

Value* Convolve2d(Formula& f, const XlaConvolution& conv) {
  const Plain plain = PaddedImage(f, conv.x, conv.axes);
  if (plain.x == nullptr) return nullptr;
  const SlidAxis &h = conv.axes[0], &w = conv.axes[1];
  const ConvolutionWindow window{
      plain.padding, {h.stride, w.stride}, {h.rate, w.rate}};
  return f.Take(EmitConvolution(f.ir(), window, plain.x, conv.kernel));
}

Value* Convolve3d(Formula& f, const XlaConvolution& conv) {
  if (conv.grouped)
    return f.Fail({ErrorCode::kUnsupported,
                   "TFLite's convolution of volumes has no groups", ""});
  const Plain plain = PaddedImage(f, conv.x, conv.axes);
  const SlidAxis &d = conv.axes[0], &h = conv.axes[1], &w = conv.axes[2];
  Conv3DOptions options;
  options.padding = plain.padding;
  options.stride_d = d.stride;
  options.stride_h = h.stride;
  options.stride_w = w.stride;
  options.dilation_d_factor = d.rate;
  options.dilation_h_factor = h.rate;
  options.dilation_w_factor = w.rate;
  return f.Emit(Op::kConv3D, options, {plain.x, conv.kernel});
}

//---------------------------------------------------------------- transposed

// What is cut off the whole transposed convolution along an axis.
struct Cut {
  int32_t whole, low, high;

  explicit Cut(const SlidAxis& a)
      : whole((a.input - 1) * a.spread + a.size),
        low(a.size - 1 - a.low),
        high(a.size - 1 - a.high) {}
  int32_t output() const { return whole - low - high; }
  // Whether it is what SAME of TRANSPOSE_CONV means.
  bool IsSame(const SlidAxis& a) const {
    return low >= 0 && high >= 0 && low == (low + high) / 2 &&
           (output() + a.spread - 1) / a.spread == a.input;
  }
};

Value* ImageSizes(Formula& f, Value* x, int32_t h, int32_t w,
                  int32_t channels) {
  if (x->shape[0] >= 0) return f.Ints({x->shape[0], h, w, channels});
  return f.Concat({f.Reshape(f.DimOf(x, 0), {1}), f.Ints({h, w, channels})}, 0);
}

Value* ConvolveTransposed(Formula& f, const XlaConvolution& conv) {
  const Cut h(conv.axes[0]), w(conv.axes[1]);
  const bool same = h.IsSame(conv.axes[0]) && w.IsSame(conv.axes[1]);
  const int32_t channels = conv.kernel->shape[3];
  Value* kernel =
      f.Emit(Op::kReverseV2, ReverseV2Options{}, {conv.kernel, f.Ints({0, 1})});
  kernel = f.Transpose(kernel, {3, 0, 1, 2});
  TransposeConvOptions options;
  options.padding = same ? Padding::kSame : Padding::kValid;
  options.stride_h = conv.axes[0].spread;
  options.stride_w = conv.axes[1].spread;
  Value* sizes = ImageSizes(f, conv.x, same ? h.output() : h.whole,
                            same ? w.output() : w.whole, channels);
  Value* y = f.Emit(Op::kTransposeConv, options, {sizes, kernel, conv.x});
  if (y == nullptr) return nullptr;
  y->shape = {conv.x->shape[0], same ? h.output() : h.whole,
              same ? w.output() : w.whole, channels};
  if (same) return y;
  EdgePadding edges(4);
  edges.low = {0, -h.low, -w.low, 0};
  edges.high = {0, -h.high, -w.high, 0};
  return PadEdges(f, y, edges, f.Number(DataType::kFloat32, 0));
}

//----------------------------------------------------------------------- all

bool IsTransposed(const XlaConvolution& conv) {
  return conv.axes.size() == 2 && !conv.grouped &&
         std::ranges::all_of(conv.axes, &SlidAxis::is_transposed) &&
         std::ranges::none_of(conv.axes,
                              [](const SlidAxis& a) { return a.input < 1; });
}

// [N, W, C] as [N, 1, W, C], and so the kernel.
void AddAxis(Formula& f, XlaConvolution& conv) {
  conv.x = f.ExpandDims(conv.x, 1);
  conv.kernel = f.ExpandDims(conv.kernel, 0);
  conv.axes.insert(conv.axes.begin(), SlidAxis{});
}

void SpreadOut(Formula& f, XlaConvolution& conv) {
  for (size_t i = 0; i < conv.axes.size(); ++i) {
    SlidAxis& axis = conv.axes[i];
    const auto own = static_cast<int32_t>(i + 1);
    conv.x = SpreadAxis(f, conv.x, own, axis.spread - 1,
                        f.Number(DataType::kFloat32, 0));
    if (conv.x != nullptr) axis.input = conv.x->shape[own];
    axis.spread = 1;
  }
}

Result<void> LowerConvolution(LowerContext& c) {
  TRY_ASSIGN(const DataType type,
             c.Attribute<DataType>("preferred_element_type", c.input(0)->type));
  TRY_ASSIGN(XlaConvolution conv, ReadXlaConvolution(c));
  Formula f(c);
  const bool line = conv.axes.size() == 1;
  if (line) AddAxis(f, conv);
  TRY(f.Check());
  const bool plain = std::ranges::all_of(conv.axes, &SlidAxis::is_plain);
  Value* y = nullptr;
  if (!plain && IsTransposed(conv)) {
    y = ConvolveTransposed(f, conv);
  } else {
    SpreadOut(f, conv);
    TRY(f.Check());
    y = conv.axes.size() == 3 ? Convolve3d(f, conv) : Convolve2d(f, conv);
  }
  if (line) {
    SqueezeOptions squeeze;
    squeeze.squeeze_dims = {1};
    y = f.Emit(Op::kSqueeze, squeeze, {y});
  }
  y = f.Cast(y, type);
  TRY(f.Check());
  return Finish(c, c.ir().Transpose(y, conv.result));
}

}  // namespace

std::span<const TfOp> XlaConvolutionOps() {
  static constexpr TfOp kOps[] = {
      {"XlaConv", 7, LowerConvolution},
      {"XlaConvV2", 7, LowerConvolution},
  };
  return kOps;
}

}  // namespace liteforge
