// SPDX-License-Identifier: Apache-2.0
#include "import/saved_model/narrow_types.h"

#include <fmt/format.h>

#include "base/try.h"
#include "formats/tensorflow/tensor_proto.h"

namespace liteforge {
namespace {

Blob ToFloat32(const Blob& data) {
  const std::vector<double> wide = data.ToVector<double>();
  std::vector<float> narrow(wide.size());
  for (size_t i = 0; i < wide.size(); ++i)
    narrow[i] = static_cast<float>(wide[i]);
  return Blob::Own(std::move(narrow));
}

bool NarrowAttribute(tf::AttrValue& value) {
  bool found = false;
  if (value.type() == tf::DT_DOUBLE) {
    value.set_type(tf::DT_FLOAT);
    found = true;
  }
  if (value.has_tensor() && value.tensor().dtype() == tf::DT_DOUBLE) {
    value.mutable_tensor()->set_dtype(tf::DT_FLOAT);
    found = true;
  }
  if (!value.has_list()) return found;
  auto& types = *value.mutable_list()->mutable_type();
  for (int i = 0; i < types.size(); ++i) {
    if (types[i] != tf::DT_DOUBLE) continue;
    types.Set(i, tf::DT_FLOAT);
    found = true;
  }
  return found;
}

Result<bool> NarrowNode(tf::NodeDef& node, ConcreteFunction& function) {
  // The values first: their type is about to be forgotten.
  const auto value = node.attr().find("value");
  const bool wide = value != node.attr().end() && value->second.has_tensor() &&
                    value->second.tensor().dtype() == tf::DT_DOUBLE;
  if (wide) {
    const auto outside = function.constants.find(node.name());
    Blob data;
    if (outside != function.constants.end()) {
      data = outside->second;
    } else {
      TRY_ASSIGN(data, DecodeTensor(value->second.tensor()));
    }
    tf::TensorProto& tensor = *(*node.mutable_attr())["value"].mutable_tensor();
    const tf::TensorShapeProto shape = tensor.tensor_shape();
    tensor.Clear();
    tensor.set_dtype(tf::DT_FLOAT);
    *tensor.mutable_tensor_shape() = shape;
    function.constants[node.name()] = ToFloat32(data);
  }
  bool found = wide;
  for (auto& [key, attribute] : *node.mutable_attr())
    found = NarrowAttribute(attribute) || found;
  return found;
}

}  // namespace

Result<bool> NarrowFloat64(ConcreteFunction& function) {
  bool found = false;
  for (tf::NodeDef& node : *function.graph.mutable_node()) {
    auto narrowed = NarrowNode(node, function);
    if (!narrowed) {
      return tl::unexpected(std::move(narrowed.error())
                                .In(fmt::format("node '{}'", node.name())));
    }
    found = *narrowed || found;
  }
  for (auto* arguments : {&function.inputs, &function.outputs}) {
    for (FunctionArgument& argument : *arguments) {
      if (argument.type != DataType::kFloat64) continue;
      argument.type = DataType::kFloat32;
      found = true;
    }
  }
  for (auto& [name, called] : function.functions) {
    auto copy = std::make_shared<ConcreteFunction>(*called);
    TRY_ASSIGN(const bool narrowed, NarrowFloat64(*copy));
    if (!narrowed) continue;
    called = std::move(copy);
    found = true;
  }
  return found;
}

}  // namespace liteforge
