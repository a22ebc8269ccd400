// SPDX-License-Identifier: Apache-2.0
// Models written as C++ functions over symbolic tensors, in the words of
// tf.function and tf.lite.TFLiteConverter.from_concrete_functions.
//
//   auto squared = Trace("squared", {TensorSpec{DataType::kFloat32, {}}},
//                        [](Tensor x) { return Square(x); });
//   auto converter = Converter::FromConcreteFunctions({squared});
//   converter->ConvertToFile("squared.tflite");
//
// Trace calls the function once. What it computes with the operations of ops.h
// becomes a TensorFlow graph; what it computes with plain C++ is done when that
// call is over. docs/concrete_functions.md is the guide.
#pragma once

#include <array>
#include <concepts>
#include <functional>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "liteforge/npy.h"
#include "liteforge/ops.h"
#include "liteforge/result.h"
#include "liteforge/types.h"

namespace liteforge {

//------------------------------------------------------------------- constants

// Numbers with a shape: {2, 2} and four values.
template <class T>
NpyArray ArrayOf(const std::vector<T>& values, const Shape& shape) {
  NpyArray array{DataTypeOf<T>::value, shape, {}};
  for (const T value : values) {
    const auto bytes = std::as_bytes(std::span(&value, 1));
    array.data.insert(array.data.end(), bytes.begin(), bytes.end());
  }
  return array;
}

// Constants of the function that is being traced.
Tensor Constant(const NpyArray& value);
template <class T>
Tensor Constant(const std::vector<T>& values, const Shape& shape) {
  return Constant(ArrayOf(values, shape));
}
template <class T>
requires std::is_arithmetic_v<T> Tensor Constant(T value) {
  return Constant(ArrayOf(std::vector<T>{value}, Shape()));
}

//------------------------------------------------------------------- variables

// What functions share and may change. A variable that no function assigns is
// a constant of the model; one that is assigned keeps its value from call to
// call, and between the signatures of the model. Copies are the same variable.
// Two variables of a model may not have one name.
class Variable {
 public:
  Variable(std::string name, NpyArray initial);

  const std::string& name() const;
  DataType type() const;
  const Shape& shape() const;

  // Its value at this place of the function that is being traced.
  Tensor Read() const;
  operator Tensor() const { return Read(); }  // NOLINT: as in TensorFlow

  // What is read later sees the new value. Of the variable's type and shape.
  void Assign(const Tensor& value) const;
  void AssignAdd(const Tensor& value) const { Assign(Add(Read(), value)); }
  void AssignSub(const Tensor& value) const { Assign(Sub(Read(), value)); }

 private:
  std::shared_ptr<const struct VariableState> state_;
};

//------------------------------------------------------------------- functions

// An input: its type, its shape with -1 for unknown dimensions, its name.
// Inputs without a name are called args_0, args_1, …
struct TensorSpec {
  DataType type = DataType::kFloat32;
  Shape shape;
  std::string name = {};
};

// What a function gives: tensors by position, which are called output_0,
// output_1, …; or tensors with names.
//   return x + 1;
//   return std::tuple(x + 1, x - 1);
//   return Outputs{{"sum", x + y}, {"product", x * y}};
class Outputs {
 public:
  using Named = std::pair<std::string, Tensor>;
  Outputs() = default;
  Outputs(const Tensor& only) : named_{{"", only}} {}      // NOLINT
  Outputs(const Variable& only) : Outputs(only.Read()) {}  // NOLINT
  Outputs(const std::vector<Tensor>& tensors) {            // NOLINT
    for (const Tensor& tensor : tensors) named_.emplace_back("", tensor);
  }
  Outputs(std::initializer_list<Named> named) : named_(named) {}  // NOLINT
  template <class... T>
  Outputs(const std::tuple<T...>& tensors) {  // NOLINT
    std::apply([&](const auto&... t) { (named_.emplace_back("", t), ...); },
               tensors);
  }
  template <class A, class B>
  Outputs(const std::pair<A, B>& two)
      : named_{{"", two.first}, {"", two.second}} {}  // NOLINT
  const std::vector<Named>& named() const { return named_; }

