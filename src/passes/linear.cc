// SPDX-License-Identifier: Apache-2.0
// Weights as the operators lay them out; o and i are the channels that bias
// and input count:
//
//   CONV_2D            [o, kh, kw, i / groups]     group of o: o / (O / groups)
//   DEPTHWISE_CONV_2D  [1, kh, kw, o]              reads i = o / multiplier
//   TRANSPOSE_CONV     [o, kh, kw, i]
//   CONV_3D            [kd, kh, kw, i / groups, o]
//   CONV_3D_TRANSPOSE  [kd, kh, kw, o, i]
//   FULLY_CONNECTED    [o, i]
//
// Sums and products are taken in double and rounded to float once.
#include "passes/linear.h"

#include <algorithm>

#include "passes/rewrite.h"

namespace liteforge {
namespace {

using ir::Node;
using ir::Value;

struct Layout {
  Op op;
  int input, filter, bias;  // operands
  int rank;
  int out_axis;
  int in_axis;  // -1: depthwise
};

constexpr Layout kLayouts[] = {
    {Op::kConv2D, 0, 1, 2, 4, 0, 3},
    {Op::kConv3D, 0, 1, 2, 5, 4, 3},
    {Op::kConv3DTranspose, 2, 1, 3, 5, 3, 4},
    {Op::kDepthwiseConv2D, 0, 1, 2, 4, 3, -1},
    {Op::kFullyConnected, 0, 1, 2, 2, 0, 1},
    {Op::kTransposeConv, 2, 1, 3, 4, 0, 3},
};

const Layout* FindLayout(Op op) {
  const auto row = std::find_if(std::begin(kLayouts), std::end(kLayouts),
                                [&](const Layout& l) { return l.op == op; });
  return row == std::end(kLayouts) ? nullptr : row;
}

bool IsDefaultFormat(const Node& node) {
  return node.op() != Op::kFullyConnected ||
         node.Options<FullyConnectedOptions>().weights_format ==
             FullyConnectedOptionsWeightsFormat::kDefault;
}

// Channels of the input: the filter's for FULLY_CONNECTED, whose input may
// have any shape of so many elements a row.
int64_t InputChannels(const Layout& layout, const Node& node) {
  if (layout.op == Op::kFullyConnected) return node.input(1)->shape[1];
  const Shape& shape = node.input(layout.input)->shape;
  return shape.rank() == layout.rank ? shape[shape.rank() - 1] : -1;
}

// Visits every weight with its output channel and its input channel.
class Weights {
 public:
  explicit Weights(const Linear& linear)
      : linear_(linear),
        layout_(*FindLayout(linear.node->op())),
        shape_(linear.node->input(linear.filter)->shape) {}

  template <class Visit>
  void ForEach(Visit visit) const {
    const int64_t out_stride = Stride(layout_.out_axis);
    const int64_t in_stride = layout_.in_axis < 0 ? 1 : Stride(layout_.in_axis);
    const int64_t in_dim = layout_.in_axis < 0 ? 1 : shape_[layout_.in_axis];
    const int64_t elements = shape_.elements();
    if (elements == 0) return;
    // Counted, for divisions would take longer than what is done with a weight.
    int64_t o = 0, until_next_o = out_stride;
    int64_t i = 0, until_next_i = in_stride;
    int64_t first = FirstInput(o, in_dim);
    for (int64_t k = 0; k < elements; ++k) {
      visit(static_cast<size_t>(k), static_cast<size_t>(o),
            static_cast<size_t>(first + i));
      if (--until_next_i == 0) {
        until_next_i = in_stride;
        i = i + 1 == in_dim ? 0 : i + 1;
      }
      if (--until_next_o == 0) {
        until_next_o = out_stride;
        o = o + 1 == linear_.outputs ? 0 : o + 1;
        first = FirstInput(o, in_dim);
      }
    }
  }

 private:
  int64_t Stride(int axis) const {
    int64_t stride = 1;
    while (++axis < shape_.rank()) stride *= shape_[axis];
    return stride;
  }

  // The first input channel that output channel o reads.
  int64_t FirstInput(int64_t o, int64_t in_dim) const {
    const int64_t groups = linear_.inputs / in_dim;
    return o / (linear_.outputs / groups) * in_dim;
  }

