// SPDX-License-Identifier: Apache-2.0
// The body of such a loop, in any order of operands:
//
//   x = GATHER(sequence, step)
//   z = W x + R h + b     as sums of FULLY_CONNECTED and constants, of x, h or
//                         both joined; gates apart or parts of one SPLIT
//   c' = LOGISTIC(z_f) c + LOGISTIC(z_i) act(z_c)
//   h' = LOGISTIC(z_o) act(c')
//   outputs' = outputs with h' at [step]
//   step' = step + 1
//
// and its condition: step < number of steps, several such joined by AND.
#include "lower/match_lstm.h"

#include <algorithm>
#include <cmath>

namespace liteforge {
namespace {

using ir::Graph;
using ir::Node;

constexpr size_t kNone = static_cast<size_t>(-1);

const Node* ProducerIf(const Value* value, Op op) {
  const Node* node = value == nullptr ? nullptr : value->producer();
  return node != nullptr && node->op() == op ? node : nullptr;
}

// Behind RESHAPEs that leave the shape as it is, which is what a value that is
// returned twice becomes. Two unknown dimensions might have been exchanged.
const Value* BehindCopies(const Value* value) {
  while (const Node* node = ProducerIf(value, Op::kReshape)) {
    const auto dims = value->shape.dims();
    if (!(node->input(0)->shape == value->shape) || !value->shape.has_rank() ||
        std::ranges::count(dims, Shape::kUnknownDim) > 1)
      break;
    value = node->input(0);
  }
  return value;
}

// Behind whatever adds or drops dimensions of extent 1.
const Value* BehindReshapes(const Value* value) {
  while (true) {
    const Node* node = ProducerIf(value, Op::kReshape);
    if (node == nullptr) node = ProducerIf(value, Op::kExpandDims);
    if (node == nullptr) return value;
    value = node->input(0);
  }
}

size_t InputNumber(const Graph& graph, const Value* value) {
  const auto inputs = graph.inputs();
  const auto at = std::find(inputs.begin(), inputs.end(), value);
  return at == inputs.end() ? kNone : static_cast<size_t>(at - inputs.begin());
}

bool IsKnownInteger(const IrBuilder& ir, const Value* value, int64_t wanted) {
  if (value == nullptr) return false;
  const auto known = ir.Known(value);
  return known && known->size() == 1 && (*known)[0] == wanted;
}

bool IsAll(const IrBuilder& ir, const Value* value, int64_t wanted) {
  const auto known = ir.Known(value);
  return known && std::ranges::all_of(
                      *known, [&](int64_t each) { return each == wanted; });
}

std::optional<Activation> ActivationOf(Op op) {
  switch (op) {
    case Op::kTanh:
      return Activation::kTanh;
    case Op::kRelu:
      return Activation::kRelu;
    case Op::kRelu6:
      return Activation::kRelu6;
    default:
      return std::nullopt;
  }
}

// value = act(x): the x, where the activation is, or can be, `activation`.
const Value* Activated(const Value* value,
                       std::optional<Activation>& activation) {
  const Node* node = value->producer();
  const auto own = node ? ActivationOf(node->op()) : std::nullopt;
  if (!own || (activation && *activation != *own)) return nullptr;
  activation = own;
  return node->input(0);
}

class Matcher {
 public:
  Matcher(const IrBuilder& ir, const LoopGraphs& loop)
      : ir_(ir), loop_(loop), body_(loop.body) {}

  std::optional<LstmLoop> Match() {
    FindCounters();
    for (size_t i = 0; i < body_.outputs().size(); ++i) {
      if (!MatchCell(i) || !MatchGates()) continue;
      if (!MatchOthers() || !MatchCondition()) return std::nullopt;
      return std::move(found_);
    }
    return std::nullopt;
  }

 private:
  const Value* After(size_t i) const {
    return BehindCopies(body_.outputs()[i]);
  }
  bool IsHandedOn(size_t i) const { return After(i) == body_.inputs()[i]; }
  bool IsCounter(const Graph& graph, const Value* value) const {
    const size_t i = InputNumber(graph, BehindReshapes(value));
    return std::ranges::find(found_.counters, i) != found_.counters.end();
  }

  //-------------------------------------------------------------------- cell

