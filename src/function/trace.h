// SPDX-License-Identifier: Apache-2.0
// What liteforge/function.h's Function holds, and what becomes of several.
#pragma once

#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/blob.h"
#include "function/builder.h"
#include "liteforge/function.h"
#include "liteforge/result.h"

namespace liteforge {

struct VariableState {
  std::string name;
  DataType type = DataType::kNone;
  Shape shape;
  Blob initial;
};

// Variables are VarHandleOps, read and assigned, whichever they are.
struct TracedFunction {
  std::string name;
  Result<ConcreteFunction> function;
  std::map<std::string, std::shared_ptr<const VariableState>> variables;
};

const TracedFunction& TracedOf(const Function& function);

// A trace that is under way. Traces lie in each other where a traced function
// traces another.
class FunctionTrace {
 public:
  explicit FunctionTrace(std::string_view name)
      : name_(name), builder_(name_), around_(current_) {
    current_ = this;
  }
  ~FunctionTrace() { current_ = around_; }
  FunctionTrace(const FunctionTrace&) = delete;
  FunctionTrace& operator=(const FunctionTrace&) = delete;

  // The innermost of this thread; null where nothing is traced.
  static FunctionTrace* Current() { return current_; }
  FunctionBuilder& builder() { return builder_; }

  // What `function`, called `what` in errors, makes of the arguments, and the
  // names of that. Errors are the builder's.
  static std::vector<Tensor> Call(FunctionBuilder& f, std::string_view what,
                                  const std::vector<Tensor>& arguments,
                                  const TensorFunction& function,
                                  std::vector<std::string>* names = nullptr);

  // The variable's handle in the function that is being written.
  Tensor HandleOf(const std::shared_ptr<const VariableState>& variable);

  Function Finish();
  static const TracedFunction& Of(const Function& function) {
    return *function.traced_;
  }

 private:
  std::string name_;
  FunctionBuilder builder_;
  FunctionTrace* around_;
  std::map<std::string, std::shared_ptr<const VariableState>> variables_;
  std::map<std::pair<FunctionBuilder*, std::string>, Tensor> handles_;
  static thread_local FunctionTrace* current_;
};

// The functions as one model: variables that none of them assigns are
// constants. Errors: what tracing one of them said; two variables of one name.
Result<std::vector<ConcreteFunction>> FunctionsOfModel(
    std::span<const Function> functions);

}  // namespace liteforge
