// SPDX-License-Identifier: Apache-2.0
// Variables that keep their values between calls:
//   VarHandleOp       CALL_ONCE(what assigns the first value), VAR_HANDLE
//   ReadVariableOp    READ_VARIABLE
//   AssignVariableOp  ASSIGN_VARIABLE
// An assignment is reached through the control input of what comes after it
// (graph_order.h).
#include <fmt/format.h>

#include <span>

#include "lower/context.h"

namespace liteforge {
namespace {

Result<void> LowerVarHandle(LowerContext& c) {
  VarHandleOptions options;
  TRY_ASSIGN(options.container, c.Attribute<std::string>("container", ""));
  TRY_ASSIGN(options.shared_name, c.Attribute<std::string>("shared_name"));
  if (c.node().attr().contains("initializer")) {
    TRY_ASSIGN(const std::string function, c.FunctionName("initializer"));
    CallOnceOptions once;
    TRY_ASSIGN(once.init_subgraph_index,
               c.calls().LowerInitializer(
                   options.container + "/" + options.shared_name, function));
    c.ir().EmitCall(Op::kCallOnce, once, {}, {});
  }
  return Finish(c, c.ir().Emit(Op::kVarHandle, options, {}));
}

Result<void> LowerRead(LowerContext& c) {
  TRY_ASSIGN(const DataType type, c.Attribute<DataType>("dtype"));
  const auto shape = c.node().attr().find("shape");
  if (shape == c.node().attr().end())
    return Unsupported("a variable of unknown shape");
  const auto outputs =
      c.ir().EmitCall(Op::kReadVariable, ReadVariableOptions{}, {c.input(0)},
                      {{"", type, FromTensorFlow(shape->second.shape())}});
  c.SetOutput(0, outputs[0]);
  return {};
}

Result<void> LowerAssign(LowerContext& c) {
  c.ir().EmitCall(Op::kAssignVariable, AssignVariableOptions{},
                  {c.input(0), c.input(1)}, {});
  return {};
}

}  // namespace

std::span<const TfOp> VariableOps() {
  static constexpr TfOp kOps[] = {
      {"AssignVariableOp", 2, LowerAssign},
      {"ReadVariableOp", 1, LowerRead},
      {"VarHandleOp", 0, LowerVarHandle},
  };
  return kOps;
}

}  // namespace liteforge
