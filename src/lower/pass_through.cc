// SPDX-License-Identifier: Apache-2.0
// Operations that hand on what they are given. CheckNumerics and EnsureShape
// only verify, Print only shows; a PlaceholderWithDefault that is no input is
// its default; those of XLA tell its compiler something.
#include <span>

#include "lower/context.h"

namespace liteforge {
namespace {

Result<void> PassThrough(LowerContext& c) {
  c.SetOutput(0, c.input(0));
  return {};
}

Result<void> PassAllThrough(LowerContext& c) {
  for (int i = 0; i < c.input_count(); ++i) c.SetOutput(i, c.input(i));
  return {};
}

}  // namespace

std::span<const TfOp> PassThroughOps() {
  static constexpr TfOp kOps[] = {
      {"CheckNumerics", 1, PassThrough},
      {"Copy", 1, PassThrough},
      {"CopyHost", 1, PassThrough},
      {"DebugIdentity", 1, PassThrough},
      {"DeepCopy", 1, PassThrough},
      {"EnsureShape", 1, PassThrough},
      {"GuaranteeConst", 1, PassThrough},
      {"Identity", 1, PassThrough},
      {"IdentityN", 0, PassAllThrough},
      {"PlaceholderWithDefault", 1, PassThrough},
      {"PreventGradient", 1, PassThrough},
      {"Print", 1, PassThrough},
      {"Snapshot", 1, PassThrough},
      {"StopGradient", 1, PassThrough},
      {"XlaOptimizationBarrier", 0, PassAllThrough},
      {"XlaSetBound", 1, PassThrough},
      {"XlaSharding", 1, PassThrough},
  };
  return kOps;
}

}  // namespace liteforge
