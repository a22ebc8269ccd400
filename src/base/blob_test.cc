// SPDX-License-Identifier: Apache-2.0
#include "base/blob.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "base/mapped_file.h"

namespace liteforge::blob_test {

using testing::ElementsAre;

TEST(Blob, EmptyByDefault) {
  EXPECT_TRUE(Blob().empty());
  EXPECT_EQ(Blob().data(), nullptr);
  EXPECT_THAT(Blob().ToVector<int>(), ElementsAre());
}

TEST(Blob, OwnTakesTheVectorOver) {
  std::vector<int32_t> values = {1, 2, 3};
  const void* address = values.data();
  const Blob blob = Blob::Own(std::move(values));
  EXPECT_EQ(static_cast<const void*>(blob.data()), address);
  EXPECT_EQ(blob.size(), 12u);
  EXPECT_THAT(blob.ToVector<int32_t>(), ElementsAre(1, 2, 3));
}

TEST(Blob, CopyIsIndependent) {
  std::vector<std::byte> bytes = {std::byte{1}, std::byte{2}};
  const Blob blob = Blob::Copy(bytes);
  bytes[0] = std::byte{9};
  EXPECT_EQ(blob.bytes()[0], std::byte{1});
}

TEST(Blob, CopiesAndSlicesShareTheKeeper) {
  auto keeper = std::make_shared<std::vector<std::byte>>(8, std::byte{7});
  std::weak_ptr<std::vector<std::byte>> watch = keeper;
  Blob slice;
  {
    const Blob whole = Blob::View(*keeper, keeper);
    keeper.reset();
    slice = Slice(whole, 2, 3);
  }
  ASSERT_FALSE(watch.expired());
  EXPECT_EQ(slice.size(), 3u);
  EXPECT_EQ(slice.bytes()[0], std::byte{7});
  slice = Blob();
  EXPECT_TRUE(watch.expired());
}

TEST(Blob, ToVectorReadsUnalignedBytes) {
  const std::vector<std::byte> bytes = {std::byte{0xff}, std::byte{1},
                                        std::byte{0},    std::byte{2},
                                        std::byte{0},    std::byte{3}};
  const Blob odd = Slice(Blob::Copy(bytes), 1, 5);
  EXPECT_THAT(odd.ToVector<uint16_t>(), ElementsAre(1, 2))
      << "half an element at the end is left out";
}

TEST(Blob, FillsMemoryOfItsOwn) {
  const Blob blob = Blob::Fill(100, [](std::byte* to) {
    for (size_t i = 0; i < 100; ++i) to[i] = std::byte(i);
  });
  ASSERT_EQ(blob.size(), 100u);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(blob.data()) % 64, 0u);
  EXPECT_EQ(blob.data()[99], std::byte{99});
  EXPECT_FALSE(blob.is_file());
  EXPECT_TRUE(Blob::Fill(0, [](std::byte*) {}).empty());
}

}  // namespace liteforge::blob_test
