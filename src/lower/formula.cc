// SPDX-License-Identifier: Apache-2.0
#include "lower/formula.h"

#include <algorithm>

namespace liteforge {

Value* Formula::Fail(Error error) {
  if (!error_) error_ = std::move(error);
  return nullptr;
}

Value* Formula::Take(Result<Value*> result) {
  if (!result) return Fail(std::move(result.error()));
  return error_ ? nullptr : *result;
}

// Whether nothing failed before. An optional input may be missing only then.
bool Formula::Fits(const std::vector<Value*>& inputs) {
  if (error_) return false;
  if (std::ranges::find(inputs, nullptr) == inputs.end()) return true;
  Fail(Error{ErrorCode::kInternal, "a formula has no operand", ""});
  return false;
}

Value* Formula::Emit(Op op, OpOptions options, std::vector<Value*> inputs) {
  if (!Fits(inputs)) return nullptr;
  return Take(ir_.Emit(op, std::move(options), std::move(inputs)));
}

std::vector<Value*> Formula::EmitMany(Op op, OpOptions options,
                                      std::vector<Value*> inputs, int count) {
  std::vector<Value*> none(static_cast<size_t>(count));
  if (!Fits(inputs)) return none;
  auto values = ir_.EmitMany(op, std::move(options), std::move(inputs), count);
  if (values) return *std::move(values);
  Fail(std::move(values.error()));
  return none;
}

Value* Formula::Number(DataType type, double value) {
  return Take(ir_.Scalar(type, value));
}

Value* Formula::Floats(const Shape& shape, std::vector<float> values) {
  return ir_.Constant(DataType::kFloat32, shape, Blob::Own(std::move(values)));
}

Value* Formula::Cast(Value* x, DataType type) {
  return x == nullptr ? nullptr : Take(ir_.Cast(x, type));
}

Value* Formula::Sum(Value* x, std::vector<int32_t> axes, bool keep) {
  ReducerOptions options;
  options.keep_dims = keep;
  return Emit(Op::kSum, options, {x, Ints(std::move(axes))});
}

Value* Formula::Reshape(Value* x, std::vector<int32_t> dims) {
  return Emit(Op::kReshape, ReshapeOptions{}, {x, Ints(std::move(dims))});
}

Value* Formula::Concat(std::vector<Value*> values, int32_t axis) {
  ConcatenationOptions options;
  options.axis = axis;
  return Emit(Op::kConcatenation, options, std::move(values));
}

Value* Formula::Gather(Value* x, Value* indices, int32_t axis) {
  GatherOptions options;
  options.axis = axis;
  return Emit(Op::kGather, options, {x, indices});
}

Value* Formula::Transpose(Value* x,
                          std::initializer_list<int32_t> permutation) {
  return x == nullptr ? nullptr : Take(ir_.Transpose(x, permutation));
}

Value* Formula::ShapeOf(Value* x) {
  return x == nullptr ? nullptr : Take(ir_.ShapeOf(x, DataType::kInt32));
}

Value* Formula::DimOf(Value* x, int32_t axis) {
  return Gather(ShapeOf(x), ir_.Int32(axis));
}

Value* Formula::Range(Value* count) {
  return Emit(Op::kRange, RangeOptions{}, {ir_.Int32(0), count, ir_.Int32(1)});
}

Result<void> Formula::Check() {
  if (error_) return tl::unexpected(*std::move(error_));
  return {};
}

Result<void> Formula::Finish(Value* value) {
  TRY(Check());
  c_.SetOutput(0, value);
  return {};
}

}  // namespace liteforge
