// SPDX-License-Identifier: Apache-2.0
// A variable NAME becomes
//   NAME                        VarHandleOp
//   NAME/Initializer/zeros      Fill(…/shape, …/value)
//   NAME/Assign                 AssignVariableOp(NAME, NAME/Initializer/zeros)
//   NAME/Read/ReadVariableOp    ReadVariableOp(NAME): what its readers read
// and loading runs save/restore_all, which waits for an AssignVariableOp for
// each, from one RestoreV2.
//
// In a function's body inputs are written otherwise than in a graph:
//   "argument" | "node:output argument:offset"
// Source: tensorflow/core/framework/function.proto,
// tensorflow/python/training/saver.py, ops/resource_variable_ops.py.
#include "function/write_saved_model.h"

#include <fmt/format.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <algorithm>
#include <climits>
#include <map>
#include <set>
#include <vector>

#include "base/atomic_file.h"
#include "base/try.h"
#include "formats/tensorflow/saved_model.pb.h"
#include "formats/tensorflow/write_tensor_bundle.h"
#include "function/detection_postprocess.h"
#include "function/output_names.h"

namespace liteforge {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kRead = "/Read/ReadVariableOp";
constexpr std::string_view kPredict = "tensorflow/serving/predict";
// A protocol buffer's size is an int; some room for the rest.
constexpr size_t kMaxGraphBytes = INT_MAX - (size_t{1} << 20);

// A name that functions and their arguments may have: [a-z][a-z0-9_]*.
std::string Identifier(std::string_view name) {
  std::string identifier;
  for (char c : name) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    const bool fine = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    identifier += fine ? c : '_';
  }
  if (identifier.empty() || identifier[0] < 'a') identifier.insert(0, "x");
  return identifier;
}

class ModelWriter {
 public:
  Result<void> Write(std::span<const ConcreteFunction> functions,
                     const fs::path& directory);

 private:
  using Names = std::map<std::string, std::string, std::less<>>;

  Result<void> AddGraph(const ConcreteFunction& function);
  Result<void> AddVariable(const ConcreteFunction& function,
                           const tf::NodeDef& node);
  Result<void> AddHandle(const ConcreteFunction& function,
                         const tf::NodeDef& node);
  // The variable's name in the model.
  std::string AddVariable(const std::string& name, const StoredTensor& value);
  void AddVariableNodes(const std::string& name, const StoredTensor& value);
  void AddRestore();
  Result<std::string> AddFunction(const ConcreteFunction& function,
                                  const std::string& name);
  std::string AddComposite(const tf::NodeDef& node);
  // A node with its constant's bytes within and its functions in the library.
  Result<tf::NodeDef> Complete(const ConcreteFunction& function,
                               const tf::NodeDef& node);
  void AddSignature(const ConcreteFunction& function);

  tf::NodeDef& AddNode(const std::string& name, const std::string& op,
                       const std::vector<std::string>& inputs = {});
  void AddConst(const std::string& name, tf::TensorProto value);
  std::string UniqueFunction(const std::string& name);
  std::string Renamed(const std::string& input) const;
  std::string NameOf(std::string_view node) const {
    return prefix_ + std::string(node);
  }

  tf::SavedModel model_;
  tf::MetaGraphDef& meta_ = *model_.add_meta_graphs();
  tf::GraphDef& graph_ = *meta_.mutable_graph_def();
  std::map<std::string, StoredTensor> variables_;
  // Of the function at hand: what its nodes' names begin with, and what those
  // of its variables are called.
  std::string prefix_;
  Names variable_names_;
  Names handle_names_;  // of those that the function assigns
  std::set<std::string> functions_;
  size_t constant_bytes_ = 0;
};

tf::AttrValue Types(const std::vector<tf::DataType>& types) {
  tf::AttrValue value;
  for (const tf::DataType type : types) value.mutable_list()->add_type(type);
  return value;
}

tf::TensorProto Strings(const std::vector<std::string>& values) {
  tf::TensorProto tensor;
  tensor.set_dtype(tf::DT_STRING);
  tensor.mutable_tensor_shape()->add_dim()->set_size(
      static_cast<int64_t>(values.size()));
  for (const std::string& value : values) tensor.add_string_val(value);
  return tensor;
}

