// SPDX-License-Identifier: Apache-2.0
//   graph  := "graph" name "(" [%name ": " type ","]… ") {" node… "return"
//             operand,… "}"
//   node   := [%name [":" type] ","]… "=" OP "(" operand,… ")" ["{" field=value
//             … "}"]
//   operand:= %name | @name [":" type ["=" "[" number,… ["…"] "]"]] | none
//   type   := element "[" dimension | "?" ,… "]"
#include "ir/parse.h"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <optional>
#include <sstream>

#include "base/try.h"

namespace liteforge::ir {
namespace {

// Fields of one options table from their text.
using Fields = std::map<std::string, std::string>;

template <class T>
T FromText(const std::string& text) {
  if constexpr (std::is_same_v<T, std::string>) {
    return text;
  } else {
    return static_cast<T>(std::strtod(text.c_str(), nullptr));
  }
}

template <class T>
std::vector<T> ListFromText(const std::string& text) {
  std::vector<T> values;
  std::istringstream in(text.substr(1, text.size() - 2));
  for (std::string item; std::getline(in, item, ',');) {
    values.push_back(FromText<T>(item));
  }
  return values;
}

#define FIELD(type, name, default_value)                         \
  if (const auto it = fields.find(#name); it != fields.end()) {  \
    options.name = FromText<decltype(options.name)>(it->second); \
    fields.erase(it);                                            \
  }
#define ENUM(type, name, default_value) FIELD(type, name, default_value)
#define LIST(type, name)                                        \
  if (const auto it = fields.find(#name); it != fields.end()) { \
    options.name = ListFromText<type>(it->second);              \
    fields.erase(it);                                           \
  }
#define ENUM_LIST(type, name) LIST(type, name)
#define OPTIONS_1(Table, ...)                                               \
  [[maybe_unused]] OpOptions Read##Table([[maybe_unused]] Fields& fields) { \
    Table options;                                                          \
    __VA_ARGS__                                                             \
    return options;                                                         \
  }
#define OPTIONS_2(Table, ...) OPTIONS_1(Table, __VA_ARGS__)
#include "ops/options.def"
#undef OPTIONS_1
#undef OPTIONS_2
#undef FIELD
#undef ENUM
#undef LIST
#undef ENUM_LIST

OpOptions ReadOptions(OptionsKind kind, Fields& fields) {
  switch (kind) {
#define FIELD(type, name, default_value)
#define ENUM(type, name, default_value)
#define LIST(type, name)
#define ENUM_LIST(type, name)
#define OPTIONS_1(Table, ...) \
  case OptionsKind::k##Table: \
    return Read##Table(fields);
#define OPTIONS_2(Table, ...) OPTIONS_1(Table)
#include "ops/options.def"
#undef OPTIONS_1
#undef OPTIONS_2
#undef FIELD
#undef ENUM
#undef LIST
#undef ENUM_LIST
    default:
      return {};
  }
}

std::optional<Op> OpFromName(std::string_view name) {
  for (int32_t number = 0; number < kOpCount; ++number) {
    if (IsOp(number) && Name(static_cast<Op>(number)) == name) {
      return static_cast<Op>(number);
    }
  }
  return std::nullopt;
}

template <class T>
Blob Fill(const std::vector<double>& values) {
  return Blob::Own(std::vector<T>(values.begin(), values.end()));
}

std::optional<Blob> ConstantBytes(DataType type,
                                  const std::vector<double>& values) {
  switch (type) {
    case DataType::kFloat32:
      return Fill<float>(values);
    case DataType::kInt32:
      return Fill<int32_t>(values);
    case DataType::kInt64:
      return Fill<int64_t>(values);
    case DataType::kInt16:
      return Fill<int16_t>(values);
    case DataType::kInt8:
      return Fill<int8_t>(values);
    case DataType::kUInt8:
    case DataType::kBool:
      return Fill<uint8_t>(values);
    default:
      return std::nullopt;
  }
}

std::string Quoted(std::string_view text) {
  std::string quoted = "'";
  quoted += text;
  quoted += "'";
  return quoted;
}

constexpr int64_t kMaxElements = 1 << 24;  // of a constant written as text

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Result<std::unique_ptr<Graph>> Run() {
    if (auto done = ReadGraph(); !done) {
      return tl::unexpected(std::move(done.error()).In(Place()));
    }
    return std::move(graph_);
  }

 private:
  struct Type {
    DataType type = DataType::kNone;
    Shape shape;
  };
  struct NamedResult {
    std::string name;
    std::optional<Type> type;
  };

  std::string Place() const {
    const auto end = text_.begin() + static_cast<ptrdiff_t>(at_);
    return "line " + std::to_string(1 + std::count(text_.begin(), end, '\n'));
  }

  void SkipSpace() {
    while (at_ < text_.size() && std::string_view(" \t\r\n").find(text_[at_]) !=
                                     std::string_view::npos) {
      ++at_;
    }
  }

  bool Accept(std::string_view token) {
    SkipSpace();
    if (text_.substr(at_, token.size()) != token) return false;
    at_ += token.size();
    return true;
  }

  Result<void> Expect(std::string_view token) {
    if (Accept(token)) return {};
    return InvalidArgument(Quoted(token) + " expected before " +
                           Quoted(text_.substr(at_, 20)));
  }

  // Up to the next of `stops`.
  std::string Until(std::string_view stops) {
    SkipSpace();
    const size_t end = std::min(text_.find_first_of(stops, at_), text_.size());
    const std::string word(text_.substr(at_, end - at_));
    at_ = end;
    return word;
  }

  std::string ReadName() { return Until(" \t\r\n,:=(){}"); }

  Result<Type> ReadType() {
    Type type;
    const std::string name = Until("[ ");
    type.type = DataTypeFromName(name);
    if (type.type == DataType::kNone) {
      return InvalidArgument(Quoted(name) + " is no type");
    }
    TRY(Expect("["));
    while (!Accept("]")) {
      const std::string dim = Until(",]");
      if (type.shape.rank() == Shape::kMaxRank) {
        return InvalidArgument("too many dimensions");
      }
      type.shape.Append(dim == "?" ? Shape::kUnknownDim
                                   : FromText<int32_t>(dim));
      Accept(",");
    }
    return type;
  }

  Result<std::vector<double>> ReadElements(int64_t count) {
    std::vector<double> values;
    TRY(Expect("["));
    while (!Accept("]")) {
      if (Accept("…")) {
        if (values.empty()) return InvalidArgument("nothing to repeat");
        values.resize(static_cast<size_t>(count), values.back());
      } else if (static_cast<int64_t>(values.size()) >= count) {
        return InvalidArgument("too many values");
      } else {
        values.push_back(
            std::strtod(Until(",]\xE2").c_str(), nullptr));  // … is E2 80 A6
      }
      Accept(",");
    }
    if (static_cast<int64_t>(values.size()) != count) {
      return InvalidArgument("too few values");
    }
    return values;
  }

  Result<Value*> ReadConstant() {
    const std::string name = ReadName();
    if (!Accept(":")) {
      const auto it = values_.find("@" + name);
      if (it != values_.end()) return it->second;
      return InvalidArgument("constant " + Quoted(name) + " is not described");
    }
    TRY_ASSIGN(const Type type, ReadType());
    const int64_t count = type.shape.elements();
    if (count < 0 || count > kMaxElements) {
      return InvalidArgument("constant " + Quoted(name) +
                             " needs a smaller shape");
    }
    std::vector<double> elements;
    if (Accept("=")) {
      TRY_ASSIGN(elements, ReadElements(count));
    } else {
      const double unit = type.type == DataType::kFloat32 ? 0.25 : 1;
      for (int64_t i = 0; i < count; ++i) {
        elements.push_back(static_cast<double>(7 * i % 13 - 6) * unit);
      }
    }
    const auto bytes = ConstantBytes(type.type, elements);
    if (!bytes) return InvalidArgument("no constants of this type in text");
    return values_["@" + name] =
               graph_->AddConstant(name, type.type, type.shape, *bytes);
  }

  Result<Value*> ReadOperand() {
    if (Accept("none")) return nullptr;
    if (Accept("@")) return ReadConstant();
    TRY(Expect("%"));
    const std::string name = ReadName();
    const auto it = values_.find("%" + name);
    if (it != values_.end()) return it->second;
    return InvalidArgument(Quoted(name) + " is read before it is computed");
  }

  Result<void> ReadInputs() {
    while (!Accept(")")) {
      TRY(Expect("%"));
      const std::string name = ReadName();
      TRY(Expect(":"));
      TRY_ASSIGN(const Type type, ReadType());
      values_["%" + name] = graph_->AddInput(name, type.type, type.shape);
      Accept(",");
    }
    return Expect("{");
  }

  Result<std::vector<NamedResult>> ReadResults() {
    std::vector<NamedResult> results;
    while (!Accept("=")) {
      TRY(Expect("%"));
      results.push_back({ReadName(), std::nullopt});
      if (Accept(":")) {
        TRY_ASSIGN(results.back().type, ReadType());
      }
      Accept(",");
    }
    return results;
  }

  Result<OpOptions> ReadNodeOptions(Op op) {
    Fields fields;
    if (Accept("{")) {
      while (!Accept("}")) {
        const std::string name = ReadName();
        TRY(Expect("="));
        SkipSpace();
        const bool list = at_ < text_.size() && text_[at_] == '[';
        fields[name] = list ? Until("]") + "]" : Until(" }\n");
        if (list) TRY(Expect("]"));
      }
    }
    OpOptions options = ReadOptions(OptionsOf(op), fields);
    if (fields.empty()) return options;
    return InvalidArgument(Quoted(fields.begin()->first) +
                           " is no option of the operator");
  }

  Result<void> AddNode(Op op, OpOptions options, std::vector<Value*> inputs,
                       const std::vector<NamedResult>& results) {
    const bool typed = results.empty() || results[0].type.has_value();
    const std::string source = results.empty() ? "" : results[0].name;
    Node* node = nullptr;
    if (typed) {
      std::vector<Graph::OutputType> outputs;
      for (const NamedResult& r : results) {
        if (!r.type) return InvalidArgument("give all outputs a type, or none");
        outputs.push_back({r.name, r.type->type, r.type->shape});
      }
      node = graph_->AddNodeWithTypes(op, std::move(options), std::move(inputs),
                                      std::move(outputs), source);
    } else {
      TRY_ASSIGN(node,
                 graph_->AddNode(op, std::move(options), std::move(inputs),
                                 static_cast<int>(results.size()), source));
    }
    for (size_t i = 0; i < results.size(); ++i) {
      Value* value = node->output(static_cast<int>(i));
      value->name = results[i].name;
      values_["%" + value->name] = value;
    }
    return {};
  }

  Result<void> ReadNode() {
    TRY_ASSIGN(const auto results, ReadResults());
    const std::string name = ReadName();
    const std::optional<Op> op = OpFromName(name);
    if (!op) return InvalidArgument(Quoted(name) + " is no operator");
    TRY(Expect("("));
    std::vector<Value*> inputs;
    while (!Accept(")")) {
      TRY_ASSIGN(Value * input, ReadOperand());
      inputs.push_back(input);
      Accept(",");
    }
    TRY_ASSIGN(OpOptions options, ReadNodeOptions(*op));
    return AddNode(*op, std::move(options), std::move(inputs), results);
  }

  Result<void> ReadGraph() {
    TRY(Expect("graph"));
    graph_->name = ReadName();
    TRY(Expect("("));
    TRY(ReadInputs());
    while (!Accept("return")) TRY(ReadNode());
    while (!Accept("}")) {
      TRY_ASSIGN(Value * output, ReadOperand());
      if (output == nullptr) return InvalidArgument("an output is none");
      graph_->AddOutput(output);
      Accept(",");
    }
    return {};
  }

  std::string_view text_;
  size_t at_ = 0;
  std::unique_ptr<Graph> graph_ = std::make_unique<Graph>();
  std::map<std::string, Value*> values_;
};

}  // namespace

Result<std::unique_ptr<Graph>> Parse(std::string_view text) {
  return Parser(text).Run();
}

}  // namespace liteforge::ir
