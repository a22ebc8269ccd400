// SPDX-License-Identifier: Apache-2.0
// Operands print as %name (computed), @name (constant, with its type) or none.
// Options print as {field=value …}, only those that differ from the schema's
// defaults.
#include <charconv>
#include <cstring>
#include <sstream>
#include <string>

#include "ir/graph.h"

namespace liteforge::ir {
namespace {

template <class T>
void PrintValue(std::ostream& out, const T& value) {
  if constexpr (std::is_enum_v<T>) {
    out << static_cast<int64_t>(value);
  } else if constexpr (std::is_floating_point_v<T>) {
    // The fewest digits that read back as the same number.
    char text[64];
    const auto end = std::to_chars(text, text + sizeof(text), value).ptr;
    out << std::string_view(text, static_cast<size_t>(end - text));
  } else if constexpr (sizeof(T) == 1) {
    out << static_cast<int>(value);
  } else {
    out << value;
  }
}

template <class T>
void PrintList(std::ostream& out, const std::vector<T>& values) {
  out << '[';
  for (size_t i = 0; i < values.size(); ++i) {
    if (i > 0) out << ',';
    PrintValue(out, static_cast<T>(values[i]));
  }
  out << ']';
}

#define FIELD(type, name, default_value)       \
  if (!(options.name == defaults.name)) {      \
    out << (first ? "" : " ") << #name << '='; \
    PrintValue(out, options.name);             \
    first = false;                             \
  }
#define ENUM(type, name, default_value) FIELD(type, name, default_value)
#define LIST(type, name)                       \
  if (!options.name.empty()) {                 \
    out << (first ? "" : " ") << #name << '='; \
    PrintList(out, options.name);              \
    first = false;                             \
  }
#define ENUM_LIST(type, name) LIST(type, name)
#define OPTIONS_1(Table, ...)                                                \
  [[maybe_unused]] void PrintFields([[maybe_unused]] std::ostream& out,      \
                                    [[maybe_unused]] const Table& options) { \
    [[maybe_unused]] const Table defaults;                                   \
    [[maybe_unused]] bool first = true;                                      \
    __VA_ARGS__                                                              \
  }
#define OPTIONS_2(Table, ...) OPTIONS_1(Table, __VA_ARGS__)
#include "ops/options.def"
#undef OPTIONS_1
#undef OPTIONS_2
#undef FIELD
#undef ENUM
#undef LIST
#undef ENUM_LIST

std::string PrintOptions(const OpOptions& options) {
  std::ostringstream out;
  switch (options.kind()) {
    case OptionsKind::kNone:
      break;
    case OptionsKind::kCustomOptions: {
      const auto& custom = options.Get<CustomOptions>();
      out << "name=" << custom.name << " bytes=" << custom.bytes.size();
      break;
    }
#define FIELD(type, name, default_value)
#define ENUM(type, name, default_value)
#define LIST(type, name)
#define ENUM_LIST(type, name)
#define OPTIONS_1(Table, ...)               \
  case OptionsKind::k##Table:               \
    PrintFields(out, options.Get<Table>()); \
    break;
#define OPTIONS_2(Table, ...) OPTIONS_1(Table)
#include "ops/options.def"
#undef OPTIONS_1
#undef OPTIONS_2
#undef FIELD
#undef ENUM
#undef LIST
#undef ENUM_LIST
  }
  const std::string text = out.str();
  return text.empty() ? text : " {" + text + "}";
}

constexpr int64_t kShownElements = 8;

template <class T>
void PrintElements(std::ostream& out, const Value& value) {
  PrintList(out, value.ToVector<T>());
}

std::string PrintConstant(const Value& value) {
  std::ostringstream out;
  out << '@' << value.name << ": " << Describe(value.type, value.shape);
  const int64_t elements = value.shape.elements();
  if (elements < 0 || elements > kShownElements) return out.str();
  out << " = ";
  switch (value.type) {
    case DataType::kFloat32:
      PrintElements<float>(out, value);
      break;
    case DataType::kInt32:
      PrintElements<int32_t>(out, value);
      break;
    case DataType::kInt64:
      PrintElements<int64_t>(out, value);
      break;
    case DataType::kInt16:
      PrintElements<int16_t>(out, value);
      break;
    case DataType::kInt8:
      PrintElements<int8_t>(out, value);
      break;
    case DataType::kUInt8:
    case DataType::kBool:
      PrintElements<uint8_t>(out, value);
      break;
    default:
      out << "…";
  }
  return out.str();
}

std::string PrintOperand(const Value* value) {
  if (value == nullptr) return "none";
  return value->is_constant() ? PrintConstant(*value) : "%" + value->name;
}

template <class Values, class Text>
std::string Join(const Values& values, Text text) {
  std::string joined;
  for (const Value* value : values) {
    if (!joined.empty()) joined += ", ";
    joined += text(value);
  }
  return joined;
}

std::string PrintDefinition(const Value* value) {
  return "%" + value->name + ": " + Describe(value->type, value->shape);
}

}  // namespace

std::string Print(const Graph& graph) {
  std::string text = "graph " + (graph.name.empty() ? "main" : graph.name) +
                     "(" + Join(graph.inputs(), PrintDefinition) + ") {\n";
  for (const auto& node : graph.nodes()) {
    text += "  " + Join(node->outputs(), PrintDefinition) + " = " +
            std::string(Name(node->op())) + "(" +
            Join(node->inputs(), PrintOperand) + ")" +
            PrintOptions(node->options) + "\n";
  }
  return text + "  return " + Join(graph.outputs(), PrintOperand) + "\n}\n";
}

}  // namespace liteforge::ir
