// SPDX-License-Identifier: Apache-2.0
// Parts of a page about two models' numbers and times, which both `compare`
// and a conversion's report show.
#pragma once

#include <nlohmann/json.hpp>

#include "liteforge/compare.h"
#include "liteforge/evaluate.h"
#include "report/page.h"

namespace liteforge {

// "340 -> 120 µs, 2.8 x as fast"
void AddTimeNumber(Page& page, const Comparison& comparison);
void AddErrorNumbers(Page& page, const Comparison& comparison);
void AddOutputs(Page& page, const Comparison& comparison);
void AddLayers(Page& page, const Comparison& comparison);
void AddTimes(Page& page, const Comparison& comparison);

nlohmann::ordered_json JsonOf(const Comparison& comparison);
nlohmann::ordered_json JsonOf(const Evaluation& evaluation);

// JSON has no infinity and no NaN: null.
nlohmann::ordered_json FiniteOrNull(double number);

// As text; bytes that are no UTF-8 are replaced.
std::string Written(const nlohmann::ordered_json& json);

}  // namespace liteforge
