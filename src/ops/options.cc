// SPDX-License-Identifier: Apache-2.0
#include "ops/options.h"

namespace liteforge {

bool operator==(const OpOptions& a, const OpOptions& b) {
  if (a.kind_ != b.kind_) return false;
  switch (a.kind_) {
    case OptionsKind::kNone:
      return true;
    case OptionsKind::kCustomOptions:
      return a.Get<CustomOptions>() == b.Get<CustomOptions>();
#define OPTIONS_1(Table, ...) \
  case OptionsKind::k##Table: \
    return a.Get<Table>() == b.Get<Table>();
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
  }
  return false;
}

}  // namespace liteforge
