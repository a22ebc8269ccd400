// SPDX-License-Identifier: Apache-2.0
// Types and shapes as TensorFlow infers them: each expectation is what
// tf.<operation> documents for these operands.
#include "function/ops.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "function/builder.h"

namespace liteforge::ops_test {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr int32_t kAny = Shape::kUnknownDim;
const Shape kNoRank = Shape::UnknownRank();

// One operation on float inputs of these shapes: "float32[2,3]", or the error.
struct Row {
  const char* name;
  std::vector<Shape> inputs;
  std::function<Tensor(const std::vector<Tensor>&)> build;
  std::string expected;
};

std::string Answer(const Row& row) {
  FunctionBuilder f("f");
  std::vector<Tensor> inputs;
  for (const Shape& shape : row.inputs) {
    inputs.push_back(f.Input("x" + std::to_string(inputs.size()),
                             DataType::kFloat32, shape));
  }
  const Tensor y = row.build(inputs);
  if (!y.empty()) f.Output("y", y);
  const auto function = f.Finish();
  if (!function) return function.error().message;
  return Describe(y.type(), y.shape());
}

void ExpectRows(const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    if (row.expected.starts_with("float32") ||
        row.expected.starts_with("int") || row.expected.starts_with("bool")) {
      EXPECT_EQ(Answer(row), row.expected) << row.name;
    } else {
      EXPECT_THAT(Answer(row), HasSubstr(row.expected)) << row.name;
    }
  }
}

using In = const std::vector<Tensor>&;

WindowAttributes Window(std::vector<int32_t> strides, std::string_view padding,
                        std::vector<int32_t> dilations = {},
                        std::string_view format = "NHWC") {
  return {std::move(strides), std::move(dilations), padding, format};
}

TEST(FunctionOps, Convolutions) {
  const auto conv = [](WindowAttributes w) {
    return [w](In x) { return Conv2D(x[0], x[1], w); };
  };
  const auto depthwise = [](WindowAttributes w) {
    return [w](In x) { return DepthwiseConv2D(x[0], x[1], w); };
  };
  ExpectRows({
      {"valid",
       {{1, 8, 7, 3}, {3, 2, 3, 4}},
       conv(Window({1, 1}, "VALID")),
       "float32[1,6,6,4]"},
      {"same",
       {{1, 8, 7, 3}, {3, 2, 3, 4}},
       conv(Window({2, 3}, "SAME")),
       "float32[1,4,3,4]"},
      {"dilated",
       {{1, 8, 7, 3}, {3, 2, 3, 4}},
       conv(Window({1, 1}, "VALID", {2, 4})),
       "float32[1,4,3,4]"},
      {"unknown",
       {{kAny, kAny, 7, 3}, {3, 2, 3, 4}},
       conv(Window({1, 1}, "SAME")),
       "float32[?,?,7,4]"},
      {"no rank",
       {kNoRank, {3, 2, 3, 4}},
       conv(Window({1, 1}, "SAME")),
       "float32[?,?,?,4]"},
      {"NCHW",
       {{1, 3, 8, 7}, {3, 2, 3, 4}},
       conv(Window({2, 1}, "SAME", {}, "NCHW")),
       "float32[1,4,4,7]"},
      {"groups",
       {{1, 8, 7, 6}, {1, 1, 3, 4}},
       conv(Window({1, 1}, "SAME")),
       "float32[1,8,7,4]"},
      {"larger than the image",
       {{1, 2, 2, 3}, {3, 3, 3, 4}},
       conv(Window({1, 1}, "VALID")),
       "float32[1,0,0,4]"},
      {"channels",
       {{1, 8, 7, 4}, {3, 2, 3, 4}},
       conv(Window({1, 1}, "SAME")),
       "input has 4 channels, filter wants 3"},
      {"groups that do not divide",
       {{1, 8, 7, 6}, {1, 1, 2, 4}},
       conv(Window({1, 1}, "SAME")),
       "channels"},
      {"rank",
       {{8, 7, 3}, {3, 2, 3, 4}},
       conv(Window({1, 1}, "SAME")),
       "input must have 4 dimensions, it is [8,7,3]"},
      {"filter rank",
       {{1, 8, 7, 3}, {3, 2, 3}},
       conv(Window({1, 1}, "SAME")),
       "filter must be [H,W,in,out]"},
      {"strides",
       {{1, 8, 7, 3}, {3, 2, 3, 4}},
       conv(Window({1}, "SAME")),
       "must have 2 values"},
      {"zero",
       {{1, 8, 7, 3}, {3, 2, 3, 4}},
       conv(Window({0, 1}, "SAME")),
       "must be positive"},
      {"padding",
       {{1, 8, 7, 3}, {3, 2, 3, 4}},
       conv(Window({1, 1}, "FULL")),
       "padding 'FULL' is unknown"},
      {"depthwise",
       {{1, 8, 8, 3}, {3, 3, 3, 2}},
       depthwise(Window({2, 2}, "VALID")),
       "float32[1,3,3,6]"},
      {"depthwise channels",
       {{1, 8, 8, 3}, {3, 3, 4, 2}},
       depthwise(Window({2, 2}, "VALID")),
       "input has 3 channels"},
  });
}