  void FindCounters() {
    for (size_t i = 0; i < body_.outputs().size(); ++i) {
      const Node* add = ProducerIf(After(i), Op::kAdd);
      if (add == nullptr || !IsKnownInteger(ir_, loop_.initial[i], 0)) continue;
      for (int k = 0; k < 2; ++k) {
        if (BehindCopies(add->input(k)) == body_.inputs()[i] &&
            IsKnownInteger(ir_, add->input(1 - k), 1))
          found_.counters.push_back(i);
      }
    }
  }

  // Whether variable i is the output state: h' = LOGISTIC(z_o) act(c').
  bool MatchCell(size_t i) {
    const Node* mul = ProducerIf(After(i), Op::kMul);
    if (mul == nullptr) return false;
    found_.output_state = i;
    for (int k = 0; k < 2; ++k) {
      const Node* gate = ProducerIf(BehindCopies(mul->input(k)), Op::kLogistic);
      if (gate == nullptr) continue;
      std::optional<Activation> activation;
      const Value* cell =
          Activated(BehindCopies(mul->input(1 - k)), activation);
      sums_[3] = gate->input(0);
      if (cell != nullptr && MatchCarry(BehindCopies(cell), activation))
        return true;
    }
    return false;
  }

  // c' = LOGISTIC(z_f) c + LOGISTIC(z_i) act(z_c)
  bool MatchCarry(const Value* cell, std::optional<Activation> activation) {
    found_.cell_state = kNone;
    for (size_t i = 0; i < body_.outputs().size(); ++i)
      if (After(i) == cell) found_.cell_state = i;
    const Node* add = ProducerIf(cell, Op::kAdd);
    if (found_.cell_state == kNone || add == nullptr) return false;
    for (int k = 0; k < 2; ++k) {
      if (MatchKept(add->input(k)) && MatchNew(add->input(1 - k), activation)) {
        found_.activation = *activation;
        return true;
      }
    }
    return false;
  }

  bool MatchKept(const Value* value) {
    const Node* mul = ProducerIf(value, Op::kMul);
    for (int k = 0; mul != nullptr && k < 2; ++k) {
      const Node* gate = ProducerIf(mul->input(k), Op::kLogistic);
      if (gate == nullptr ||
          BehindCopies(mul->input(1 - k)) != body_.inputs()[found_.cell_state])
        continue;
      sums_[1] = gate->input(0);
      return true;
    }
    return false;
  }

  bool MatchNew(const Value* value, std::optional<Activation>& activation) {
    const Node* mul = ProducerIf(value, Op::kMul);
    for (int k = 0; mul != nullptr && k < 2; ++k) {
      const Node* gate = ProducerIf(mul->input(k), Op::kLogistic);
      if (gate == nullptr) continue;
      sums_[0] = gate->input(0);
      sums_[2] = Activated(mul->input(1 - k), activation);
      if (sums_[2] != nullptr) return true;
    }
    return false;
  }

  //------------------------------------------------------------------- gates

  bool MatchGates() {
    const Shape& shape = body_.inputs()[found_.output_state]->shape;
    const Shape& sum = sums_[3]->shape;
    found_.units = sum.rank() == 2 ? sum[1] : -1;
    if (found_.units < 1 || shape.rank() != 2) return false;
    found_.sequence = kNone;
    for (size_t g = 0; g < sums_.size(); ++g) {
      found_.gates[g] = {};
      found_.gates[g].bias.resize(Units());
      if (!AddSum(sums_[g], 0, found_.gates[g])) return false;
    }
    return found_.sequence != kNone &&
           std::ranges::all_of(found_.gates, [&](const MatchedGate& gate) {
             return gate.input.size() ==
                        Units() * static_cast<size_t>(found_.features) &&
                    gate.recurrent.size() == Units() * Units();
           });
  }

  size_t Units() const { return static_cast<size_t>(found_.units); }

  // Adds the terms of columns [first, first + units) of a value.
  bool AddSum(const Value* value, int32_t first, MatchedGate& gate) {
    value = BehindCopies(value);
    const Node* node = value->producer();
    if (node == nullptr) return false;
    if (node->op() == Op::kSplit) return AddPart(*value, first, gate);
    if (node->op() == Op::kFullyConnected)
      return AddProduct(*node, first, gate);
    if (node->op() != Op::kAdd || !(node->output()->shape.rank() == 2))
      return false;
    for (int k = 0; k < 2; ++k) {
      if (AddBias(node->input(k), value->shape[1], first, gate))
        return AddSum(node->input(1 - k), first, gate);
    }
    return AddSum(node->input(0), first, gate) &&
           AddSum(node->input(1), first, gate);
  }

