// SPDX-License-Identifier: Apache-2.0
#include "detection/labels.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace liteforge::labels_test {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(ParseLabelLines, OneALine) {
  EXPECT_THAT(*ParseLabelLines("cat\r\n\nhot dog\n\n"),
              ElementsAre("cat", "", "hot dog"));
  // Not all lines are numbered.
  EXPECT_THAT(*ParseLabelLines("7 up\ncola"), ElementsAre("7 up", "cola"));
  EXPECT_THAT(*ParseLabelLines("0\n1\n"), ElementsAre("0", "1"));
}

TEST(ParseLabelLines, Numbered) {
  EXPECT_THAT(*ParseLabelLines("0  person\n2: hot dog"),
              ElementsAre("person", "???", "hot dog"));
  EXPECT_FALSE(ParseLabelLines("999999999 person"));
}

TEST(ParseLabelMap, CountsFromOneAndKnowsGaps) {
  const auto labels = ParseLabelMap(R"(# comment
    item { name: "/m/1" id: 1 display_name: 'person' }
    item: {
      id: 3,
      name: "a \"b\"";
      keypoints { id: 7 label: 'nose' }
    }
    item { id: 0 name: 'background' })");
  ASSERT_TRUE(labels) << labels.error().ToString();
  EXPECT_THAT(*labels, ElementsAre("person", "???", "a \"b\""));
}

TEST(ParseLabelMap, ErrorsNameTheLine) {
  EXPECT_THAT(ParseLabelMap("item {\n id: x }").error().message,
              HasSubstr("line 2: 'a number' was expected"));
  EXPECT_THAT(ParseLabelMap("items { }").error().message,
              HasSubstr("line 1: 'item { … }'"));
  for (const char* damaged :
       {"item { nam: 'x' }", "item { id: 2000000000 name: 'x' }", "item {",
        "item { id", "item { name: 'x", "item { a { b {",
        "item { id:", "item { a { ) } }", "item { id: -4 }", "item", "item ("})
    EXPECT_FALSE(ParseLabelMap(damaged)) << damaged;
}

}  // namespace liteforge::labels_test
