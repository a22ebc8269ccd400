// SPDX-License-Identifier: Apache-2.0
#include "lower/xla.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "lower/called_functions.h"

namespace liteforge {

Result<int32_t> XlaAxis(int64_t axis, int rank) {
  if (axis >= 0 && axis < rank) return static_cast<int32_t>(axis);
  return InvalidModel(
      fmt::format("'dimension_numbers' names dimension {} of {}", axis, rank));
}

Result<std::vector<int32_t>> XlaAxes(
    const google::protobuf::RepeatedField<int64_t>& axes, int rank) {
  std::vector<int32_t> checked;
  for (const int64_t axis : axes) {
    TRY_ASSIGN(const int32_t own, XlaAxis(axis, rank));
    if (std::ranges::find(checked, own) != checked.end())
      return InvalidModel("'dimension_numbers' names a dimension twice");
    checked.push_back(own);
  }
  return checked;
}

Result<std::vector<int32_t>> XlaIntegers(const LowerContext& c, int i,
                                         std::string_view role, size_t count,
                                         int32_t low, int32_t high) {
  TRY_ASSIGN(const auto values, c.IntegersOf(i, role));
  if (values.size() != count) {
    return InvalidModel(
        fmt::format("{} has {} values, not {}", role, values.size(), count));
  }
  for (const int64_t value : values) {
    if (value < low || value > high)
      return InvalidModel(fmt::format("{} has the value {}", role, value));
  }
  return std::vector<int32_t>(values.begin(), values.end());
}

//------------------------------------------------------------------ functions

namespace {

constexpr Op kReducers[] = {Op::kAdd,     Op::kMul,        Op::kMaximum,
                            Op::kMinimum, Op::kLogicalAnd, Op::kLogicalOr,
                            Op::kLess,    Op::kGreater};

// The only operator of a graph of two inputs, if it takes them in order.
std::optional<Op> OnlyOperator(const ir::Graph& graph) {
  const ir::Node* node = graph.outputs()[0]->producer();
  if (node == nullptr || node->inputs().size() != 2 ||
      graph.inputs().size() != 2 || node->input(0) != graph.inputs()[0] ||
      node->input(1) != graph.inputs()[1])
    return std::nullopt;
  const auto* found = std::ranges::find(kReducers, node->op());
  return found == std::end(kReducers) ? std::nullopt : std::optional(*found);
}

}  // namespace

Result<XlaReducer> ReadXlaReducer(const LowerContext& c, const char* attribute,
                                  DataType type) {
  XlaReducer reducer;
  TRY_ASSIGN(reducer.function, c.FunctionName(attribute));
  CalledFunctions& calls = c.calls();
  const int before = calls.graph_count();
  // Operators on narrow integers would stand between two CASTs.
  if (type == DataType::kInt8 || type == DataType::kUInt8 ||
      type == DataType::kInt16)
    type = DataType::kInt32;
  const CalledFunctions::Argument scalar{type, Shape()};
  TRY_ASSIGN(const size_t outputs, calls.OutputCount(reducer.function));
  const auto index = calls.Lower(reducer.function, {scalar, scalar}, {true});
  if (index && outputs == 1) {
    const ir::Graph& graph = calls.graph(*index);
    reducer.op = OnlyOperator(graph);
    reducer.takes_second =
        graph.inputs().size() == 2 && graph.outputs()[0] == graph.inputs()[1];
  }
  calls.Forget(before);
  return reducer;
}

Result<std::vector<Value*>> ApplyElementwise(
    const LowerContext& c, const std::string& function,
    const std::vector<Value*>& arguments) {
  TRY_ASSIGN(const auto results, c.calls().Inline(function, arguments));
  for (const Value* result : results) {
    if (result->shape != arguments[0]->shape) {
      return Unsupported(fmt::format(
          "function '{}' is none that works element by element", function));
    }
  }
  return results;
}

Result<Value*> ApplyReducer(const LowerContext& c, const XlaReducer& reducer,
                            Value* a, Value* b) {
  if (reducer.op) return c.ir().Emit(*reducer.op, {}, {a, b});
  TRY_ASSIGN(const auto results, ApplyElementwise(c, reducer.function, {a, b}));
  if (results.size() == 1) return results[0];
  return InvalidModel("the reducer gives other than one value");
}

namespace {

template <class T>
bool Holds(const Value& value, bool (*test)(T)) {
  const auto values = value.ToVector<T>();
  return values.size() == 1 && test(values[0]);
}

template <class T>
bool IsNeutralOf(Op op, const Value& value) {
  using Limits = std::numeric_limits<T>;
  switch (op) {
    case Op::kAdd:
      return Holds<T>(value, [](T x) { return x == T{0}; });
    case Op::kMul:
      return Holds<T>(value, [](T x) { return x == T{1}; });
    case Op::kMaximum:
      return Holds<T>(value, [](T x) { return x <= Limits::lowest(); });
    case Op::kMinimum:
      return Holds<T>(value, [](T x) { return x >= Limits::max(); });
    default:
      return false;
  }
}

}  // namespace

bool IsNeutral(Op op, const Value& value) {
  if (!value.is_constant()) return false;
  switch (value.type) {
    case DataType::kFloat32:
      return IsNeutralOf<float>(op, value);
    case DataType::kInt32:
      return IsNeutralOf<int32_t>(op, value);
    case DataType::kInt64:
      return IsNeutralOf<int64_t>(op, value);
    case DataType::kBool:
      return Holds<uint8_t>(
          value, op == Op::kLogicalAnd ? [](uint8_t x) { return x != 0; }
                                       : [](uint8_t x) { return x == 0; });
    default:
      return false;
  }
}

}  // namespace liteforge
