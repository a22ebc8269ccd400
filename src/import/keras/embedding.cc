// SPDX-License-Identifier: Apache-2.0
// Embedding: y[…, :] = embeddings[x[…], :], embeddings [input_dim, output_dim].
// With mask_zero a step of number 0 does not count.
// ReversibleEmbedding: the same, or called with reverse=True
//   y[…, v] = x[…, :] · reverse[:, v], reverse being embeddings transposed or,
// without tie_weights, a weight of its own.
#include "base/try.h"
#include "function/ops.h"
#include "import/keras/all_layers.h"

namespace liteforge {
namespace {

Result<std::vector<WeightSpec>> EmbeddingWeights(const LayerConfig&) {
  return std::vector<WeightSpec>{{"embeddings"}};
}

Result<Tensor> Table(LayerContext& c) {
  TRY_ASSIGN(const int32_t rows, c.config.Int("input_dim"));
  TRY_ASSIGN(const int32_t columns, c.config.Int("output_dim"));
  return c.Weight("embeddings", {rows, columns});
}

LayerOutputs BuildEmbedding(LayerContext& c) {
  TRY_ASSIGN(const Tensor x, c.Input());
  TRY_ASSIGN(const Tensor table, Table(c));
  TRY_ASSIGN(const bool masks, c.config.Bool("mask_zero", false));
  const Tensor numbers = Cast(x, DataType::kInt32);
  if (masks) c.output_mask = NotEqual(numbers, c.f.Constant(IntScalar(0)));
  return One(Gather(table, numbers, 0));
}

Result<std::vector<WeightSpec>> ReversibleWeights(const LayerConfig& config) {
  TRY_ASSIGN(const bool tied, config.Bool("tie_weights", true));
  std::vector<WeightSpec> specs = {{"embeddings"}};
  if (!tied) specs.push_back({"reverse_embeddings"});
  return specs;
}

LayerOutputs BuildReversibleEmbedding(LayerContext& c) {
  const nlohmann::json* reverse = c.Argument("reverse");
  if (reverse == nullptr || *reverse != true) return BuildEmbedding(c);
  if (c.config.Has("logit_soft_cap"))
    return Unsupported("logit_soft_cap is not supported");
  TRY_ASSIGN(const Tensor x, c.FloatInput());
  if (x.rank() < 2)
    return InvalidModel("its input " + x.shape().ToString() +
                        " is no sequence of vectors");
  const bool tied = !c.HasWeight("reverse_embeddings");
  if (tied) {
    TRY_ASSIGN(const Tensor table, Table(c));
    return One(BatchMatMul(x, table, false, true));
  }
  TRY_ASSIGN(const Tensor matrix,
             c.Weight("reverse_embeddings", {x.dim(-1), Shape::kUnknownDim}));
  return One(BatchMatMul(x, matrix));
}

}  // namespace

const KerasLayer kEmbeddingLayer{"Embedding", BuildEmbedding, EmbeddingWeights,
                                 Masking::kUses};
const KerasLayer kReversibleEmbeddingLayer{
    "ReversibleEmbedding", BuildReversibleEmbedding, ReversibleWeights,
    Masking::kUses, "reverse"};

}  // namespace liteforge