tf::NodeDef& ModelWriter::AddNode(const std::string& name,
                                  const std::string& op,
                                  const std::vector<std::string>& inputs) {
  tf::NodeDef& node = *graph_.add_node();
  node.set_name(name);
  node.set_op(op);
  for (const std::string& input : inputs) node.add_input(input);
  return node;
}

void ModelWriter::AddConst(const std::string& name, tf::TensorProto value) {
  tf::NodeDef& node = AddNode(name, "Const");
  (*node.mutable_attr())["dtype"].set_type(value.dtype());
  *(*node.mutable_attr())["value"].mutable_tensor() = std::move(value);
}

//------------------------------------------------------------------ variables

bool AreEqual(const StoredTensor& a, const StoredTensor& b) {
  return a.type == b.type && a.shape == b.shape &&
         std::ranges::equal(a.data.bytes(), b.data.bytes());
}

Result<void> ModelWriter::AddVariable(const ConcreteFunction& function,
                                      const tf::NodeDef& node) {
  const tf::TensorProto& value = node.attr().at("value").tensor();
  const auto data = function.constants.find(node.name());
  if (data == function.constants.end()) {
    return Fail(ErrorCode::kInternal,
                fmt::format("variable '{}' has no value beside the graph",
                            node.name()));
  }
  variable_names_[node.name()] = AddVariable(
      node.name(), {FromTensorFlow(value.dtype()),
                    FromTensorFlow(value.tensor_shape()), data->second});
  return {};
}

std::string ModelWriter::AddVariable(const std::string& name,
                                     const StoredTensor& value) {
  const auto known = variables_.find(name);
  if (known != variables_.end() && AreEqual(known->second, value)) return name;
  std::string unique = known == variables_.end() ? name : NameOf(name);
  AddVariableNodes(unique, value);
  variables_[unique] = value;
  return unique;
}

// A variable that is assigned: its first value, which its initializer assigns,
// goes into the checkpoint.
Result<void> ModelWriter::AddHandle(const ConcreteFunction& function,
                                    const tf::NodeDef& node) {
  const auto called =
      function.functions.find(node.attr().at("initializer").func().name());
  if (called == function.functions.end() ||
      called->second->constants.size() != 1)
    return Fail(ErrorCode::kInternal,
                fmt::format("variable '{}' has no first value", node.name()));
  const auto& attributes = node.attr();
  handle_names_[node.name()] =
      AddVariable(attributes.at("shared_name").s(),
                  {FromTensorFlow(attributes.at("dtype").type()),
                   FromTensorFlow(attributes.at("shape").shape()),
                   called->second->constants.begin()->second});
  return {};
}

void ModelWriter::AddVariableNodes(const std::string& name,
                                   const StoredTensor& value) {
  const tf::DataType type = ToTensorFlow(value.type);
  tf::NodeDef& handle = AddNode(name, "VarHandleOp");
  (*handle.mutable_attr())["dtype"].set_type(type);
  *(*handle.mutable_attr())["shape"].mutable_shape() =
      ToTensorFlow(value.shape);
  (*handle.mutable_attr())["shared_name"].set_s(name);
  (*handle.mutable_attr())["container"].set_s("");

  const std::string zeros = name + "/Initializer/zeros";
  tf::TensorProto dims;
  dims.set_dtype(tf::DT_INT32);
  dims.mutable_tensor_shape()->add_dim()->set_size(value.shape.rank());
  for (const int32_t dim : value.shape.dims()) dims.add_int_val(dim);
  AddConst(zeros + "/shape", dims);
  tf::TensorProto zero;
  zero.set_dtype(type);
  zero.mutable_tensor_shape();
  zero.set_tensor_content(
      std::string(static_cast<size_t>(BitWidth(value.type)) / 8, '\0'));
  AddConst(zeros + "/value", zero);
  tf::NodeDef& fill =
      AddNode(zeros, "Fill", {zeros + "/shape", zeros + "/value"});
  (*fill.mutable_attr())["T"].set_type(type);
  (*fill.mutable_attr())["index_type"].set_type(tf::DT_INT32);
  tf::NodeDef& assign =
      AddNode(name + "/Assign", "AssignVariableOp", {name, zeros});
  (*assign.mutable_attr())["dtype"].set_type(type);
  tf::NodeDef& read =
      AddNode(name + std::string(kRead), "ReadVariableOp", {name});
  (*read.mutable_attr())["dtype"].set_type(type);

  tf::VariableDef definition;
  definition.set_variable_name(name + ":0");
  definition.set_initializer_name(name + "/Assign");
  definition.set_snapshot_name(name + std::string(kRead) + ":0");
  definition.set_initial_value_name(zeros + ":0");
  definition.set_is_resource(true);
  definition.set_trainable(true);
  for (const char* collection : {"variables", "trainable_variables"}) {
    (*meta_.mutable_collection_def())[collection]
        .mutable_bytes_list()
        ->add_value(definition.SerializeAsString());
  }
}

