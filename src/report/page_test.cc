// SPDX-License-Identifier: Apache-2.0
#include "report/page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "report/xml_testing.h"

namespace liteforge::page_test {

using testing::HasSubstr;
using testing::IsEmpty;

TEST(Escaped, MarkupAndQuotes) {
  EXPECT_EQ(Escaped("a<b & \"c\">"), "a&lt;b &amp; &quot;c&quot;&gt;");
}

// Unicode's table 3-7 of well-formed byte sequences; XML 1.0's characters.
TEST(Escaped, WhatIsNoTextIsReplaced) {
  const std::string bad = "\xEF\xBF\xBD";
  EXPECT_EQ(Escaped("sch\xC3\xB6n \xE2\x82\xAC \xF0\x9F\x98\x80"),
            "sch\xC3\xB6n \xE2\x82\xAC \xF0\x9F\x98\x80");
  EXPECT_EQ(Escaped("\xFF"), bad);
  EXPECT_EQ(Escaped("a\xC3"), "a" + bad);               // cut off
  EXPECT_EQ(Escaped("\xC0\x80"), bad + bad);            // too long for NUL
  EXPECT_EQ(Escaped("\xED\xA0\x80"), bad + bad + bad);  // a surrogate
  EXPECT_EQ(Escaped(std::string_view("\0\x1B", 2)), bad + bad);
  EXPECT_EQ(Escaped("a\tb\n"), "a\tb\n");
}

TEST(Page, IsWellFormedAndNeedsNothingElse) {
  Page page("<title>", "sub & title");
  page.Number("size", "12", "of \"all\"");
  page.Number("time", "3", "");
  page.Section("One");
  const Column columns[] = {{"name"}, {"count", true}};
  const Row rows[] = {{"a<b", "1"}, {"c", "2"}};
  page.Table(columns, rows);
  page.Section("Two");
  page.Fold("more", false, [&] { page.Paragraph("hidden"); });
  const std::string items[] = {"x", "y & z"};
  page.List(items);
  const std::string html = page.Finish();
  const XmlReader xml(html);
  EXPECT_EQ(xml.problem(), "");
  EXPECT_THAT(xml.links(), IsEmpty());
  EXPECT_THAT(html, testing::Not(HasSubstr("<script")));
  EXPECT_THAT(html, testing::Not(HasSubstr("url(")));
  EXPECT_THAT(xml.text(), HasSubstr("a<b\n1\n"));
  EXPECT_THAT(xml.text(), HasSubstr("y & z"));
  EXPECT_EQ(std::ranges::count(xml.elements(), "section"), 2);
}

TEST(Page, LongTablesAreFolded) {
  Page page("t", "s");
  page.Section("One");
  const Column columns[] = {{"n", true}};
  std::vector<Row> rows;
  for (int i = 0; i < 30; ++i) rows.push_back({std::to_string(i)});
  page.Table(columns, rows, 10);
  const XmlReader xml(page.Finish());
  EXPECT_EQ(xml.problem(), "");
  EXPECT_THAT(xml.text(), HasSubstr("20 more"));
  EXPECT_EQ(std::ranges::count(xml.elements(), "tr"), 32);  // two heads
}

TEST(Texts, HaveUnits) {
  EXPECT_EQ(BytesText(999), "999 bytes");
  EXPECT_EQ(BytesText(12345), "12.3 kB");
  EXPECT_EQ(BytesText(4.5e6), "4.50 MB");
  EXPECT_EQ(MicrosecondsText(850), "850 µs");
  EXPECT_EQ(MicrosecondsText(12300), "12.3 ms");
  EXPECT_EQ(DecibelText(45.12), "45.1 dB");
  EXPECT_EQ(DecibelText(std::numeric_limits<double>::infinity()), "equal");
  EXPECT_EQ(DecibelText(std::nan("")), "-");
  EXPECT_EQ(PercentText(1, 4), "25.0 %");
  EXPECT_EQ(PercentText(1, 0), "-");
}

}  // namespace liteforge::page_test
