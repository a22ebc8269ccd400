// SPDX-License-Identifier: Apache-2.0
// LSH_PROJECTION against the values of TensorFlow Lite's own test
// (tflite/kernels/lsh_projection_test.cc), and dense against sparse.
#include <gtest/gtest.h>

#include <vector>

#include "kernels/index_testing.h"

namespace liteforge::lsh_projection_test {

const std::vector<float> kSeeds = {0.123f, 0.456f, -0.321f,
                                   1.234f, 5.678f, -4.321f};

KernelCase LshCase(LSHProjectionType type, KernelTensor items,
                   const std::vector<float>& weights = {}) {
  KernelCase k{Op::kLshProjection, LSHProjectionOptions{.type = type}};
  k.inputs = {KernelTensor::Of<float>({3, 2}, kSeeds), std::move(items)};
  if (!weights.empty())
    k.inputs.push_back(KernelTensor::Of<float>(
        {static_cast<int32_t>(weights.size())}, weights));
  return k;
}

KernelTensor Vector() {
  return KernelTensor::Of<int32_t>({5}, {12345, 54321, 67890, 9876, -12345678});
}

TEST(LshProjection, Dense) {
  ExpectValues<int32_t>(
      LshCase(LSHProjectionType::kDense, Vector(), {1, 1, 1, 1, 1}),
      {0, 0, 0, 1, 0, 0}, {6});
  ExpectValues<int32_t>(LshCase(LSHProjectionType::kDense, Vector()),
                        {0, 0, 0, 1, 0, 0}, {6});
}

TEST(LshProjection, Sparse) {
  ExpectValues<int32_t>(LshCase(LSHProjectionType::kSparse, Vector()),
                        {0, 4 + 1, 8}, {3});
  const auto items = KernelTensor::Of<int32_t>(
      {5, 2, 2}, {1234, 2345, 3456, 1234, 4567, 5678, 6789, 4567, 7891, 8912,
                  9123, 7890, -987, -876, -765, -987, -543, -432, -321, -543});
  ExpectValues<int32_t>(LshCase(LSHProjectionType::kSparse, items,
                                {0.12f, 0.34f, 0.56f, 0.67f, 0.78f}),
                        {2, 4 + 1, 8 + 1}, {3});
}

// Items of every length that the hash treats in a way of its own, against
// TensorFlow Lite 2.9: bit i is that of seed i + 1/2.
TEST(LshProjection, LongItems) {
  const std::pair<int32_t, uint32_t> rows[] = {
      {1, 0x4d607c39},   {3, 0x86e37cdd},   {4, 0x73ea71b3},
      {5, 0xca276b18},   {8, 0x9c546328},   {12, 0xb751c16b},
      {13, 0x6a52dafe},  {20, 0x0044edd6},  {28, 0xb8fa319c},
      {29, 0xf2430394},  {44, 0x04a2ecdf},  {60, 0xd1b59462},
      {61, 0x93350262},  {92, 0x4f25c405},  {124, 0xaacbc9d1},
      {125, 0x25a645e3}, {128, 0xb57c6cee}, {200, 0xf4e600f0},
      {252, 0xf6a7e008}, {256, 0x82b281af}, {500, 0x9da99d88},
  };
  std::vector<float> seeds;
  for (int i = 0; i < 32; ++i) seeds.push_back(static_cast<float>(i) + 0.5f);
  for (const auto& [length, bits] : rows) {
    std::vector<uint8_t> item;
    for (int32_t i = 0; i < length; ++i)
      item.push_back(static_cast<uint8_t>(i * 7 + 3));
    std::vector<int32_t> expected;
    for (int i = 0; i < 32; ++i)
      expected.push_back(static_cast<int32_t>(bits >> i & 1));
    KernelCase k = LshCase(LSHProjectionType::kDense,
                           KernelTensor::Of<uint8_t>({1, length}, item));
    k.inputs[0] = KernelTensor::Of<float>({1, 32}, seeds);
    ExpectValues(k, expected, {32});
  }
}

// The hash sees bytes, whatever they mean: two int32 are one int64.
TEST(LshProjection, ItemsOfEveryType) {
  for (const DataType type : kFixedTypes) {
    const auto items = Labelled(type, {4, 3});
    const auto bytes = items.Values<uint8_t>();
    const auto width = static_cast<int32_t>(bytes.size()) / 4;
    const KernelRun plain =
        RunKernel(LshCase(LSHProjectionType::kDense,
                          KernelTensor::Of<uint8_t>({4, width}, bytes)));
    ASSERT_TRUE(plain.ok()) << plain.error;
    const auto bits = plain.Values<int32_t>();
    ExpectValues(LshCase(LSHProjectionType::kDense, items), bits, {6});
    // The first bit of each pair is the higher one.
    std::vector<int32_t> numbers;
    for (int32_t i = 0; i < 3; ++i) {
      const auto at = static_cast<size_t>(2 * i);
      numbers.push_back(4 * i + 2 * bits[at] + bits[at + 1]);
    }
    ExpectValues(LshCase(LSHProjectionType::kSparse, items), numbers, {3});
  }
}

TEST(LshProjection, RefusesWhatHasNoHash) {
  ExpectRefused(LshCase(LSHProjectionType::kUnknown, Vector()), "infer",
                "neither sparse nor dense");
  ExpectRefused(
      LshCase(LSHProjectionType::kDense, Labelled(DataType::kString, {2})),
      "prepare", "strings");
  KernelCase k = LshCase(LSHProjectionType::kDense, Vector());
  k.inputs[0] = KernelTensor::Of<float>({1, 33}, std::vector<float>(33));
  ExpectRefused(k, "infer", "more than 32 bits");
  k.inputs[0] = KernelTensor::Of<int32_t>({1, 1}, {1});
  ExpectRefused(k, "prepare", "must be float32");
  k = LshCase(LSHProjectionType::kDense, Vector(), {1, 1});
  ExpectRefused(k, "prepare", "one weight for each item");
  k = LshCase(LSHProjectionType::kDense, Labelled(DataType::kInt32, {}));
  ExpectRefused(k, "infer", "");
}

// No item: every sum is 0.
TEST(LshProjection, NoItems) {
  ExpectValues<int32_t>(
      LshCase(LSHProjectionType::kDense, KernelTensor::Of<int32_t>({0, 2}, {})),
      {0, 0, 0, 0, 0, 0}, {6});
}

}  // namespace liteforge::lsh_projection_test
