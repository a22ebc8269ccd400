// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "ir/parse.h"
#include "passes/pass.h"
#include "passes/rewrite_testing.h"

namespace liteforge {
namespace {

TEST(Pipeline, NamesAreUniqueAndSummariesThere) {
  std::set<std::string_view> names;
  for (const Pass& pass : Pipeline()) {
    EXPECT_TRUE(names.insert(pass.name).second) << pass.name;
    EXPECT_FALSE(pass.summary.empty()) << pass.name;
  }
}

void ExpectSameNumbers(const std::string& text, const ir::Graph& graph) {
  const auto before = Evaluate(**ir::Parse(text)), after = Evaluate(graph);
  ASSERT_EQ(before.size(), after.size());
  for (size_t k = 0; k < before.size(); ++k) {
    ASSERT_EQ(before[k].shape, after[k].shape);
    for (size_t i = 0; i < before[k].data.size(); ++i) {
      ASSERT_NEAR(before[k].data[i], after[k].data[i],
                  1e-5 * (1 + std::abs(before[k].data[i])));
    }
  }
}

struct ModelRow {
  const char* name;
  const char* text;
  const char* ops;
};

// The building blocks of the MLPerf Tiny models as they are lowered, and what
// TensorFlow's converter makes of them.
constexpr ModelRow kModels[] = {
    {"ad01: Dense, BatchNormalization, ReLU",
     "graph g(%x: float32[?,4]) {\n"
     "%a = FULLY_CONNECTED(%x, @w: float32[3,4], none)\n"
     "%b = ADD(%a, @b1: float32[3] = [1,2,3])\n"
     "%c = MUL(%b, @s: float32[3] = [0.5,2,-1])\n"
     "%d = ADD(%c, @t: float32[3] = [1,0,1])\n"
     "%e = RELU(%d)\n"
     "%f = FULLY_CONNECTED(%e, @v: float32[4,3], none)\n"
     "%y = ADD(%f, @b2: float32[4] = [1,2,3,4])\n return %y }",
     "FULLY_CONNECTED FULLY_CONNECTED"},
    {"VWW: ZeroPadding2D, MobileNet blocks, the head",
     "graph g(%x: float32[?,8,8,3]) {\n"
     "%p = PAD(%x, @q: int32[4,2] = [0,0,0,1,0,1,0,0])\n"
     "%a = CONV_2D(%p, @w: float32[2,3,3,3], @z: float32[2] = [0,0])"
     " {padding=1 stride_w=2 stride_h=2}\n"
     "%b = MUL(%a, @s: float32[2] = [0.5,2])\n"
     "%c = ADD(%b, @t: float32[2] = [1,0])\n"
     "%d = RELU6(%c)\n"
     "%e = DEPTHWISE_CONV_2D(%d, @v: float32[1,3,3,2], @z)"
     " {stride_w=1 stride_h=1 depth_multiplier=1}\n"
     "%f = MUL(%e, @s)\n%g = ADD(%f, @t)\n%h = RELU(%g)\n"
     "%i = AVERAGE_POOL_2D(%h) {padding=1 stride_w=4 stride_h=4"
     " filter_width=4 filter_height=4}\n"
     "%j = RESHAPE(%i, @r: int32[2] = [-1,2])\n"
     "%k = FULLY_CONNECTED(%j, @u: float32[2,2], none)\n"
     "%y = ADD(%k, @o: float32[2] = [1,2])\n return %y }",
     "CONV_2D DEPTHWISE_CONV_2D AVERAGE_POOL_2D RESHAPE FULLY_CONNECTED"},
    {"ResNet8: a residual block",
     "graph g(%x: float32[?,4,4,2]) {\n"
     "%a = CONV_2D(%x, @w: float32[2,3,3,2], @z: float32[2] = [0,0])"
     " {stride_w=1 stride_h=1}\n"
     "%b = MUL(%a, @s: float32[2] = [0.5,2])\n"
     "%c = ADD(%b, @t: float32[2] = [1,0])\n"
     "%d = RELU(%c)\n"
     "%e = CONV_2D(%d, @v: float32[2,3,3,2], @z) {stride_w=1 stride_h=1}\n"
     "%f = MUL(%e, @s)\n%g = ADD(%f, @t)\n"
     "%h = ADD(%x, %g)\n%y = RELU(%h)\n return %y }",
     "CONV_2D CONV_2D ADD"},
    {"channels first: batch normalization and a shortcut between TRANSPOSEs",
     "graph g(%x: float32[1,2,4,4]) {\n"
     "%i = TRANSPOSE(%x, @in: int32[4] = [0,2,3,1])\n"
     "%a = CONV_2D(%i, @w: float32[2,3,3,2], @z: float32[2] = [0,0])"
     " {stride_w=1 stride_h=1}\n"
     "%o = TRANSPOSE(%a, @out: int32[4] = [0,3,1,2])\n"
     "%b = MUL(%o, @s: float32[2,1,1] = [0.5,2])\n"
     "%c = ADD(%b, @t: float32[2,1,1] = [1,0])\n"
     "%d = RELU(%c)\n"
     "%j = TRANSPOSE(%d, @in)\n"
     "%e = CONV_2D(%j, @v: float32[2,3,3,2], @z) {stride_w=1 stride_h=1}\n"
     "%p = TRANSPOSE(%e, @out)\n"
     "%h = ADD(%d, %p)\n"
     "%y = MEAN(%h, @ax: int32[2] = [2,3])\n return %y }",
     "TRANSPOSE CONV_2D CONV_2D ADD MEAN"},
};

TEST(Pipeline, MakesWhatTensorFlowsConverterMakes) {
  for (const ModelRow& row : kModels) {
    SCOPED_TRACE(row.name);
    const auto graph = Rewrite("", row.text);
    EXPECT_EQ(OpList(*graph), row.ops);
    ExpectSameNumbers(row.text, *graph);
  }
}

ir::Module TwoGraphs() {
  const char* const text =
      "graph g(%x: float32[1,2]) {\n"
      "%f = FULLY_CONNECTED(%x, @w: float32[2,2] = [1,2,3,4], none)\n"
      "%y = RELU(%f)\n return %y }";
  ir::Module module;
  for (int i = 0; i < 2; ++i) {
    module.graphs.push_back(*ir::Parse(text));
    const ir::Graph& graph = *module.graphs.back();
    ir::Signature signature{"s", i, {}, {}};
    signature.inputs.emplace_back("in", graph.inputs()[0]);
    signature.outputs.emplace_back("out", graph.outputs()[0]);
    module.signatures.push_back(signature);
  }
  return module;
}

TEST(RunPasses, RewritesEveryGraphAndKeepsSignatures) {
  ir::Module module = TwoGraphs();
  const auto done = RunPasses(module);
  ASSERT_TRUE(done) << done.error().ToString();
  for (size_t i = 0; i < 2; ++i) {
    const ir::Graph& graph = *module.graphs[i];
    EXPECT_EQ(OpList(graph), "FULLY_CONNECTED");
    const ir::Signature& signature = module.signatures[i];
    EXPECT_EQ(signature.inputs[0].second, graph.inputs()[0]);
    EXPECT_EQ(signature.outputs[0].second, graph.outputs()[0]);
    EXPECT_EQ(signature.outputs[0].second->name, "y");
  }
}

}  // namespace
}  // namespace liteforge
