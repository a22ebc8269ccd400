// SPDX-License-Identifier: Apache-2.0
// Attention: softmax(scores(query, key)) value, query [N, Tq, D], value and key
// [N, Tv, D] (key: the value where it is not given).
//   Attention           scores = query key^T, times a scale
//   AdditiveAttention   scores = sum(scale tanh(query + key))
//                       (Attention with score_mode "concat" likewise)
//   MultiHeadAttention  on projections of query, key and value for each head,
//                       projected back; scores / sqrt(key_dim).
//                       GroupedQueryAttention: several heads of queries share
//                       one of keys and values
// Masks take values out of the softmax: those of the inputs, the causal one,
// and attention_mask.
// and EinsumDense and Dot, which are products of tensors as well.
// Source: keras/src/layers/attention, keras/src/layers/core/einsum_dense.py.
#include <algorithm>
#include <cmath>

#include "base/try.h"
#include "function/ops.h"
#include "import/keras/activations.h"
#include "import/keras/all_layers.h"
#include "import/keras/axes.h"

namespace liteforge {
namespace {

// A sequence and its mask.
struct Sequence {
  Tensor x;
  Tensor mask;
};
struct Operands {
  Sequence query, value, key;
  bool has_key = false;
};

Sequence SequenceAt(const LayerContext& c, const Tensor& x, size_t at) {
  return {Cast(x, DataType::kFloat32), c.MaskOf(at)};
}

// Puts the argument of that name where it is given.
Result<bool> TakeNamed(const LayerContext& c, std::string_view name,
                       Sequence& sequence) {
  const nlohmann::json* argument = c.Argument(name);
  if (argument == nullptr) return false;
  const Tensor* x = c.TensorIn(*argument);
  if (x == nullptr)
    return InvalidModel("its argument '" + std::string(name) +
                        "' is no output of a layer");
  sequence = SequenceAt(c, *x, (*argument)["tensor"].get<size_t>());
  return true;
}

Result<Operands> AttentionOperands(const LayerContext& c) {
  const size_t count = c.inputs.size();
  if (count > 3) {
    return InvalidModel(
        "it takes a query, a value and perhaps a key, it is given " +
        std::to_string(count) + " tensors");
  }
  Operands operands;
  bool has_query = count > 0, has_value = count > 1;
  if (has_query) operands.query = SequenceAt(c, c.inputs[0], 0);
  if (has_value) operands.value = SequenceAt(c, c.inputs[1], 1);
  operands.has_key = count > 2;
  if (operands.has_key) operands.key = SequenceAt(c, c.inputs[2], 2);
  if (!has_query) {
    TRY_ASSIGN(has_query, TakeNamed(c, "query", operands.query));
  }
  if (!has_value) {
    TRY_ASSIGN(has_value, TakeNamed(c, "value", operands.value));
  }
  if (!operands.has_key) {
    TRY_ASSIGN(operands.has_key, TakeNamed(c, "key", operands.key));
  }
  if (!has_query || !has_value)
    return InvalidModel("it is not given a query and a value");
  if (!operands.has_key) operands.key = operands.value;
  for (const Sequence* s : {&operands.query, &operands.value, &operands.key}) {
    if (s->x.rank() != 3)
      return Unsupported("its inputs must be [batch, time, features], one is " +
                         s->x.shape().ToString());
  }
  return operands;
}

//-------------------------------------------------------------------- masks

// Both, or the one there is.
Tensor And(const Tensor& a, const Tensor& b) {
  if (a.empty()) return b;
  return b.empty() ? a : LogicalAnd(a, b);
}

// [Tq, Tv]: true where the value is no later than the query.
Tensor CausalMask(const Tensor& query, const Tensor& value) {
  const std::vector<Tensor> sizes = {Index(ShapeOf(query), 0, 1),
                                     Index(ShapeOf(value), 0, 1)};
  const Tensor ones = Fill(Pack(sizes, 0), 1.0f, {query.dim(1), value.dim(1)});
  return GreaterEqual(Cumsum(ones, 0), Cumsum(ones, 1));
}

// "causal" of older layers' configurations, "use_causal_mask" of calls.
Result<bool> IsCausal(const LayerContext& c) {
  TRY_ASSIGN(const bool causal, c.config.Bool("causal", false));
  const nlohmann::json* argument = c.Argument("use_causal_mask");
  return causal || (argument != nullptr && *argument == true);
}

bool WantsScores(const LayerContext& c) {
  const nlohmann::json* argument = c.Argument("return_attention_scores");
  return argument != nullptr && *argument == true;
}

// What is masked is too far below the rest to matter after the softmax.
Tensor MaskedSoftmax(LayerContext& c, const Tensor& scores,
                     const Tensor& mask) {
  if (mask.empty()) return Softmax(scores);
  return Softmax(Select(mask, scores, Sub(scores, c.Scalar(1e9))));
}

LayerOutputs WithScores(const LayerContext& c, const Tensor& y,
                        const Tensor& scores) {
  if (WantsScores(c)) return std::vector<Tensor>{y, scores};
  return One(y);
}

// The end of Attention and AdditiveAttention.
LayerOutputs Attend(LayerContext& c, const Operands& x, const Tensor& scores) {
  Tensor mask;
  if (!x.value.mask.empty()) mask = ExpandDims(x.value.mask, 1);
  TRY_ASSIGN(const bool causal, IsCausal(c));
  if (causal) mask = And(mask, CausalMask(x.query.x, x.key.x));
  const Tensor weights = MaskedSoftmax(c, scores, mask);
  Tensor y = BatchMatMul(weights, x.value.x);
  if (!x.query.mask.empty())
    y = Mul(y, Cast(ExpandDims(x.query.mask, 2), DataType::kFloat32));
  c.output_mask = x.query.mask;
  return WithScores(c, y, weights);
}

//------------------------------------------------------------------- scores

Result<bool> IsConcatenating(const LayerConfig& config) {
  TRY_ASSIGN(const std::string mode, config.String("score_mode", "dot"));
  if (mode == "dot" || mode == "concat") return mode == "concat";
  return Unsupported("score_mode '" + mode + "' is not supported");
}

Result<std::vector<WeightSpec>> AttentionWeights(const LayerConfig& config) {
  TRY_ASSIGN(const bool use_scale, config.Bool("use_scale", false));
  TRY_ASSIGN(const bool concatenates, IsConcatenating(config));
  std::vector<WeightSpec> specs;
  if (use_scale) specs.push_back({"scale"});
  if (concatenates) specs.push_back({"concat_score_weight"});
  return specs;
}

Result<Tensor> Scaled(LayerContext& c, const Tensor& x, const Shape& shape) {
  if (!c.HasWeight("scale")) return x;
  TRY_ASSIGN(const Tensor scale, c.Weight("scale", shape));
  return Mul(x, scale);
}

// query + key for every pair: [N, Tq, Tv, D]
Tensor PairSums(const Operands& x) {
  return Add(ExpandDims(x.query.x, 2), ExpandDims(x.key.x, 1));
}

LayerOutputs BuildAttention(LayerContext& c) {
  TRY_ASSIGN(const Operands x, AttentionOperands(c));
  TRY_ASSIGN(const bool concatenates, IsConcatenating(c.config));
  if (!concatenates) {
    TRY_ASSIGN(const Tensor scores,
               Scaled(c, BatchMatMul(x.query.x, x.key.x, false, true), {}));
    return Attend(c, x, scores);
  }
  TRY_ASSIGN(const Tensor sums, Scaled(c, PairSums(x), {}));
  TRY_ASSIGN(const Tensor weight, c.Weight("concat_score_weight", {}));
  return Attend(c, x, Mul(weight, Sum(Tanh(sums), {3})));
}

Result<std::vector<WeightSpec>> AdditiveWeight(const LayerConfig& config) {
  TRY_ASSIGN(const bool use_scale, config.Bool("use_scale", true));
  return use_scale ? std::vector<WeightSpec>{{"scale"}}
                   : std::vector<WeightSpec>{};
}

LayerOutputs BuildAdditiveAttention(LayerContext& c) {
  TRY_ASSIGN(const Operands x, AttentionOperands(c));
  TRY_ASSIGN(const Tensor sums,
             Scaled(c, Tanh(PairSums(x)), {x.query.x.dim(2)}));
  return Attend(c, x, Sum(sums, {3}));
}

//------------------------------------------------------- MultiHeadAttention

struct Projection {
  std::string_view kernel, bias;
};
constexpr Projection kQuery{"query/kernel", "query/bias"};
constexpr Projection kKey{"key/kernel", "key/bias"};
constexpr Projection kValue{"value/kernel", "value/bias"};
constexpr Projection kOutput{"output/kernel", "output/bias"};

Result<std::vector<WeightSpec>> HeadWeights(const LayerConfig& config) {
  TRY_ASSIGN(const bool use_bias, config.Bool("use_bias", true));
  std::vector<WeightSpec> specs;
  for (const Projection& p : {kQuery, kKey, kValue, kOutput}) {
    specs.push_back({p.kernel});
    if (use_bias) specs.push_back({p.bias});
  }
  return specs;
}

// [N, T, D] by [D, heads, size], and the bias.
Result<Tensor> Project(LayerContext& c, const Projection& p, const Tensor& x,
                       const Shape& size) {
  TRY_ASSIGN(const Tensor kernel,
             c.Weight(p.kernel, {x.dim(-1), size[0], size[1]}));
  Tensor y = Einsum("abc,cde->abde", x, kernel,
                    {x.dim(0), x.dim(1), size[0], size[1]});
  if (!c.HasWeight(p.bias)) return y;
  TRY_ASSIGN(const Tensor bias, c.Weight(p.bias, size));
  return Add(y, bias);
}

// Heads, and the sizes of each head's queries, keys and values.
struct HeadSizes {
  int32_t heads, key_heads, key_dim, value_dim;
};

// All masks together: [N or 1, 1, Tq, Tv]; empty where there is none.
Result<Tensor> HeadsMask(LayerContext& c, const Operands& x) {
  Tensor mask;
  if (!x.query.mask.empty()) mask = ExpandDims(x.query.mask, 2);
  for (const Sequence* s : {&x.value, &x.key}) {
    const bool counts = s == &x.value || x.has_key;
    if (counts && !s->mask.empty()) mask = And(mask, ExpandDims(s->mask, 1));
  }
  TRY_ASSIGN(const bool causal, IsCausal(c));
  if (causal) mask = And(mask, CausalMask(x.query.x, x.value.x));
  TRY_ASSIGN(const auto given, c.TensorArguments("attention_mask"));
  if (!given.empty()) mask = And(Cast(given[0], DataType::kBool), mask);
  if (mask.empty()) return mask;
  if (mask.rank() < 2 || mask.rank() > 4)
    return InvalidModel("its attention_mask must be [batch, query, value]");
  while (!mask.empty() && mask.rank() < 4)
    mask = ExpandDims(mask, mask.rank() - 2);
  return mask;
}

// The heads of keys and values, each as often as queries share it.
Tensor Shared(LayerContext& c, const Tensor& x, const HeadSizes& h) {
  if (h.heads == h.key_heads) return x;
  std::vector<int32_t> which;
  for (int32_t head = 0; head < h.heads; ++head)
    which.push_back(head / (h.heads / h.key_heads));
  return Gather(x, c.f.Constant(IntVector(std::move(which))), 2);
}

LayerOutputs BuildHeads(LayerContext& c, const HeadSizes& h) {
  if (h.heads < 1 || h.key_heads < 1 || h.key_dim < 1 || h.value_dim < 1 ||
      h.heads % h.key_heads != 0)
    return InvalidModel(
        "the numbers and sizes of its heads do not go "
        "together");
  TRY_ASSIGN(const Operands x, AttentionOperands(c));
  TRY_ASSIGN(Tensor q, Project(c, kQuery, x.query.x, {h.heads, h.key_dim}));
  TRY_ASSIGN(Tensor k, Project(c, kKey, x.key.x, {h.key_heads, h.key_dim}));
  TRY_ASSIGN(Tensor v,
             Project(c, kValue, x.value.x, {h.key_heads, h.value_dim}));
  k = Shared(c, k, h);
  v = Shared(c, v, h);
  q = Mul(q, c.Scalar(1 / std::sqrt(static_cast<double>(h.key_dim))));
  const int32_t batch = x.query.x.dim(0), rows = x.query.x.dim(1);
  const Tensor scores =
      Einsum("aecd,abcd->acbe", k, q, {batch, h.heads, rows, x.key.x.dim(1)});
  TRY_ASSIGN(const Tensor mask, HeadsMask(c, x));
  const Tensor weights = MaskedSoftmax(c, scores, mask);
  const Tensor seen = Einsum("acbe,aecd->abcd", weights, v,
                             {batch, rows, h.heads, h.value_dim});
  TRY_ASSIGN(
      const Tensor kernel,
      c.Weight(kOutput.kernel, {h.heads, h.value_dim, Shape::kUnknownDim}));
  Tensor y =
      Einsum("abcd,cde->abe", seen, kernel, {batch, rows, kernel.dim(2)});
  if (c.HasWeight(kOutput.bias)) {
    TRY_ASSIGN(const Tensor bias, c.Weight(kOutput.bias, {kernel.dim(2)}));
    y = Add(y, bias);
  }
  c.output_mask = x.query.mask;
  return WithScores(c, y, weights);
}

LayerOutputs BuildMultiHeadAttention(LayerContext& c) {
  HeadSizes sizes;
  TRY_ASSIGN(sizes.heads, c.config.Int("num_heads"));
  sizes.key_heads = sizes.heads;
  TRY_ASSIGN(sizes.key_dim, c.config.Int("key_dim"));
  TRY_ASSIGN(sizes.value_dim, c.config.Int("value_dim", sizes.key_dim));
  return BuildHeads(c, sizes);
}

LayerOutputs BuildGroupedQueryAttention(LayerContext& c) {
  HeadSizes sizes;
  TRY_ASSIGN(sizes.heads, c.config.Int("num_query_heads"));
  TRY_ASSIGN(sizes.key_heads, c.config.Int("num_key_value_heads"));
  TRY_ASSIGN(sizes.key_dim, c.config.Int("head_dim"));
  sizes.value_dim = sizes.key_dim;
  return BuildHeads(c, sizes);
}

//------------------------------------------------------------ tensor products

Result<std::vector<WeightSpec>> EinsumDenseWeights(const LayerConfig& config) {
  std::vector<WeightSpec> specs = {{"kernel"}};
  if (config.Has("bias_axes")) specs.push_back({"bias"});
  return specs;
}

LayerOutputs BuildEinsumDense(LayerContext& c) {
  TRY_ASSIGN(const Tensor x, c.FloatInput());
  TRY_ASSIGN(const std::string equation, c.config.String("equation"));
  TRY_ASSIGN(const Tensor kernel, c.Weight("kernel", Shape::UnknownRank()));
  TRY_ASSIGN(const Shape shape, EinsumShape(equation, x, kernel));
  Tensor y = Einsum(equation, x, kernel, shape);
  if (c.HasWeight("bias")) {
    TRY_ASSIGN(const Tensor bias, c.Weight("bias", Shape::UnknownRank()));
    y = Add(y, bias);
  }
  TRY_ASSIGN(y, ApplyActivation(c, y));
  return One(y);
}

Tensor UnitLength(LayerContext& c, const Tensor& x, int32_t axis) {
  const Tensor sum = Sum(Square(x), {axis}, /*keep_dims=*/true);
  return Mul(x, Rsqrt(Maximum(sum, c.Scalar(1e-12))));
}

// The batch axis is shared, one axis of each is summed over.
LayerOutputs BuildDot(LayerContext& c) {
  if (c.inputs.size() != 2)
    return InvalidModel("it takes two inputs, the model gives it " +
                        std::to_string(c.inputs.size()));
  TRY_ASSIGN(std::vector<int32_t> axes, c.config.IntList("axes"));
  if (axes.size() == 1) axes.push_back(axes[0]);
  TRY_ASSIGN(const bool normalize, c.config.Bool("normalize", false));
  Tensor x[2];
  std::string labels[2];
  char next = 'a';
  for (size_t i = 0; i < 2; ++i) {
    x[i] = Cast(c.inputs[i], DataType::kFloat32);
    if (axes.size() != 2 || x[i].rank() < 2)
      return InvalidModel("its axes do not fit its inputs");
    if (axes[i] < 0) axes[i] += x[i].rank();
    if (axes[i] < 1 || axes[i] >= x[i].rank())
      return InvalidModel("its axes do not fit its inputs");
    if (normalize) x[i] = UnitLength(c, x[i], axes[i]);
    for (int32_t axis = 0; axis < x[i].rank(); ++axis)
      labels[i] += axis == 0 ? 'y' : axis == axes[i] ? 'z' : next++;
  }
  std::string result = "y";
  for (const std::string& own : labels) {
    for (const char label : own) {
      if (label != 'y' && label != 'z') result += label;
    }
  }
  const std::string equation = labels[0] + "," + labels[1] + "->" + result;
  TRY_ASSIGN(const Shape shape, EinsumShape(equation, x[0], x[1]));
  const Tensor y = Einsum(equation, x[0], x[1], shape);
  return One(shape.rank() == 1 ? ExpandDims(y, 1) : y);
}

}  // namespace

constexpr std::string_view kAttentionArguments =
    "use_causal_mask return_attention_scores";
constexpr std::string_view kHeadsArguments =
    "query value key attention_mask use_causal_mask return_attention_scores";

const KerasLayer kAdditiveAttentionLayer{"AdditiveAttention",
                                         BuildAdditiveAttention, AdditiveWeight,
                                         Masking::kUses, kAttentionArguments};
const KerasLayer kAttentionLayer{"Attention", BuildAttention, AttentionWeights,
                                 Masking::kUses, kAttentionArguments};
const KerasLayer kDotLayer{"Dot", BuildDot};
const KerasLayer kEinsumDenseLayer{"EinsumDense", BuildEinsumDense,
                                   EinsumDenseWeights};
const KerasLayer kGroupedQueryAttentionLayer{
    "GroupedQueryAttention", BuildGroupedQueryAttention, HeadWeights,
    Masking::kUses, kHeadsArguments};
const KerasLayer kMultiHeadAttentionLayer{"MultiHeadAttention",
                                          BuildMultiHeadAttention, HeadWeights,
                                          Masking::kUses, kHeadsArguments};

}  // namespace liteforge
