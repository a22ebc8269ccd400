// SPDX-License-Identifier: Apache-2.0
// Writing an ir::Graph so that everything computable disappears on the way.
//
// Emit() adds one operator, infers its outputs and then tries, in this order:
// to know its integer outputs from what is known of its inputs (shape
// arithmetic, known_integers.h), and to compute it outright when all inputs
// are constant. What was computed is a constant; no node remains.
//
// TFLite reads 8- and 16-bit integers as quantized numbers, TensorFlow as
// plain ones: plain arithmetic on them is emitted in int32 between two CASTs.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "ir/graph.h"
#include "liteforge/result.h"
#include "lower/known_integers.h"
#include "lower/lower.h"

namespace liteforge {

using ir::Value;

// Whether RESHAPE can be told this shape: at most one unknown dimension, which
// the element count gives, and then no 0 that would leave it open.
bool CanReshapeTo(const Shape& shape);

// Of a complex value; `only`: it exists as these alone (complex.h).
struct ComplexParts {
  Value* real = nullptr;
  Value* imaginary = nullptr;
  bool only = false;
};

class IrBuilder {
 public:
  // Both must outlive the builder.
  IrBuilder(ir::Graph& graph, ConstantEvaluator& evaluator)
      : graph_(graph), evaluator_(evaluator) {}

  ir::Graph& graph() { return graph_; }

  // What nodes and constants made from here on are named after: the name of a
  // TensorFlow node.
  void SetSource(std::string_view source);
  // No value will get this name by itself.
  void ReserveName(std::string_view name) { names_.emplace(name); }
  // Names a value that was made since SetSource() and not named since; others
  // (an Identity's operand) keep their names.
  void NameResult(Value* value, std::string_view name);

  // One operator with one output, or with `outputs` of them. Errors: those of
  // inference, and float64, which no kernel computes.
  Result<Value*> Emit(Op op, OpOptions options, std::vector<Value*> inputs);
  Result<std::vector<Value*>> EmitMany(Op op, OpOptions options,
                                       std::vector<Value*> inputs, int outputs);

  // An operator that runs subgraphs: its outputs are what they give.
  std::vector<Value*> EmitCall(Op op, OpOptions options,
                               std::vector<Value*> inputs,
                               std::vector<ir::Graph::OutputType> outputs);

  // While it lives, results are computed ahead of time up to this size, for
  // formulas that end in a constant which is meant to be in the file.
  class FoldUpTo {
   public:
    FoldUpTo(IrBuilder& ir, int64_t bytes)
        : ir_(ir), before_(ir.most_folded_bytes_) {
      ir.most_folded_bytes_ = bytes;
    }
    ~FoldUpTo() { ir_.most_folded_bytes_ = before_; }
    FoldUpTo(const FoldUpTo&) = delete;
    FoldUpTo& operator=(const FoldUpTo&) = delete;

   private:
    IrBuilder& ir_;
    int64_t before_;
  };

  //-------------------------------------------------------------- constants
  // data.size() must be what type and shape say.
  Value* Constant(DataType type, const Shape& shape, Blob data,
                  std::string_view what = "const");
  Value* Int32s(std::vector<int32_t> values);  // rank 1
  Value* Int32(int32_t value);                 // a scalar
  // A scalar of any plain number type.
  Result<Value*> Scalar(DataType type, double value);

  //------------------------------------------- operators with a cheaper form
  // Constants are moved in memory; an identity permutation is no operator.
  Result<Value*> Transpose(Value* x, std::span<const int32_t> permutation);
  // RESHAPE to a shape that CanReshapeTo. A constant keeps its bytes.
  Result<Value*> Reshape(Value* x, const Shape& shape);
  // CAST unless the type is that already. Constants of float16, bfloat16 and
  // float64 become float32 here.
  Result<Value*> Cast(Value* x, DataType type);
  // An int32 form of shapes, axes and sizes: TFLite's kernels want int32.
  Result<Value*> AsInt32(Value* x);
  // SHAPE as int32 or int64; constant when x is static.
  Result<Value*> ShapeOf(Value* x, DataType type);

  // What is known of an integer value: a constant's elements, or what shape
  // arithmetic could follow. nullopt: nothing.
  std::optional<KnownIntegers> Known(const Value* value) const;

  // Remembers that `value` is erf(x), which TFLite cannot say (gelu.h); and
  // the x of such a value, nullptr of others.
  void NoteErf(const Value* value, Value* x) { erf_arguments_[value] = x; }
  Value* ErfArgument(const Value* value) const;

  // Remembers the parts of a complex value, and gives them; nullptr: none
  // noted.
  void NoteParts(const Value* value, ComplexParts parts) {
    parts_[value] = parts;
  }
  const ComplexParts* FindParts(const Value* value) const {
    const auto found = parts_.find(value);
    return found == parts_.end() ? nullptr : &found->second;
  }

  // Remembers that `list` stands for as many elements as the scalar `count`
  // says, of a shape that is not known yet (tensor_list.h); and the count of
  // such a list, nullptr of other values.
  void NoteOpenList(const Value* list, Value* count) {
    open_lists_[list] = count;
  }
  Value* OpenListCount(const Value* list) const;

 private:
  std::string FreshName(std::string_view suffix);
  Result<std::vector<Value*>> AddNode(Op op, OpOptions options,
                                      std::vector<Value*> inputs, int outputs);
  Result<std::vector<Value*>> EmitWidened(Op op, OpOptions options,
                                          std::vector<Value*> inputs,
                                          int outputs);
  bool FoldKnown(ir::Node* node, std::vector<Value*>& outputs);
  bool FoldConstant(ir::Node* node, std::vector<Value*>& outputs);
  std::vector<Value*> Replace(
      ir::Node* node, const std::vector<ConstantEvaluator::Output>& results);

  ir::Graph& graph_;
  ConstantEvaluator& evaluator_;
  // A result is computed ahead of time only up to this size, unless it is no
  // more than twice what it is computed from: Fill and Tile would blow up the
  // file.
  int64_t most_folded_bytes_ = 1 << 20;
  std::string source_;
  std::unordered_set<std::string> names_;
  std::unordered_map<std::string, int> counts_;  // suffixes given out
  std::unordered_set<const Value*> fresh_;       // made since SetSource()
  std::unordered_map<const Value*, KnownIntegers> known_;
  std::unordered_map<const Value*, Value*> erf_arguments_;
  std::unordered_map<const Value*, Value*> open_lists_;
  std::unordered_map<const Value*, ComplexParts> parts_;
};

}  // namespace liteforge
