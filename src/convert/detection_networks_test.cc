// SPDX-License-Identifier: Apache-2.0
// Detectors of every known architecture, made small: all their variables are
// found, and their heads give what the same network in plain loops does.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "convert/detection_testing.h"

namespace liteforge {
namespace {

using reference::Act;
using reference::Heads;
using reference::Map;
using reference::Maps;
using testing::IsEmpty;

// Sums of some thousand float32 products through fifty layers.
constexpr double kTolerance = 1e-4;

void ExpectNear(const std::vector<float>& values,
                const std::vector<double>& wanted, const std::string& what) {
  ASSERT_EQ(values.size(), wanted.size()) << what;
  double largest = 1;
  for (const double w : wanted) largest = std::max(largest, std::abs(w));
  double worst = 0;
  for (size_t i = 0; i < values.size(); ++i)
    worst =
        std::max(worst, std::abs(static_cast<double>(values[i]) - wanted[i]));
  EXPECT_LE(worst, kTolerance * largest) << what;
}

DetectionModel Import(const DetectionFiles& files, const std::string& config) {
  auto model = ImportDetection(files.Config(config), files.Checkpoint(), {});
  EXPECT_TRUE(model) << model.error().ToString();
  if (!model) return {};
  EXPECT_THAT(model->notices, IsEmpty());
  return *std::move(model);
}

// The function with the operands of its post-processing as outputs.
ConcreteFunction CutBeforePostProcess(ConcreteFunction function) {
  function.outputs.clear();
  for (const tf::NodeDef& node : function.graph.node()) {
    if (node.op() != "TFLite_Detection_PostProcess") continue;
    const char* names[] = {"encodings", "scores", "anchors"};
    for (int i = 0; i < 3; ++i)
      function.outputs.push_back(
          {names[i], node.input(i), DataType::kFloat32, Shape::UnknownRank()});
  }
  return function;
}

// Writes the reference's variables as the checkpoint, imports it and compares
// the heads; then converts and runs the whole.
void ExpectHeads(
    const std::string& name, const SsdText& text,
    const std::function<Heads(reference::Network&, const Map&)>& network) {
  const auto image =
      RandomImage(static_cast<size_t>(text.height * text.width * 3));
  reference::Network net;
  const Heads heads = network(net, ToMap(image, text.height, text.width));
  const DetectionFiles files(name);
  net.WriteCheckpoint(files.Checkpoint());
  const DetectionModel model = Import(files, text.Text());
  if (model.function.outputs.empty()) return;
  EXPECT_EQ(model.function.variables.size(), net.variables());
  const auto bytes = Compile(CutBeforePostProcess(model.function));
  ASSERT_TRUE(bytes) << bytes.error().ToString();
  const RunResult cut = RunBytes(*bytes, image);
  ASSERT_EQ(cut.values.size(), 3u);
  ExpectNear(cut.values[0], heads.encodings, "encodings");
  std::vector<double> scores = heads.logits;
  for (double& score : scores) score = reference::SigmoidOf(score);
  ExpectNear(cut.values[1], scores, "scores");
  EXPECT_EQ(cut.values[2].size(), heads.encodings.size());

  const auto whole = Compile(model.function);
  ASSERT_TRUE(whole) << whole.error().ToString();
  const RunResult run = RunBytes(*whole, image);
  ASSERT_EQ(run.details.size(), 4u);
  EXPECT_EQ(run.details[0].shape, (Shape{1, 10, 4}));
  EXPECT_EQ(run.details[1].shape, (Shape{1, 10}));
  EXPECT_EQ(run.details[2].shape, (Shape{1, 10}));
  EXPECT_EQ(run.details[3].shape, (Shape{1}));
}

const std::string kFe = "model/_feature_extractor";
const std::string kBackbone = kFe + "/classification_backbone";
const std::string kMultiscale =
    "multiscale_anchor_generator { min_level: 3 max_level: 7 anchor_scale: 4 "
    "aspect_ratios: [1, 2, 0.5] scales_per_octave: 2 }";

std::string SharedPredictorText(int depth, int layers, bool depthwise) {
  return fmt::format(
      "weight_shared_convolutional_box_predictor {{ depth: {} {} "
      "num_layers_before_predictor: {} kernel_size: 3 share_prediction_tower: "
      "true use_depthwise: {} }}",
      depth, ConvHyperparams(), layers, depthwise);
}

TEST(DetectionNetworks, MobileNetV2FpnLite) {
  SsdText text;
  text.feature_extractor =
      "type: 'ssd_mobilenet_v2_fpn_keras' depth_multiplier: 0.25 min_depth: 8 "
      "use_depthwise: true fpn { min_level: 3 max_level: 7 "
      "additional_layer_depth: 64 } "
      "override_base_feature_extractor_hyperparams: true " +
      ConvHyperparams();
  text.box_predictor = SharedPredictorText(16, 4, true);
  text.anchor_generator = kMultiscale;
  ExpectHeads("fpnlite", text, [](reference::Network& net, const Map& image) {
    const Maps maps = reference::MobileNetV2(net, image, kBackbone, 0.25, 8);
    const auto pyramid = reference::Pyramid(
        net, {maps.at("block_5"), maps.at("block_12"), maps.at("out_relu")},
        {16, 2, true});
    return reference::PredictShared(net, pyramid, {16, 4, 6, 4, true});
  });
}

// Levels 2 to 6, of convolutions that are not separable, and a classifier's own
// normalization.
TEST(DetectionNetworks, MobileNetV2FpnOfOtherLevels) {
  SsdText text;
  text.feature_extractor =
      "type: 'ssd_mobilenet_v2_fpn_keras' depth_multiplier: 0.35 min_depth: 16 "
      "fpn { min_level: 2 max_level: 6 additional_layer_depth: 24 } " +
      ConvHyperparams();
  text.box_predictor = SharedPredictorText(16, 2, false);
  text.anchor_generator =
      "multiscale_anchor_generator { min_level: 2 max_level: 6 aspect_ratios: "
      "[1.0, 3.0] scales_per_octave: 1 }";
  text.more = "add_background_class: false";
  ExpectHeads("fpn26", text, [](reference::Network& net, const Map& image) {
    const Maps maps = reference::MobileNetV2(net, image, kBackbone, 0.35, 16);
    const auto pyramid =
        reference::Pyramid(net,
                           {maps.at("block_2"), maps.at("block_5"),
                            maps.at("block_12"), maps.at("out_relu")},
                           {16, 1, false});
    return reference::PredictShared(net, pyramid, {16, 2, 2, 3, false});
  });
}

const std::string kSsdAnchors =
    "ssd_anchor_generator { num_layers: 6 min_scale: 0.2 max_scale: 0.95 "
    "aspect_ratios: 1.0 aspect_ratios: 2.0 aspect_ratios: 0.5 aspect_ratios: "
    "3.0 aspect_ratios: 0.3333 }";

// The four maps that are added, and heads of their own for each map.
Heads PlainSsd(reference::Network& net, std::vector<Map> maps, int columns,
               int class_layer) {
  const auto act = [](Map m) { return Activated(std::move(m), Act::kRelu6); };
  const int depths[] = {512, 256, 256, 128};
  for (int i = 0; i < 4; ++i) {
    const int depth = std::max(depths[i] / 8, 8);
    const auto at = [&](int layer) {
      return fmt::format("{}/feature_map_generator/convolutions/{}/{}", kFe,
                         i + 2, layer);
    };
    Map x = act(net.Norm(net.Conv(maps.back(), at(0), depth / 2), at(1)));
    maps.push_back(act(net.Norm(net.Conv(x, at(3), depth, 3, 2), at(4))));
  }
  Heads heads;
  for (size_t l = 0; l < maps.size(); ++l) {
    const int boxes = l == 0 ? 3 : 6;
    const std::string path = "model/_box_predictor/_prediction_heads/";
    reference::Append(
        heads.encodings,
        net.Conv(
            maps[l],
            fmt::format("{}box_encodings/{}/_box_encoder_layers/0", path, l),
            boxes * 4, 1, 1, true));
    reference::Append(
        heads.logits,
        net.Conv(maps[l],
                 fmt::format("{}class_predictions_with_background/{}/"
                             "_class_predictor_layers/{}",
                             path, l, class_layer),
                 boxes * columns, 1, 1, true));
  }
  return heads;
}

TEST(DetectionNetworks, MobileNetV2) {
  SsdText text;
  text.feature_extractor =
      "type: 'ssd_mobilenet_v2_keras' depth_multiplier: 0.125 min_depth: 8 "
      "override_base_feature_extractor_hyperparams: true " +
      ConvHyperparams();
  text.box_predictor =
      "convolutional_box_predictor { min_depth: 0 max_depth: 0 use_dropout: "
      "false kernel_size: 1 " +
      ConvHyperparams() + "}";
  text.anchor_generator = kSsdAnchors;
  ExpectHeads("mnv2", text, [](reference::Network& net, const Map& image) {
    const Maps maps = reference::MobileNetV2(net, image, kBackbone, 0.125, 8);
    return PlainSsd(net, {maps.at("block_13_expand_relu"), maps.at("out_relu")},
                    4, 0);
  });
}

Maps MobileNetV1(reference::Network& net, const Map& image, int divisor) {
  int next = 0;
  const auto norm_act = [&](Map m) {
    m = Activated(net.Norm(std::move(m), reference::Layer(kBackbone, next + 1)),
                  Act::kRelu6);
    next += 2;
    return m;
  };
  const int filters[] = {64,  128, 128, 256, 256,  512, 512,
                         512, 512, 512, 512, 1024, 1024};
  Maps maps;
  Map x = norm_act(net.Conv(image, reference::Layer(kBackbone, 0),
                            std::max(8, 32 / divisor), 3, 2));
  for (int k = 1; k <= 13; ++k) {
    const int stride = k == 2 || k == 4 || k == 6 || k == 12 ? 2 : 1;
    x = norm_act(
        net.Depthwise(x, reference::Layer(kBackbone, next), 3, stride));
    x = norm_act(net.Conv(x, reference::Layer(kBackbone, next),
                          std::max(8, filters[k - 1] / divisor)));
    maps[fmt::format("{}", k)] = x;
  }
  return maps;
}

// With dropout, which takes a place in the list of the class head's layers.
TEST(DetectionNetworks, MobileNetV1) {
  SsdText text;
  // 0.5 acts twice on the backbone: a quarter. Once on what is added.
  text.feature_extractor =
      "type: 'ssd_mobilenet_v1_keras' depth_multiplier: 0.125 min_depth: 8 " +
      ConvHyperparams();
  text.box_predictor =
      "convolutional_box_predictor { kernel_size: 1 " + ConvHyperparams() + "}";
  text.anchor_generator = kSsdAnchors;
  ExpectHeads("mnv1", text, [](reference::Network& net, const Map& image) {
    const Maps maps = MobileNetV1(net, image, 64);
    return PlainSsd(net, {maps.at("11"), maps.at("13")}, 4, 1);
  });
}

TEST(DetectionNetworks, MobileNetV1Fpn) {
  SsdText text;
  text.feature_extractor =
      "type: 'ssd_mobilenet_v1_fpn_keras' depth_multiplier: 0.5 min_depth: 8 "
      "fpn { min_level: 3 max_level: 7 additional_layer_depth: 32 } "
      "override_base_feature_extractor_hyperparams: true " +
      ConvHyperparams();
  text.box_predictor = SharedPredictorText(16, 1, false);
  text.anchor_generator = kMultiscale;
  ExpectHeads("mnv1fpn", text, [](reference::Network& net, const Map& image) {
    const Maps maps = MobileNetV1(net, image, 4);
    const auto pyramid = reference::Pyramid(
        net, {maps.at("5"), maps.at("11"), maps.at("13")}, {16, 2, false});
    return reference::PredictShared(net, pyramid, {16, 1, 6, 4, false});
  });
}

//---------------------------------------------------------------------- ResNet

struct ResNet {
  std::string path;
  double epsilon;
  Act act;
  int divisor;
  bool bias = false;  // of every convolution
  bool same_pool = true;
};

// Outputs of the four stages. ResNet 50: 3, 4, 6 and 3 blocks.
std::vector<Map> ResNet50V1(reference::Network& net, const Map& image,
                            const ResNet& o) {
  int next = 0;
  const auto at = [&](int i) { return reference::Layer(o.path, next + i); };
  const auto width = [&](int f) { return std::max(4, f / o.divisor); };
  const auto act = [&](Map m) { return Activated(std::move(m), o.act); };
  // 3 zeros on each side, not TensorFlow's SAME.
  Map x = act(net.Norm(net.Conv(reference::Padded(image, 3, 3), at(0),
                                width(64), 7, 2, o.bias, false),
                       at(1), o.epsilon));
  next = 2;
  x = o.same_pool
          ? reference::MaxPooled(x, 3, 2)
          : reference::MaxPooled(reference::Padded(x, 1, 1), 3, 2, false);
  std::vector<Map> stages;
  const int blocks[] = {3, 4, 6, 3};
  for (int stage = 0; stage < 4; ++stage) {
    const int f = 64 << stage;
    for (int block = 0; block < blocks[stage]; ++block) {
      const bool first = block == 0;
      const int stride = first && stage > 0 ? 2 : 1;
      Map y = act(net.Norm(net.Conv(x, at(0), width(f), 1, stride, o.bias),
                           at(1), o.epsilon));
      y = act(net.Norm(net.Conv(y, at(2), width(f), 3, 1, o.bias), at(3),
                       o.epsilon));
      const int conv3 = first ? 5 : 4, norm3 = first ? 7 : 5;
      y = net.Norm(net.Conv(y, at(conv3), width(4 * f), 1, 1, o.bias),
                   at(norm3), o.epsilon);
      if (first)
        x = net.Norm(net.Conv(x, at(4), width(4 * f), 1, stride, o.bias), at(6),
                     o.epsilon);
      x = act(Sum(y, x));
      next += first ? 8 : 6;
    }
    stages.push_back(x);
  }
  return stages;
}

TEST(DetectionNetworks, ResNet50Fpn) {
  SsdText text;
  text.height = 160;
  text.width = 192;
  // The levels and the depth are ignored: 3 to 7, 256.
  text.feature_extractor =
      "type: 'ssd_resnet50_v1_fpn_keras' depth_multiplier: 0.0625 min_depth: 4 "
      "fpn { min_level: 4 max_level: 6 additional_layer_depth: 32 } "
      "override_base_feature_extractor_hyperparams: true " +
      ConvHyperparams();
  text.box_predictor = SharedPredictorText(16, 1, false);
  text.anchor_generator = kMultiscale;
  ExpectHeads("resnet", text, [](reference::Network& net, const Map& image) {
    const auto stages =
        ResNet50V1(net, image, {kBackbone, 1e-3, Act::kRelu6, 16});
    const auto pyramid = reference::Pyramid(
        net, {stages[1], stages[2], stages[3]}, {16, 2, false});
    return reference::PredictShared(net, pyramid, {16, 1, 6, 4, false});
  });
}

//---------------------------------------------------------------- EfficientDet

struct EfficientStack {
  int in, out, k, repeats, expansion, stride;
};

// Levels 3, 4 and 5 of version b0.
std::vector<Map> EfficientNetB0(reference::Network& net, const Map& image,
                                const std::string& path) {
  int next = 0;
  const auto key = [&] { return reference::Layer(path, next++); };
  const auto swish = [](Map m) { return Activated(std::move(m), Act::kSwish); };
  const auto conv = [&](const Map& m, int filters, int k, int s) {
    Map y = net.Conv(m, key(), filters, k, s);
    return net.Norm(std::move(y), key());
  };
  const std::vector<EfficientStack> stacks = {
      {32, 16, 3, 1, 1, 1},  {16, 24, 3, 2, 6, 2},  {24, 40, 5, 2, 6, 2},
      {40, 80, 3, 3, 6, 2},  {80, 112, 5, 3, 6, 1}, {112, 192, 5, 4, 6, 2},
      {192, 320, 3, 1, 6, 1}};
  std::vector<Map> ends;
  Map x = swish(conv(image, 32, 3, 2));
  for (const EfficientStack& s : stacks) {
    for (int block = 0; block < s.repeats; ++block) {
      const int in = block == 0 ? s.in : s.out;
      const Map input = x;
      if (s.expansion > 1) x = swish(conv(x, in * s.expansion, 1, 1));
      x = net.Depthwise(x, key(), s.k, block == 0 ? s.stride : 1);
      x = swish(net.Norm(std::move(x), key()));
      Map mean(1, 1, x.c);
      for (size_t i = 0; i < x.v.size(); ++i)
        mean.v[i % mean.v.size()] += x.v[i] / (x.h * x.w);
      mean = swish(net.Conv(mean, key(), in / 4, 1, 1, true));
      mean =
          Apply(net.Conv(mean, key(), x.c, 1, 1, true), reference::SigmoidOf);
      for (size_t i = 0; i < x.v.size(); ++i)
        x.v[i] *= mean.v[i % mean.v.size()];
      x = conv(x, s.out, 1, 1);
      if (block > 0) x = Sum(x, input);
    }
    ends.push_back(x);
  }
  return {ends[2], ends[4], ends[6]};
}

// The pyramid of EfficientDet by names, as its authors draw it.
class BiFpn {
 public:
  BiFpn(reference::Network& net, int filters, int min, int max)
      : net_(net), filters_(filters), min_(min), max_(max) {}

