// SPDX-License-Identifier: Apache-2.0
// While and If over C++ functions. Each is a graph of its own, whose inputs
// are
//
//   While  the loop's values, then what condition and body read from around
//          them, which the body hands on
//   If     what either branch reads from around them
//
// Source: tensorflow/core/ops/functional_ops.cc.
#include <fmt/format.h>

#include <algorithm>

#include "function/ops.h"
#include "function/trace.h"

namespace liteforge {
namespace {

// Dimensions that both have; the ranks are the same.
Shape Common(const Shape& a, const Shape& b) {
  if (a.rank() != b.rank() || !a.has_rank()) return Shape::UnknownRank();
  Shape common = a;
  for (int axis = 0; axis < a.rank(); ++axis) {
    if (a[axis] != b[axis]) common.set_dim(axis, Shape::kUnknownDim);
  }
  return common;
}

Tensor FailIn(FunctionBuilder& f, std::string_view op, std::string message) {
  return f.Fail({ErrorCode::kInvalidArgument,
                 std::string(op) + ": " + std::move(message), ""});
}

// What both functions read from around them.
std::vector<Tensor> Union(const FunctionBuilder& a, const FunctionBuilder& b) {
  std::vector<Tensor> all = a.captured();
  for (const Tensor& tensor : b.captured()) {
    const bool known = std::ranges::any_of(
        all, [&](const Tensor& t) { return t.name() == tensor.name(); });
    if (!known) all.push_back(tensor);
  }
  return all;
}

// The function's name in `f`, which keeps its error.
std::string FinishWithin(FunctionBuilder& f, std::string_view name,
                         FunctionBuilder& inner) {
  auto function = inner.Finish();
  if (function) return f.AddFunction(name, *std::move(function));
  f.Fail(std::move(function.error()).In(name));
  return "";
}

// A node that calls functions which may read or write variables.
std::vector<Tensor> AddCall(FunctionBuilder& f, const std::string& op,
                            const std::vector<Tensor>& inputs,
                            Attributes attributes,
                            std::span<const FunctionBuilder::OutputType> types,
                            bool reads, bool writes) {
  return reads ? f.AddEffect(op, inputs, std::move(attributes), types, writes)
               : f.AddNode("Stateless" + op, inputs, std::move(attributes),
                           types);
}

class LoopTrace {
 public:
  LoopTrace(FunctionBuilder& f, const std::vector<Tensor>& values)
      : f_(f), values_(values) {
    for (const Tensor& value : values) shapes_.push_back(value.shape());
  }

  std::vector<Tensor> Run(const TensorFunction& condition,
                          const TensorFunction& body) {
    std::vector<Tensor> none(values_.size());
    // Dimensions become unknown one turn after the other, and stay so.
    for (bool settled = false; !settled;) {
      FunctionBuilder cond("cond", f_);
      if (!TraceCondition(cond, condition)) return none;
      cond.Close();
      FunctionBuilder turn("body", f_);
      std::vector<Tensor> results =
          FunctionTrace::Call(turn, "the body", Arguments(turn), body);
      if (!Fits(turn, results)) return none;
      settled = !Relax(results);
      if (settled) return Finish(cond, turn, results);
    }
    return none;
  }

 private:
  std::vector<Tensor> Arguments(FunctionBuilder& inner) const {
    std::vector<Tensor> arguments;
    for (size_t i = 0; i < values_.size(); ++i) {
      arguments.push_back(inner.Input(fmt::format("value_{}", i),
                                      values_[i].type(), shapes_[i]));
    }
    return arguments;
  }

  bool TraceCondition(FunctionBuilder& cond, const TensorFunction& condition) {
    const auto go =
        FunctionTrace::Call(cond, "the condition", Arguments(cond), condition);
    if (cond.ok() && (go.size() != 1 || go[0].empty() ||
                      go[0].type() != DataType::kBool || go[0].rank() != 0))
      FailIn(cond, "While", "the condition must give one boolean scalar");
    if (cond.ok()) cond.Output("go", go[0]);
    return KeepError(cond);
  }

  bool Fits(FunctionBuilder& turn, const std::vector<Tensor>& results) {
    if (turn.ok() && results.size() != values_.size()) {
      FailIn(turn, "While",
             fmt::format("the loop has {} values, its body gives {}",
                         values_.size(), results.size()));
    }
    for (size_t i = 0; turn.ok() && i < results.size(); ++i) {
      if (results[i].type() == values_[i].type()) continue;
      FailIn(turn, "While",
             fmt::format("value {} begins as {} and becomes {}", i,
                         Name(values_[i].type()), Name(results[i].type())));
    }
    return KeepError(turn);
  }

  // An error within is one of the function around.
  bool KeepError(FunctionBuilder& inner) {
    if (inner.ok()) return true;
    f_.Fail(*inner.error());
    return false;
  }

  bool Relax(const std::vector<Tensor>& results) {
    bool changed = false;
    for (size_t i = 0; i < results.size(); ++i) {
      const Shape common = Common(shapes_[i], results[i].shape());
      changed |= !(common == shapes_[i]);
      shapes_[i] = common;
    }
    return changed;
  }

