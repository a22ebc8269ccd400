// SPDX-License-Identifier: Apache-2.0
// Which release of TensorFlow Lite first ran which version of an operator.
#pragma once

#include <span>
#include <string_view>

#include "ops/op.h"

namespace liteforge {

struct VersionedOp {
  Op op;
  int version;
};

// "2.3.0"; empty when the table does not know (custom operators, and a few
// versions that no release notes name).
std::string_view RuntimeVersionOf(VersionedOp op);

// Orders "2.9.0" before "2.10.0". An empty one comes first.
bool IsOlderRuntime(std::string_view a, std::string_view b);

// The newest release that any of the operators needs; empty when none is known
// to need any.
std::string_view MinRuntimeVersion(std::span<const VersionedOp> ops);

}  // namespace liteforge