 private:
  std::vector<Named> named_;
};

// A C++ function of any of these forms: of some tensors, of all of them as a
// vector.
class TensorFunction {
 public:
  using Tensors = std::vector<Tensor>;

  template <class F>
  requires(!std::same_as<std::remove_cvref_t<F>, TensorFunction>)
      TensorFunction(F&& function)  // NOLINT: lambdas are given as they are
      : TensorFunction(std::forward<F>(function),
                       std::make_index_sequence<kMostArguments + 1>()) {}

  // How many tensors it takes; -1: any number.
  int arity() const { return arity_; }
  Outputs operator()(const Tensors& tensors) const { return call_(tensors); }

 private:
  static constexpr size_t kMostArguments = 12;

  template <class F, size_t... I>
  TensorFunction(F&& function, std::index_sequence<I...>) {
    const bool found = (Take<I>(function) || ...);
    if constexpr (std::invocable<F, const Tensors&>) {
      if (found) return;
      arity_ = -1;
      call_ = [f = std::forward<F>(function)](const Tensors& t) {
        return Outputs(f(t));
      };
    } else {
      static_assert((IsOfTensors<F>(std::make_index_sequence<I>()) || ...),
                    "the function must take Tensors and return some");
    }
  }

  template <class F, size_t... I>
  static constexpr bool IsOfTensors(std::index_sequence<I...>) {
    return std::invocable<F, decltype((void)I, Tensor())...>;
  }

  template <size_t N, class F>
  bool Take(const F& function) {
    if constexpr (IsOfTensors<F>(std::make_index_sequence<N>())) {
      arity_ = static_cast<int>(N);
      call_ = [function](const Tensors& t) {
        return [&]<size_t... I>(std::index_sequence<I...>) {
          return Outputs(function(t[I]...));
        }
        (std::make_index_sequence<N>());
      };
      return true;
    }
    return false;
  }

  int arity_ = 0;
  std::function<Outputs(const Tensors&)> call_;
};

// A traced function: a graph with named inputs and outputs. Cheap to copy.
class Function {
 public:
  // The key of its signature.
  const std::string& name() const;
  std::vector<TensorSpec> inputs() const;
  std::vector<TensorSpec> outputs() const;
  // The first thing that went wrong while it was traced, naming the operation.
  // FromConcreteFunctions says it too, so that nobody needs to ask here.
  Result<void> status() const;

 private:
  friend class FunctionTrace;
  std::shared_ptr<const struct TracedFunction> traced_;
};

// Calls `function` once with symbolic tensors and keeps what it computes.
// Errors are kept with the result: see Function::status.
Function Trace(std::string_view name, std::vector<TensorSpec> inputs,
               const TensorFunction& function);

//---------------------------------------------------------------- control flow

// While condition(values): values = body(values). Both are called once, within
// a function that is being traced, and may use tensors from around them. The
// body gives as many tensors as there are values, of the same types; a
// dimension that a turn changes is unknown in the result.
//   auto [i, x] = ...
//   auto result = While({i, x}, [](Tensor i, Tensor x) { return i < 10; },
//                       [](Tensor i, Tensor x) {
//                         return std::tuple(i + 1, x * 2);
//                       });
std::vector<Tensor> While(const std::vector<Tensor>& values,
                          const TensorFunction& condition,
                          const TensorFunction& body);

// One of two, at run time: `condition` is a scalar. Both functions take nothing
// and use tensors from around them; they give as many tensors, of the same
// types.
//   Tensor y = If(Sum(x, {0}) > 0, [&] { return Sqrt(x); }, [&] { return x;
//   })[0];
std::vector<Tensor> If(const Tensor& condition, const TensorFunction& then,
                       const TensorFunction& otherwise);

}  // namespace liteforge