  std::vector<Map> Run(const std::vector<Map>& backbone, int iterations) {
    int level = min_;
    for (const Map& map : backbone) maps_[{0, 'u', level++}] = map;
    for (; level <= max_; ++level)
      maps_[{0, 'u', level}] = Node(level, {{0, 'u', level - 1}}, false);
    for (int i = 1; i <= iterations; ++i) {
      Name last{i - 1, 'u', max_};
      for (int l = max_ - 1; l >= min_; --l) {
        const bool finest = l == min_ && i > 1;
        Add({i, 'd', l}, {{i - 1, finest ? 'd' : 'u', l}, last});
        last = {i, 'd', l};
      }
      for (int l = min_ + 1; l <= max_; ++l) {
        std::vector<Name> inputs = {{i - 1, 'u', l}};
        if (l < max_) inputs.push_back({i, 'd', l});
        inputs.push_back(last);
        Add({i, 'u', l}, inputs);
        last = {i, 'u', l};
      }
    }
    std::vector<Map> out = {maps_[{iterations, 'd', min_}]};
    for (int l = min_ + 1; l <= max_; ++l)
      out.push_back(maps_[{iterations, 'u', l}]);
    return out;
  }

 private:
  struct Name {
    int iteration;
    char direction;
    int level;
    auto operator<=>(const Name&) const = default;
  };
  void Add(const Name& name, const std::vector<Name>& inputs) {
    maps_[name] = Node(name.level, inputs, true);
  }
  Map Node(int level, const std::vector<Name>& inputs, bool combines) {
    const std::string stage = kFe + "/_bifpn_stage/";
    std::vector<Map> made;
    for (size_t e = 0; e < inputs.size(); ++e) {
      Map m = maps_.at(inputs[e]);
      const std::string key =
          fmt::format("{}node_input_blocks/{}/{}/1", stage, node_, e);
      if (m.c != filters_)
        m = net_.Norm(net_.Conv(m, key + "/0", filters_, 1, 1, true),
                      key + "/1");
      if (inputs[e].level < level) m = reference::MaxPooled(m, 3, 2);
      if (inputs[e].level > level) m = reference::Twice(m);
      made.push_back(std::move(m));
    }
    const int n = node_++;
    if (!combines) return made[0];
    const auto& w =
        net_.W(fmt::format("{}node_combine_op/{}/per_input_weights", stage, n),
               {static_cast<int>(made.size()), 1});
    double total = 1e-4;
    for (const float x : w) total += std::max(0.0, static_cast<double>(x));
    Map sum(made[0].h, made[0].w, filters_);
    for (size_t e = 0; e < made.size(); ++e)
      for (size_t i = 0; i < sum.v.size(); ++i)
        sum.v[i] +=
            std::max(0.0, static_cast<double>(w[e])) / total * made[e].v[i];
    const std::string key =
        fmt::format("{}node_post_combine_block/{}", stage, n);
    return net_.Norm(net_.Separable(Activated(sum, Act::kSwish), key + "/1",
                                    filters_, 3, 1, true),
                     key + "/2");
  }

