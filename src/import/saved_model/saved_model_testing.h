// SPDX-License-Identifier: Apache-2.0
// For tests: SavedModels written as text.
#pragma once

#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "formats/tensorflow/write_tensor_bundle.h"

namespace liteforge {

// A SavedModel's directory, gone with the object.
class SavedModelDirectory {
 public:
  explicit SavedModelDirectory(const std::string& model) {
    std::string name =
        (std::filesystem::temp_directory_path() / "saved_XXXXXX").string();
    path_ = mkdtemp(name.data());
    std::ofstream(path_ / "saved_model.pbtxt") << model;
  }
  SavedModelDirectory(const SavedModelDirectory&) = delete;
  SavedModelDirectory& operator=(const SavedModelDirectory&) = delete;
  ~SavedModelDirectory() { std::filesystem::remove_all(path_); }
  const std::filesystem::path& path() const { return path_; }

  SavedModelDirectory& WithVariable(const std::string& name, const Shape& shape,
                                    const std::vector<float>& values) {
    variables_[name] = {DataType::kFloat32, shape, Blob::Own(values)};
    std::filesystem::create_directories(path_ / "variables");
    static_cast<void>(
        WriteTensorBundle(path_ / "variables" / "variables", variables_));
    return *this;
  }
  SavedModelDirectory& WithAsset(const std::string& name,
                                 const std::string& text) {
    std::filesystem::create_directories(path_ / "assets");
    std::ofstream(path_ / "assets" / name) << text;
    return *this;
  }

 private:
  std::filesystem::path path_;
  std::map<std::string, StoredTensor> variables_;
};

inline std::string Attribute(const std::string& key, const std::string& value) {
  return "attr { key: '" + key + "' value { " + value + " } } ";
}
inline std::string Type(const std::string& key, const std::string& type) {
  return Attribute(key, "type: DT_" + type);
}
inline std::string Calls(const std::string& key, const std::string& function) {
  return Attribute(key, "func { name: '" + function + "' }");
}

// A node's message; "node" or "node_def" goes in front.
inline std::string Node(const std::string& name, const std::string& op,
                        const std::vector<std::string>& inputs,
                        const std::string& attributes = "") {
  std::string text = "{ name: '" + name + "' op: '" + op + "'";
  for (const std::string& input : inputs) text += " input: '" + input + "'";
  return text + " " + attributes + " }\n";
}

// A constant of rank 0 or 1; `values` as TensorProto has them in text.
inline std::string Const(const std::string& name, const std::string& type,
                         int count, const std::string& values) {
  const std::string dims =
      count < 0 ? "" : "dim { size: " + std::to_string(count) + " }";
  return Node(
      name, "Const", {},
      Type("dtype", type) +
          Attribute("value", "tensor { dtype: DT_" + type + " tensor_shape { " +
                                 dims + " } " + values + " }"));
}

const std::string kFloatInput = Type("dtype", "FLOAT");

inline std::string Input(const std::string& name,
                         const std::string& type = "FLOAT") {
  return "node " + Node(name, "Placeholder", {}, Type("dtype", type));
}

// A tensor of a signature; `dims` as TensorShapeProto has them in text.
inline std::string TensorInfo(
    const std::string& key, const std::string& name,
    const std::string& type = "FLOAT",
    const std::string& dims = "dim { size: -1 } dim { size: 2 }") {
  return "{ key: '" + key + "' value { name: '" + name + "' dtype: DT_" + type +
         " tensor_shape { " + dims + " } } } ";
}

// From "x" to "y", [-1,2] in float unless said.
inline std::string Signature(const std::string& key, const std::string& input,
                             const std::string& output) {
  return "signature_def { key: '" + key + "' value { inputs " +
         TensorInfo("x", input) + " outputs " + TensorInfo("y", output) +
         " } }\n";
}

inline std::string Meta(const std::string& nodes, const std::string& functions,
                        const std::string& rest,
                        const std::string& tags = "tags: 'serve'") {
  return "meta_graphs { meta_info_def { " + tags + " } graph_def { " + nodes +
         " library { " + functions + " } } " + rest + " }\n";
}

// A function's message: `inputs` and `outputs` are pairs of name and type,
// `body` has node_defs, `results` ret and control_ret.
using NamesAndTypes = std::vector<std::pair<std::string, std::string>>;
inline std::string DefineFunction(
    const std::string& name, const NamesAndTypes& inputs,
    const NamesAndTypes& outputs, const std::string& body,
    const std::map<std::string, std::string>& results,
    const std::string& rest = "") {
  std::string text = "function { signature { name: '" + name + "' ";
  for (const auto& [input, type] : inputs)
    text += "input_arg { name: '" + input + "' type: DT_" + type + " } ";
  for (const auto& [output, type] : outputs)
    text += "output_arg { name: '" + output + "' type: DT_" + type + " } ";
  text += "} " + body;
  for (const auto& [key, value] : results)
    text += " ret { key: '" + key + "' value: '" + value + "' }";
  return text + rest + " }\n";
}

inline std::string CallOf(const std::string& function,
                          const std::vector<std::string>& inputs,
                          const std::string& name = "call") {
  return "node " +
         Node(name, "StatefulPartitionedCall", inputs, Calls("f", function));
}

}  // namespace liteforge
