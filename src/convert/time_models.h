// SPDX-License-Identifier: Apache-2.0
// How long models take.
#pragma once

#include <array>
#include <span>
#include <vector>

#include "convert/compare.h"
#include "liteforge/npy.h"

namespace liteforge {

struct Times {
  std::array<double, 2> median_us{};    // of an invoke
  std::vector<OperatorTime> operators;  // means
};

// Runs one or two models on the examples, one invoke of each in turn, so that
// what disturbs the machine disturbs both: at the least three rounds, and as
// many as fit into about half a second. One thread, a warm-up first. One model
// alone is the second of each pair of numbers. `operators`: the times of every
// operator, too.
Result<Times> TimeInTurns(std::span<const NamedModel> models,
                          std::span<const std::vector<NpyArray>> examples,
                          bool operators);

}  // namespace liteforge
