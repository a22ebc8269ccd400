// SPDX-License-Identifier: Apache-2.0
// REVERSE_SEQUENCE: output[.., b, .., t, ..] = input[.., b, .., s, ..] with
// s = t < length[b] ? length[b] - 1 - t : t.
#include <gtest/gtest.h>

#include <vector>

#include "kernels/index_testing.h"

namespace liteforge::reverse_sequence_test {

KernelCase MakeCase(DataType type, const Shape& shape, int seq_dim,
                    int batch_dim, const std::vector<int64_t>& lengths,
                    DataType index = DataType::kInt32) {
  KernelCase k{
      Op::kReverseSequence,
      ReverseSequenceOptions{.seq_dim = seq_dim, .batch_dim = batch_dim}};
  k.inputs = {Labelled(type, shape), IntegersOf(index, lengths)};
  return k;
}

void ExpectReversed(DataType type, const Shape& shape, int seq_dim,
                    int batch_dim, DataType index) {
  // 0, 1, the whole axis, and then something between.
  std::vector<int64_t> lengths;
  for (int b = 0; b < shape[batch_dim]; ++b) {
    const int steps = shape[seq_dim];
    lengths.push_back(b == 0 ? steps : (b - 1) % (steps + 1));
  }
  const auto places = PlacesFrom(shape, shape, [&](Coordinates at) {
    auto& t = at[static_cast<size_t>(seq_dim)];
    const int64_t length =
        lengths[static_cast<size_t>(at[static_cast<size_t>(batch_dim)])];
    if (t < length) t = length - 1 - t;
    return at;
  });
  const KernelCase k =
      MakeCase(type, shape, seq_dim, batch_dim, lengths, index);
  ExpectPicked(k, k.inputs[0], places, shape);
}

TEST(ReverseSequence, EveryPairOfAxes) {
  for (const Shape& shape :
       {Shape{4, 3}, Shape{5, 2, 3}, Shape{2, 3, 4, 2}, Shape{3, 0, 2}}) {
    for (int seq_dim = 0; seq_dim < shape.rank(); ++seq_dim) {
      for (int batch_dim = 0; batch_dim < shape.rank(); ++batch_dim) {
        if (seq_dim == batch_dim) continue;
        for (const DataType index : kIndexTypes)
          ExpectReversed(DataType::kFloat32, shape, seq_dim, batch_dim, index);
      }
    }
  }
}

TEST(ReverseSequence, EveryType) {
  for (const DataType type : kFixedTypes)
    ExpectReversed(type, {3, 4, 2}, 1, 0, DataType::kInt32);
}

TEST(ReverseSequence, RefusesWhatDoesNotFit) {
  const DataType f32 = DataType::kFloat32;
  ExpectRefused(MakeCase(f32, {2, 3}, 1, 0, {1}), "prepare", "one length");
  ExpectRefused(MakeCase(f32, {2, 3}, 0, 0, {1, 1}), "prepare", "two of the");
  ExpectRefused(MakeCase(f32, {2, 3}, 2, 0, {1, 1}), "prepare", "two of the");
  ExpectRefused(MakeCase(f32, {2, 3}, -1, 0, {1, 1}), "prepare", "two of the");
  ExpectRefused(MakeCase(f32, {2, 3}, 1, 0, {1, 4}), "eval", "longer than");
  ExpectRefused(MakeCase(f32, {2, 3}, 1, 0, {1, -1}), "eval", "");
  ExpectRefused(MakeCase(DataType::kString, {2, 3}, 1, 0, {1, 1}), "prepare",
                "strings");
}

}  // namespace liteforge::reverse_sequence_test
