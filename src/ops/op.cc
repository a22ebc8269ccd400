// SPDX-License-Identifier: Apache-2.0
#include "ops/op.h"

#include <array>

namespace liteforge {
namespace {

struct OpRow {
  std::string_view name;
  OptionsKind options;
};

// kNoOptions, so that ops.def can spell "none" like a table.
constexpr OptionsKind kOptionsOfNoOptions = OptionsKind::kNone;
#define OPTIONS_1(Table, ...) \
  constexpr OptionsKind kOptionsOf##Table = OptionsKind::k##Table;
#define OPTIONS_2(Table, ...) OPTIONS_1(Table)
#define FIELD(type, name, default_value)
#define ENUM(type, name, default_value)
#define LIST(type, name)
#define ENUM_LIST(type, name)
#include "ops/options.def"
#undef OPTIONS_1
#undef OPTIONS_2
#undef FIELD
#undef ENUM
#undef LIST
#undef ENUM_LIST
constexpr OptionsKind kOptionsOfCustomOptions = OptionsKind::kCustomOptions;

constexpr std::array<OpRow, kOpCount> kOps = {{
#define OP(number, SCHEMA_NAME, kEnumerator, Options) \
  {#SCHEMA_NAME, kOptionsOf##Options},
#include "ops/ops.def"
#undef OP
}};

}  // namespace

bool IsOp(int32_t number) { return number >= 0 && number < kOpCount; }

std::string_view Name(Op op) {
  const auto number = static_cast<int32_t>(op);
  return IsOp(number) ? kOps[static_cast<size_t>(number)].name : "unknown op";
}

OptionsKind OptionsOf(Op op) {
  const auto number = static_cast<int32_t>(op);
  return IsOp(number) ? kOps[static_cast<size_t>(number)].options
                      : OptionsKind::kNone;
}

}  // namespace liteforge
