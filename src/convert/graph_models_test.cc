// SPDX-License-Identifier: Apache-2.0
// Frozen graphs, written as text, converted and run, against definitions
// computed here.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "formats/keras/h5_test_writer.h"
#include "liteforge/converter.h"
#include "liteforge/interpreter.h"

namespace liteforge {
namespace {

using Floats = std::vector<float>;
using Ints = std::vector<int32_t>;

// A GraphDef in text.
class Graph {
 public:
  // More attributes as "key": "type: DT_FLOAT".
  using Attributes = std::map<std::string, std::string>;

  Graph& Node(const std::string& name, const std::string& op,
              const std::vector<std::string>& inputs,
              const Attributes& attributes = {}) {
    text_ += "node { name: \"" + name + "\" op: \"" + op + "\"";
    for (const std::string& input : inputs)
      text_ += " input: \"" + input + "\"";
    for (const auto& [key, value] : attributes)
      text_ += " attr { key: \"" + key + "\" value { " + value + " } }";
    text_ += " }\n";
    return *this;
  }
  Graph& Input(const std::string& name, const std::vector<int>& shape,
               const std::string& type = "DT_FLOAT") {
    return Node(name, "Placeholder", {},
                {{"dtype", "type: " + type},
                 {"shape", "shape { " + Dims(shape) + " }"}});
  }
  Graph& Constant(const std::string& name, const std::vector<int>& shape,
                  const Floats& values) {
    std::string list;
    for (const float value : values)
      list += " float_val: " + std::to_string(value);
    return Const(name, "DT_FLOAT", shape, list);
  }
  Graph& Constant(const std::string& name, const std::vector<int>& shape,
                  const Ints& values) {
    std::string list;
    for (const int value : values) list += " int_val: " + std::to_string(value);
    return Const(name, "DT_INT32", shape, list);
  }
  const std::string& text() const { return text_; }

 private:
  static std::string Dims(const std::vector<int>& shape) {
    std::string dims;
    for (const int dim : shape)
      dims += " dim { size: " + std::to_string(dim) + " }";
    return dims;
  }
  Graph& Const(const std::string& name, const std::string& type,
               const std::vector<int>& shape, const std::string& values) {
    return Node(name, "Const", {},
                {{"dtype", "type: " + type},
                 {"value", "tensor { dtype: " + type + " tensor_shape { " +
                               Dims(shape) + " }" + values + " }"}});
  }