  std::vector<Tensor> Finish(FunctionBuilder& cond, FunctionBuilder& turn,
                             const std::vector<Tensor>& results) {
    const std::vector<Tensor> read = Union(cond, turn);
    cond.Capture(read);
    const std::vector<Tensor> handed_on = turn.Capture(read);
    for (size_t i = 0; i < results.size(); ++i)
      turn.Output(fmt::format("value_{}", i), results[i]);
    for (size_t i = 0; i < handed_on.size(); ++i)
      turn.Output(fmt::format("captured_{}", i), handed_on[i]);
    turn.Close();
    const bool reads = cond.reads_state() || turn.reads_state();
    const bool writes = cond.writes_state() || turn.writes_state();
    const std::string cond_name = FinishWithin(f_, "cond", cond);
    const std::string body_name = FinishWithin(f_, "body", turn);
    std::vector<Tensor> inputs = values_;
    inputs.insert(inputs.end(), read.begin(), read.end());
    std::vector<FunctionBuilder::OutputType> types;
    for (size_t i = 0; i < inputs.size(); ++i) {
      types.push_back({inputs[i].type(),
                       i < shapes_.size() ? shapes_[i] : inputs[i].shape()});
    }
    auto outputs = AddCall(f_, "While", inputs,
                           Attributes()
                               .Function("cond", cond_name)
                               .Function("body", body_name)
                               .Types("T", inputs),
                           types, reads, writes);
    outputs.resize(values_.size());
    return outputs;
  }

  FunctionBuilder& f_;
  const std::vector<Tensor>& values_;
  std::vector<Shape> shapes_;
};

// The outputs of a branch, named by place.
std::vector<Tensor> TraceBranch(FunctionBuilder& branch, std::string_view what,
                                const TensorFunction& function) {
  auto results = FunctionTrace::Call(branch, what, {}, function);
  for (size_t i = 0; branch.ok() && i < results.size(); ++i)
    branch.Output(fmt::format("output_{}", i), results[i]);
  branch.Close();
  return results;
}

bool BranchesAgree(FunctionBuilder& f, const std::vector<Tensor>& a,
                   const std::vector<Tensor>& b) {
  if (a.size() != b.size() || a.empty()) {
    FailIn(f, "If",
           fmt::format("one branch gives {} values, the other {}", a.size(),
                       b.size()));
    return false;
  }
  for (size_t i = 0; i < a.size(); ++i) {
    if (a[i].type() == b[i].type()) continue;
    FailIn(f, "If",
           fmt::format("value {} is {} in one branch and {} in the other", i,
                       Name(a[i].type()), Name(b[i].type())));
    return false;
  }
  return true;
}

}  // namespace

std::vector<Tensor> While(const std::vector<Tensor>& values,
                          const TensorFunction& condition,
                          const TensorFunction& body) {
  FunctionTrace* trace = FunctionTrace::Current();
  const bool known = std::ranges::none_of(values, &Tensor::empty);
  if (trace == nullptr || !known) return std::vector<Tensor>(values.size());
  FunctionBuilder& f = trace->builder().active();
  if (values.empty()) {
    FailIn(f, "While", "the loop has no values");
    return {};
  }
  return LoopTrace(f, values).Run(condition, body);
}

std::vector<Tensor> If(const Tensor& condition, const TensorFunction& then,
                       const TensorFunction& otherwise) {
  FunctionTrace* trace = FunctionTrace::Current();
  if (trace == nullptr || condition.empty()) return {};
  FunctionBuilder& f = trace->builder().active();
  FunctionBuilder yes("then", f);
  const auto a = TraceBranch(yes, "the first branch", then);
  FunctionBuilder no("else", f);
  const auto b = TraceBranch(no, "the second branch", otherwise);
  if (yes.ok() && no.ok()) BranchesAgree(f, a, b);
  if (condition.rank() != 0) FailIn(f, "If", "the condition is no scalar");
  std::vector<Tensor> none(a.size());
  const std::vector<Tensor> read = Union(yes, no);
  yes.Capture(read);
  no.Capture(read);
  std::vector<FunctionBuilder::OutputType> types;
  for (size_t i = 0; i < a.size() && i < b.size(); ++i)
    types.push_back({a[i].type(), Common(a[i].shape(), b[i].shape())});
  const bool reads = yes.reads_state() || no.reads_state();
  const bool writes = yes.writes_state() || no.writes_state();
  const std::string then_name = FinishWithin(f, "then", yes);
  const std::string else_name = FinishWithin(f, "else", no);
  if (!f.ok()) return none;
  std::vector<Tensor> inputs = {condition};
  inputs.insert(inputs.end(), read.begin(), read.end());
  return AddCall(f, "If", inputs,
                 Attributes()
                     .Function("then_branch", then_name)
                     .Function("else_branch", else_name)
                     .Type("Tcond", condition.type())
                     .Types("Tin", read)
                     .Types("Tout", a),
                 types, reads, writes);
}

}  // namespace liteforge
