// SPDX-License-Identifier: Apache-2.0
// The compiler's graph, in TFLite operators.
//
// A Module is what becomes one .tflite: graphs (subgraphs; graph 0 runs first)
// and signatures. A Graph owns its values and its nodes; nodes stand in
// topological order. Values know their producer and their users, and every
// edit goes through Graph or Node so that this stays true.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/blob.h"
#include "liteforge/result.h"
#include "liteforge/types.h"
#include "ops/op.h"
#include "ops/options.h"

namespace liteforge::ir {

class Graph;
class Node;

// A tensor: a graph input, a constant, or an output of a node.
class Value {
 public:
  std::string name;
  DataType type = DataType::kNone;
  Shape shape;
  Quantization quantization;
  bool is_variable = false;

  // Bytes of a constant, row-major, little-endian. Meaningful when
  // is_constant(); a constant of no elements has none.
  const Blob& data() const { return data_; }
  bool is_constant() const { return is_constant_; }
  void SetConstant(Blob data) {
    data_ = std::move(data);
    is_constant_ = true;
  }
  template <class T>
  std::vector<T> ToVector() const {
    return data_.ToVector<T>();
  }

  Node* producer() const { return producer_; }  // null: input or constant
  int producer_output() const { return producer_output_; }
  // The nodes that read it, once per operand, in no particular order.
  std::span<Node* const> users() const { return users_; }
  bool is_graph_output() const { return graph_output_uses_ > 0; }
  // Exactly one operand in the graph reads it and it is not an output.
  bool has_one_use() const {
    return users_.size() == 1 && graph_output_uses_ == 0;
  }

 private:
  friend class Graph;
  friend class Node;
  Blob data_;
  bool is_constant_ = false;
  Node* producer_ = nullptr;
  int producer_output_ = 0;
  std::vector<Node*> users_;
  int graph_output_uses_ = 0;
};

class Node {
 public:
  Op op() const { return op_; }
  OpOptions options;
  template <class T>
  const T& Options() const {
    return options.Get<T>();
  }
  // Where in the source it came from, for messages: "conv1/Conv2D".
  std::string source;

  std::span<Value* const> inputs() const { return inputs_; }
  std::span<Value* const> outputs() const { return outputs_; }
  // nullptr for an omitted or absent optional input.
  Value* input(int i) const {
    return static_cast<size_t>(i) < inputs_.size()
               ? inputs_[static_cast<size_t>(i)]
               : nullptr;
  }
  Value* output(int i = 0) const { return outputs_[static_cast<size_t>(i)]; }

  // Replaces one operand (nullptr: omitted). Grows the list when needed.
  void SetInput(int i, Value* value);
  void RemoveInput(int i);
  // For rewrites that turn one operator into another with the same outputs.
  void SetOp(Op op, OpOptions new_options);

 private:
  friend class Graph;
  Op op_ = Op::kCustom;
  std::vector<Value*> inputs_;
  std::vector<Value*> outputs_;
};

class Graph {
 public:
  std::string name;

  Value* AddInput(std::string name, DataType type, Shape shape);
  Value* AddConstant(std::string name, DataType type, Shape shape, Blob data);

  // Appends a node, or puts it in front of `before`. Its outputs are made
  // here, typed and shaped by inference (ops/infer.h); names are given by the
  // caller or "" to derive them from `source`. Errors: what inference says.
  Result<Node*> AddNode(Op op, OpOptions options, std::vector<Value*> inputs,
                        int output_count, std::string source,
                        Node* before = nullptr);
  // The same where the outputs' types are the caller's knowledge (custom
  // operators, operators read from a file).
  struct OutputType {
    std::string name;
    DataType type;
    Shape shape;
  };
  Node* AddNodeWithTypes(Op op, OpOptions options, std::vector<Value*> inputs,
                         std::vector<OutputType> outputs, std::string source,
                         Node* before = nullptr);

  void AddOutput(Value* value);
  void SetOutput(int i, Value* value);

  // Every reader of `from`, graph outputs included, reads `to` instead.
  void ReplaceAllUses(Value* from, Value* to);
  // The node's outputs must have no users left.
  void RemoveNode(Node* node);
  // Drops nodes whose outputs nobody reads (stateful ones stay) and constants
  // without users. Graph inputs stay. Returns how many nodes went.
  int RemoveDead();

  std::span<Value* const> inputs() const { return inputs_; }
  std::span<Value* const> outputs() const { return outputs_; }
  // In topological order. Iterate over a copy while editing: Nodes().
  const std::vector<std::unique_ptr<Node>>& nodes() const { return nodes_; }
  std::vector<Node*> Nodes() const;
  const std::vector<std::unique_ptr<Value>>& values() const { return values_; }

 private:
  Value* NewValue(std::string name, DataType type, Shape shape);
  std::vector<std::unique_ptr<Value>> values_;
  std::vector<std::unique_ptr<Node>> nodes_;
  std::vector<Value*> inputs_;
  std::vector<Value*> outputs_;
};

// Names for the tensors at a graph's border.
struct Signature {
  std::string key;  // "serving_default"
  int graph = 0;
  std::vector<std::pair<std::string, Value*>> inputs;
  std::vector<std::pair<std::string, Value*>> outputs;
};

struct Module {
  std::vector<std::unique_ptr<Graph>> graphs;
  std::vector<Signature> signatures;
  std::map<std::string, Blob> metadata;
  std::string description;
};

// Whether an operator has an effect beyond its outputs, so that it must not
// be dropped, merged or evaluated early.
bool IsStateful(Op op);

// Checks everything the passes rely on: topological order, uses and
// producers in agreement, outputs inferred as stated. kInternal otherwise.
Result<void> Verify(const Graph& graph);

// One line a node; what the pass tests compare. Constants print as their
// values when they have at most eight elements.
//
//   graph main(%x: float32[1,8]) {
//     %y: float32[1,4] = FULLY_CONNECTED(%x, @w: float32[4,8], none) {…}
//     return %y
//   }
std::string Print(const Graph& graph);

}  // namespace liteforge::ir
