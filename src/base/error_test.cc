// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <memory>

#include "base/try.h"
#include "liteforge/result.h"

namespace liteforge::error_test {

Result<int> Half(int n) {
  if (n % 2 != 0) return InvalidArgument("odd; give an even number");
  return n / 2;
}

Result<int> Quarter(int n) {
  TRY_ASSIGN(const int half, Half(n));
  TRY_ASSIGN(const int quarter, Half(half));
  return quarter;
}

Result<void> Check(int n) {
  TRY(Half(n));
  return {};
}

Result<void> CheckLayer(int n) {
  TRY_IN("layer 'a'", Check(n));
  return {};
}

TEST(Error, TrailGrowsFromTheInsideOut) {
  Error error{ErrorCode::kUnsupported, "too big; make it small", {}};
  EXPECT_EQ(error.ToString(), "too big; make it small");
  (void)std::move(error).In("layer 'conv1' (Conv2D)");
  (void)std::move(error).In("model.h5");
  EXPECT_EQ(error.ToString(),
            "model.h5: layer 'conv1' (Conv2D): too big; make it small");
  EXPECT_EQ(error.message, "too big; make it small");
  EXPECT_EQ(error.code, ErrorCode::kUnsupported);
}

TEST(Error, ShorthandsSetTheCode) {
  EXPECT_EQ(InvalidModel("m").value().code, ErrorCode::kInvalidModel);
  EXPECT_EQ(Unsupported("m").value().code, ErrorCode::kUnsupported);
  EXPECT_EQ(InvalidArgument("m").value().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(Fail(ErrorCode::kIo, "m").value().code, ErrorCode::kIo);
  EXPECT_EQ(Fail(ErrorCode::kIo, "why").value().message, "why");
}

TEST(Try, PassesValuesAndErrors) {
  EXPECT_EQ(Quarter(12).value(), 3);
  EXPECT_EQ(Quarter(6).error().message, "odd; give an even number");
  EXPECT_EQ(Quarter(3).error().code, ErrorCode::kInvalidArgument);
  EXPECT_TRUE(Check(2));
  EXPECT_FALSE(Check(1));
}

TEST(Try, InAddsAPlace) {
  EXPECT_TRUE(CheckLayer(4));
  EXPECT_EQ(CheckLayer(5).error().ToString(),
            "layer 'a': odd; give an even number");
}

TEST(Try, AssignMovesTheValueOut) {
  const auto make = []() -> Result<std::unique_ptr<int>> {
    return std::make_unique<int>(7);
  };
  const auto use = [&]() -> Result<int> {
    TRY_ASSIGN(const std::unique_ptr<int> value, make());
    return *value;
  };
  EXPECT_EQ(use().value(), 7);
}

TEST(CheckDeathTest, StopsOnABrokenInvariant) {
  CHECK(1 + 1 == 2);
  EXPECT_DEATH(CHECK(1 + 1 == 3), "broken invariant: 1 \\+ 1 == 3");
}

}  // namespace liteforge::error_test
