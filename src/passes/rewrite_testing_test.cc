// SPDX-License-Identifier: Apache-2.0
#include "passes/rewrite_testing.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "ir/parse.h"
#include "passes/pass.h"

namespace liteforge {
namespace {

using ir::Graph;

std::unique_ptr<Graph> ParseOrFail(const std::string& text) {
  auto graph = ir::Parse(text);
  if (!graph) {
    ADD_FAILURE() << graph.error().ToString() << "\n" << text;
    return std::make_unique<Graph>();
  }
  return *std::move(graph);
}

void RunToTheEnd(std::string_view name, Graph& graph) {
  for (int round = 0; round < 20; ++round) {
    int changes = 0;
    for (const Pass& pass : Pipeline()) {
      if (!name.empty() && pass.name != name) continue;
      const auto count = pass.run(graph);
      ASSERT_TRUE(count) << count.error().ToString();
      changes += *count;
      const auto verified = ir::Verify(graph);
      ASSERT_TRUE(verified) << verified.error().ToString();
    }
    graph.RemoveDead();
    if (changes == 0) return;
  }
  ADD_FAILURE() << name << " never comes to an end";
}

}  // namespace

std::unique_ptr<Graph> Rewrite(std::string_view pass, const std::string& text) {
  auto graph = ParseOrFail(text);
  RunToTheEnd(pass, *graph);
  return graph;
}

void ExpectSameOutputs(const std::vector<Array>& before,
                       const std::vector<Array>& after) {
  ASSERT_EQ(before.size(), after.size());
  for (size_t k = 0; k < before.size(); ++k) {
    EXPECT_EQ(before[k].shape, after[k].shape) << "output " << k;
    ASSERT_EQ(before[k].data.size(), after[k].data.size()) << "output " << k;
    double largest = 1;
    for (double v : before[k].data) largest = std::max(largest, std::abs(v));
    for (size_t i = 0; i < before[k].data.size(); ++i) {
      ASSERT_NEAR(before[k].data[i], after[k].data[i], 1e-5 * largest)
          << "output " << k << ", element " << i;
    }
  }
}

void ExpectRewrites(std::string_view pass, std::span<const RewriteRow> rows) {
  const auto pipeline = Pipeline();
  ASSERT_TRUE(std::any_of(pipeline.begin(), pipeline.end(), [&](const Pass& p) {
    return p.name == pass;
  })) << pass;
  for (const RewriteRow& row : rows) {
    SCOPED_TRACE(row.name);
    const auto graph = Rewrite(pass, row.before);
    const auto wanted = ParseOrFail(row.after ? row.after : row.before);
    EXPECT_EQ(ir::Print(*graph), ir::Print(*wanted));
    ExpectSameOutputs(Evaluate(*ParseOrFail(row.before)), Evaluate(*graph));
  }
}

std::string OpList(const Graph& graph) {
  std::string list;
  for (const auto& node : graph.nodes()) {
    list += list.empty() ? "" : " ";
    list += Name(node->op());
  }
  return list;
}

std::vector<float> OperandOf(const Graph& graph, std::string_view output,
                             int operand) {
  for (const auto& node : graph.nodes()) {
    if (node->output()->name != output) continue;
    const ir::Value* value = node->input(operand);
    if (value != nullptr && value->is_constant()) {
      return value->ToVector<float>();
    }
  }
  ADD_FAILURE() << "no constant " << operand << " of " << output;
  return {};
}

}  // namespace liteforge
