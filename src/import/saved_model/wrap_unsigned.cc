// SPDX-License-Identifier: Apache-2.0
//   Add, Mul, LeftShift …         FloorMod of the result by 2^32
//   Cast to uint32                likewise, of the Cast to int64
//   Invert                        2^32 - 1 - x
//   Bitcast int32 -> uint32       as the Cast;    uint32 -> int32   Cast, which
//                                 keeps the lower 32 bits
//   Bitcast float <-> uint32      by int32
#include "import/saved_model/wrap_unsigned.h"

#include <fmt/format.h>

#include <set>

namespace liteforge {
namespace {

constexpr int64_t kModulus = int64_t{1} << 32;

bool MayLeaveRange(std::string_view op) {
  static const std::set<std::string_view> kOps = {
      "Add", "AddN", "AddV2", "Cumprod", "Cumsum", "LeftShift", "Mul",
      "Neg", "Pow",  "Prod",  "Square",  "Sub",    "Sum"};
  return kOps.contains(op);
}

tf::DataType TypeAttribute(const tf::NodeDef& node, const char* name) {
  const auto found = node.attr().find(name);
  return found == node.attr().end() ? tf::DT_INVALID : found->second.type();
}

class Wrapper {
 public:
  explicit Wrapper(ConcreteFunction& function) : function_(function) {}

  void Run() {
    tf::GraphDef before;
    before.Swap(&function_.graph);
    function_.graph = before;
    function_.graph.clear_node();
    for (tf::NodeDef& node : *before.mutable_node()) Rewrite(node);
  }

 private:
  tf::NodeDef& Add(tf::NodeDef node) {
    tf::NodeDef& added = *function_.graph.add_node();
    added = std::move(node);
    return added;
  }

  std::string AddNumber(const std::string& name, int64_t value) {
    tf::NodeDef node;
    node.set_name(name);
    node.set_op("Const");
    (*node.mutable_attr())["dtype"].set_type(tf::DT_INT64);
    tf::TensorProto& tensor = *(*node.mutable_attr())["value"].mutable_tensor();
    tensor.set_dtype(tf::DT_INT64);
    tensor.mutable_tensor_shape();
    tensor.add_int64_val(value);
    Add(std::move(node));
    return name;
  }

  // The node under another name, and its remainder under its own.
  void Wrap(tf::NodeDef node) {
    const std::string name = node.name();
    const std::string wide = name + "/wide";
    node.set_name(wide);
    Add(std::move(node));
    tf::NodeDef wrapped;
    wrapped.set_name(name);
    wrapped.set_op("FloorMod");
    wrapped.add_input(wide);
    wrapped.add_input(AddNumber(name + "/modulus", kModulus));
    (*wrapped.mutable_attr())["T"].set_type(tf::DT_INT64);
    Add(std::move(wrapped));
  }

  static tf::NodeDef Converting(const char* op, const std::string& name,
                                const std::string& input, tf::DataType from,
                                tf::DataType to) {
    const bool cast = std::string_view(op) == "Cast";
    tf::NodeDef node;
    node.set_name(name);
    node.set_op(op);
    node.add_input(input);
    (*node.mutable_attr())[cast ? "SrcT" : "T"].set_type(from);
    (*node.mutable_attr())[cast ? "DstT" : "type"].set_type(to);
    return node;
  }

  // Between uint32 and another type of 32 bits.
  void RewriteBitcast(const tf::NodeDef& node, tf::DataType from,
                      tf::DataType to) {
    const std::string bits = node.name() + "/bits";
    std::string input = node.input(0);
    if (to == tf::DT_UINT32) {
      if (from != tf::DT_INT32) {
        Add(Converting("Bitcast", bits, input, from, tf::DT_INT32));
        input = bits;
      }
      Wrap(Converting("Cast", node.name(), input, tf::DT_INT32, tf::DT_INT64));
      return;
    }
    const bool whole = to == tf::DT_INT32;
    Add(Converting("Cast", whole ? node.name() : bits, input, tf::DT_INT64,
                   tf::DT_INT32));
    if (!whole) Add(Converting("Bitcast", node.name(), bits, tf::DT_INT32, to));
  }

  void Rewrite(tf::NodeDef& node) {
    const auto same_size = [](tf::DataType type) {
      return type == tf::DT_INT32 || type == tf::DT_FLOAT;
    };
    const tf::DataType own = TypeAttribute(node, "T");
    const tf::DataType to = TypeAttribute(node, "type");
    const bool is_own = own == tf::DT_UINT32;
    if (node.op() == "Bitcast" && node.input_size() > 0 &&
        ((is_own && same_size(to)) ||
         (to == tf::DT_UINT32 && same_size(own)))) {
      RewriteBitcast(node, own, to);
    } else if (is_own && node.op() == "Invert" && node.input_size() > 0) {
      const std::string ones = AddNumber(node.name() + "/ones", kModulus - 1);
      node.set_op("Sub");
      const std::string x = node.input(0);
      node.set_input(0, ones);
      node.add_input(x);
      Add(std::move(node));
    } else if ((is_own && MayLeaveRange(node.op())) ||
               (node.op() == "Cast" &&
                TypeAttribute(node, "DstT") == tf::DT_UINT32)) {
      Wrap(std::move(node));
    } else {
      Add(std::move(node));
    }
  }

  ConcreteFunction& function_;
};

bool HasUnsigned(const tf::GraphDef& graph) {
  for (const tf::NodeDef& node : graph.node()) {
    for (const auto& [key, value] : node.attr()) {
      if (value.type() == tf::DT_UINT32) return true;
    }
  }
  return false;
}

}  // namespace

void WrapUnsigned(ConcreteFunction& function) {
  if (HasUnsigned(function.graph)) Wrapper(function).Run();
}

}  // namespace liteforge
