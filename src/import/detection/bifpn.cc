// SPDX-License-Identifier: Apache-2.0
// The bidirectional feature pyramid of EfficientDet. A node takes two or three
// maps, each brought to the node's channels (1x1 and normalization) and size
// (pooling or doubling), and gives
//   norm(separable3(swish(Σ w_i x_i / (Σ w_i + 0.0001)))),  w = relu(weights)
// First come the coarse levels that the backbone has not, then in each
// iteration nodes downwards ("dn") and upwards ("up").
// Source: object_detection/models/bidirectional_feature_pyramid_generators.py
// and utils/bifpn_utils.py; Tan et al., arXiv:1911.09070.
#include <fmt/format.h>

#include <algorithm>

#include "base/try.h"
#include "import/detection/pyramids.h"

namespace liteforge {
namespace {

constexpr float kEpsilon = 1e-4f;

struct Node {
  int level;
  std::vector<size_t> inputs;  // maps by number: the backbone's, then nodes'
};

// All maps, the backbone's first.
class Plan {
 public:
  Plan(const BiFpnOptions& o, int of_backbone) {
    for (int i = 0; i < of_backbone; ++i) levels_.push_back(o.min_level + i);
    // The newest map of a level on the way up, and on the way down.
    std::vector<size_t> up(levels_.size());
    for (size_t i = 0; i < up.size(); ++i) up[i] = i;
    for (int l = o.min_level + of_backbone; l <= o.max_level; ++l)
      up.push_back(Add(l, {up.back()}));
    for (int i = 0; i < o.iterations; ++i) Iterate(o, up);
    outputs_ = up;
  }

  const std::vector<Node>& nodes() const { return nodes_; }
  int level(size_t map) const { return levels_[map]; }
  // One a level, fine to coarse.
  const std::vector<size_t>& outputs() const { return outputs_; }

 private:
  size_t Add(int level, std::vector<size_t> inputs) {
    nodes_.push_back({level, std::move(inputs)});
    levels_.push_back(level);
    return levels_.size() - 1;
  }

  void Iterate(const BiFpnOptions& o, std::vector<size_t>& up) {
    std::vector<size_t> down = up;
    const size_t top = up.size() - 1;
    size_t last = levels_.size() - 1;
    for (size_t l = top; l-- > 0;)
      last = down[l] = Add(o.min_level + static_cast<int>(l), {up[l], last});
    std::vector<size_t> next = up;
    next[0] = down[0];
    for (size_t l = 1; l <= top; ++l) {
      std::vector<size_t> inputs = {up[l]};
      if (l < top) inputs.push_back(down[l]);
      inputs.push_back(last);
      last = next[l] = Add(o.min_level + static_cast<int>(l), inputs);
    }
    up = next;
  }

  std::vector<Node> nodes_;
  std::vector<int> levels_;
  std::vector<size_t> outputs_;
};

class BiFpn {
 public:
  BiFpn(const Network& net, std::string_view path, const BiFpnOptions& o)
      : net_(net), path_(path), o_(o) {}

  // Edge `e` into node `n`.
  Tensor Resample(Tensor x, size_t n, size_t e, int from, int to) const {
    if (x.empty()) return x;
    // Each input is a pair of its number and its layers.
    const auto at = [&](int layer) {
      return fmt::format("{}/node_input_blocks/{}/{}/1/{}", path_, n, e, layer);
    };
    if (x.dim(-1) != o_.filters) {
      x = net_.Conv(x, at(0), {o_.filters, 1, 1, o_.params.use_bias});
      x = net_.BatchNorm(x, at(1), o_.params.batch_norm);
    }
    if (from < to) {
      const int32_t stride = 1 << (to - from);
      const int32_t window[] = {stride + 1, stride + 1};
      return MaxPool(x, window, {{stride, stride}, {}, "SAME", "NHWC"});
    }
    for (int l = from; l > to; --l) x = UpsampleTwice(x);
    return x;
  }

  Tensor Combine(const std::vector<Tensor>& inputs, size_t n) const {
    if (inputs.size() == 1) return inputs[0];
    for (const Tensor& input : inputs) {
      if (input.empty()) return {};
      if (input.shape() != inputs[0].shape()) {
        return net_.f().Fail(
            {ErrorCode::kInvalidModel,
             fmt::format("the pyramid's maps {} and {} do not have one size; "
                         "the image's height and width must be multiples of "
                         "2 to the power of bifpn's max_level",
                         input.shape().ToString(),
                         inputs[0].shape().ToString()),
             ""});
      }
    }
    const auto count = static_cast<int32_t>(inputs.size());
    Tensor weights;
    if (o_.combine_method != "sum") {
      weights = net_.Variable(
          fmt::format("{}/node_combine_op/{}/per_input_weights", path_, n),
          {count, 1});
      weights = Normalize(weights);
    }
    Tensor sum;
    for (int32_t i = 0; i < count; ++i) {
      Tensor part = inputs[static_cast<size_t>(i)];
      if (!weights.empty())
        part = Mul(part, Reshape(StridedSlice(weights, {{i, i + 1}, {}}), {1}));
      sum = i == 0 ? part : Add(sum, part);
    }
    return sum;
  }

  Tensor Finish(Tensor x, size_t n) const {
    const auto at = [&](int layer) {
      return fmt::format("{}/node_post_combine_block/{}/{}", path_, n, layer);
    };
    x = Activate(x, o_.params.activation);
    x = net_.SeparableConv(x, at(1), {o_.filters, 3, 1, o_.params.use_bias});
    return net_.BatchNorm(x, at(2), o_.params.batch_norm);
  }

 private:
  Tensor Normalize(Tensor weights) const {
    if (o_.combine_method == "attention") return Softmax(weights);
    if (o_.combine_method != "fast_attention") return weights;
    const Tensor positive = Relu(weights);
    return Div(positive, Add(Sum(positive, {0, 1}),
                             net_.f().Constant(FloatScalar(kEpsilon))));
  }

  const Network& net_;
  std::string path_;
  const BiFpnOptions& o_;
};

}  // namespace

Result<std::vector<Tensor>> BidirectionalPyramid(const Network& net,
                                                 std::span<const Tensor> maps,
                                                 std::string_view path,
                                                 const BiFpnOptions& o) {
  constexpr std::string_view kMethods[] = {"fast_attention", "weighted_sum",
                                           "attention", "sum"};
  if (std::ranges::find(kMethods, o.combine_method) == std::end(kMethods))
    return InvalidModel(fmt::format(
        "bifpn's combine_method '{}' is unknown; it is one of {}, "
        "{}, {}, {}",
        o.combine_method, kMethods[0], kMethods[1], kMethods[2], kMethods[3]));
  const FunctionBuilder::Scope scope(net.f(), "BiFPN");
  const BiFpn layers(net, path, o);
  const Plan plan(o, static_cast<int>(maps.size()));
  std::vector<Tensor> made(maps.begin(), maps.end());
  for (size_t n = 0; n < plan.nodes().size(); ++n) {
    const Node& node = plan.nodes()[n];
    std::vector<Tensor> inputs;
    for (size_t e = 0; e < node.inputs.size(); ++e) {
      const size_t from = node.inputs[e];
      inputs.push_back(
          layers.Resample(made[from], n, e, plan.level(from), node.level));
    }
    const Tensor combined = layers.Combine(inputs, n);
    made.push_back(inputs.size() > 1 ? layers.Finish(combined, n) : combined);
  }
  std::vector<Tensor> outputs;
  for (const size_t map : plan.outputs()) outputs.push_back(made[map]);
  return outputs;
}

}  // namespace liteforge
