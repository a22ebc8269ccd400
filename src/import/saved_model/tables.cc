// SPDX-License-Identifier: Apache-2.0
#include "import/saved_model/tables.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <set>
#include <unordered_map>
#include <vector>

#include "base/mapped_file.h"
#include "base/try.h"
#include "formats/tensorflow/tensor_proto.h"
#include "formats/tensorflow/text_format.h"
#include "function/concrete_function.h"

namespace liteforge {
namespace {

namespace fs = std::filesystem;

// Functions that call functions to fill a table; more is a loop.
constexpr int kMaxDepth = 16;
// Identities on the way of a value; more is a loop.
constexpr int kMaxIdentities = 16;

// Where a value comes from.
struct Origin {
  const tf::NodeDef* node = nullptr;
  int object = -1;

  friend bool operator==(const Origin&, const Origin&) = default;
};

struct Scope {
  std::unordered_map<std::string_view, const tf::NodeDef*> nodes;
  std::unordered_map<std::string_view, Origin> arguments;
};

// "node", "node:1", "node:output:1" -> "node"
std::string_view ProducerOf(std::string_view input) {
  return input.substr(0, input.find(':'));
}

Origin TraceTable(const Scope& scope, std::string_view input) {
  for (int i = 0; i < kMaxIdentities; ++i) {
    const std::string_view name = ProducerOf(input);
    if (const auto argument = scope.arguments.find(name);
        argument != scope.arguments.end())
      return argument->second;
    const auto node = scope.nodes.find(name);
    if (node == scope.nodes.end()) return {};
    if (node->second->op() != "Identity" || node->second->input_size() == 0)
      return {node->second, -1};
    input = node->second->input(0);
  }
  return {};
}

bool Fills(std::string_view op) {
  return op == "LookupTableImportV2" || op == "LookupTableImport" ||
         op == "InitializeTableV2" || op == "InitializeTable";
}

bool FillsFromFile(std::string_view op) {
  return op == "InitializeTableFromTextFileV2" ||
         op == "InitializeTableFromTextFile";
}

// The node that fills a table, and what it is given.
struct Filling {
  const tf::NodeDef* node = nullptr;
  std::vector<Origin> inputs;
};

//------------------------------------------------------------- finding it

class Search {
 public:
  Search(const GraphIndex& model, Origin table)
      : model_(model), table_(table) {}

  std::optional<Filling> InGraph() {
    Scope top;
    for (const tf::NodeDef& node : model_.meta().graph_def().node())
      top.nodes[node.name()] = &node;
    return In(top, model_.meta().graph_def().node(), 0);
  }

  std::optional<Filling> InFunction(const tf::FunctionDef& function,
                                    const std::vector<Origin>& arguments,
                                    int depth) {
    if (!seen_.insert(&function).second) return std::nullopt;
    Scope scope;
    for (const tf::NodeDef& node : function.node_def())
      scope.nodes[node.name()] = &node;
    const auto& names = function.signature().input_arg();
    for (int i = 0; i < names.size(); ++i) {
      if (static_cast<size_t>(i) < arguments.size())
        scope.arguments[names[i].name()] = arguments[static_cast<size_t>(i)];
    }
    return In(scope, function.node_def(), depth);
  }

 private:
  std::optional<Filling> In(
      const Scope& scope,
      const google::protobuf::RepeatedPtrField<tf::NodeDef>& nodes, int depth) {
    for (const tf::NodeDef& node : nodes) {
      const bool fills = Fills(node.op()) || FillsFromFile(node.op());
      const tf::FunctionDef* called = fills ? nullptr : CalledBy(node);
      if (!fills && (called == nullptr || depth == kMaxDepth)) continue;
      std::vector<Origin> inputs;
      for (const std::string& input : node.input()) {
        if (!input.starts_with('^')) inputs.push_back(TraceTable(scope, input));
      }
      if (std::ranges::find(inputs, table_) == inputs.end()) continue;
      if (fills) return Filling{&node, std::move(inputs)};
      if (auto found = InFunction(*called, inputs, depth + 1)) return found;
    }
    return std::nullopt;
  }

  const tf::FunctionDef* CalledBy(const tf::NodeDef& node) const {
    const tf::AttrValue* call = FindAttribute(node, "f");
    return model_.FindFunction(call != nullptr ? call->func().name()
                                               : node.op());
  }