  bool AddPart(const Value& part, int32_t first, MatchedGate& gate) {
    const Node& split = *part.producer();
    const int32_t width = part.shape.rank() == 2 ? part.shape[1] : -1;
    if (width < 0 || !(IsKnownInteger(ir_, split.input(0), 1) ||
                       IsKnownInteger(ir_, split.input(0), -1)))
      return false;
    return AddSum(split.input(1), first + part.producer_output() * width, gate);
  }

  // A constant of one number for all, or for each of `width` columns.
  bool AddBias(const Value* value, int32_t width, int32_t first,
               MatchedGate& gate) const {
    if (value == nullptr || !value->is_constant() ||
        value->type != DataType::kFloat32)
      return false;
    const auto values = value->ToVector<float>();
    const bool one = values.size() == 1;
    const auto begin = static_cast<size_t>(first);
    if (!one && (values.size() != static_cast<size_t>(width) ||
                 begin + Units() > values.size()))
      return false;
    for (size_t i = 0; i < Units(); ++i)
      gate.bias[i] += values[one ? 0 : begin + i];
    return true;
  }

  bool AddProduct(const Node& product, int32_t first, MatchedGate& gate) {
    const Value* weights = product.input(1);
    if (!weights->is_constant() || weights->type != DataType::kFloat32 ||
        weights->shape.rank() != 2 || first + found_.units > weights->shape[0])
      return false;
    if (product.input(2) != nullptr &&
        !AddBias(product.input(2), weights->shape[0], first, gate))
      return false;
    const Value* x = BehindCopies(product.input(0));
    const Node* joined = ProducerIf(x, Op::kConcatenation);
    if (joined == nullptr) return AddOperand(x, *weights, first, 0, gate);
    int32_t column = 0;
    for (const Value* part : joined->inputs()) {
      if (!AddOperand(part, *weights, first, column, gate)) return false;
      column += part->shape[1];
    }
    return true;
  }

  // Weights of rows [first, first + units), columns from `column` on, for x.
  bool AddOperand(const Value* x, const Value& weights, int32_t first,
                  int32_t column, MatchedGate& gate) {
    x = BehindCopies(x);
    const int32_t width = x->shape.rank() == 2 ? x->shape[1] : -1;
    const bool state = x == body_.inputs()[found_.output_state];
    const int32_t columns = state ? found_.units : width;
    if ((!state && !IsStep(x)) || columns < 1 ||
        columns > weights.shape[1] - column)
      return false;
    std::vector<float>& to = state ? gate.recurrent : gate.input;
    if (!to.empty()) return false;
    if (!state) found_.features = columns;
    const auto from = weights.ToVector<float>();
    for (int32_t row = first; row < first + found_.units; ++row) {
      const auto begin =
          from.begin() + int64_t{row} * weights.shape[1] + column;
      to.insert(to.end(), begin, begin + columns);
    }
    return true;
  }

  // x = sequence[step], and always of the same sequence.
  bool IsStep(const Value* x) {
    const Node* gather = ProducerIf(x, Op::kGather);
    if (gather == nullptr) return false;
    const auto& options = gather->Options<GatherOptions>();
    const size_t sequence = InputNumber(body_, BehindCopies(gather->input(0)));
    if (sequence == kNone || options.axis != 0 || options.batch_dims != 0 ||
        !IsHandedOn(sequence) || loop_.initial[sequence]->shape.rank() != 3 ||
        !IsCounter(body_, gather->input(1)))
      return false;
    if (found_.sequence != kNone && found_.sequence != sequence) return false;
    found_.sequence = sequence;
    return true;
  }

  //--------------------------------------------------------- other variables

  bool MatchOthers() {
    for (size_t i = 0; i < body_.outputs().size(); ++i) {
      const bool known = i == found_.output_state || i == found_.cell_state ||
                         IsHandedOn(i) || IsCounter(body_, body_.inputs()[i]);
      if (known) continue;
      if (!IsOutputs(i)) return false;
      found_.outputs.push_back(i);
    }
    return true;
  }

