// SPDX-License-Identifier: Apache-2.0
// Users' operators (liteforge/custom_op.h) as kernels.
#pragma once

#include <span>

#include "kernels/kernel.h"
#include "liteforge/custom_op.h"
#include "liteforge/result.h"
#include "runtime/load_model.h"

namespace liteforge {

// Whether each has a name of its own, infer and eval.
Result<void> CheckUserOps(std::span<const CustomOp> ops);

// The one that runs `node`; nullptr when there is none.
const CustomOp* FindUserOp(std::span<const CustomOp> ops, const NodeSpec& node);

// The kernel of a CUSTOM node: the user's, which calls `op`, or without one
// liteforge's.
const Kernel* FindCustomKernel(const NodeSpec& node, const CustomOp* op);

}  // namespace liteforge
