// SPDX-License-Identifier: Apache-2.0
// Select:    the condition has the operands' shape, or chooses whole rows
//            ([N]), or everything (a scalar): SELECT.
// SelectV2:  all three broadcast: SELECT_V2.
#include <span>

#include "lower/context.h"

namespace liteforge {
namespace {

Result<void> LowerSelect(LowerContext& c) {
  return Finish(c, c.ir().Emit(Op::kSelect, SelectOptions{}, c.inputs()));
}

Result<void> LowerSelectV2(LowerContext& c) {
  return Finish(c, c.ir().Emit(Op::kSelectV2, SelectV2Options{}, c.inputs()));
}

}  // namespace

std::span<const TfOp> SelectionOps() {
  static constexpr TfOp kOps[] = {
      {"Select", 3, LowerSelect},
      {"SelectV2", 3, LowerSelectV2},
  };
  return kOps;
}

}  // namespace liteforge
