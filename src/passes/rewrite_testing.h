// SPDX-License-Identifier: Apache-2.0
// For the passes' tests: rewrites as rows of text, and a plain evaluator that
// says whether a graph still computes what it did.
#pragma once

#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ir/graph.h"

namespace liteforge {

// One rewrite: the bodies of two graphs. Both are parsed (ir/parse.h), so the
// expected one may leave out types and values that follow.
struct RewriteRow {
  const char* name;
  const char* before;
  // nullptr: the pass must leave the graph alone.
  const char* after;
};

// Runs the pass on each row until it finds nothing more, with remove_dead, and
// compares: the printed graphs, and the outputs of both on the same inputs
// within 1e-5 of the largest output.
void ExpectRewrites(std::string_view pass, std::span<const RewriteRow> rows);

// The graph after the passes named (all of the pipeline for "").
std::unique_ptr<ir::Graph> Rewrite(std::string_view pass,
                                   const std::string& text);

// "CONV_2D DEPTHWISE_CONV_2D …"
std::string OpList(const ir::Graph& graph);

// A constant operand of the node that makes the value of that name.
std::vector<float> OperandOf(const ir::Graph& graph, std::string_view output,
                             int operand);

// Computes the graph's outputs in double precision, from the operators'
// definitions, one loop over the output's elements each. Unknown dimensions of
// inputs count 2. Inputs are filled with numbers in [-2, 2] that repeat for
// inputs of one name.
struct Array {
  std::vector<int> shape;
  std::vector<double> data;
};
std::vector<Array> Evaluate(const ir::Graph& graph);

// Same shapes, and numbers within 1e-5 of the largest of an output.
void ExpectSameOutputs(const std::vector<Array>& before,
                       const std::vector<Array>& after);

}  // namespace liteforge
