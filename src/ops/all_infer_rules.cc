// SPDX-License-Identifier: Apache-2.0
#include "ops/all_infer_rules.h"

#include <algorithm>
#include <vector>

namespace liteforge {
namespace {

constexpr std::span<const InferRule> (*kFamilies[])() = {
    ConvolutionRules, ElementwiseRules, JoinRules,     LookupRules,
    MatmulRules,      MatrixRules,      PadRules,      RecurrentRules,
    ReductionRules,   ReshapeRules,     ResourceRules, SegmentRules,
    SliceRules,       SparseRules,      SpatialRules,  StablehloRules,
    ValueRules,
};

std::vector<InferRule> Collect() {
  std::vector<InferRule> rules;
  for (const auto family : kFamilies) {
    const auto rows = family();
    rules.insert(rules.end(), rows.begin(), rows.end());
  }
  std::sort(rules.begin(), rules.end(),
            [](const InferRule& a, const InferRule& b) { return a.op < b.op; });
  return rules;
}

}  // namespace

std::span<const InferRule> AllInferRules() {
  static const std::vector<InferRule> rules = Collect();
  return rules;
}

}  // namespace liteforge
