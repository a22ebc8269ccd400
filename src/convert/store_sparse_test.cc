// SPDX-License-Identifier: Apache-2.0
#include "convert/store_sparse.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "convert/example_testing.h"

namespace liteforge::store_sparse_test {

using testing::ElementsAre;
using testing::IsEmpty;

// Every `step`-th of 64 numbers is not zero.
std::string Numbers(int step) {
  std::string list;
  for (int i = 0; i < 64; ++i)
    list += (i > 0 ? "," : "") + std::string(i % step == 0 ? "1.5" : "0");
  return "[" + list + "]";
}

std::string Dense(const char* name, int step) {
  return std::string("%") + name + " = FULLY_CONNECTED(%x, @w_" + name +
         ": float32[4,16] = " + Numbers(step) + ")\n";
}
std::string Convolution(const char* name, int step) {
  return std::string("%") + name + " = CONV_2D(%x, @w_" + name +
         ": float32[4,1,1,16] = " + Numbers(step) +
         ") {padding=0 stride_w=1 stride_h=1}\n";
}

ir::Module Module(const std::string& graph) {
  return ModuleOf({graph.c_str()});
}

std::vector<Op> OpsOf(const ir::Module& module) {
  std::vector<Op> ops;
  for (const auto& node : module.graphs[0]->nodes()) ops.push_back(node->op());
  return ops;
}

// The kernel of dense layers of floats takes sparse weights.
TEST(StoreSparse, DenseLayersStayAsTheyAre) {
  ir::Module module =
      Module("graph g(%x: float32[1,16]) {\n" + Dense("few", 16) +
             Dense("all", 1) + " return %few, %all }");
  EXPECT_THAT(StoreSparse(module), ElementsAre("few"));
  EXPECT_THAT(OpsOf(module),
              ElementsAre(Op::kFullyConnected, Op::kFullyConnected));
}

TEST(StoreSparse, ConvolutionsReadThemThroughDensify) {
  ir::Module module =
      Module("graph g(%x: float32[1,2,2,16]) {\n" + Convolution("few", 16) +
             Convolution("all", 1) + " return %few, %all }");
  const ir::Value* before = module.graphs[0]->nodes()[0]->input(1);
  EXPECT_THAT(StoreSparse(module), ElementsAre("few"));
  EXPECT_THAT(OpsOf(module),
              ElementsAre(Op::kDensify, Op::kConv2D, Op::kConv2D));
  const ir::Node* densify = module.graphs[0]->nodes()[0].get();
  EXPECT_EQ(densify->input(0), before);
  const ir::Value* weights = module.graphs[0]->nodes()[1]->input(1);
  EXPECT_EQ(weights, densify->output());
  EXPECT_EQ(weights->shape, (Shape{4, 1, 1, 16}));
  EXPECT_EQ(weights->type, DataType::kFloat32);
}

TEST(StoreSparse, WeightsThatOthersReadStayDense) {
  ir::Module module =
      Module("graph g(%x: float32[1,16]) {\n" + Dense("few", 16) +
             "%sum = ADD(@w_few, @w_few)\n return %few, %sum }");
  EXPECT_THAT(StoreSparse(module), IsEmpty());
}

}  // namespace liteforge::store_sparse_test
