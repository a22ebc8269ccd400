// SPDX-License-Identifier: Apache-2.0
// The passes in the order in which they run. The order is a matter of rounds,
// not of results: the pipeline repeats until nothing changes. Layout first, so
// that what it brings together can be fused; patterns are recognised before
// activations are fused into them.
#include <algorithm>
#include <string>

#include "base/try.h"
#include "passes/pass.h"
#include "passes/passes.h"

namespace liteforge {
namespace {

constexpr Pass kPipeline[] = {
    {"remove_dead", "drop what nobody reads", RemoveDead},
    {"merge_duplicates", "compute equal things once", MergeDuplicates},
    {"remove_transposes", "move TRANSPOSEs to where they cancel",
     RemoveTransposes},
    {"remove_identities", "drop operators that change nothing",
     RemoveIdentities},
    {"reorder_dense_weights", "take TRANSPOSEs into the weights behind them",
     ReorderDenseWeights},
    {"recognize_activations", "find activations written out in arithmetic",
     RecognizeActivations},
    {"fuse_bias", "add constants into the bias", FuseBias},
    {"fuse_batch_norm", "multiply constants into the weights", FuseBatchNorm},
    {"merge_constants", "join neighbouring constants", MergeConstants},
    {"fuse_activation", "let operators clamp their own results",
     FuseActivation},
    {"fuse_pad", "turn PAD into padding SAME", FusePad},
};

// In practice two or three rounds; the bound is for a pair of passes that
// would undo each other.
constexpr int kMaxRounds = 10;

Result<int> RunPass(const Pass& pass, ir::Graph& graph) {
  const std::string place = "pass " + std::string(pass.name);
  auto count = pass.run(graph);
  if (!count) return tl::unexpected(std::move(count.error()).In(place));
  if (*count > 0) TRY_IN(place, ir::Verify(graph));
  return count;
}

Result<void> RunOnGraph(ir::Graph& graph) {
  for (int round = 0; round < kMaxRounds; ++round) {
    int changes = 0;
    for (const Pass& pass : kPipeline) {
      TRY_ASSIGN(const int count, RunPass(pass, graph));
      changes += count;
    }
    if (changes == 0) break;
  }
  return {};
}

// Signatures name values; a pass may put another value in an output's place.
// So a signature's outputs are remembered as positions in the graph's list.
class SignatureOutputs {
 public:
  explicit SignatureOutputs(ir::Module& module) : module_(module) {
    for (const ir::Signature& signature : module.signatures) {
      const auto outputs = GraphOf(signature).outputs();
      for (const auto& [key, value] : signature.outputs) {
        const auto at = std::find(outputs.begin(), outputs.end(), value);
        positions_.push_back(at - outputs.begin());
      }
    }
  }

  void Restore() {
    auto position = positions_.begin();
    for (ir::Signature& signature : module_.signatures) {
      const auto outputs = GraphOf(signature).outputs();
      for (auto& [key, value] : signature.outputs) {
        const auto at = static_cast<size_t>(*position++);
        if (at < outputs.size()) value = outputs[at];
      }
    }
  }

 private:
  const ir::Graph& GraphOf(const ir::Signature& signature) const {
    return *module_.graphs[static_cast<size_t>(signature.graph)];
  }

  ir::Module& module_;
  std::vector<ptrdiff_t> positions_;  // the list's size: not in it
};

}  // namespace

std::span<const Pass> Pipeline() { return kPipeline; }

Result<void> RunPasses(ir::Module& module) {
  SignatureOutputs signatures(module);
  for (const auto& graph : module.graphs) {
    const std::string place = "graph '" + graph->name + "'";
    TRY_IN(place, RunOnGraph(*graph));
  }
  signatures.Restore();
  return {};
}

}  // namespace liteforge
