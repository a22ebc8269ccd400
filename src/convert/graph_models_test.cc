// SPDX-License-Identifier: Apache-2.0
// Frozen graphs, written as text, converted and run, against definitions
// computed here.
#include <algorithm>
#include <cmath>
#include <limits>

#include "convert/graph_testing.h"

namespace liteforge::graph_models_test {

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
        AnswerOf(
            GraphText().Input("x", {kCount}).Node("y", row.op, {"x"}, kFloat),
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
        AnswerOf(GraphText().Input("x", {6}).Node("y", op, {"x"}, kFloat), {x}),
        {6}, answers);
  }
}

TEST(GraphModels, RestsKeepTheSignOfTheDividend) {
  const Floats a = {7, -7, 7, -7, 5.5f}, b = {3, 3, -3, -3, 2};
  std::vector<double> want;
  for (size_t i = 0; i < a.size(); ++i) want.push_back(std::fmod(a[i], b[i]));
  ExpectAnswer(AnswerOf(GraphText().Input("a", {5}).Input("b", {5}).Node(
                            "y", "TruncateMod", {"a", "b"}, kFloat),
                        {a, b}),
               {5}, want);
}

//-------------------------------------------------------- segments, partitions

// Rows of 2; segment 2 has none.
TEST(GraphModels, Segments) {
  const Floats x = DrawFloats(12, 3);
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
        AnswerOf(GraphText()
                     .Input("x", {6, 2})
                     .Constant("ids", {6}, ids)
                     .Node("y", "Segment" + kind, {"x", "ids"}, kFloat),
                 {x}),
        {4, 2}, want);
  }
}

TEST(GraphModels, WhatIsTakenApartIsPutTogether) {
  const Floats x = DrawFloats(10, 4);
  const GraphText graph =
      GraphText()
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
  const GraphText graph = GraphText()
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
    const Floats x = DrawFloats(2 * rows * columns, 5);
    std::vector<double> want;
    const int length = std::min(rows, columns);
    for (int b = 0; b < 2; ++b) {
      for (int i = 0; i < length; ++i)
        want.push_back(x[static_cast<size_t>((b * rows + i) * columns + i)]);
    }
    ExpectAnswer(AnswerOf(GraphText()
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
      const Floats x = DrawFloats(size(shape_a), 6),
                   z = DrawFloats(size(shape_b), 7);
      GraphText graph;
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
  const Floats x = DrawFloats(2 * 3 * 4, 1), z = DrawFloats(4 * 2 * 5, 2);
  const GraphText graph =
      GraphText()
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
  const Floats x = DrawFloats(16, 9);
  const GraphText graph = GraphText()
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
  const Floats x = DrawFloats(kD * kH * kW, 11);
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
              GraphText()
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
  const Floats x = DrawFloats(kSize * kSize * 2, 12);
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
            GraphText()
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

}  // namespace liteforge::graph_models_test
