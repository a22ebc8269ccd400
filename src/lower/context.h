// SPDX-License-Identifier: Apache-2.0
// What the lowering of one TensorFlow node sees: its attributes, its inputs
// as values of the new graph, and where its outputs go.
//
//   Result<void> LowerElu(LowerContext& c) {
//     TRY_ASSIGN(Value * y, c.ir().Emit(Op::kElu, {}, {c.input(0)}));
//     c.SetOutput(0, y);
//     return {};
//   }
//   constexpr TfOp kOps[] = {{"Elu", 1, LowerElu}};
//
// Errors need not name the node: the walk adds "node 'conv1' (Conv2D)".
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/try.h"
#include "formats/tensorflow/graph.pb.h"
#include "lower/called_functions.h"
#include "lower/ir_builder.h"

namespace liteforge {

class LowerContext {
 public:
  // `inputs` are the data inputs in order, none null.
  LowerContext(const tf::NodeDef& node, std::vector<Value*> inputs,
               IrBuilder& ir, CalledFunctions& calls)
      : node_(node), inputs_(std::move(inputs)), ir_(ir), calls_(calls) {}

  const tf::NodeDef& node() const { return node_; }
  IrBuilder& ir() const { return ir_; }
  // The functions that the node calls.
  CalledFunctions& calls() const { return calls_; }

  //---------------------------------------------------------------- operands
  int input_count() const { return static_cast<int>(inputs_.size()); }
  // 0 <= i < the table's count of inputs, which the walk has checked.
  Value* input(int i) const { return inputs_[static_cast<size_t>(i)]; }
  const std::vector<Value*>& inputs() const { return inputs_; }

  // The elements of an integer input that must be known while converting;
  // kUnsupported names its `role` otherwise.
  Result<std::vector<int64_t>> IntegersOf(int i, std::string_view role) const;
  // The same, one element.
  Result<int64_t> IntegerOf(int i, std::string_view role) const;

  // Outputs nobody sets do not exist: a reader of them is an error.
  void SetOutput(int i, Value* value);
  const std::vector<Value*>& outputs() const { return outputs_; }

  //-------------------------------------------------------------- attributes
  // Without a default the attribute must be there. kInvalidModel names the
  // attribute when it is missing or holds another kind of value. T is int64_t,
  // float, bool, std::string, DataType or std::vector<int64_t>.
  template <class T>
  Result<T> Attribute(const char* name) const {
    TRY_ASSIGN(const tf::AttrValue* value, Required(name));
    return Read<T>(name, *value);
  }
  template <class T>
  Result<T> Attribute(const char* name, T otherwise) const {
    const tf::AttrValue* value = Find(name);
    if (value == nullptr) return otherwise;
    return Read<T>(name, *value);
  }
  // Which of the choices a string attribute is; `otherwise` when it is absent.
  // kUnsupported lists the choices when it is none.
  Result<size_t> Choice(const char* name,
                        std::span<const std::string_view> choices,
                        std::optional<size_t> otherwise = std::nullopt) const;
  // The name of the function that an attribute says.
  Result<std::string> FunctionName(const char* name) const;
  // An integer attribute in [low, high].
  Result<int32_t> IntegerIn(const char* name, int64_t low, int64_t high) const;

 private:
  const tf::AttrValue* Find(const char* name) const;
  Result<const tf::AttrValue*> Required(const char* name) const;
  template <class T>
  static Result<T> Read(const char* name, const tf::AttrValue& value);

  const tf::NodeDef& node_;
  std::vector<Value*> inputs_;
  IrBuilder& ir_;
  CalledFunctions& calls_;
  std::vector<Value*> outputs_;
};

template <>
Result<int64_t> LowerContext::Read(const char*, const tf::AttrValue&);
template <>
Result<float> LowerContext::Read(const char*, const tf::AttrValue&);
template <>
Result<bool> LowerContext::Read(const char*, const tf::AttrValue&);
template <>
Result<std::string> LowerContext::Read(const char*, const tf::AttrValue&);
template <>
Result<DataType> LowerContext::Read(const char*, const tf::AttrValue&);
template <>
Result<std::vector<int64_t>> LowerContext::Read(const char*,
                                                const tf::AttrValue&);

// How one TensorFlow operation is lowered. `inputs` is the least number of
// data inputs.
struct TfOp {
  std::string_view name;
  int inputs;
  Result<void> (*lower)(LowerContext&);
};

// For lowerings of one output: sets it, or passes the error on.
inline Result<void> Finish(LowerContext& c, Result<Value*> value) {
  TRY_ASSIGN(Value * output, std::move(value));
  c.SetOutput(0, output);
  return {};
}

}  // namespace liteforge
