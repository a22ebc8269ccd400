// SPDX-License-Identifier: Apache-2.0
// EfficientDet: its backbone and its pyramid in both directions.
#include <gtest/gtest.h>

#include "convert/detection_heads_testing.h"

namespace liteforge::detection_efficientdet_test {

using reference::Act;
using reference::Map;

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

TEST(SsdNetworks, EfficientDet) {
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

}  // namespace liteforge::detection_efficientdet_test
