// SPDX-License-Identifier: Apache-2.0
// If and While of TensorFlow 2, with functions as branches, condition and body
// -> IF and WHILE, with subgraphs.
//
//   A branch that is known while converting is written in place.
//   What a loop hands on unchanged and is a constant (weights) is a constant
//   within the condition and the body, not a variable of the loop.
//   Dimensions that a round changes are unknown throughout the loop: the body
//   is lowered again until it gives the shapes that it takes.
//   A list of elements of a shape yet unknown (tensor_list.h) takes the shape
//   that the body gives it.
//   A loop that is an LSTM becomes the operator (lstm_loop.h).
#include <fmt/format.h>

#include <optional>
#include <span>

#include "lower/called_functions.h"
#include "lower/context.h"
#include "lower/lstm_loop.h"
#include "lower/tensor_list.h"

namespace liteforge {
namespace {

using Argument = CalledFunctions::Argument;

// A shape that both are.
Shape Common(const Shape& a, const Shape& b) {
  if (a.rank() != b.rank() || !a.has_rank()) return Shape::UnknownRank();
  Shape common = a;
  for (int axis = 0; axis < a.rank(); ++axis) {
    if (a[axis] != b[axis]) common.set_dim(axis, Shape::kUnknownDim);
  }
  return common;
}

//----------------------------------------------------------------------- If

// The truth of a constant of one element; nullopt when it is none.
std::optional<bool> Truth(const Value& value) {
  if (!value.is_constant() || value.shape.elements() != 1) return std::nullopt;
  for (const std::byte b : value.data().bytes()) {
    if (b != std::byte{0}) return true;
  }
  return false;
}

// TensorFlow takes numbers too: other than 0 is true.
Result<Value*> AsBool(IrBuilder& ir, Value* x) {
  if (x->type == DataType::kBool) return x;
  TRY_ASSIGN(Value * zero, ir.Scalar(x->type, 0));
  return ir.Emit(Op::kNotEqual, NotEqualOptions{}, {x, zero});
}

void SetLoopOutputs(LowerContext& c, const std::vector<Value*>& values) {
  for (size_t i = 0; i < values.size(); ++i)
    c.SetOutput(static_cast<int>(i), values[i]);
}

Result<void> EmitIf(LowerContext& c, const std::string& yes,
                    const std::string& no) {
  CalledFunctions& calls = c.calls();
  std::vector<Argument> arguments;
  std::vector<Value*> operands(1);
  TRY_ASSIGN(operands[0], AsBool(c.ir(), c.input(0)));
  for (int i = 1; i < c.input_count(); ++i) {
    Value* value = c.input(i);
    arguments.push_back(
        {value->type, value->shape, value->is_constant() ? value : nullptr});
    if (!value->is_constant()) operands.push_back(value);
  }
  TRY_ASSIGN(const size_t count, calls.OutputCount(yes));
  const std::vector<bool> all(count, true);
  IfOptions options;
  TRY_ASSIGN(options.then_subgraph_index, calls.Lower(yes, arguments, all));
  TRY_ASSIGN(options.else_subgraph_index, calls.Lower(no, arguments, all));
  const auto a = calls.graph(options.then_subgraph_index).outputs();
  const auto b = calls.graph(options.else_subgraph_index).outputs();
  if (a.size() != b.size())
    return InvalidModel("the branches give different numbers of values");
  std::vector<ir::Graph::OutputType> outputs;
  for (size_t i = 0; i < a.size(); ++i) {
    if (a[i]->type != b[i]->type) {
      return Unsupported(
          fmt::format("output {} is {} in one branch and {} in "
                      "the other",
                      i, Name(a[i]->type), Name(b[i]->type)));
    }
    outputs.push_back({"", a[i]->type, Common(a[i]->shape, b[i]->shape)});
  }
  SetLoopOutputs(c, c.ir().EmitCall(Op::kIf, options, std::move(operands),
                                    std::move(outputs)));
  return {};
}

Result<void> LowerIf(LowerContext& c) {
  TRY_ASSIGN(const auto yes, c.FunctionName("then_branch"));
  TRY_ASSIGN(const auto no, c.FunctionName("else_branch"));
  const std::optional<bool> truth = Truth(*c.input(0));
  if (!truth) return EmitIf(c, yes, no);
  const std::vector<Value*> arguments(c.inputs().begin() + 1, c.inputs().end());
  TRY_ASSIGN(const auto values, c.calls().Inline(*truth ? yes : no, arguments));
  SetLoopOutputs(c, values);
  return {};
}

//-------------------------------------------------------------------- While

struct Loop {
  std::string cond, body;
  std::vector<Value*> initial;
  std::vector<Argument> arguments;
  std::vector<bool> varies;  // is no constant of the loop
  WhileOptions options;
};

// The body's outputs by variable; null where it is a constant of the loop.
std::vector<const Value*> BodyResults(const Loop& loop, const ir::Graph& body) {
  std::vector<const Value*> results;
  size_t next = 0;
  for (const bool varies : loop.varies)
    results.push_back(varies ? body.outputs()[next++] : nullptr);
  return results;
}

// Takes over what one round makes of the variables. Whether it changed any.
Result<bool> Adapt(LowerContext& c, Loop& loop, const ir::Graph& body) {
  bool changed = false;
  const auto results = BodyResults(loop, body);
  for (size_t i = 0; i < results.size(); ++i) {
    if (results[i] == nullptr) continue;
    Argument& argument = loop.arguments[i];
    if (results[i]->type != argument.type) {
      return Unsupported(
          fmt::format("variable {} of the loop begins as {} and becomes {}", i,
                      Name(argument.type), Name(results[i]->type)));
    }
    const Shape& after = results[i]->shape;
    if (IsOpenList(c.ir(), loop.initial[i]) && after.has_rank()) {
      TRY_ASSIGN(loop.initial[i], ListLike(c.ir(), loop.initial[i], after));
      argument.shape = Common(loop.initial[i]->shape, after);
      changed = true;
      continue;
    }
    const Shape common = Common(argument.shape, after);
    if (common == argument.shape) continue;
    argument.shape = common;
    changed = true;
  }
  return changed;
}

// Every round but the last makes a dimension unknown, or all of a shape.
Result<void> LowerBody(LowerContext& c, Loop& loop) {
  CalledFunctions& calls = c.calls();
  constexpr int kMostRounds = 64;
  for (int round = 0; round < kMostRounds; ++round) {
    const int before = calls.graph_count();
    TRY_ASSIGN(loop.options.body_subgraph_index,
               calls.Lower(loop.body, loop.arguments, loop.varies));
    TRY_ASSIGN(const bool changed,
               Adapt(c, loop, calls.graph(loop.options.body_subgraph_index)));
    if (!changed) return {};
    calls.Forget(before);
  }
  return Unsupported("the shapes of the loop's variables do not settle");
}

Result<Loop> ReadLoop(LowerContext& c) {
  Loop loop;
  TRY_ASSIGN(loop.cond, c.FunctionName("cond"));
  TRY_ASSIGN(loop.body, c.FunctionName("body"));
  loop.initial = c.inputs();
  TRY_ASSIGN(const size_t count, c.calls().OutputCount(loop.body));
  if (count != loop.initial.size()) {
    return InvalidModel(fmt::format("the loop has {} variables, its body {}",
                                    loop.initial.size(), count));
  }
  for (size_t i = 0; i < count; ++i) {
    const Value* value = loop.initial[i];
    const bool varies =
        !value->is_constant() || !c.calls().HandsOn(loop.body, i);
    const bool open = IsOpenList(c.ir(), value);
    loop.varies.push_back(varies);
    loop.arguments.push_back({value->type,
                              open ? Shape::UnknownRank() : value->shape,
                              varies ? nullptr : value});
  }
  return loop;
}

// What the loop gives: constants of the loop as they are, and `values` of the
// variables.
void SetResults(LowerContext& c, const Loop& loop,
                const std::vector<Value*>& values) {
  size_t next = 0;
  for (size_t i = 0; i < loop.initial.size(); ++i)
    c.SetOutput(static_cast<int>(i),
                loop.varies[i] ? values[next++] : loop.initial[i]);
}

Result<std::vector<Value*>> EmitWhile(LowerContext& c, const Loop& loop,
                                      std::vector<Value*> operands) {
  std::vector<ir::Graph::OutputType> outputs;
  for (size_t i = 0; i < loop.initial.size(); ++i) {
    if (!loop.varies[i]) continue;
    if (IsOpenList(c.ir(), loop.initial[i]))
      return Unsupported("a list in the loop has elements of unknown shape");
    outputs.push_back({"", loop.arguments[i].type, loop.arguments[i].shape});
  }
  return c.ir().EmitCall(Op::kWhile, loop.options, std::move(operands),
                         std::move(outputs));
}

Result<void> LowerWhile(LowerContext& c) {
  CalledFunctions& calls = c.calls();
  const int before = calls.graph_count();
  TRY_ASSIGN(Loop loop, ReadLoop(c));
  TRY(LowerBody(c, loop));
  TRY_ASSIGN(loop.options.cond_subgraph_index,
             calls.Lower(loop.cond, loop.arguments, {true}));
  std::vector<Value*> operands;
  std::vector<bool> read;
  for (size_t i = 0; i < loop.initial.size(); ++i) {
    if (!loop.varies[i]) continue;
    operands.push_back(loop.initial[i]);
    read.push_back(calls.IsRead(i));
  }
  const LoopGraphs graphs{operands,
                          calls.graph(loop.options.cond_subgraph_index),
                          calls.graph(loop.options.body_subgraph_index)};
  TRY_ASSIGN(const auto lstm, EmitLstm(c.ir(), graphs, read));
  if (lstm) {
    calls.Forget(before);
    SetResults(c, loop, *lstm);
    return {};
  }
  TRY_ASSIGN(const auto values, EmitWhile(c, loop, std::move(operands)));
  SetResults(c, loop, values);
  return {};
}

}  // namespace

std::span<const TfOp> ControlFlowOps() {
  static constexpr TfOp kOps[] = {
      {"If", 1, LowerIf},
      {"StatelessIf", 1, LowerIf},
      {"StatelessWhile", 0, LowerWhile},
      {"While", 0, LowerWhile},
      {"XlaIf", 1, LowerIf},
      {"XlaWhile", 0, LowerWhile},
  };
  return kOps;
}

}  // namespace liteforge
