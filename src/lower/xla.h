// SPDX-License-Identifier: Apache-2.0
// What the operations have in common that XLA's are called by from TensorFlow
// ("XlaGather"), as jax2tf writes them. Meanings:
// openxla.org/xla/operation_semantics; signatures:
// tensorflow/compiler/tf2xla/ops/xla_ops.cc.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "formats/tensorflow/xla.pb.h"
#include "lower/formula.h"

namespace liteforge {

// The message that the attribute "dimension_numbers" holds. kInvalidModel when
// it holds none.
template <class Message>
Result<Message> XlaDimensions(const LowerContext& c) {
  TRY_ASSIGN(const auto bytes, c.Attribute<std::string>("dimension_numbers"));
  Message message;
  if (message.ParseFromString(bytes)) return message;
  return InvalidModel(
      "attribute 'dimension_numbers' is not what it should be; the graph is "
      "damaged");
}

// Positions of axes, each in [0, rank) and no two alike; kInvalidModel
// otherwise.
Result<std::vector<int32_t>> XlaAxes(
    const google::protobuf::RepeatedField<int64_t>& axes, int rank);
Result<int32_t> XlaAxis(int64_t axis, int rank);

// `count` integers of operand i that must be known, each in [low, high].
Result<std::vector<int32_t>> XlaIntegers(const LowerContext& c, int i,
                                         std::string_view role, size_t count,
                                         int32_t low, int32_t high);

// A function of two scalars that the node calls.
struct XlaReducer {
  std::string function;
  // The operator that it is: ADD, MUL, MAXIMUM, MINIMUM, LOGICAL_AND,
  // LOGICAL_OR, and of comparators LESS or GREATER.
  std::optional<Op> op;
  bool takes_second = false;  // is its second argument
};
Result<XlaReducer> ReadXlaReducer(const LowerContext& c, const char* attribute,
                                  DataType type);

// The function on whole arrays of one shape, element by element. kUnsupported
// when it does not give such arrays.
Result<std::vector<Value*>> ApplyElementwise(
    const LowerContext& c, const std::string& function,
    const std::vector<Value*>& arguments);
// The same of a reducer of one value.
Result<Value*> ApplyReducer(const LowerContext& c, const XlaReducer& reducer,
                            Value* a, Value* b);

// Whether `value` is a constant that the operator leaves everything as it is
// with: 0 for ADD, minus infinity or the lowest number for MAXIMUM …
bool IsNeutral(Op op, const Value& value);

}  // namespace liteforge
