// SPDX-License-Identifier: Apache-2.0
#include "import/detection/network.h"

#include <fmt/format.h>

#include "base/try.h"

namespace liteforge {
namespace {

std::string Under(std::string_view path, std::string_view name) {
  return fmt::format("{}/{}", path, name);
}

WindowAttributes WindowOf(const ConvShape& shape) {
  return {{shape.stride, shape.stride},
          {},
          shape.padding == ConvPadding::kSame ? "SAME" : "VALID",
          "NHWC"};
}

Tensor PadInput(Tensor x, const ConvShape& shape) {
  return shape.padding == ConvPadding::kFixed && shape.kernel > 1
             ? PadForKernel(x, shape.kernel)
             : x;
}

BatchNormParams ReadBatchNorm(const od::BatchNorm& norm) {
  return {norm.epsilon(), norm.scale(), norm.center()};
}

}  // namespace

Result<LayerParams> ReadHyperparams(const od::Hyperparams& hyperparams) {
  LayerParams params;
  params.activation = hyperparams.activation();
  params.batch_norm = std::nullopt;
  if (hyperparams.has_group_norm()) {
    return Unsupported(
        "conv_hyperparams has group_norm; only batch_norm and "
        "sync_batch_norm are known");
  }
  if (hyperparams.has_batch_norm())
    params.batch_norm = ReadBatchNorm(hyperparams.batch_norm());
  if (hyperparams.has_sync_batch_norm())
    params.batch_norm = ReadBatchNorm(hyperparams.sync_batch_norm());
  params.use_bias =
      hyperparams.force_use_bias() ||
      !(params.batch_norm.has_value() && params.batch_norm->center);
  return params;
}

Tensor Network::Variable(std::string_view path, const Shape& shape) const {
  return f_.Variable(weights_.Take(path, shape), path);
}

Tensor Network::AddBias(Tensor x, std::string_view path, bool bias) const {
  if (!bias || x.empty()) return x;
  return BiasAdd(x, Variable(Under(path, "bias"), {x.dim(-1)}));
}

Tensor Network::Conv(Tensor x, std::string_view path,
                     const ConvShape& shape) const {
  if (x.empty()) return x;
  const Tensor kernel =
      Variable(Under(path, "kernel"),
               {shape.kernel, shape.kernel, x.dim(-1), shape.filters});
  return AddBias(Conv2D(PadInput(x, shape), kernel, WindowOf(shape)), path,
                 shape.bias);
}

Tensor Network::DepthwiseConv(Tensor x, std::string_view path,
                              const ConvShape& shape) const {
  if (x.empty()) return x;
  const Tensor kernel = Variable(Under(path, "depthwise_kernel"),
                                 {shape.kernel, shape.kernel, x.dim(-1), 1});
  return AddBias(DepthwiseConv2D(PadInput(x, shape), kernel, WindowOf(shape)),
                 path, shape.bias);
}

Tensor Network::SeparableConv(Tensor x, std::string_view path,
                              const ConvShape& shape) const {
  if (x.empty()) return x;
  ConvShape depthwise = shape;
  depthwise.bias = false;
  const Tensor pointwise = Variable(Under(path, "pointwise_kernel"),
                                    {1, 1, x.dim(-1), shape.filters});
  x = DepthwiseConv(x, path, depthwise);
  return AddBias(Conv2D(x, pointwise, {{1, 1}, {}, "SAME", "NHWC"}), path,
                 shape.bias);
}

Tensor Network::BatchNorm(Tensor x, std::string_view path,
                          const BatchNormParams& params) const {
  if (x.empty()) return x;
  const Shape shape{x.dim(-1)};
  const auto count = static_cast<size_t>(x.dim(-1));
  const auto filled = [&](float value) {
    return f_.Constant(FloatConstant(shape, std::vector<float>(count, value)));
  };
  const Tensor gamma =
      params.scale ? Variable(Under(path, "gamma"), shape) : filled(1);
  const Tensor beta =
      params.center ? Variable(Under(path, "beta"), shape) : filled(0);
  const Tensor mean = Variable(Under(path, "moving_mean"), shape);
  const Tensor variance = Variable(Under(path, "moving_variance"), shape);
  return FusedBatchNorm(x, gamma, beta, mean, variance, params.epsilon);
}

Tensor Network::BatchNorm(Tensor x, std::string_view path,
                          const std::optional<BatchNormParams>& params) const {
  return params.has_value() ? BatchNorm(x, path, *params) : x;
}

Tensor Network::ConvTranspose(Tensor x, std::string_view path,
                              const ConvShape& shape) const {
  if (x.empty()) return x;
  const Tensor kernel =
      Variable(Under(path, "kernel"),
               {shape.kernel, shape.kernel, shape.filters, x.dim(-1)});
  const Shape result{x.dim(0), x.dim(1) * shape.stride, x.dim(2) * shape.stride,
                     shape.filters};
  const Tensor size =
      f_.Constant(IntVector({result.dims().begin(), result.dims().end()}));
  return AddBias(Conv2DTranspose(x, kernel, size, result, WindowOf(shape)),
                 path, shape.bias);
}

Tensor Activate(Tensor x, od::Hyperparams::Activation activation) {
  switch (activation) {
    case od::Hyperparams::NONE:
      break;
    case od::Hyperparams::RELU:
      return Relu(x);
    case od::Hyperparams::RELU_6:
      return Relu6(x);
    case od::Hyperparams::SWISH:
      return Mul(x, Sigmoid(x));
  }
  return x;
}

Tensor PadForKernel(Tensor x, int32_t kernel) {
  const int32_t before = (kernel - 1) / 2;
  const int32_t after = kernel - 1 - before;
  return Pad(x, {{0, 0}, {before, after}, {before, after}, {0, 0}});
}

Tensor PadToMultiple(Tensor x, int32_t multiple) {
  if (x.empty() || multiple <= 1) return x;
  const auto missing = [&](int32_t size) {
    return (multiple - size % multiple) % multiple;
  };
  const int32_t rows = missing(x.dim(1)), cols = missing(x.dim(2));
  if (rows == 0 && cols == 0) return x;
  return Pad(x, {{0, 0}, {0, rows}, {0, cols}, {0, 0}});
}

Tensor UpsampleTwice(Tensor x) {
  if (x.empty()) return x;
  return ResizeNearest(x, 2 * x.dim(1), 2 * x.dim(2), false);
}

}  // namespace liteforge
