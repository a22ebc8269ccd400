// SPDX-License-Identifier: Apache-2.0
// Calls of functions that say what they stand for ("_implements"), as the
// operator that TFLite has for it:
//   addons:DenseImageWarp(image, flow)        custom DenseImageWarp
//   addons:MaxUnpooling2D(values, indices)    custom MaxUnpooling2D, with
//                                             TfLitePoolParams as its options
//   embedding_matmul(table, ids)              GATHER of rows
//   non_max_suppression_padded_v2(boxes, scores, count, iou, score, …)
//                                             NON_MAX_SUPPRESSION_V4 of one
//                                             image
// Operands that the operator does not take are computed by the function.
// Source:
// tensorflow/compiler/mlir/lite/transforms/prepare_composite_functions_tf.cc,
// utils/{perception_ops,nms}_utils.cc.
#include <cstring>
#include <span>

#include "lower/called_functions.h"
#include "lower/formula.h"

namespace liteforge {
namespace {

bool IsImage(const Value& x) {
  return x.type == DataType::kFloat32 && x.shape.rank() == 4;
}

bool IsIndex(const Value& x) {
  return x.type == DataType::kInt32 || x.type == DataType::kInt64;
}

// What these give is whether the operator says it.
Result<bool> LowerWarp(LowerContext& c) {
  if (!IsImage(*c.input(0)) || !IsImage(*c.input(1))) return false;
  const auto y = c.ir().EmitCall(
      Op::kCustom, CustomOptions{"DenseImageWarp", {}},
      {c.input(0), c.input(1)}, {{"", DataType::kFloat32, c.input(0)->shape}});
  c.SetOutput(0, y[0]);
  return true;
}

struct Unpooling {
  std::vector<int32_t> size, strides;
  bool same = false;
};

Result<Unpooling> ReadUnpooling(const LowerContext& c) {
  constexpr std::string_view kPaddings[] = {"VALID", "SAME"};
  Unpooling u;
  for (auto [name, list] :
       {std::pair("pool_size", &u.size), std::pair("strides", &u.strides)}) {
    TRY_ASSIGN(const auto values, c.Attribute<std::vector<int64_t>>(name));
    for (const int64_t value : values) {
      if (value < 1 || value > 1 << 16)
        return InvalidModel(std::string("attribute '") + name +
                            "' has a value out of range");
      list->push_back(static_cast<int32_t>(value));
    }
    if (list->size() != 2)
      return InvalidModel(std::string("attribute '") + name +
                          "' is no height and width");
  }
  TRY_ASSIGN(const size_t padding, c.Choice("padding", kPaddings));
  u.same = padding == 1;
  return u;
}

Result<bool> LowerUnpooling(LowerContext& c) {
  Value* x = c.input(0);
  if (!IsImage(*x) || !IsIndex(*c.input(1))) return false;
  TRY_ASSIGN(const Unpooling u, ReadUnpooling(c));
  // Padding, strides and window with the width first, no activation, and the
  // padding that the kernel computes.
  const std::vector<int32_t> fields = {u.same ? 1 : 2,
                                       u.strides[1],
                                       u.strides[0],
                                       u.size[1],
                                       u.size[0],
                                       0,
                                       0,
                                       0,
                                       0,
                                       0};
  std::vector<uint8_t> bytes(fields.size() * sizeof(int32_t));
  std::memcpy(bytes.data(), fields.data(), bytes.size());
  Shape shape = x->shape;
  for (const int axis : {1, 2}) {
    const auto own = static_cast<size_t>(axis - 1);
    if (shape[axis] < 0) continue;
    shape.set_dim(axis, u.same
                            ? shape[axis] * u.strides[own]
                            : (shape[axis] - 1) * u.strides[own] + u.size[own]);
  }
  TRY_ASSIGN(Value * indices, c.ir().AsInt32(c.input(1)));
  const auto y = c.ir().EmitCall(
      Op::kCustom, CustomOptions{"MaxUnpooling2D", std::move(bytes)},
      {x, indices}, {{"", DataType::kFloat32, shape}});
  c.SetOutput(0, y[0]);
  return true;
}

Result<bool> LowerEmbedding(LowerContext& c) {
  if (c.input(0)->shape.rank() != 2 || !IsIndex(*c.input(1))) return false;
  TRY_ASSIGN(Value * rows, c.ir().Emit(Op::kGather, GatherOptions{},
                                       {c.input(0), c.input(1)}));
  c.SetOutput(0, rows);
  return true;
}

// The function gives [1, count] indices.
Result<bool> LowerSuppression(LowerContext& c) {
  if (c.input(0)->shape.rank() != 2 || c.input(1)->shape.rank() != 1)
    return false;
  Formula f(c);
  const auto found =
      f.EmitMany(Op::kNonMaxSuppressionV4, NonMaxSuppressionV4Options{},
                 {c.input(0), c.input(1), f.Take(c.ir().AsInt32(c.input(2))),
                  c.input(3), c.input(4)},
                 2);
  Value* indices = f.ExpandDims(found[0], 0);
  TRY(f.Check());
  c.SetOutput(0, indices);
  c.SetOutput(1, found[1]);
  return true;
}

struct Composite {
  std::string_view name;
  int inputs;
  Result<bool> (*lower)(LowerContext& c);
};

constexpr Composite kComposites[] = {
    {"addons:DenseImageWarp", 2, LowerWarp},
    {"addons:MaxUnpooling2D", 2, LowerUnpooling},
    {"embedding_matmul", 2, LowerEmbedding},
    {"non_max_suppression_padded_v2", 5, LowerSuppression},
};

Result<void> LowerCall(LowerContext& c) {
  TRY_ASSIGN(const auto name, c.Attribute<std::string>("_implements", ""));
  for (const Composite& composite : kComposites) {
    if (composite.name != name || c.input_count() < composite.inputs) continue;
    TRY_ASSIGN(const bool done, composite.lower(c));
    if (done) return {};
  }
  TRY_ASSIGN(const auto function, c.FunctionName("f"));
  TRY_ASSIGN(const auto values, c.calls().Inline(function, c.inputs()));
  for (size_t i = 0; i < values.size(); ++i)
    c.SetOutput(static_cast<int>(i), values[i]);
  return {};
}

}  // namespace

std::span<const TfOp> CompositeOps() {
  static constexpr TfOp kOps[] = {
      {"PartitionedCall", 0, LowerCall},
  };
  return kOps;
}

}  // namespace liteforge
