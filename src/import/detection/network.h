// SPDX-License-Identifier: Apache-2.0
// Layers of detection networks, written in TensorFlow operations with their
// variables taken from a checkpoint. Paths are those of checkpoint_weights.h.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "formats/tensorflow/pipeline.pb.h"
#include "function/builder.h"
#include "function/ops.h"
#include "import/detection/checkpoint_weights.h"

namespace liteforge {

namespace od = tf::detection;

// How a convolution's input is made to fit its kernel.
enum class ConvPadding {
  kSame,
  kValid,
  kFixed,  // (k-1)/2 zeros before, the rest after, whatever the size
};

struct ConvShape {
  int32_t filters = 0;  // unused by depthwise ones
  int32_t kernel = 1;
  int32_t stride = 1;
  bool bias = false;
  ConvPadding padding = ConvPadding::kSame;
};

struct BatchNormParams {
  float epsilon = 1e-3f;
  bool scale = true;   // has a gamma
  bool center = true;  // has a beta
};

// What follows a convolution, and whether the convolution has a bias.
struct LayerParams {
  od::Hyperparams::Activation activation = od::Hyperparams::RELU_6;
  std::optional<BatchNormParams> batch_norm = BatchNormParams{};
  bool use_bias = false;
};

// What a conv_hyperparams message says. kUnsupported for group_norm.
Result<LayerParams> ReadHyperparams(const od::Hyperparams& hyperparams);

class Network {
 public:
  // Both must outlive it.
  Network(FunctionBuilder& f, CheckpointWeights& weights)
      : f_(f), weights_(weights) {}

  FunctionBuilder& f() const { return f_; }
  CheckpointWeights& weights() const { return weights_; }

  // A variable of the checkpoint.
  Tensor Variable(std::string_view path, const Shape& shape) const;

  // Variables PATH/kernel and PATH/bias.
  Tensor Conv(Tensor x, std::string_view path, const ConvShape& shape) const;
  // PATH/depthwise_kernel and PATH/bias.
  Tensor DepthwiseConv(Tensor x, std::string_view path,
                       const ConvShape& shape) const;
  // PATH/depthwise_kernel, PATH/pointwise_kernel and PATH/bias; the bias comes
  // last, the stride first.
  Tensor SeparableConv(Tensor x, std::string_view path,
                       const ConvShape& shape) const;
  // PATH/gamma, beta, moving_mean and moving_variance.
  Tensor BatchNorm(Tensor x, std::string_view path,
                   const BatchNormParams& params) const;
  // x as it is where `params` has none.
  Tensor BatchNorm(Tensor x, std::string_view path,
                   const std::optional<BatchNormParams>& params) const;

  // Conv2DTranspose of TensorFlow's SAME padding, kernel [k,k,out,in]: PATH/
  // kernel and bias.
  Tensor ConvTranspose(Tensor x, std::string_view path,
                       const ConvShape& shape) const;

 private:
  Tensor AddBias(Tensor x, std::string_view path, bool bias) const;

  FunctionBuilder& f_;
  CheckpointWeights& weights_;
};

Tensor Activate(Tensor x, od::Hyperparams::Activation activation);
// Zeros around an image for a window of `kernel`: ConvPadding::kFixed.
Tensor PadForKernel(Tensor x, int32_t kernel);
// Zero rows and columns below and to the right, up to multiples.
Tensor PadToMultiple(Tensor x, int32_t multiple);
// Every pixel twice in both directions.
Tensor UpsampleTwice(Tensor x);

}  // namespace liteforge
