// SPDX-License-Identifier: Apache-2.0
// A head is a convolution whose channels are box 0's values, box 1's values, …
// of one cell; reshaped to [1, cells * boxes, values] and put one behind the
// other over the maps.
//
//   convolutional   heads of its own for every map
//   weight shared   one head, behind one tower of convolutions, for all maps;
//                   only the tower's normalizations are each map's own
//
// Dropout is a layer too and takes a number in a list.
// Source: object_detection/predictors/convolutional_keras_box_predictor.py and
// predictors/heads/keras_{box,class}_head.py.
#include "import/detection/box_predictor.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/try.h"

namespace liteforge {
namespace {

constexpr int kMaxTower = 64;
constexpr int32_t kMaxKernel = 64;
constexpr int32_t kMaxPredictorDepth = 1 << 14;
constexpr int32_t kMaxCodeSize = 1 << 10;

bool PlausibleSizes(int32_t code_size, int32_t kernel, int32_t layers) {
  return code_size >= 4 && code_size <= kMaxCodeSize && kernel >= 1 &&
         kernel <= kMaxKernel && layers >= 0 && layers <= kMaxTower;
}

// [1, h, w, boxes * values] -> [1, h * w * boxes, values]
Tensor PerBox(Tensor x, int32_t values) {
  if (x.empty()) return x;
  const int64_t boxes = x.shape().elements() / values;
  return Reshape(x, {1, static_cast<int32_t>(boxes), values});
}

template <class Config>
Tensor ClipEncodings(const Network& net, Tensor x, const Config& config) {
  if (!config.has_box_encodings_clip_range() || x.empty()) return x;
  const auto& range = config.box_encodings_clip_range();
  return Maximum(Minimum(x, net.f().Constant(FloatScalar(range.max()))),
                 net.f().Constant(FloatScalar(range.min())));
}

Predictions Join(const std::vector<Predictions>& parts) {
  std::vector<Tensor> encodings, logits;
  for (const Predictions& part : parts) {
    encodings.push_back(part.encodings);
    logits.push_back(part.logits);
  }
  return {Concat(encodings, 1), Concat(logits, 1)};
}

// The mistake that is made most: num_classes was edited and the head was not
// trained since.
void AdviseOnClasses(const Network& net, const std::string& path,
                     const PredictorLayout& layout, size_t level) {
  const Shape shape = net.weights().ShapeOf(path + "/bias");
  const int32_t boxes = layout.per_cell[level];
  if (shape.rank() != 1 || shape[0] == boxes * layout.columns ||
      shape[0] % boxes != 0 || shape[0] / boxes <= layout.background)
    return;
  const int32_t stored = shape[0] / boxes - layout.background;
  net.weights().Advise(fmt::format(
      "the class head was trained on {} classes: give num_classes: {}, or the "
      "checkpoint of a training with {} classes",
      stored, stored, layout.columns - layout.background));
}

//------------------------------------------------------------------ separate

class SeparateHeads {
 public:
  SeparateHeads(const Network& net, std::string_view path,
                const od::ConvolutionalBoxPredictor& config,
                const LayerParams& params, const PredictorLayout& layout)
      : net_(net),
        path_(path),
        config_(config),
        params_(params),
        layout_(layout) {}

  Predictions Run(Tensor map, size_t level) const {
    if (map.empty()) return {};
    const Tensor x = Shared(map, level);
    const int32_t boxes = layout_.per_cell[level];
    Tensor encodings = Head(x,
                            fmt::format("{}/_prediction_heads/box_encodings/{}/"
                                        "_box_encoder_layers",
                                        path_, level),
                            0, boxes * config_.box_code_size());
    encodings = ClipEncodings(net_, encodings, config_);
    const std::string classes = fmt::format(
        "{}/_prediction_heads/class_predictions_with_background/{}/"
        "_class_predictor_layers",
        path_, level);
    const int first = config_.use_dropout() ? 1 : 0;
    AdviseOnClasses(net_, fmt::format("{}/{}", classes, first), layout_, level);
    const Tensor logits = Head(x, classes, first, boxes * layout_.columns);
    return {PerBox(encodings, config_.box_code_size()),
            PerBox(logits, layout_.columns)};
  }

 private:
  Tensor Shared(Tensor x, size_t level) const {
    const int32_t depth =
        std::max(std::min(x.dim(-1), config_.max_depth()), config_.min_depth());
    if (depth <= 0) return x;
    for (int i = 0; i < config_.num_layers_before_predictor(); ++i) {
      const auto at = [&](int layer) {
        return fmt::format("{}/_shared_nets/{}/{}", path_, level,
                           3 * i + layer);
      };
      x = net_.Conv(x, at(0), {depth, 1, 1, params_.use_bias});
      x = net_.BatchNorm(x, at(1), params_.batch_norm);
      x = Activate(x, params_.activation);
    }
    return x;
  }

