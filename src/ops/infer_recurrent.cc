// SPDX-License-Identifier: Apache-2.0
// Recurrent operators. T: time steps, B: batch, I: inputs, U: cells, O:
// outputs.
//
//   RNN, SVDF, LSTM                 input [B, I]           -> [B, O]
//   UNIDIRECTIONAL_SEQUENCE_*       input [B, T, I]        -> [B, T, O]
//   BIDIRECTIONAL_SEQUENCE_*        one output a direction, or both in one
//                                   [B, T, O forward + O backward]
//
// time_major swaps B and T in input and output alike. Input and recurrent
// weights are [U, I] and [U, O]; the 24 inputs of an LSTM stand in the order of
// the schema's comments. Source: Prepare() in tflite/kernels/lstm.cc, svdf.cc,
// basic_rnn.cc, {uni,bi}directional_sequence_{lstm,rnn}.cc.
#include <string>

#include "base/try.h"
#include "ops/all_infer_rules.h"
#include "ops/infer_checks.h"

namespace liteforge {
namespace {

Shape WithLast(Shape shape, int32_t size) {
  if (shape.has_rank()) shape.set_dim(shape.rank() - 1, size);
  return shape;
}

int32_t LastOf(const Shape& shape) { return DimOf(shape, shape.rank() - 1); }

// Input weights [U, I], recurrent weights [U, O], bias [U] of a plain cell;
// the number of units.
Result<int32_t> CheckRnnCell(const InferContext& c, int weights) {
  TRY(NeedRank(c, weights, 2, "input weights"));
  TRY(NeedRank(c, weights + 1, 2, "recurrent weights"));
  TRY(NeedRank(c, weights + 2, 1, "bias"));
  TRY(NeedRank(c, weights + 3, 2, "hidden state"));
  const Shape& input = c.input(weights).shape;
  const Shape& recurrent = c.input(weights + 1).shape;
  const int32_t units = DimOf(input, 0);
  TRY(NeedEqual(LastOf(c.input(0).shape), DimOf(input, 1),
                "the sizes of input and input weights"));
  for (const int32_t size : {DimOf(recurrent, 0), DimOf(recurrent, 1),
                             DimOf(c.input(weights + 2).shape, 0),
                             DimOf(c.input(weights + 3).shape, 1)}) {
    TRY(NeedEqual(units, size, "the units of weights, bias and state"));
  }
  return units;
}

Result<void> Rnn(InferContext& c) {
  TRY(NeedRank(c, 0, c.op() == Op::kRnn ? 2 : 3, "input"));
  TRY_ASSIGN(const int32_t units, CheckRnnCell(c, 1));
  c.SetOutput(0, c.input(0).type, WithLast(c.input(0).shape, units));
  return {};
}

// Both directions' outputs, joined into one where the options say so.
Result<void> SetDirections(InferContext& c, bool merged, int32_t forward,
                           int32_t backward) {
  const TensorInfo& input = c.input(0);
  if (merged) {
    const bool known = forward >= 0 && backward >= 0;
    TRY_ASSIGN(const int32_t both,
               ToDim(known ? int64_t{forward} + backward : 0, "the output"));
    c.SetOutput(0, input.type,
                WithLast(input.shape, known ? both : Shape::kUnknownDim));
    return {};
  }
  c.SetOutput(0, input.type, WithLast(input.shape, forward));
  c.SetOutput(1, input.type, WithLast(input.shape, backward));
  return {};
}

// A second input without weights of its own is what the backward cell reads
// (stacked layers), so its weights may differ in size from the first input.
Result<void> BidirectionalRnn(InferContext& c) {
  constexpr int kForward = 1, kBackward = 5;
  TRY(NeedRank(c, 0, 3, "input"));
  TRY_ASSIGN(const int32_t forward, CheckRnnCell(c, kForward));
  TRY(NeedRank(c, kBackward, 2, "backward weights"));
  const int32_t backward = DimOf(c.input(kBackward).shape, 0);
  return SetDirections(
      c, c.options<BidirectionalSequenceRNNOptions>().merge_outputs, forward,
      backward);
}

// The size of the output of an LSTM cell: the columns of the recurrent output
// weights, which are [U] where the recurrence is diagonal.
Result<int32_t> LstmOutputs(const InferContext& c, int input_weights,
                            int recurrent_weights) {
  TRY(NeedRank(c, input_weights, 2, "input to output weights"));
  TRY(NeedInputs(c, 1));
  if (!c.has_input(recurrent_weights)) {
    return InvalidModel("recurrent to output weights are missing");
  }
  const Shape& input = c.input(input_weights).shape;
  const Shape& recurrent = c.input(recurrent_weights).shape;
  if (recurrent.has_rank() && recurrent.rank() != 1 && recurrent.rank() != 2) {
    return InvalidModel("recurrent weights are " + recurrent.ToString());
  }
  TRY(NeedEqual(DimOf(input, 0), DimOf(recurrent, 0),
                "the cells of input and recurrent weights"));
  return LastOf(recurrent);
}

constexpr int kInputToOutput = 4, kRecurrentToOutput = 8;

Result<void> FullLstm(InferContext& c) {
  if (c.op() == Op::kLstm) TRY(NeedRank(c, 0, 2, "input"));
  TRY(NeedRankAtLeast(c, 0, 2, "input"));
  TRY(NeedEqual(LastOf(c.input(0).shape),
                DimOf(c.input(kInputToOutput).shape, 1),
                "the sizes of input and input weights"));
  TRY_ASSIGN(const int32_t outputs,
             LstmOutputs(c, kInputToOutput, kRecurrentToOutput));
  c.SetOutput(0, c.input(0).type, WithLast(c.input(0).shape, outputs));
  return {};
}

// The cell with one weight matrix: input [B, I], activation and state [B, O],
// weights [4 O, I + O]; outputs activation, state and two working areas.
Result<void> BasicLstm(InferContext& c) {
  for (const int i : {0, 1, 2, 4}) TRY(NeedRank(c, i, 2, "an input"));
  const Shape& input = c.input(0).shape;
  const Shape& activation = c.input(1).shape;
  const Shape& weights = c.input(2).shape;
  const int32_t outputs = DimOf(activation, 1);
  if (outputs >= 0) {
    TRY(NeedEqual(DimOf(weights, 0), int64_t{4} * outputs,
                  "weights and four gates"));
  }
  const int32_t rows = DimOf(input, 0), depth = DimOf(weights, 1);
  const DataType type = c.input(0).type;
  c.SetOutput(0, type, activation);
  c.SetOutput(1, c.input(4).type, c.input(4).shape);
  c.SetOutput(2, type, Shape{rows, depth});
  // The gates' sums are kept wider where the cell computes in integers.
  c.SetOutput(3, type == DataType::kUInt8 ? DataType::kInt16 : type,
              Shape{rows, DimOf(weights, 0)});
  return {};
}

Result<void> Lstm(InferContext& c) {
  const auto kernel = c.options<LSTMOptions>().kernel_type;
  return kernel == LSTMKernelType::kBasic ? BasicLstm(c) : FullLstm(c);
}

Result<void> BidirectionalLstm(InferContext& c) {
  constexpr int kBackward = 17;  // both cells' inputs in the same order
  TRY(NeedRank(c, 0, 3, "input"));
  TRY_ASSIGN(const int32_t forward,
             LstmOutputs(c, kInputToOutput, kRecurrentToOutput));
  TRY_ASSIGN(const int32_t backward,
             LstmOutputs(c, kBackward + kInputToOutput,
                         kBackward + kRecurrentToOutput));
  return SetDirections(
      c, c.options<BidirectionalSequenceLSTMOptions>().merge_outputs, forward,
      backward);
}

// input [B, I], feature weights [F, I], time weights [F, memory]: every
// `rank` filters make one unit.
Result<void> Svdf(InferContext& c) {
  for (const int i : {0, 1, 2, 4}) TRY(NeedRank(c, i, 2, "an input"));
  const Shape& input = c.input(0).shape;
  const int32_t filters = DimOf(c.input(1).shape, 0);
  const int32_t rank = c.options<SVDFOptions>().rank;
  TRY(NeedEqual(DimOf(input, 1), DimOf(c.input(1).shape, 1),
                "the sizes of input and feature weights"));
  TRY(NeedEqual(filters, DimOf(c.input(2).shape, 0), "the filters of weights"));
  if (rank <= 0 || (filters >= 0 && filters % rank != 0)) {
    return InvalidModel(std::to_string(filters) +
                        " filters do not divide by rank " +
                        std::to_string(rank));
  }
  c.SetOutput(0, c.input(0).type,
              Shape{DimOf(input, 0),
                    filters < 0 ? Shape::kUnknownDim : filters / rank});
  return {};
}

}  // namespace

std::span<const InferRule> RecurrentRules() {
  static constexpr InferRule kRules[] = {
      {Op::kBidirectionalSequenceLstm, BidirectionalLstm},
      {Op::kBidirectionalSequenceRnn, BidirectionalRnn},
      {Op::kLstm, Lstm},
      {Op::kRnn, Rnn},
      {Op::kSvdf, Svdf},
      {Op::kUnidirectionalSequenceLstm, FullLstm},
      {Op::kUnidirectionalSequenceRnn, Rnn},
  };
  return kRules;
}

}  // namespace liteforge
