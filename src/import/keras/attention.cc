// SPDX-License-Identifier: Apache-2.0
// Attention: softmax(scores(query, key)) value, query [N, Tq, D], value and key
// [N, Tv, D] (key: the value where it is not given).
//   Attention           scores = query key^T, times a scale
//   AdditiveAttention   scores = sum(scale tanh(query + key))
//   MultiHeadAttention  on projections of query, key and value for each head,
//                       projected back; scores / sqrt(key_dim)
// and EinsumDense and Dot, which are products of tensors as well.
// Source: keras/src/layers/attention, keras/src/layers/core/einsum_dense.py.
#include <algorithm>
#include <cmath>

#include "base/try.h"
#include "function/ops.h"
#include "import/keras/activations.h"
#include "import/keras/all_layers.h"

namespace liteforge {
namespace {

// A layer on masked or causal sequences would give other results.
Result<void> CheckOptions(const LayerConfig& config) {
  TRY_ASSIGN(const bool causal, config.Bool("causal", false));
  if (causal) return Unsupported("causal=True is not supported");
  return {};
}

struct Operands {
  Tensor query, value, key;
};

Result<Operands> OperandsOf(const LayerContext& c) {
  if (c.inputs.size() < 2 || c.inputs.size() > 3) {
    return InvalidModel(
        "it takes a query, a value and perhaps a key, it is "
        "given " +
        std::to_string(c.inputs.size()) + " tensors");
  }
  for (const Tensor& input : c.inputs) {
    if (input.rank() != 3)
      return Unsupported("its inputs must be [batch, time, features], one is " +
                         input.shape().ToString());
  }
  const auto as_float = [](const Tensor& x) {
    return Cast(x, DataType::kFloat32);
  };
  return Operands{as_float(c.inputs[0]), as_float(c.inputs[1]),
                  as_float(c.inputs.back())};
}

Result<std::vector<WeightSpec>> ScaleWeight(const LayerConfig& config) {
  TRY_ASSIGN(const bool use_scale, config.Bool("use_scale", false));
  return use_scale ? std::vector<WeightSpec>{{"scale"}}
                   : std::vector<WeightSpec>{};
}

LayerOutputs BuildAttention(LayerContext& c) {
  TRY(CheckOptions(c.config));
  TRY_ASSIGN(const Operands x, OperandsOf(c));
  TRY_ASSIGN(const std::string mode, c.config.String("score_mode", "dot"));
  if (mode != "dot")
    return Unsupported("score_mode '" + mode + "' is not supported");
  Tensor scores = BatchMatMul(x.query, x.key, false, true);
  if (c.HasWeight("scale")) {
    TRY_ASSIGN(const Tensor scale, c.Weight("scale", {}));
    scores = Mul(scores, scale);
  }
  return One(BatchMatMul(Softmax(scores), x.value));
}

Result<std::vector<WeightSpec>> AdditiveWeight(const LayerConfig& config) {
  TRY_ASSIGN(const bool use_scale, config.Bool("use_scale", true));
  return use_scale ? std::vector<WeightSpec>{{"scale"}}
                   : std::vector<WeightSpec>{};
}

LayerOutputs BuildAdditiveAttention(LayerContext& c) {
  TRY(CheckOptions(c.config));
  TRY_ASSIGN(const Operands x, OperandsOf(c));
  Tensor sum = Tanh(Add(ExpandDims(x.query, 2), ExpandDims(x.key, 1)));
  if (c.HasWeight("scale")) {
    TRY_ASSIGN(const Tensor scale, c.Weight("scale", {x.query.dim(2)}));
    sum = Mul(sum, scale);
  }
  return One(BatchMatMul(Softmax(Sum(sum, {3})), x.value));
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

LayerOutputs BuildMultiHeadAttention(LayerContext& c) {
  TRY_ASSIGN(const Operands x, OperandsOf(c));
  TRY_ASSIGN(const int32_t heads, c.config.Int("num_heads"));
  TRY_ASSIGN(const int32_t key_dim, c.config.Int("key_dim"));
  TRY_ASSIGN(const int32_t value_dim, c.config.Int("value_dim", key_dim));
  if (heads < 1 || key_dim < 1 || value_dim < 1)
    return InvalidModel("its heads have no size");
  TRY_ASSIGN(Tensor q, Project(c, kQuery, x.query, {heads, key_dim}));
  TRY_ASSIGN(const Tensor k, Project(c, kKey, x.key, {heads, key_dim}));
  TRY_ASSIGN(const Tensor v, Project(c, kValue, x.value, {heads, value_dim}));
  q = Mul(q, c.Scalar(1 / std::sqrt(static_cast<double>(key_dim))));
  const int32_t batch = x.query.dim(0), rows = x.query.dim(1);
  const Tensor scores =
      Einsum("aecd,abcd->acbe", k, q, {batch, heads, rows, x.key.dim(1)});
  const Tensor seen = Einsum("acbe,aecd->abcd", Softmax(scores), v,
                             {batch, rows, heads, value_dim});
  TRY_ASSIGN(const Tensor kernel,
             c.Weight(kOutput.kernel, {heads, value_dim, Shape::kUnknownDim}));
  Tensor y =
      Einsum("abcd,cde->abe", seen, kernel, {batch, rows, kernel.dim(2)});
  if (c.HasWeight(kOutput.bias)) {
    TRY_ASSIGN(const Tensor bias, c.Weight(kOutput.bias, {kernel.dim(2)}));
    y = Add(y, bias);
  }
  return One(y);
}

//------------------------------------------------------------ tensor products

// The shape that an equation without an ellipsis gives.
Result<Shape> ShapeBy(const std::string& equation, const Tensor& a,
                      const Tensor& b) {
  const size_t comma = equation.find(','), arrow = equation.find("->");
  if (comma == std::string::npos || arrow == std::string::npos || arrow < comma)
    return InvalidModel("its equation '" + equation +
                        "' is none of two "
                        "operands");
  std::string left = equation.substr(0, comma);
  const std::string right = equation.substr(comma + 1, arrow - comma - 1);
  std::string result = equation.substr(arrow + 2);
  // An ellipsis stands for the axes that the other labels leave.
  const auto expand = [&](std::string& labels, int axes) {
    const size_t at = labels.find("...");
    if (at == std::string::npos) return;
    std::string digits;
    for (int i = 0; i < axes; ++i) digits += static_cast<char>('0' + i);
    labels = labels.substr(0, at) + digits + labels.substr(at + 3);
  };
  const int axes = a.rank() - static_cast<int>(left.size()) + 3;
  expand(left, axes);
  expand(result, axes);
  Shape shape;
  for (const char label : result) {
    const size_t in_a = left.find(label), in_b = right.find(label);
    if (in_a < static_cast<size_t>(a.rank())) {
      shape.Append(a.dim(static_cast<int>(in_a)));
    } else if (in_b < static_cast<size_t>(b.rank())) {
      shape.Append(b.dim(static_cast<int>(in_b)));
    } else {
      return InvalidModel("its equation '" + equation + "' does not fit");
    }
  }
  return shape;
}

Result<std::vector<WeightSpec>> EinsumDenseWeights(const LayerConfig& config) {
  std::vector<WeightSpec> specs = {{"kernel"}};
  if (config.Has("bias_axes")) specs.push_back({"bias"});
  return specs;
}

LayerOutputs BuildEinsumDense(LayerContext& c) {
  TRY_ASSIGN(const Tensor x, c.FloatInput());
  TRY_ASSIGN(const std::string equation, c.config.String("equation"));
  TRY_ASSIGN(const Tensor kernel, c.Weight("kernel", Shape::UnknownRank()));
  TRY_ASSIGN(const Shape shape, ShapeBy(equation, x, kernel));
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
  TRY_ASSIGN(const Shape shape, ShapeBy(equation, x[0], x[1]));
  const Tensor y = Einsum(equation, x[0], x[1], shape);
  return One(shape.rank() == 1 ? ExpandDims(y, 1) : y);
}

}  // namespace

const KerasLayer kAdditiveAttentionLayer{
    "AdditiveAttention", BuildAdditiveAttention, AdditiveWeight};
const KerasLayer kAttentionLayer{"Attention", BuildAttention, ScaleWeight};
const KerasLayer kDotLayer{"Dot", BuildDot};
const KerasLayer kEinsumDenseLayer{"EinsumDense", BuildEinsumDense,
                                   EinsumDenseWeights};
const KerasLayer kMultiHeadAttentionLayer{"MultiHeadAttention",
                                          BuildMultiHeadAttention, HeadWeights};

}  // namespace liteforge
