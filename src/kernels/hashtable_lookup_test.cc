// SPDX-License-Identifier: Apache-2.0
// HASHTABLE_LOOKUP: rows of values by sorted keys, zeros where there is none.
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "kernels/index_testing.h"

namespace liteforge::hashtable_lookup_test {

KernelCase LookupCase(const std::vector<int32_t>& lookup,
                      const std::vector<int32_t>& keys, KernelTensor values) {
  KernelCase k{Op::kHashtableLookup};
  k.inputs = {
      KernelTensor::Of<int32_t>({static_cast<int32_t>(lookup.size())}, lookup),
      KernelTensor::Of<int32_t>({static_cast<int32_t>(keys.size())}, keys),
      std::move(values)};
  k.outputs.resize(2);
  return k;
}

void ExpectFound(DataType type, const std::vector<int32_t>& lookup,
                 const std::vector<int32_t>& keys, const Shape& row) {
  Shape values{static_cast<int32_t>(keys.size())};
  for (const int32_t dim : row.dims()) values.Append(dim);
  const KernelCase k = LookupCase(lookup, keys, Labelled(type, values, 1));
  Shape output = values;
  output.set_dim(0, static_cast<int32_t>(lookup.size()));
  std::vector<uint8_t> hits;
  for (const int32_t wanted : lookup)
    hits.push_back(std::ranges::count(keys, wanted) > 0 ? 1 : 0);
  const auto places = PlacesFrom(values, output, [&](Coordinates at) {
    const int32_t wanted = lookup[static_cast<size_t>(at[0])];
    const auto found = std::ranges::find(keys, wanted);
    at[0] = found == keys.end() ? -1 : found - keys.begin();
    return at;
  });
  ExpectPicked(k, k.inputs[2], places, output);
  ExpectValues(k, hits, {output[0]}, 1);
}

TEST(HashtableLookup, RowsOfEveryType) {
  for (const DataType type : kFixedTypes) {
    for (const Shape& row : {Shape{}, Shape{3}, Shape{2, 2}})
      ExpectFound(type, {5, -7, 9, 0, 100, 5}, {-7, 0, 5, 11}, row);
  }
  ExpectFound(DataType::kFloat32, {}, {1, 2}, {3});
  ExpectFound(DataType::kFloat32, {1, 2}, {}, {3});
  ExpectFound(DataType::kFloat32, {1, 2}, {1}, {0});
}

TEST(HashtableLookup, Strings) {
  const KernelCase k = LookupCase(
      {3, 4, 1}, {1, 2, 3}, KernelTensor::Strings({3}, {"one", "", "three"}));
  for (const KernelMode mode : kKernelModes) {
    const KernelRun run = RunKernel(k, mode);
    ASSERT_TRUE(run.ok()) << run.error;
    EXPECT_THAT(run.outputs[0].StringValues(),
                testing::ElementsAre("three", "", "one"));
    EXPECT_THAT(run.Values<uint8_t>(1), testing::ElementsAre(1, 0, 1));
  }
}

TEST(HashtableLookup, RefusesWhatDoesNotFit) {
  ExpectRefused(LookupCase({1}, {1, 2}, Labelled(DataType::kFloat32, {3})),
                "infer", "the counts of keys and values");
  ExpectRefused(LookupCase({1}, {1, 2}, Labelled(DataType::kString, {2, 1})),
                "prepare", "one dimension");
  KernelCase k = LookupCase({1}, {1}, Labelled(DataType::kFloat32, {1}));
  k.inputs[0] = KernelTensor::Of<int64_t>({1}, {1});
  ExpectRefused(k, "prepare", "must be int32");
}

}  // namespace liteforge::hashtable_lookup_test
