// SPDX-License-Identifier: Apache-2.0
#include "passes/rewrite.h"

#include <algorithm>
#include <cmath>

namespace liteforge {

using ir::Node;
using ir::Value;

std::optional<std::vector<int64_t>> ConstantIntegers(const Value* value) {
  if (value == nullptr || !value->is_constant()) return std::nullopt;
  if (value->type == DataType::kInt64) return value->ToVector<int64_t>();
  if (value->type != DataType::kInt32) return std::nullopt;
  const auto narrow = value->ToVector<int32_t>();
  return std::vector<int64_t>(narrow.begin(), narrow.end());
}

bool IsFloatConstant(const Value* value) {
  return value != nullptr && value->is_constant() && !value->is_variable &&
         value->type == DataType::kFloat32 && value->quantization.empty();
}

std::optional<float> UniformFloat(const Value* value) {
  if (!IsFloatConstant(value)) return std::nullopt;
  const auto values = value->ToVector<float>();
  if (values.empty()) return std::nullopt;
  const bool uniform = std::all_of(values.begin(), values.end(),
                                   [&](float v) { return v == values[0]; });
  return uniform ? std::optional(values[0]) : std::nullopt;
}

Value* AddFloats(ir::Graph& graph, std::string name, const Shape& shape,
                 std::vector<float> values) {
  return graph.AddConstant(std::move(name), DataType::kFloat32, shape,
                           Blob::Own(std::move(values)));
}

Value* AddInt32s(ir::Graph& graph, std::string name,
                 std::vector<int32_t> values) {
  const Shape shape{static_cast<int32_t>(values.size())};
  return graph.AddConstant(std::move(name), DataType::kInt32, shape,
                           Blob::Own(std::move(values)));
}

std::optional<std::vector<float>> RoundToFloat(
    const std::vector<double>& values) {
  std::vector<float> rounded;
  rounded.reserve(values.size());
  for (double value : values) {
    rounded.push_back(static_cast<float>(value));
    if (!std::isfinite(rounded.back())) return std::nullopt;
  }
  return rounded;
}

bool BroadcastsInto(const Shape& constant, const Shape& shape) {
  if (!constant.has_rank() || constant.rank() > shape.rank()) return false;
  const int shift = shape.rank() - constant.rank();
  for (int axis = 0; axis < constant.rank(); ++axis) {
    if (constant[axis] != 1 && constant[axis] != shape[axis + shift]) {
      return false;
    }
  }
  return true;
}

namespace {

// Elements of the axes from the first on which the constant varies; -1 when
// one is unknown.
int64_t VaryingElements(const Shape& constant, const Shape& shape) {
  int first = 0;
  while (first < constant.rank() && constant[first] == 1) ++first;
  int64_t elements = 1;
  for (int axis = first; axis < constant.rank(); ++axis) {
    const int32_t dim = shape[axis + shape.rank() - constant.rank()];
    if (dim <= 0 || elements > INT32_MAX / dim) return -1;
    elements *= dim;
  }
  return elements;
}

// Where element `position` of the last axes of `shape` lies in the constant.
size_t BroadcastIndex(const Shape& constant, const Shape& shape,
                      int64_t position) {
  int64_t index = 0, stride = 1;
  for (int axis = constant.rank() - 1; axis >= 0 && position > 0; --axis) {
    const int32_t dim = shape[axis + shape.rank() - constant.rank()];
    if (constant[axis] != 1) index += position % dim * stride;
    stride *= constant[axis];
    position /= dim;
  }
  return static_cast<size_t>(index);
}

}  // namespace

std::optional<std::vector<double>> AlongPeriod(const Value& constant,
                                               const Shape& shape,
                                               int64_t period) {
  if (!IsFloatConstant(&constant) || !BroadcastsInto(constant.shape, shape) ||
      constant.data().empty()) {
    return std::nullopt;
  }
  const int64_t repeat = VaryingElements(constant.shape, shape);
  if (repeat <= 0 || period <= 0 || period % repeat != 0) return std::nullopt;
  const auto values = constant.ToVector<float>();
  std::vector<double> along(static_cast<size_t>(period));
  for (int64_t i = 0; i < period; ++i) {
    along[static_cast<size_t>(i)] =
        values[BroadcastIndex(constant.shape, shape, i % repeat)];
  }
  return along;
}

Node* OnlyUser(const Value* value) {
  return value->has_one_use() ? value->users()[0] : nullptr;
}

Node* ProducerIf(const Value* value, Op op) {
  if (value == nullptr || value->producer() == nullptr) return nullptr;
  return value->producer()->op() == op ? value->producer() : nullptr;
}

Value* OtherOperand(const Node& node, const Value* value) {
  return node.input(0) == value ? node.input(1) : node.input(0);
}

bool CanReplaceBy(const Node& node, const Value* value) {
  const Value& output = *node.output();
  if (output.type != value->type || !(output.shape == value->shape) ||
      !(output.quantization == value->quantization)) {
    return false;
  }
  return !output.is_graph_output() ||
         (value->producer() != nullptr && !value->is_graph_output());
}

void ReplaceBy(ir::Graph& graph, Node* node, Value* value, bool take_name) {
  Value* output = node->output();
  if (take_name || output->is_graph_output()) value->name = output->name;
  graph.ReplaceAllUses(output, value);
  graph.RemoveNode(node);
}

Node* NodeAfter(const ir::Graph& graph, const Node* node) {
  const auto& nodes = graph.nodes();
  const auto at = std::find_if(nodes.begin(), nodes.end(),
                               [&](const auto& n) { return n.get() == node; });
  return at == nodes.end() || at + 1 == nodes.end() ? nullptr : (at + 1)->get();
}

namespace {

struct ActivationRow {
  Op op;
  bool fuses;  // FusesActivation()
  Activation (*get)(const Node&);
  void (*set)(Node&, Activation);
};

template <class Options>
Activation Get(const Node& node) {
  return node.Options<Options>().fused_activation_function;
}

template <class Options>
void Set(Node& node, Activation activation) {
  node.options.Edit<Options>().fused_activation_function = activation;
}

template <class Options>
constexpr ActivationRow Row(Op op, bool fuses) {
  return {op, fuses, Get<Options>, Set<Options>};
}

constexpr ActivationRow kActivations[] = {
    Row<AddOptions>(Op::kAdd, true),
    Row<Pool2DOptions>(Op::kAveragePool2D, true),
    Row<ConcatenationOptions>(Op::kConcatenation, false),
    Row<Conv2DOptions>(Op::kConv2D, true),
    Row<Conv3DOptions>(Op::kConv3D, false),
    Row<Conv3DOptions>(Op::kConv3DTranspose, false),
    Row<DepthwiseConv2DOptions>(Op::kDepthwiseConv2D, true),
    Row<DivOptions>(Op::kDiv, true),
    Row<FullyConnectedOptions>(Op::kFullyConnected, true),
    Row<L2NormOptions>(Op::kL2Normalization, false),
    Row<Pool2DOptions>(Op::kL2Pool2D, true),
    Row<Pool2DOptions>(Op::kMaxPool2D, true),
    Row<MulOptions>(Op::kMul, true),
    Row<SubOptions>(Op::kSub, true),
    Row<TransposeConvOptions>(Op::kTransposeConv, false),
};

const ActivationRow* FindActivation(Op op) {
  const auto row =
      std::find_if(std::begin(kActivations), std::end(kActivations),
                   [&](const auto& r) { return r.op == op; });
  return row == std::end(kActivations) ? nullptr : row;
}

}  // namespace

Activation FusedActivation(const Node& node) {
  const ActivationRow* row = FindActivation(node.op());
  return row == nullptr ? Activation::kNone : row->get(node);
}

void SetFusedActivation(Node& node, Activation activation) {
  FindActivation(node.op())->set(node, activation);
}

bool FusesActivation(Op op) {
  const ActivationRow* row = FindActivation(op);
  return row != nullptr && row->fuses;
}

}  // namespace liteforge
