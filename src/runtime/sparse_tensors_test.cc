// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "formats/tflite/read_sparsity.h"
#include "runtime/test_model.h"

namespace liteforge::sparse_tensors_test {

using testing::ElementsAre;

// The 3 x 2 matrix {{1, 0}, {0, 0}, {2, 3}} in compressed sparse rows.
TestModel SparseMatrix() {
  TestModel model;
  model.Constant<float>("m", DataType::kFloat32, {3, 2}, {1, 2, 3});
  model.Tensor("x", DataType::kFloat32, {1});
  model.Border({1}, {1});
  auto sparsity = std::make_unique<tflite::SparsityParametersT>();
  sparsity->traversal_order = {0, 1};
  for (int i = 0; i < 2; ++i)
    sparsity->dim_metadata.push_back(
        std::make_unique<tflite::DimensionMetadataT>());
  sparsity->dim_metadata[0]->dense_size = 3;
  auto& columns = *sparsity->dim_metadata[1];
  columns.format = tflite::DimensionType::SPARSE_CSR;
  tflite::Int32VectorT segments;
  segments.values = {0, 1, 1, 3};
  columns.array_segments.Set(std::move(segments));
  tflite::Uint8VectorT indices;
  indices.values = {0, 0, 1};
  columns.array_indices.Set(std::move(indices));
  model.tensor(0).sparsity = std::move(sparsity);
  return model;
}

TEST(ReadSparsity, TellsHowTheConstantIsStored) {
  const auto file = TfliteModel::FromBytes(Blob::Own(SparseMatrix().Pack()));
  ASSERT_TRUE(file) << file.error().ToString();
  const Sparsity sparsity = ReadSparsity(*file, 0, 0);
  EXPECT_THAT(sparsity.traversal_order, ElementsAre(0, 1));
  EXPECT_THAT(sparsity.block_map, ElementsAre());
  EXPECT_THAT(sparsity.dimensions,
              ElementsAre(SparseDimension{true, 3, {}, {}},
                          SparseDimension{false, 0, {0, 1, 1, 3}, {0, 0, 1}}));
  EXPECT_TRUE(ReadSparsity(*file, 0, 1).empty());
}

}  // namespace liteforge::sparse_tensors_test
