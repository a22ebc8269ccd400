// SPDX-License-Identifier: Apache-2.0
// Bits, and numbers by their rank among boundaries.
//   BitwiseAnd   STABLEHLO_AND, of operands in one shape
//   BitwiseOr    (a ^ b) ^ (a & b)
//   LeftShift    STABLEHLO_SHIFT_LEFT, of operands in one shape
//   Invert       BITWISE_XOR with -1
//   Bucketize    BUCKETIZE
#include <span>

#include "lower/formula.h"

namespace liteforge {
namespace {

template <Op op>
Result<void> LowerBits(LowerContext& c) {
  return Finish(c, c.ir().Emit(op, {}, {c.input(0), c.input(1)}));
}

// The operators of StableHLO do not broadcast.
Value* Alike(Formula& f, Op op, Value* a, Value* b) {
  if (a->shape != b->shape || !a->shape.IsStatic()) {
    Value* shape = f.Emit(Op::kBroadcastArgs, {}, {f.ShapeOf(a), f.ShapeOf(b)});
    a = f.Emit(Op::kBroadcastTo, BroadcastToOptions{}, {a, shape});
    b = f.Emit(Op::kBroadcastTo, BroadcastToOptions{}, {b, shape});
  }
  return f.Emit(op, {}, {a, b});
}

Result<void> LowerAnd(LowerContext& c) {
  Formula f(c);
  return f.Finish(Alike(f, Op::kStablehloAnd, c.input(0), c.input(1)));
}

Result<void> LowerOr(LowerContext& c) {
  Formula f(c);
  const auto differing = [&](Value* a, Value* b) {
    return f.Emit(Op::kBitwiseXor, BitwiseXorOptions{}, {a, b});
  };
  Value* a = c.input(0);
  Value* b = c.input(1);
  return f.Finish(
      differing(differing(a, b), Alike(f, Op::kStablehloAnd, a, b)));
}

Result<void> LowerLeftShift(LowerContext& c) {
  Formula f(c);
  return f.Finish(Alike(f, Op::kStablehloShiftLeft, c.input(0), c.input(1)));
}

Result<void> LowerInvert(LowerContext& c) {
  Formula f(c);
  Value* x = c.input(0);
  const bool is_signed = x->type == DataType::kInt32 ||
                         x->type == DataType::kInt16 ||
                         x->type == DataType::kInt8;
  if (!is_signed && x->type != DataType::kUInt8)
    return Unsupported("the bits of other than 8 to 32 bit integers");
  return f.Finish(f.Emit(Op::kBitwiseXor, BitwiseXorOptions{},
                         {x, f.Like(x, is_signed ? -1 : 255)}));
}

Result<void> LowerBitcast(LowerContext& c) {
  TRY_ASSIGN(const DataType type, c.Attribute<DataType>("type"));
  const Value* x = c.input(0);
  const int from = BitWidth(x->type), to = BitWidth(type);
  if (!x->shape.has_rank() || from == 0 || to == 0)
    return Unsupported("the bits of an input of unknown rank or width");
  Shape shape = x->shape;
  if (from > to) {
    shape.Append(from / to);
  } else if (from < to) {
    Shape without;
    for (int axis = 0; axis + 1 < shape.rank(); ++axis)
      without.Append(shape[axis]);
    shape = without;
  }
  c.SetOutput(0, c.ir().EmitCall(Op::kBitcast, BitcastOptions{}, {c.input(0)},
                                 {{"", type, shape}})[0]);
  return {};
}

Result<void> LowerBucketize(LowerContext& c) {
  const auto found = c.node().attr().find("boundaries");
  if (found == c.node().attr().end() || !found->second.has_list())
    return InvalidModel("attribute 'boundaries' is no list of numbers");
  BucketizeOptions options;
  options.boundaries.assign(found->second.list().f().begin(),
                            found->second.list().f().end());
  return Finish(c, c.ir().Emit(Op::kBucketize, options, {c.input(0)}));
}

}  // namespace

std::span<const TfOp> BitOps() {
  static constexpr TfOp kOps[] = {
      {"Bitcast", 1, LowerBitcast},
      {"BitwiseAnd", 2, LowerAnd},
      {"BitwiseOr", 2, LowerOr},
      {"BitwiseXor", 2, LowerBits<Op::kBitwiseXor>},
      {"Bucketize", 1, LowerBucketize},
      {"Invert", 1, LowerInvert},
      {"LeftShift", 2, LowerLeftShift},
      {"RightShift", 2, LowerBits<Op::kRightShift>},
  };
  return kOps;
}

}  // namespace liteforge