TEST(FunctionOps, ConvolutionAttributes) {
  FunctionBuilder f("f");
  const Tensor x = f.Input("x", DataType::kFloat32, {1, 3, 8, 8});
  const Tensor w = f.Input("w", DataType::kFloat32, {3, 3, 3, 4});
  f.Output("y", Conv2D(x, w, Window({2, 3}, "SAME", {1, 2}, "NCHW")));
  const auto function = f.Finish();
  ASSERT_TRUE(function);
  const auto& attributes = function->graph.node(2).attr();
  EXPECT_THAT(attributes.at("strides").list().i(), ElementsAre(1, 1, 2, 3));
  EXPECT_THAT(attributes.at("dilations").list().i(), ElementsAre(1, 1, 1, 2));
  EXPECT_EQ(attributes.at("padding").s(), "SAME");
  EXPECT_EQ(attributes.at("data_format").s(), "NCHW");
}

TEST(FunctionOps, Pools) {
  const int32_t size[] = {3, 2};
  const auto pool = [&size](WindowAttributes w) {
    return [&size, w](In x) { return MaxPool(x[0], size, w); };
  };
  ExpectRows({
      {"valid",
       {{2, 8, 8, 3}},
       pool(Window({2, 2}, "VALID")),
       "float32[2,3,4,3]"},
      {"same",
       {{2, 8, 8, 3}},
       pool(Window({3, 2}, "SAME")),
       "float32[2,3,4,3]"},
      {"NCHW",
       {{2, 3, 8, 8}},
       pool(Window({2, 2}, "VALID", {}, "NCHW")),
       "float32[2,3,3,4]"},
      {"unknown",
       {{kAny, kAny, 8, kAny}},
       pool(Window({2, 2}, "VALID")),
       "float32[?,?,4,?]"},
      {"rank",
       {{2, 8, 8}},
       pool(Window({2, 2}, "VALID")),
       "must have 4 dimensions"},
      {"average",
       {{2, 8, 8, 3}},
       [&](In x) {
         return AvgPool(x[0], size, Window({1, 1}, "SAME"));
       },
       "float32[2,8,8,3]"},
  });
}

