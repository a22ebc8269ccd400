// SPDX-License-Identifier: Apache-2.0
// Types and shapes of an operator's outputs, from its inputs and options: the
// one place that knows them. The compiler asks while it builds a graph (some
// dimensions unknown), the runtime asks in Prepare and, where an input's value
// decides a shape, again before Eval.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "liteforge/result.h"
#include "liteforge/types.h"
#include "ops/op.h"
#include "ops/options.h"

namespace liteforge {

// What is known of an input. `data` is null while the value is unknown; then
// everything that would depend on the value is unknown too.
struct TensorInfo {
  DataType type = DataType::kNone;  // kNone: an omitted optional input
  Shape shape;
  const void* data = nullptr;
  const Quantization* quantization = nullptr;

  bool present() const { return type != DataType::kNone; }
};

// One question to an inference function, and its answer.
//
// An inference function checks counts of inputs, ranks, axes and dimensions
// that must agree (unknown ones agree with anything), never quantization or
// which types a kernel has, and calls SetOutput for each output. Its errors
// speak of the operator's inputs by their role: "filter has 3 input channels,
// input has 4".
//
// `declared_outputs` has one entry per output; its type, where it is not
// kNone, is what the file (or the compiler) says the output is. Rules take it
// as the answer where inputs and options do not decide it (QUANTIZE), and so
// with its shape (READ_VARIABLE). Both spans must outlive the context.
class InferContext {
 public:
  InferContext(Op op, const OpOptions& options,
               std::span<const TensorInfo> inputs,
               std::span<const TensorInfo> declared_outputs);

  Op op() const { return op_; }
  template <class T>
  const T& options() const {
    return options_.Get<T>();
  }
  const OpOptions& any_options() const { return options_; }

  int input_count() const { return static_cast<int>(inputs_.size()); }
  int output_count() const { return static_cast<int>(declared_.size()); }

  // An input past the last is an omitted one.
  const TensorInfo& input(int i) const;
  bool has_input(int i) const { return input(i).present(); }
  DataType declared_type(int i) const;
  // The shape that goes with declared_type(); of unknown rank where there is
  // none.
  Shape declared_shape(int i) const;

  // The elements of an integer input (int8, int16, int32 or int64) whose value
  // is known; false when it is not known. An input of another type makes
  // InferOutputs fail: no run could tell its value either.
  bool GetIntegers(int i, std::vector<int64_t>& values) const;

  // Every output must be given once. One past output_count() is noted too, and
  // makes InferOutputs fail: rules need not count.
  void SetOutput(int i, DataType type, const Shape& shape);

  struct Output {
    DataType type = DataType::kNone;
    Shape shape;
    bool given = false;
  };
  const std::vector<Output>& outputs() const { return outputs_; }

  // The last input asked for integers that holds none; -1: there was none.
  int not_integers() const { return not_integers_; }

  // Whether a value was asked for that is not known yet: with it, the rule may
  // still find fault with what it has passed now.
  bool lacks_values() const { return lacks_values_; }

 private:
  Op op_;
  const OpOptions& options_;
  std::span<const TensorInfo> inputs_;
  std::span<const TensorInfo> declared_;
  std::vector<Output> outputs_;
  mutable int not_integers_ = -1;
  mutable bool lacks_values_ = false;
};

// One operator's rule.
struct InferRule {
  Op op;
  Result<void> (*infer)(InferContext&);
};

// Fills the outputs of `context`. kUnsupported when the operator has no rule,
// kInvalidModel also when the operator does not have the rule's outputs.
// A shape that cannot be known comes out with unknown dimensions or rank.
Result<void> InferOutputs(InferContext& context);

// Whether each output was given, and no other.
Result<void> CheckGiven(const InferContext& context);

// Every rule, sorted by operator number.
std::span<const InferRule> AllInferRules();

//------------------------------------------------------------------ helpers

// numpy's broadcasting of two shapes; unknown dimensions stay unknown unless
// the other side is larger than 1.
Result<Shape> Broadcast(const Shape& a, const Shape& b);

// Output extent and leading padding of a window along one axis, as TensorFlow
// counts them. kSame: ceil(input / stride), the odd pixel of padding goes
// after. kValid: ceil((input - effective_window + 1) / stride).
// input == kUnknownDim gives kUnknownDim.
int32_t WindowOutput(Padding padding, int32_t input, int32_t window,
                     int32_t stride, int32_t dilation);
int32_t WindowPadding(int32_t input, int32_t output, int32_t window,
                      int32_t stride, int32_t dilation);

// axis in [-rank, rank) brought to [0, rank); an error that names `role`
// otherwise.
Result<int> NormalizeAxis(int64_t axis, int rank, std::string_view role);

}  // namespace liteforge
