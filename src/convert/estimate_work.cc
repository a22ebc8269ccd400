// SPDX-License-Identifier: Apache-2.0
//   CONV_2D [O,H,W,I]             outputs * H W I
//   CONV_3D [D,H,W,I,O]           outputs * D H W I
//   DEPTHWISE_CONV_2D [1,H,W,C]   outputs * H W
//   TRANSPOSE_CONV [O,H,W,I]      inputs * O H W
//   FULLY_CONNECTED [O,I]         outputs * I
//   BATCH_MATMUL                  outputs * the inner dimension
//   recurrent sequences           weights * batch * steps
//   others                        inputs + outputs
#include "convert/estimate_work.h"

namespace liteforge {
namespace {

// Turns of a loop, which values decide.
constexpr double kTurns = 16;

class Estimate {
 public:
  explicit Estimate(const DimensionGuess& guess) : guess_(guess) {}

  double Of(const ir::Node& node) const {
    const double outputs = ElementsOf(node.output());
    switch (node.op()) {
      case Op::kConv2D:
        return outputs * ElementsOf(node.input(1)) / Dim(node.input(1), 0);
      case Op::kConv3D:
        return outputs * ElementsOf(node.input(1)) / Dim(node.input(1), 4);
      case Op::kDepthwiseConv2D:
        return outputs * Dim(node.input(1), 1) * Dim(node.input(1), 2);
      case Op::kTransposeConv:
        return ElementsOf(node.input(2)) * ElementsOf(node.input(1)) /
               Dim(node.input(1), 3);
      case Op::kFullyConnected:
        return outputs * Dim(node.input(1), 1);
      case Op::kBatchMatMul:
        return outputs * Dim(node.input(0), -1);
      case Op::kUnidirectionalSequenceLstm:
      case Op::kUnidirectionalSequenceRnn:
      case Op::kBidirectionalSequenceLstm:
      case Op::kBidirectionalSequenceRnn:
        return ConstantsOf(node) * ElementsOf(node.input(0)) /
               Dim(node.input(0), -1);
      default:
        return outputs + InputsOf(node);
    }
  }

 private:
  double ElementsOf(const ir::Value* value) const {
    if (value == nullptr) return 0;
    double elements = 1;
    const Shape shape = Guessed(value->shape, guess_);
    for (const int32_t dim : shape.dims()) elements *= dim;
    return elements;
  }
  double Dim(const ir::Value* value, int axis) const {
    const Shape shape = value == nullptr ? Shape() : value->shape;
    if (axis < 0) axis += shape.rank();
    if (axis < 0 || axis >= shape.rank()) return 1;
    const int32_t dim = Guessed(shape, guess_)[axis];
    return dim > 0 ? dim : 1;
  }
  double InputsOf(const ir::Node& node) const {
    double elements = 0;
    for (const ir::Value* input : node.inputs()) elements += ElementsOf(input);
    return elements;
  }
  double ConstantsOf(const ir::Node& node) const {
    double elements = 0;
    for (const ir::Value* input : node.inputs()) {
      if (input != nullptr && input->is_constant())
        elements += ElementsOf(input);
    }
    return elements;
  }

  const DimensionGuess& guess_;
};

bool IsEntry(const ir::Module& module, size_t graph) {
  if (graph == 0) return true;
  for (const ir::Signature& signature : module.signatures) {
    if (signature.graph == static_cast<int>(graph)) return true;
  }
  return false;
}

}  // namespace

Shape Guessed(const Shape& shape, const DimensionGuess& guess) {
  Shape known = shape;
  for (int axis = 0; axis < known.rank(); ++axis) {
    if (known[axis] < 0)
      known.set_dim(axis, axis == 0 ? guess.batch : guess.other);
  }
  return known;
}

double EstimateWork(const ir::Module& module, const DimensionGuess& guess) {
  const Estimate estimate(guess);
  double work = 0;
  for (size_t g = 0; g < module.graphs.size(); ++g) {
    const double times = IsEntry(module, g) ? 1 : kTurns;
    for (const auto& node : module.graphs[g]->nodes()) {
      if (!node->outputs().empty()) work += times * estimate.Of(*node);
    }
  }
  return work;
}

}  // namespace liteforge