  Tensor Head(Tensor x, const std::string& path, int first,
              int32_t filters) const {
    const auto at = [&](int layer) {
      return fmt::format("{}/{}", path, first + layer);
    };
    const int32_t kernel = config_.kernel_size();
    if (!config_.use_depthwise())
      return net_.Conv(x, at(0), {filters, kernel, 1, /*bias=*/true});
    x = net_.DepthwiseConv(x, at(0), {0, kernel, 1, params_.use_bias});
    x = net_.BatchNorm(x, at(1), params_.batch_norm);
    x = Activate(x, params_.activation);
    return net_.Conv(x, at(3), {filters, 1, 1, /*bias=*/true});
  }

  const Network& net_;
  std::string path_;
  const od::ConvolutionalBoxPredictor& config_;
  const LayerParams& params_;
  const PredictorLayout& layout_;
};

Result<Predictions> PredictSeparately(
    const Network& net, std::span<const Tensor> maps, std::string_view path,
    const od::ConvolutionalBoxPredictor& config,
    const PredictorLayout& layout) {
  if (!PlausibleSizes(config.box_code_size(), config.kernel_size(),
                      config.num_layers_before_predictor()) ||
      config.min_depth() > kMaxPredictorDepth)
    return InvalidModel("convolutional_box_predictor has impossible sizes");
  TRY_ASSIGN(const LayerParams params,
             ReadHyperparams(config.conv_hyperparams()));
  const FunctionBuilder::Scope scope(net.f(), "BoxPredictor");
  const SeparateHeads heads(net, path, config, params, layout);
  std::vector<Predictions> parts;
  for (size_t level = 0; level < maps.size(); ++level)
    parts.push_back(heads.Run(maps[level], level));
  return Join(parts);
}

//-------------------------------------------------------------------- shared

// Which tower: its convolutions and its normalizations.
struct TowerPaths {
  std::string_view convolutions;
  std::string_view normalizations;
};
constexpr TowerPaths kSharedTower = {"PredictionTower", "box_encodings"};
constexpr TowerPaths kBoxTower = {"BoxPredictionTower", "box_encodings"};
constexpr TowerPaths kClassTower = {"ClassPredictionTower",
                                    "class_predictions_with_background"};

class SharedHeads {
 public:
  using Config = od::WeightSharedConvolutionalBoxPredictor;
  SharedHeads(const Network& net, std::string_view path, const Config& config,
              LayerParams params, const PredictorLayout& layout)
      : net_(net),
        path_(path),
        config_(config),
        params_(std::move(params)),
        layout_(layout) {
    // Only batch_norm counts here, and the bias goes by it alone.
    const od::Hyperparams& hyperparams = config.conv_hyperparams();
    if (!hyperparams.has_batch_norm()) params_.batch_norm = std::nullopt;
    params_.use_bias =
        hyperparams.force_use_bias() || !params_.batch_norm.has_value();
  }

  // The maps with one number of channels: the most frequent of theirs.
  std::vector<Tensor> Even(std::span<const Tensor> maps) const {
    std::map<int32_t, int> counts;
    for (const Tensor& map : maps) {
      if (map.empty()) return {maps.begin(), maps.end()};
      ++counts[map.dim(-1)];
    }
    std::vector<Tensor> even(maps.begin(), maps.end());
    if (counts.size() == 1) return even;
    const int32_t target =
        std::ranges::max_element(counts, {}, [](const auto& count) {
          return count.second;
        })->first;
    for (size_t level = 0; level < even.size(); ++level) {
      const auto at = [&](int layer) {
        return fmt::format("{}/_additional_projection_layers/{}/{}", path_,
                           level, layer);
      };
      even[level] =
          net_.Conv(even[level], at(0), {target, 1, 1, params_.use_bias});
      even[level] = net_.BatchNorm(even[level], at(1), params_.batch_norm);
    }
    return even;
  }