void ModelWriter::AddRestore() {
  if (variables_.empty()) return;
  std::vector<std::string> names;
  std::vector<tf::DataType> types;
  for (const auto& [name, value] : variables_) {
    names.push_back(name);
    types.push_back(ToTensorFlow(value.type));
  }
  tf::TensorProto file = Strings({"model"});
  file.mutable_tensor_shape()->clear_dim();
  AddConst("save/filename/input", file);
  tf::NodeDef& filename = AddNode("save/filename", "PlaceholderWithDefault",
                                  {"save/filename/input"});
  (*filename.mutable_attr())["dtype"].set_type(tf::DT_STRING);
  (*filename.mutable_attr())["shape"].mutable_shape();
  AddConst("save/RestoreV2/tensor_names", Strings(names));
  AddConst("save/RestoreV2/shape_and_slices",
           Strings(std::vector<std::string>(names.size())));
  tf::NodeDef& restore =
      AddNode("save/RestoreV2", "RestoreV2",
              {"save/filename", "save/RestoreV2/tensor_names",
               "save/RestoreV2/shape_and_slices"});
  (*restore.mutable_attr())["dtypes"] = Types(types);
  std::vector<std::string> assigned;
  for (size_t i = 0; i < names.size(); ++i) {
    const std::string name = fmt::format("save/AssignVariableOp_{}", i);
    tf::NodeDef& assign =
        AddNode(name, "AssignVariableOp",
                {names[i], i == 0 ? "save/RestoreV2"
                                  : fmt::format("save/RestoreV2:{}", i)});
    (*assign.mutable_attr())["dtype"].set_type(types[i]);
    assigned.push_back("^" + name);
  }
  AddNode("save/restore_all", "NoOp", assigned);
  tf::NodeDef& save = AddNode("save/SaveV2", "SaveV2",
                              {"save/filename", "save/RestoreV2/tensor_names",
                               "save/RestoreV2/shape_and_slices"});
  for (const std::string& name : names)
    save.add_input(name + std::string(kRead));
  (*save.mutable_attr())["dtypes"] = Types(types);
  tf::NodeDef& saved = AddNode("save/control_dependency", "Identity",
                               {"save/filename", "^save/SaveV2"});
  (*saved.mutable_attr())["T"].set_type(tf::DT_STRING);
  tf::SaverDef& saver = *meta_.mutable_saver_def();
  saver.set_filename_tensor_name("save/filename:0");
  saver.set_save_tensor_name("save/control_dependency:0");
  saver.set_restore_op_name("save/restore_all");
  saver.set_version(tf::SaverDef::V2);
}

//------------------------------------------------------------------ functions

std::string ModelWriter::UniqueFunction(const std::string& name) {
  std::string unique = Identifier(name);
  for (int i = 1; !functions_.insert(unique).second; ++i)
    unique = fmt::format("{}_{}", Identifier(name), i);
  return unique;
}

Result<tf::NodeDef> ModelWriter::Complete(const ConcreteFunction& function,
                                          const tf::NodeDef& node) {
  tf::NodeDef complete = node;
  // What only this project's graphs say.
  if (node.op() == "VarHandleOp") complete.mutable_attr()->erase("initializer");
  if (node.op() == "ReadVariableOp") complete.mutable_attr()->erase("shape");
  if (const auto data = function.constants.find(node.name());
      data != function.constants.end()) {
    constant_bytes_ += data->second.size();
    if (constant_bytes_ > kMaxGraphBytes)
      return Unsupported(
          "the graph has constants of more than 2 GB, which a SavedModel's "
          "graph cannot hold");
    (*complete.mutable_attr())["value"].mutable_tensor()->set_tensor_content(
        reinterpret_cast<const char*>(data->second.data()),
        data->second.size());
  }
  // protobuf's maps have another order in every run, the library must not.
  std::map<std::string_view, tf::AttrValue*> sorted;
  for (auto& [key, value] : *complete.mutable_attr()) sorted[key] = &value;
  for (const auto& [key, value] : sorted) {
    std::vector<tf::NameAttrList*> calls;
    if (value->has_func()) calls.push_back(value->mutable_func());
    if (value->has_list()) {
      for (tf::NameAttrList& call : *value->mutable_list()->mutable_func())
        calls.push_back(&call);
    }
    for (tf::NameAttrList* call : calls) {
      const auto called = function.functions.find(call->name());
      if (called == function.functions.end()) continue;
      TRY_ASSIGN(*call->mutable_name(),
                 AddFunction(*called->second, call->name()));
    }
  }
  return complete;
}

