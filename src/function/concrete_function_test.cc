// SPDX-License-Identifier: Apache-2.0
#include "function/concrete_function.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace liteforge::concrete_function_test {

TEST(ConcreteFunction, ParseInput) {
  struct Row {
    const char* text;
    const char* node;
    int output;
    bool control;
  };
  const Row rows[] = {{"a", "a", 0, false},
                      {"a/b:1", "a/b", 1, false},
                      {"a:0", "a", 0, false},
                      {"^a", "a", 0, true},
                      {"a:", "a:", 0, false},
                      {"a:x", "a:x", 0, false},
                      {"a:1x", "a:1x", 0, false},
                      {"", "", 0, false},
                      {"a:99999999999", "a:99999999999", 0, false}};
  for (const Row& row : rows) {
    const InputReference reference = ParseInput(row.text);
    EXPECT_EQ(reference.node, row.node) << row.text;
    EXPECT_EQ(reference.output, row.output) << row.text;
    EXPECT_EQ(reference.control, row.control) << row.text;
  }
}

}  // namespace liteforge::concrete_function_test
