// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "ir/parse.h"
#include "passes/rewrite_testing.h"

namespace liteforge {
namespace {

using ir::Graph;
using ir::Node;
using ir::Value;

int64_t Count(const std::vector<int>& shape) {
  int64_t count = 1;
  for (int dim : shape) count *= dim;
  return count;
}

// Calls visit(index) for every index into `shape`, in row-major order.
void ForEachIndex(const std::vector<int>& shape,
                  const std::function<void(const std::vector<int>&)>& visit) {
  if (Count(shape) == 0) return;
  std::vector<int> index(shape.size());
  while (true) {
    visit(index);
    size_t axis = shape.size();
    while (axis > 0 && ++index[axis - 1] == shape[axis - 1]) {
      index[--axis] = 0;
    }
    if (axis == 0) return;
  }
}

// Element at `index`, counted from the last axis; axes of 1 are repeated.
double At(const Array& a, const std::vector<int>& index) {
  int64_t flat = 0;
  const size_t shift = index.size() - a.shape.size();
  for (size_t axis = 0; axis < a.shape.size(); ++axis) {
    const int at = a.shape[axis] == 1 ? 0 : index[axis + shift];
    flat = flat * a.shape[axis] + at;
  }
  return a.data[static_cast<size_t>(flat)];
}

Array Make(const std::vector<int>& shape,
           const std::function<double(const std::vector<int>&)>& element) {
  Array array{shape, {}};
  ForEachIndex(shape, [&](const std::vector<int>& index) {
    array.data.push_back(element(index));
  });
  return array;
}

double Activate(Activation activation, double v) {
  switch (activation) {
    case Activation::kRelu:
      return std::max(v, 0.0);
    case Activation::kRelu6:
      return std::clamp(v, 0.0, 6.0);
    case Activation::kReluN1To1:
      return std::clamp(v, -1.0, 1.0);
    default:
      return v;
  }
}

template <class Options>
Activation ActivationOf(const Node& node) {
  return node.Options<Options>().fused_activation_function;
}

// Concrete output shape: unknown dimensions are settled by the arrays.
std::vector<int> BroadcastShape(const Array& a, const Array& b) {
  std::vector<int> shape(std::max(a.shape.size(), b.shape.size()), 1);
  for (const Array* array : {&a, &b}) {
    const size_t shift = shape.size() - array->shape.size();
    for (size_t i = 0; i < array->shape.size(); ++i) {
      if (array->shape[i] != 1) shape[i + shift] = array->shape[i];
    }
  }
  return shape;
}

Array Binary(const Array& a, const Array& b,
             const std::function<double(double, double)>& f) {
  return Make(BroadcastShape(a, b), [&](const std::vector<int>& index) {
    return f(At(a, index), At(b, index));
  });
}

struct Window {
  Padding padding;
  int stride_h, stride_w, dilation_h = 1, dilation_w = 1;
};

struct Extent {
  int out, before;
};

Extent Slide(int in, int window, Padding padding, int stride, int dilation) {
  const int reach = (window - 1) * dilation + 1;
  if (padding == Padding::kValid) {
    return {(in - reach + stride) / stride, 0};
  }
  const int out = (in + stride - 1) / stride;
  return {out, std::max(0, (out - 1) * stride + reach - in) / 2};
}

// Sums weight(out, kh, kw, i) * x over a window; `channel` maps (out, i) to
// the input's channel.
Array Convolve(const Array& x, const Array& filter, const Array* bias,
               const Window& w, bool depthwise) {
  const int in_h = x.shape[1], in_w = x.shape[2], in_c = x.shape[3];
  const int kh = filter.shape[1], kw = filter.shape[2];
  const int outputs = depthwise ? filter.shape[3] : filter.shape[0];
  const int taps = depthwise ? 1 : filter.shape[3];
  const int per_group = outputs / (in_c / taps);
  const Extent h = Slide(in_h, kh, w.padding, w.stride_h, w.dilation_h);
  const Extent v = Slide(in_w, kw, w.padding, w.stride_w, w.dilation_w);
  return Make({x.shape[0], h.out, v.out, outputs}, [&](const auto& at) {
    double sum = bias ? bias->data[static_cast<size_t>(at[3])] : 0;
    ForEachIndex({kh, kw, taps}, [&](const std::vector<int>& k) {
      const int row = at[1] * w.stride_h - h.before + k[0] * w.dilation_h;
      const int col = at[2] * w.stride_w - v.before + k[1] * w.dilation_w;
      if (row < 0 || row >= in_h || col < 0 || col >= in_w) return;
      const int channel = at[3] / per_group * taps + k[2];
      const double weight = depthwise ? At(filter, {0, k[0], k[1], at[3]})
                                      : At(filter, {at[3], k[0], k[1], k[2]});
      sum += weight * At(x, {at[0], row, col, channel});
    });
    return sum;
  });
}

Array TransposeConv(const Array& shape, const Array& filter, const Array& x,
                    const Array* bias, const TransposeConvOptions& o) {
  const std::vector<int> out(shape.data.begin(), shape.data.end());
  const int kh = filter.shape[1], kw = filter.shape[2];
  const int top = Slide(out[1], kh, o.padding, o.stride_h, 1).before;
  const int left = Slide(out[2], kw, o.padding, o.stride_w, 1).before;
  return Make(out, [&](const std::vector<int>& at) {
    double sum = bias ? bias->data[static_cast<size_t>(at[3])] : 0;
    ForEachIndex({x.shape[1], x.shape[2], x.shape[3]}, [&](const auto& in) {
      const int row = at[1] + top - in[0] * o.stride_h;
      const int col = at[2] + left - in[1] * o.stride_w;
      if (row < 0 || row >= kh || col < 0 || col >= kw) return;
      sum += At(filter, {at[3], row, col, in[2]}) *
             At(x, {at[0], in[0], in[1], in[2]});
    });
    return sum;
  });
}

Array FullyConnected(const Array& x, const Array& weights, const Array* bias,
                     bool keep) {
  const int outputs = weights.shape[0], inputs = weights.shape[1];
  const int rows = static_cast<int>(Count(x.shape)) / inputs;
  Array y = Make({rows, outputs}, [&](const std::vector<int>& at) {
    double sum = bias ? bias->data[static_cast<size_t>(at[1])] : 0;
    for (int i = 0; i < inputs; ++i) {
      sum += x.data[static_cast<size_t>(at[0] * inputs + i)] *
             At(weights, {at[1], i});
    }
    return sum;
  });
  if (keep) {
    y.shape = x.shape;
    y.shape.back() = outputs;
  }
  return y;
}

Array AveragePool(const Array& x, const Pool2DOptions& o) {
  const Extent h = Slide(x.shape[1], o.filter_height, o.padding, o.stride_h, 1);
  const Extent v = Slide(x.shape[2], o.filter_width, o.padding, o.stride_w, 1);
  return Make({x.shape[0], h.out, v.out, x.shape[3]}, [&](const auto& at) {
    double sum = 0;
    int count = 0;
    ForEachIndex({o.filter_height, o.filter_width}, [&](const auto& k) {
      const int row = at[1] * o.stride_h - h.before + k[0];
      const int col = at[2] * o.stride_w - v.before + k[1];
      if (row < 0 || row >= x.shape[1] || col < 0 || col >= x.shape[2]) return;
      sum += At(x, {at[0], row, col, at[3]});
      ++count;
    });
    return sum / count;
  });
}

Array Pad(const Array& x, const Array& amounts, double border) {
  std::vector<int> shape = x.shape;
  for (size_t i = 0; i < shape.size(); ++i) {
    shape[i] += static_cast<int>(amounts.data[2 * i] + amounts.data[2 * i + 1]);
  }
  return Make(shape, [&](std::vector<int> at) {
    for (size_t i = 0; i < at.size(); ++i) {
      at[i] -= static_cast<int>(amounts.data[2 * i]);
      if (at[i] < 0 || at[i] >= x.shape[i]) return border;
    }
    return At(x, at);
  });
}

Array Transpose(const Array& x, Array order) {
  for (double& axis : order.data) {
    axis += axis < 0 ? static_cast<double>(x.shape.size()) : 0;
  }
  std::vector<int> shape;
  for (double axis : order.data) {
    shape.push_back(x.shape[static_cast<size_t>(axis)]);
  }
  return Make(shape, [&](const std::vector<int>& at) {
    std::vector<int> from(at.size());
    for (size_t i = 0; i < at.size(); ++i) {
      from[static_cast<size_t>(order.data[i])] = at[i];
    }
    return At(x, from);
  });
}

Array Reshape(Array x, const Array& shape) {
  const int64_t elements = Count(x.shape);
  int64_t known = 1;
  for (double dim : shape.data) known *= dim < 0 ? 1 : static_cast<int>(dim);
  x.shape.clear();
  for (double dim : shape.data) {
    x.shape.push_back(static_cast<int>(
        dim < 0 ? static_cast<double>(elements / known) : dim));
  }
  return x;
}

Array Concatenate(const std::vector<const Array*>& parts, int axis) {
  std::vector<int> shape = parts[0]->shape;
  const auto a = static_cast<size_t>(
      axis < 0 ? axis + static_cast<int>(shape.size()) : axis);
  shape[a] = 0;
  for (const Array* part : parts) shape[a] += part->shape[a];
  return Make(shape, [&](std::vector<int> at) {
    size_t k = 0;
    while (at[a] >= parts[k]->shape[a]) at[a] -= parts[k++]->shape[a];
    return At(*parts[k], at);
  });
}

Array Mean(const Array& x, const Array& axes, bool keep) {
  std::vector<bool> gone(x.shape.size());
  for (double axis : axes.data) {
    gone[static_cast<size_t>(
        axis < 0 ? axis + static_cast<double>(x.shape.size()) : axis)] = true;
  }
  std::vector<int> one = x.shape, shape;
  for (size_t i = 0; i < gone.size(); ++i) {
    if (gone[i]) one[i] = 1;
    if (!gone[i] || keep) shape.push_back(one[i]);
  }
  Array sums{one, std::vector<double>(static_cast<size_t>(Count(one)))};
  ForEachIndex(x.shape, [&](const std::vector<int>& at) {
    size_t flat = 0;
    for (size_t i = 0; i < at.size(); ++i) {
      flat = flat * static_cast<size_t>(one[i]) +
             static_cast<size_t>(gone[i] ? 0 : at[i]);
    }
    sums.data[flat] += At(x, at);
  });
  const double n =
      static_cast<double>(Count(x.shape)) / static_cast<double>(Count(one));
  for (double& v : sums.data) v /= n;
  sums.shape = shape;
  return sums;
}

Array Slice(const Array& x, const Array& begin, const Array& size) {
  std::vector<int> shape;
  for (size_t i = 0; i < x.shape.size(); ++i) {
    const int wanted = static_cast<int>(size.data[i]);
    shape.push_back(wanted < 0 ? x.shape[i] - static_cast<int>(begin.data[i])
                               : wanted);
  }
  return Make(shape, [&](std::vector<int> at) {
    for (size_t i = 0; i < at.size(); ++i) {
      at[i] += static_cast<int>(begin.data[i]);
    }
    return At(x, at);
  });
}

using Unary = double (*)(double);
const std::map<Op, Unary>& Unaries() {
  static const std::map<Op, Unary> table = {
      {Op::kRelu, [](double v) { return std::max(v, 0.0); }},
      {Op::kRelu6, [](double v) { return std::clamp(v, 0.0, 6.0); }},
      {Op::kReluN1To1, [](double v) { return std::clamp(v, -1.0, 1.0); }},
      {Op::kTanh, [](double v) { return std::tanh(v); }},
      {Op::kLogistic, [](double v) { return 1 / (1 + std::exp(-v)); }},
      {Op::kNeg, [](double v) { return -v; }},
      {Op::kAbs, [](double v) { return std::abs(v); }},
      {Op::kSquare, [](double v) { return v * v; }},
      {Op::kCast, [](double v) { return v; }},
      {Op::kHardSwish,
       [](double v) { return v * std::clamp(v + 3, 0.0, 6.0) / 6; }},
  };
  return table;
}

// Along the last axis.
Array Softmax(const Array& x, double beta) {
  Array y = x;
  const auto depth = static_cast<size_t>(x.shape.back());
  for (size_t row = 0; row < y.data.size(); row += depth) {
    double sum = 0;
    for (size_t i = row; i < row + depth; ++i) {
      y.data[i] = std::exp(beta * x.data[i]);
      sum += y.data[i];
    }
    for (size_t i = row; i < row + depth; ++i) y.data[i] /= sum;
  }
  return y;
}

Array ArgMax(const Array& x, int axis) {
  std::vector<int> shape = x.shape;
  shape.erase(shape.begin() + axis);
  return Make(shape, [&](const std::vector<int>& index) {
    std::vector<int> at = index, largest;
    at.insert(at.begin() + axis, 0);
    largest = at;
    for (int i = 1; i < x.shape[static_cast<size_t>(axis)]; ++i) {
      at[static_cast<size_t>(axis)] = i;
      if (At(x, at) > At(x, largest)) largest = at;
    }
    return static_cast<double>(largest[static_cast<size_t>(axis)]);
  });
}

double Gelu(double v, bool approximate) {
  if (!approximate) return v * (1 + std::erf(v / std::sqrt(2.0))) / 2;
  const double inner = std::sqrt(2 / M_PI) * (v + 0.044715 * v * v * v);
  return v * (1 + std::tanh(inner)) / 2;
}

struct BinaryRow {
  double (*f)(double, double);
  Activation (*activation)(const Node&) = nullptr;
};
const std::map<Op, BinaryRow>& Binaries() {
  static const std::map<Op, BinaryRow> table = {
      {Op::kAdd,
       {[](double a, double b) { return a + b; }, ActivationOf<AddOptions>}},
      {Op::kSub,
       {[](double a, double b) { return a - b; }, ActivationOf<SubOptions>}},
      {Op::kMul,
       {[](double a, double b) { return a * b; }, ActivationOf<MulOptions>}},
      {Op::kDiv,
       {[](double a, double b) { return a / b; }, ActivationOf<DivOptions>}},
      {Op::kMaximum, {[](double a, double b) { return std::max(a, b); }}},
      {Op::kMinimum, {[](double a, double b) { return std::min(a, b); }}},
      {Op::kPow, {[](double a, double b) { return std::pow(a, b); }}},
      {Op::kPrelu, {[](double a, double b) { return a > 0 ? a : a * b; }}},
  };
  return table;
}

class Evaluator {
 public:
  explicit Evaluator(const Graph& graph) : graph_(graph) {}

