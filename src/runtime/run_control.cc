// SPDX-License-Identifier: Apache-2.0
#include "runtime/run_control.h"

#include <algorithm>
#include <limits>

namespace liteforge {

RunControl::RunControl(const ModelSpec& model,
                       const InterpreterOptions& options)
    : model_(model),
      profile_(options.profile),
      memory_(options.max_memory_bytes > 0
                  ? options.max_memory_bytes
                  : std::numeric_limits<size_t>::max()) {
  ResetProfile();
}

void RunControl::ResetProfile() {
  times_.clear();
  if (!profile_) return;
  for (const GraphSpec& graph : model_.graphs)
    times_.emplace_back(graph.nodes.size());
}

std::vector<ProfileEntry> RunControl::Profile() const {
  std::vector<ProfileEntry> entries;
  for (size_t g = 0; g < times_.size(); ++g) {
    const GraphSpec& graph = model_.graphs[g];
    for (size_t n = 0; n < graph.nodes.size(); ++n) {
      const NodeSpec& node = graph.nodes[n];
      std::string name;
      if (!node.outputs.empty())
        name = graph.tensors[static_cast<size_t>(node.outputs[0])].name;
      entries.push_back({static_cast<int>(g), static_cast<int>(n),
                         OperatorName(node), std::move(name),
                         times_[g][n].calls, times_[g][n].nanoseconds});
    }
  }
  return entries;
}

RunControl::Step::Step(RunControl* control, int graph, size_t node)
    : control_(control) {
  if (control == nullptr || !control->profile_) return;
  times_ = &control->times_[static_cast<size_t>(graph)][node];
  start_ = std::chrono::steady_clock::now();
}

RunControl::Step::~Step() {
  if (times_ == nullptr) return;
  const auto elapsed = std::chrono::steady_clock::now() - start_;
  ++times_->calls;
  times_->nanoseconds +=
      std::chrono::duration_cast<std::chrono::nanoseconds>(elapsed).count();
}

tl::unexpected<Error> Cancelled() {
  return Fail(ErrorCode::kCancelled, "the run was cancelled");
}

}  // namespace liteforge
