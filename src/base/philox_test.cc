// SPDX-License-Identifier: Apache-2.0
#include "base/philox.h"

#include <gtest/gtest.h>

namespace liteforge::philox_test {

// Random123's kat_vectors: philox4x32 10.
TEST(Philox, KnownAnswers) {
  using Words = Philox::Words;
  struct {
    Words counter;
    std::array<uint32_t, 2> key;
    Words answer;
  } const rows[] = {
      {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
      {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
       {0xffffffff, 0xffffffff},
       {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
      {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
       {0xa4093822, 0x299f31d0},
       {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}}};
  for (const auto& [counter, key, answer] : rows)
    EXPECT_EQ(Philox(key, counter).Next(), answer);
}

TEST(Philox, CountsThroughAllWords) {
  Philox generator({1, 2}, {0xffffffff, 0xffffffff, 7, 0});
  generator.Next();
  EXPECT_EQ(generator.counter(), (Philox::Words{0, 0, 8, 0}));
  generator = Philox({1, 2}, {0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff});
  generator.Next();
  EXPECT_EQ(generator.counter(), (Philox::Words{0, 0, 0, 0}));
}

TEST(Philox, SkipsAsManyAsAreDrawn) {
  for (const uint32_t low : {0u, 0xfffffffeu}) {
    Philox drawn({1, 2}, {low, 0xffffffff, 3, 4});
    Philox skipped = drawn;
    for (int i = 0; i < 5; ++i) drawn.Next();
    skipped.Skip(5);
    EXPECT_EQ(drawn.counter(), skipped.counter());
    EXPECT_EQ(drawn.Next(), skipped.Next());
  }
}

}  // namespace liteforge::philox_test
