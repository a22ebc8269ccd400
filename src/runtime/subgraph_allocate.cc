// SPDX-License-Identifier: Apache-2.0
// Inference and preparation of every node in order, then the arena.
#include <algorithm>
#include <cstring>
#include <string>

#include "base/try.h"
#include "ops/string_tensor.h"
#include "runtime/subgraph.h"

namespace liteforge {
namespace {

// Operators that give another result, or do something, each time they run;
// their value is never known beforehand.
constexpr Op kNeverKnown[] = {
    Op::kCall,
    Op::kCustom,
    Op::kDelegate,
    Op::kIf,
    Op::kWhile,
    Op::kCallOnce,
    Op::kMultinomial,
    Op::kRandomUniform,
    Op::kRandomStandardNormal,
    Op::kHashtable,
    Op::kHashtableFind,
    Op::kHashtableImport,
    Op::kHashtableSize,
    Op::kVarHandle,
    Op::kReadVariable,
    Op::kAssignVariable,
    Op::kStablehloCustomCall,
    Op::kStablehloRngBitGenerator,
};

bool IsStaticTensor(const RuntimeTensor* tensor) {
  return tensor == nullptr || tensor->shape.IsStatic();
}

bool IsKnownTensor(const RuntimeTensor* tensor) {
  return tensor == nullptr || tensor->is_constant;
}

// SHAPE and RANK tell of a tensor what is known without its value.
bool ReadsValues(Op op) { return op != Op::kShape && op != Op::kRank; }

bool CanBeKnown(Op op, const std::vector<RuntimeTensor*>& inputs) {
  if (std::ranges::find(kNeverKnown, op) != std::end(kNeverKnown)) return false;
  return !ReadsValues(op) ||
         (!inputs.empty() && std::ranges::all_of(inputs, IsKnownTensor));
}

}  // namespace

Result<void> Subgraph::Allocate() {
  if (allocated_) {
    ResetVariables();
    return {};
  }
  Forget();
  TRY(SizeBorder());
  for (size_t i = 0; i < nodes_.size(); ++i)
    TRY_IN(Place(graph_, i), AllocateNode(nodes_[i]));
  FoldNodes();
  FormRuns();
  FindViews();
  TRY(PlanArena());
  TRY(BindArena());
  allocated_ = true;
  return {};
}

// Back to what the file says, but for the shapes of inputs.
void Subgraph::Forget() {
  blocks_.clear();
  requests_.clear();
  plan_ = {};
  block_of_tensor_.assign(tensors_.size(), -1);
  for (size_t i = 0; i < tensors_.size(); ++i) {
    if (graph_.tensors[i].is_constant) continue;
    tensors_[i].is_constant = false;
    tensors_[i].type = graph_.tensors[i].type;
    tensors_[i].data = nullptr;
    tensors_[i].bytes = 0;
    own_[i].Free();
  }
}

// Inputs and variables: everything that has its shape from outside.
Result<void> Subgraph::SizeBorder() {
  const auto size = [&](RuntimeTensor& t) -> Result<void> {
    if (t.is_constant) return {};
    if (!t.shape.IsStatic())
      return InvalidArgument("input '" + std::string(t.name) + "' has shape " +
                             t.shape.ToString() +
                             "; give it one with ResizeInputTensor");
    TRY(MeasureTensor(t));
    if (t.type != DataType::kString) return {};
    TRY(GiveOwnMemory(t, EmptyStringsBytes(t.shape.elements())));
    WriteEmptyStrings(t.shape.elements(), t.data);
    return {};
  };
  for (const int input : graph_.inputs) TRY(size(tensors_[Index(input)]));
  for (RuntimeTensor& tensor : tensors_) {
    if (tensor.is_variable) TRY(size(tensor));
  }
  return {};
}

Result<void> Subgraph::AllocateNode(Node& node) {
  KernelContext& context = node.context;
  node.kind = Kind::kStatic;
  node.evaluator = node.kernel;
  node.prepared.clear();
  context.inputs_.clear();
  for (const int input : node.spec->inputs)
    context.inputs_.push_back(Find(input));
  context.outputs_.clear();
  for (const int output : node.spec->outputs)
    context.outputs_.push_back(Find(output));
  context.takes_follow_up_ = false;
  context.follow_up_ = {};
  context.padding_ = {};
  std::ranges::fill(context.scratch_bytes_, size_t{0});
  std::ranges::fill(context.scratch_, nullptr);
  TRY(Infer(node, /*with_data=*/false));
  for (RuntimeTensor* output : context.outputs_) TRY(MeasureTensor(*output));

  node.makes_nothing = MakesNothing(context);
  const bool inputs_static =
      std::ranges::all_of(context.inputs_, IsStaticTensor);
  // A variable is written in every run, for it changes in between.
  const bool writes_variable = std::ranges::any_of(
      context.outputs_, [](const RuntimeTensor* t) { return t->is_variable; });
  if (inputs_static && !writes_variable &&
      CanBeKnown(node.spec->op, context.inputs_))
    return EvaluateKnown(node);
  if (!inputs_static || node.lacks_values ||
      !std::ranges::all_of(context.outputs_, IsStaticTensor)) {
    node.kind = Kind::kDynamic;
    return {};
  }
  FoldPadding(node);
  FoldPair(node);
  return node.kernel->prepare(context);
}

Result<void> Subgraph::EvaluateKnown(Node& node) {
  node.kind = Kind::kKnown;
  for (RuntimeTensor* output : node.context.outputs_)
    TRY(GiveOwnMemory(*output, output->bytes));
  TRY(node.kernel->prepare(node.context));
  TRY(GiveOwnScratch(node));
  TRY(Evaluate(node));
  for (RuntimeTensor* output : node.context.outputs_)
    output->is_constant = true;
  return {};
}

//-------------------------------------------------------------------- arena

bool Subgraph::InArena(size_t index) const {
  const RuntimeTensor& tensor = tensors_[index];
  return !tensor.is_constant && tensor.bytes > 0 && BitWidth(tensor.type) > 0;
}

// The node's inputs, and those of what is folded into it.
std::vector<const RuntimeTensor*> Subgraph::ReadBy(const Node& node) const {
  std::vector<const RuntimeTensor*> read(node.context.inputs_.begin(),
                                         node.context.inputs_.end());
  read.push_back(node.context.follow_up_.addend);
  read.push_back(node.context.follow_up_.slope);
  std::erase(read, nullptr);
  return read;
}

// Lifetimes in steps: node i runs at step i, and whatever the caller may read
// or write between runs lives up to the last step. Inputs keep their values.
void Subgraph::AddTensorRequests() {
  const auto end = static_cast<int>(nodes_.size());
  struct Life {
    int first = -1;
    int last = -1;
  };
  std::vector<Life> lives(tensors_.size());
  for (size_t i = 0; i < tensors_.size(); ++i) {
    if (tensors_[i].is_variable) lives[i] = {0, end};
  }
  for (const int input : graph_.inputs) lives[Index(input)] = {0, end};
  for (int step = 0; step < end; ++step) {
    const Node& node = nodes_[Index(step)];
    if (node.kind == Kind::kFolded) continue;
    for (const RuntimeTensor* input : ReadBy(node)) {
      Life& life = lives[IndexOf(*input)];
      life.last = std::max(life.last, step);
    }
    for (const RuntimeTensor* output : node.context.outputs_) {
      if (output->is_variable) continue;
      lives[IndexOf(*output)] = {step,
                                 options_.preserve_all_tensors ? end : step};
    }
  }
  for (const int output : graph_.outputs) lives[Index(output)].last = end;
  // Where others lie lives as long as they do.
  const auto in_arena = [&](size_t i) {
    return lives[i].first >= 0 && InArena(i);
  };
  for (size_t i = 0; i < tensors_.size(); ++i) {
    if (!in_arena(i)) continue;
    Life& whole = lives[Index(PlaceOf(i).of)];
    whole.first = std::min(whole.first, lives[i].first);
    whole.last = std::max(whole.last, lives[i].last);
  }
  for (size_t i = 0; i < tensors_.size(); ++i) {
    if (!in_arena(i) || views_[i].of != kNobody) continue;
    block_of_tensor_[i] = static_cast<int>(blocks_.size());
    blocks_.push_back({static_cast<int>(i), -1, 0});
    requests_.push_back({tensors_[i].bytes, lives[i].first, lives[i].last});
  }
  for (size_t i = 0; i < tensors_.size(); ++i) {
    if (in_arena(i))
      block_of_tensor_[i] = block_of_tensor_[Index(PlaceOf(i).of)];
  }
}

void Subgraph::AddScratchRequests() {
  for (size_t i = 0; i < nodes_.size(); ++i) {
    if (nodes_[i].kind != Kind::kStatic) continue;
    const auto step = static_cast<int>(i);
    for (int slot = 0; slot < KernelContext::kMaxScratch; ++slot) {
      const size_t bytes = nodes_[i].context.scratch_bytes_[slot];
      if (bytes == 0) continue;
      blocks_.push_back({-1, step, slot});
      requests_.push_back({bytes, step, step});
    }
  }
}

Result<void> Subgraph::PlanArena() {
  AddTensorRequests();
  AddScratchRequests();
  TRY_ASSIGN(plan_, PlanMemory(requests_));
  return {};
}

Result<void> Subgraph::BindArena() {
  TRY_IN("the intermediate tensors", arena_.Reserve(plan_.arena_bytes));
  for (size_t i = 0; i < blocks_.size(); ++i) {
    const Block& block = blocks_[i];
    std::byte* const data = arena_.data() + plan_.offsets[i];
    if (block.tensor >= 0) {
      tensors_[Index(block.tensor)].data = data;
    } else {
      nodes_[Index(block.node)].context.scratch_[block.slot] = data;
    }
  }
  for (size_t i = 0; i < tensors_.size(); ++i) {
    if (views_[i].of == kNobody || block_of_tensor_[i] < 0) continue;
    const View place = PlaceOf(i);
    tensors_[i].data = tensors_[Index(place.of)].data + place.offset;
  }
  // An input that is never set and an output read too early are zero, not what
  // the memory held before.
  if (plan_.arena_bytes > 0) std::memset(arena_.data(), 0, plan_.arena_bytes);
  ResetVariables();
  return {};
}

}  // namespace liteforge