  std::vector<Array> Run() {
    for (const Value* input : graph_.inputs()) Fill(input);
    for (const auto& node : graph_.nodes()) {
      arrays_[node->output()] = Compute(*node);
    }
    std::vector<Array> outputs;
    for (const Value* output : graph_.outputs()) {
      outputs.push_back(*Get(output));
    }
    return outputs;
  }

 private:
  void Fill(const Value* input) {
    Array array;
    for (int32_t dim : input->shape.dims()) {
      array.shape.push_back(dim < 0 ? 2 : dim);
    }
    uint32_t state = 12345;
    for (char c : input->name) state = state * 31 + static_cast<uint8_t>(c);
    for (int64_t i = Count(array.shape); i > 0; --i) {
      state = state * 1664525 + 1013904223;
      array.data.push_back((state >> 8) / 4194304.0 - 2);
    }
    arrays_[input] = array;
  }

  const Array* Get(const Value* value) {
    if (value == nullptr) return nullptr;
    if (value->is_constant() && !arrays_.contains(value)) {
      Array array;
      const auto dims = value->shape.dims();
      array.shape.assign(dims.begin(), dims.end());
      if (value->type == DataType::kFloat32) {
        const auto data = value->ToVector<float>();
        array.data.assign(data.begin(), data.end());
      } else {
        const auto data = value->ToVector<int32_t>();
        array.data.assign(data.begin(), data.end());
      }
      arrays_[value] = array;
    }
    return &arrays_.at(value);
  }

