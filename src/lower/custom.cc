// SPDX-License-Identifier: Apache-2.0
#include "lower/custom.h"

#include <flatbuffers/flexbuffers.h>

#include <map>

namespace liteforge {
namespace {

using Flex = flexbuffers::Builder;

int64_t TypeNumberOf(tf::DataType type) {
  return static_cast<int64_t>(FromTensorFlow(type));
}

void AddList(Flex& flex, const char* key,
             const tf::AttrValue::ListValue& list) {
  const size_t start = flex.StartVector(key);
  for (const std::string& text : list.s()) flex.String(text);
  for (const int64_t number : list.i()) flex.Int(number);
  for (const float number : list.f()) flex.Float(number);
  for (const bool truth : list.b()) flex.Bool(truth);
  for (const int type : list.type())
    flex.Int(TypeNumberOf(static_cast<tf::DataType>(type)));
  flex.EndVector(start, false, false);
}

void AddAttribute(Flex& flex, const char* key, const tf::AttrValue& value) {
  switch (value.value_case()) {
    case tf::AttrValue::kS:
      return flex.String(key, value.s());
    case tf::AttrValue::kI:
      return flex.Int(key, value.i());
    case tf::AttrValue::kF:
      return flex.Float(key, value.f());
    case tf::AttrValue::kB:
      return flex.Bool(key, value.b());
    case tf::AttrValue::kType:
      return flex.Int(key, TypeNumberOf(value.type()));
    case tf::AttrValue::kList:
      return AddList(flex, key, value.list());
    default:
      return;
  }
}

const tf::AttrValue* Find(const tf::NodeDef& node, const char* name) {
  const auto found = node.attr().find(name);
  return found == node.attr().end() ? nullptr : &found->second;
}

// kNone: the node does not say.
DataType TypeOf(const tf::NodeDef& node, int output) {
  const tf::AttrValue* types = Find(node, "Tout");
  if (types != nullptr && output < types->list().type_size())
    return FromTensorFlow(
        static_cast<tf::DataType>(types->list().type(output)));
  for (const char* name : {"dtype", "output_type", "Tout", "T"}) {
    const tf::AttrValue* type = Find(node, name);
    if (type != nullptr && type->has_type())
      return FromTensorFlow(type->type());
  }
  return DataType::kNone;
}

Shape OutputShapeOf(const tf::NodeDef& node, int output) {
  const tf::AttrValue* shapes = Find(node, "_output_shapes");
  return shapes != nullptr && output < shapes->list().shape_size()
             ? FromTensorFlow(shapes->list().shape(output))
             : Shape::UnknownRank();
}

}  // namespace

std::vector<uint8_t> CustomOptionBytes(const tf::NodeDef& node) {
  // Protocol buffers keep their maps in no order.
  std::map<std::string, const tf::AttrValue*> sorted;
  for (const auto& [key, value] : node.attr()) {
    if (!key.starts_with('_')) sorted[key] = &value;
  }
  Flex flex;
  const size_t start = flex.StartMap();
  for (const auto& [key, value] : sorted)
    AddAttribute(flex, key.c_str(), *value);
  flex.EndMap(start);
  flex.Finish();
  return flex.GetBuffer();
}

Result<void> LowerCustom(LowerContext& c, int outputs) {
  std::vector<ir::Graph::OutputType> types;
  for (int i = 0; i < outputs; ++i) {
    const DataType type = TypeOf(c.node(), i);
    if (type == DataType::kNone)
      return Unsupported(
          "it is to be a custom operator, but does not say of what type its "
          "outputs are");
    types.push_back({"", type, OutputShapeOf(c.node(), i)});
  }
  const auto values = c.ir().EmitCall(
      Op::kCustom, CustomOptions{c.node().op(), CustomOptionBytes(c.node())},
      c.inputs(), std::move(types));
  for (size_t i = 0; i < values.size(); ++i)
    c.SetOutput(static_cast<int>(i), values[i]);
  return {};
}

}  // namespace liteforge
