// SPDX-License-Identifier: Apache-2.0
// Embedding: y[…, :] = embeddings[x[…], :], embeddings [input_dim, output_dim].
#include "base/try.h"
#include "function/ops.h"
#include "import/keras/all_layers.h"

namespace liteforge {
namespace {

Result<std::vector<WeightSpec>> EmbeddingWeights(const LayerConfig&) {
  return std::vector<WeightSpec>{{"embeddings"}};
}

LayerOutputs BuildEmbedding(LayerContext& c) {
  TRY_ASSIGN(const Tensor x, c.Input());
  TRY_ASSIGN(const bool masks, c.config.Bool("mask_zero", false));
  if (masks) {
    return Unsupported(
        "mask_zero=True skips steps in the layers behind it, which is not "
        "supported; export the model as a SavedModel: model.export(directory)");
  }
  TRY_ASSIGN(const int32_t rows, c.config.Int("input_dim"));
  TRY_ASSIGN(const int32_t columns, c.config.Int("output_dim"));
  TRY_ASSIGN(const Tensor table, c.Weight("embeddings", {rows, columns}));
  return One(Gather(table, Cast(x, DataType::kInt32), 0));
}

}  // namespace

const KerasLayer kEmbeddingLayer{"Embedding", BuildEmbedding, EmbeddingWeights};

}  // namespace liteforge