  const Array& In(const Node& node, int i) { return *Get(node.input(i)); }
  const Array* Optional(const Node& node, int i) { return Get(node.input(i)); }

  Array Activated(Array array, Activation activation) {
    for (double& v : array.data) v = Activate(activation, v);
    return array;
  }

  Array Map(const Array& x, const std::function<double(double)>& f) {
    Array y = x;
    for (double& v : y.data) v = f(v);
    return y;
  }

  Array Compute(const Node& n) {
    if (const auto it = Unaries().find(n.op()); it != Unaries().end()) {
      return Map(In(n, 0), it->second);
    }
    if (const auto it = Binaries().find(n.op()); it != Binaries().end()) {
      const BinaryRow& row = it->second;
      return Activated(Binary(In(n, 0), In(n, 1), row.f),
                       row.activation ? row.activation(n) : Activation::kNone);
    }
    return ComputeOther(n);
  }

  Array ComputeOther(const Node& n) {
    switch (n.op()) {
      case Op::kConv2D: {
        const auto& o = n.Options<Conv2DOptions>();
        const Window w{o.padding, o.stride_h, o.stride_w, o.dilation_h_factor,
                       o.dilation_w_factor};
        return Activated(Convolve(In(n, 0), In(n, 1), Optional(n, 2), w, false),
                         o.fused_activation_function);
      }
      case Op::kDepthwiseConv2D: {
        const auto& o = n.Options<DepthwiseConv2DOptions>();
        const Window w{o.padding, o.stride_h, o.stride_w, o.dilation_h_factor,
                       o.dilation_w_factor};
        return Activated(Convolve(In(n, 0), In(n, 1), Optional(n, 2), w, true),
                         o.fused_activation_function);
      }
      case Op::kTransposeConv:
        return TransposeConv(In(n, 0), In(n, 1), In(n, 2), Optional(n, 3),
                             n.Options<TransposeConvOptions>());
      case Op::kFullyConnected: {
        const auto& o = n.Options<FullyConnectedOptions>();
        return Activated(
            FullyConnected(In(n, 0), In(n, 1), Optional(n, 2), o.keep_num_dims),
            o.fused_activation_function);
      }
      case Op::kAveragePool2D: {
        const auto& o = n.Options<Pool2DOptions>();
        return Activated(AveragePool(In(n, 0), o), o.fused_activation_function);
      }
      case Op::kPad:
        return Pad(In(n, 0), In(n, 1), 0);
      case Op::kPadV2:
        return Pad(In(n, 0), In(n, 1), In(n, 2).data[0]);
      case Op::kTranspose:
        return Transpose(In(n, 0), In(n, 1));
      case Op::kReshape:
        return Reshape(In(n, 0), In(n, 1));
      case Op::kMean:
        return Mean(In(n, 0), In(n, 1), n.Options<ReducerOptions>().keep_dims);
      case Op::kSlice:
        return Slice(In(n, 0), In(n, 1), In(n, 2));
      case Op::kSoftmax:
        return Softmax(In(n, 0), n.Options<SoftmaxOptions>().beta);
      case Op::kArgMax:
        return ArgMax(In(n, 0), static_cast<int>(In(n, 1).data[0]));
      case Op::kLeakyRelu: {
        const double alpha = n.Options<LeakyReluOptions>().alpha;
        return Map(In(n, 0), [=](double v) { return v > 0 ? v : alpha * v; });
      }
      case Op::kGelu: {
        const bool approximate = n.Options<GeluOptions>().approximate;
        return Map(In(n, 0), [=](double v) { return Gelu(v, approximate); });
      }
      default:
        return ComputeByShape(n);
    }
  }

