// SPDX-License-Identifier: Apache-2.0
// CONV_2D(PAD(x), VALID)  ->  CONV_2D(x, SAME), DEPTHWISE_CONV_2D alike
//
// where the PAD writes zeros around height and width, exactly as many as
// padding SAME would for this size:
//
//   out   = ceil(in / stride)
//   total = max(0, (out - 1) * stride + (window - 1) * dilation + 1 - in)
//   before = total / 2, after = total - before
//
// Source: tensorflow.org/api_docs/python/tf/nn, notes on padding.
#include <algorithm>
#include <optional>

#include "passes/passes.h"
#include "passes/rewrite.h"

namespace liteforge {
namespace {

using ir::Graph;
using ir::Node;

struct Axis {
  int32_t stride;
  int32_t dilation;
};

struct Window {
  Padding padding;
  Axis height, width;
};

template <class Options>
Window WindowOf(const Options& o) {
  return {o.padding,
          {o.stride_h, o.dilation_h_factor},
          {o.stride_w, o.dilation_w_factor}};
}

std::optional<Window> WindowOf(const Node& node) {
  if (node.op() == Op::kConv2D) return WindowOf(node.Options<Conv2DOptions>());
  if (node.op() == Op::kDepthwiseConv2D) {
    return WindowOf(node.Options<DepthwiseConv2DOptions>());
  }
  return std::nullopt;
}

void SetSame(Node& node) {
  if (node.op() == Op::kConv2D) {
    node.options.Edit<Conv2DOptions>().padding = Padding::kSame;
  } else {
    node.options.Edit<DepthwiseConv2DOptions>().padding = Padding::kSame;
  }
}

bool IsSamePadding(int64_t in, int64_t window, const Axis& axis, int64_t before,
                   int64_t after) {
  if (in <= 0 || window <= 0 || axis.stride <= 0) return false;
  const int64_t out = (in + axis.stride - 1) / axis.stride;
  const int64_t reach =
      (out - 1) * axis.stride + (window - 1) * axis.dilation + 1;
  const int64_t total = std::max<int64_t>(0, reach - in);
  return before == total / 2 && after == total - total / 2;
}

bool PadsZeros(const Node& pad) {
  if (pad.input(0)->type != DataType::kFloat32) return false;
  return pad.op() == Op::kPad ||
         (pad.op() == Op::kPadV2 && UniformFloat(pad.input(2)) == 0.0f);
}

bool FusePadInto(Node* conv) {
  const auto window = WindowOf(*conv);
  if (!window || window->padding != Padding::kValid) return false;
  const Node* pad = conv->input(0)->producer();
  if (pad == nullptr || !PadsZeros(*pad)) return false;
  const auto amounts = ConstantIntegers(pad->input(1));
  const Shape& in = pad->input(0)->shape;
  const Shape& filter = conv->input(1)->shape;
  if (!amounts || amounts->size() != 8 || in.rank() != 4 ||
      filter.rank() != 4) {
    return false;
  }
  const auto& p = *amounts;
  if (p[0] != 0 || p[1] != 0 || p[6] != 0 || p[7] != 0) return false;
  if (!IsSamePadding(in[1], filter[1], window->height, p[2], p[3]) ||
      !IsSamePadding(in[2], filter[2], window->width, p[4], p[5])) {
    return false;
  }
  conv->SetInput(0, pad->input(0));
  SetSame(*conv);
  return true;
}

}  // namespace

Result<int> FusePad(Graph& graph) {
  int rewrites = 0;
  for (const auto& node : graph.nodes()) rewrites += FusePadInto(node.get());
  return rewrites;
}

}  // namespace liteforge
