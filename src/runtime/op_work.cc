// SPDX-License-Identifier: Apache-2.0
// Every product is added to a sum: two operations each.
//   convolution             a product an output and position of its window
//                           and channel that it sees: filter [O, …] has
//                           elements / O of them
//   depthwise convolution   filter [1, KH, KW, O]
//   transposed convolution  every input pixel meets the whole filter
//   dense layer             weights [O, K]: K an output
//   matrix product          the inner dimension an output
//   recurrent layer         every row of input meets every matrix
#include "runtime/op_work.h"

#include <algorithm>

namespace liteforge {
namespace {

bool Has(const KernelContext& k, int input) {
  return k.HasInput(input) && k.Input(input).shape.IsStatic();
}

int64_t OutputElements(const KernelContext& k) {
  const RuntimeTensor& output = *k.outputs_[0];
  return output.shape.IsStatic() ? output.elements() : 0;
}

int64_t Dimension(const RuntimeTensor& t, int from_end) {
  return t.shape.rank() < from_end ? 1 : t.shape[t.shape.rank() - from_end];
}

int64_t ProductsOfMatrices(const KernelContext& k) {
  const RuntimeTensor& input = k.Input(0);
  const int64_t rows =
      input.elements() / std::max<int64_t>(1, Dimension(input, 1));
  int64_t weights = 0;
  for (int i = 1; i < k.input_count(); ++i) {
    if (Has(k, i) && k.Input(i).is_constant && k.Input(i).shape.rank() == 2)
      weights += k.Input(i).elements();
  }
  return rows * weights;
}

int64_t Products(const KernelContext& k) {
  switch (k.op()) {
    case Op::kConv2D:
    case Op::kFullyConnected:
      return OutputElements(k) * k.Input(1).elements() /
             std::max<int64_t>(1, k.Input(1).shape[0]);
    case Op::kDepthwiseConv2D:
      return OutputElements(k) * Dimension(k.Input(1), 3) *
             Dimension(k.Input(1), 2);
    case Op::kTransposeConv:
      return Has(k, 2) ? k.Input(2).elements() * k.Input(1).elements() /
                             std::max<int64_t>(1, Dimension(k.Input(1), 1))
                       : 0;
    case Op::kConv3D:  // filter [KD, KH, KW, C, O]
      return OutputElements(k) * k.Input(1).elements() /
             std::max<int64_t>(1, Dimension(k.Input(1), 1));
    case Op::kBatchMatMul: {
      const bool transposed = k.options<BatchMatMulOptions>().adj_x;
      return OutputElements(k) * Dimension(k.Input(0), transposed ? 2 : 1);
    }
    case Op::kLstm:
    case Op::kUnidirectionalSequenceLstm:
    case Op::kBidirectionalSequenceLstm:
    case Op::kRnn:
    case Op::kUnidirectionalSequenceRnn:
    case Op::kBidirectionalSequenceRnn:
    case Op::kSvdf:
      return ProductsOfMatrices(k);
    default:
      return 0;
  }
}

}  // namespace

int64_t CountOperations(const KernelContext& k) {
  if (k.outputs_.empty() || !Has(k, 0)) return 0;
  if (k.op() != Op::kSvdf && k.input_count() > 1 && !Has(k, 1)) return 0;
  return 2 * Products(k);
}

int64_t CountBytes(const KernelContext& k) {
  int64_t bytes = 0;
  for (const RuntimeTensor* t : k.inputs_)
    bytes += t == nullptr ? 0 : static_cast<int64_t>(t->bytes);
  for (const RuntimeTensor* t : k.outputs_)
    bytes += static_cast<int64_t>(t->bytes);
  return bytes;
}

}  // namespace liteforge
