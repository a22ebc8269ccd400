// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <set>

#include "ir/parse.h"
#include "passes/pass.h"
#include "passes/rewrite_testing.h"

namespace liteforge::pipeline_test {

TEST(Pipeline, NamesAreUniqueAndSummariesThere) {
  std::set<std::string_view> names;
  for (const Pass& pass : Pipeline()) {
    EXPECT_TRUE(names.insert(pass.name).second) << pass.name;
    EXPECT_FALSE(pass.summary.empty()) << pass.name;
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
    ExpectSameOutputs(Evaluate(**ir::Parse(row.text)), Evaluate(*graph));
  }
}

// Graphs of operators at random, each on values made before.
class RandomGraph {
 public:
  explicit RandomGraph(uint32_t seed) : random_(seed) {}

  std::string Text(int nodes) {
    std::string text = "graph g(%x: float32[1,2,3,4]) {\n";
    values_ = {{"%x", {1, 2, 3, 4}}};
    for (int i = 0; i < nodes; ++i) text += Node("%n" + std::to_string(i));
    text += " return " + values_.back().name;
    return text + ", " + values_[values_.size() / 2].name + " }";
  }

 private:
  struct Made {
    std::string name;
    std::vector<int> shape;
  };

  int Pick(int count) {
    return static_cast<int>(random_() % static_cast<uint32_t>(count));
  }
  const Made& Any() {
    // Mostly the last, so that there are chains.
    const int n = static_cast<int>(values_.size());
    return values_[static_cast<size_t>(Pick(3) > 0 ? n - 1 : Pick(n))];
  }
  std::string Constant(const std::string& type, const std::string& data = "") {
    return "@c" + std::to_string(constants_++) + ": " + type +
           (data.empty() ? "" : " = " + data);
  }
  static std::string List(const std::vector<int>& values) {
    std::string text = "[";
    for (int v : values) {
      if (text.size() > 1) text += ",";
      text += std::to_string(v);
    }
    return text + "]";
  }
  std::string Add(const std::string& name, std::vector<int> shape,
                  const std::string& line) {
    values_.push_back({name, std::move(shape)});
    return name + " = " + line + "\n";
  }

  std::string Node(const std::string& name) {
    const Made a = Any();
    switch (Pick(9)) {
      case 0:
      case 1:
        return Transpose(name, a);
      case 2:
        return Add(name, a.shape,
                   std::string(Pick(2) ? "RELU(" : "NEG(") + a.name + ")");
      case 3:
        return WithConstant(name, a);
      case 4:
        return Conv(name, a);
      case 5:
        return Pad(name, a);
      case 6:
        return Mean(name, a);
      default:
        return Join(name, a, Any());
    }
  }

  std::string Transpose(const std::string& name, const Made& a) {
    static const std::vector<int> kOrders[] = {
        {0, 3, 1, 2}, {0, 2, 3, 1}, {0, 1, 3, 2}};
    const auto& order = kOrders[Pick(3)];
    std::vector<int> shape;
    for (int axis : order) shape.push_back(a.shape[static_cast<size_t>(axis)]);
    return Add(
        name, shape,
        "TRANSPOSE(" + a.name + ", " + Constant("int32[4]", List(order)) + ")");
  }

  std::string WithConstant(const std::string& name, const Made& a) {
    static const char* const kOps[] = {"ADD", "MUL", "SUB", "DIV"};
    std::vector<int> shape = a.shape;
    for (int& dim : shape) dim = Pick(2) ? dim : 1;
    const int op = Pick(4);
    const std::string c =
        Constant("float32" + List(shape), op == 3 ? "[4\u2026]" : "");
    return Add(name, a.shape,
               std::string(kOps[op]) + "(" + a.name + ", " + c + ")");
  }

  std::string Conv(const std::string& name, const Made& a) {
    const int outputs = 1 + Pick(3);
    const bool same = Pick(2) == 1;
    std::vector<int> shape = a.shape;
    const int window = same ? 3 : 1;
    shape[3] = outputs;
    const std::string filter =
        Constant("float32" + List({outputs, window, 1, a.shape[3]}));
    return Add(name, shape,
               "CONV_2D(" + a.name + ", " + filter + ", none) {" +
                   (same ? "" : "padding=1 ") + "stride_w=1 stride_h=1}");
  }

  std::string Pad(const std::string& name, const Made& a) {
    std::vector<int> amounts(8), shape = a.shape;
    const auto axis = static_cast<size_t>(1 + Pick(3));
    amounts[2 * axis + static_cast<size_t>(Pick(2))] = 1;
    shape[axis] += 1;
    return Add(
        name, shape,
        "PAD(" + a.name + ", " + Constant("int32[4,2]", List(amounts)) + ")");
  }

  std::string Mean(const std::string& name, const Made& a) {
    const int axis = 1 + Pick(3);
    std::vector<int> shape = a.shape;
    shape[static_cast<size_t>(axis)] = 1;
    return Add(name, shape,
               "MEAN(" + a.name + ", " + Constant("int32[1]", List({axis})) +
                   ") {keep_dims=1}");
  }

  std::string Join(const std::string& name, const Made& a, const Made& b) {
    if (a.shape == b.shape) {
      return Add(name, a.shape, "ADD(" + a.name + ", " + b.name + ")");
    }
    std::vector<int> shape = a.shape;
    shape[2] *= 2;
    return Add(name, shape,
               "CONCATENATION(" + a.name + ", " + a.name + ") {axis=2}");
  }

  std::mt19937 random_;
  std::vector<Made> values_;
  int constants_ = 0;
};

TEST(Pipeline, KeepsWhatRandomGraphsCompute) {
  for (uint32_t seed = 0; seed < 400; ++seed) {
    const std::string text = RandomGraph(seed).Text(14);
    SCOPED_TRACE("seed " + std::to_string(seed) + "\n" + text);
    const auto before = ir::Parse(text);
    ASSERT_TRUE(before) << before.error().ToString();
    const auto after = Rewrite("", text);
    EXPECT_LE(after->nodes().size(), (*before)->nodes().size());
    ExpectSameOutputs(Evaluate(**before), Evaluate(*after));
    for (size_t k = 0; k < 2; ++k) {
      EXPECT_EQ(after->outputs()[k]->name, (*before)->outputs()[k]->name);
    }
    if (HasFailure()) return;
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

}  // namespace liteforge::pipeline_test
