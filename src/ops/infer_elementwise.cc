// SPDX-License-Identifier: Apache-2.0
// Operators that compute each output element from the input elements at the
// same place, with numpy's broadcasting where there are several inputs.
#include <algorithm>
#include <string>

#include "base/try.h"
#include "ops/all_infer_rules.h"
#include "ops/infer_checks.h"

namespace liteforge {
namespace {

Result<void> SameAsInput(InferContext& c) {
  TRY(NeedInputs(c, 1));
  c.SetOutput(0, c.input(0).type, c.input(0).shape);
  return {};
}

// Integer inputs may leave in another integer type (int8 in, int16 out).
Result<void> SameShape(InferContext& c) {
  TRY(NeedInputs(c, 1));
  const DataType declared = c.declared_type(0);
  c.SetOutput(0, declared == DataType::kNone ? c.input(0).type : declared,
              c.input(0).shape);
  return {};
}

Result<void> Bucketize(InferContext& c) {
  TRY(NeedInputs(c, 1));
  const auto& boundaries = c.options<BucketizeOptions>().boundaries;
  if (!std::is_sorted(boundaries.begin(), boundaries.end())) {
    return InvalidModel("boundaries are not sorted");
  }
  c.SetOutput(0, DataType::kInt32, c.input(0).shape);
  return {};
}

// Real numbers of the width of the complex ones' parts.
Result<void> RealParts(InferContext& c) {
  TRY(NeedInputs(c, 1));
  c.SetOutput(0,
              c.input(0).type == DataType::kComplex128 ? DataType::kFloat64
                                                       : DataType::kFloat32,
              c.input(0).shape);
  return {};
}

Result<void> Cast(InferContext& c) {
  TRY(NeedInputs(c, 1));
  const DataType declared = c.declared_type(0);
  c.SetOutput(0,
              declared == DataType::kNone
                  ? c.options<CastOptions>().out_data_type
                  : declared,
              c.input(0).shape);
  return {};
}

Result<void> Dequantize(InferContext& c) {
  TRY(NeedInputs(c, 1));
  const bool half = c.declared_type(0) == DataType::kFloat16;
  c.SetOutput(0, half ? DataType::kFloat16 : DataType::kFloat32,
              c.input(0).shape);
  return {};
}

Result<void> CheckSameType(const InferContext& c, int a, int b) {
  if (c.input(a).type == c.input(b).type) return {};
  return InvalidModel("inputs are " + std::string(Name(c.input(a).type)) +
                      " and " + std::string(Name(c.input(b).type)) +
                      "; they must agree");
}

Result<void> Binary(InferContext& c) {
  TRY(NeedInputs(c, 2));
  TRY(CheckSameType(c, 0, 1));
  TRY_ASSIGN(const Shape shape, Broadcast(c.input(0).shape, c.input(1).shape));
  c.SetOutput(0, c.input(0).type, shape);
  return {};
}

// The product of two int16 may leave in 8 bits.
Result<void> Multiply(InferContext& c) {
  TRY(Binary(c));
  const DataType declared = c.declared_type(0);
  const bool bytes =
      declared == DataType::kInt8 || declared == DataType::kUInt8;
  if (bytes && c.input(0).type == DataType::kInt16) {
    c.SetOutput(0, declared, c.outputs()[0].shape);
  }
  return {};
}

Result<void> Comparison(InferContext& c) {
  TRY(NeedInputs(c, 2));
  TRY(CheckSameType(c, 0, 1));
  TRY_ASSIGN(const Shape shape, Broadcast(c.input(0).shape, c.input(1).shape));
  c.SetOutput(0, DataType::kBool, shape);
  return {};
}

// Where everything is one element, files mix [] and [1]; TFLite leaves the
// output as the file says.
bool OneElementAsDeclared(InferContext& c) {
  const Shape declared = c.declared_shape(0);
  if (declared.elements() != 1) return false;
  for (int i = 0; i < 3; ++i) {
    if (c.input(i).shape.elements() != 1) return false;
  }
  c.SetOutput(0, c.input(1).type, declared);
  return true;
}

Result<void> CheckCondition(const Shape& condition, const Shape& operands) {
  if (!condition.has_rank() || condition.elements() == 1) return {};
  if (condition.rank() == 1 && operands.rank() >= 1)
    return NeedEqual(condition[0], operands[0],
                     "the conditions and the rows of the operands");
  TRY_ASSIGN(const Shape both, Broadcast(condition, operands));
  const bool wider = both.IsStatic() && operands.IsStatic() && both != operands;
  if (!wider && (!operands.has_rank() || condition.rank() == operands.rank()))
    return {};
  return InvalidModel("condition " + condition.ToString() +
                      " fits neither the operands nor their rows");
}

// SELECT: the condition has the operands' shape, or one entry per row.
Result<void> Select(InferContext& c) {
  TRY(NeedInputs(c, 3));
  TRY(CheckSameType(c, 1, 2));
  if (OneElementAsDeclared(c)) return {};
  TRY_ASSIGN(const Shape shape, Broadcast(c.input(1).shape, c.input(2).shape));
  TRY(CheckCondition(c.input(0).shape, shape));
  c.SetOutput(0, c.input(1).type, shape);
  return {};
}

Result<void> SelectV2(InferContext& c) {
  TRY(NeedInputs(c, 3));
  TRY(CheckSameType(c, 1, 2));
  if (OneElementAsDeclared(c)) return {};
  TRY_ASSIGN(Shape shape, Broadcast(c.input(1).shape, c.input(2).shape));
  TRY_ASSIGN(shape, Broadcast(shape, c.input(0).shape));
  c.SetOutput(0, c.input(1).type, shape);
  return {};
}

Result<void> AddN(InferContext& c) {
  TRY(NeedInputs(c, c.input_count()));
  if (c.input_count() == 0) return InvalidModel("it has no inputs");
  Shape shape = c.input(0).shape;
  for (int i = 1; i < c.input_count(); ++i) {
    TRY(CheckSameType(c, 0, i));
    TRY_ASSIGN(shape, Broadcast(shape, c.input(i).shape));
  }
  c.SetOutput(0, c.input(0).type, shape);
  return {};
}

Result<void> Prelu(InferContext& c) {
  TRY(NeedInputs(c, 2));
  TRY_ASSIGN(const Shape shape, Broadcast(c.input(0).shape, c.input(1).shape));
  c.SetOutput(0, c.input(0).type, shape);
  return {};
}

}  // namespace

std::span<const InferRule> ElementwiseRules() {
  static constexpr InferRule kRules[] = {
      {Op::kAbs, SameAsInput},
      {Op::kAdd, Binary},
      {Op::kAddN, AddN},
      {Op::kATan2, Binary},
      {Op::kBitwiseXor, Binary},
      {Op::kBucketize, Bucketize},
      {Op::kCast, Cast},
      {Op::kCeil, SameAsInput},
      {Op::kComplexAbs, RealParts},
      {Op::kCos, SameAsInput},
      {Op::kDensify, SameAsInput},
      {Op::kDequantize, Dequantize},
      {Op::kDiv, Binary},
      {Op::kElu, SameAsInput},
      {Op::kEqual, Comparison},
      {Op::kExp, SameAsInput},
      {Op::kFakeQuant, SameAsInput},
      {Op::kFloor, SameAsInput},
      {Op::kFloorDiv, Binary},
      {Op::kFloorMod, Binary},
      {Op::kGelu, SameAsInput},
      {Op::kGreater, Comparison},
      {Op::kGreaterEqual, Comparison},
      {Op::kHardSwish, SameAsInput},
      {Op::kImag, RealParts},
      {Op::kL2Normalization, SameAsInput},
      {Op::kLeakyRelu, SameAsInput},
      {Op::kLess, Comparison},
      {Op::kLessEqual, Comparison},
      {Op::kLocalResponseNormalization, SameAsInput},
      {Op::kLog, SameAsInput},
      {Op::kLogSoftmax, SameAsInput},
      {Op::kLogicalAnd, Binary},
      {Op::kLogicalNot, SameAsInput},
      {Op::kLogicalOr, Binary},
      {Op::kLogistic, SameAsInput},
      {Op::kMaximum, Binary},
      {Op::kMinimum, Binary},
      {Op::kMul, Multiply},
      {Op::kNeg, SameAsInput},
      {Op::kNotEqual, Comparison},
      {Op::kPow, Binary},
      {Op::kPrelu, Prelu},
      {Op::kQuantize, SameShape},
      {Op::kReal, RealParts},
      {Op::kRelu, SameAsInput},
      {Op::kRelu0To1, SameAsInput},
      {Op::kRelu6, SameAsInput},
      {Op::kReluN1To1, SameAsInput},
      {Op::kRightShift, Binary},
      {Op::kRound, SameAsInput},
      {Op::kRsqrt, SameAsInput},
      {Op::kSelect, Select},
      {Op::kSelectV2, SelectV2},
      {Op::kSign, SameAsInput},
      {Op::kSin, SameAsInput},
      {Op::kSoftmax, SameShape},
      {Op::kSqrt, SameAsInput},
      {Op::kSquare, SameAsInput},
      {Op::kSquaredDifference, Binary},
      {Op::kStablehloAdd, Binary},
      {Op::kStablehloAnd, Binary},
      {Op::kStablehloMaximum, Binary},
      {Op::kStablehloMinimum, Binary},
      {Op::kStablehloMultiply, Binary},
      {Op::kStablehloShiftLeft, Binary},
      {Op::kSub, Binary},
      {Op::kTanh, SameAsInput},
      {Op::kZerosLike, SameAsInput},
  };
  return kRules;
}

}  // namespace liteforge
