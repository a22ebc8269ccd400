// SPDX-License-Identifier: Apache-2.0
// For tests: detection networks a second time, in plain loops of double, with
// weights drawn from their names. Running one says which variables it has; they
// are then written as a checkpoint.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "formats/tensorflow/test_bundle.h"

namespace liteforge::reference {

struct Map {
  int h = 0, w = 0, c = 0;
  std::vector<double> v;

  Map() = default;
  Map(int height, int width, int channels)
      : h(height),
        w(width),
        c(channels),
        v(static_cast<size_t>(height) * static_cast<size_t>(width) *
          static_cast<size_t>(channels)) {}
  double& at(int y, int x, int k) {
    return v[(static_cast<size_t>(y) * static_cast<size_t>(w) +
              static_cast<size_t>(x)) *
                 static_cast<size_t>(c) +
             static_cast<size_t>(k)];
  }
  double at(int y, int x, int k) const {
    return const_cast<Map*>(this)->at(y, x, k);
  }
  bool Has(int y, int x) const { return y >= 0 && x >= 0 && y < h && x < w; }
};

enum class Act { kNone, kRelu, kRelu6, kSwish };

inline Map Apply(Map m, const std::function<double(double)>& f) {
  for (double& x : m.v) x = f(x);
  return m;
}
inline double SigmoidOf(double x) { return 1 / (1 + std::exp(-x)); }
inline Map Activated(Map m, Act act) {
  return Apply(std::move(m), [act](double x) {
    if (act == Act::kRelu) return std::max(x, 0.0);
    if (act == Act::kRelu6) return std::min(std::max(x, 0.0), 6.0);
    if (act == Act::kSwish) return x * SigmoidOf(x);
    return x;
  });
}
inline Map Sum(Map a, const Map& b) {
  for (size_t i = 0; i < a.v.size(); ++i) a.v[i] += b.v[i];
  return a;
}
inline Map Twice(const Map& m) {
  Map out(2 * m.h, 2 * m.w, m.c);
  for (int y = 0; y < out.h; ++y)
    for (int x = 0; x < out.w; ++x)
      for (int k = 0; k < m.c; ++k) out.at(y, x, k) = m.at(y / 2, x / 2, k);
  return out;
}
// Zeros around it.
inline Map Padded(const Map& m, int before, int after) {
  Map out(m.h + before + after, m.w + before + after, m.c);
  for (int y = 0; y < m.h; ++y)
    for (int x = 0; x < m.w; ++x)
      for (int k = 0; k < m.c; ++k)
        out.at(y + before, x + before, k) = m.at(y, x, k);
  return out;
}

// SAME: size ceil(n / s), the smaller half of the padding first.
struct Window {
  int out, before;
};
inline Window Same(int n, int k, int s) {
  const int out = (n + s - 1) / s;
  return {out, std::max((out - 1) * s + k - n, 0) / 2};
}
inline Window WindowFor(int n, int k, int s, bool same) {
  return same ? Same(n, k, s) : Window{(n - k) / s + 1, 0};
}
inline Map MaxPooled(const Map& m, int k, int s, bool same = true) {
  const Window v = WindowFor(m.h, k, s, same), u = WindowFor(m.w, k, s, same);
  Map out(v.out, u.out, m.c);
  for (int y = 0; y < out.h; ++y)
    for (int x = 0; x < out.w; ++x)
      for (int c = 0; c < m.c; ++c) {
        double best = -1e300;
        for (int i = 0; i < k; ++i)
          for (int j = 0; j < k; ++j) {
            const int yy = y * s + i - v.before, xx = x * s + j - u.before;
            if (m.Has(yy, xx)) best = std::max(best, m.at(yy, xx, c));
          }
        out.at(y, x, c) = best;
      }
  return out;
}

class Network {
 public:
  // Scales what normalizations give; deep networks with sums grow otherwise.
  explicit Network(float gain = 1) : gain_(gain) {}

