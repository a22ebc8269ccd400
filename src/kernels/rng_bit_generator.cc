// SPDX-License-Identifier: Apache-2.0
// STABLEHLO_RNG_BIT_GENERATOR: state u64[2 | 3] -> the next state, and random
// bits i32 | i64 | u32 | u64 from 32-bit words of a counter-based generator.
// The state's words (low half first) are the key, then the counter, of which
// the lower 64 bits count.
//   THREEFRY  Threefry 2x32-20, state u64[2]
//   PHILOX    Philox 4x32-10; the counter's upper half is the state's third
//             number, or the key where there is none
// Source: Salmon et al., "Parallel random numbers: as easy as 1, 2, 3" (2011);
// tflite/kernels/rng_bit_generator.cc.
#include <array>
#include <bit>
#include <cstring>
#include <vector>

#include "base/philox.h"
#include "kernels/kernel.h"

namespace liteforge {
namespace {

using Key = std::array<uint32_t, 2>;

std::array<uint32_t, 2> Threefry(const Key& key, std::array<uint32_t, 2> x) {
  constexpr int kRotations[8] = {13, 15, 26, 6, 17, 29, 16, 24};
  const uint32_t schedule[3] = {key[0], key[1], key[0] ^ key[1] ^ 0x1BD11BDA};
  x[0] += schedule[0];
  x[1] += schedule[1];
  for (uint32_t round = 0; round < 20; ++round) {
    x[0] += x[1];
    x[1] = std::rotl(x[1], kRotations[round % 8]) ^ x[0];
    if (round % 4 != 3) continue;
    const uint32_t group = round / 4 + 1;
    x[0] += schedule[group % 3];
    x[1] += schedule[(group + 1) % 3] + group;
  }
  return x;
}

Result<void> Prepare(KernelContext& k) {
  const RuntimeTensor& state = k.Input(0);
  const DataType type = k.Output(1).type;
  if (state.type != DataType::kUInt64)
    return InvalidModel("the state must be uint64");
  if (type != DataType::kInt32 && type != DataType::kInt64 &&
      type != DataType::kUInt32 && type != DataType::kUInt64)
    return Unsupported("bits as " + std::string(Name(type)) +
                       " are not supported");
  const bool threefry =
      k.options<StablehloRngBitGeneratorOptions>().algorithm ==
      RngAlgorithm::kThreefry;
  const int32_t size = state.shape[0];
  if (size != 2 && (size != 3 || threefry))
    return InvalidModel("a state of " + std::to_string(size) +
                        " numbers does not fit the algorithm");
  return {};
}

// Fills the output with what block(key, counter) gives for counters that go up.
template <class Block>
void Generate(KernelContext& k, const Block& block) {
  auto* state = k.Output(0).MutableData<uint64_t>();
  std::memcpy(state, k.Input(0).data, k.Output(0).bytes);
  const Key key = {static_cast<uint32_t>(state[0]),
                   static_cast<uint32_t>(state[0] >> 32)};
  auto* bits = k.Output(1).MutableData<uint32_t>();
  const auto count = static_cast<int64_t>(k.Output(1).bytes / sizeof(uint32_t));
  for (int64_t i = 0; i < count; ++state[1]) {
    for (const uint32_t word : block(key, state[1])) {
      if (i < count) bits[i++] = word;
    }
  }
}

void Eval(KernelContext& k) noexcept {
  const auto low = [](uint64_t x) { return static_cast<uint32_t>(x); };
  const auto high = [](uint64_t x) { return static_cast<uint32_t>(x >> 32); };
  if (k.options<StablehloRngBitGeneratorOptions>().algorithm ==
      RngAlgorithm::kThreefry) {
    return Generate(k, [&](const Key& key, uint64_t counter) {
      return Threefry(key, {low(counter), high(counter)});
    });
  }
  const auto* state = k.Input(0).Data<uint64_t>();
  const uint64_t upper = state[k.Input(0).shape[0] == 3 ? 2 : 0];
  Generate(k, [&](const Key& key, uint64_t counter) {
    return Philox(key, {low(counter), high(counter), low(upper), high(upper)})
        .Next();
  });
}

}  // namespace

extern const Kernel kStablehloRngBitGenerator{Op::kStablehloRngBitGenerator,
                                              "i32 i64 u32 u64", Prepare, Eval};

}  // namespace liteforge
