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
#include "liteforge/ops.h"

namespace liteforge {

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
  Attributes& Types(std::string_view name, std::span<const Tensor> tensors);
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
  // A function that is written while `outer` is: a branch, the body of a loop.
  // Until it is finished, all that is built, by whichever tensor's builder,
  // goes here; what it reads of the functions around it becomes an input, and a
  // constant of them one here.
  FunctionBuilder(std::string name, FunctionBuilder& outer);
  ~FunctionBuilder();
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

  // The same for a node that reads (or writes, with `writes`) what lasts from
  // call to call: such nodes run in the order in which they are added, and all
  // outputs that are named afterwards wait for those that write.
  std::vector<Tensor> AddEffect(std::string_view op,
                                std::span<const Tensor> inputs,
                                Attributes attributes,
                                std::span<const OutputType> outputs,
                                bool writes);
  bool reads_state() const { return !reads_.empty() || writes_state(); }
  bool writes_state() const { return !last_write_.empty(); }

  // x, with its node named as one that `op`, a node without outputs, comes
  // before.
  Tensor After(std::string_view op, std::initializer_list<Tensor> inputs,
               Attributes attributes, Tensor x);

  // The function that is being written, of all that lie in each other.
  FunctionBuilder& active() { return *root_->active_; }

  // Ends the writing of a function within another; Finish does too.
  void Close();
  // The tensors of functions around this one that are inputs here, behind
  // those that were declared, in this order.
  const std::vector<Tensor>& captured() const { return captured_; }
  // Makes `tensors`, which hold all that are captured, the inputs behind those
  // that were declared. What they are here.
  std::vector<Tensor> Capture(std::span<const Tensor> tensors);
  const Error* error() const { return error_.get(); }

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

  // The function, or the first error. The builder is empty afterwards, and the
  // one around it is written again.
  Result<ConcreteFunction> Finish();

 private:
  std::string UniqueName(std::string_view name);
  Tensor NewTensor(std::string name, DataType type, const Shape& shape) const;
  // The tensor's form in this function; empty for one that has none.
  Tensor Here(const Tensor& tensor);
  // Constant() into this function, whichever is being written.
  Tensor AddConstant(ConstantValue value, std::string_view name);
  Tensor AddCaptured(const Tensor& outside);

  ConcreteFunction function_;
  std::shared_ptr<FunctionBuilder*> self_;  // what tensors point to
  FunctionBuilder* outer_ = nullptr;
  FunctionBuilder* root_ = this;
  FunctionBuilder* active_ = this;  // of the root
  std::vector<Tensor> captured_;
  std::map<std::string, Tensor, std::less<>> here_;  // by the outer name
  std::string last_write_;
  std::vector<std::string> reads_;  // since then
  std::unique_ptr<Error> error_;
  std::string scope_;
  std::map<std::string, int, std::less<>> names_;
};

}  // namespace liteforge
