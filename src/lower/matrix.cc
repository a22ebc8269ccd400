// SPDX-License-Identifier: Apache-2.0
// MatMul [m, k] x [k, n] -> FULLY_CONNECTED of [m, k] with weights [n, k].
// BatchMatMul [..., m, k] x [..., k, n] -> BATCH_MATMUL; against one constant
// matrix FULLY_CONNECTED with keep_num_dims, which quantizes better.
// Of integers: y_mn = sum_k a_mk b_kn, MUL and SUM.
// Cross of [..., 3]: y_i = a_j b_k - a_k b_j, (i, j, k) = (0, 1, 2) in turn.
#include "lower/matrix.h"

#include <fmt/format.h>

#include <numeric>
#include <span>

#include "lower/formula.h"

namespace liteforge {
namespace {

constexpr int32_t kSwap[] = {1, 0};

bool HasFloats(const Value& value) {
  return value.type == DataType::kFloat32 || value.type == DataType::kFloat16 ||
         value.type == DataType::kBFloat16;
}

bool HasIntegers(const Value& value) {
  return value.type == DataType::kInt32 || value.type == DataType::kInt64 ||
         value.type == DataType::kInt16 || value.type == DataType::kInt8 ||
         value.type == DataType::kUInt8;
}

Result<Value*> SwapLast(IrBuilder& ir, Value* x) {
  std::vector<int32_t> order(static_cast<size_t>(x->shape.rank()));
  std::iota(order.begin(), order.end(), 0);
  std::swap(order[order.size() - 1], order[order.size() - 2]);
  return ir.Transpose(x, order);
}

Result<Value*> ExpandDims(IrBuilder& ir, Value* x, int32_t axis) {
  return ir.Emit(Op::kExpandDims, ExpandDimsOptions{}, {x, ir.Int32(axis)});
}

// Narrow integers are summed in int32 and cut off, as TensorFlow's overflow.
Result<Value*> IntegerProduct(IrBuilder& ir, Value* a, Value* b,
                              const BatchMatMulOptions& options) {
  if (a->shape.rank() < 2 || b->shape.rank() < 2)
    return Unsupported("a product of integer matrices of unknown rank");
  const DataType type = a->type;
  if (type != DataType::kInt64) {
    TRY_ASSIGN(a, ir.Cast(a, DataType::kInt32));
    TRY_ASSIGN(b, ir.Cast(b, DataType::kInt32));
  }
  if (options.adj_x) {
    TRY_ASSIGN(a, SwapLast(ir, a));
  }
  if (options.adj_y) {
    TRY_ASSIGN(b, SwapLast(ir, b));
  }
  const int32_t rank = std::max(a->shape.rank(), b->shape.rank());
  TRY_ASSIGN(a, ExpandDims(ir, a, -1));
  TRY_ASSIGN(b, ExpandDims(ir, b, -3));
  TRY_ASSIGN(Value * products, ir.Emit(Op::kMul, MulOptions{}, {a, b}));
  TRY_ASSIGN(Value * sums, ir.Emit(Op::kSum, ReducerOptions{},
                                   {products, ir.Int32s({rank - 1})}));
  return ir.Cast(sums, type);
}

Result<Value*> FullyConnected(IrBuilder& ir, Value* x, Value* weights,
                              bool keep_num_dims) {
  FullyConnectedOptions options;
  options.keep_num_dims = keep_num_dims;
  return ir.Emit(Op::kFullyConnected, options, {x, weights, nullptr});
}

Result<void> CheckMatrix(const Value& value) {
  if (!value.shape.has_rank() || value.shape.rank() == 2) return {};
  return InvalidModel(fmt::format("an operand has shape {}, which is no matrix",
                                  value.shape.ToString()));
}

Result<void> LowerMatMul(LowerContext& c) {
  IrBuilder& ir = c.ir();
  Value* a = c.input(0);
  Value* b = c.input(1);
  TRY(CheckMatrix(*a));
  TRY(CheckMatrix(*b));
  TRY_ASSIGN(const bool transpose_a, c.Attribute<bool>("transpose_a", false));
  TRY_ASSIGN(const bool transpose_b, c.Attribute<bool>("transpose_b", false));
  if (!HasFloats(*a)) {
    BatchMatMulOptions options;
    options.adj_x = transpose_a;
    options.adj_y = transpose_b;
    return Finish(c, EmitMatrixProduct(ir, a, b, options));
  }
  if (transpose_a) {
    TRY_ASSIGN(a, ir.Transpose(a, kSwap));
  }
  if (!transpose_b) {
    TRY_ASSIGN(b, ir.Transpose(b, kSwap));
  }
  return Finish(c, FullyConnected(ir, a, b, false));
}

Result<void> LowerBatchMatMul(LowerContext& c) {
  IrBuilder& ir = c.ir();
  Value* a = c.input(0);
  Value* b = c.input(1);
  // BatchMatMulV3 may sum in another type than its operands have.
  TRY_ASSIGN(const DataType type, c.Attribute<DataType>("Tout", a->type));
  TRY_ASSIGN(a, ir.Cast(a, type));
  TRY_ASSIGN(b, ir.Cast(b, type));
  BatchMatMulOptions options;
  TRY_ASSIGN(options.adj_x, c.Attribute<bool>("adj_x", false));
  TRY_ASSIGN(options.adj_y, c.Attribute<bool>("adj_y", false));
  if (HasFloats(*a) && b->is_constant() && b->shape.rank() == 2 &&
      a->shape.rank() >= 2 && !a->is_constant() && !options.adj_x) {
    if (!options.adj_y) {
      TRY_ASSIGN(b, ir.Transpose(b, kSwap));
    }
    return Finish(c, FullyConnected(ir, a, b, true));
  }
  return Finish(c, EmitMatrixProduct(ir, a, b, options));
}

Result<void> LowerCross(LowerContext& c) {
  Formula f(c);
  const int32_t axis = c.input(0)->shape.rank() - 1;
  if (axis < 0) return Unsupported("an input of unknown rank");
  const auto turned = [&](int i, std::vector<int32_t> order) {
    return f.Gather(c.input(i), f.Ints(std::move(order)), axis);
  };
  Value* ahead = f.Mul(turned(0, {1, 2, 0}), turned(1, {2, 0, 1}));
  Value* behind = f.Mul(turned(0, {2, 0, 1}), turned(1, {1, 2, 0}));
  return f.Finish(f.Sub(ahead, behind));
}

}  // namespace

Result<Value*> EmitMatrixProduct(IrBuilder& ir, Value* a, Value* b,
                                 const BatchMatMulOptions& options) {
  if (HasIntegers(*a)) return IntegerProduct(ir, a, b, options);
  if (HasFloats(*a)) return ir.Emit(Op::kBatchMatMul, options, {a, b});
  return Unsupported(fmt::format(
      "TFLite multiplies matrices of numbers, not of {}", Name(a->type)));
}

std::span<const TfOp> MatrixOps() {
  static constexpr TfOp kOps[] = {
      {"BatchMatMul", 2, LowerBatchMatMul},
      {"BatchMatMulV2", 2, LowerBatchMatMul},
      {"BatchMatMulV3", 2, LowerBatchMatMul},
      {"Cross", 2, LowerCross},
      {"MatMul", 2, LowerMatMul},
  };
  return kOps;
}

}  // namespace liteforge