  // Weights of a name are the same whenever they are asked for.
  const std::vector<float>& W(const std::string& key,
                              const std::vector<int>& dims) {
    Weight& weight = weights_[key];
    if (!weight.values.empty()) return weight.values;
    weight.dims = dims;
    size_t count = 1;
    for (const int d : dims) count *= static_cast<size_t>(d);
    std::mt19937 rng(static_cast<unsigned>(std::hash<std::string>{}(key)));
    const std::string name = key.substr(key.rfind('/') + 1);
    if (name == "gamma") {
      std::uniform_real_distribution<float> draw(0.8f * gain_, 1.2f * gain_);
      Fill(weight.values, count, [&] { return draw(rng); });
    } else if (name == "moving_variance" || name == "per_input_weights") {
      std::uniform_real_distribution<float> draw(0.8f, 1.2f);
      Fill(weight.values, count, [&] { return draw(rng); });
    } else if (name == "beta" || name == "moving_mean" || name == "bias") {
      std::normal_distribution<float> draw(0, 0.05f);
      Fill(weight.values, count, [&] { return draw(rng); });
    } else {
      size_t fan_in = static_cast<size_t>(dims[0] * dims[1]);
      if (name != "depthwise_kernel") fan_in *= static_cast<size_t>(dims[2]);
      std::normal_distribution<float> draw(
          0, std::sqrt(1.6f / static_cast<float>(fan_in)));
      Fill(weight.values, count, [&] { return draw(rng); });
    }
    return weight.values;
  }

  Map Bias(Map m, const std::string& key) {
    const auto& b = W(key + "/bias", {m.c});
    for (size_t i = 0; i < m.v.size(); ++i)
      m.v[i] += static_cast<double>(b[i % b.size()]);
    return m;
  }
  // Convolution of a kernel that is named.
  Map Filter(const Map& m, const std::string& kernel, int filters, int k, int s,
             bool same = true) {
    const auto& weights = W(kernel, {k, k, m.c, filters});
    const Window v = WindowFor(m.h, k, s, same), u = WindowFor(m.w, k, s, same);
    Map out(v.out, u.out, filters);
    for (int y = 0; y < out.h; ++y)
      for (int x = 0; x < out.w; ++x)
        for (int i = 0; i < k; ++i)
          for (int j = 0; j < k; ++j) {
            const int yy = y * s + i - v.before, xx = x * s + j - u.before;
            if (!m.Has(yy, xx)) continue;
            double* const to = &out.at(y, x, 0);
            const float* w = weights.data() +
                             static_cast<ptrdiff_t>(i * k + j) * m.c * filters;
            for (int c = 0; c < m.c; ++c, w += filters) {
              const double value = m.at(yy, xx, c);
              for (int f = 0; f < filters; ++f)
                to[f] += value * static_cast<double>(w[f]);
            }
          }
    return out;
  }
  Map Conv(const Map& m, const std::string& key, int filters, int k = 1,
           int s = 1, bool bias = false, bool same = true) {
    Map out = Filter(m, key + "/kernel", filters, k, s, same);
    return bias ? Bias(std::move(out), key) : out;
  }
  Map Depthwise(const Map& m, const std::string& key, int k, int s) {
    const auto& weights = W(key + "/depthwise_kernel", {k, k, m.c, 1});
    const Window v = Same(m.h, k, s), u = Same(m.w, k, s);
    Map out(v.out, u.out, m.c);
    for (int y = 0; y < out.h; ++y)
      for (int x = 0; x < out.w; ++x)
        for (int i = 0; i < k; ++i)
          for (int j = 0; j < k; ++j) {
            const int yy = y * s + i - v.before, xx = x * s + j - u.before;
            if (!m.Has(yy, xx)) continue;
            for (int c = 0; c < m.c; ++c)
              out.at(y, x, c) +=
                  m.at(yy, xx, c) *
                  static_cast<double>(
                      weights[static_cast<size_t>((i * k + j) * m.c + c)]);
          }
    return out;
  }
  Map Separable(const Map& m, const std::string& key, int filters, int k, int s,
                bool bias = false) {
    Map out = Filter(Depthwise(m, key, k, s), key + "/pointwise_kernel",
                     filters, 1, 1);
    return bias ? Bias(std::move(out), key) : out;
  }
  // y = x * 2 elsewhere; kernel [k, k, out, in], SAME.
  Map Transposed(const Map& m, const std::string& key, int filters, int k,
                 int s) {
    const auto& weights = W(key + "/kernel", {k, k, filters, m.c});
    Map out(m.h * s, m.w * s, filters);
    const Window v = Same(out.h, k, s), u = Same(out.w, k, s);
    for (int y = 0; y < m.h; ++y)
      for (int x = 0; x < m.w; ++x)
        for (int i = 0; i < k; ++i)
          for (int j = 0; j < k; ++j) {
            const int yy = y * s + i - v.before, xx = x * s + j - u.before;
            if (!out.Has(yy, xx)) continue;
            for (int f = 0; f < filters; ++f)
              for (int c = 0; c < m.c; ++c)
                out.at(yy, xx, f) +=
                    m.at(y, x, c) *
                    static_cast<double>(weights[static_cast<size_t>(
                        ((i * k + j) * filters + f) * m.c + c)]);
          }
    return Bias(std::move(out), key);
  }
  Map Norm(Map m, const std::string& key, double epsilon = 1e-3) {
    const auto& gamma = W(key + "/gamma", {m.c});
    const auto& beta = W(key + "/beta", {m.c});
    const auto& mean = W(key + "/moving_mean", {m.c});
    const auto& variance = W(key + "/moving_variance", {m.c});
    for (size_t i = 0; i < m.v.size(); ++i) {
      const size_t c = i % gamma.size();
      m.v[i] = static_cast<double>(gamma[c]) *
                   (m.v[i] - static_cast<double>(mean[c])) /
                   std::sqrt(static_cast<double>(variance[c]) + epsilon) +
               static_cast<double>(beta[c]);
    }
    return m;
  }