TEST(FunctionOps, Matrices) {
  const auto matmul = [](bool a, bool b) {
    return [a, b](In x) { return MatMul(x[0], x[1], a, b); };
  };
  const auto batch = [](bool a, bool b) {
    return [a, b](In x) { return BatchMatMul(x[0], x[1], a, b); };
  };
  ExpectRows({
      {"plain", {{2, 3}, {3, 4}}, matmul(false, false), "float32[2,4]"},
      {"a", {{3, 2}, {3, 4}}, matmul(true, false), "float32[2,4]"},
      {"b", {{2, 3}, {4, 3}}, matmul(false, true), "float32[2,4]"},
      {"unknown", {{kAny, 3}, {kAny, 4}}, matmul(false, false), "float32[?,4]"},
      {"inner", {{2, 3}, {4, 4}}, matmul(false, false), "do not agree"},
      {"rank", {{2, 3, 1}, {3, 4}}, matmul(false, false), "must be matrices"},
      {"batch",
       {{5, 1, 2, 3}, {7, 3, 4}},
       batch(false, false),
       "float32[5,7,2,4]"},
      {"adjoint", {{5, 3, 2}, {5, 4, 3}}, batch(true, true), "float32[5,2,4]"},
      {"batch of another",
       {{5, 2, 3}, {7, 3, 4}},
       batch(false, false),
       "do not go together"},
      {"vector", {{3}, {3, 4}}, batch(false, false), "must be matrices"},
      {"no rank",
       {kNoRank, {3, 4}},
       batch(false, false),
       "float32 of unknown rank"},
      {"bias",
       {{2, 3, 4}, {4}},
       [](In x) { return BiasAdd(x[0], x[1]); },
       "float32[2,3,4]"},
      {"bias NCHW",
       {{2, 3, 4}, {3}},
       [](In x) { return BiasAdd(x[0], x[1], "NCHW"); },
       "float32[2,3,4]"},
      {"bias size",
       {{2, 3}, {2}},
       [](In x) { return BiasAdd(x[0], x[1]); },
       "do not go together"},
      {"softmax",
       {{2, kAny}},
       [](In x) { return Softmax(x[0]); },
       "float32[2,?]"},
      {"softmax of a scalar",
       {{}},
       [](In x) { return LogSoftmax(x[0]); },
       "scalar"},
      {"norm",
       {{2, 4, 4, 3}, {3}},
       [](In x) {
         return FusedBatchNorm(x[0], x[1], x[1], x[1], x[1], 0.001f);
       },
       "float32[2,4,4,3]"},
      {"norm channels",
       {{2, 4, 4, 3}, {4}},
       [](In x) {
         return FusedBatchNorm(x[0], x[1], x[1], x[1], x[1], 0.001f);
       },
       "do not go together"},
  });
}

TEST(FunctionOps, Elementwise) {
  const auto add = [](In x) { return Add(x[0], x[1]); };
  ExpectRows({
      {"relu", {{2, kAny}}, [](In x) { return Relu(x[0]); }, "float32[2,?]"},
      {"same", {{2, 3}, {2, 3}}, add, "float32[2,3]"},
      {"broadcast", {{2, 1, 4}, {3, 1}}, add, "float32[2,3,4]"},
      {"scalar", {{2, 3}, {}}, add, "float32[2,3]"},
      {"unknown by one", {{kAny, 3}, {1, 3}}, add, "float32[?,3]"},
      {"unknown by many", {{kAny, 3}, {5, 3}}, add, "float32[5,3]"},
      {"two unknown", {{kAny}, {kAny}}, add, "float32[?]"},
      {"empty", {{0, 3}, {1, 3}}, add, "float32[0,3]"},
      {"empty by many", {{0}, {3}}, add, "cannot be broadcast together"},
      {"apart", {{2}, {3}}, add, "[2] and [3] cannot be broadcast together"},
      {"no rank", {kNoRank, {3}}, add, "float32 of unknown rank"},
      {"compare", {{2}, {2}}, [](In x) { return Less(x[0], x[1]); }, "bool[2]"},
      {"cast",
       {{2}},
       [](In x) { return Cast(x[0], DataType::kInt8); },
       "int8[2]"},
      {"types",
       {{2}},
       [](In x) { return Add(x[0], Cast(x[0], DataType::kInt32)); },
       "operands are float32 and int32"},
      {"select",
       {{3, 1}, {4}},
       [](In x) { return Select(Greater(x[0], x[0]), x[1], x[1]); },
       "float32[3,4]"},
  });
}

TEST(FunctionOps, Reductions) {
  const auto mean = [](std::vector<int32_t> axes, bool keep) {
    return [axes, keep](In x) { return Mean(x[0], axes, keep); };
  };
  ExpectRows({
      {"one", {{2, 3, 4}}, mean({1}, false), "float32[2,4]"},
      {"negative", {{2, 3, 4}}, mean({-1, 0}, false), "float32[3]"},
      {"kept", {{2, kAny, 4}}, mean({0, 2}, true), "float32[1,?,1]"},
      {"none", {{2, 3}}, mean({}, false), "float32[2,3]"},
      {"no rank", {kNoRank}, mean({0}, false), "float32 of unknown rank"},
      {"range", {{2, 3}}, mean({2}, false), "axis 2 is out of range"},
      {"low", {{2, 3}}, mean({-3}, false), "axis -3 is out of range"},
  });
}

