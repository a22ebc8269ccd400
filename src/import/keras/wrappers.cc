// SPDX-License-Identifier: Apache-2.0
// Layers that hold a layer:
//   Bidirectional    the recurrent layer, and a second one that goes backwards;
//                    with return_sequences that one's outputs are turned round
//   TimeDistributed  the layer on each step: [batch, time, …] as
//                    [batch time, …]
#include <algorithm>

#include "base/try.h"
#include "function/ops.h"
#include "import/keras/all_layers.h"

namespace liteforge {
namespace {

using nlohmann::json;

// The layer inside: {"class_name": …, "config": {…}}.
struct Inner {
  std::string class_name;
  json config;
  const KerasLayer* kind = nullptr;
  std::vector<WeightSpec> specs;
};

Result<Inner> InnerOf(const LayerConfig& config, std::string_view key) {
  const json* object = config.Find(key);
  if (object == nullptr || !object->is_object() ||
      !object->contains("class_name") || !object->contains("config") ||
      !(*object)["class_name"].is_string() || !(*object)["config"].is_object())
    return InvalidModel("its configuration has no '" + std::string(key) + "'");
  Inner inner;
  inner.class_name = (*object)["class_name"];
  inner.config = (*object)["config"];
  inner.kind = FindKerasLayer(inner.class_name);
  if (inner.kind == nullptr) {
    return Unsupported("the layer inside, of class " + inner.class_name +
                       ", cannot be imported");
  }
  if (inner.kind->weights != nullptr) {
    TRY_ASSIGN(inner.specs, inner.kind->weights(LayerConfig(
                                inner.config, config.generation())));
  }
  return inner;
}

// One call of the layer inside, whose weights begin at `first`.
LayerOutputs CallInner(LayerContext& c, const Inner& inner, size_t first,
                       std::span<const Tensor> inputs) {
  LayerInstance own = c.layer();
  own.class_name = inner.class_name;
  own.config = &inner.config;
  own.kind = inner.kind;
  own.specs = inner.specs;
  own.constants.clear();
  own.weights.clear();
  for (size_t i = 0; i < own.specs.size(); ++i) {
    if (first + i < c.layer().weights.size())
      own.weights.push_back(c.layer().weights[first + i]);
  }
  LayerContext context(c.f, c.file, own, inputs);
  return inner.kind->build(context);
}

//------------------------------------------------------------ Bidirectional

// Forwards, and backwards: the same configuration turned round, unless the
// file has one of its own.
struct Pair {
  Inner forward, backward;
};

Result<Pair> PairOf(const LayerConfig& config) {
  Pair pair;
  TRY_ASSIGN(pair.forward, InnerOf(config, "layer"));
  if (config.Has("backward_layer")) {
    TRY_ASSIGN(pair.backward, InnerOf(config, "backward_layer"));
    return pair;
  }
  pair.backward = pair.forward;
  const LayerConfig inner(pair.forward.config, config.generation());
  TRY_ASSIGN(const bool backwards, inner.Bool("go_backwards", false));
  pair.backward.config["go_backwards"] = !backwards;
  return pair;
}

Result<std::vector<WeightSpec>> BidirectionalWeights(
    const LayerConfig& config) {
  TRY_ASSIGN(const Pair pair, PairOf(config));
  std::vector<WeightSpec> specs = pair.forward.specs;
  specs.insert(specs.end(), pair.backward.specs.begin(),
               pair.backward.specs.end());
  return specs;
}

// merge_mode is null for two outputs, which is not the same as missing.
Result<std::string> MergeMode(const LayerContext& c) {
  const json& config = *c.layer().config;
  const auto found = config.find("merge_mode");
  if (found != config.end() && found->is_null()) return std::string();
  return c.config.String("merge_mode", "concat");
}

LayerOutputs Merge(LayerContext& c, const std::string& mode, const Tensor& a,
                   const Tensor& b) {
  if (mode.empty()) return std::vector<Tensor>{a, b};
  if (mode == "concat") return One(Concat(std::vector<Tensor>{a, b}, -1));
  if (mode == "sum") return One(Add(a, b));
  if (mode == "mul") return One(Mul(a, b));
  if (mode == "ave") return One(Mul(Add(a, b), c.Scalar(0.5)));
  return InvalidModel("merge_mode '" + mode +
                      "' is none of concat, sum, mul, ave");
}

LayerOutputs BuildBidirectional(LayerContext& c) {
  TRY_ASSIGN(const Pair pair, PairOf(c.config));
  TRY_ASSIGN(const std::string mode, MergeMode(c));
  const LayerConfig inner(pair.forward.config, c.config.generation());
  TRY_ASSIGN(const bool sequences, inner.Bool("return_sequences", false));
  // Initial states: half of them for each direction.
  std::vector<Tensor> ahead = {c.inputs[0]}, back = {c.inputs[0]};
  const size_t half = (c.inputs.size() - 1) / 2;
  for (size_t i = 0; i + 1 < c.inputs.size(); ++i)
    (i < half ? ahead : back).push_back(c.inputs[i + 1]);
  TRY_ASSIGN(const auto a, CallInner(c, pair.forward, 0, ahead));
  TRY_ASSIGN(auto b,
             CallInner(c, pair.backward, pair.forward.specs.size(), back));
  if (sequences) b[0] = Reverse(b[0], 1);
  TRY_ASSIGN(std::vector<Tensor> outputs, Merge(c, mode, a[0], b[0]));
  outputs.insert(outputs.end(), a.begin() + 1, a.end());
  outputs.insert(outputs.end(), b.begin() + 1, b.end());
  return outputs;
}

//---------------------------------------------------------- TimeDistributed

Result<std::vector<WeightSpec>> TimeDistributedWeights(
    const LayerConfig& config) {
  TRY_ASSIGN(const Inner inner, InnerOf(config, "layer"));
  return inner.specs;
}

// x with its first axes replaced by `first` axes: known sizes, or computed.
Tensor WithFirst(const Tensor& x, const std::vector<Tensor>& sizes,
                 const std::vector<int32_t>& known, int taken) {
  Shape result;
  for (const int32_t dim : known) result.Append(dim);
  for (int axis = taken; axis < x.rank(); ++axis) result.Append(x.dim(axis));
  const auto dims = result.dims();
  if (std::ranges::count(dims, Shape::kUnknownDim) <= 1)
    return Reshape(x, std::vector<int32_t>(dims.begin(), dims.end()));
  std::vector<Tensor> all = sizes;
  const Tensor shape = ShapeOf(x);
  for (int axis = taken; axis < x.rank(); ++axis)
    all.push_back(Index(shape, 0, axis));
  return Reshape(x, Pack(all, 0), result);
}

int32_t Product(int32_t a, int32_t b) {
  return a < 0 || b < 0 ? Shape::kUnknownDim : a * b;
}

LayerOutputs BuildTimeDistributed(LayerContext& c) {
  TRY_ASSIGN(const Tensor x, c.Input());
  TRY_ASSIGN(const Inner inner, InnerOf(c.config, "layer"));
  if (x.rank() < 3) {
    return InvalidModel("its input " + x.shape().ToString() +
                        " must be [batch, time, …]");
  }
  const Tensor shape = ShapeOf(x);
  const Tensor batch = Index(shape, 0, 0), time = Index(shape, 0, 1);
  const Tensor rows =
      WithFirst(x, {Mul(batch, time)}, {Product(x.dim(0), x.dim(1))}, 2);
  const Tensor inputs[] = {rows};
  TRY_ASSIGN(const auto outputs, CallInner(c, inner, 0, inputs));
  if (outputs.size() != 1)
    return Unsupported("the layer inside has several outputs");
  return One(WithFirst(outputs[0], {batch, time}, {x.dim(0), x.dim(1)}, 1));
}

}  // namespace

const KerasLayer kBidirectionalLayer{"Bidirectional", BuildBidirectional,
                                     BidirectionalWeights};
const KerasLayer kTimeDistributedLayer{"TimeDistributed", BuildTimeDistributed,
                                       TimeDistributedWeights};

}  // namespace liteforge
