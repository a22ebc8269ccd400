// SPDX-License-Identifier: Apache-2.0
// CenterNet: objects are peaks of a heat map per class; size and offset of a
// box stand at the peak. Preprocessing and decoding are part of the graph.
//
//   peaks   p = sigmoid(heat); p where |p - max3x3(p)| < 1e-6, else 0
//   best    the k largest of all y, x, class
//   box     centre (y, x) + offset, size max(s, 0), clipped to the map
//   result  box * stride / image, clipped to [0, 1]
//
// Source: object_detection/meta_architectures/center_net_meta_arch.py and
// models/center_net_*_feature_extractor.py; Zhou et al., arXiv:1904.07850.
#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/try.h"
#include "import/detection/backbones.h"
#include "import/detection/meta_architectures.h"
#include "import/detection/pipeline_config.h"

namespace liteforge {
namespace {

constexpr std::string_view kExtractor = "model/_feature_extractor";
constexpr std::string_view kHeads = "model/_prediction_head_dict";
constexpr int32_t kStride = 4;  // of the heat map, in pixels
constexpr float kPeakEpsilon = 1e-6f;
constexpr BatchNormParams kMobileNorm{1e-3f};
// TensorFlow's fused normalization uses no smaller one.
constexpr BatchNormParams kResNetNorm{1.001e-5f};
constexpr int32_t kMaxCenterClasses = 1 << 16;
constexpr int32_t kMaxHead = 1 << 12;

std::string InExtractor(std::string_view name) {
  return fmt::format("{}/{}", kExtractor, name);
}

Tensor Number(const Network& net, float value) {
  return net.f().Constant(FloatScalar(value));
}

//------------------------------------------------------------------ extractors

struct Variant {
  std::string_view type;
  // The feature map of stride 4.
  Tensor (*extract)(const Network& net, Tensor image,
                    const od::CenterNetFeatureExtractor& config, int depth);
  int depth;
  // What the classifier's own preprocessing does after means and deviations.
  Tensor (*preprocess)(const Network& net, Tensor image);
};

Tensor ScaleToOne(const Network& net, Tensor x) {
  return Sub(Div(x, Number(net, 127.5f)), Number(net, 1));
}

Tensor ReverseChannels(Tensor x) { return Reverse(x, 3); }

// As Caffe wanted it: blue first, means away.
Tensor SubtractMeans(const Network& net, Tensor x) {
  return Sub(ReverseChannels(x), net.f().Constant(FloatConstant(
                                     {3}, {103.939f, 116.779f, 123.68f})));
}

MobileNetOptions CenterNetOptionsOf(
    const od::CenterNetFeatureExtractor& config) {
  MobileNetOptions options;
  options.alpha = config.depth_multiplier();
  options.params.batch_norm = kMobileNorm;
  return options;
}

Tensor NormRelu(const Network& net, Tensor x, const std::string& path) {
  return Relu(net.BatchNorm(x, path, kMobileNorm));
}

// Three times a convolution and one transposed, which doubles. Layers 1, 2, …
// of `path`; layer 0 is the backbone.
Tensor Decode(const Network& net, Tensor x, std::string_view path,
              int32_t kernel) {
  const FunctionBuilder::Scope scope(net.f(), "Decoder");
  int i = 1;
  for (const int32_t filters : {256, 128, 64}) {
    x = net.Conv(x, LayerPath(path, i), {filters, kernel, 1, /*bias=*/true});
    x = NormRelu(net, x, LayerPath(path, i + 1));
    x = net.ConvTranspose(x, LayerPath(path, i + 2),
                          {filters, 3, 2, /*bias=*/true});
    x = NormRelu(net, x, LayerPath(path, i + 3));
    i += 4;
  }
  return x;
}

Tensor MobileNetV2Decoder(const Network& net, Tensor image,
                          const od::CenterNetFeatureExtractor& config, int) {
  const std::string path = InExtractor("_network");
  const FeatureMaps maps =
      MobileNetV2(net, image, LayerPath(path, 0), CenterNetOptionsOf(config));
  const auto top = maps.find("out_relu");
  return top == maps.end() ? Tensor() : Decode(net, top->second, path, 1);
}

Tensor ResNetV2Decoder(const Network& net, Tensor image,
                       const od::CenterNetFeatureExtractor&, int depth) {
  const Tensor top = ResNetV2(net, image, InExtractor("_base_model"), depth);
  return Decode(net, top, InExtractor("_feature_extractor_model"), 3);
}

struct PyramidStep {
  int32_t lateral;  // filters that are added
  int32_t next;     // filters that come out
};

// `maps` from fine to coarse. Layer 0 of `path` is the backbone.
Tensor Ascend(const Network& net, const std::vector<Tensor>& maps,
              const std::vector<PyramidStep>& steps,
              const od::CenterNetFeatureExtractor& config) {
  const FunctionBuilder::Scope scope(net.f(), "Pyramid");
  const std::string path = InExtractor("_feature_extractor_model");
  const bool separable = config.use_separable_conv() ||
                         config.type() == "mobilenet_v2_fpn_sep_conv";
  const bool bilinear = config.upsampling_interpolation() == "bilinear";
  Tensor x = net.Conv(maps.back(), LayerPath(path, 1),
                      {steps[0].lateral, 1, 1, /*bias=*/true});
  int i = 2;
  for (size_t s = 0; s < steps.size(); ++s) {
    if (x.empty()) return x;
    const Tensor lateral =
        net.Conv(maps[maps.size() - 2 - s], LayerPath(path, i),
                 {steps[s].lateral, 1, 1, /*bias=*/true});
    x = bilinear ? ResizeBilinear(x, 2 * x.dim(1), 2 * x.dim(2), true)
                 : UpsampleTwice(x);
    x = Add(x, lateral);
    const ConvShape shape{steps[s].next, 3, 1, /*bias=*/true};
    const std::string conv = LayerPath(path, i + 1);
    x = separable ? net.SeparableConv(x, conv, shape)
                  : net.Conv(x, conv, shape);
    x = NormRelu(net, x, LayerPath(path, i + 2));
    i += 3;
  }
  return x;
}

Tensor MobileNetV2Pyramid(const Network& net, Tensor image,
                          const od::CenterNetFeatureExtractor& config, int) {
  const FeatureMaps maps = MobileNetV2(net, image, InExtractor("_base_model"),
                                       CenterNetOptionsOf(config));
  std::vector<Tensor> taps;
  for (const char* name :
       {"block_2_add", "block_5_add", "block_9_add", "out_relu"}) {
    const auto found = maps.find(name);
    if (found == maps.end()) return {};
    taps.push_back(found->second);
  }
  return Ascend(net, taps, {{64, 32}, {32, 24}, {24, 24}}, config);
}

Tensor ResNetV1Pyramid(const Network& net, Tensor image,
                       const od::CenterNetFeatureExtractor& config, int depth) {
  ResNetOptions options;
  options.depth = depth;
  options.params = {od::Hyperparams::RELU, kResNetNorm, true};
  options.conv_bias = true;
  options.same_pool = false;
  const FeatureMaps maps =
      ResNetV1(net, image, InExtractor("_base_model"), options);
  std::vector<Tensor> taps;
  for (const char* name : {"conv2_out", "conv3_out", "conv4_out", "conv5_out"})
    taps.push_back(maps.at(name));
  return Ascend(net, taps, {{256, 128}, {128, 64}, {64, 64}}, config);
}

constexpr Variant kVariants[] = {
    {"mobilenet_v2", MobileNetV2Decoder, 0, ScaleToOne},
    {"mobilenet_v2_fpn", MobileNetV2Pyramid, 0, ScaleToOne},
    {"mobilenet_v2_fpn_sep_conv", MobileNetV2Pyramid, 0, ScaleToOne},
    {"resnet_v1_101_fpn", ResNetV1Pyramid, 101, SubtractMeans},
    {"resnet_v1_50_fpn", ResNetV1Pyramid, 50, SubtractMeans},
    {"resnet_v2_101", ResNetV2Decoder, 101, ScaleToOne},
    {"resnet_v2_50", ResNetV2Decoder, 50, ScaleToOne},
};

Result<const Variant*> FindVariant(std::string_view type) {
  const auto* found = std::ranges::find(kVariants, type, &Variant::type);
  if (found != std::end(kVariants)) return found;
  std::string known;
  for (const Variant& variant : kVariants)
    known += fmt::format("{}{}", known.empty() ? "" : ", ", variant.type);
  return Unsupported(fmt::format(
      "feature_extractor '{}' is not known; known are: {}", type, known));
}

// Means, deviations and the order of channels that the configuration says,
// then what the classifier was trained with.
Result<Tensor> Preprocess(const Network& net, Tensor image,
                          const od::CenterNetFeatureExtractor& config,
                          const Variant& variant) {
  if (config.bgr_ordering()) image = ReverseChannels(image);
  const auto channels = image.dim(3);
  const auto per_channel = [&](const auto& values) {
    return net.f().Constant(FloatConstant({static_cast<int32_t>(values.size())},
                                          {values.begin(), values.end()}));
  };
  for (const auto* list : {&config.channel_means(), &config.channel_stds()}) {
    if (!list->empty() && list->size() != channels)
      return InvalidModel(
          fmt::format("channel_means and channel_stds have {} values for {} "
                      "channels",
                      list->size(), channels));
  }
  if (!config.channel_means().empty())
    image = Sub(image, per_channel(config.channel_means()));
  if (!config.channel_stds().empty())
    image = Div(image, per_channel(config.channel_stds()));
  return variant.preprocess(net, image);
}

//----------------------------------------------------------------------- heads

struct HeadShape {
  std::vector<int32_t> filters = {256};
  std::vector<int32_t> kernels = {3};
};

// Convolutions with ReLU between them; every convolution is a weighted layer.
Tensor Head(const Network& net, Tensor x, std::string_view name,
            const HeadShape& shape, int32_t channels, bool separable) {
  const FunctionBuilder::Scope scope(net.f(), "Head");
  const std::string path = fmt::format("{}/{}/0", kHeads, name);
  int i = 0;
  for (; i < static_cast<int>(shape.filters.size()); ++i) {
    const auto at = static_cast<size_t>(i);
    const ConvShape conv{shape.filters[at], shape.kernels[at], 1,
                         /*bias=*/true};
    x = Relu(separable ? net.SeparableConv(x, LayerPath(path, i), conv)
                       : net.Conv(x, LayerPath(path, i), conv));
  }
  return net.Conv(x, LayerPath(path, i), {channels, 1, 1, /*bias=*/true});
}

Result<HeadShape> CenterHead(const od::CenterNet& config) {
  if (!config.object_center_params().has_center_head_params())
    return HeadShape{};
  const auto& params = config.object_center_params().center_head_params();
  HeadShape shape{{params.num_filters().begin(), params.num_filters().end()},
                  {params.kernel_sizes().begin(), params.kernel_sizes().end()}};
  const auto fits = [](int32_t n) { return n > 0 && n <= kMaxHead; };
  if (shape.filters.size() != shape.kernels.size() ||
      !std::ranges::all_of(shape.filters, fits) ||
      !std::ranges::all_of(shape.kernels, fits))
    return InvalidModel(
        "center_head_params must have as many num_filters as kernel_sizes, all "
        "above 0");
  return shape;
}

//-------------------------------------------------------------------- decoding

// v with everything but peaks zero.
Tensor Peaks(const Network& net, Tensor v) {
  constexpr int32_t kWindow[] = {3, 3};
  const Tensor highest = MaxPool(v, kWindow, {{1, 1}, {}, "SAME", "NHWC"});
  const Tensor is_peak = Less(Abs(Sub(v, highest)), Number(net, kPeakEpsilon));
  return Mul(v, Cast(is_peak, DataType::kFloat32));
}

struct Places {
  Tensor scores;               // [1, k]
  Tensor rows, cols, classes;  // int32 [1, k]
};

Places BestPlaces(const Network& net, Tensor peaks, int32_t k) {
  const int32_t width = peaks.dim(2), classes = peaks.dim(3);
  const auto best = TopK(
      Reshape(peaks, {1, static_cast<int32_t>(peaks.shape().elements())}), k);
  const auto integer = [&](int32_t n) {
    return net.f().Constant(IntScalar(n));
  };
  const Tensor cell = FloorDiv(best.indices, integer(classes));
  return {best.values, FloorDiv(cell, integer(width)),
          FloorMod(cell, integer(width)),
          FloorMod(best.indices, integer(classes))};
}

Tensor Clip(const Network& net, Tensor x, float high) {
  return Minimum(Maximum(x, Number(net, 0)), Number(net, high));
}

// [1, k, 4]
Tensor Boxes(const Network& net, const Places& places, Tensor sizes,
             Tensor offsets, const ImageSize& image) {
  const int32_t k = places.rows.dim(1);
  const int32_t height = sizes.dim(1), width = sizes.dim(2);
  // Where each detection stands: [k, 2] into [height, width, 2].
  const Tensor parts[] = {Reshape(places.rows, {k}), Reshape(places.cols, {k})};
  const Tensor where = Pack(parts, 1);
  const auto values_at = [&](Tensor map) {
    return Reshape(GatherNd(Reshape(map, {height, width, 2}), where),
                   {1, k, 2});
  };
  const Tensor size = Maximum(values_at(sizes), Number(net, 0));
  const Tensor offset = values_at(offsets);
  const auto edges = [&](Tensor cells, int axis, int32_t cells_in_all,
                         int32_t pixels) {
    const Tensor centre =
        Add(Cast(cells, DataType::kFloat32), Index(offset, 2, axis));
    const Tensor half = Div(Index(size, 2, axis), Number(net, 2));
    const auto place = [&](Tensor edge) {
      edge = Clip(net, edge, static_cast<float>(cells_in_all));
      edge = Mul(edge, Number(net, static_cast<float>(kStride)));
      return Clip(net, Div(edge, Number(net, static_cast<float>(pixels))), 1);
    };
    return std::pair(place(Sub(centre, half)), place(Add(centre, half)));
  };
  const auto [top, bottom] = edges(places.rows, 0, height, image.height);
  const auto [left, right] = edges(places.cols, 1, width, image.width);
  const Tensor corners[] = {top, left, bottom, right};
  return Pack(corners, 2);
}

Tensor CountAboveZero(const Network& net, Tensor scores) {
  const Tensor above = Greater(scores, Number(net, 0));
  return Sum(Cast(above, DataType::kFloat32), {1});
}

Result<void> CheckCenterNet(const od::CenterNet& config, const ImageSize& image,
                            const DetectionOptions& options) {
  constexpr int32_t kMultiple = 32;
  if (config.num_classes() < 1 || config.num_classes() > kMaxCenterClasses)
    return InvalidModel(fmt::format("num_classes is {}", config.num_classes()));
  if (!config.has_object_detection_task())
    return Unsupported(
        "it has no object_detection_task, and so gives no boxes");
  if (config.has_mask_estimation_task() ||
      config.has_densepose_estimation_task() ||
      config.has_track_estimation_task() || config.has_temporal_offset_task() ||
      config.has_deepmac_mask_estimation())
    return Unsupported(
        "it has tasks beside object_detection_task; only boxes become a "
        ".tflite");
  if (image.channels != 3)
    return Unsupported("grey images are not known to CenterNet's backbones");
  if (image.height % kMultiple != 0 || image.width % kMultiple != 0)
    return InvalidModel(fmt::format(
        "fixed_shape_resizer says {} x {}; both must be multiples of {}",
        image.height, image.width, kMultiple));
  const int64_t places = int64_t{image.height / kStride} *
                         (image.width / kStride) * config.num_classes();
  if (places > INT32_MAX) return InvalidModel("the heat map is too large");
  if (options.max_detections < 1 || options.max_detections > places)
    return InvalidArgument(fmt::format("--max_detections {} is not in 1 to {}",
                                       options.max_detections, places));
  return {};
}

}  // namespace

Result<ImageNormalization> BuildCenterNet(const Network& net,
                                          const od::CenterNet& config,
                                          const DetectionOptions& options) {
  TRY_ASSIGN(const ImageSize image,
             FixedImageSize(config.image_resizer(), "center_net"));
  TRY_ASSIGN(const Variant* variant,
             FindVariant(config.feature_extractor().type()));
  TRY(CheckCenterNet(config, image, options));
  TRY_ASSIGN(const HeadShape center, CenterHead(config));
  FunctionBuilder& f = net.f();
  const Tensor input = f.Input("input", DataType::kFloat32,
                               {1, image.height, image.width, image.channels});
  TRY_ASSIGN(const Tensor normalized,
             Preprocess(net, input, config.feature_extractor(), *variant));
  const Tensor map = variant->extract(
      net, normalized, config.feature_extractor(), variant->depth);
  if (map.empty()) return tl::unexpected(f.Finish().error());
  const auto head = [&](std::string_view name, const HeadShape& shape,
                        int32_t channels) {
    return Head(net, map, name, shape, channels, config.use_depthwise());
  };
  const Tensor heat =
      Sigmoid(head("object_center", center, config.num_classes()));
  const Tensor sizes = head("box.Sscale", {}, 2);
  const Tensor offsets = head("box.Soffset", {}, 2);
  if (!f.ok()) return tl::unexpected(f.Finish().error());
  const Places places =
      BestPlaces(net, Peaks(net, heat), options.max_detections);
  AddDetectionOutputs(f, {Boxes(net, places, sizes, offsets, image),
                          Cast(places.classes, DataType::kFloat32),
                          places.scores, CountAboveZero(net, places.scores)});
  return ImageNormalization{{0}, {1}};
}

}  // namespace liteforge