  const GraphIndex& model_;
  const Origin table_;
  std::set<const tf::FunctionDef*> seen_;
};

// The first concrete function that an object has under a name.
const tf::FunctionDef* FunctionOf(const GraphIndex& model, int object,
                                  std::string_view name) {
  const tf::SavedObjectGraph& objects = model.meta().object_graph_def();
  if (object < 0 || object >= objects.nodes_size()) return nullptr;
  for (const auto& child : objects.nodes(object).children()) {
    if (child.local_name() != name || child.node_id() < 0 ||
        child.node_id() >= objects.nodes_size())
      continue;
    const auto& functions =
        objects.nodes(child.node_id()).function().concrete_functions();
    if (!functions.empty()) return model.FindFunction(functions[0]);
  }
  return nullptr;
}

// Fills the table that an object is.
std::optional<Filling> InObject(const GraphIndex& model, int object) {
  const tf::FunctionDef* function = FunctionOf(model, object, "_initialize");
  if (function == nullptr) return std::nullopt;
  const auto& bound = model.meta().object_graph_def().concrete_functions();
  const auto own = bound.find(function->signature().name());
  std::vector<Origin> arguments;
  if (own != bound.end()) {
    for (const int32_t id : own->second.bound_inputs())
      arguments.push_back({nullptr, id});
  }
  return Search(model, {nullptr, object}).InFunction(*function, arguments, 0);
}

// The node that a table is made by: it has the types.
const tf::NodeDef* MakerOf(const GraphIndex& model, const Resource& table) {
  if (table.node != nullptr) return table.node;
  const tf::FunctionDef* function =
      FunctionOf(model, table.object, "_create_resource");
  if (function == nullptr) return nullptr;
  const auto maker = std::ranges::find_if(
      function->node_def(),
      [](const tf::NodeDef& node) { return IsTableOp(node.op()); });
  return maker == function->node_def().end() ? nullptr : &*maker;
}

// The constant that a value is; null for others.
const tf::TensorProto* ConstantOf(const GraphIndex& model, Origin origin) {
  const tf::SavedObjectGraph& objects = model.meta().object_graph_def();
  if (origin.object >= 0 && origin.object < objects.nodes_size())
    origin.node =
        model.FindNode(objects.nodes(origin.object).constant().operation());
  if (origin.node == nullptr || origin.node->op() != "Const") return nullptr;
  const tf::AttrValue* value = FindAttribute(*origin.node, "value");
  return value != nullptr && value->has_tensor() ? &value->tensor() : nullptr;
}

//-------------------------------------------------------------- text files

// The name under assets/ of the file that a value names.
std::string AssetOf(const GraphIndex& model, const Origin& origin) {
  const auto& assets = model.meta().asset_file_def();
  const auto& objects = model.meta().object_graph_def();
  if (origin.object >= 0 && origin.object < objects.nodes_size() &&
      objects.nodes(origin.object).has_asset()) {
    const int index =
        objects.nodes(origin.object).asset().asset_file_def_index();
    return index >= 0 && index < assets.size() ? assets[index].filename() : "";
  }
  for (const tf::AssetFileDef& asset : assets) {
    if (origin.node != nullptr &&
        ProducerOf(asset.tensor_info().name()) == origin.node->name())
      return asset.filename();
  }
  const tf::TensorProto* name = ConstantOf(model, origin);
  const auto names =
      name == nullptr
          ? std::vector<std::string>()
          : DecodeStrings(*name).value_or(std::vector<std::string>());
  return names.empty() ? "" : fs::path(names[0]).filename().string();
}

std::vector<std::string_view> SplitAt(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find(separator, begin), text.size());
    parts.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

int64_t IntegerOf(const tf::NodeDef& node, const char* name,
                  int64_t otherwise) {
  const tf::AttrValue* value = FindAttribute(node, name);
  return value == nullptr ? otherwise : value->i();
}

template <class T>
bool Append(std::string_view text, google::protobuf::RepeatedField<T>& values) {
  T value = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), value);
  values.Add(value);
  return error == std::errc() && end == text.data() + text.size();
}

bool Append(std::string_view text, tf::TensorProto& column) {
  switch (column.dtype()) {
    case tf::DT_STRING:
      column.add_string_val(std::string(text));
      return true;
    case tf::DT_INT64:
      return Append(text, *column.mutable_int64_val());
    case tf::DT_INT32:
      return Append(text, *column.mutable_int_val());
    case tf::DT_FLOAT:
      return Append(text, *column.mutable_float_val());
    default:
      return false;
  }
}

constexpr int64_t kWholeLine = -2, kLineNumber = -1;

// What a line has for a column, kWholeLine and kLineNumber included.
Result<void> AppendColumn(std::string_view line, int64_t number, int64_t index,
                          char delimiter, tf::TensorProto& column) {
  std::string text(line);
  if (index == kLineNumber) text = fmt::format("{}", number);
  if (index >= 0) {
    const auto parts = SplitAt(line, delimiter);
    if (static_cast<size_t>(index) >= parts.size())
      return InvalidModel(
          fmt::format("line {} has no column {}", number + 1, index));
    text = std::string(parts[static_cast<size_t>(index)]);
  }
  if (Append(text, column)) return {};
  return InvalidModel(fmt::format("line {}: '{}' is no {}", number + 1, text,
                                  tf::DataType_Name(column.dtype())));
}

