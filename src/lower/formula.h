// SPDX-License-Identifier: Apache-2.0
// Decompositions, written as the formulas that they are.
//
//   Formula f(c);
//   Value* y = f.Div(f.Sub(f.Exp(x), f.Like(x, 1)), x);
//   return f.Finish(y);
//
// The first error sticks: what follows gives nullptr, and Finish reports it.
#pragma once

#include <initializer_list>
#include <optional>
#include <vector>

#include "lower/context.h"

namespace liteforge {

class Formula {
 public:
  explicit Formula(LowerContext& c) : c_(c), ir_(c.ir()) {}

  IrBuilder& ir() { return ir_; }

  // Any operator of one output, or of `count`.
  Value* Emit(Op op, OpOptions options, std::vector<Value*> inputs);
  std::vector<Value*> EmitMany(Op op, OpOptions options,
                               std::vector<Value*> inputs, int count);
  // What may fail, by hand.
  Value* Take(Result<Value*> result);
  Value* Fail(Error error);

  //---------------------------------------------------------------- numbers
  Value* Number(DataType type, double value);
  Value* Like(const Value* x, double value) {  // of x's type
    return x == nullptr ? nullptr : Number(x->type, value);
  }
  Value* Floats(const Shape& shape, std::vector<float> values);
  Value* Ints(std::vector<int32_t> values) {
    return ir_.Int32s(std::move(values));
  }

  //------------------------------------------------------------- arithmetic
  Value* Add(Value* a, Value* b) {
    return Emit(Op::kAdd, AddOptions{}, {a, b});
  }
  Value* Sub(Value* a, Value* b) {
    return Emit(Op::kSub, SubOptions{}, {a, b});
  }
  Value* Mul(Value* a, Value* b) {
    return Emit(Op::kMul, MulOptions{}, {a, b});
  }
  Value* Div(Value* a, Value* b) {
    return Emit(Op::kDiv, DivOptions{}, {a, b});
  }
  Value* Max(Value* a, Value* b) {
    return Emit(Op::kMaximum, MaximumMinimumOptions{}, {a, b});
  }
  Value* Min(Value* a, Value* b) {
    return Emit(Op::kMinimum, MaximumMinimumOptions{}, {a, b});
  }
  Value* Of(Op op, Value* x) { return Emit(op, {}, {x}); }
  Value* Compare(Op op, Value* a, Value* b) { return Emit(op, {}, {a, b}); }
  Value* Select(Value* which, Value* yes, Value* no) {
    return Emit(Op::kSelectV2, SelectV2Options{}, {which, yes, no});
  }
  Value* Cast(Value* x, DataType type);
  Value* Sum(Value* x, std::vector<int32_t> axes, bool keep = false);

  //---------------------------------------------------------------- movement
  Value* Reshape(Value* x, std::vector<int32_t> dims);
  Value* ExpandDims(Value* x, int32_t axis) {
    return Emit(Op::kExpandDims, ExpandDimsOptions{}, {x, ir_.Int32(axis)});
  }
  Value* Concat(std::vector<Value*> values, int32_t axis);
  Value* Gather(Value* x, Value* indices, int32_t axis = 0);
  Value* GatherNd(Value* x, Value* indices) {
    return Emit(Op::kGatherNd, GatherNdOptions{}, {x, indices});
  }
  Value* Transpose(Value* x, std::initializer_list<int32_t> permutation);
  // The int32 shape, one dimension of it as a scalar, and 0, 1, … count - 1.
  Value* ShapeOf(Value* x);
  Value* DimOf(Value* x, int32_t axis);
  Value* Range(Value* count);
  Value* Fill(Value* dims, Value* value) {
    return Emit(Op::kFill, FillOptions{}, {dims, value});
  }

  // Output 0 of the operation, or the error.
  Result<void> Finish(Value* value);
  // The error, if there is one.
  Result<void> Check();

 private:
  bool Fits(const std::vector<Value*>& inputs);

  LowerContext& c_;
  IrBuilder& ir_;
  std::optional<Error> error_;
};

}  // namespace liteforge
