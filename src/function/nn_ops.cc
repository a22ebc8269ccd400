// SPDX-License-Identifier: Apache-2.0
// Output extent of a window along an axis of `in` elements, with
// reach = (size - 1) * dilation + 1:
//   SAME   ceil(in / stride)
//   VALID  ceil((in - reach + 1) / stride)
// Source: tensorflow/core/framework/common_shape_fns.cc.
#include <algorithm>

#include "function/op_helpers.h"
#include "function/ops.h"

namespace liteforge {
namespace {

// Where the axes of an image lie in a data format.
struct ImageAxes {
  int channels;
  int height;
  int width;
};

ImageAxes AxesOf(std::string_view data_format) {
  return data_format == "NCHW" ? ImageAxes{1, 2, 3} : ImageAxes{3, 1, 2};
}

int32_t Extent(int32_t in, int32_t size, int32_t stride, int32_t dilation,
               std::string_view padding) {
  if (in < 0 || size < 0) return Shape::kUnknownDim;
  const int64_t reach = (int64_t{size} - 1) * dilation + 1;
  const int64_t covered = padding == "SAME" ? in : in - reach + 1;
  return static_cast<int32_t>(
      std::max<int64_t>(0, (covered + stride - 1) / stride));
}

// {1, h, w, 1} or {1, 1, h, w}.
std::vector<int64_t> FourOf(std::span<const int32_t> spatial,
                            const ImageAxes& axes) {
  std::vector<int64_t> four(4, 1);
  if (spatial.size() == 2) {
    four[static_cast<size_t>(axes.height)] = spatial[0];
    four[static_cast<size_t>(axes.width)] = spatial[1];
  }
  return four;
}

std::string CheckWindow(const Tensor& input, std::span<const int32_t> size,
                        const WindowAttributes& window) {
  if (input.shape().has_rank() && input.rank() != 4) {
    return "input must have 4 dimensions, it is " + input.shape().ToString();
  }
  if (window.strides.size() != 2 || size.size() != 2 ||
      (!window.dilations.empty() && window.dilations.size() != 2)) {
    return "window, strides and dilations must have 2 values";
  }
  const auto wrong = [](int32_t v) { return v < 1; };
  if (std::any_of(window.strides.begin(), window.strides.end(), wrong) ||
      std::any_of(window.dilations.begin(), window.dilations.end(), wrong)) {
    return "strides and dilations must be positive";
  }
  if (window.padding != "SAME" && window.padding != "VALID") {
    return "padding '" + std::string(window.padding) + "' is unknown";
  }
  return "";
}

Shape Slide(const Shape& input, std::span<const int32_t> size,
            const WindowAttributes& w, int32_t channels) {
  const ImageAxes axes = AxesOf(w.data_format);
  if (!input.has_rank()) {
    Shape unknown;
    while (unknown.rank() < 4) unknown.Append(Shape::kUnknownDim);
    unknown.set_dim(axes.channels, channels);
    return unknown;
  }
  const bool dilated = !w.dilations.empty();
  Shape output = input;
  output.set_dim(axes.height, Extent(input[axes.height], size[0], w.strides[0],
                                     dilated ? w.dilations[0] : 1, w.padding));
  output.set_dim(axes.width, Extent(input[axes.width], size[1], w.strides[1],
                                    dilated ? w.dilations[1] : 1, w.padding));
  output.set_dim(axes.channels, channels);
  return output;
}

Attributes WindowNodeAttributes(const Tensor& input,
                                const WindowAttributes& w) {
  const ImageAxes axes = AxesOf(w.data_format);
  return Attributes()
      .Type("T", input.type())
      .Ints("strides", FourOf(w.strides, axes))
      .String("padding", w.padding)
      .String("data_format", w.data_format);
}

int32_t ChannelsOf(const Tensor& input, std::string_view data_format) {
  return input.shape().has_rank() ? input.shape()[AxesOf(data_format).channels]
                                  : Shape::kUnknownDim;
}

Tensor Pool(std::string_view op, const Tensor& x, std::span<const int32_t> size,
            const WindowAttributes& window) {
  if (x.empty()) return {};
  if (const std::string wrong = CheckWindow(x, size, window); !wrong.empty()) {
    return FailOp(x, op, wrong);
  }
  const Shape shape =
      Slide(x.shape(), size, window, ChannelsOf(x, window.data_format));
  return x.builder()->AddNode(
      op, {x},
      WindowNodeAttributes(x, window).Ints(
          "ksize", FourOf(size, AxesOf(window.data_format))),
      x.type(), shape);
}

Tensor OverLastAxis(std::string_view op, const Tensor& x) {
  if (x.empty()) return {};
  if (x.rank() == 0) return FailOp(x, op, "the input is a scalar");
  return x.builder()->AddNode(op, {x}, Attributes().Type("T", x.type()),
                              x.type(), x.shape());
}

}  // namespace

Tensor Conv2D(Tensor input, Tensor filter, const WindowAttributes& window) {
  if (!AllPresent({input, filter})) return {};
  if (filter.rank() != 4)
    return FailOp(input, "Conv2D", "filter must be [H,W,in,out]");
  const int32_t size[] = {filter.dim(0), filter.dim(1)};
  if (const std::string wrong = CheckWindow(input, size, window);
      !wrong.empty()) {
    return FailOp(input, "Conv2D", wrong);
  }
  const int32_t channels = ChannelsOf(input, window.data_format);
  const int32_t wanted = filter.dim(2);
  const bool fits = channels < 0 || wanted < 0 ||
                    (wanted > 0 && channels % wanted == 0 &&
                     filter.dim(3) % std::max(1, channels / wanted) == 0);
  if (!fits) {
    return FailOp(input, "Conv2D",
                  "input has " + std::to_string(channels) +
                      " channels, filter wants " + std::to_string(wanted));
  }
  const Shape shape = Slide(input.shape(), size, window, filter.dim(3));
  return input.builder()->AddNode(
      "Conv2D", {input, filter},
      WindowNodeAttributes(input, window)
          .Ints("dilations",
                FourOf(window.dilations, AxesOf(window.data_format)))
          .Bool("use_cudnn_on_gpu", true)
          .Ints("explicit_paddings", {}),
      input.type(), shape);
}

Tensor DepthwiseConv2D(Tensor input, Tensor filter,
                       const WindowAttributes& window) {
  constexpr std::string_view kOp = "DepthwiseConv2dNative";
  if (!AllPresent({input, filter})) return {};
  if (filter.rank() != 4)
    return FailOp(input, kOp, "filter must be [H,W,C,multiplier]");
  const int32_t size[] = {filter.dim(0), filter.dim(1)};
  if (const std::string wrong = CheckWindow(input, size, window);
      !wrong.empty()) {
    return FailOp(input, kOp, wrong);
  }
  const int32_t channels = ChannelsOf(input, window.data_format);
  if (channels >= 0 && filter.dim(2) >= 0 && channels != filter.dim(2)) {
    return FailOp(input, kOp,
                  "input has " + std::to_string(channels) +
                      " channels, filter wants " +
                      std::to_string(filter.dim(2)));
  }
  const int64_t outputs = int64_t{filter.dim(2)} * filter.dim(3);
  if (outputs > INT32_MAX) return FailOp(input, kOp, "filter is too large");
  const Shape shape =
      Slide(input.shape(), size, window, static_cast<int32_t>(outputs));
  return input.builder()->AddNode(
      kOp, {input, filter},
      WindowNodeAttributes(input, window)
          .Ints("dilations",
                FourOf(window.dilations, AxesOf(window.data_format)))
          .Ints("explicit_paddings", {}),
      input.type(), shape);
}

Tensor Conv2DTranspose(Tensor input, Tensor filter, Tensor size,
                       const Shape& result, const WindowAttributes& window) {
  constexpr std::string_view kOp = "Conv2DBackpropInput";
  if (!AllPresent({input, filter, size})) return {};
  if (input.rank() != 4 || filter.rank() != 4)
    return FailOp(input, kOp, "filter must be [H,W,out,in], input [N,H,W,C]");
  if (filter.dim(3) != input.dim(window.data_format == "NCHW" ? 1 : 3)) {
    return FailOp(input, kOp,
                  "filter " + filter.shape().ToString() +
                      " does not fit the input " + input.shape().ToString());
  }
  return input.builder()->AddNode(
      kOp, {size, filter, input},
      WindowNodeAttributes(input, window)
          .Ints("dilations",
                FourOf(window.dilations, AxesOf(window.data_format))),
      input.type(), result);
}

Tensor Conv2DTranspose(Tensor input, Tensor filter,
                       const WindowAttributes& window) {
  constexpr std::string_view kOp = "Conv2DBackpropInput";
  if (!AllPresent({input, filter})) return {};
  if (input.rank() != 4 || filter.rank() != 4)
    return FailOp(input, kOp, "filter must be [H,W,out,in], input [N,H,W,C]");
  const int32_t size[] = {filter.dim(0), filter.dim(1)};
  if (const std::string wrong = CheckWindow(input, size, window);
      !wrong.empty())
    return FailOp(input, kOp, wrong);
  const ImageAxes axes = AxesOf(window.data_format);
  // Of unknown sizes, the elements of the shape.
  const Tensor dims = ShapeOf(input);
  Shape result = input.shape();
  result.set_dim(axes.channels, filter.dim(2));
  std::vector<Tensor> parts(4);
  for (int axis = 0; axis < 4; ++axis)
    parts[static_cast<size_t>(axis)] = Index(dims, 0, axis);
  parts[static_cast<size_t>(axes.channels)] = ScalarLike(dims, filter.dim(2));
  const int spatial[] = {axes.height, axes.width};
  for (size_t i = 0; i < 2; ++i) {
    const int32_t stride = window.strides[i];
    const int32_t beyond =
        window.padding == "SAME" ? 0 : std::max(0, size[i] - stride);
    const auto axis = static_cast<size_t>(spatial[i]);
    parts[axis] = parts[axis] * stride + beyond;
    const int32_t in = input.dim(spatial[i]);
    result.set_dim(spatial[i],
                   in < 0 ? Shape::kUnknownDim : in * stride + beyond);
  }
  if (result.IsStatic()) {
    const auto known = result.dims();
    return Conv2DTranspose(
        input, filter,
        input.builder()->Constant(IntVector({known.begin(), known.end()})),
        result, window);
  }
  return Conv2DTranspose(input, filter, Pack(parts, 0), result, window);
}

Tensor BiasAdd(Tensor value, Tensor bias, std::string_view data_format) {
  if (!AllPresent({value, bias})) return {};
  const bool first = data_format == "NCHW" && value.rank() > 1;
  const int32_t channels = value.shape().has_rank() && value.rank() > 0
                               ? value.dim(first ? 1 : -1)
                               : Shape::kUnknownDim;
  if (bias.rank() != 1 ||
      (channels >= 0 && bias.dim(0) >= 0 && channels != bias.dim(0))) {
    return FailOp(value, "BiasAdd",
                  "value " + value.shape().ToString() + " and bias " +
                      bias.shape().ToString() + " do not go together");
  }
  return value.builder()->AddNode(
      "BiasAdd", {value, bias},
      Attributes().Type("T", value.type()).String("data_format", data_format),
      value.type(), value.shape());
}

Tensor FusedBatchNorm(Tensor x, Tensor scale, Tensor offset, Tensor mean,
                      Tensor variance, float epsilon,
                      std::string_view data_format) {
  constexpr std::string_view kOp = "FusedBatchNormV3";
  if (!AllPresent({x, scale, offset, mean, variance})) return {};
  const int32_t channels = ChannelsOf(x, data_format);
  for (const Tensor& part : {scale, offset, mean, variance}) {
    if (part.rank() == 1 && (channels < 0 || part.dim(0) == channels)) continue;
    return FailOp(x, kOp,
                  "input " + x.shape().ToString() + " and parameters " +
                      part.shape().ToString() + " do not go together");
  }
  const FunctionBuilder::OutputType statistics{DataType::kFloat32,
                                               scale.shape()};
  const FunctionBuilder::OutputType outputs[] = {{x.type(), x.shape()},
                                                 statistics,
                                                 statistics,
                                                 statistics,
                                                 statistics,
                                                 statistics};
  const Tensor inputs[] = {x, scale, offset, mean, variance};
  return x.builder()->AddNode(kOp, inputs,
                              Attributes()
                                  .Type("T", x.type())
                                  .Type("U", DataType::kFloat32)
                                  .Float("epsilon", epsilon)
                                  .Float("exponential_avg_factor", 1.0f)
                                  .String("data_format", data_format)
                                  .Bool("is_training", false),
                              outputs)[0];
}

Tensor MatMul(Tensor a, Tensor b, bool transpose_a, bool transpose_b) {
  if (!AllPresent({a, b})) return {};
  if (a.rank() != 2 || b.rank() != 2) {
    return FailOp(a, "MatMul",
                  "operands must be matrices, they are " +
                      a.shape().ToString() + " and " + b.shape().ToString());
  }
  const int32_t inner_a = a.dim(transpose_a ? 0 : 1);
  const int32_t inner_b = b.dim(transpose_b ? 1 : 0);
  if (inner_a >= 0 && inner_b >= 0 && inner_a != inner_b) {
    return FailOp(a, "MatMul",
                  "operands " + a.shape().ToString() + " and " +
                      b.shape().ToString() +
                      " do not agree in the summed dimension");
  }
  return a.builder()->AddNode(
      "MatMul", {a, b},
      Attributes()
          .Type("T", a.type())
          .Bool("transpose_a", transpose_a)
          .Bool("transpose_b", transpose_b),
      a.type(), Shape{a.dim(transpose_a ? 1 : 0), b.dim(transpose_b ? 0 : 1)});
}

Tensor BatchMatMul(Tensor a, Tensor b, bool adj_a, bool adj_b) {
  if (!AllPresent({a, b})) return {};
  Shape shape = Shape::UnknownRank();
  if (a.shape().has_rank() && b.shape().has_rank()) {
    if (a.rank() < 2 || b.rank() < 2) {
      return FailOp(a, "BatchMatMulV2", "operands must be matrices");
    }
    const auto batch_of = [](const Tensor& t) {
      return Shape(t.shape().dims().first(static_cast<size_t>(t.rank() - 2)));
    };
    const int32_t inner_a = a.dim(adj_a ? -2 : -1);
    const int32_t inner_b = b.dim(adj_b ? -1 : -2);
    if (!BroadcastShapes(batch_of(a), batch_of(b), shape) ||
        (inner_a >= 0 && inner_b >= 0 && inner_a != inner_b)) {
      return FailOp(a, "BatchMatMulV2",
                    "operands " + a.shape().ToString() + " and " +
                        b.shape().ToString() + " do not go together");
    }
    shape.Append(a.dim(adj_a ? -1 : -2));
    shape.Append(b.dim(adj_b ? -2 : -1));
  }
  return a.builder()->AddNode("BatchMatMulV2", {a, b},
                              Attributes()
                                  .Type("T", a.type())
                                  .Bool("adj_x", adj_a)
                                  .Bool("adj_y", adj_b),
                              a.type(), shape);
}

Tensor MaxPool(Tensor x, std::span<const int32_t> size,
               const WindowAttributes& window) {
  return Pool("MaxPool", x, size, window);
}
Tensor AvgPool(Tensor x, std::span<const int32_t> size,
               const WindowAttributes& window) {
  return Pool("AvgPool", x, size, window);
}
Tensor Softmax(Tensor x) { return OverLastAxis("Softmax", x); }
Tensor Softmax(Tensor x, int32_t axis) {
  if (x.empty()) return {};
  const int at = WrapAxis(axis, x.rank());
  if (at < 0)
    return FailOp(x, "Softmax",
                  "axis " + std::to_string(axis) + " is out of range for " +
                      x.shape().ToString());
  if (at == x.rank() - 1) return Softmax(x);
  std::vector<int32_t> swapped;
  for (int i = 0; i < x.rank(); ++i) swapped.push_back(i);
  std::swap(swapped[static_cast<size_t>(at)], swapped.back());
  return Transpose(Softmax(Transpose(x, swapped)), swapped);
}
Tensor LogSoftmax(Tensor x) { return OverLastAxis("LogSoftmax", x); }

}  // namespace liteforge
