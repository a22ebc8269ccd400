// SPDX-License-Identifier: Apache-2.0
// A verified .tflite as plain structs. What TfliteModel promises holds here
// too. Constants stay where they are: in the mapped file.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/blob.h"
#include "formats/tflite/model_reader.h"
#include "liteforge/result.h"
#include "liteforge/types.h"
#include "ops/op.h"
#include "ops/options.h"

namespace liteforge {

struct ModelTensor {
  std::string name;
  DataType type = DataType::kNone;
  Shape shape;
  Shape shape_signature;  // `shape` where the file gives none
  Quantization quantization;
  bool is_variable = false;
  bool is_constant = false;
  Blob data;  // of a constant; aligned for the type, exactly the shape's bytes
};

struct NodeSpec {
  Op op = Op::kCustom;
  OpOptions options;
  std::vector<int> inputs;  // tensors; -1 for an omitted optional one
  std::vector<int> outputs;
  std::vector<int> intermediates = {};  // carry quantization only
};

// Nodes stand in an order that can run, and each tensor is made at most once.
struct GraphSpec {
  int index = 0;  // in the file
  std::string name;
  std::vector<ModelTensor> tensors;
  std::vector<NodeSpec> nodes;
  std::vector<int> inputs;
  std::vector<int> outputs;
};

struct SignatureSpec {
  std::string key;
  int graph = 0;
  std::vector<std::pair<std::string, int>> inputs;  // name, tensor
  std::vector<std::pair<std::string, int>> outputs;
};

struct ModelSpec {
  Blob bytes;  // keeps the file mapped
  std::vector<GraphSpec> graphs;
  std::vector<SignatureSpec> signatures;
};

// Errors: kUnsupported for sparse and blockwise-quantized tensors,
// kInvalidModel for bools that are neither 0 nor 1; they name the tensor.
Result<ModelSpec> LoadModel(const TfliteModel& file);

// "CONV_2D"; "CUSTOM 'Name'".
std::string OperatorName(const NodeSpec& node);

// "operator 3 (CONV_2D) 'conv1/Relu'", in front of errors; a subgraph other
// than the first is named too.
std::string Place(const GraphSpec& graph, size_t node);

}  // namespace liteforge
