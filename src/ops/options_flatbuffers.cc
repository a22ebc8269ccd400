// SPDX-License-Identifier: Apache-2.0
#include "ops/options_flatbuffers.h"

#include <memory>

namespace liteforge {
namespace {

// One pair of functions per table, made from the rows of options.def; `from`
// and `to` have fields of the same names on both sides.
#define FIELD(type, name, default_value) to.name = from.name;
#define ENUM(type, name, default_value) \
  to.name = static_cast<decltype(to.name)>(from.name);
#define LIST(type, name) to.name.assign(from.name.begin(), from.name.end());
#define ENUM_LIST(type, name)  \
  for (auto value : from.name) \
    to.name.push_back(         \
        static_cast<typename decltype(to.name)::value_type>(value));
#define OPTIONS_1(Table, ...)                                          \
  [[maybe_unused]] void Copy##Table([[maybe_unused]] const auto& from, \
                                    [[maybe_unused]] auto& to) {       \
    __VA_ARGS__                                                        \
  }
#define OPTIONS_2(Table, ...) OPTIONS_1(Table, __VA_ARGS__)
#include "ops/options.def"
#undef OPTIONS_1
#undef OPTIONS_2
#undef FIELD
#undef ENUM
#undef LIST
#undef ENUM_LIST

#define FIELD(type, name, default_value)
#define ENUM(type, name, default_value)
#define LIST(type, name)
#define ENUM_LIST(type, name)

}  // namespace

OpOptions OptionsFromFlatBuffer(Op op, const tflite::Operator& from,
                                std::string_view custom_code) {
  if (op == Op::kCustom) {
    CustomOptions custom{std::string(custom_code), {}};
    if (from.custom_options() != nullptr) {
      custom.bytes.assign(from.custom_options()->begin(),
                          from.custom_options()->end());
    }
    return custom;
  }
  switch (OptionsOf(op)) {
#define OPTIONS_1(Table, ...)                                       \
  case OptionsKind::k##Table: {                                     \
    const tflite::Table* table = from.builtin_options_as_##Table(); \
    if (table == nullptr) return {};                                \
    tflite::Table##T fields;                                        \
    table->UnPackTo(&fields);                                       \
    Table options;                                                  \
    Copy##Table(fields, options);                                   \
    return options;                                                 \
  }
#define OPTIONS_2(Table, ...)                                         \
  case OptionsKind::k##Table: {                                       \
    const tflite::Table* table = from.builtin_options_2_as_##Table(); \
    if (table == nullptr) return {};                                  \
    tflite::Table##T fields;                                          \
    table->UnPackTo(&fields);                                         \
    Table options;                                                    \
    Copy##Table(fields, options);                                     \
    return options;                                                   \
  }
#include "ops/options.def"
#undef OPTIONS_1
#undef OPTIONS_2
    case OptionsKind::kCustomOptions:
    case OptionsKind::kNone:
      break;
  }
  return {};
}

void OptionsToFlatBuffer(Op op, const OpOptions& options,
                         tflite::OperatorT& to) {
  if (op == Op::kCustom) {
    to.custom_options = options.Get<CustomOptions>().bytes;
    return;
  }
  switch (OptionsOf(op)) {
#define OPTIONS_1(Table, ...)                  \
  case OptionsKind::k##Table: {                \
    tflite::Table##T fields;                   \
    Copy##Table(options.Get<Table>(), fields); \
    to.builtin_options.Set(std::move(fields)); \
    return;                                    \
  }
#define OPTIONS_2(Table, ...)                    \
  case OptionsKind::k##Table: {                  \
    tflite::Table##T fields;                     \
    Copy##Table(options.Get<Table>(), fields);   \
    to.builtin_options_2.Set(std::move(fields)); \
    return;                                      \
  }
#include "ops/options.def"
#undef OPTIONS_1
#undef OPTIONS_2
    case OptionsKind::kCustomOptions:
    case OptionsKind::kNone:
      return;
  }
}

}  // namespace liteforge
