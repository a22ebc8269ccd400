// SPDX-License-Identifier: Apache-2.0
#include "emit/sparse_constants.h"

#include <gtest/gtest.h>

#include "emit/emit.h"
#include "formats/tflite/densify.h"
#include "formats/tflite/model_reader.h"
#include "formats/tflite/read_sparsity.h"
#include "ir/parse.h"

namespace liteforge::sparse_constants_test {

// [16, 64], every `step`-th unit of `unit` neighbours kept.
std::vector<float> Weights(size_t unit, size_t step) {
  std::vector<float> weights(16 * 64);
  for (size_t i = 0; i < weights.size(); ++i) {
    if (i / unit % step == 0) weights[i] = static_cast<float>(i + 1);
  }
  return weights;
}

ir::Module Dense(std::vector<float> weights) {
  ir::Module module;
  auto graph = ir::Parse(
      "graph main(%x: float32[1,64]) {\n"
      "%y = FULLY_CONNECTED(%x, @w: float32[16,64], none)\n return %y }");
  EXPECT_TRUE(graph);
  module.graphs.push_back(*std::move(graph));
  module.graphs[0]->nodes()[0]->input(1)->SetConstant(
      Blob::Own(std::move(weights)));
  return module;
}

struct Stored {
  Sparsity sparsity;
  std::vector<float> dense;
  int version = 0;
};

Stored Store(const ir::Module& module, int tensor = 1) {
  Stored stored;
  const auto bytes = Emit(module, {.sparse = true});
  EXPECT_TRUE(bytes) << bytes.error().ToString();
  if (!bytes) return stored;
  const auto file = TfliteModel::FromBytes(Blob::View(*bytes, nullptr));
  EXPECT_TRUE(file);
  stored.sparsity = ReadSparsity(*file, 0, tensor);
  stored.version = (*file)->operator_codes()->Get(0)->version();
  const auto* from = (*file)->subgraphs()->Get(0)->tensors()->Get(
      static_cast<uint32_t>(tensor));
  const Blob data = file->BufferData(from->buffer());
  if (stored.sparsity.empty()) {
    stored.dense = data.ToVector<float>();
    return stored;
  }
  const auto dense =
      Densify(stored.sparsity, Shape(Elements(from->shape())), 4, data.bytes());
  EXPECT_TRUE(dense);
  stored.dense = Blob::Own(*dense).ToVector<float>();
  return stored;
}

TEST(SparseConstants, RowsOfLoneWeights) {
  const auto weights = Weights(1, 5);
  const Stored stored = Store(Dense(weights));
  ASSERT_EQ(stored.sparsity.dimensions.size(), 2u);
  EXPECT_TRUE(stored.sparsity.dimensions[0].dense);
  EXPECT_FALSE(stored.sparsity.dimensions[1].dense);
  EXPECT_EQ(stored.dense, weights);
  EXPECT_EQ(stored.version, 8);
}

TEST(SparseConstants, BlocksOfFour) {
  const auto weights = Weights(4, 2);
  const Stored stored = Store(Dense(weights));
  ASSERT_EQ(stored.sparsity.dimensions.size(), 3u);
  EXPECT_EQ(stored.sparsity.block_map, std::vector<int32_t>{1});
  EXPECT_EQ(stored.sparsity.dimensions[2].dense_size, 4);
  EXPECT_EQ(stored.dense, weights);
}

TEST(SparseConstants, FewZerosStayDense) {
  EXPECT_TRUE(Store(Dense(std::vector<float>(16 * 64, 1))).sparsity.empty());
}

TEST(SparseConstants, WhatDensifyReadsIsSparseWhateverItIs) {
  ir::Module module;
  auto graph = ir::Parse(
      "graph main(%x: float32[1,4,4,4]) {\n"
      "%d: float32[2,3,3,4] = DENSIFY(@w: float32[2,3,3,4])\n"
      "%y = CONV_2D(%x, %d, none) {stride_w=1 stride_h=1}\n return %y }");
  ASSERT_TRUE(graph) << graph.error().ToString();
  module.graphs.push_back(*std::move(graph));
  const auto weights =
      module.graphs[0]->nodes()[0]->input(0)->ToVector<float>();
  const Stored stored = Store(module);
  EXPECT_FALSE(stored.sparsity.empty());
  EXPECT_EQ(stored.dense, weights);
}

}  // namespace liteforge::sparse_constants_test
