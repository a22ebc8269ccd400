// SPDX-License-Identifier: Apache-2.0
// A TensorArray's state is in its "flow", which stands in for the list; its
// handle only says how long it is.
//
//   TensorArrayV3(size) -> handle, flow      TensorListReserve(shape, size)
//   TensorArrayWriteV3(h, i, value, flow)    TensorListSetItem(flow, i, value)
//   TensorArrayReadV3(h, i, flow)            TensorListGetItem(flow, i, shape)
//   TensorArrayScatterV3(h, i, value, flow)  TensorListScatterIntoExistingList
//   TensorArrayGatherV3(h, i, flow)          TensorListGather
//   TensorArrayConcatV3(h, flow)             TensorListConcatV2
//   TensorArraySplitV3(h, value, n, flow)    TensorListSplit
//   TensorArraySizeV3(h, flow)               TensorListLength
//
// Source: tensorflow/core/ops/{data_flow_ops,list_ops}.cc.
#include <map>
#include <string>
#include <vector>

#include "function/concrete_function.h"
#include "import/saved_model/raise_control_flow.h"

namespace liteforge {
namespace {

// What an input of the list operator is: an input of the array's, or the shape
// of elements.
constexpr int kShape = -1;

struct Row {
  std::string_view from;
  const char* to;
  std::vector<int> inputs;
};

const std::vector<Row>& Rows() {
  static const std::vector<Row> rows = {
      {"TensorArrayWriteV3", "TensorListSetItem", {3, 1, 2}},
      {"TensorArrayReadV3", "TensorListGetItem", {2, 1, kShape}},
      {"TensorArrayScatterV3", "TensorListScatterIntoExistingList", {3, 2, 1}},
      {"TensorArrayGatherV3", "TensorListGather", {2, 1, kShape}},
      {"TensorArrayConcatV3", "TensorListConcatV2", {1, kShape, kShape}},
      {"TensorArraySplitV3", "TensorListSplit", {1, kShape, 2}},
      {"TensorArraySizeV3", "TensorListLength", {1}},
  };
  return rows;
}

// An int vector; a scalar of -1 where the rank is not known.
tf::NodeDef ShapeConst(const std::string& name, const tf::AttrValue* shape) {
  tf::NodeDef node;
  node.set_name(name);
  node.set_op("Const");
  (*node.mutable_attr())["dtype"].set_type(tf::DT_INT32);
  tf::TensorProto& tensor = *(*node.mutable_attr())["value"].mutable_tensor();
  tensor.set_dtype(tf::DT_INT32);
  if (shape == nullptr || !shape->has_shape() ||
      shape->shape().unknown_rank()) {
    tensor.mutable_tensor_shape();
    tensor.add_int_val(-1);
    return node;
  }
  tensor.mutable_tensor_shape()->add_dim()->set_size(shape->shape().dim_size());
  for (const auto& dim : shape->shape().dim())
    tensor.add_int_val(static_cast<int32_t>(dim.size()));
  return node;
}

const tf::AttrValue* FindAttr(const tf::NodeDef& node, const char* key) {
  const auto found = node.attr().find(key);
  return found == node.attr().end() ? nullptr : &found->second;
}

void SetElementType(tf::NodeDef& node) {
  if (const tf::AttrValue* type = FindAttr(node, "dtype")) {
    const tf::DataType value = type->type();
    (*node.mutable_attr())["element_dtype"].set_type(value);
  }
}

class TensorArrayRaiser {
 public:
  explicit TensorArrayRaiser(tf::GraphDef& graph) : graph_(graph) {}

  void Run() {
    const int count = graph_.node_size();
    for (int i = 0; i < count; ++i) {
      if (graph_.node(i).op() == "TensorArrayV3") RaiseArray(i);
    }
    for (int i = 0; i < count; ++i) RaiseUse(i);
    for (tf::NodeDef& node : *graph_.mutable_node()) Redirect(node);
  }

 private:
  std::string AddShape(const tf::NodeDef& node, const char* attribute) {
    const std::string name =
        node.name() + "/element_shape_" + std::to_string(shapes_++);
    tf::NodeDef shape = ShapeConst(name, FindAttr(node, attribute));
    *graph_.add_node() = std::move(shape);
    return name;
  }

  // Output 0 becomes the list; who read the handle reads the size.
  void RaiseArray(int i) {
    if (graph_.node(i).input_size() < 1) return;
    const std::string shape = AddShape(graph_.node(i), "element_shape");
    tf::NodeDef& node = *graph_.mutable_node(i);
    const std::string size = node.input(0);
    node.set_op("TensorListReserve");
    node.set_input(0, shape);
    const std::string first = size;
    node.add_input(first);
    SetElementType(node);
    redirected_[{node.name(), 0}] = size;
    redirected_[{node.name(), 1}] = node.name();
  }

  void RaiseUse(int i) {
    for (const Row& row : Rows()) {
      if (graph_.node(i).op() != row.from) continue;
      const std::vector<std::string> old(graph_.node(i).input().begin(),
                                         graph_.node(i).input().end());
      std::vector<std::string> inputs;
      for (const int input : row.inputs) {
        if (input < 0) {
          inputs.push_back(AddShape(graph_.node(i), "element_shape_except0"));
        } else if (static_cast<size_t>(input) < old.size()) {
          inputs.push_back(old[static_cast<size_t>(input)]);
        }
      }
      tf::NodeDef& node = *graph_.mutable_node(i);
      node.set_op(row.to);
      SetElementType(node);
      node.clear_input();
      for (std::string& input : inputs) node.add_input(std::move(input));
      return;
    }
  }

  void Redirect(tf::NodeDef& node) {
    for (std::string& input : *node.mutable_input()) {
      const InputReference at = ParseInput(input);
      if (at.control) continue;
      const auto found = redirected_.find({std::string(at.node), at.output});
      if (found != redirected_.end()) input = found->second;
    }
  }

  tf::GraphDef& graph_;
  int shapes_ = 0;
  std::map<std::pair<std::string, int>, std::string> redirected_;
};

}  // namespace

void RaiseTensorArrays(tf::GraphDef& graph) { TensorArrayRaiser(graph).Run(); }

}  // namespace liteforge