  const Linear& linear_;
  const Layout& layout_;
  Shape shape_;
};

std::vector<double> BiasOf(const Linear& linear) {
  const Value* bias = linear.node->input(linear.bias);
  if (bias == nullptr) {
    return std::vector<double>(static_cast<size_t>(linear.outputs));
  }
  const auto values = bias->ToVector<float>();
  return {values.begin(), values.end()};
}

// A name for a new constant in an operand's place: the old one's when no one
// else has it.
std::string NameOf(const Node& node, int operand, const char* role) {
  const Value* old = node.input(operand);
  return old != nullptr && old->has_one_use() ? old->name
                                              : node.output()->name + role;
}

// Rounds, checks, and gives the node its new constants; an empty filter stays
// as it was.
bool Replace(ir::Graph& graph, const Linear& linear,
             const std::vector<double>& filter,
             const std::vector<double>& bias) {
  auto new_filter = RoundToFloat(filter), new_bias = RoundToFloat(bias);
  if (!new_filter || !new_bias) return false;
  Node& node = *linear.node;
  if (!filter.empty()) {
    const std::string name = NameOf(node, linear.filter, "/filter");
    node.SetInput(linear.filter,
                  AddFloats(graph, name, node.input(linear.filter)->shape,
                            *std::move(new_filter)));
  }
  const std::string name = NameOf(node, linear.bias, "/bias");
  const Shape shape{static_cast<int32_t>(linear.outputs)};
  node.SetInput(linear.bias,
                AddFloats(graph, name, shape, *std::move(new_bias)));
  return true;
}

// Whether a shift of the input shifts all outputs of a channel alike.
bool SeesAllTaps(const Node& node) {
  switch (node.op()) {
    case Op::kFullyConnected:
      return true;
    case Op::kConv2D:
      return node.Options<Conv2DOptions>().padding == Padding::kValid;
    case Op::kConv3D:
      return node.Options<Conv3DOptions>().padding == Padding::kValid;
    case Op::kDepthwiseConv2D:
      return node.Options<DepthwiseConv2DOptions>().padding == Padding::kValid;
    default:
      return false;
  }
}

}  // namespace

std::optional<Linear> AsLinear(Node* node) {
  const Layout* layout = FindLayout(node->op());
  if (layout == nullptr || node->outputs().size() != 1 ||
      !IsDefaultFormat(*node)) {
    return std::nullopt;
  }
  const Value* x = node->input(layout->input);
  const Value* filter = node->input(layout->filter);
  const Value* bias = node->input(layout->bias);
  if (x == nullptr || x->type != DataType::kFloat32 ||
      !IsFloatConstant(filter) || filter->shape.rank() != layout->rank ||
      (bias != nullptr && !IsFloatConstant(bias))) {
    return std::nullopt;
  }
  Linear linear{node,
                layout->input,
                layout->filter,
                layout->bias,
                InputChannels(*layout, *node),
                filter->shape[layout->out_axis]};
  const int64_t in_dim =
      layout->in_axis < 0 ? 1 : filter->shape[layout->in_axis];
  // Inference has seen to it that groups divide where channels are known.
  if (linear.outputs <= 0 || linear.inputs <= 0 || in_dim <= 0 ||
      linear.inputs % in_dim != 0 ||
      linear.outputs % (linear.inputs / in_dim) != 0 ||
      (bias != nullptr && bias->shape.elements() != linear.outputs)) {
    return std::nullopt;
  }
  return linear;
}

bool Affine::has_scale() const {
  return std::any_of(scale.begin(), scale.end(),
                     [](double v) { return v != 1; });
}

bool Affine::has_shift() const {
  return std::any_of(shift.begin(), shift.end(),
                     [](double v) { return v != 0; });
}

std::optional<Affine> AsAffine(const Node& node, const Value* x,
                               int64_t period) {
  const Op op = node.op();
  const bool commutes = op == Op::kAdd || op == Op::kMul;
  if (!commutes && op != Op::kSub && op != Op::kDiv) return std::nullopt;
  if (FusedActivation(node) != Activation::kNone ||
      x->type != DataType::kFloat32) {
    return std::nullopt;
  }
  const bool constant_first = node.input(0) != x;
  const Value* constant = OtherOperand(node, x);
  if (constant == x || (op == Op::kDiv && constant_first)) return std::nullopt;
  auto values = AlongPeriod(*constant, x->shape, period);
  if (!values) return std::nullopt;
  const size_t n = values->size();
  Affine affine{std::vector<double>(n, 1.0), std::vector<double>(n, 0.0)};
  if (op == Op::kMul) {
    affine.scale = *std::move(values);
  } else if (op == Op::kDiv) {
    for (size_t k = 0; k < n; ++k) affine.scale[k] = 1.0 / (*values)[k];
  } else {
    const bool minus_constant = op == Op::kSub && !constant_first;
    const bool minus_x = op == Op::kSub && constant_first;
    for (size_t k = 0; k < n; ++k) {
      affine.shift[k] = minus_constant ? -(*values)[k] : (*values)[k];
      if (minus_x) affine.scale[k] = -1.0;
    }
  }
  return affine;
}

Affine Compose(const Affine& outer, const Affine& inner) {
  Affine both = outer;
  for (size_t k = 0; k < both.scale.size(); ++k) {
    both.shift[k] += both.scale[k] * inner.shift[k];
    both.scale[k] *= inner.scale[k];
  }
  return both;
}

bool FoldBehind(ir::Graph& graph, const Linear& linear, const Affine& affine) {
  if (FusedActivation(*linear.node) != Activation::kNone) return false;
  std::vector<double> bias = BiasOf(linear), filter;
  for (size_t o = 0; o < bias.size(); ++o) {
    bias[o] = affine.scale[o] * bias[o] + affine.shift[o];
  }
  if (affine.has_scale()) {
    const auto old = linear.node->input(linear.filter)->ToVector<float>();
    filter.assign(old.begin(), old.end());
    Weights(linear).ForEach(
        [&](size_t k, size_t o, size_t) { filter[k] *= affine.scale[o]; });
  }
  return Replace(graph, linear, filter, bias);
}

bool FoldBefore(ir::Graph& graph, const Linear& linear, const Affine& affine) {
  if (affine.has_shift() && !SeesAllTaps(*linear.node)) return false;
  const auto old = linear.node->input(linear.filter)->ToVector<float>();
  std::vector<double> filter(old.begin(), old.end()), bias = BiasOf(linear);
  Weights(linear).ForEach([&](size_t k, size_t o, size_t i) {
    bias[o] += filter[k] * affine.shift[i];
    filter[k] *= affine.scale[i];
  });
  return Replace(graph, linear, filter, bias);
}

}  // namespace liteforge
