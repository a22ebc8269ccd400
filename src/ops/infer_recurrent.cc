// SPDX-License-Identifier: Apache-2.0
// The recurrent operators: the input with its last dimension replaced by the
// cell's number of outputs, as its weights tell it. SVDF: [B, filters / rank].
#include <string>

#include "base/try.h"
#include "ops/all_infer_rules.h"

namespace liteforge {
namespace {

// Dimension `axis` of an input, counted from the end when negative; unknown
// when the shape is.
Result<int32_t> Dimension(const InferContext& c, int input, int axis,
                          const char* role) {
  if (!c.has_input(input)) {
    return InvalidModel(std::string(role) + " are missing");
  }
  const Shape& shape = c.input(input).shape;
  if (!shape.has_rank()) return Shape::kUnknownDim;
  const int at = axis < 0 ? shape.rank() + axis : axis;
  if (at >= 0 && at < shape.rank()) return shape[at];
  return InvalidModel(std::string(role) + " have shape " + shape.ToString() +
                      ", too few dimensions");
}

// The input of a recurrent operator, `rank` dimensions.
Result<Shape> Sequence(const InferContext& c, int rank) {
  if (!c.has_input(0)) return InvalidModel("the input is missing");
  const Shape& input = c.input(0).shape;
  if (!input.has_rank())
    return Shape(
        std::vector<int32_t>(static_cast<size_t>(rank), Shape::kUnknownDim));
  if (input.rank() == rank) return input;
  return InvalidModel("the input must have " + std::to_string(rank) +
                      " dimensions, it is " + input.ToString());
}

int32_t Sum(int32_t a, int32_t b) {
  return a < 0 || b < 0 ? Shape::kUnknownDim : a + b;
}

void SetSequenceOutput(InferContext& c, int output, Shape shape,
                       int32_t width) {
  if (output >= c.output_count()) return;
  shape.set_dim(shape.rank() - 1, width);
  c.SetOutput(output, c.input(0).type, shape);
}

// Two cells' outputs: apart, or side by side in the first.
Result<void> SetTwoOutputs(InferContext& c, const Shape& sequence,
                           int32_t forward, int32_t backward, bool merge) {
  if (c.output_count() < (merge ? 1 : 2)) {
    return InvalidModel("has " + std::to_string(c.output_count()) +
                        " outputs; without merge_outputs it must have 2");
  }
  SetSequenceOutput(c, 0, sequence, merge ? Sum(forward, backward) : forward);
  SetSequenceOutput(c, 1, sequence, backward);
  return {};
}

Result<void> Svdf(InferContext& c) {
  const int32_t rank = c.options<SVDFOptions>().rank;
  TRY_ASSIGN(Shape shape, Sequence(c, 2));
  TRY_ASSIGN(const int32_t filters, Dimension(c, 1, 0, "feature weights"));
  TRY_ASSIGN(const int32_t time, Dimension(c, 2, 0, "time weights"));
  if (rank <= 0 || (filters >= 0 && filters % rank != 0)) {
    return InvalidModel("rank " + std::to_string(rank) +
                        " does not divide the filters");
  }
  if (filters >= 0 && time >= 0 && filters != time) {
    return InvalidModel("feature weights have " + std::to_string(filters) +
                        " filters, time weights " + std::to_string(time));
  }
  SetSequenceOutput(c, 0, shape, filters < 0 ? filters : filters / rank);
  return {};
}

Result<void> Rnn(InferContext& c) {
  TRY_ASSIGN(Shape shape, Sequence(c, c.op() == Op::kRnn ? 2 : 3));
  TRY_ASSIGN(const int32_t units, Dimension(c, 1, 0, "weights"));
  SetSequenceOutput(c, 0, shape, units);
  return {};
}

Result<void> BidirectionalRnn(InferContext& c) {
  TRY_ASSIGN(const Shape shape, Sequence(c, 3));
  TRY_ASSIGN(const int32_t forward, Dimension(c, 1, 0, "forward weights"));
  TRY_ASSIGN(const int32_t backward, Dimension(c, 5, 0, "backward weights"));
  return SetTwoOutputs(
      c, shape, forward, backward,
      c.options<BidirectionalSequenceRNNOptions>().merge_outputs);
}

// The five-input cell: activation, state, and two pieces of working memory.
Result<void> BasicLstm(InferContext& c) {
  constexpr int kActivation = 1, kWeights = 2, kState = 4;
  TRY_ASSIGN(const Shape input, Sequence(c, 2));
  TRY_ASSIGN(const int32_t total, Dimension(c, kWeights, 1, "weights"));
  TRY_ASSIGN(const int32_t gates, Dimension(c, kWeights, 0, "weights"));
  if (!c.has_input(kActivation) || !c.has_input(kState)) {
    return InvalidModel("the previous activation or state is missing");
  }
  if (c.output_count() != 4) {
    return InvalidModel("the basic kernel has 4 outputs, not " +
                        std::to_string(c.output_count()));
  }
  const DataType type = c.input(0).type;
  c.SetOutput(0, type, c.input(kActivation).shape);
  c.SetOutput(1, c.input(kState).type, c.input(kState).shape);
  c.SetOutput(2, type, Shape{input[0], total});
  c.SetOutput(3, type == DataType::kUInt8 ? DataType::kInt16 : type,
              Shape{input[0], gates});
  return {};
}

constexpr int kRecurrentToOutput = 8;

Result<void> Lstm(InferContext& c) {
  if (c.op() == Op::kLstm &&
      c.options<LSTMOptions>().kernel_type == LSTMKernelType::kBasic) {
    return BasicLstm(c);
  }
  TRY_ASSIGN(const Shape shape, Sequence(c, c.op() == Op::kLstm ? 2 : 3));
  // A diagonal matrix is a vector.
  TRY_ASSIGN(const int32_t outputs,
             Dimension(c, kRecurrentToOutput, -1, "recurrent output weights"));
  SetSequenceOutput(c, 0, shape, outputs);
  return {};
}

Result<void> BidirectionalLstm(InferContext& c) {
  constexpr int kBackwardRecurrentToOutput = 25;
  TRY_ASSIGN(const Shape shape, Sequence(c, 3));
  TRY_ASSIGN(const int32_t forward,
             Dimension(c, kRecurrentToOutput, 1, "forward recurrent weights"));
  TRY_ASSIGN(const int32_t backward, Dimension(c, kBackwardRecurrentToOutput, 1,
                                               "backward recurrent weights"));
  return SetTwoOutputs(
      c, shape, forward, backward,
      c.options<BidirectionalSequenceLSTMOptions>().merge_outputs);
}

constexpr InferRule kRules[] = {
    {Op::kBidirectionalSequenceLstm, BidirectionalLstm},
    {Op::kBidirectionalSequenceRnn, BidirectionalRnn},
    {Op::kLstm, Lstm},
    {Op::kRnn, Rnn},
    {Op::kSvdf, Svdf},
    {Op::kUnidirectionalSequenceLstm, Lstm},
    {Op::kUnidirectionalSequenceRnn, Rnn},
};

}  // namespace

std::span<const InferRule> RecurrentRules() { return kRules; }

}  // namespace liteforge