TEST(FunctionOps, Reshapes) {
  const auto reshape = [](std::vector<int32_t> dims) {
    return [dims](In x) { return Reshape(x[0], dims); };
  };
  ExpectRows({
      {"plain", {{2, 6}}, reshape({3, 4}), "float32[3,4]"},
      {"stretch", {{2, 6}}, reshape({-1, 4}), "float32[3,4]"},
      {"unknown", {{kAny, 6}}, reshape({-1, 3}), "float32[?,3]"},
      {"scalar", {{1, 1}}, reshape({}), "float32[]"},
      {"empty", {{0, 3}}, reshape({-1, 3}), "float32[0,3]"},
      {"misfit", {{2, 6}}, reshape({5}), "[2,6] does not fit [5]"},
      {"misfit stretch", {{2, 6}}, reshape({-1, 5}), "does not fit"},
      {"two stretches", {{2, 6}}, reshape({-1, -1}), "does not fit"},
      {"stretch of nothing", {{2, 6}}, reshape({-1, 0}), "does not fit"},
      {"negative", {{kAny}}, reshape({-2, 3}), "does not fit"},
      {"too many", {{1 << 20, 1 << 20}}, reshape({-1}), "does not fit"},
      {"expand",
       {{2, 3}},
       [](In x) { return ExpandDims(x[0], -1); },
       "float32[2,3,1]"},
      {"expand first",
       {{2, 3}},
       [](In x) { return ExpandDims(x[0], 0); },
       "float32[1,2,3]"},
      {"expand far",
       {{2, 3}},
       [](In x) { return ExpandDims(x[0], 3); },
       "out of range"},
      {"squeeze",
       {{1, 2, 1}},
       [](In x) { return Squeeze(x[0], {-1}); },
       "float32[1,2]"},
      {"squeeze all",
       {{1, 2, 1}},
       [](In x) { return Squeeze(x[0], {}); },
       "float32[2]"},
      {"squeeze two",
       {{1, 2}},
       [](In x) { return Squeeze(x[0], {1}); },
       "axis 1 of [1,2] is not 1"},
      {"transpose",
       {{2, 3, kAny}},
       [](In x) {
         return Transpose(x[0], {2, 0, 1});
       },
       "float32[?,2,3]"},
      {"no permutation",
       {{2, 3}},
       [](In x) {
         return Transpose(x[0], {0, 0});
       },
       "permutation"},
      {"shape", {{2, kAny, 4}}, [](In x) { return ShapeOf(x[0]); }, "int32[3]"},
  });
}

TEST(FunctionOps, JoinsAndSplits) {
  const auto concat = [](int32_t axis) {
    return [axis](In x) { return Concat(x, axis); };
  };
  ExpectRows({
      {"concat", {{2, 3}, {2, 4}}, concat(1), "float32[2,7]"},
      {"concat negative", {{2, 3}, {5, 3}}, concat(-2), "float32[7,3]"},
      {"concat unknown", {{kAny, 3}, {2, kAny}}, concat(1), "float32[2,?]"},
      {"concat apart", {{2, 3}, {3, 3}}, concat(1), "do not go together"},
      {"concat range", {{2}, {2}}, concat(1), "out of range"},
      {"concat ranks", {{2}, {2, 2}}, concat(0), "do not go together"},
      {"pack",
       {{2, kAny}, {kAny, 3}},
       [](In x) { return Pack(x, 1); },
       "float32[2,2,3]"},
      {"pack last",
       {{2}, {2}, {2}},
       [](In x) { return Pack(x, -1); },
       "float32[2,3]"},
      {"pack apart",
       {{2}, {3}},
       [](In x) { return Pack(x, 0); },
       "do not go together"},
      {"split",
       {{2, 6}},
       [](In x) { return Split(x[0], -1, 3)[2]; },
       "float32[2,2]"},
      {"split misfit",
       {{2, 6}},
       [](In x) { return Split(x[0], 1, 4)[0]; },
       "does not split into 4"},
      {"gather",
       {{5, 6, 7}, {2, 3}},
       [](In x) { return Gather(x[0], Cast(x[1], DataType::kInt32), 1); },
       "float32[5,2,3,7]"},
      {"tile",
       {{2, kAny}},
       [](In x) {
         return Tile(x[0], {3, 2});
       },
       "float32[6,?]"},
      {"tile ranks",
       {{2}},
       [](In x) {
         return Tile(x[0], {3, 2});
       },
       "multiples do not fit"},
      {"tile negative",
       {{2}},
       [](In x) { return Tile(x[0], {-3}); },
       "a multiple is negative"},
      {"tile large",
       {{1 << 20}},
       [](In x) { return Tile(x[0], {1 << 20}); },
       "too large"},
      {"pad",
       {{2, kAny}},
       [](In x) {
         return Pad(x[0], {{1, 2}, {3, 4}});
       },
       "float32[5,?]"},
      {"pad ranks",
       {{2}},
       [](In x) {
         return Pad(x[0], {{1, 2}, {3, 4}});
       },
       "do not fit"},
      {"pad negative",
       {{2}},
       [](In x) {
         return Pad(x[0], {{-1, 2}});
       },
       "a padding is negative"},
      {"pad large",
       {{2}},
       [](In x) {
         return Pad(x[0], {{INT32_MAX, INT32_MAX}});
       },
       "too large"},
  });
}