  // Operators that keep the elements in their order, and joins.
  Array ComputeByShape(const Node& n) {
    if (n.op() == Op::kConcatenation) {
      const auto& o = n.Options<ConcatenationOptions>();
      std::vector<const Array*> parts;
      for (const Value* input : n.inputs()) parts.push_back(Get(input));
      return Activated(Concatenate(parts, o.axis), o.fused_activation_function);
    }
    const bool same = n.op() == Op::kSqueeze || n.op() == Op::kExpandDims ||
                      n.op() == Op::kTile || n.op() == Op::kStridedSlice ||
                      n.op() == Op::kBroadcastTo || n.op() == Op::kAddN ||
                      n.op() == Op::kSplit || n.op() == Op::kMirrorPad;
    EXPECT_TRUE(same) << "no evaluation of " << Name(n.op());
    Array y = In(n, n.op() == Op::kSplit ? 1 : 0);
    const auto dims = n.output()->shape.dims();
    std::vector<int> shape;
    for (int32_t dim : dims) shape.push_back(dim < 0 ? 2 : dim);
    EXPECT_EQ(Count(shape), Count(y.shape)) << Name(n.op());
    y.shape = shape;
    return y;
  }

  const Graph& graph_;
  std::map<const Value*, Array> arrays_;
};

}  // namespace

std::vector<Array> Evaluate(const Graph& graph) {
  return Evaluator(graph).Run();
}

namespace {

// The evaluator itself, against numbers worked out by hand.
TEST(Evaluate, FollowsTheDefinitions) {
  const auto graph = *ir::Parse(
      "graph g() {\n"
      "%conv = CONV_2D(@x: float32[1,2,2,1] = [1,2,3,4], @w: float32[1,2,2,1]"
      " = [1,10,100,1000], @b: float32[1] = [0.5]) {stride_w=1 stride_h=1}\n"
      "%same = TRANSPOSE_CONV(@s: int32[4] = [1,3,3,1], @w, @x, @b)"
      " {padding=1 stride_w=1 stride_h=1}\n"
      "%fc = FULLY_CONNECTED(@v: float32[1,2] = [3,4], @m: float32[2,2] ="
      " [1,2,-1,1], @c: float32[2] = [0,-9]) {fused_activation_function=1}\n"
      "return %conv, %same, %fc }");
  const auto outputs = Evaluate(*graph);
  EXPECT_THAT(outputs[0].data, testing::ElementsAre(4321.5, 402.5, 43.5, 4.5));
  EXPECT_THAT(outputs[1].data,
              testing::ElementsAre(1.5, 12.5, 20.5, 103.5, 1234.5, 2040.5,
                                   300.5, 3400.5, 4000.5));
  EXPECT_THAT(outputs[2].data, testing::ElementsAre(11, 0));
}

}  // namespace
}  // namespace liteforge
