// SPDX-License-Identifier: Apache-2.0
// EMBEDDING_LOOKUP: rows of a table; EMBEDDING_LOOKUP_SPARSE: their weighted
// sums, in double.
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "kernels/filter_testing.h"
#include "kernels/half_testing.h"
#include "kernels/index_testing.h"

namespace liteforge::embedding_lookup_test {

KernelCase LookupCase(const std::vector<int32_t>& ids, KernelTensor table,
                      DataType output = DataType::kNone) {
  KernelCase k{Op::kEmbeddingLookup};
  k.inputs = {
      KernelTensor::Of<int32_t>({static_cast<int32_t>(ids.size())}, ids),
      std::move(table)};
  k.outputs = {KernelTensor::Output(output)};
  return k;
}

TEST(EmbeddingLookup, RowsOfEveryType) {
  const std::vector<int32_t> ids = {3, 0, 0, 2};
  for (const DataType type : kFixedTypes) {
    for (const Shape& table : {Shape{4, 1}, Shape{4, 3}, Shape{4, 2, 3}}) {
      const KernelCase k = LookupCase(ids, Labelled(type, table));
      const auto places = PlacesFrom(table, table, [&](Coordinates at) {
        at[0] = ids[static_cast<size_t>(at[0])];
        return at;
      });
      ExpectPicked(k, k.inputs[1], places, table);
    }
  }
  ExpectValues<float>(LookupCase({}, Labelled(DataType::kFloat32, {4, 3})), {},
                      {0, 3});
}

// Packed low bits first; rows need not start at a byte.
KernelTensor NarrowTable(DataType type, const Shape& shape,
                         const std::vector<int>& values, Quantization q) {
  const int bits = BitWidth(type), per_byte = 8 / bits;
  std::vector<uint8_t> bytes((values.size() * static_cast<size_t>(bits) + 7) /
                             8);
  for (size_t i = 0; i < values.size(); ++i) {
    const int low = values[i] & ((1 << bits) - 1);
    const auto place = static_cast<int>(i % static_cast<size_t>(per_byte));
    bytes[i / static_cast<size_t>(per_byte)] |=
        static_cast<uint8_t>(low << (place * bits));
  }
  return KernelTensor::OfType(type, shape, bytes, std::move(q));
}

TEST(EmbeddingLookup, QuantizedTables) {
  const Shape shape{3, 5};
  const std::vector<int32_t> ids = {2, 1, 0, 2};
  const std::vector<float> scales[] = {{0.25f}, {0.5f, 0.03f, 2.0f}};
  struct {
    DataType type;
    int low, high;
  } const tables[] = {{DataType::kInt8, -128, 127},
                      {DataType::kUInt8, 0, 255},
                      {DataType::kInt4, -8, 7},
                      {DataType::kInt2, -2, 1}};
  for (const auto& [type, low, high] : tables) {
    const auto values = RandomIntegers<int>(shape, low, high, 1);
    for (const auto& scale : scales) {
      const auto table = NarrowTable(
          type, shape, values,
          scale.size() > 1 ? ChannelSteps(scale, 0) : Steps(scale[0]));
      std::vector<float> expected;
      std::vector<uint16_t> halves;
      for (const int32_t id : ids) {
        for (int32_t i = 0; i < shape[1]; ++i) {
          const auto row = static_cast<size_t>(id);
          const float step = scale[scale.size() > 1 ? row : 0];
          const int value = values[row * 5 + static_cast<size_t>(i)];
          expected.push_back(step * static_cast<float>(value));
          halves.push_back(
              BitsOf(kHalfFormats[0], static_cast<double>(expected.back())));
        }
      }
      ExpectValues(LookupCase(ids, table, DataType::kFloat32), expected,
                   {4, 5});
      ExpectValues(LookupCase(ids, table, DataType::kFloat16), halves, {4, 5});
    }
  }
}

TEST(EmbeddingLookup, RefusesWhatDoesNotFit) {
  const auto table = Labelled(DataType::kFloat32, {3, 2});
  ExpectRefused(LookupCase({3}, table), "eval", "out of range");
  ExpectRefused(LookupCase({0, -1}, table), "eval", "out of range");
  ExpectRefused(LookupCase({0}, Labelled(DataType::kFloat32, {3})), "infer",
                "two or more");
  ExpectRefused(LookupCase({0}, Labelled(DataType::kString, {3, 1})), "prepare",
                "strings");
  const auto bytes = [](Quantization q) {
    return KernelTensor::Of<int8_t>({2, 1}, {1, 2}, std::move(q));
  };
  const DataType f32 = DataType::kFloat32;
  ExpectRefused(LookupCase({0}, bytes({}), f32), "prepare", "scale");
  ExpectRefused(LookupCase({0}, bytes(Steps(0.5f, 3)), f32), "prepare",
                "zero_point 0");
  ExpectRefused(LookupCase({0}, bytes(ChannelSteps({1, 2, 3}, 0)), f32),
                "prepare", "one scale, or one for each row");
  ExpectRefused(LookupCase({0}, table, DataType::kInt32), "prepare",
                "a table of float32 for an output of int32");
}

struct Entry {
  int32_t id;
  std::vector<int32_t> index;
  float weight;
};

KernelCase SparseCase(CombinerType combiner, const std::vector<Entry>& entries,
                      const std::vector<int32_t>& dense, const Shape& table) {
  std::vector<int32_t> ids, indices;
  std::vector<float> weights;
  for (const Entry& e : entries) {
    ids.push_back(e.id);
    indices.insert(indices.end(), e.index.begin(), e.index.end());
    weights.push_back(e.weight);
  }
  const auto count = static_cast<int32_t>(entries.size());
  const auto rank = static_cast<int32_t>(dense.size());
  KernelCase k{Op::kEmbeddingLookupSparse,
               EmbeddingLookupSparseOptions{.combiner = combiner}};
  k.inputs = {KernelTensor::Of<int32_t>({count}, ids),
              KernelTensor::Of<int32_t>({count, rank}, indices),
              KernelTensor::Of<int32_t>({rank}, dense),
              KernelTensor::Of<float>({count}, weights),
              KernelTensor::Of<float>(table, RandomEighths(table, 1))};
  return k;
}

void ExpectCombined(CombinerType combiner, const std::vector<Entry>& entries,
                    const std::vector<int32_t>& dense, const Shape& table) {
  const KernelCase k = SparseCase(combiner, entries, dense, table);
  const auto rows = k.inputs[4].Values<float>();
  const auto row = static_cast<size_t>(table.elements() / table[0]);
  Shape output = ShapeOf({dense.begin(), dense.end() - 1});
  const Shape buckets = output;
  for (int axis = 1; axis < table.rank(); ++axis) output.Append(table[axis]);
  std::vector<double> sums(static_cast<size_t>(output.elements()));
  std::vector<double> weight(static_cast<size_t>(buckets.elements()));
  std::vector<double> squares = weight;
  for (const Entry& e : entries) {
    const Coordinates at(e.index.begin(), e.index.end() - 1);
    const auto bucket = static_cast<size_t>(PlaceOf(buckets, at));
    const auto w = static_cast<double>(e.weight);
    weight[bucket] += w;
    squares[bucket] += w * w;
    for (size_t i = 0; i < row; ++i)
      sums[bucket * row + i] +=
          w * static_cast<double>(rows[static_cast<size_t>(e.id) * row + i]);
  }
  std::vector<float> expected;
  for (size_t i = 0; i < sums.size(); ++i) {
    double value = sums[i];
    const size_t bucket = i / row;
    if (weight[bucket] != 0 && combiner == CombinerType::kMean)
      value /= weight[bucket];
    if (weight[bucket] != 0 && combiner == CombinerType::kSqrtN)
      value /= std::sqrt(squares[bucket]);
    expected.push_back(static_cast<float>(value));
  }
  ExpectNear(k, expected, 1e-6, output);
}

TEST(EmbeddingLookupSparse, EveryCombiner) {
  for (const auto combiner :
       {CombinerType::kSum, CombinerType::kMean, CombinerType::kSqrtN}) {
    for (const Shape& table : {Shape{4, 3}, Shape{4, 2, 2}}) {
      ExpectCombined(combiner,
                     {{1, {0, 0}, 1.0f}, {3, {0, 1}, 2.0f}, {0, {2, 0}, 0.5f}},
                     {3, 2}, table);
      ExpectCombined(combiner,
                     {{2, {0, 1, 0}, 3.0f},
                      {2, {0, 1, 1}, 1.0f},
                      {1, {1, 0, 0}, -2.0f},
                      {3, {1, 1, 0}, 4.0f}},
                     {2, 2, 5}, table);
      ExpectCombined(combiner, {}, {2, 2}, table);
    }
  }
}

TEST(EmbeddingLookupSparse, RefusesWhatLiesOutside) {
  const auto refused = [](const Entry& entry, const std::string& message) {
    ExpectRefused(SparseCase(CombinerType::kSum, {entry}, {2, 2}, {4, 3}), "",
                  message);
  };
  refused({4, {0, 0}, 1}, "out of range");
  refused({-1, {0, 0}, 1}, "out of range");
  refused({0, {2, 0}, 1}, "out of range");
  KernelCase k =
      SparseCase(CombinerType::kSum, {{0, {0, 0}, 1}}, {2, 2}, {4, 3});
  k.inputs[3] = KernelTensor::Of<float>({2}, {1, 1});
  ExpectRefused(k, "infer", "the counts of ids and weights");
  k.inputs[3] = KernelTensor::Of<int32_t>({1}, {1});
  ExpectRefused(k, "prepare", "float32");
}

}  // namespace liteforge::embedding_lookup_test
