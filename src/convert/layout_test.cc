// SPDX-License-Identifier: Apache-2.0
// How many TRANSPOSEs are left of models in NCHW. Each is also run as it was
// lowered, before any rewrite, and must give the same (self_check.h).
#include <gtest/gtest.h>

#include <functional>

#include "convert/compile.h"
#include "convert/self_check.h"
#include "emit/emit.h"
#include "function/builder.h"
#include "function/ops.h"

namespace liteforge::layout_test {

// Weights that differ, between -1 and 1.
std::vector<float> Values(int64_t count, float scale = 1) {
  std::vector<float> values;
  for (int64_t i = 0; i < count; ++i)
    values.push_back(scale * static_cast<float>((i * 37) % 23 - 11) / 11.0f);
  return values;
}

Tensor Weights(Tensor x, Shape shape, float scale = 0.3f) {
  return x.builder()->Constant(
      FloatConstant(shape, Values(shape.elements(), scale)));
}

// The usual parts of a network, channels first.
Tensor Conv(Tensor x, int32_t out, int32_t size, int32_t stride = 1) {
  return Conv2D(x, Weights(x, {size, size, x.dim(1), out}),
                {{stride, stride}, {}, "SAME", "NCHW"});
}
Tensor Bias(Tensor x) { return BiasAdd(x, Weights(x, {x.dim(1)}), "NCHW"); }
Tensor Normalize(Tensor x) {
  const Shape c{x.dim(1)};
  FunctionBuilder& f = *x.builder();
  std::vector<float> ones(static_cast<size_t>(x.dim(1)), 1.25f);
  return FusedBatchNorm(x, Weights(x, c), Weights(x, c), Weights(x, c),
                        f.Constant(FloatConstant(c, ones)), 0.001f, "NCHW");
}
Tensor MaxPool2(Tensor x) {
  return MaxPool(x, std::vector<int32_t>{2, 2}, {{2, 2}, {}, "VALID", "NCHW"});
}
Tensor Block(Tensor x, int32_t out) { return Relu(Normalize(Conv(x, out, 3))); }
Tensor Residual(Tensor x) {
  return Relu(Add(x, Normalize(Conv(Block(x, x.dim(1)), x.dim(1), 3))));
}

using Network = std::function<Tensor(Tensor)>;

// TRANSPOSEs of the model that is made of x [1, 3, 16, 16].
int Transposes(const Network& network, bool nhwc_input = false) {
  FunctionBuilder f("f");
  Tensor x = nhwc_input ? f.Input("x", DataType::kFloat32, {1, 16, 16, 3})
                        : f.Input("x", DataType::kFloat32, {1, 3, 16, 16});
  if (nhwc_input) x = Transpose(x, {0, 3, 1, 2});
  f.Output("y", network(x));
  auto function = f.Finish();
  EXPECT_TRUE(function) << function.error().ToString();
  SelfCheck check;
  auto module =
      CompileModule(std::span(&*function, 1), false,
                    [&](ir::Module& lowered) { check.RunSource(lowered); });
  EXPECT_TRUE(module) << module.error().ToString();
  const auto bytes = Emit(**module);
  EXPECT_TRUE(bytes) << bytes.error().ToString();
  const auto report = check.Compare(*bytes, true);
  EXPECT_TRUE(report) << report.error().ToString();
  EXPECT_EQ(report->skipped, "");
  int count = 0;
  for (const auto& node : (*module)->graphs[0]->nodes())
    count += node->op() == Op::kTranspose ? 1 : 0;
  return count;
}

TEST(Layout, ChannelsFirstInAndOutTakesOneTransposeEach) {
  EXPECT_EQ(Transposes([](Tensor x) { return Relu(Bias(Conv(x, 8, 3))); }), 2);
  EXPECT_EQ(Transposes([](Tensor x) {
              return Residual(Residual(Block(MaxPool2(Block(x, 8)), 8)));
            }),
            2);
}

TEST(Layout, AnInputThatIsTransposedAlreadyTakesNone) {
  const Network back = [](Tensor x) {
    return Transpose(Residual(Block(x, 8)), {0, 2, 3, 1});
  };
  EXPECT_EQ(Transposes(back, true), 0);
  EXPECT_EQ(Transposes([](Tensor x) { return Residual(Block(x, 8)); }, true),
            1);
}

TEST(Layout, ConcatenationPaddingAndSplitsMoveAlong) {
  EXPECT_EQ(
      Transposes([](Tensor x) {
        const Tensor a = Block(x, 4), b = Conv(a, 4, 1);
        const Tensor joined = Concat({a, b, Relu6(Conv(a, 8, 3))}, 1);
        const Tensor padded = Pad(joined, {{0, 0}, {0, 0}, {1, 1}, {2, 1}});
        const auto halves = Split(padded, 1, 2);
        return Conv(Sigmoid(halves[0]) * halves[1], 4, 3, 2);
      }),
      2);
}

TEST(Layout, SqueezeAndExcite) {
  EXPECT_EQ(Transposes([](Tensor x) {
              const Tensor a = Block(x, 8);
              const Tensor mean = Mean(a, {2, 3}, true);
              const Tensor gate =
                  Sigmoid(Bias(Conv(Relu(Conv(mean, 4, 1)), 8, 1)));
              return Mean(Conv(a * gate, 8, 1), {2, 3});
            }),
            1);
}

TEST(Layout, AClassifierTakesOneForItsInput) {
  const auto dense = [](Tensor x, int32_t units) {
    return MatMul(x, Weights(x, {x.dim(1), units}));
  };
  // Global pooling, by a mean or by a pool whose axes are squeezed.
  EXPECT_EQ(Transposes([&](Tensor x) {
              return Softmax(dense(Mean(Residual(Block(x, 8)), {2, 3}), 5));
            }),
            1);
  EXPECT_EQ(Transposes([&](Tensor x) {
              const Tensor pooled =
                  AvgPool(Block(x, 8), std::vector<int32_t>{16, 16},
                          {{1, 1}, {}, "VALID", "NCHW"});
              return dense(Squeeze(pooled, {2, 3}), 5);
            }),
            1);
  EXPECT_EQ(Transposes([&](Tensor x) {
              const Tensor pooled =
                  AvgPool(Block(x, 8), std::vector<int32_t>{16, 16},
                          {{1, 1}, {}, "VALID", "NCHW"});
              return dense(Reshape(pooled, {1, 8}), 5);
            }),
            1);
}

TEST(Layout, FlatteningBeforeADenseLayerReordersItsWeights) {
  EXPECT_EQ(Transposes([](Tensor x) {
              const Tensor a = MaxPool2(Block(x, 8));
              const Tensor flat = Reshape(a, {1, 8 * 8 * 8});
              return MatMul(flat, Weights(x, {8 * 8 * 8, 5})) + Weights(x, {5});
            }),
            1);
}

TEST(Layout, ChannelsAreChosenAndNormalizedAlongTheirAxis) {
  EXPECT_EQ(Transposes([](Tensor x) {
              return ArgMax(Conv(Block(x, 8), 5, 1), 1, DataType::kInt32);
            }),
            1);
  EXPECT_EQ(
      Transposes([](Tensor x) { return Softmax(Conv(Block(x, 8), 5, 1), 1); }),
      2);
}

}  // namespace liteforge::layout_test
