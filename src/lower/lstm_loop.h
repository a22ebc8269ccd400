// SPDX-License-Identifier: Apache-2.0
// Loops that are LSTMs, as the operator that TFLite has for them.
#pragma once

#include <optional>
#include <vector>

#include "liteforge/result.h"
#include "lower/match_lstm.h"

namespace liteforge {

// The values of the loop's variables after it; nullopt when the loop is no
// LSTM, or when the last cell state is `read`, which the operator keeps to
// itself. read[i]: whether anybody reads variable i afterwards; what nobody
// reads may be null.
Result<std::optional<std::vector<Value*>>> EmitLstm(
    IrBuilder& ir, const LoopGraphs& loop, const std::vector<bool>& read);

}  // namespace liteforge