Result<std::string> ModelWriter::AddFunction(const ConcreteFunction& function,
                                             const std::string& name) {
  const std::string unique = UniqueFunction(name);
  tf::FunctionDef body;
  body.mutable_signature()->set_name(unique);
  Names arguments;  // by the placeholder's name
  std::map<std::string_view, std::string_view> ops;
  std::set<std::string> taken;
  const auto add_argument = [&](const FunctionArgument& argument,
                                tf::OpDef::ArgDef& to) {
    std::string key = Identifier(argument.name);
    while (!taken.insert(key).second) key += "_";
    to.set_name(key);
    to.set_type(ToTensorFlow(argument.type));
    return key;
  };
  for (const FunctionArgument& input : function.inputs) {
    arguments[std::string(ParseInput(input.tensor).node)] =
        add_argument(input, *body.mutable_signature()->add_input_arg());
  }
  for (const tf::NodeDef& node : function.graph.node())
    ops[node.name()] = node.op();
  const auto reference = [&](std::string_view text) -> std::string {
    const InputReference at = ParseInput(text);
    if (at.control) return std::string(text);
    if (const auto found = arguments.find(at.node); found != arguments.end())
      return found->second;
    const auto op = ops.find(at.node);
    const OutputArgument output = OutputArgumentOf(
        op == ops.end() ? std::string_view() : op->second, at.output);
    return fmt::format("{}:{}:{}", at.node, output.name, output.offset);
  };
  for (const tf::NodeDef& node : function.graph.node()) {
    if (arguments.contains(node.name())) continue;
    TRY_ASSIGN(tf::NodeDef complete, Complete(function, node));
    for (std::string& input : *complete.mutable_input())
      input = reference(input);
    *body.add_node_def() = std::move(complete);
  }
  for (const FunctionArgument& output : function.outputs) {
    const std::string key =
        add_argument(output, *body.mutable_signature()->add_output_arg());
    (*body.mutable_ret())[key] = reference(output.tensor);
  }
  *graph_.mutable_library()->add_function() = std::move(body);
  return unique;
}

// A function that gives zeros, marked as what it stands for.
std::string ModelWriter::AddComposite(const tf::NodeDef& node) {
  tf::FunctionDef body;
  const std::string name = UniqueFunction("dummy_post_processing");
  body.mutable_signature()->set_name(name);
  for (const char* input : {"box_encodings", "class_predictions", "anchors"}) {
    auto& argument = *body.mutable_signature()->add_input_arg();
    argument.set_name(input);
    argument.set_type(tf::DT_FLOAT);
  }
  for (const char* output : {"boxes", "classes", "scores", "num_detections"}) {
    auto& argument = *body.mutable_signature()->add_output_arg();
    argument.set_name(fmt::format("{}_out", output));
    argument.set_type(tf::DT_FLOAT);
    tf::NodeDef& zero = *body.add_node_def();
    zero.set_name(output);
    zero.set_op("Const");
    (*zero.mutable_attr())["dtype"].set_type(tf::DT_FLOAT);
    tf::TensorProto& value = *(*zero.mutable_attr())["value"].mutable_tensor();
    value.set_dtype(tf::DT_FLOAT);
    value.mutable_tensor_shape();
    value.add_float_val(0);
    (*body.mutable_ret())[argument.name()] = fmt::format("{}:output:0", output);
  }
  (*body.mutable_attr())["_implements"].set_s(ImplementsText(node));
  *graph_.mutable_library()->add_function() = std::move(body);
  return name;
}

//---------------------------------------------------------------------- graph

