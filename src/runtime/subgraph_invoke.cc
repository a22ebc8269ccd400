// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <string>

#include "base/try.h"
#include "runtime/subgraph.h"

namespace liteforge {
namespace {

// Operators whose kernels alone can tell how large their outputs are. Every
// other kernel relies on shapes that inference has made static.
constexpr Op kSizeTheirOutputs[] = {
    Op::kCall,
    Op::kCustom,
    Op::kDelegate,
    Op::kHashtableLookup,
    Op::kEmbeddingLookupSparse,
    Op::kSkipGram,
    Op::kUnique,
    Op::kWhere,
    Op::kIf,
    Op::kWhile,
    Op::kReadVariable,
    Op::kStablehloCustomCall,
    Op::kStablehloWhile,
    Op::kStablehloComposite,
    Op::kStablehloCase,
};

bool SizesItsOutputs(Op op) {
  return std::ranges::find(kSizeTheirOutputs, op) !=
         std::end(kSizeTheirOutputs);
}

Result<void> CheckShapesAreThere(const KernelContext& context) {
  for (const RuntimeTensor* output : context.outputs_) {
    if (!output->shape.IsStatic())
      return Fail(ErrorCode::kInternal,
                  "the kernel left the shape of output '" +
                      std::string(output->name) + "' open");
  }
  return {};
}

Result<void> CheckOutputsSized(const KernelContext& context) {
  if (SizesItsOutputs(context.op())) return {};
  for (const RuntimeTensor* output : context.outputs_) {
    if (!output->shape.IsStatic())
      return InvalidModel("the inputs do not tell the shape of output '" +
                          std::string(output->name) + "', only " +
                          output->shape.ToString());
  }
  return {};
}

}  // namespace

// Whether there is nothing to compute. A kernel would count all the same
// through what the other dimensions claim, billions perhaps.
bool Subgraph::MakesNothing(const KernelContext& context) {
  const auto is_empty = [](const RuntimeTensor* t) {
    return t->bytes == 0 && t->type != DataType::kString;
  };
  const auto is_state = [](const RuntimeTensor* t) {
    return t != nullptr && t->is_variable;
  };
  return !context.outputs_.empty() &&
         std::ranges::all_of(context.outputs_, is_empty) &&
         !SizesItsOutputs(context.op()) &&
         std::ranges::none_of(context.inputs_, is_state);
}

// Asked once more at the end, so that a loop of nothing can be stopped too.
Result<void> Subgraph::Invoke() {
  for (const int32_t input : graph_.inputs) Show(Index(input));
  for (size_t i = 0; i < nodes_.size(); ++i) {
    if (nodes_[i].kind == Kind::kKnown || nodes_[i].kind == Kind::kFolded)
      continue;
    const RunControl::Step step(control_, graph_.index, i);
    if (step.cancelled()) return Cancelled();
    TRY_IN(Place(graph_, i), Run(nodes_[i]));
  }
  return IsCancelled(control_) ? Cancelled() : Result<void>();
}

Result<void> Subgraph::Run(Node& node) {
  if (node.kind == Kind::kDynamic) TRY(PrepareDynamic(node));
  return Evaluate(node);
}

// Prepare depends on shapes and constants only, so it is repeated only when a
// shape has changed since the last time.
Result<void> Subgraph::PrepareDynamic(Node& node) {
  TRY(Infer(node, /*with_data=*/true));
  TRY(CheckOutputsSized(node.context));
  TRY(AllocateDynamicOutputs(node));
  std::vector<Shape> shapes;
  for (const RuntimeTensor* t : node.context.inputs_)
    shapes.push_back(t == nullptr ? Shape() : t->shape);
  for (const RuntimeTensor* t : node.context.outputs_)
    shapes.push_back(t->shape);
  if (shapes != node.prepared) {
    node.prepared.clear();
    std::ranges::fill(node.context.scratch_bytes_, size_t{0});
    TRY(node.kernel->prepare(node.context));
    node.prepared = std::move(shapes);
  }
  node.makes_nothing = MakesNothing(node.context);
  return GiveOwnScratch(node);
}

// An output whose shape is still unknown is left to the kernel's Resize, and
// so are strings.
Result<void> Subgraph::AllocateDynamicOutputs(Node& node) {
  for (RuntimeTensor* output : node.context.outputs_) {
    if (block_of_tensor_[IndexOf(*output)] >= 0) continue;
    TRY(MeasureTensor(*output));
    TRY(GiveOwnMemory(*output, output->bytes));
  }
  return {};
}

void Subgraph::Show(size_t tensor) const {
  if (!options_.observer) return;
  const RuntimeTensor& t = tensors_[tensor];
  options_.observer({graph_.index,
                     static_cast<int>(tensor),
                     t.name,
                     t.type,
                     t.shape,
                     {static_cast<const std::byte*>(t.data), t.bytes}});
}

Result<void> Subgraph::Evaluate(Node& node) {
  node.context.failed_ = false;
  if (!node.makes_nothing) node.evaluator->eval(node.context);
  if (node.context.failed_) return tl::unexpected(node.context.failure_);
  if (node.kind != Kind::kStatic) TRY(CheckShapesAreThere(node.context));
  if (!options_.observer) return {};
  for (const RuntimeTensor* output : node.context.outputs_)
    Show(IndexOf(*output));
  return {};
}

}  // namespace liteforge