  // Whether variable i gathers h': outputs' = outputs with h' at [step].
  bool IsOutputs(size_t i) const {
    const Shape& list = loop_.initial[i]->shape;
    const Shape& sequence = loop_.initial[found_.sequence]->shape;
    if (list.rank() < 1 || list[0] != sequence[0]) return false;
    if (const Node* update = ProducerIf(After(i), Op::kDynamicUpdateSlice))
      return IsVariable(update->input(0), i) && IsOutput(update->input(1)) &&
             IsPlace(update->input(2));
    const Node* choice = ProducerIf(After(i), Op::kSelectV2);
    return choice != nullptr && IsHere(choice->input(0)) &&
           IsOutput(choice->input(1)) && IsVariable(choice->input(2), i);
  }

  bool IsVariable(const Value* value, size_t i) const {
    return BehindCopies(value) == body_.inputs()[i];
  }
  bool IsOutput(const Value* value) const {
    return BehindReshapes(value) == BehindReshapes(After(found_.output_state));
  }
  // [step, 0, 0]
  bool IsPlace(const Value* value) const {
    const Node* joined = ProducerIf(value, Op::kConcatenation);
    return joined != nullptr && joined->inputs().size() == 2 &&
           IsCounter(body_, joined->input(0)) &&
           IsAll(ir_, joined->input(1), 0);
  }
  // RANGE(0, steps, 1) = step
  bool IsHere(const Value* value) const {
    const Node* equal = ProducerIf(BehindReshapes(value), Op::kEqual);
    const Node* range =
        equal ? ProducerIf(equal->input(0), Op::kRange) : nullptr;
    return range != nullptr && IsKnownInteger(ir_, range->input(0), 0) &&
           IsKnownInteger(ir_, range->input(2), 1) &&
           IsCounter(body_, equal->input(1));
  }

  //--------------------------------------------------------------- condition

  bool MatchCondition() const {
    const Graph& cond = loop_.cond;
    return cond.outputs().size() == 1 && GoesOn(cond.outputs()[0]);
  }

  bool GoesOn(const Value* value) const {
    value = BehindCopies(value);
    if (const Node* both = ProducerIf(value, Op::kLogicalAnd))
      return GoesOn(both->input(0)) && GoesOn(both->input(1));
    const Node* less = ProducerIf(value, Op::kLess);
    return less != nullptr && IsCounter(loop_.cond, less->input(0)) &&
           IsLength(loop_.cond, less->input(1));
  }

  // Whether it is the number of steps of the sequence.
  bool IsLength(const Graph& graph, const Value* value) const {
    const Value* sequence = loop_.initial[found_.sequence];
    const int32_t steps = sequence->shape[0];
    if (steps >= 0 && IsKnownInteger(ir_, value, steps)) return true;
    const size_t variable = InputNumber(graph, BehindReshapes(value));
    if (variable != kNone) {
      return IsHandedOn(variable) &&
             IsLengthOf(loop_.initial[variable], sequence, steps);
    }
    return IsLengthOf(value, graph.inputs()[found_.sequence], steps);
  }

  // SHAPE(sequence)[0]
  bool IsLengthOf(const Value* value, const Value* sequence,
                  int32_t steps) const {
    if (steps >= 0 && IsKnownInteger(ir_, value, steps)) return true;
    value = BehindReshapes(value);
    const Node* part = ProducerIf(value, Op::kGather);
    if (part == nullptr) part = ProducerIf(value, Op::kStridedSlice);
    if (part == nullptr || !IsKnownInteger(ir_, part->input(1), 0) ||
        value->shape.elements() != 1)
      return false;
    const Node* shape = ProducerIf(part->input(0), Op::kShape);
    return shape != nullptr &&
           BehindCopies(shape->input(0)) == BehindCopies(sequence);
  }

  const IrBuilder& ir_;
  const LoopGraphs& loop_;
  const Graph& body_;
  std::array<const Value*, 4> sums_ = {};
  LstmLoop found_;
};

}  // namespace

std::optional<LstmLoop> MatchLstm(const IrBuilder& ir, const LoopGraphs& loop) {
  const size_t variables = loop.initial.size();
  if (loop.body.inputs().size() != variables ||
      loop.body.outputs().size() != variables ||
      loop.cond.inputs().size() != variables)
    return std::nullopt;
  return Matcher(ir, loop).Match();
}

}  // namespace liteforge
