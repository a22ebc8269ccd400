// SPDX-License-Identifier: Apache-2.0
// The hub of the converter: one TensorFlow graph with named inputs and
// outputs. Every source becomes one of these; lowering and SavedModel writing
// read it.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/blob.h"
#include "formats/tensorflow/graph.pb.h"
#include "formats/tensorflow/tensor_proto.h"
#include "liteforge/result.h"
#include "liteforge/types.h"

namespace liteforge {

// One input or output of the signature.
struct FunctionArgument {
  std::string name;    // the signature's key
  std::string tensor;  // where in the graph: "input_1" or "dense/Softmax:1"
  DataType type = DataType::kNone;
  Shape shape;
};

struct ConcreteFunction {
  std::string name;    // also the signature key: "serving_default"
  std::string source;  // the file it came from, for messages
  tf::GraphDef graph;  // nodes in topological order
  std::vector<FunctionArgument> inputs;  // each a Placeholder node
  std::vector<FunctionArgument> outputs;

  // Values of Const nodes, by node name: row-major, little-endian. Such a
  // node's "value" attribute has dtype and shape and no content. (Small
  // constants of imported graphs may also lie in the attribute itself.)
  std::map<std::string, Blob> constants;
  // The Const nodes whose values are those of the model's variables.
  std::set<std::string> variables;
  // What nodes call by an attribute and cannot be inlined: branches, conditions
  // and bodies of loops, by the attribute's name. Their inputs and outputs
  // stand in the order of the node's operands and results.
  std::map<std::string, std::shared_ptr<const ConcreteFunction>> functions;
};

// Puts the nodes in the order in which they are needed by the outputs, these
// taken by their names: the order of an imported SavedModel, so that a model
// and its SavedModel become the same file. Nodes that are not needed go; inputs
// stay, in front.
void OrderByOutputs(ConcreteFunction& function);

// Where an input string of a NodeDef points: "a:1" -> {"a", 1, false},
// "^a" -> {"a", 0, true}.
struct InputReference {
  std::string_view node;
  int output = 0;
  bool control = false;
};
InputReference ParseInput(std::string_view input);

}  // namespace liteforge