  reference::Network& net_;
  int filters_, min_, max_;
  int node_ = 0;
  std::map<Name, Map> maps_;
};

TEST(DetectionNetworks, EfficientDet) {
  SsdText text;
  text.height = 192;
  text.width = 192;
  text.feature_extractor =
      "type: 'ssd_efficientnet-b0_bifpn_keras' bifpn { min_level: 3 max_level: "
      "6 num_iterations: 2 num_filters: 24 } " +
      ConvHyperparams("SWISH", "force_use_bias: true");
  text.box_predictor =
      "weight_shared_convolutional_box_predictor { depth: 24 " +
      ConvHyperparams("SWISH", "force_use_bias: true") +
      "num_layers_before_predictor: 2 kernel_size: 3 use_depthwise: true "
      "share_prediction_tower: true }";
  text.anchor_generator =
      "multiscale_anchor_generator { min_level: 3 max_level: 6 aspect_ratios: "
      "[1.0, 2.0, 0.5] scales_per_octave: 3 }";
  text.more = "add_background_class: false";
  ExpectHeads("effdet", text, [](reference::Network& net, const Map& image) {
    const auto levels = EfficientNetB0(net, image, kFe + "/_efficientnet");
    const auto pyramid = BiFpn(net, 24, 3, 6).Run(levels, 2);
    return reference::PredictShared(net, pyramid,
                                    {24, 2, 9, 3, true, Act::kSwish, true});
  });
}

//------------------------------------------------------------------- CenterNet

// Outputs of the heads, decoded by the definition.
struct Peak {
  double score;
  int y, x, c;
};

std::vector<std::vector<double>> DecodeCenters(const Map& heat,
                                               const Map& sizes,
                                               const Map& offsets,
                                               double height, double width) {
  std::vector<Peak> peaks;
  for (int y = 0; y < heat.h; ++y)
    for (int x = 0; x < heat.w; ++x)
      for (int c = 0; c < heat.c; ++c) {
        const double v = reference::SigmoidOf(heat.at(y, x, c));
        bool best = true;
        for (int i = -1; i <= 1; ++i)
          for (int j = -1; j <= 1; ++j)
            if (heat.Has(y + i, x + j) &&
                reference::SigmoidOf(heat.at(y + i, x + j, c)) - v >= 1e-6)
              best = false;
        if (best) peaks.push_back({v, y, x, c});
      }
  std::ranges::sort(peaks, std::greater<>(), &Peak::score);
  peaks.resize(10);
  std::vector<std::vector<double>> out(4);  // boxes, classes, scores, count
  for (const Peak& p : peaks) {
    const auto clip = [](double v, double most) {
      return std::min(std::max(v, 0.0), most);
    };
    const double cy = p.y + offsets.at(p.y, p.x, 0),
                 cx = p.x + offsets.at(p.y, p.x, 1),
                 hh = std::max(0.0, sizes.at(p.y, p.x, 0)) / 2,
                 hw = std::max(0.0, sizes.at(p.y, p.x, 1)) / 2;
    for (const double v : {clip(clip(cy - hh, heat.h) * 4 / height, 1),
                           clip(clip(cx - hw, heat.w) * 4 / width, 1),
                           clip(clip(cy + hh, heat.h) * 4 / height, 1),
                           clip(clip(cx + hw, heat.w) * 4 / width, 1)})
      out[0].push_back(v);
    out[1].push_back(p.c);
    out[2].push_back(p.score);
  }
  out[3] = {10};
  return out;
}

std::vector<std::vector<double>> CenterHeads(reference::Network& net,
                                             const Map& map, int classes,
                                             double height, double width) {
  const auto head = [&](const std::string& name, int channels) {
    const std::string path = "model/_prediction_head_dict/" + name + "/0";
    const Map x = Activated(
        net.Conv(map, reference::Layer(path, 0), 256, 3, 1, true), Act::kRelu);
    return net.Conv(x, reference::Layer(path, 1), channels, 1, 1, true);
  };
  const Map heat = head("object_center", classes);
  const Map sizes = head("box.Sscale", 2);
  const Map offsets = head("box.Soffset", 2);
  return DecodeCenters(heat, sizes, offsets, height, width);
}

void ExpectCenterNet(
    const std::string& type, const std::string& more,
    const std::function<Map(reference::Network&, const Map&)>& extract,
    float gain = 1) {
  constexpr int kHeight = 64, kWidth = 96;
  const auto image = RandomImage(kHeight * kWidth * 3, 0, 255);
  reference::Network net(gain);
  const Map features = extract(net, ToMap(image, kHeight, kWidth));
  const auto wanted = CenterHeads(net, features, 3, kHeight, kWidth);
  const DetectionFiles files("centernet_" + type);
  net.WriteCheckpoint(files.Checkpoint());
  const DetectionModel model =
      Import(files, fmt::format("model {{ center_net {{ num_classes: 3 "
                                "feature_extractor {{ type: '{}' {} }} "
                                "image_resizer {{ fixed_shape_resizer {{ "
                                "height: {} width: {} }} }} "
                                "object_detection_task {{ }} "
                                "object_center_params {{ }} }} }}",
                                type, more, kHeight, kWidth));
  if (model.function.outputs.empty()) return;
  EXPECT_EQ(model.function.variables.size(), net.variables());
  const auto bytes = Compile(model.function);
  ASSERT_TRUE(bytes) << bytes.error().ToString();
  const RunResult run = RunBytes(*bytes, image);
  ASSERT_EQ(run.values.size(), 4u);
  EXPECT_EQ(run.details[3].shape, (Shape{1, 10, 4}));
  for (size_t i = 0; i < 4; ++i)  // count first, boxes last
    ExpectNear(run.values[i], wanted[3 - i], fmt::format("output {}", i));
}

Map ScaledToOne(const Map& image) {
  return Apply(image, [](double x) { return x / 127.5 - 1; });
}

Map DecodeUpwards(reference::Network& net, Map x, const std::string& path,
                  int kernel) {
  int i = 1;
  const auto norm = [&](Map m) {
    return Activated(net.Norm(std::move(m), reference::Layer(path, i++)),
                     Act::kRelu);
  };
  for (const int filters : {256, 128, 64}) {
    x = norm(
        net.Conv(x, reference::Layer(path, i++), filters, kernel, 1, true));
    x = norm(net.Transposed(x, reference::Layer(path, i++), filters, 3, 2));
  }
  return x;
}

TEST(DetectionNetworks, CenterNetMobileNetV2) {
  ExpectCenterNet("mobilenet_v2", "depth_multiplier: 0.25",
                  [](reference::Network& net, const Map& image) {
                    const std::string path = kFe + "/_network";
                    const Maps maps = reference::MobileNetV2(
                        net, ScaledToOne(image), reference::Layer(path, 0),
                        0.25, 0);
                    return DecodeUpwards(net, maps.at("out_relu"), path, 1);
                  });
}

Map Ascend(reference::Network& net, const std::vector<Map>& maps,
           const std::vector<std::pair<int, int>>& steps) {
  const std::string path = kFe + "/_feature_extractor_model";
  Map x = net.Conv(maps.back(), reference::Layer(path, 1), steps[0].first, 1, 1,
                   true);
  int i = 2;
  for (size_t s = 0; s < steps.size(); ++s, i += 3) {
    const Map lateral =
        net.Conv(maps[maps.size() - 2 - s], reference::Layer(path, i),
                 steps[s].first, 1, 1, true);
    x = net.Conv(Sum(reference::Twice(x), lateral),
                 reference::Layer(path, i + 1), steps[s].second, 3, 1, true);
    x = Activated(net.Norm(std::move(x), reference::Layer(path, i + 2)),
                  Act::kRelu);
  }
  return x;
}

TEST(DetectionNetworks, CenterNetMobileNetV2Fpn) {
  ExpectCenterNet("mobilenet_v2_fpn", "depth_multiplier: 0.5",
                  [](reference::Network& net, const Map& image) {
                    const Maps maps = reference::MobileNetV2(
                        net, ScaledToOne(image), kFe + "/_base_model", 0.5, 0);
                    return Ascend(net,
                                  {maps.at("block_2"), maps.at("block_5"),
                                   maps.at("block_9"), maps.at("out_relu")},
                                  {{64, 32}, {32, 24}, {24, 24}});
                  });
}

Map BlueFirst(const Map& image, const std::vector<double>& means) {
  Map out = image;
  for (int y = 0; y < out.h; ++y)
    for (int x = 0; x < out.w; ++x)
      for (int c = 0; c < 3; ++c)
        out.at(y, x, c) = image.at(y, x, 2 - c) - means[static_cast<size_t>(c)];
  return out;
}

TEST(DetectionNetworks, CenterNetResNetV1Fpn) {
  ExpectCenterNet(
      "resnet_v1_50_fpn", "",
      [](reference::Network& net, const Map& image) {
        const auto stages = ResNet50V1(
            net, BlueFirst(image, {103.939, 116.779, 123.68}),
            {kFe + "/_base_model", 1.001e-5, Act::kRelu, 1, true, false});
        return Ascend(net, stages, {{256, 128}, {128, 64}, {64, 64}});
      },
      0.125f);
}

TEST(DetectionNetworks, CenterNetResNetV2) {
  // Means, deviations and the order of channels come first.
  ExpectCenterNet(
      "resnet_v2_50",
      "channel_means: [10, 20, 30] channel_stds: [1, 2, 0.5] bgr_ordering: "
      "true",
      [](reference::Network& net, const Map& image) {
        Map x = BlueFirst(image, {10, 20, 30});
        const double stds[] = {1, 2, 0.5};
        for (size_t i = 0; i < x.v.size(); ++i) x.v[i] /= stds[i % 3];
        const std::string path = kFe + "/_base_model";
        int next = 0;
        const auto key = [&] { return reference::Layer(path, next++); };
        const auto norm = [&](const Map& m) {
          return Activated(net.Norm(m, key(), 1.001e-5), Act::kRelu);
        };
        x = net.Conv(reference::Padded(ScaledToOne(x), 3, 3), key(), 64, 7, 2,
                     true, false);
        x = reference::MaxPooled(reference::Padded(x, 1, 1), 3, 2, false);
        const int blocks[] = {3, 4, 6, 3};
        for (int stage = 0; stage < 4; ++stage) {
          const int f = 64 << stage;
          for (int b = 0; b < blocks[stage]; ++b) {
            const int stride = b + 1 == blocks[stage] && stage < 3 ? 2 : 1;
            const Map before = norm(x);
            Map y = net.Conv(before, key(), f);
            y = norm(y);
            y = net.Conv(reference::Padded(y, 1, 1), key(), f, 3, stride, false,
                         false);
            y = norm(y);
            Map shortcut = stride == 1 ? x : reference::MaxPooled(x, 1, 2);
            if (b == 0) shortcut = net.Conv(before, key(), 4 * f, 1, 1, true);
            x = Sum(net.Conv(y, key(), 4 * f, 1, 1, true), shortcut);
          }
        }
        return DecodeUpwards(net, x, kFe + "/_feature_extractor_model", 3);
      });
}

}  // namespace
}  // namespace liteforge
