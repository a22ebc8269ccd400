// SPDX-License-Identifier: Apache-2.0
#include "report/graph_view.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <regex>

#include "report/xml_testing.h"

namespace liteforge::graph_view_test {

using testing::HasSubstr;

TensorDetails Tensor(const std::string& name) {
  TensorDetails details;
  details.name = name;
  details.dtype = DataType::kFloat32;
  details.shape = details.shape_signature = Shape{1, 8};
  return details;
}

// x -> 1 -> 2 -> 3, with 3 reading 1 as well, and the output being 1.
SubgraphDescription Skipping() {
  SubgraphDescription graph;
  for (const char* name : {"x", "first", "second", "third <&>"})
    graph.tensors.push_back(Tensor(name));
  graph.constant_bytes.resize(4);
  graph.operators = {
      {"RELU", 1, {0}, {1}}, {"TANH", 1, {1}, {2}}, {"ADD", 1, {2, 1}, {3}}};
  graph.inputs = {0};
  graph.outputs = {1};
  return graph;
}

size_t CountOf(const std::string& text, const std::string& part) {
  size_t count = 0;
  for (size_t at = text.find(part); at != std::string::npos;
       at = text.find(part, at + 1))
    ++count;
  return count;
}

TEST(GraphView, OneBoxAnOperatorAndLinesThatSkip) {
  const std::string svg = DrawGraph(Skipping());
  const XmlReader xml(svg);
  EXPECT_EQ(xml.problem(), "");
  EXPECT_EQ(std::ranges::count(xml.elements(), "rect"), 3);
  EXPECT_THAT(xml.text(), HasSubstr("2: ADD → third <&>"));
  EXPECT_THAT(xml.text(), HasSubstr("float32[1,8]"));
  // first -> ADD and first -> the outputs, each in a lane of its own.
  const std::regex line("d=\"M[0-9.]+ [0-9.]+H([0-9.]+)V");
  std::vector<std::string> lanes;
  for (auto at = std::sregex_iterator(svg.begin(), svg.end(), line);
       at != std::sregex_iterator(); ++at)
    lanes.push_back((*at)[1]);
  ASSERT_EQ(lanes.size(), 2u);
  EXPECT_NE(lanes[0], lanes[1]);
  EXPECT_EQ(CountOf(svg, "class=\"edge\""), 2u + 2u);
}

TEST(GraphView, EmptyGraphs) {
  EXPECT_EQ(XmlReader(DrawGraph({})).problem(), "");
}

}  // namespace liteforge::graph_view_test