  size_t variables() const { return weights_.size(); }

  // DIRECTORY/{checkpoint, ckpt-0.index, ckpt-0.data-…}
  void WriteCheckpoint(const std::filesystem::path& directory) const {
    std::filesystem::create_directories(directory);
    BundleWriter writer;
    for (const auto& [key, weight] : weights_) {
      Shape shape;
      for (const int d : weight.dims) shape.Append(d);
      writer.Add(key + "/.ATTRIBUTES/VARIABLE_VALUE", DataType::kFloat32, shape,
                 weight.values);
    }
    writer.Add("save_counter/.ATTRIBUTES/VARIABLE_VALUE", DataType::kInt64,
               Shape(), std::vector<int64_t>{1});
    writer.Write(directory / "ckpt-0");
    std::ofstream(directory / "checkpoint")
        << "model_checkpoint_path: \"ckpt-0\"\n";
  }

 private:
  struct Weight {
    std::vector<int> dims;
    std::vector<float> values;
  };
  template <class Draw>
  static void Fill(std::vector<float>& values, size_t count, Draw draw) {
    values.resize(count);
    for (float& value : values) value = draw();
  }
  float gain_;
  std::map<std::string, Weight> weights_;
};

//------------------------------------------------------------------- backbones

inline int Divisible(double v) {
  int n = std::max(8, static_cast<int>(v + 4) / 8 * 8);
  if (n < 0.9 * v) n += 8;
  return n;
}
inline std::string Layer(const std::string& path, int i) {
  return fmt::format("{}/layer_with_weights-{}", path, i);
}

// By Keras' layer names.
using Maps = std::map<std::string, Map>;

inline Maps MobileNetV2(Network& net, const Map& image, const std::string& path,
                        double alpha, int min_depth) {
  int next = 0;
  const auto conv = [&](const Map& x, int filters, int k, int s) {
    next += 2;
    return net.Norm(net.Conv(x, Layer(path, next - 2), filters, k, s),
                    Layer(path, next - 1));
  };
  const auto relu6 = [](Map m) { return Activated(std::move(m), Act::kRelu6); };
  struct Block {
    int f, s;
  };
  const std::vector<Block> blocks = {
      {16, 1}, {24, 2},  {24, 1},  {32, 2},  {32, 1}, {32, 1},
      {64, 2}, {64, 1},  {64, 1},  {64, 1},  {96, 1}, {96, 1},
      {96, 1}, {160, 2}, {160, 1}, {160, 1}, {320, 1}};
  Maps maps;
  Map x = relu6(conv(image, std::max(min_depth, Divisible(32 * alpha)), 3, 2));
  for (size_t b = 0; b < blocks.size(); ++b) {
    const Map input = x;
    const int asked = Divisible(static_cast<int>(blocks[b].f * alpha));
    if (b > 0) {
      x = relu6(conv(x, 6 * x.c, 1, 1));
      maps[fmt::format("block_{}_expand_relu", b)] = x;
    }
    next += 2;
    x = relu6(net.Norm(net.Depthwise(x, Layer(path, next - 2), 3, blocks[b].s),
                       Layer(path, next - 1)));
    x = conv(x, std::max(min_depth, asked), 1, 1);
    // What is asked for counts, also where min_depth gives more.
    if (blocks[b].s == 1 && input.c == asked) x = Sum(x, input);
    maps[fmt::format("block_{}", b)] = x;
  }
  const int last = alpha >= 1 ? 1280 : Divisible(1280 * alpha);
  maps["out_relu"] = relu6(conv(x, std::max(min_depth, last), 1, 1));
  return maps;
}

struct ResNet {
  std::string path;
  double epsilon;
  Act act;
  int divisor;
  bool bias = false;  // of every convolution
  bool same_pool = true;
};

// Outputs of the four stages. ResNet 50: 3, 4, 6 and 3 blocks.
inline std::vector<Map> ResNet50V1(Network& net, const Map& image,
                                   const ResNet& o) {
  int next = 0;
  const auto at = [&](int i) { return Layer(o.path, next + i); };
  const auto width = [&](int f) { return std::max(4, f / o.divisor); };
  const auto act = [&](Map m) { return Activated(std::move(m), o.act); };
  // 3 zeros on each side, not TensorFlow's SAME.
  Map x = act(net.Norm(
      net.Conv(Padded(image, 3, 3), at(0), width(64), 7, 2, o.bias, false),
      at(1), o.epsilon));
  next = 2;
  x = o.same_pool ? MaxPooled(x, 3, 2)
                  : MaxPooled(Padded(x, 1, 1), 3, 2, false);
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

//---------------------------------------------------------------- FPN and heads

struct Heads {
  std::vector<double> encodings, logits;
};

// Channels of a cell are box by box, so the memory is in order already.
inline void Append(std::vector<double>& to, const Map& m) {
  to.insert(to.end(), m.v.begin(), m.v.end());
}

struct Fpn {
  int depth;
  int coarse;
  bool depthwise;
};
// `c` are the backbone's maps, fine to coarse.
inline std::vector<Map> Pyramid(Network& net, const std::vector<Map>& c,
                                const Fpn& o) {
  const std::string fe = "model/_feature_extractor/";
  const std::string fpn = fe + "_fpn_features_generator/";
  const auto block = [&](const Map& m, const std::string& key, int s) {
    Map y = o.depthwise ? net.Separable(m, key + "/0", o.depth, 3, s)
                        : net.Conv(m, key + "/0", o.depth, 3, s);
    return Activated(net.Norm(std::move(y), key + "/1"), Act::kRelu6);
  };
  std::vector<Map> p(c.size());
  p.back() = net.Conv(c.back(), fpn + "top_layers/0", o.depth, 1, 1, true);
  const Map top = p.back();
  for (int level = static_cast<int>(c.size()) - 2, j = 0; level >= 0;
       --level, ++j) {
    const auto l = static_cast<size_t>(level);
    const Map lateral =
        net.Conv(c[l], fmt::format("{}residual_blocks/{}/0", fpn, j), o.depth,
                 1, 1, true);
    p[l] = block(Sum(Twice(p[l + 1]), lateral),
                 fmt::format("{}conv_layers/{}", fpn, j), 1);
  }
  for (int i = 0; i < o.coarse; ++i)
    p.push_back(block(i == 0 ? top : p.back(),
                      fmt::format("{}_coarse_feature_layers/{}", fe, i), 2));
  return p;
}

struct SharedPredictor {
  int depth, layers, boxes, columns;
  bool depthwise;
  Act act = Act::kRelu6;
  bool bias = false;  // of the tower, beside the normalization
};
inline Heads PredictShared(Network& net, const std::vector<Map>& maps,
                           const SharedPredictor& o) {
  const std::string bp = "model/_box_predictor/";
  const auto conv = [&](const Map& m, const std::string& key, int filters,
                        bool bias) {
    return o.depthwise ? net.Separable(m, key, filters, 3, 1, bias)
                       : net.Conv(m, key, filters, 3, 1, bias);
  };
  Heads heads;
  for (size_t level = 0; level < maps.size(); ++level) {
    Map x = maps[level];
    for (int i = 0; i < o.layers; ++i) {
      x = conv(
          x, fmt::format("{}_head_scope_conv_layers/PredictionTower/{}", bp, i),
          o.depth, o.bias);
      x = Activated(
          net.Norm(
              std::move(x),
              fmt::format("{}_base_tower_layers_for_heads/box_encodings/{}/{}",
                          bp, level, 3 * i + 1)),
          o.act);
    }
    Append(heads.encodings,
           conv(x, bp + "_box_prediction_head/_box_encoder_layers/0",
                o.boxes * 4, true));
    Append(heads.logits,
           conv(x,
                bp + "_prediction_heads/class_predictions_with_background/"
                     "_class_predictor_layers/0",
                o.boxes * o.columns, true));
  }
  return heads;
}

}  // namespace liteforge::reference
