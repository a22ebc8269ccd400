// SPDX-License-Identifier: Apache-2.0
// Operators that name subgraphs. Calls must form a directed acyclic graph of
// bounded depth, so that whoever follows them by recursion ends.
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "base/try.h"
#include "formats/tflite/model_reader.h"
#include "formats/tflite/verify.h"

namespace liteforge {
namespace {

using tflite::BuiltinOperator;
using Callees = std::vector<int64_t>;

// Loops in branches in loops are a handful of levels deep in real models.
constexpr int kDeepestNesting = 128;

// The subgraphs one operator names; nothing when its options are missing.
using FindCallees = std::optional<Callees> (*)(const tflite::Operator&);

Callees WideCallees(const flatbuffers::Vector<int32_t>* indices) {
  const auto elements = Elements(indices);
  return {elements.begin(), elements.end()};
}

struct CallRow {
  BuiltinOperator op;
  FindCallees find;
};

#define CALLS(OPERATOR, union_field, Table, ...)                        \
  {                                                                     \
    BuiltinOperator::OPERATOR,                                          \
        [](const tflite::Operator& op) -> std::optional<Callees> {      \
          const tflite::Table* options = op.union_field##_as_##Table(); \
          if (options == nullptr) return std::nullopt;                  \
          return Callees(__VA_ARGS__);                                  \
        }                                                               \
  }

constexpr CallRow kCalls[] = {
    CALLS(CALL, builtin_options, CallOptions, {options->subgraph()}),
    CALLS(IF, builtin_options, IfOptions,
          {options->then_subgraph_index(), options->else_subgraph_index()}),
    CALLS(WHILE, builtin_options, WhileOptions,
          {options->cond_subgraph_index(), options->body_subgraph_index()}),
    CALLS(CALL_ONCE, builtin_options, CallOnceOptions,
          {options->init_subgraph_index()}),
    CALLS(STABLEHLO_CUSTOM_CALL, builtin_options_2, StablehloCustomCallOptions,
          WideCallees(options->called_computations())),
    CALLS(STABLEHLO_REDUCE, builtin_options_2, StablehloReduceOptions,
          {options->body_subgraph_index()}),
    CALLS(STABLEHLO_SCATTER, builtin_options_2, StablehloScatterOptions,
          {options->update_computation_subgraph_index()}),
    CALLS(STABLEHLO_REDUCE_WINDOW, builtin_options_2,
          StablehloReduceWindowOptions, {options->body_subgraph_index()}),
    CALLS(STABLEHLO_SORT, builtin_options_2, StablehloSortOptions,
          {options->comparator_subgraph_index()}),
    CALLS(STABLEHLO_WHILE, builtin_options_2, StablehloWhileOptions,
          {options->cond_subgraph_index(), options->body_subgraph_index()}),
    CALLS(STABLEHLO_COMPOSITE, builtin_options_2, StableHLOCompositeOptions,
          {options->decomposition_subgraph_index()}),
    CALLS(STABLEHLO_CASE, builtin_options_2, StablehloCaseOptions,
          WideCallees(options->branch_subgraph_indices())),
};
#undef CALLS

Result<Callees> CalleesOf(const FileView& file, const tflite::Operator& op) {
  const int32_t number =
      NumberOf(*file.model.operator_codes()->Get(op.opcode_index()));
  const auto row = std::find_if(
      std::begin(kCalls), std::end(kCalls),
      [&](const auto& r) { return static_cast<int32_t>(r.op) == number; });
  if (row == std::end(kCalls)) return Callees();
  std::optional<Callees> callees = row->find(op);
  if (!callees.has_value()) {
    return InvalidModel("has no options that say which subgraph it runs");
  }
  for (int64_t callee : *callees) {
    TRY(CheckIndex(callee, file.model.subgraphs()->size(), "subgraph"));
  }
  return *std::move(callees);
}

// The subgraphs that the operators of one subgraph name, each once.
Result<Callees> CalleesOf(const FileView& file,
                          const tflite::SubGraph& subgraph) {
  Callees all;
  for (uint32_t i = 0; i < Count(subgraph.operators()); ++i) {
    const tflite::Operator& op = *subgraph.operators()->Get(i);
    auto callees = CalleesOf(file, op);
    if (!callees) {
      return tl::unexpected(
          std::move(callees.error()).In(OperatorPlace(file, i, op)));
    }
    all.insert(all.end(), callees->begin(), callees->end());
  }
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  return all;
}

// Removes subgraphs that nobody left calls until none are left (Kahn, 1962);
// what cannot be removed is on a cycle or called from one.
Result<void> CheckNesting(const std::vector<Callees>& calls) {
  std::vector<int> callers(calls.size());
  for (const Callees& callees : calls) {
    for (int64_t callee : callees) ++callers[static_cast<size_t>(callee)];
  }
  std::vector<size_t> ready;
  for (size_t g = 0; g < calls.size(); ++g) {
    if (callers[g] == 0) ready.push_back(g);
  }
  std::vector<int> depth(calls.size());
  for (size_t next = 0; next < ready.size(); ++next) {
    const size_t g = ready[next];
    if (depth[g] > kDeepestNesting) {
      return Unsupported(fmt::format("calls nest more than {} subgraphs deep",
                                     kDeepestNesting));
    }
    for (int64_t callee : calls[g]) {
      const auto c = static_cast<size_t>(callee);
      depth[c] = std::max(depth[c], depth[g] + 1);
      if (--callers[c] == 0) ready.push_back(c);
    }
  }
  if (ready.size() == calls.size()) return {};
  const auto stuck = std::find_if(callers.begin(), callers.end(),
                                  [](int count) { return count > 0; });
  return tl::unexpected(
      Error{ErrorCode::kInvalidModel,
            "calls itself through its operators, or is called by one that does",
            SubgraphPlace(static_cast<uint32_t>(stuck - callers.begin()))});
}

}  // namespace

Result<void> VerifyCalls(const FileView& file) {
  const auto& subgraphs = *file.model.subgraphs();
  std::vector<Callees> calls;
  for (uint32_t g = 0; g < subgraphs.size(); ++g) {
    auto callees = CalleesOf(file, *subgraphs.Get(g));
    if (!callees) {
      return tl::unexpected(std::move(callees.error()).In(SubgraphPlace(g)));
    }
    calls.push_back(*std::move(callees));
  }
  return CheckNesting(calls);
}

}  // namespace liteforge