// begin : end : stride as Python counts them, for every small range.
TEST(FunctionOps, StridedSliceCountsAsPython) {
  const int32_t size = 5;
  for (int32_t begin = -6; begin <= 6; ++begin) {
    for (int32_t end = -6; end <= 7; ++end) {
      for (const int32_t stride : {-3, -1, 1, 2}) {
        const bool open = end == 7;
        const auto clip = [&](int32_t at) {
          if (at < 0) at += size;
          return stride > 0 ? std::clamp(at, 0, size)
                            : std::clamp(at, -1, size - 1);
        };
        const int32_t stop = open ? (stride > 0 ? size : -1) : clip(end);
        int32_t count = 0;
        for (int32_t at = clip(begin); stride > 0 ? at < stop : at > stop;
             at += stride)
          ++count;
        const Row row{"slice",
                      {{size}},
                      [=](In x) {
                        return StridedSlice(
                            x[0],
                            {{begin, open ? Range::kToEnd : end, stride}});
                      },
                      ""};
        EXPECT_EQ(Answer(row), "float32[" + std::to_string(count) + "]")
            << begin << ":" << end << ":" << stride;
      }
    }
  }
}

TEST(FunctionOps, Slices) {
  ExpectRows({
      {"rest stays",
       {{5, 6}},
       [](In x) {
         return StridedSlice(x[0], {{1, 3, 1}});
       },
       "float32[2,6]"},
      {"unknown",
       {{kAny}},
       [](In x) {
         return StridedSlice(x[0], {{1, 3, 1}});
       },
       "float32[?]"},
      {"stride 0",
       {{5}},
       [](In x) {
         return StridedSlice(x[0], {{1, 3, 0}});
       },
       "a stride is 0"},
      {"too many",
       {{5}},
       [](In x) {
         return StridedSlice(x[0], {{}, {}});
       },
       "too many ranges"},
      {"index",
       {{5, 6, 7}},
       [](In x) { return Index(x[0], 1, -1); },
       "float32[5,7]"},
      {"index far",
       {{5, 6}},
       [](In x) { return Index(x[0], 1, 6); },
       "there is no element 6"},
      {"index low",
       {{5, 6}},
       [](In x) { return Index(x[0], 1, -7); },
       "there is no element -7"},
      {"index axis",
       {{5}},
       [](In x) { return Index(x[0], 1, 0); },
       "there is no element"},
  });
}

TEST(FunctionOps, Resizes) {
  ExpectRows({
      {"nearest",
       {{kAny, 4, 4, 3}},
       [](In x) { return ResizeNearest(x[0], 8, 6, true); },
       "float32[?,8,6,3]"},
      {"bilinear of bytes",
       {{1, 4, 4, 3}},
       [](In x) {
         return ResizeBilinear(Cast(x[0], DataType::kUInt8), 8, 6, false);
       },
       "float32[1,8,6,3]"},
      {"rank",
       {{4, 4, 3}},
       [](In x) { return ResizeNearest(x[0], 8, 6, true); },
       "images must be [N,H,W,C]"},
  });
}

}  // namespace liteforge::ops_test
