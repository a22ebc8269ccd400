// SPDX-License-Identifier: Apache-2.0
// Graphs from text: the inverse of Print(), for tests and for looking at one
// rewrite by hand.
#pragma once

#include <memory>
#include <string_view>

#include "ir/graph.h"
#include "liteforge/result.h"

namespace liteforge::ir {

// What Print() writes, and shorter:
//   - "%y = OP(…)" without a type lets inference say what y is;
//   - "@w" without a type is the constant w that was described before;
//   - a constant without values holds, at element i, ((7 * i) % 13 - 6) / 4 as
//     a float and (7 * i) % 13 - 6 as an integer: different enough along every
//     axis that a wrong permutation shows;
//   - "= [0…]" repeats the value to the end of the constant.
// Errors: kInvalidArgument, with the line's number.
Result<std::unique_ptr<Graph>> Parse(std::string_view text);

}  // namespace liteforge::ir
