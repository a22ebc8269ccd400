// SPDX-License-Identifier: Apache-2.0
// Wrappers of the TensorFlow Model Optimization toolkit, whose weights stand
// among the wrapped layer's and are told by their names:
//   QuantizeWrapper(V2)  X_min and X_max of a weight X: it is rounded to the
//                        grid here and now. post_activation_, pre_activation_
//                        and output_: FakeQuantWithMinMaxVars after or before
//                        the activation, or after the layer
//   QuantizeLayer        FakeQuantWithMinMaxVars of its input
//   PruneLowMagnitude    mask, threshold and pruning_step matter in training
//   ClusterWeights       weight X is cluster_centroids_X[pulling_indices_X]
// Source: tensorflow_model_optimization/python/core/{quantization/keras,
// sparsity/keras,clustering/keras}; the grid: tensorflow/core/kernels/
// fake_quant_ops_functor.h.
#include <algorithm>
#include <cmath>
#include <deque>

#include "base/try.h"
#include "function/ops.h"
#include "import/keras/activations.h"
#include "import/keras/all_layers.h"
#include "import/keras/inner_layer.h"

namespace liteforge {
namespace {

using nlohmann::json;

// "quant_conv/kernel_min:0" -> "kernel_min"
std::string_view BaseName(std::string_view name) {
  const size_t slash = name.rfind('/');
  if (slash != std::string_view::npos) name.remove_prefix(slash + 1);
  return name.substr(0, name.find(':'));
}

// The stored weight of that name; nullptr when there is none.
const KerasWeight* FindWeight(const LayerContext& c, std::string_view name) {
  for (const KerasWeight* weight : c.layer().weights)
    if (BaseName(weight->name) == name) return weight;
  return nullptr;
}

Result<std::vector<float>> FloatsOf(const KerasWeight& weight) {
  const bool fits =
      weight.type == DataType::kFloat32 && weight.shape.elements() >= 0 &&
      static_cast<int64_t>(weight.data.size()) == 4 * weight.shape.elements();
  if (fits) return weight.data.ToVector<float>();
  return Unsupported("weight '" + weight.name + "' is " +
                     Describe(weight.type, weight.shape) + ", not float32");
}

//------------------------------------------------------------------- ranges

struct Ranges {
  std::vector<float> low, high;  // one, or one per channel
};

// NAME_min and NAME_max; empty when they are not stored.
Result<Ranges> RangesOf(const LayerContext& c, const std::string& name) {
  const KerasWeight* low = FindWeight(c, name + "_min");
  const KerasWeight* high = FindWeight(c, name + "_max");
  Ranges ranges;
  if (low == nullptr || high == nullptr) return ranges;
  TRY_ASSIGN(ranges.low, FloatsOf(*low));
  TRY_ASSIGN(ranges.high, FloatsOf(*high));
  for (size_t i = 0; i < ranges.low.size(); ++i) {
    const bool fits = i < ranges.high.size() && std::isfinite(ranges.low[i]) &&
                      std::isfinite(ranges.high[i]) &&
                      ranges.low[i] < ranges.high[i];
    if (!fits) return InvalidModel("the range of its " + name + " is empty");
  }
  return ranges;
}

struct Grid {
  int32_t bits = 8;
  bool narrow = false;
};

Tensor FakeQuant(LayerContext& c, const Tensor& x, const Ranges& ranges,
                 const Grid& grid) {
  if (ranges.low.size() != 1) return x;
  return c.f.AddNode(
      "FakeQuantWithMinMaxVars",
      {x, c.Scalar(ranges.low[0]), c.Scalar(ranges.high[0])},
      Attributes().Int("num_bits", grid.bits).Bool("narrow_range", grid.narrow),
      x.type(), x.shape());
}

// A value to the nearest of the grid's, 0 being one of them.
float Rounded(float value, float low, float high, const Grid& grid) {
  const float first = grid.narrow ? 1.0f : 0.0f;
  const float last = static_cast<float>((1 << grid.bits) - 1);
  const float scale = (high - low) / (last - first);
  const float zero = std::clamp(std::round(first - low / scale), first, last);
  const float least = (first - zero) * scale, most = (last - zero) * scale;
  const float steps =
      std::floor((std::clamp(value, least, most) - least) / scale + 0.5f);
  return steps * scale + least;
}

Result<KerasWeight> OnGrid(const KerasWeight& weight, const Ranges& ranges) {
  TRY_ASSIGN(std::vector<float> values, FloatsOf(weight));
  const size_t channels = ranges.low.size();
  const int32_t last =
      weight.shape.rank() == 0 ? 1 : weight.shape[weight.shape.rank() - 1];
  if (channels != 1 && static_cast<int64_t>(channels) != last)
    return InvalidModel("weight '" + weight.name + "' has " +
                        std::to_string(channels) + " ranges for " +
                        std::to_string(last) + " channels");
  const Grid grid{8, /*narrow=*/true};
  for (size_t i = 0; i < values.size(); ++i) {
    const size_t channel = i % channels;
    values[i] =
        Rounded(values[i], ranges.low[channel], ranges.high[channel], grid);
  }
  return KerasWeight{weight.name, weight.type, weight.shape,
                     Blob::Own(std::move(values))};
}

//------------------------------------------------------------------ clusters

// cluster_centroids_X[pulling_indices_X]
Result<KerasWeight> FromClusters(const KerasWeight& centroids,
                                 const KerasWeight& indices) {
  TRY_ASSIGN(const std::vector<float> values, FloatsOf(centroids));
  std::vector<int64_t> which;
  if (indices.type == DataType::kInt64 &&
      static_cast<int64_t>(indices.data.size()) ==
          8 * indices.shape.elements()) {
    which = indices.data.ToVector<int64_t>();
  } else if (indices.type == DataType::kInt32 &&
             static_cast<int64_t>(indices.data.size()) ==
                 4 * indices.shape.elements()) {
    const auto narrow = indices.data.ToVector<int32_t>();
    which.assign(narrow.begin(), narrow.end());
  } else {
    return InvalidModel("weight '" + indices.name + "' holds no indices");
  }
  std::vector<float> all;
  for (const int64_t i : which) {
    if (i < 0 || i >= static_cast<int64_t>(values.size()))
      return InvalidModel("weight '" + indices.name +
                          "' names a cluster that does not exist");
    all.push_back(values[static_cast<size_t>(i)]);
  }
  return KerasWeight{centroids.name, DataType::kFloat32, indices.shape,
                     Blob::Own(std::move(all))};
}

// Of weight `name`, which may stand with the layer's name in front.
const KerasWeight* FindPart(const LayerContext& c, std::string_view prefix,
                            std::string_view name) {
  for (const KerasWeight* weight : c.layer().weights) {
    const std::string_view whole = weight->name;
    const std::string_view base = whole.substr(0, whole.rfind(':'));
    if (whole.find(prefix) != std::string_view::npos && base.ends_with(name))
      return weight;
  }
  return nullptr;
}

//-------------------------------------------------------------------- layers

// The wrapped layer's weights as it computes with them; `made` holds those
// that are not as stored.
Result<std::vector<const KerasWeight*>> PlainWeights(
    LayerContext& c, const Inner& inner, std::deque<KerasWeight>& made) {
  std::vector<const KerasWeight*> weights;
  for (const WeightSpec& spec : inner.specs) {
    const std::string name(spec.name);
    const KerasWeight* centroids = FindPart(c, "cluster_centroids_", name);
    const KerasWeight* indices = FindPart(c, "pulling_indices_", name);
    const KerasWeight* stored = FindWeight(c, name);
    if (centroids != nullptr && indices != nullptr) {
      TRY_ASSIGN(made.emplace_back(), FromClusters(*centroids, *indices));
      weights.push_back(&made.back());
      continue;
    }
    if (stored == nullptr)
      return InvalidModel("its weight '" + name + "' is not stored");
    TRY_ASSIGN(const Ranges ranges, RangesOf(c, name));
    if (!ranges.low.empty()) {
      TRY_ASSIGN(made.emplace_back(), OnGrid(*stored, ranges));
      stored = &made.back();
    }
    weights.push_back(stored);
  }
  return weights;
}

LayerOutputs BuildWrapper(LayerContext& c) {
  TRY_ASSIGN(Inner inner, InnerOf(c.config, "layer"));
  std::deque<KerasWeight> made;
  TRY_ASSIGN(auto weights, PlainWeights(c, inner, made));
  TRY_ASSIGN(const Ranges before, RangesOf(c, "pre_activation"));
  TRY_ASSIGN(const Ranges after, RangesOf(c, "post_activation"));
  TRY_ASSIGN(const Ranges output, RangesOf(c, "output"));
  const json config = inner.config;
  if (!before.low.empty()) inner.config["activation"] = "linear";
  TRY_ASSIGN(InnerOutputs outputs,
             CallInner(c, inner, std::move(weights), c.inputs, c.MaskOf(0)));
  c.output_mask = outputs.mask;
  Tensor& y = outputs.tensors.at(0);
  if (!before.low.empty()) {
    y = FakeQuant(c, y, before, {});
    LayerInstance own = c.layer();
    own.config = &config;
    LayerContext named(c.f, c.file, own, c.inputs);
    TRY_ASSIGN(y, ApplyActivation(named, y));
  }
  y = FakeQuant(c, FakeQuant(c, y, after, {}), output, {});
  return outputs.tensors;
}

LayerOutputs BuildQuantizeLayer(LayerContext& c) {
  TRY_ASSIGN(const Tensor x, c.FloatInput());
  TRY_ASSIGN(const Ranges ranges, RangesOf(c, "quantize_layer"));
  if (ranges.low.size() != 1)
    return InvalidModel("the range of its input is not stored");
  Grid grid;
  const json* quantizer = c.config.Find("quantizer");
  if (quantizer != nullptr && quantizer->is_object() &&
      quantizer->contains("config")) {
    const LayerConfig options((*quantizer)["config"], c.config.generation());
    TRY_ASSIGN(grid.bits, options.Int("num_bits", 8));
    TRY_ASSIGN(grid.narrow, options.Bool("narrow_range", false));
  }
  if (grid.bits < 2 || grid.bits > 16)
    return InvalidModel("its num_bits is out of range");
  return One(FakeQuant(c, x, ranges, grid));
}

}  // namespace

const KerasLayer kOptimizationWrapperLayer{"QuantizeWrapperV2", BuildWrapper,
                                           nullptr, Masking::kUses};
const KerasLayer kQuantizeLayerLayer{"QuantizeLayer", BuildQuantizeLayer,
                                     nullptr, Masking::kDrops};

}  // namespace liteforge