  Predictions Run(Tensor map, size_t level) {
    const bool shared = config_.share_prediction_tower();
    const Tensor for_boxes =
        Tower(map, level, shared ? kSharedTower : kBoxTower);
    const Tensor for_classes =
        shared ? for_boxes : Tower(map, level, kClassTower);
    const int32_t boxes = layout_.per_cell[level];
    Tensor encodings = Head(for_boxes,
                            fmt::format("{}/_box_prediction_head/"
                                        "_box_encoder_layers/0",
                                        path_),
                            boxes * config_.box_code_size());
    encodings = ClipEncodings(net_, encodings, config_);
    const std::string classes = fmt::format(
        "{}/_prediction_heads/class_predictions_with_background/"
        "_class_predictor_layers/{}",
        path_, config_.use_dropout() ? 1 : 0);
    AdviseOnClasses(net_, classes, layout_, level);
    Tensor logits = Head(for_classes, classes, boxes * layout_.columns);
    if (config_.score_converter() == Config::SIGMOID) logits = Sigmoid(logits);
    return {PerBox(encodings, config_.box_code_size()),
            PerBox(logits, layout_.columns)};
  }

 private:
  Tensor Tower(Tensor x, size_t level, const TowerPaths& paths) {
    for (int i = 0; i < config_.num_layers_before_predictor(); ++i) {
      x = Conv(x,
               fmt::format("{}/_head_scope_conv_layers/{}/{}", path_,
                           paths.convolutions, i),
               config_.depth(), params_.use_bias);
      x = net_.BatchNorm(
          x,
          fmt::format("{}/_base_tower_layers_for_heads/{}/{}/{}", path_,
                      paths.normalizations, level, 3 * i + 1),
          params_.batch_norm);
      x = Activate(x, params_.activation);
    }
    return x;
  }
  Tensor Head(Tensor x, const std::string& path, int32_t filters) {
    return Conv(x, path, filters, /*bias=*/true);
  }

  // Weights are made once, for the first map.
  Tensor Conv(Tensor x, const std::string& path, int32_t filters, bool bias) {
    if (x.empty()) return x;
    const int32_t k = config_.kernel_size();
    if (config_.use_depthwise()) {
      x = DepthwiseConv2D(
          x, Weight(path + "/depthwise_kernel", {k, k, x.dim(-1), 1}), kUnit);
      x = Conv2D(x,
                 Weight(path + "/pointwise_kernel", {1, 1, x.dim(-1), filters}),
                 kUnit);
    } else {
      x = Conv2D(x, Weight(path + "/kernel", {k, k, x.dim(-1), filters}),
                 kUnit);
    }
    return bias ? BiasAdd(x, Weight(path + "/bias", {filters})) : x;
  }
  Tensor Weight(const std::string& path, const Shape& shape) {
    Tensor& made = weights_[path];
    if (made.empty()) made = net_.Variable(path, shape);
    return made;
  }

  static inline const WindowAttributes kUnit{{1, 1}, {}, "SAME", "NHWC"};
  const Network& net_;
  std::string path_;
  const Config& config_;
  LayerParams params_;
  const PredictorLayout& layout_;
  std::map<std::string, Tensor> weights_;
};

Result<Predictions> PredictShared(const Network& net,
                                  std::span<const Tensor> maps,
                                  std::string_view path,
                                  const SharedHeads::Config& config,
                                  const PredictorLayout& layout) {
  if (!PlausibleSizes(config.box_code_size(), config.kernel_size(),
                      config.num_layers_before_predictor()) ||
      config.depth() > kMaxPredictorDepth ||
      (config.num_layers_before_predictor() > 0 && config.depth() < 1))
    return InvalidModel(
        "weight_shared_convolutional_box_predictor has impossible sizes");
  for (const int32_t boxes : layout.per_cell) {
    if (boxes != layout.per_cell[0])
      return InvalidModel(
          "a weight shared box predictor needs the same number of anchors in "
          "the cells of all levels");
  }
  TRY_ASSIGN(LayerParams params, ReadHyperparams(config.conv_hyperparams()));
  const FunctionBuilder::Scope scope(net.f(), "BoxPredictor");
  SharedHeads heads(net, path, config, std::move(params), layout);
  const std::vector<Tensor> even = heads.Even(maps);
  std::vector<Predictions> parts;
  for (size_t level = 0; level < even.size(); ++level)
    parts.push_back(heads.Run(even[level], level));
  return Join(parts);
}

}  // namespace

Result<Predictions> PredictBoxes(const Network& net,
                                 std::span<const Tensor> maps,
                                 std::string_view path,
                                 const od::BoxPredictor& config,
                                 const PredictorLayout& layout) {
  if (config.has_convolutional_box_predictor())
    return PredictSeparately(net, maps, path,
                             config.convolutional_box_predictor(), layout);
  if (config.has_weight_shared_convolutional_box_predictor())
    return PredictShared(net, maps, path,
                         config.weight_shared_convolutional_box_predictor(),
                         layout);
  return Unsupported(
      "box_predictor is neither convolutional_box_predictor nor "
      "weight_shared_convolutional_box_predictor, the two of single-shot "
      "detectors");
}

}  // namespace liteforge
