// SPDX-License-Identifier: Apache-2.0
// Layers that hold a layer:
//   Bidirectional    the recurrent layer, and a second one that goes backwards;
//                    with return_sequences that one's outputs are turned round
//   TimeDistributed  the layer on each step: [batch, time, …] as
//                    [batch time, …]
//   SpectralNormalization  the layer, whose kernel training has normalized
//   Pipeline         layers without weights, one after the other
#include <algorithm>

#include "base/try.h"
#include "function/ops.h"
#include "import/keras/all_layers.h"
#include "import/keras/inner_layer.h"
#include "import/keras/steps.h"

namespace liteforge {
namespace {

using nlohmann::json;

// The layer's weights from `first` on, as many as the one inside has.
std::vector<const KerasWeight*> WeightsFrom(const LayerContext& c, size_t first,
                                            const Inner& inner) {
  std::vector<const KerasWeight*> weights;
  const auto& all = c.layer().weights;
  for (size_t i = 0; i < inner.specs.size() && first + i < all.size(); ++i)
    weights.push_back(all[first + i]);
  return weights;
}

// One call of the layer inside, whose weights begin at `first`.
Result<InnerOutputs> CallInner(LayerContext& c, const Inner& inner,
                               size_t first, std::span<const Tensor> inputs,
                               const Tensor& mask) {
  return CallInner(c, inner, WeightsFrom(c, first, inner), inputs, mask);
}

//------------------------------------------------------------ Bidirectional

// Forwards, and backwards: the same configuration turned round, unless the
// file has one of its own.
struct Pair {
  Inner forward, backward;
};

// Where a mask takes a step away both show 0, if they show all steps.
void ShowZeros(Inner& inner) {
  const auto sequences = inner.config.find("return_sequences");
  inner.config["zero_output_for_mask"] =
      sequences != inner.config.end() && *sequences == true;
}

Result<Pair> PairOf(const LayerConfig& config) {
  Pair pair;
  TRY_ASSIGN(pair.forward, InnerOf(config, "layer"));
  ShowZeros(pair.forward);
  if (config.Has("backward_layer")) {
    TRY_ASSIGN(pair.backward, InnerOf(config, "backward_layer"));
    ShowZeros(pair.backward);
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
Result<std::string> MergeModeOf(const LayerContext& c) {
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
  TRY_ASSIGN(const std::string mode, MergeModeOf(c));
  const LayerConfig inner(pair.forward.config, c.config.generation());
  TRY_ASSIGN(const bool sequences, inner.Bool("return_sequences", false));
  TRY_ASSIGN(const bool time_major, inner.Bool("time_major", false));
  // Initial states: half of them for each direction.
  std::vector<Tensor> ahead = {c.inputs[0]}, back = {c.inputs[0]};
  std::vector<Tensor> states(c.inputs.begin() + 1, c.inputs.end());
  TRY_ASSIGN(const auto named, c.TensorArguments("initial_state"));
  states.insert(states.end(), named.begin(), named.end());
  for (size_t i = 0; i < states.size(); ++i)
    (i < states.size() / 2 ? ahead : back).push_back(states[i]);
  const Tensor mask = c.MaskOf(0);
  TRY_ASSIGN(const InnerOutputs forward,
             CallInner(c, pair.forward, 0, ahead, mask));
  TRY_ASSIGN(
      const InnerOutputs backward,
      CallInner(c, pair.backward, pair.forward.specs.size(), back, mask));
  const std::vector<Tensor>& a = forward.tensors;
  std::vector<Tensor> b = backward.tensors;
  if (sequences) {
    b[0] = Reverse(b[0], time_major ? 0 : 1);
    c.output_mask = mask;
  }
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

int32_t ProductOfDims(int32_t a, int32_t b) {
  return a < 0 || b < 0 ? Shape::kUnknownDim : a * b;
}

// A mask of steps of steps belongs to the layer inside too; what it makes of
// them is a mask of steps again.
Tensor InnerMask(const Tensor& x, const Tensor& mask, const Tensor& inner) {
  if (!inner.empty()) return BatchAsSteps(inner, x);
  if (mask.empty() || mask.rank() == 2) return mask;
  std::vector<int32_t> axes;
  for (int32_t axis = 2; axis < mask.rank(); ++axis) axes.push_back(axis);
  return Any(mask, axes);
}

LayerOutputs BuildTimeDistributed(LayerContext& c) {
  TRY_ASSIGN(const Tensor x, c.Input());
  TRY_ASSIGN(const Inner inner, InnerOf(c.config, "layer"));
  if (x.rank() < 2 || x.rank() >= Shape::kMaxRank) {
    return InvalidModel("its input " + x.shape().ToString() +
                        " must be [batch, time, …]");
  }
  const Tensor mask = c.MaskOf(0);
  const bool deep = !mask.empty() && mask.rank() > 2;
  const Tensor inputs[] = {StepsAsBatch(x)};
  TRY_ASSIGN(
      const InnerOutputs outputs,
      CallInner(c, inner, 0, inputs, deep ? StepsAsBatch(mask) : Tensor()));
  if (outputs.tensors.size() != 1)
    return Unsupported("the layer inside has several outputs");
  c.output_mask = InnerMask(x, mask, outputs.mask);
  return One(BatchAsSteps(outputs.tensors[0], x));
}

//------------------------------------------------------ SpectralNormalization

// The vector that training keeps stands behind the layer's weights, in .keras
// archives in front of them: there they are named "layer/0".
Result<std::vector<WeightSpec>> SpectralWeights(const LayerConfig& config) {
  TRY_ASSIGN(const Inner inner, InnerOf(config, "layer"));
  std::vector<WeightSpec> specs = inner.specs;
  specs.push_back({"vector_u", false});
  return specs;
}

LayerOutputs BuildSpectralNormalization(LayerContext& c) {
  TRY_ASSIGN(const Inner inner, InnerOf(c.config, "layer"));
  const auto& weights = c.layer().weights;
  const bool in_front = weights.size() > 1 && weights[0]->name == "0";
  TRY_ASSIGN(const InnerOutputs outputs,
             CallInner(c, inner, in_front ? 1 : 0, c.inputs, c.MaskOf(0)));
  c.output_mask = outputs.mask;
  return outputs.tensors;
}

//----------------------------------------------------------------- Pipeline

LayerOutputs BuildPipeline(LayerContext& c) {
  TRY_ASSIGN(const std::vector<Inner> layers, InnerListOf(c.config, "layers"));
  std::vector<Tensor> tensors(c.inputs.begin(), c.inputs.end());
  Tensor mask = c.MaskOf(0);
  for (const Inner& layer : layers) {
    if (!layer.specs.empty())
      return Unsupported("the layer inside, of class " + layer.class_name +
                         ", has weights");
    TRY_ASSIGN(InnerOutputs outputs, CallInner(c, layer, {}, tensors, mask));
    tensors = std::move(outputs.tensors);
    mask = outputs.mask;
  }
  c.output_mask = mask;
  return tensors;
}

}  // namespace

Tensor StepsAsBatch(const Tensor& x) {
  const Tensor shape = ShapeOf(x);
  return WithFirst(x, {Mul(Index(shape, 0, 0), Index(shape, 0, 1))},
                   {ProductOfDims(x.dim(0), x.dim(1))}, 2);
}

Tensor BatchAsSteps(const Tensor& y, const Tensor& x) {
  const Tensor shape = ShapeOf(x);
  return WithFirst(y, {Index(shape, 0, 0), Index(shape, 0, 1)},
                   {x.dim(0), x.dim(1)}, 1);
}

const KerasLayer kBidirectionalLayer{"Bidirectional", BuildBidirectional,
                                     BidirectionalWeights, Masking::kUses,
                                     "initial_state"};
const KerasLayer kPipelineLayer{"Pipeline", BuildPipeline, nullptr,
                                Masking::kUses};
const KerasLayer kSpectralNormalizationLayer{"SpectralNormalization",
                                             BuildSpectralNormalization,
                                             SpectralWeights, Masking::kUses};
const KerasLayer kTimeDistributedLayer{"TimeDistributed", BuildTimeDistributed,
                                       TimeDistributedWeights, Masking::kUses};

}  // namespace liteforge
