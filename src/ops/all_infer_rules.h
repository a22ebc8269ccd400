// SPDX-License-Identifier: Apache-2.0
// The families of inference rules. A new one is a line here and a line in
// all_infer_rules.cc.
#pragma once

#include <span>

#include "ops/infer.h"

namespace liteforge {

std::span<const InferRule> ConvolutionRules();
std::span<const InferRule> ElementwiseRules();
std::span<const InferRule> JoinRules();
std::span<const InferRule> LookupRules();
std::span<const InferRule> MatmulRules();
std::span<const InferRule> MatrixRules();
std::span<const InferRule> PadRules();
std::span<const InferRule> RecurrentRules();
std::span<const InferRule> ReductionRules();
std::span<const InferRule> ReshapeRules();
std::span<const InferRule> ResourceRules();
std::span<const InferRule> SegmentRules();
std::span<const InferRule> SliceRules();
std::span<const InferRule> SparseRules();
std::span<const InferRule> SpatialRules();
std::span<const InferRule> StablehloRules();
std::span<const InferRule> ValueRules();

}  // namespace liteforge
