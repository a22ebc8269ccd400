// SPDX-License-Identifier: Apache-2.0
// STABLEHLO_RNG_BIT_GENERATOR: known answers of Random123 (kat_vectors) and
// the values of tflite/kernels/rng_bit_generator_test.cc, which are XLA's.
#include <gtest/gtest.h>

#include <vector>

#include "kernels/kernel_tester.h"

namespace liteforge::rng_bit_generator_test {

KernelCase BitsCase(RngAlgorithm algorithm, const std::vector<uint64_t>& state,
                    DataType type, const Shape& shape) {
  KernelCase k{Op::kStablehloRngBitGenerator,
               StablehloRngBitGeneratorOptions{.algorithm = algorithm}};
  k.inputs = {
      KernelTensor::Of<uint64_t>({static_cast<int32_t>(state.size())}, state)};
  k.outputs = {KernelTensor(), KernelTensor::Output(type)};
  k.outputs[1].shape = shape;
  return k;
}

template <class T>
void ExpectBits(RngAlgorithm algorithm, const std::vector<uint64_t>& state,
                const Shape& shape, const std::vector<T>& bits,
                const std::vector<uint64_t>& next) {
  const KernelCase k = BitsCase(algorithm, state, TypeOf<T>(), shape);
  ExpectValues(k, next, {static_cast<int32_t>(next.size())}, 0);
  ExpectValues(k, bits, shape, 1);
}

TEST(RngBitGenerator, KnownAnswers) {
  const auto threefry = RngAlgorithm::kThreefry;
  const auto philox = RngAlgorithm::kPhilox;
  constexpr uint64_t kOnes = 0xffffffffffffffff;
  ExpectBits<uint32_t>(threefry, {0, 0}, {2}, {0x6b200159, 0x99ba4efe}, {0, 1});
  ExpectBits<uint32_t>(threefry, {kOnes, kOnes}, {2}, {0x1cb996fc, 0xbb002be7},
                       {kOnes, 0});
  ExpectBits<uint32_t>(threefry, {0x0370734413198a2e, 0x85a308d3243f6a88}, {2},
                       {0xc4923a9c, 0x483df7a0},
                       {0x0370734413198a2e, 0x85a308d3243f6a89});
  ExpectBits<uint32_t>(philox, {0, 0, 0}, {4},
                       {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8},
                       {0, 1, 0});
  ExpectBits<uint32_t>(philox, {kOnes, kOnes, kOnes}, {4},
                       {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd},
                       {kOnes, 0, kOnes});
  ExpectBits<uint32_t>(
      philox, {0x299f31d0a4093822, 0x85a308d3243f6a88, 0x0370734413198a2e}, {4},
      {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1},
      {0x299f31d0a4093822, 0x85a308d3243f6a89, 0x0370734413198a2e});
}

TEST(RngBitGenerator, PhiloxOfEveryType) {
  const auto philox = RngAlgorithm::kPhilox;
  ExpectBits<int32_t>(
      philox, {1, 2, 3}, {2, 3},
      {-263854262, 1366700262, 495645701, -1243243882, 89414891, 1917262711},
      {1, 4, 3});
  ExpectBits<uint32_t>(
      philox, {1, 2, 3}, {2, 3},
      {4031113034, 1366700262, 495645701, 3051723414, 89414891, 1917262711},
      {1, 4, 3});
  ExpectBits<int64_t>(
      philox, {1, 2, 3}, {2, 3},
      {5869932932755744586, -5339691813646437371, 8234580641674714347,
       2641225993340350124, 1962472297844690804, -3580856229565614135},
      {1, 5, 3});
  ExpectBits<uint64_t>(
      philox, {1, 2, 3}, {2, 3},
      {5869932932755744586u, 13107052260063114245u, 8234580641674714347u,
       2641225993340350124u, 1962472297844690804u, 14865887844143937481u},
      {1, 5, 3});
}

TEST(RngBitGenerator, ThreefryOfEveryType) {
  const auto threefry = RngAlgorithm::kThreefry;
  ExpectBits<int32_t>(
      threefry, {1, 2}, {2, 3},
      {43444564, -2144348869, -315321645, -549236733, 1672743891, -54463903},
      {1, 5});
  ExpectBits<uint32_t>(
      threefry, {1, 2}, {2, 3},
      {43444564, 2150618427, 3979645651, 3745730563, 1672743891, 4240503393},
      {1, 5});
  ExpectBits<int64_t>(
      threefry, {1, 2}, {2, 3},
      {-9209908263526143660, -2358953802017238317, -233920680524772397,
       2658481902456610144, -2022031683723149139, -2324041912354448873},
      {1, 8});
}

// A state of two numbers: the key is the upper half of the counter as well.
TEST(RngBitGenerator, PhiloxOfAShortState) {
  const auto philox = RngAlgorithm::kPhilox;
  const KernelRun run =
      RunKernel(BitsCase(philox, {5, 7, 5}, DataType::kUInt32, {9}));
  ASSERT_TRUE(run.ok()) << run.error;
  ExpectBits<uint32_t>(philox, {5, 7}, {9}, run.Values<uint32_t>(1), {5, 10});
}

TEST(RngBitGenerator, NoBits) {
  ExpectBits<uint32_t>(RngAlgorithm::kPhilox, {1, 2, 3}, {0}, {}, {1, 2, 3});
}

TEST(RngBitGenerator, RefusesWhatDoesNotFit) {
  const DataType u32 = DataType::kUInt32;
  ExpectRefused(BitsCase(RngAlgorithm::kThreefry, {1, 2, 3}, u32, {2}),
                "prepare", "a state of 3 numbers");
  ExpectRefused(BitsCase(RngAlgorithm::kPhilox, {1}, u32, {2}), "prepare",
                "a state of 1 numbers");
  ExpectRefused(
      BitsCase(RngAlgorithm::kPhilox, {1, 2}, DataType::kFloat32, {2}),
      "prepare", "bits as float32");
  KernelCase k = BitsCase(RngAlgorithm::kPhilox, {1, 2}, u32, {2});
  k.inputs[0] = KernelTensor::Of<int64_t>({2}, {1, 2});
  ExpectRefused(k, "prepare", "must be uint64");
}

}  // namespace liteforge::rng_bit_generator_test