// Readers of a variable read its ReadVariableOp.
std::string ModelWriter::Renamed(const std::string& input) const {
  const InputReference at = ParseInput(input);
  if (const auto handle = handle_names_.find(at.node);
      handle != handle_names_.end())
    return (at.control ? "^" : "") + handle->second;
  const auto variable = variable_names_.find(at.node);
  if (at.control)
    return "^" + (variable == variable_names_.end() ? NameOf(at.node)
                                                    : variable->second);
  if (variable != variable_names_.end())
    return variable->second + std::string(kRead);
  return NameOf(input);
}

Result<void> ModelWriter::AddGraph(const ConcreteFunction& function) {
  *graph_.mutable_versions() = function.graph.versions();
  for (const tf::NodeDef& node : function.graph.node()) {
    if (function.variables.contains(node.name()) && node.op() == "Const") {
      TRY(AddVariable(function, node));
      continue;
    }
    if (node.op() == "VarHandleOp" && node.attr().contains("initializer")) {
      TRY(AddHandle(function, node));
      continue;
    }
    TRY_ASSIGN(tf::NodeDef complete, Complete(function, node));
    complete.set_name(NameOf(node.name()));
    for (std::string& input : *complete.mutable_input()) input = Renamed(input);
    if (node.op() == kDetectionPostProcess) {
      complete.set_op("PartitionedCall");
      complete.clear_attr();
      auto& attributes = *complete.mutable_attr();
      attributes["f"].mutable_func()->set_name(AddComposite(node));
      attributes["Tin"] = Types(std::vector(3, tf::DT_FLOAT));
      attributes["Tout"] =
          Types(std::vector(size_t{kDetectionOutputs}, tf::DT_FLOAT));
    }
    *graph_.add_node() = std::move(complete);
  }
  return {};
}

void ModelWriter::AddSignature(const ConcreteFunction& function) {
  tf::SignatureDef& signature =
      (*meta_.mutable_signature_def())[function.name.empty() ? "serving_default"
                                                             : function.name];
  signature.set_method_name(std::string(kPredict));
  const auto describe = [&](const FunctionArgument& argument) {
    tf::TensorInfo info;
    std::string tensor = Renamed(argument.tensor);
    if (tensor.find(':') == std::string::npos) tensor += ":0";
    info.set_name(tensor);
    info.set_dtype(ToTensorFlow(argument.type));
    *info.mutable_tensor_shape() = ToTensorFlow(argument.shape);
    return info;
  };
  for (const FunctionArgument& input : function.inputs)
    (*signature.mutable_inputs())[input.name] = describe(input);
  for (const FunctionArgument& output : function.outputs)
    (*signature.mutable_outputs())[output.name] = describe(output);
}

// Equal models give equal bytes: maps in the order of their keys.
std::string Serialize(const tf::SavedModel& model) {
  std::string bytes;
  google::protobuf::io::StringOutputStream stream(&bytes);
  google::protobuf::io::CodedOutputStream out(&stream);
  out.SetSerializationDeterministic(true);
  model.SerializeToCodedStream(&out);
  out.Trim();
  return bytes;
}

Result<void> ModelWriter::Write(std::span<const ConcreteFunction> functions,
                                const fs::path& directory) {
  model_.set_saved_model_schema_version(1);
  meta_.mutable_meta_info_def()->add_tags("serve");
  for (const ConcreteFunction& function : functions) {
    if (functions.size() > 1) prefix_ = UniqueFunction(function.name) + "/";
    variable_names_.clear();
    handle_names_.clear();
    TRY(AddGraph(function));
    AddSignature(function);
  }
  AddRestore();
  if (model_.ByteSizeLong() > kMaxGraphBytes)
    return Unsupported(
        "the graph takes more than 2 GB, which is too much for "
        "saved_model.pb");
  std::error_code error;
  fs::create_directories(directory / "variables", error);
  if (error)
    return tl::unexpected(Error{ErrorCode::kIo,
                                "cannot be made: " + error.message(),
                                directory.string()});
  TRY(WriteTensorBundle(directory / "variables" / "variables", variables_));
  const std::string bytes = Serialize(model_);
  return WriteFileAtomically(directory / "saved_model.pb",
                             std::as_bytes(std::span(bytes)));
}

}  // namespace

Result<void> WriteSavedModel(std::span<const ConcreteFunction> functions,
                             const fs::path& directory) {
  return ModelWriter().Write(functions, directory);
}

Result<void> WriteSavedModel(const ConcreteFunction& function,
                             const fs::path& directory) {
  return ModelWriter().Write(std::span(&function, 1), directory);
}

}  // namespace liteforge
