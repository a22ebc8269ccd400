// SPDX-License-Identifier: Apache-2.0
// CenterNet: backbones, heads and decoding by peaks of the heat map.
#include <gtest/gtest.h>

#include "convert/detection_heads_testing.h"

namespace liteforge::detection_center_net_test {

using reference::Act;
using reference::Map;
using reference::Maps;

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
      ImportFiles(files, fmt::format("model {{ center_net {{ num_classes: 3 "
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

TEST(CenterNet, MobileNetV2) {
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

TEST(CenterNet, MobileNetV2Fpn) {
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

TEST(CenterNet, ResNetV1Fpn) {
  ExpectCenterNet(
      "resnet_v1_50_fpn", "",
      [](reference::Network& net, const Map& image) {
        const auto stages = reference::ResNet50V1(
            net, BlueFirst(image, {103.939, 116.779, 123.68}),
            {kFe + "/_base_model", 1.001e-5, Act::kRelu, 1, true, false});
        return Ascend(net, stages, {{256, 128}, {128, 64}, {64, 64}});
      },
      0.125f);
}

TEST(CenterNet, ResNetV2) {
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

}  // namespace liteforge::detection_center_net_test
