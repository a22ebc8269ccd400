// SPDX-License-Identifier: Apache-2.0
// Operators that become one node, the last of them:
//
//   elementwise ones without another kind between them (elementwise_run.h)
//   [1x1 convolution] depthwise convolution, 1x1 convolution, each the only
//   one to see what the one before makes (row_run.h)
//
// What only they see is not computed as a whole. The numbers are the same, but
// for the last bit of floats in the latter.
#include <algorithm>

#include "runtime/elementwise_run.h"
#include "runtime/op_work.h"
#include "runtime/row_run.h"
#include "runtime/subgraph.h"

namespace liteforge {

int64_t Subgraph::operations(size_t node) const {
  const Node& n = nodes_[node];
  return n.evaluator == nullptr || n.evaluator == n.kernel
             ? CountOperations(n.context)
             : n.run_operations;
}

// For each tensor how many nodes that are left read it, or callers.
std::vector<int> Subgraph::CountReaders() const {
  std::vector<int> readers(tensors_.size(), 0);
  for (const Node& node : nodes_) {
    if (node.kind == Kind::kFolded) continue;
    for (const RuntimeTensor* read : ReadBy(node)) ++readers[IndexOf(*read)];
  }
  for (const int output : graph_.outputs) ++readers[Index(output)];
  return readers;
}

void Subgraph::StandForRun(std::span<const size_t> run, const Kernel& evaluator,
                           std::vector<RuntimeTensor*> inputs,
                           std::vector<RuntimeTensor*> outputs,
                           size_t scratch_bytes, std::shared_ptr<void> state) {
  int64_t operations = 0;
  for (const size_t i : run) {
    operations += CountOperations(nodes_[i].context);
    nodes_[i].kind = Kind::kFolded;
  }
  Node& last = nodes_[run.back()];
  last.kind = Kind::kStatic;
  last.evaluator = &evaluator;
  last.run_operations = operations;
  KernelContext& k = last.context;
  k.inputs_ = std::move(inputs);
  k.outputs_ = std::move(outputs);
  std::ranges::fill(k.scratch_bytes_, size_t{0});
  k.scratch_bytes_[0] = scratch_bytes;
  k.state_ = std::move(state);
}

//---------------------------------------------------------------- elementwise

void Subgraph::FormElementwiseRun(std::span<const size_t> run,
                                  std::span<const int> readers) {
  std::vector<ElementwiseRun::Member> members;
  for (const size_t i : run)
    members.push_back({nodes_[i].kernel, &nodes_[i].context});
  std::vector<bool> inner;
  for (const size_t i : run) {
    RuntimeTensor* made = nodes_[i].context.outputs_[0];
    int64_t reads = 0;
    for (const size_t reader : run)
      reads += std::ranges::count(nodes_[reader].context.inputs_, made);
    inner.push_back(reads > 0 && reads == readers[IndexOf(*made)]);
  }
  if (std::ranges::count(inner, true) == 0) return;
  const auto made =
      ElementwiseRun::Make(members, inner, model_.threads.threads());
  if (made == nullptr) return;
  StandForRun(run, kElementwiseRun, made->inputs(), made->outputs(),
              made->scratch_bytes(), made);
}

void Subgraph::FormElementwiseRuns(std::span<const int> readers) {
  std::vector<size_t> run;
  const auto finish = [&] {
    if (run.size() > 1) FormElementwiseRun(run, readers);
    run.clear();
  };
  for (size_t i = 0; i < nodes_.size(); ++i) {
    const Node& node = nodes_[i];
    if (node.kind == Kind::kFolded || node.kind == Kind::kKnown) continue;
    const bool fits = node.kind == Kind::kStatic && IsElementwise(node.context);
    const auto shape = [&](size_t of) {
      return nodes_[of].context.outputs_[0]->shape;
    };
    if (!fits || (!run.empty() && shape(i) != shape(run[0]))) finish();
    if (fits) run.push_back(i);
  }
  finish();
}

//--------------------------------------------------------------- convolutions

void Subgraph::FormRowRuns(std::span<const int> readers) {
  std::vector<size_t> run;
  const auto op = [&](size_t node) { return nodes_[node].spec->op; };
  const auto has_depthwise = [&] {
    return std::ranges::any_of(
        run, [&](size_t i) { return op(i) == Op::kDepthwiseConv2D; });
  };
  for (size_t i = 0; i < nodes_.size(); ++i) {
    const Node& node = nodes_[i];
    if (node.kind == Kind::kFolded || node.kind == Kind::kKnown) continue;
    if (node.kind != Kind::kStatic || !HasRows(node.context)) {
      run.clear();
      continue;
    }
    const bool follows =
        !run.empty() &&
        node.context.inputs_[0] == nodes_[run.back()].context.outputs_[0] &&
        readers[IndexOf(*node.context.inputs_[0])] == 1;
    const bool is_depthwise = op(i) == Op::kDepthwiseConv2D;
    if (!follows || is_depthwise == has_depthwise()) run.clear();
    run.push_back(i);
    if (is_depthwise || !has_depthwise()) continue;
    std::vector<RowRun::Member> members;
    for (const size_t member : run) {
      const Node& n = nodes_[member];
      members.push_back({n.kernel, &n.context,
                         tensors_[Index(n.spec->outputs[0])].quantization});
    }
    const auto made = RowRun::Make(members, model_.threads.threads());
    if (made != nullptr)
      StandForRun(run, kRowRun, made->inputs(), {made->output()},
                  made->scratch_bytes(), made);
    run.clear();
  }
}

void Subgraph::FormRuns() {
  if (!folds()) return;
  const std::vector<int> readers = CountReaders();
  FormElementwiseRuns(readers);
  FormRowRuns(readers);
}

}  // namespace liteforge
