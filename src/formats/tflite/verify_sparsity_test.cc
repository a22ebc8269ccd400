// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "formats/tflite/model_reader.h"
#include "formats/tflite/test_models.h"

namespace liteforge::verify_sparsity_test {

using ::testing::HasSubstr;
using Sparsity = tflite::SparsityParametersT;

tflite::DimensionMetadataT& Dense(Sparsity& sparsity, int size) {
  tflite::DimensionMetadataT& level = Append(sparsity.dim_metadata);
  level.dense_size = size;
  return level;
}

tflite::DimensionMetadataT& Csr(Sparsity& sparsity, std::vector<int> segments,
                                std::vector<int> indices) {
  tflite::DimensionMetadataT& level = Append(sparsity.dim_metadata);
  level.format = tflite::DimensionType::SPARSE_CSR;
  tflite::Int32VectorT wide;
  wide.values = std::move(segments);
  level.array_segments.Set(wide);
  tflite::Uint8VectorT narrow;
  narrow.values.assign(indices.begin(), indices.end());
  level.array_indices.Set(narrow);
  return level;
}

// The 2×3 weights of SmallModel, whose buffer holds `stored` floats.
std::string ErrorOf(size_t stored, std::vector<int32_t> shape,
                    const std::function<void(Sparsity&)>& fill) {
  tflite::ModelT model = SmallModel();
  model.buffers[1]->data = BytesOf(std::vector<float>(stored));
  tflite::TensorT& weights = *model.subgraphs[0]->tensors[1];
  weights.shape = std::move(shape);
  weights.sparsity = std::make_unique<Sparsity>();
  fill(*weights.sparsity);
  auto opened = TfliteModel::FromBytes(PackPlainly(model));
  return opened ? "accepted" : opened.error().ToString();
}

TEST(Sparsity, RowsOfDifferentLengths) {
  // Row 0 stores columns 0 and 2, row 1 stores column 1.
  const auto fill = [](Sparsity& s) {
    s.traversal_order = {0, 1};
    Dense(s, 2);
    Csr(s, {0, 2, 3}, {0, 2, 1});
  };
  EXPECT_EQ(ErrorOf(3, {2, 3}, fill), "accepted");
  EXPECT_THAT(ErrorOf(6, {2, 3}, fill),
              HasSubstr("tensor 1 ('w'): float32[2,3] takes 12 bytes, its "
                        "buffer 1 has 24"));
}

TEST(Sparsity, ColumnsFirst) {
  EXPECT_EQ(ErrorOf(1, {2, 3},
                    [](Sparsity& s) {
                      s.traversal_order = {1, 0};
                      Dense(s, 3);
                      Csr(s, {0, 0, 1, 1}, {1});
                    }),
            "accepted");
}

TEST(Sparsity, Blocks) {
  // Of the four 2×2 blocks of a 4×4 matrix, two are stored.
  const auto fill = [](Sparsity& s) {
    s.traversal_order = {0, 1, 2, 3};
    s.block_map = {0, 1};
    Dense(s, 2);
    Csr(s, {0, 1, 2}, {1, 0});
    Dense(s, 2);
    Dense(s, 2);
  };
  EXPECT_EQ(ErrorOf(8, {4, 4}, fill), "accepted");
  EXPECT_THAT(ErrorOf(8, {4, 5}, fill),
              HasSubstr("sparsity: blocks of 2 in dimension 1 of shape [4,5]"));
}

TEST(Sparsity, RefusesWhatContradictsItself) {
  struct Row {
    const char* expected;
    std::function<void(Sparsity&)> fill;
  };
  const Row kRows[] = {
      {"sparsity: 2 dimensions, but 0 in traversal_order", [](Sparsity&) {}},
      {"2 dimensions, but 3 in traversal_order, 0 in block_map, 3 in",
       [](Sparsity& s) {
         s.traversal_order = {0, 1, 2};
         for (int i = 0; i < 3; ++i) Dense(s, 1);
       }},
      {"traversal_order is no order",
       [](Sparsity& s) {
         s.traversal_order = {0, 0};
         Dense(s, 2);
         Dense(s, 3);
       }},
      {"traversal_order is no order",
       [](Sparsity& s) {
         s.traversal_order = {0, -1};
         Dense(s, 2);
         Dense(s, 3);
       }},
      {"blocked dimension index 2 of 2",
       [](Sparsity& s) {
         s.traversal_order = {0, 1, 2};
         s.block_map = {2};
         for (int i = 0; i < 3; ++i) Dense(s, 1);
       }},
      {"blocks of 0 in dimension 0",
       [](Sparsity& s) {
         s.traversal_order = {0, 1, 2};
         s.block_map = {0};
         for (int i = 0; i < 3; ++i) Dense(s, 0);
       }},
      {"level 1: dense_size 4 where the shape has 3",
       [](Sparsity& s) {
         s.traversal_order = {0, 1};
         Dense(s, 2);
         Dense(s, 4);
       }},
      {"level 1: 2 segments where 3 are needed",
       [](Sparsity& s) {
         s.traversal_order = {0, 1};
         Dense(s, 2);
         Csr(s, {0, 3}, {0, 1, 2});
       }},
      {"level 1: array_segments go backwards",
       [](Sparsity& s) {
         s.traversal_order = {0, 1};
         Dense(s, 2);
         Csr(s, {0, 3, 2}, {0, 1});
       }},
      {"level 1: array_segments cover 0 to 3 of 2 array_indices",
       [](Sparsity& s) {
         s.traversal_order = {0, 1};
         Dense(s, 2);
         Csr(s, {0, 1, 3}, {0, 1});
       }},
      {"level 1: array_segments cover 1 to 2 of 2 array_indices",
       [](Sparsity& s) {
         s.traversal_order = {0, 1};
         Dense(s, 2);
         Csr(s, {1, 1, 2}, {0, 1});
       }},
      {"level 1: index 3 of 3",
       [](Sparsity& s) {
         s.traversal_order = {0, 1};
         Dense(s, 2);
         Csr(s, {0, 1, 2}, {0, 3});
       }},
      {"level 1: has no array_indices",
       [](Sparsity& s) {
         s.traversal_order = {0, 1};
         Dense(s, 2);
         Csr(s, {0, 1, 2}, {0, 1}).array_indices.Reset();
       }},
      {"level 1: dimension format 2 is unknown",
       [](Sparsity& s) {
         s.traversal_order = {0, 1};
         Dense(s, 2);
         Dense(s, 3).format = static_cast<tflite::DimensionType>(2);
       }},
  };
  for (const Row& row : kRows) {
    EXPECT_THAT(ErrorOf(6, {2, 3}, row.fill), HasSubstr(row.expected));
  }
}

}  // namespace liteforge::verify_sparsity_test
