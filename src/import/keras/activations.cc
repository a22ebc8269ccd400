// SPDX-License-Identifier: Apache-2.0
// Formulas: keras/src/activations/activations.py and backend/tensorflow/nn.py
// (Keras 3), tf_keras/activations.py and backend.py (Keras 2); the two differ
// in hard_sigmoid only.
#include "import/keras/activations.h"

#include <algorithm>
#include <numbers>
#include <string>

#include "base/try.h"
#include "function/ops.h"
#include "import/keras/layer_config.h"

namespace liteforge {
namespace {

using nlohmann::json;

struct Activation {
  std::string_view name;
  Tensor (*apply)(LayerContext& c, Tensor x);
};

Tensor Clipped(LayerContext& c, Tensor x, double low, double high) {
  return Minimum(Maximum(x, c.Scalar(low)), c.Scalar(high));
}

Tensor HardSigmoid3(LayerContext& c, Tensor x) {
  return Mul(Relu6(Add(x, c.Scalar(3))), c.Scalar(1.0 / 6.0));
}

// Keras 1 and 2: a line of slope 0.2; Keras 3: of slope 1/6.
Tensor HardSigmoid(LayerContext& c, Tensor x) {
  if (c.config.generation() >= 3) return HardSigmoid3(c, x);
  return Clipped(c, Add(Mul(x, c.Scalar(0.2)), c.Scalar(0.5)), 0, 1);
}

Tensor HardSilu(LayerContext& c, Tensor x) {
  return Mul(x, HardSigmoid3(c, x));
}

Tensor Silu(LayerContext&, Tensor x) { return Mul(x, Sigmoid(x)); }

// x Φ(x), exactly: both generations default to approximate=False.
Tensor Gelu(LayerContext& c, Tensor x) {
  const Tensor scaled = Div(x, c.Scalar(std::numbers::sqrt2));
  return Mul(Mul(c.Scalar(0.5), x), Add(c.Scalar(1), Erf(scaled)));
}

Tensor Mish(LayerContext&, Tensor x) { return Mul(x, Tanh(Softplus(x))); }

Tensor LeakyRelu02(LayerContext&, Tensor x) { return LeakyRelu(x, 0.2f); }

Tensor SquarePlus(LayerContext& c, Tensor x) {
  const Tensor root = Sqrt(Add(Square(x), c.Scalar(4)));
  return Mul(Add(x, root), c.Scalar(0.5));
}

// 0 up to -1, (x + 1)² / 4 up to 1, then x.
Tensor SparsePlus(LayerContext& c, Tensor x) {
  const Tensor one = c.Scalar(1);
  const Tensor curve = Mul(Square(Add(x, one)), c.Scalar(0.25));
  const Tensor upper = Select(Less(x, one), curve, x);
  return Select(Greater(x, c.Scalar(-1)), upper, c.Scalar(0));
}

Tensor SparseSigmoid(LayerContext& c, Tensor x) {
  return Clipped(c, Mul(Add(x, c.Scalar(1)), c.Scalar(0.5)), 0, 1);
}

Tensor LogSigmoid(LayerContext&, Tensor x) { return Neg(Softplus(Neg(x))); }

Tensor TanhShrink(LayerContext&, Tensor x) { return Sub(x, Tanh(x)); }

// sign(x) * max(|x| - 0.5, 0)
Tensor SoftShrink(LayerContext& c, Tensor x) {
  return Mul(Sign(x), Relu(Sub(Abs(x), c.Scalar(0.5))));
}

Tensor HardShrink(LayerContext& c, Tensor x) {
  return Select(Greater(Abs(x), c.Scalar(0.5)), x, c.Scalar(0));
}

Tensor HardTanh(LayerContext& c, Tensor x) { return Clipped(c, x, -1, 1); }

// max(x, 0) + min(exp(x) - 1, 0), which is elu for alpha 1.
Tensor Celu(LayerContext&, Tensor x) { return Elu(x); }

Tensor Glu(LayerContext&, Tensor x) {
  const std::vector<Tensor> halves = Split(x, -1, 2);
  return Mul(halves[0], Sigmoid(halves[1]));
}

template <Tensor (*kOp)(Tensor)>
Tensor Plain(LayerContext&, Tensor x) {
  return kOp(x);
}

Tensor Linear(LayerContext&, Tensor x) { return x; }

constexpr Activation kActivations[] = {
    {"celu", Celu},
    {"elu", Plain<Elu>},
    {"exponential", Plain<Exp>},
    {"gelu", Gelu},
    {"glu", Glu},
    {"hard_shrink", HardShrink},
    {"hard_sigmoid", HardSigmoid},
    {"hard_silu", HardSilu},
    {"hard_swish", HardSilu},
    {"hard_tanh", HardTanh},
    {"leaky_relu", LeakyRelu02},
    {"linear", Linear},
    {"log_sigmoid", LogSigmoid},
    {"log_softmax", Plain<LogSoftmax>},
    {"mish", Mish},
    {"relu", Plain<Relu>},
    {"relu6", Plain<Relu6>},
    {"selu", Plain<Selu>},
    {"sigmoid", Plain<Sigmoid>},
    {"silu", Silu},
    {"soft_shrink", SoftShrink},
    {"softmax", Plain<Softmax>},
    {"softplus", Plain<Softplus>},
    {"softsign", Plain<Softsign>},
    {"sparse_plus", SparsePlus},
    {"sparse_sigmoid", SparseSigmoid},
    {"squareplus", SquarePlus},
    {"swish", Silu},
    {"tanh", Plain<Tanh>},
    {"tanh_shrink", TanhShrink},
};

// "keras.activations>relu", "keras>relu" and "relu" are one function;
// "Custom>relu" is another.
std::string_view BareName(std::string_view name) {
  const size_t mark = name.rfind('>');
  if (mark == std::string_view::npos || !name.starts_with("keras")) return name;
  return name.substr(mark + 1);
}

tl::unexpected<Error> Unknown(std::string_view name) {
  return Unsupported("activation '" + std::string(name) +
                     "' is not one of Keras' own that can be imported; "
                     "replace it by one, or write it with Keras layers");
}

// A layer in an activation's place: {"class_name": "LeakyReLU", "config": …}.
Result<Tensor> ApplyLayer(LayerContext& context, Tensor x,
                          const KerasLayer& kind, const json& config) {
  if (kind.weights != nullptr) return Unknown(kind.class_name);
  LayerInstance layer;
  layer.class_name = kind.class_name;
  layer.config = &config;
  const Tensor inputs[] = {x};
  LayerContext inner(context.f, context.file, layer, inputs);
  TRY_ASSIGN(const std::vector<Tensor> outputs, kind.build(inner));
  return outputs.at(0);
}

// {"class_name": "function", "config": "gelu"} names a function; any other
// class is a layer, or an old way of naming a function.
Result<Tensor> ApplyDictionary(LayerContext& context, Tensor x,
                               const json& value) {
  const LayerConfig dictionary(value, context.config.generation());
  TRY_ASSIGN(const std::string class_name, dictionary.String("class_name"));
  const json* config = dictionary.Find("config");
  if (config != nullptr && config->is_string()) {
    return ApplyActivationNamed(context, x, config->get<std::string>());
  }
  if (config == nullptr || !config->is_object()) config = &EmptyObject();
  // Model optimization's: the function inside, and none.
  if (class_name == "NoOpActivation") return x;
  if (class_name == "QuantizeAwareActivation") {
    const LayerConfig inside(*config, context.config.generation());
    const json* activation = inside.Find("activation");
    if (activation == nullptr) return x;
    if (activation->is_string())
      return ApplyActivationNamed(context, x, activation->get<std::string>());
    if (activation->is_object())
      return ApplyDictionary(context, x, *activation);
  }
  const KerasLayer* kind = FindKerasLayer(BareName(class_name));
  if (kind != nullptr) return ApplyLayer(context, x, *kind, *config);
  return ApplyActivationNamed(context, x, class_name);
}

}  // namespace

Result<Tensor> ApplyActivationNamed(LayerContext& context, Tensor x,
                                    std::string_view name) {
  const std::string_view bare = BareName(name);
  for (const Activation& activation : kActivations) {
    if (activation.name == bare) return activation.apply(context, x);
  }
  const KerasLayer* kind = FindKerasLayer(bare);
  if (kind != nullptr) return ApplyLayer(context, x, *kind, EmptyObject());
  return Unknown(name);
}

Result<Tensor> ApplyActivation(LayerContext& context, Tensor x,
                               std::string_view key) {
  const json* value = context.config.Find(key);
  if (value == nullptr) return x;
  if (value->is_string()) {
    return ApplyActivationNamed(context, x, value->get<std::string>());
  }
  if (value->is_object()) return ApplyDictionary(context, x, *value);
  return InvalidModel("'" + std::string(key) +
                      "' is neither a name nor a dictionary");
}

Tensor GeneralRelu(LayerContext& c, Tensor x, const ReluOptions& o) {
  const bool limited = o.max_value >= 0;
  if (o.threshold == 0 && !limited) {
    if (o.negative_slope == 0) return Relu(x);
    return LeakyRelu(x, static_cast<float>(o.negative_slope));
  }
  Tensor positive;
  if (o.threshold == 0) {
    positive = o.max_value == 6 ? Relu6(x) : Relu(x);
  } else {
    const Tensor above = Greater(x, c.Scalar(o.threshold));
    positive = Mul(x, Cast(above, DataType::kFloat32));
  }
  if (limited && !(o.threshold == 0 && o.max_value == 6)) {
    positive = o.threshold < 0 ? Clipped(c, positive, 0, o.max_value)
                               : Minimum(positive, c.Scalar(o.max_value));
  }
  if (o.negative_slope == 0) return positive;
  const Tensor below =
      o.threshold == 0 ? Relu(Neg(x)) : Relu(Sub(c.Scalar(o.threshold), x));
  return Sub(positive, Mul(below, c.Scalar(o.negative_slope)));
}

Tensor SoftmaxOver(Tensor x, std::vector<int32_t> axes) {
  if (axes.size() == 1 && axes[0] == x.rank() - 1) return Softmax(x);
  if (axes.size() == 1) {  // its own inverse: two axes swapped
    std::vector<int32_t> swap;
    for (int axis = 0; axis < x.rank(); ++axis) swap.push_back(axis);
    std::swap(swap[static_cast<size_t>(axes[0])], swap.back());
    return Transpose(Softmax(Transpose(x, swap)), swap);
  }
  const Tensor powers = Exp(Sub(x, Max(x, axes, /*keep_dims=*/true)));
  return Div(powers, Sum(powers, axes, /*keep_dims=*/true));
}

}  // namespace liteforge
