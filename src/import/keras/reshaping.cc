// SPDX-License-Identifier: Apache-2.0
// Flatten, Reshape, Permute, RepeatVector. The batch stays where it is.
#include <algorithm>

#include "base/try.h"
#include "function/ops.h"
#include "import/keras/all_layers.h"
#include "import/keras/axes.h"

namespace liteforge {
namespace {

// With channels first they are moved last before, so that the order of the
// values does not depend on the layout.
LayerOutputs BuildFlatten(LayerContext& c) {
  TRY_ASSIGN(Tensor x, c.Input());
  TRY_ASSIGN(const bool channels_first, c.config.ChannelsFirst());
  if (channels_first && x.rank() > 2) {
    x = Transpose(x, ChannelsToLast(x.rank()));
  }
  if (x.rank() == 1) return One(ExpandDims(x, 1));
  TRY_ASSIGN(Tensor y, ReshapeInner(x, {-1}));
  return One(y);
}

LayerOutputs BuildReshape(LayerContext& c) {
  TRY_ASSIGN(const Tensor x, c.Input());
  TRY_ASSIGN(std::vector<int32_t> target, c.config.IntList("target_shape"));
  TRY_ASSIGN(Tensor y, ReshapeInner(x, std::move(target)));
  return One(y);
}

// "dims" counts from 1, the batch not being one of them.
LayerOutputs BuildPermute(LayerContext& c) {
  TRY_ASSIGN(const Tensor x, c.Input());
  TRY_ASSIGN(std::vector<int32_t> order, c.config.IntList("dims"));
  order.insert(order.begin(), 0);
  std::vector<int32_t> sorted = order;
  std::sort(sorted.begin(), sorted.end());
  bool valid = static_cast<int>(order.size()) == x.rank();
  for (size_t i = 0; valid && i < sorted.size(); ++i) {
    valid = sorted[i] == static_cast<int32_t>(i);
  }
  if (!valid) {
    return InvalidModel("'dims' is no permutation of the " +
                        std::to_string(x.rank() - 1) +
                        " dimensions of its input");
  }
  return One(Transpose(x, std::move(order)));
}

// [N, C] -> [N, n, C]
LayerOutputs BuildRepeatVector(LayerContext& c) {
  TRY_ASSIGN(const Tensor x, c.Input());
  TRY_ASSIGN(const int32_t times, c.config.Int("n"));
  if (x.rank() != 2 || times < 1) {
    return InvalidModel(
        "it repeats vectors [N,C] at least once, its input is " +
        x.shape().ToString() + " and 'n' " + std::to_string(times));
  }
  return One(Tile(ExpandDims(x, 1), {1, times, 1}));
}

}  // namespace

const KerasLayer kFlattenLayer{"Flatten", BuildFlatten};
const KerasLayer kPermuteLayer{"Permute", BuildPermute};
const KerasLayer kRepeatVectorLayer{"RepeatVector", BuildRepeatVector};
const KerasLayer kReshapeLayer{"Reshape", BuildReshape};

}  // namespace liteforge
