// SPDX-License-Identifier: Apache-2.0
// The rewrites between lowering and emission.
#pragma once

#include <span>
#include <string_view>

#include "ir/graph.h"
#include "liteforge/result.h"

namespace liteforge {

// One rewrite. `name` is verb_noun, the file's own name.
struct Pass {
  std::string_view name;
  std::string_view summary;
  // Returns how many rewrites it made; 0 when it found nothing.
  Result<int> (*run)(ir::Graph&);
};

// All passes, in the order in which they run: pipeline.cc.
std::span<const Pass> Pipeline();

// Runs the pipeline over every graph of the module until nothing changes
// (bounded), verifying after each pass.
Result<void> RunPasses(ir::Module& module);

}  // namespace liteforge
