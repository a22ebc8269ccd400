// SPDX-License-Identifier: Apache-2.0
// Pad, PadV2, MirrorPad: amounts [rank, 2], {before, after} per axis.
#include <fmt/format.h>

#include <span>

#include "lower/context.h"

namespace liteforge {
namespace {

Result<void> LowerPad(LowerContext& c) {
  TRY_ASSIGN(Value * amounts, c.ir().AsInt32(c.input(1)));
  return Finish(c, c.ir().Emit(Op::kPad, PadOptions{}, {c.input(0), amounts}));
}

Result<void> LowerPadV2(LowerContext& c) {
  TRY_ASSIGN(Value * amounts, c.ir().AsInt32(c.input(1)));
  return Finish(c, c.ir().Emit(Op::kPadV2, PadV2Options{},
                               {c.input(0), amounts, c.input(2)}));
}

Result<void> LowerMirrorPad(LowerContext& c) {
  static constexpr std::string_view kModes[] = {"REFLECT", "SYMMETRIC"};
  TRY_ASSIGN(const size_t mode, c.Choice("mode", kModes));
  MirrorPadOptions options;
  options.mode =
      mode == 0 ? MirrorPadMode::kReflect : MirrorPadMode::kSymmetric;
  TRY_ASSIGN(Value * amounts, c.ir().AsInt32(c.input(1)));
  return Finish(c, c.ir().Emit(Op::kMirrorPad, options, {c.input(0), amounts}));
}

}  // namespace

std::span<const TfOp> PaddingOps() {
  static constexpr TfOp kOps[] = {
      {"MirrorPad", 2, LowerMirrorPad},
      {"Pad", 2, LowerPad},
      {"PadV2", 3, LowerPadV2},
  };
  return kOps;
}

}  // namespace liteforge