  std::string text_;
};

const Graph::Attributes kFloat = {{"T", "type: DT_FLOAT"}};

Graph::Attributes With(Graph::Attributes attributes,
                       const Graph::Attributes& more) {
  attributes.insert(more.begin(), more.end());
  return attributes;
}

Result<std::vector<std::byte>> Converted(const Graph& graph,
                                         const std::string& outputs = "y") {
  const ScratchDirectory dir;
  std::ofstream(dir / "m.pbtxt") << graph.text();
  auto converter = Converter::FromFrozenGraph(dir / "m.pbtxt");
  if (!converter) return tl::unexpected(converter.error());
  converter->options().outputs = {outputs};
  return converter->Convert();
}

struct Answer {
  Shape shape;
  std::vector<double> values;
};

std::vector<double> ValuesOf(Interpreter& interpreter,
                             const TensorDetails& tensor) {
  const auto widened = [](auto values) {
    return std::vector<double>(values.begin(), values.end());
  };
  switch (tensor.dtype) {
    case DataType::kFloat32:
      return widened(interpreter.Tensor<float>(tensor.index));
    case DataType::kInt32:
      return widened(interpreter.Tensor<int32_t>(tensor.index));
    case DataType::kInt64:
      return widened(interpreter.Tensor<int64_t>(tensor.index));
    case DataType::kBool:
      return widened(interpreter.Tensor<bool>(tensor.index));
    default:
      return {};
  }
}

// What the graph gives for its float inputs, in the order of their nodes.
Answer AnswerOf(const Graph& graph, const std::vector<Floats>& inputs,
                const std::vector<Shape>& shapes = {}) {
  const auto bytes = Converted(graph);
  EXPECT_TRUE(bytes) << bytes.error().ToString();
  if (!bytes) return {};
  auto interpreter = Interpreter::FromBuffer(*bytes);
  EXPECT_TRUE(interpreter) << interpreter.error().ToString();
  const auto details = interpreter->InputDetails();
  EXPECT_EQ(details.size(), inputs.size());
  for (size_t i = 0; i < shapes.size(); ++i)
    EXPECT_TRUE(interpreter->ResizeInputTensor(details[i].index, shapes[i]));
  EXPECT_TRUE(interpreter->AllocateTensors());
  for (size_t i = 0; i < inputs.size(); ++i) {
    const auto set = interpreter->SetTensor<float>(details[i].index, inputs[i]);
    EXPECT_TRUE(set) << set.error().ToString();
  }
  const auto done = interpreter->Invoke();
  EXPECT_TRUE(done) << done.error().ToString();
  const TensorDetails output = interpreter->OutputDetails()[0];
  return {output.shape, ValuesOf(*interpreter, output)};
}

void ExpectAnswer(const Answer& answer, const Shape& shape,
                  const std::vector<double>& want, double tolerance = 1e-5) {
  EXPECT_EQ(answer.shape, shape);
  ASSERT_EQ(answer.values.size(), want.size());
  for (size_t i = 0; i < want.size(); ++i) {
    if (answer.values[i] == want[i]) continue;
    EXPECT_NEAR(answer.values[i], want[i],
                tolerance * std::max(1.0, std::abs(want[i])))
        << i;
  }
}

Floats Draw(int count, uint32_t seed) {
  Floats values;
  uint32_t state = seed * 2654435761u + 1;
  for (int i = 0; i < count; ++i) {
    state = state * 1664525u + 1013904223u;
    values.push_back(static_cast<float>((state >> 8) / 8388608.0 - 1.0));
  }
  return values;
}

//------------------------------------------------------- functions of a value

struct Function {
  const char* op;
  double (*f)(double);
  double low, high;
};

TEST(GraphModels, FunctionsOfOneValue) {
  const Function functions[] = {
      {"Acos", std::acos, -1, 1},   {"Acosh", std::acosh, 1, 20},
      {"Asin", std::asin, -1, 1},   {"Asinh", std::asinh, -20, 20},
      {"Atan", std::atan, -20, 20}, {"Atanh", std::atanh, -0.99, 0.99},
      {"Cosh", std::cosh, -5, 5},   {"Sinh", std::sinh, -5, 5},
      {"Tan", std::tan, -1.5, 1.5}, {"Expm1", std::expm1, -1e-3, 3},
      {"Erfc", std::erfc, -3, 3},
  };
  constexpr int kCount = 101;
  for (const Function& row : functions) {
    SCOPED_TRACE(row.op);
    Floats x;
    std::vector<double> want;
    for (int i = 0; i < kCount; ++i) {
      x.push_back(static_cast<float>(row.low +
                                     (row.high - row.low) * i / (kCount - 1)));
      want.push_back(row.f(x.back()));
    }
    ExpectAnswer(
        AnswerOf(Graph().Input("x", {kCount}).Node("y", row.op, {"x"}, kFloat),
                 {x}),
        {kCount}, want, 1e-5);
  }
}

TEST(GraphModels, KindsOfNumbers) {
  constexpr float kInf = std::numeric_limits<float>::infinity();
  const Floats x = {0, 1, kInf, -kInf, std::nanf(""), 3e38f};
  const std::map<std::string, std::vector<double>> want = {
      {"IsNan", {0, 0, 0, 0, 1, 0}},
      {"IsInf", {0, 0, 1, 1, 0, 0}},
      {"IsFinite", {1, 1, 0, 0, 0, 1}}};
  for (const auto& [op, answers] : want) {
    SCOPED_TRACE(op);
    ExpectAnswer(
        AnswerOf(Graph().Input("x", {6}).Node("y", op, {"x"}, kFloat), {x}),
        {6}, answers);
  }
}

TEST(GraphModels, RestsKeepTheSignOfTheDividend) {
  const Floats a = {7, -7, 7, -7, 5.5f}, b = {3, 3, -3, -3, 2};
  std::vector<double> want;
  for (size_t i = 0; i < a.size(); ++i) want.push_back(std::fmod(a[i], b[i]));
  ExpectAnswer(AnswerOf(Graph().Input("a", {5}).Input("b", {5}).Node(
                            "y", "TruncateMod", {"a", "b"}, kFloat),
                        {a, b}),
               {5}, want);
}

//-------------------------------------------------------- segments, partitions

// Rows of 2; segment 2 has none.
TEST(GraphModels, Segments) {
  const Floats x = Draw(12, 3);
  const Ints ids = {0, 0, 1, 3, 3, 3};
  for (const std::string kind : {"Sum", "Mean", "Max", "Min", "Prod"}) {
    SCOPED_TRACE(kind);
    std::vector<double> want;
    for (int segment = 0; segment < 4; ++segment) {
      for (int column = 0; column < 2; ++column) {
        std::vector<double> own;
        for (size_t row = 0; row < ids.size(); ++row) {
          if (ids[row] == segment)
            own.push_back(x[2 * row + static_cast<size_t>(column)]);
        }
        double sum = 0, product = 1;
        for (const double value : own) {
          sum += value;
          product *= value;
        }
        const auto count = static_cast<double>(own.size());
        want.push_back(kind == "Prod"   ? product
                       : own.empty()    ? 0
                       : kind == "Sum"  ? sum
                       : kind == "Mean" ? sum / count
                       : kind == "Max"
                           ? *std::max_element(own.begin(), own.end())
                           : *std::min_element(own.begin(), own.end()));
      }
    }
    ExpectAnswer(
        AnswerOf(Graph()
                     .Input("x", {6, 2})
                     .Constant("ids", {6}, ids)
                     .Node("y", "Segment" + kind, {"x", "ids"}, kFloat),
                 {x}),
        {4, 2}, want);
  }
}

TEST(GraphModels, WhatIsTakenApartIsPutTogether) {
  const Floats x = Draw(10, 4);
  const Graph graph =
      Graph()
          .Input("x", {-1, 2})
          .Constant("parts", {5}, Ints{1, 0, 1, 1, 0})
          .Constant("places", {5}, Ints{0, 1, 2, 3, 4})
          .Node("rows", "DynamicPartition", {"x", "parts"},
                {{"num_partitions", "i: 2"}, {"T", "type: DT_FLOAT"}})
          .Node("numbers", "DynamicPartition", {"places", "parts"},
                {{"num_partitions", "i: 2"}, {"T", "type: DT_INT32"}})
          .Node("y", "DynamicStitch",
                {"numbers", "numbers:1", "rows", "rows:1"},
                With(kFloat, {{"N", "i: 2"}}));
  ExpectAnswer(AnswerOf(graph, {x}, {{5, 2}}), {5, 2}, {x.begin(), x.end()});
}

TEST(GraphModels, LaterRowsWin) {
  const Graph graph = Graph()
                          .Input("x", {2, 1})
                          .Input("z", {2, 1})
                          .Constant("a", {2}, Ints{0, 2})
                          .Constant("b", {2}, Ints{2, 1})
                          .Node("y", "DynamicStitch", {"a", "b", "x", "z"},
                                With(kFloat, {{"N", "i: 2"}}));
  ExpectAnswer(AnswerOf(graph, {{1, 2}, {3, 4}}), {3, 1}, {1, 4, 3});
}

//------------------------------------------------------------------ matrices

TEST(GraphModels, Diagonals) {
  for (const auto& [rows, columns] :
       std::vector<std::pair<int, int>>{{3, 3}, {2, 4}, {4, 2}}) {
    const Floats x = Draw(2 * rows * columns, 5);
    std::vector<double> want;
    const int length = std::min(rows, columns);
    for (int b = 0; b < 2; ++b) {
      for (int i = 0; i < length; ++i)
        want.push_back(x[static_cast<size_t>((b * rows + i) * columns + i)]);
    }
    ExpectAnswer(AnswerOf(Graph()
                              .Input("x", {-1, rows, columns})
                              .Node("y", "MatrixDiagPart", {"x"}, kFloat),
                          {x}, {{2, rows, columns}}),
                 {2, length}, want);
  }
}

// The sum over all labels that the result lacks, by the definition.
std::vector<double> EinsumOf(const std::string& a, const std::string& b,
                             const std::string& result,
                             const std::map<char, int>& sizes, const Floats& x,
                             const Floats& z) {
  std::map<char, int> at;
  const auto index = [&](const std::string& labels) {
    size_t place = 0;
    for (const char label : labels)
      place = place * static_cast<size_t>(sizes.at(label)) +
              static_cast<size_t>(at[label]);
    return place;
  };
  size_t count = 1;
  for (const char label : result) count *= static_cast<size_t>(sizes.at(label));
  std::vector<double> y(count);
  while (true) {
    y[index(result)] += static_cast<double>(x[index(a)]) * z[index(b)];
    auto label = sizes.rbegin();
    for (; label != sizes.rend(); ++label) {
      if (++at[label->first] < label->second) break;
      at[label->first] = 0;
    }
    if (label == sizes.rend()) return y;
  }
}

TEST(GraphModels, Einsum) {
  const std::vector<std::vector<std::string>> equations = {
      {"ab", "bc", "ac"},       {"ab", "bc", "ca"},     {"abc", "cd", "abd"},
      {"abc", "cde", "abde"},   {"abcd", "cde", "abe"}, {"abc", "abd", "acd"},
      {"abcd", "aecd", "aceb"}, {"a", "b", "ab"},       {"ab", "ab", "a"},
      {"abc", "dc", "bad"},     {"ab", "cb", "c"},      {"ab", "ab", "ab"}};
  const std::map<char, int> all = {
      {'a', 2}, {'b', 3}, {'c', 4}, {'d', 5}, {'e', 2}};
  for (const auto& equation : equations) {
    for (const bool constant : {false, true}) {
      const std::string &a = equation[0], &b = equation[1], &y = equation[2];
      SCOPED_TRACE(a + "," + b + "->" + y + (constant ? " constant" : ""));
      std::map<char, int> sizes;
      const auto shape_of = [&](const std::string& labels) {
        std::vector<int> shape;
        for (const char label : labels) {
          sizes[label] = all.at(label);
          shape.push_back(all.at(label));
        }
        return shape;
      };
      const auto size = [](const std::vector<int>& shape) {
        int product = 1;
        for (const int dim : shape) product *= dim;
        return product;
      };
      const auto shape_a = shape_of(a), shape_b = shape_of(b);
      const Floats x = Draw(size(shape_a), 6), z = Draw(size(shape_b), 7);
      Graph graph;
      graph.Input("x", shape_a);
      if (constant) {
        graph.Constant("z", shape_b, z);
      } else {
        graph.Input("z", shape_b);
      }
      graph.Node(
          "y", "Einsum", {"x", "z"},
          With(kFloat, {{"equation", "s: \"" + a + "," + b + "->" + y + "\""},
                        {"N", "i: 2"}}));
      Shape shape;
      for (const char label : y) shape.Append(all.at(label));
      ExpectAnswer(AnswerOf(graph, constant ? std::vector<Floats>{x}
                                            : std::vector<Floats>{x, z}),
                   shape, EinsumOf(a, b, y, sizes, x, z));
    }
  }
}

TEST(GraphModels, EinsumOfUnknownSizes) {
  const Floats x = Draw(2 * 3 * 4, 1), z = Draw(4 * 2 * 5, 2);
  const Graph graph =
      Graph()
          .Input("x", {-1, -1, 4})
          .Constant("z", {4, 2, 5}, z)
          .Node("y", "Einsum", {"x", "z"},
                With(kFloat, {{"equation", "s: \"abc,cde->abde\""}}));
  ExpectAnswer(
      AnswerOf(graph, {x}, {{2, 3, 4}}), {2, 3, 2, 5},
      EinsumOf("abc", "cde", "abde",
               {{'a', 2}, {'b', 3}, {'c', 4}, {'d', 2}, {'e', 5}}, x, z));
}

TEST(GraphModels, SpectraGoThereAndBack) {
  const Floats x = Draw(16, 9);
  const Graph graph = Graph()
                          .Input("x", {-1, 8})
                          .Constant("n", {1}, Ints{8})
                          .Node("s", "RFFT", {"x", "n"})
                          .Node("y", "IRFFT", {"s", "n"});
  ExpectAnswer(AnswerOf(graph, {x}, {{2, 8}}), {2, 8}, {x.begin(), x.end()},
               1e-5);
}

//------------------------------------------------------------- volumes, patches

TEST(GraphModels, PoolsOfVolumes) {
  constexpr int kD = 3, kH = 4, kW = 5;
  const Floats x = Draw(kD * kH * kW, 11);
  for (const bool max : {false, true}) {
    for (const bool same : {false, true}) {
      SCOPED_TRACE(max * 2 + same);
      const auto out = [&](int n) {
        return same ? (n + 1) / 2 : (n - 2) / 2 + 1;
      };
      const int sizes[] = {out(kD), out(kH), out(kW)};
      std::vector<double> want;
      for (int d = 0; d < sizes[0]; ++d) {
        for (int h = 0; h < sizes[1]; ++h) {
          for (int w = 0; w < sizes[2]; ++w) {
            double sum = 0, best = -2;
            int seen = 0;
            for (int i = 0; i < 8; ++i) {
              const int a = 2 * d + (i >> 2), b = 2 * h + (i >> 1 & 1),
                        c = 2 * w + (i & 1);
              if (a >= kD || b >= kH || c >= kW) continue;
              const double value =
                  x[static_cast<size_t>((a * kH + b) * kW + c)];
              sum += value;
              best = std::max(best, value);
              ++seen;
            }
            want.push_back(max ? best : sum / seen);
          }
        }
      }
      const std::string window = "list { i: 1 i: 2 i: 2 i: 2 i: 1 }";
      ExpectAnswer(
          AnswerOf(
              Graph()
                  .Input("x", {1, kD, kH, kW, 1})
                  .Node("y", max ? "MaxPool3D" : "AvgPool3D", {"x"},
                        With(kFloat, {{"ksize", window},
                                      {"strides", window},
                                      {"padding", same ? "s: \"SAME\""
                                                       : "s: \"VALID\""}})),
              {x}),
          {1, sizes[0], sizes[1], sizes[2], 1}, want);
    }
  }
}

TEST(GraphModels, Patches) {
  constexpr int kSize = 5;
  const Floats x = Draw(kSize * kSize * 2, 12);
  for (const bool same : {false, true}) {
    // A window of 2x2 with rate 2, moved by 1: it reaches over 3.
    const int out = same ? kSize : kSize - 2;
    const int before = same ? 1 : 0;
    std::vector<double> want;
    for (int h = 0; h < out; ++h) {
      for (int w = 0; w < out; ++w) {
        for (int i = 0; i < 4; ++i) {
          const int a = h + 2 * (i / 2) - before, b = w + 2 * (i % 2) - before;
          const bool inside = a >= 0 && b >= 0 && a < kSize && b < kSize;
          for (int c = 0; c < 2; ++c)
            want.push_back(
                inside ? x[static_cast<size_t>((a * kSize + b) * 2 + c)] : 0);
        }
      }
    }
    ExpectAnswer(
        AnswerOf(
            Graph()
                .Input("x", {1, kSize, kSize, 2})
                .Node("y", "ExtractImagePatches", {"x"},
                      With(kFloat, {{"ksizes", "list { i: 1 i: 2 i: 2 i: 1 }"},
                                    {"strides", "list { i: 1 i: 1 i: 1 i: 1 }"},
                                    {"rates", "list { i: 1 i: 2 i: 2 i: 1 }"},
                                    {"padding",
                                     same ? "s: \"SAME\"" : "s: \"VALID\""}})),
            {x}),
        {1, out, out, 8}, want);
  }
}

//--------------------------------------------------------------- control flow

const Graph::Attributes kFrame = {{"frame_name", "s: \"loop/\""}};

// i = 0; while (i < 5) { i += 1; v = v * 2 + i }, in TensorFlow 1's words.
TEST(GraphModels, LoopsOfTensorFlow1) {
  const Graph graph =
      Graph()
          .Input("x", {2})
          .Constant("zero", {}, Ints{0})
          .Constant("two", {}, Floats{2})
          .Node("i/Enter", "Enter", {"zero"}, kFrame)
          .Node("v/Enter", "Enter", {"x"}, kFrame)
          .Node("two/Enter", "Enter", {"two"}, kFrame)
          .Node("i", "Merge", {"i/Enter", "i/Next"})
          .Node("v", "Merge", {"v/Enter", "v/Next"})
          .Constant("five", {}, Ints{5})
          .Constant("one", {}, Ints{1})
          .Node("test", "Less", {"i", "five"}, {{"T", "type: DT_INT32"}})
          .Node("go", "LoopCond", {"test"})
          .Node("i/Switch", "Switch", {"i", "go"})
          .Node("v/Switch", "Switch", {"v", "go"})
          .Node("i/more", "Add", {"i/Switch:1", "one"},
                {{"T", "type: DT_INT32"}})
          .Node("i/float", "Cast", {"i/more"},
                {{"SrcT", "type: DT_INT32"}, {"DstT", "type: DT_FLOAT"}})
          .Node("v/twice", "Mul", {"v/Switch:1", "two/Enter"}, kFloat)
          .Node("v/more", "Add", {"v/twice", "i/float"}, kFloat)
          .Node("i/Next", "NextIteration", {"i/more"})
          .Node("v/Next", "NextIteration", {"v/more"})
          .Node("y", "Exit", {"v/Switch"});
  const Floats x = {1, -3};
  std::vector<double> want(x.begin(), x.end());
  for (int i = 1; i <= 5; ++i) {
    for (double& value : want) value = value * 2 + i;
  }
  ExpectAnswer(AnswerOf(graph, {x}), {2}, want);
}

// y = p ? x * 3 : x - 1, with p = sum(x) > 0.
TEST(GraphModels, ConditionsOfTensorFlow1) {
  const Graph graph = Graph()
                          .Input("x", {2})
                          .Constant("axis", {1}, Ints{0})
                          .Constant("zero", {}, Floats{0})
                          .Node("sum", "Sum", {"x", "axis"}, kFloat)
                          .Node("p", "Greater", {"sum", "zero"}, kFloat)
                          .Node("yes", "Switch", {"x", "p"})
                          .Node("no", "Switch", {"x", "p"})
                          .Node("pivot", "Switch", {"p", "p"})
                          .Node("pivot/yes", "Identity", {"pivot:1"})
                          .Node("three", "Const", {"^pivot/yes"},
                                {{"dtype", "type: DT_FLOAT"},
                                 {"value",
                                  "tensor { dtype: DT_FLOAT tensor_shape {} "
                                  "float_val: 3 }"}})
                          .Constant("one", {}, Floats{1})
                          .Node("more", "Mul", {"yes:1", "three"}, kFloat)
                          .Node("less", "Sub", {"no", "one"}, kFloat)
                          .Node("y", "Merge", {"less", "more"});
  ExpectAnswer(AnswerOf(graph, {{1, 2}}), {2}, {3, 6});
  ExpectAnswer(AnswerOf(graph, {{-1, -2}}), {2}, {-2, -3});
}

// An array of a shape that only writing tells.
TEST(GraphModels, Arrays) {
  const Graph graph =
      Graph()
          .Input("x", {-1, 2})
          .Constant("size", {}, Ints{2})
          .Constant("zero", {}, Ints{0})
          .Constant("one", {}, Ints{1})
          .Constant("all", {2}, Ints{0, 1})
          .Node("a", "TensorArrayV3", {"size"}, {{"dtype", "type: DT_FLOAT"}})
          .Node("twice", "Add", {"x", "x"}, kFloat)
          .Node("w0", "TensorArrayWriteV3", {"a", "zero", "x", "a:1"}, kFloat)
          .Node("w1", "TensorArrayWriteV3", {"a", "one", "twice", "w0"}, kFloat)
          .Node("y", "TensorArrayGatherV3", {"a", "all", "w1"},
                {{"dtype", "type: DT_FLOAT"}});
  ExpectAnswer(AnswerOf(graph, {{1, 2}}, {{1, 2}}), {2, 1, 2}, {1, 2, 2, 4});
}

//------------------------------------------------------------ what is refused

void ExpectRefused(const Graph& graph, const std::string& message) {
  const auto bytes = Converted(graph);
  ASSERT_FALSE(bytes);
  EXPECT_THAT(bytes.error().ToString(), testing::HasSubstr(message));
}

TEST(GraphModels, ConstantOutputsAreRefused) {
  Graph graph = Graph().Input("x", {2}).Constant("c", {}, Floats{1});
  graph.Node("y", "Neg", {"c"}, kFloat);
  ExpectRefused(graph, "all are constants");
}

TEST(GraphModels, EmptyOutputsAreRefused) {
  Graph graph = Graph()
                    .Input("x", {4})
                    .Constant("begin", {1}, Ints{4})
                    .Constant("size", {1}, Ints{0})
                    .Node("y", "Slice", {"x", "begin", "size"}, kFloat);
  ExpectRefused(graph, "no elements");
}

TEST(GraphModels, DamagedGraphsAreRefused) {
  ExpectRefused(Graph().Input("x", {2}).Node("y", "Neg", {"z"}, kFloat), "'z'");
  ExpectRefused(Graph().Input("x", {2}).Node("y", "Add", {"x", "y"}, kFloat),
                "depends on itself");
  ExpectRefused(Graph().Input("x", {2}).Node("z", "Neg", {"x"}, kFloat), "'y'");
  ExpectRefused(Graph().Input("x", {2}).Node("y", "VariableV2", {}, {}),
                "has no value");
  ExpectRefused(Graph()
                    .Input("x", {2})
                    .Node("y", "DecodeJpeg", {"x"})
                    .Node("w", "ParseExample", {"x"}),
                "DecodeJpeg ('y')");
}

}  // namespace
}  // namespace liteforge
