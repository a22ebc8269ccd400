// SPDX-License-Identifier: Apache-2.0
// Which mode each operator gets.
#pragma once

#include <string_view>

#include "ir/graph.h"
#include "quantize/quantize.h"

namespace liteforge {

// "conv1" fits conv1 and conv1/BiasAdd, "conv*" everything that begins so.
bool FitsLayer(std::string_view pattern, const ir::Node& node);

QuantizeMode ModeOf(const ir::Node& node, const QuantizeSettings& settings);

// Errors: kInvalidArgument naming the patterns that fit no operator.
Result<void> CheckLayers(const ir::Module& module,
                         const QuantizeSettings& settings);

}  // namespace liteforge
