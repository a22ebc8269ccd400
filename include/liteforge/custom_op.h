// SPDX-License-Identifier: Apache-2.0
// Operators of your own, for models that contain CUSTOM nodes.
//
//   CustomOp square;
//   square.name = "Square";  // the node's custom_code
//   square.infer = [](CustomOpShapes& op) -> Result<void> {
//     if (op.input_count() != 1) return InvalidModel("needs one input");
//     op.SetOutput(0, DataType::kFloat32, op.Input(0).shape);
//     return {};
//   };
//   square.eval = [](CustomOpRun& op) -> Result<void> {
//     const auto x = op.Input(0).Values<float>();
//     const auto y = op.Output(0).Values<float>();
//     for (size_t i = 0; i < y.size(); ++i) y[i] = x[i] * x[i];
//     return {};
//   };
//   InterpreterOptions options;
//   options.custom_ops.push_back(square);
//
// The interpreter calls `infer` when tensors are allocated and `eval` once an
// invocation. Their errors, and exceptions derived from std::exception, become
// errors of AllocateTensors and Invoke that name the operator.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "liteforge/result.h"
#include "liteforge/types.h"

namespace liteforge {

class InferContext;
class KernelContext;
struct CustomOpCalls;

// A tensor as an operator sees it. Views: valid during the call.
struct CustomInput {
  DataType dtype = DataType::kNone;  // kNone: an optional input, left out
  Shape shape;
  const Quantization* quantization = nullptr;  // null only when left out
  std::span<const std::byte> data;

  bool present() const { return dtype != DataType::kNone; }
  // The elements; none when the tensor is of another type.
  template <class T>
  std::span<const T> Values() const {
    if (dtype != DataTypeOf<T>::value) return {};
    return {reinterpret_cast<const T*>(data.data()), data.size() / sizeof(T)};
  }
};

struct CustomOutput {
  DataType dtype = DataType::kNone;
  Shape shape;
  const Quantization* quantization = nullptr;  // never null
  std::span<std::byte> data;

  template <class T>
  std::span<T> Values() const {
    if (dtype != DataTypeOf<T>::value) return {};
    return {reinterpret_cast<T*>(data.data()), data.size() / sizeof(T)};
  }
};

// What CustomOp::infer sees. Indices must be below the counts, except that an
// input past the last is one left out.
class CustomOpShapes {
 public:
  // custom_options of the node; in whatever form the operator's maker chose,
  // and as little to be trusted as the rest of the file.
  std::span<const std::byte> options() const { return options_; }

  int input_count() const;
  // `data` is empty while the value is not known: it is known of constants,
  // and of all inputs in the second call (see CustomOp::infer).
  CustomInput Input(int i) const;

  int output_count() const;
  // What the file says an output is; its shape may be a guess.
  DataType DeclaredType(int i) const;
  Shape DeclaredShape(int i) const;

  // Every output must be set once. Dimensions that depend on values which are
  // not known are Shape::kUnknownDim.
  void SetOutput(int i, DataType dtype, const Shape& shape);

 private:
  friend struct CustomOpCalls;
  CustomOpShapes(InferContext& context, std::span<const std::byte> options)
      : context_(&context), options_(options) {}

  InferContext* context_;
  std::span<const std::byte> options_;
};

// What CustomOp::prepare and CustomOp::eval see.
class CustomOpRun {
 public:
  std::span<const std::byte> options() const;

  int input_count() const;
  // In prepare, `data` is the constants' only.
  CustomInput Input(int i) const;
  int output_count() const;
  CustomOutput Output(int i) const;

  // Gives an output whose dimensions `infer` left open its shape, and memory.
  // Only in eval. For strings `bytes` is the size of all that TFLite stores:
  // int32 count, count + 1 offsets, text.
  Result<void> ResizeOutput(int i, const Shape& shape, size_t bytes = 0);

  // What prepare returned; T must be the type it made.
  template <class T>
  T& State() const {
    return *static_cast<T*>(state());
  }

 private:
  friend struct CustomOpCalls;
  explicit CustomOpRun(KernelContext& context) : context_(&context) {}
  void* state() const;

  KernelContext* context_;
};

// An operator. The functions may be called for several nodes, and by several
// interpreters at once if they are given to several.
struct CustomOp {
  std::string name;
  // Checks inputs and options and sets the outputs' types and shapes. Called
  // again, with the inputs' values, before each eval of a node whose outputs
  // have unknown dimensions.
  std::function<Result<void>(CustomOpShapes&)> infer;
  // Optional: what eval shall find in State(), per node. Called after each
  // change of shapes; the state before is dropped.
  std::function<Result<std::shared_ptr<void>>(CustomOpRun&)> prepare = {};
  std::function<Result<void>(CustomOpRun&)> eval;
};

}  // namespace liteforge
