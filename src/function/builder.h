// SPDX-License-Identifier: Apache-2.0
// Writing TensorFlow graphs by calling functions.
//
//   FunctionBuilder f("serving_default");
//   Tensor x = f.Input("x", DataType::kFloat32, {Shape::kUnknownDim, 8});
//   Tensor y = Relu(BiasAdd(MatMul(x, f.Constant(w)), f.Constant(b)));
//   f.Output("y", y);
//   TRY_ASSIGN(ConcreteFunction function, f.Finish());
//
// The operations are in function/ops.h. Each writes one node (or a few) and
// infers the type and shape of its result as TensorFlow would. Errors stick:
// the first one is kept by the builder, later calls pass empty tensors along,
// and Finish() reports it.
#pragma once

#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "function/concrete_function.h"

namespace liteforge {

class FunctionBuilder;

// A symbolic tensor: one output of one node of a graph being built. A value;
// valid while its builder lives.
class Tensor {
 public:
  Tensor() = default;  // what a failed operation returns

  DataType type() const { return type_; }
  const Shape& shape() const { return shape_; }
  int rank() const { return shape_.rank(); }
  int32_t dim(int axis) const {  // negative axes count from the end
    return shape_[axis < 0 ? axis + shape_.rank() : axis];
  }
  // "conv1/Conv2D" or "split:1": what a NodeDef's input list holds.
  const std::string& name() const { return name_; }
  FunctionBuilder* builder() const { return builder_; }
  bool empty() const { return builder_ == nullptr; }

 private:
  friend class FunctionBuilder;
  FunctionBuilder* builder_ = nullptr;
  std::string name_;
  DataType type_ = DataType::kNone;
  Shape shape_;
};

// A constant before it is in a graph.
struct ConstantValue {
  DataType type = DataType::kNone;
  Shape shape;
  Blob data;
};
ConstantValue FloatConstant(Shape shape, std::vector<float> values);
ConstantValue IntConstant(Shape shape, std::vector<int32_t> values);
ConstantValue IntVector(std::vector<int32_t> values);  // rank 1
ConstantValue FloatScalar(float value);
ConstantValue IntScalar(int32_t value);

// The attributes of a node under construction.
//   f.AddNode("Conv2D", {x, w}, Attributes().Ints("strides", {1, 1, 1, 1})…)
class Attributes {
 public:
  Attributes& Int(std::string_view name, int64_t value);
  Attributes& Float(std::string_view name, float value);
  Attributes& Bool(std::string_view name, bool value);
  Attributes& String(std::string_view name, std::string_view value);
  Attributes& Type(std::string_view name, DataType value);
  // A function that FunctionBuilder::AddFunction named.
  Attributes& Function(std::string_view name, std::string_view function);
  Attributes& ShapeOf(std::string_view name, const Shape& value);
  Attributes& Ints(std::string_view name, std::span<const int64_t> values);
  Attributes& Ints(std::string_view name,
                   std::initializer_list<int64_t> values);

 private:
  friend class FunctionBuilder;
  std::vector<std::pair<std::string, tf::AttrValue>> values_;
};

class FunctionBuilder {
 public:
  explicit FunctionBuilder(std::string name);
  FunctionBuilder(const FunctionBuilder&) = delete;
  FunctionBuilder& operator=(const FunctionBuilder&) = delete;

  // A Placeholder; the signature key is `name`.
  Tensor Input(std::string_view name, DataType type, Shape shape);
  // A Const whose bytes stay outside the GraphDef. `name` may be empty.
  Tensor Constant(ConstantValue value, std::string_view name = "");
  // The same for the value of one of the model's variables: a SavedModel keeps
  // it among its variables, not in the graph.
  Tensor Variable(ConstantValue value, std::string_view name);
  void Output(std::string_view name, const Tensor& tensor);
  // A function that nodes call (While). Its name here.
  std::string AddFunction(std::string_view name, ConcreteFunction function);

  // One node. `op` is also its name, made unique, inside the scope. The
  // outputs are typed and shaped by the caller.
  struct OutputType {
    DataType type;
    Shape shape;
  };
  std::vector<Tensor> AddNode(std::string_view op,
                              std::span<const Tensor> inputs,
                              Attributes attributes,
                              std::span<const OutputType> outputs);
  Tensor AddNode(std::string_view op, std::initializer_list<Tensor> inputs,
                 Attributes attributes, DataType type, const Shape& shape);

  // x, with its node named as one that `op`, a node without outputs, comes
  // before.
  Tensor After(std::string_view op, std::initializer_list<Tensor> inputs,
               Attributes attributes, Tensor x);

  // Records an error, if it is the first, and returns an empty tensor.
  Tensor Fail(Error error);
  bool ok() const { return !error_; }

  // Node names get "outer/inner/" in front while the scope lives.
  class Scope {
   public:
    Scope(FunctionBuilder& builder, std::string_view name);
    ~Scope();
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    FunctionBuilder& builder_;
    size_t length_;
  };

  // The function, or the first error. The builder is empty afterwards.
  Result<ConcreteFunction> Finish();

 private:
  std::string UniqueName(std::string_view name);
  ConcreteFunction function_;
  std::unique_ptr<Error> error_;
  std::string scope_;
  std::map<std::string, int, std::less<>> names_;
};

}  // namespace liteforge
