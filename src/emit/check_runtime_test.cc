// SPDX-License-Identifier: Apache-2.0
#include "emit/check_runtime.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "emit/emit.h"
#include "ir/parse.h"

namespace liteforge::check_runtime_test {

using testing::HasSubstr;
using testing::Not;

// GELU came with 2.9.0, CUMSUM with 2.4.0, a plain ADD with 1.5.0.
std::vector<std::byte> Model() {
  auto graph = ir::Parse(
      "graph g(%x: float32[1,4]) {\n"
      "%a = ADD(%x, %x)\n"
      "%b = CUMSUM(%a, @i: int32[] = [1])\n"
      "%y = GELU(%b)\n return %y }");
  EXPECT_TRUE(graph) << graph.error().ToString();
  ir::Module module;
  module.graphs.push_back(*std::move(graph));
  auto bytes = Emit(module);
  EXPECT_TRUE(bytes) << bytes.error().ToString();
  return *bytes;
}

TEST(CheckRuntime, ARuntimeThatIsNewEnough) {
  const auto module = Model();
  EXPECT_TRUE(CheckRuntime(module, "2.9.0"));
  EXPECT_TRUE(CheckRuntime(module, "2.9"));
  EXPECT_TRUE(CheckRuntime(module, "2.10.1"));
}

TEST(CheckRuntime, NamesEveryOperatorThatIsNewer) {
  const auto module = Model();
  EXPECT_THAT(CheckRuntime(module, "2.8.0").error().message,
              AllOf(HasSubstr("GELU version 1"), HasSubstr("2.9.0"),
                    Not(HasSubstr("CUMSUM"))));
  EXPECT_THAT(CheckRuntime(module, "2.3.0").error().message,
              AllOf(HasSubstr("GELU"), HasSubstr("CUMSUM"), HasSubstr("2.4.0"),
                    Not(HasSubstr("ADD"))));
}

TEST(CheckRuntime, WhatIsNoRelease) {
  const auto module = Model();
  for (const char* text : {"", "new", "2.", ".5", "2..5", "1.2.3.4", "2,5"})
    EXPECT_EQ(CheckRuntime(module, text).error().code,
              ErrorCode::kInvalidArgument)
        << text;
}

}  // namespace liteforge::check_runtime_test
