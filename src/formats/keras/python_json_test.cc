// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "formats/keras/keras_file.h"

namespace liteforge::python_json_test {

using nlohmann::json;
using testing::HasSubstr;

TEST(ParsePythonJson, WordsThatAreNoNumbersBecomeStrings) {
  struct Row {
    const char* text;
    json expected;
  };
  const Row rows[] = {
      {R"({"a": NaN})", {{"a", "NaN"}}},
      {R"([Infinity, -Infinity,NaN])", {"Infinity", "-Infinity", "NaN"}},
      {R"(-Infinity)", "-Infinity"},
      {R"({"max": Infinity, "min": -1.5e-3})",
       {{"max", "Infinity"}, {"min", -0.0015}}},
      // Inside strings they are left alone.
      {R"({"NaN": "Infinity and -Infinity"})",
       {{"NaN", "Infinity and -Infinity"}}},
      {R"(["a\"NaN\\", NaN, "\\"])", {"a\"NaN\\", "NaN", "\\"}},
      // What Python and JavaScript write alike.
      {R"({"a": [null, true, 2, "ü\u00fc"], "b": {}})",
       {{"a", {nullptr, true, 2, "üü"}}, {"b", json::object()}}},
      {R"({"a": 1, "a": 2})", {{"a", 2}}},
      {R"( "text" )", "text"},
  };
  for (const Row& row : rows) {
    const auto parsed = ParsePythonJson(row.text);
    ASSERT_TRUE(parsed) << row.text << ": " << parsed.error().ToString();
    EXPECT_EQ(*parsed, row.expected) << row.text;
  }
}

TEST(ParsePythonJson, BrokenTextIsRefused) {
  const std::string_view rows[] = {"",
                                   " ",
                                   "{",
                                   "{\"a\": }",
                                   "[1,]",
                                   "\"open",
                                   "\"open\\",
                                   "nan",
                                   "INF",
                                   "{\"a\"S 1}",
                                   "NaNNaN",
                                   "Infinity1",
                                   "--Infinity",
                                   "1e999",
                                   "[1] 2",
                                   "\"\xff\xfe\"",
                                   "{'a': 1}",
                                   "\"\\ud800\"",
                                   std::string_view("[\0]", 3)};
  for (const std::string_view text : rows) {
    const auto parsed = ParsePythonJson(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().code, ErrorCode::kInvalidModel);
    EXPECT_THAT(parsed.error().message, HasSubstr("the JSON is damaged: "));
  }
  EXPECT_THAT(ParsePythonJson("{\"a\": 1,\n\"b\"S 2}").error().message,
              HasSubstr("line 2, column 4"));
}

TEST(ParsePythonJson, DepthIsBounded) {
  auto nested = [](size_t depth, char open, char close) {
    return std::string(depth, open) + std::string(depth, close);
  };
  EXPECT_TRUE(ParsePythonJson(nested(500, '[', ']')));
  EXPECT_FALSE(ParsePythonJson(nested(501, '[', ']')));
  EXPECT_THAT(ParsePythonJson(nested(2'000'000, '[', ']')).error().message,
              HasSubstr("nested deeper than 500"));
  EXPECT_FALSE(ParsePythonJson(std::string(2'000'000, '[')));
  EXPECT_FALSE(ParsePythonJson(std::string(2'000'000, ']')));
  std::string objects;
  for (int i = 0; i < 100'000; ++i) objects += "{\"a\":";
  EXPECT_FALSE(ParsePythonJson(objects));
  // Brackets in strings do not count.
  EXPECT_TRUE(ParsePythonJson('"' + std::string(1000, '[') + '"'));
}

TEST(ParsePythonJson, AnyDamageIsSurvived) {
  constexpr unsigned kSeed = 11;
  std::mt19937 random(kSeed);
  const std::string whole =
      R"({"class_name": "Sequential", "config": [{"a": [NaN, -Infinity, 1.5],)"
      R"( "b": "q\"\u00e9\\", "c": null}]})";
  ASSERT_TRUE(ParsePythonJson(whole));
  int refused = 0;
  for (int round = 0; round < 5000; ++round) {
    std::string text = whole;
    text[random() % text.size()] = static_cast<char>(random());
    refused += !ParsePythonJson(text);
  }
  EXPECT_GT(refused, 1000);
}

}  // namespace liteforge::python_json_test