Result<void> ReadLines(std::string_view text, const tf::NodeDef& node,
                       TableContents& contents) {
  const tf::AttrValue* separator = FindAttribute(node, "delimiter");
  const char delimiter =
      separator == nullptr || separator->s().empty() ? '\t' : separator->s()[0];
  const int64_t key_index = IntegerOf(node, "key_index", kWholeLine);
  const int64_t value_index = IntegerOf(node, "value_index", kLineNumber);
  const int64_t most = IntegerOf(node, "vocab_size", -1);
  if (text.ends_with('\n')) text.remove_suffix(1);
  int64_t count = 0;
  if (!text.empty()) {
    for (const std::string_view line : SplitAt(text, '\n')) {
      if (count == most) break;
      TRY(AppendColumn(line, count, key_index, delimiter, contents.keys));
      TRY(AppendColumn(line, count, value_index, delimiter, contents.values));
      ++count;
    }
  }
  for (tf::TensorProto* column : {&contents.keys, &contents.values})
    column->mutable_tensor_shape()->add_dim()->set_size(count);
  return {};
}

Result<void> ReadAsset(const fs::path& assets, const std::string& name,
                       const tf::NodeDef& node, TableContents& contents) {
  // A name that leads out of the directory is none of an asset.
  const fs::path file = fs::path(name).lexically_normal();
  if (name.empty() || file.is_absolute() || *file.begin() == "..")
    return InvalidModel("a table is read from a file that is no asset");
  TRY_ASSIGN(const Blob bytes, MapFile(assets / file));
  contents.keys.set_dtype(ToTensorFlow(contents.key_type));
  contents.values.set_dtype(ToTensorFlow(contents.value_type));
  TRY_IN((assets / file).string(), ReadLines(TextOf(bytes), node, contents));
  return {};
}

DataType TypeOf(const tf::NodeDef& node, const char* name) {
  const tf::AttrValue* type = FindAttribute(node, name);
  return type == nullptr ? DataType::kNone : FromTensorFlow(type->type());
}

// Both as vectors of one length.
Result<void> CheckContents(TableContents& contents) {
  int64_t counts[2];
  int64_t* count = counts;
  for (tf::TensorProto* column : {&contents.keys, &contents.values}) {
    const Shape shape = FromTensorFlow(column->tensor_shape());
    *count = shape.IsStatic() ? shape.elements() : -1;
    column->clear_tensor_shape();
    column->mutable_tensor_shape()->add_dim()->set_size(*count++);
  }
  if (counts[0] >= 0 && counts[0] == counts[1] &&
      FromTensorFlow(contents.keys.dtype()) == contents.key_type &&
      FromTensorFlow(contents.values.dtype()) == contents.value_type)
    return {};
  return InvalidModel(
      "the table is filled with keys and values of another number or type");
}

}  // namespace

Result<TableContents> Tables::ContentsOf(const Resource& table) const {
  const tf::NodeDef* maker = MakerOf(model_, table);
  if (maker == nullptr)
    return Unsupported(
        "it works on a resource that is neither a variable nor a static hash "
        "table, which TFLite has no form for");
  TableContents contents;
  contents.key_type = TypeOf(*maker, "key_dtype");
  contents.value_type = TypeOf(*maker, "value_dtype");
  const auto filling = table.node != nullptr
                           ? Search(model_, {table.node, -1}).InGraph()
                           : InObject(model_, table.object);
  if (!filling)
    return Unsupported(
        fmt::format("nothing in the SavedModel fills the table '{}'; save the "
                    "model with its initializer",
                    table.name));
  const tf::NodeDef& node = *filling->node;
  if (FillsFromFile(node.op()) && filling->inputs.size() == 2) {
    TRY(ReadAsset(assets_, AssetOf(model_, filling->inputs[1]), node,
                  contents));
    return contents;
  }
  const bool whole = Fills(node.op()) && filling->inputs.size() == 3;
  const auto* keys = whole ? ConstantOf(model_, filling->inputs[1]) : nullptr;
  const auto* values = whole ? ConstantOf(model_, filling->inputs[2]) : nullptr;
  if (keys == nullptr || values == nullptr)
    return Unsupported(fmt::format(
        "the table '{}' is filled with what is computed when the model is "
        "loaded; save it with constant keys and values",
        table.name));
  contents.keys = *keys;
  contents.values = *values;
  TRY(CheckContents(contents));
  return contents;
}

}  // namespace liteforge
