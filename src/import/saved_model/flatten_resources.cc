// SPDX-License-Identifier: Apache-2.0
// Variables and tables.
//
// A variable that nothing assigns is its value, a constant. One that is
// assigned stays a VarHandleOp, whose attribute "initializer" names a function
// that assigns the value in the checkpoint; so does a table (HashTableV2):
//
//   initializer: VarHandleOp, Const ─► AssignVariableOp ─^─► done
//                HashTableV2, keys, values ─► LookupTableImportV2 ─^─► done
//
// TFLite's tables are from int64 to strings and back. Any other is a search
// among the keys, the default standing behind the last value:
//
//   i = ArgMax([x = keys, true]);  y = [values, default][i]
#include <fmt/format.h>

#include <algorithm>

#include "base/try.h"
#include "formats/tensorflow/tensor_proto.h"
#include "import/saved_model/flatten.h"
#include "import/saved_model/flatten_scope.h"

namespace liteforge {
namespace {

void SetConst(tf::NodeDef& node, const tf::TensorProto& value) {
  node.set_op("Const");
  (*node.mutable_attr())["dtype"].set_type(value.dtype());
  *(*node.mutable_attr())["value"].mutable_tensor() = value;
}

void SetType(tf::NodeDef& node, const char* name, DataType type) {
  (*node.mutable_attr())[name].set_type(ToTensorFlow(type));
}

tf::NodeDef& AddTo(ConcreteFunction& function, const char* op, const char* name,
                   std::initializer_list<const char*> inputs) {
  tf::NodeDef& node = *function.graph.add_node();
  node.set_op(op);
  node.set_name(name);
  for (const char* input : inputs) node.add_input(input);
  return node;
}

void SetHandle(tf::NodeDef& node, const std::string& shared_name) {
  (*node.mutable_attr())["container"].set_s("");
  (*node.mutable_attr())["shared_name"].set_s(shared_name);
}

// An initializer gives a value it does not need to be asked for something.
void Finish(ConcreteFunction& function, const char* value, const char* after,
            DataType type) {
  function.name = "initialize";
  tf::NodeDef& done = AddTo(function, "Identity", "done", {value, after});
  SetType(done, "T", type);
  function.outputs.push_back({"done", "done", type, Shape::UnknownRank()});
}

void SetVariable(tf::NodeDef& node, const std::string& shared_name,
                 DataType type, const Shape& shape) {
  SetHandle(node, shared_name);
  SetType(node, "dtype", type);
  *(*node.mutable_attr())["shape"].mutable_shape() = ToTensorFlow(shape);
}

ConcreteFunction VariableInitializer(const std::string& shared_name,
                                     const Shape& shape, StoredTensor value) {
  ConcreteFunction function;
  SetVariable(AddTo(function, "VarHandleOp", "handle", {}), shared_name,
              value.type, shape);
  tf::TensorProto proto;
  proto.set_dtype(ToTensorFlow(value.type));
  *proto.mutable_tensor_shape() = ToTensorFlow(value.shape);
  SetConst(AddTo(function, "Const", "value", {}), proto);
  function.constants["value"] = std::move(value.data);
  tf::NodeDef& assign =
      AddTo(function, "AssignVariableOp", "assign", {"handle", "value"});
  SetType(assign, "dtype", value.type);
  Finish(function, "value", "^assign", value.type);
  return function;
}

void SetTable(tf::NodeDef& node, const std::string& shared_name,
              const TableContents& table) {
  SetHandle(node, shared_name);
  SetType(node, "key_dtype", table.key_type);
  SetType(node, "value_dtype", table.value_type);
}

ConcreteFunction TableInitializer(const std::string& shared_name,
                                  const TableContents& table) {
  ConcreteFunction function;
  SetTable(AddTo(function, "HashTableV2", "handle", {}), shared_name, table);
  SetConst(AddTo(function, "Const", "keys", {}), table.keys);
  SetConst(AddTo(function, "Const", "values", {}), table.values);
  tf::NodeDef& import = AddTo(function, "LookupTableImportV2", "import",
                              {"handle", "keys", "values"});
  SetType(import, "Tin", table.key_type);
  SetType(import, "Tout", table.value_type);
  Finish(function, "keys", "^import", table.key_type);
  return function;
}

bool IsTfliteTable(const TableContents& table) {
  return (table.key_type == DataType::kInt64 &&
          table.value_type == DataType::kString) ||
         (table.key_type == DataType::kString &&
          table.value_type == DataType::kInt64);
}

int32_t KeyCount(const TableContents& table) {
  return static_cast<int32_t>(
      FromTensorFlow(table.keys.tensor_shape()).elements());
}

}  // namespace

//--------------------------------------------------------------- variables

namespace {

// The shape that the variable was made with.
Shape DeclaredShape(const GraphIndex& model, const Resource& variable) {
  const auto& objects = model.meta().object_graph_def();
  if (variable.node == nullptr) {
    const bool known = variable.object >= 0 &&
                       variable.object < objects.nodes_size() &&
                       objects.nodes(variable.object).variable().has_shape();
    return known ? FromTensorFlow(
                       objects.nodes(variable.object).variable().shape())
                 : Shape::UnknownRank();
  }
  const tf::AttrValue* shape = FindAttribute(*variable.node, "shape");
  return shape == nullptr ? Shape::UnknownRank()
                          : FromTensorFlow(shape->shape());
}

bool Fits(const Shape& declared, const Shape& stored) {
  if (!declared.has_rank()) return true;
  if (declared.rank() != stored.rank()) return false;
  for (int axis = 0; axis < stored.rank(); ++axis) {
    if (declared[axis] >= 0 && declared[axis] != stored[axis]) return false;
  }
  return true;
}

}  // namespace

Result<StoredTensor> Flattener::ValueOf(const Resource& variable) const {
  TRY_ASSIGN(StoredTensor value,
             variable.node != nullptr
                 ? source_.variables.ValueOf(*variable.node)
                 : source_.variables.ValueOfObject(variable.object));
  const Shape declared = DeclaredShape(source_.model, variable);
  if (Fits(declared, value.shape)) return value;
  return InvalidModel(fmt::format(
      "variable '{}' is {} in the graph and {} in the checkpoint; the two are "
      "not of one model",
      variable.name, declared.ToString(), value.shape.ToString()));
}

Result<std::string> Flattener::TensorOf(const Operand& operand) {
  if (operand.resource == nullptr) return operand.tensor;
  const Resource& variable = *operand.resource;
  if (variable.is_table)
    return Unsupported("it wants a tensor and is given a table");
  if (source_.assigned.contains(variable)) return ReadNow(variable);
  if (const auto found = read_.find(variable); found != read_.end())
    return found->second;
  TRY_ASSIGN(StoredTensor value, ValueOf(variable));
  const std::string name = AddConst(NewName(variable.name), value.type,
                                    value.shape, std::move(value.data));
  function_.variables.insert(name);
  return read_[variable] = name;
}

Result<std::string> Flattener::HandleOf(const Resource& variable) {
  if (const auto found = handles_.find(variable); found != handles_.end())
    return found->second->name();
  TRY_ASSIGN(StoredTensor value, ValueOf(variable));
  const std::string shared_name =
      variable.node != nullptr
          ? variable.name
          : fmt::format("{}/{}", variable.name, variable.object);
  // It may hold other shapes than its first value's where it was made so.
  const Shape declared = DeclaredShape(source_.model, variable);
  const Shape shape = declared.has_rank() ? declared : value.shape;
  tf::NodeDef& node = AddNode("VarHandleOp", variable.name, {});
  SetVariable(node, shared_name, value.type, shape);
  const Branch initializer{std::make_shared<ConcreteFunction>(
      VariableInitializer(shared_name, shape, std::move(value)))};
  (*node.mutable_attr())["initializer"].mutable_func()->set_name(
      AddFunction(variable.name + "/initialize", initializer));
  handles_[variable] = &node;
  return node.name();
}

Result<std::string> Flattener::ReadNow(const Resource& variable) {
  TRY_ASSIGN(const std::string handle, HandleOf(variable));
  tf::NodeDef& node =
      AddNode("ReadVariableOp", variable.name + "/read", {handle});
  for (const char* key : {"dtype", "shape"})
    (*node.mutable_attr())[key] = handles_.at(variable)->attr().at(key);
  After(node);
  return node.name();
}

void Flattener::After(tf::NodeDef& node) const {
  if (!last_effect_.empty()) node.add_input("^" + last_effect_);
}

void Flattener::TieEffects() {
  if (last_effect_.empty() || function_.outputs.empty()) return;
  FunctionArgument& output = function_.outputs[0];
  tf::NodeDef& node = AddNode("Identity", "with_effects", {output.tensor});
  if (output.type != DataType::kNone) SetType(node, "T", output.type);
  After(node);
  output.tensor = node.name();
}

Result<Flattener::Operands> Flattener::Assign(Scope& scope,
                                              const tf::NodeDef& def,
                                              const Operands& inputs) {
  static const std::map<std::string_view, const char*> kOps = {
      {"Assign", ""},
      {"AssignVariableOp", ""},
      {"AssignAdd", "AddV2"},
      {"AssignAddVariableOp", "AddV2"},
      {"AssignSub", "Sub"},
      {"AssignSubVariableOp", "Sub"},
      {"ResourceScatterAdd", "TensorScatterAdd"},
      {"ResourceScatterNdAdd", "TensorScatterAdd"},
      {"ResourceScatterNdUpdate", "TensorScatterUpdate"},
      {"ResourceScatterUpdate", "TensorScatterUpdate"},
      {"ScatterAdd", "TensorScatterAdd"},
      {"ScatterNdAdd", "TensorScatterAdd"},
      {"ScatterNdUpdate", "TensorScatterUpdate"},
      {"ScatterUpdate", "TensorScatterUpdate"},
  };
  const auto op = kOps.find(def.op());
  if (op == kOps.end() || inputs.size() < 2)
    return Unsupported("it changes a variable in a way that TFLite lacks");
  const Resource& variable = *inputs[0].resource;
  source_.assigned.insert(variable);
  std::vector<std::string> operands;
  for (size_t i = 1; i < inputs.size(); ++i) {
    TRY_ASSIGN(std::string tensor, TensorOf(inputs[i]));
    operands.push_back(std::move(tensor));
  }
  const std::string name = scope.prefix + def.name();
  const bool scatters = std::string_view(op->second).starts_with("Tensor");
  if (scatters && operands.size() < 2)
    return InvalidModel("it has no updates; the graph is damaged");
  // Rows, where Nd takes places.
  if (scatters && def.op().find("Nd") == std::string::npos) {
    const std::string last = AddInt(name + "/axis", -1);
    operands[0] =
        AddNode("ExpandDims", name + "/rows", {operands[0], last}).name();
  }
  std::string value = operands[0];
  if (op->second[0] != '\0') {
    TRY_ASSIGN(const std::string before, ReadNow(variable));
    tf::NodeDef& next = AddNode(op->second, name + "/value", {before});
    for (std::string& operand : operands) next.add_input(std::move(operand));
    value = next.name();
  }
  TRY_ASSIGN(const std::string handle, HandleOf(variable));
  tf::NodeDef& node = AddNode("AssignVariableOp", name, {handle, value});
  for (const char* key : {"dtype", "T"}) {
    if (const tf::AttrValue* type = FindAttribute(def, key))
      (*node.mutable_attr())["dtype"] = *type;
  }
  After(node);
  HasEffect(node);
  return inputs[0].by_reference ? Operands{inputs[0]} : Operands{};
}

//------------------------------------------------------------------- nodes

Result<Flattener::Operands> Flattener::OnResource(Scope& scope,
                                                  const tf::NodeDef& def,
                                                  const Operands& inputs) {
  const Operand& first = inputs[0];
  if (first.resource == nullptr)
    return Unsupported(
        "it works on a resource in a way that has no form in TFLite");
  return first.resource->is_table ? OnTable(scope, def, inputs)
                                  : OnVariable(scope, def, inputs);
}

Result<Flattener::Operands> Flattener::OnVariable(Scope& scope,
                                                  const tf::NodeDef& def,
                                                  const Operands& inputs) {
  const std::string& op = def.op();
  if (AssignsVariable(op)) return Assign(scope, def, inputs);
  if (op == "VarIsInitializedOp") {
    return Operands{TensorOperand(
        AddConst(NewName(scope.prefix + def.name()), DataType::kBool, Shape(),
                 Blob::Own(std::vector<uint8_t>{1})))};
  }
  tf::NodeDef node = def;
  if (op == "ResourceGather") node.set_op("Gather");
  if (op == "ResourceGatherNd") node.set_op("GatherNd");
  if (op == "VariableShape") node.set_op("Shape");
  const bool known = op == "ReadVariableOp" || node.op() != op;
  if (!known) {
    return Unsupported(
        "it works on a variable in a way that has no form in TFLite");
  }
  TRY_ASSIGN(const std::string value, TensorOf(inputs[0]));
  if (op == "ReadVariableOp") return Operands{TensorOperand(value)};
  Operands operands = inputs;
  operands[0] = TensorOperand(value);
  return Copy(scope, node, operands);
}

//------------------------------------------------------------------ tables

Result<std::string> Flattener::HandleOfTable(const Resource& table,
                                             const TableContents& contents) {
  if (const auto found = handles_.find(table); found != handles_.end())
    return found->second->name();
  const std::string shared_name =
      table.node != nullptr ? table.name
                            : fmt::format("{}/{}", table.name, table.object);
  tf::NodeDef& node = AddNode("HashTableV2", table.name, {});
  SetTable(node, shared_name, contents);
  const Branch initializer{std::make_shared<ConcreteFunction>(
      TableInitializer(shared_name, contents))};
  (*node.mutable_attr())["initializer"].mutable_func()->set_name(
      AddFunction(table.name + "/initialize", initializer));
  handles_[table] = &node;
  return node.name();
}

Result<Flattener::Operands> Flattener::OnTable(Scope& scope,
                                               const tf::NodeDef& def,
                                               const Operands& inputs) {
  const std::string& op = def.op();
  const bool finds = op == "LookupTableFindV2" || op == "LookupTableFind";
  const bool counts = op == "LookupTableSizeV2" || op == "LookupTableSize";
  if (!finds && !counts)
    return Unsupported("it works on a table in a way that TFLite lacks");
  TRY_ASSIGN(const TableContents table,
             source_.tables.ContentsOf(*inputs[0].resource));
  const std::string name = scope.prefix + def.name();
  if (counts && !IsTfliteTable(table)) {
    return Operands{TensorOperand(
        AddConst(NewName(name), DataType::kInt64, Shape(),
                 Blob::Own(std::vector<int64_t>{KeyCount(table)})))};
  }
  if (finds && inputs.size() != 3)
    return InvalidModel("it has no keys or no default value");
  std::string keys;
  if (finds) {
    TRY_ASSIGN(keys, TensorOf(inputs[1]));
    if (!IsTfliteTable(table)) return SearchTable(name, table, keys, inputs[2]);
  }
  TRY_ASSIGN(const std::string handle,
             HandleOfTable(*inputs[0].resource, table));
  Operands operands = inputs;
  operands[0] = TensorOperand(handle);
  tf::NodeDef node = def;
  node.set_op(finds ? "LookupTableFindV2" : "LookupTableSizeV2");
  return Copy(scope, node, operands);
}

// Where among the keys, or behind the last.
std::string Flattener::PlaceIn(const std::string& name,
                               const TableContents& table,
                               const std::string& keys) {
  tf::NodeDef& known = AddNode("Const", name + "/keys", {});
  SetConst(known, table.keys);
  const std::string last = AddInt(name + "/last", -1);
  const std::string wide =
      AddNode("ExpandDims", name + "/expanded", {keys, last}).name();
  const auto equal = [&](const std::string& to) {
    tf::NodeDef& node = AddNode("Equal", name + "/equal", {wide, to});
    SetType(node, "T", table.key_type);
    return node.name();
  };
  const std::string hits =
      Join(name, equal(known.name()), equal(wide), last, DataType::kBool);
  tf::NodeDef& cast = AddNode("Cast", name + "/hits", {hits});
  SetType(cast, "SrcT", DataType::kBool);
  SetType(cast, "DstT", DataType::kInt32);
  tf::NodeDef& place = AddNode("ArgMax", name + "/place", {cast.name(), last});
  SetType(place, "T", DataType::kInt32);
  SetType(place, "output_type", DataType::kInt32);
  return place.name();
}

std::string Flattener::Join(const std::string& name, const std::string& a,
                            const std::string& b, const std::string& axis,
                            DataType type) {
  tf::NodeDef& node = AddNode("ConcatV2", name + "/joined", {a, b, axis});
  (*node.mutable_attr())["N"].set_i(2);
  SetType(node, "T", type);
  return node.name();
}

// The values and the default behind them.
Result<std::string> Flattener::ValuesOf(const std::string& name,
                                        const TableContents& table,
                                        const std::string& otherwise) {
  tf::TensorProto values = table.values;
  if (table.value_type == DataType::kString) {
    TRY_ASSIGN(auto text, DecodeStrings(values));
    TRY_ASSIGN(std::string other, ConstantString(otherwise));
    text.push_back(std::move(other));
    values.Clear();
    values.set_dtype(tf::DT_STRING);
    values.mutable_tensor_shape()->add_dim()->set_size(
        static_cast<int64_t>(text.size()));
    for (std::string& element : text) values.add_string_val(std::move(element));
  }
  tf::NodeDef& stored = AddNode("Const", name + "/values", {});
  SetConst(stored, values);
  if (table.value_type == DataType::kString) return stored.name();
  const std::string one = AddConst(NewName(name + "/one"), DataType::kInt32,
                                   {1}, Blob::Own(std::vector<int32_t>{1}));
  tf::NodeDef& vector = AddNode("Reshape", name + "/default", {otherwise, one});
  SetType(vector, "T", table.value_type);
  return Join(name, stored.name(), vector.name(), AddInt(name + "/rows", 0),
              table.value_type);
}

Result<Flattener::Operands> Flattener::SearchTable(const std::string& name,
                                                   const TableContents& table,
                                                   const std::string& keys,
                                                   const Operand& otherwise) {
  TRY_ASSIGN(const std::string other, TensorOf(otherwise));
  TRY_ASSIGN(const std::string values, ValuesOf(name, table, other));
  const std::string place = PlaceIn(name, table, keys);
  tf::NodeDef& found =
      AddNode("GatherV2", name, {values, place, AddInt(name + "/first", 0)});
  SetType(found, "Tparams", table.value_type);
  SetType(found, "Tindices", DataType::kInt32);
  SetType(found, "Taxis", DataType::kInt32);
  return Operands{TensorOperand(found.name())};
}

// The one string of a constant of the new graph.
Result<std::string> Flattener::ConstantString(const std::string& tensor) const {
  for (const tf::NodeDef& node : function_.graph.node()) {
    if (node.name() != tensor || node.op() != "Const") continue;
    TRY_ASSIGN(const auto strings,
               DecodeStrings(node.attr().at("value").tensor()));
    if (strings.size() == 1) return strings[0];
  }
  return Unsupported(
      "the default of a table of strings must be a constant string");
}

}  // namespace liteforge
