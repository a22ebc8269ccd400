// SPDX-License-Identifier: Apache-2.0
// One subgraph that runs: its tensors, its prepared nodes and its arena. It
// needs nothing of the interpreter but what the subgraphs of one model share
// (and what stops it, if anything does), so that a kernel can run one as a loop
// body.
//
// Allocate() walks the nodes once. Each is of one of three kinds:
//
//   static    all shapes known: prepared now; outputs lie in the arena
//   known     static, and every input's value is known too (constants, or
//             the shape of a tensor): evaluated now; outputs are constants
//             from then on. Shape arithmetic ends here.
//   dynamic   some input or output shape, or whether the node is valid at all,
//             depends on computed values: inferred, allocated and prepared
//             right before each Eval, outputs of open shapes in buffers of
//             their own
//
// Some static nodes become a fourth kind, folded: the node before or behind
// computes them as well (subgraph_fold.cc), or the last of a run of elementwise
// ones or of convolutions does (subgraph_runs.cc). Tensors may lie within
// others, so that nothing needs to be moved (subgraph_views.cc).
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "base/array_cache.h"
#include "base/thread_pool.h"
#include "kernels/kernel.h"
#include "kernels/resources.h"
#include "liteforge/custom_op.h"
#include "liteforge/interpreter.h"
#include "liteforge/result.h"
#include "runtime/aligned_buffer.h"
#include "runtime/load_model.h"
#include "runtime/memory_planner.h"
#include "runtime/run_control.h"

namespace liteforge {

using KernelFinder = const Kernel* (*)(Op);

class Subgraph;

// What the subgraphs of one model share.
struct ModelState {
  explicit ModelState(int threads) : threads(threads) {}

  ThreadPool threads;
  Resources resources;
  ArrayCache arrays;                 // weights laid out anew
  std::vector<CustomOp> custom_ops;  // the user's; set before graphs
  std::vector<std::unique_ptr<Subgraph>> graphs;
};

// Whether numbers are stored alike: of one type, scale and zero point.
inline bool SameQuantization(const RuntimeTensor& a, const RuntimeTensor& b) {
  return a.type == b.type && a.scale() == b.scale() &&
         a.zero_point() == b.zero_point();
}

// Whether a tensor holds steps of one scale, of 8 or 16 bits.
inline bool AreSteps(const RuntimeTensor& t) {
  return (t.type == DataType::kInt8 || t.type == DataType::kUInt8 ||
          t.type == DataType::kInt16) &&
         !t.quantization->empty() && !t.quantization->per_channel();
}

class Subgraph final : public KernelHost, public CallableGraph {
 public:
  // `graph` and `model` must outlive this. Every operator has a kernel;
  // `find_kernel` is asked for builtin ones.
  Subgraph(const GraphSpec& graph, const InterpreterOptions& options,
           ModelState& model, KernelFinder find_kernel = FindKernel);
  Subgraph(const Subgraph&) = delete;
  Subgraph& operator=(const Subgraph&) = delete;

  const GraphSpec& spec() const { return graph_; }
  int tensor_count() const { return static_cast<int>(tensors_.size()); }
  const RuntimeTensor& tensor(int i) const { return tensors_[Index(i)]; }
  bool allocated() const { return allocated_; }
  const KernelContext& context(size_t node) const {
    return nodes_[node].context;
  }
  // Of one call: op_work.h, of all that the node computes.
  int64_t operations(size_t node) const;
  size_t arena_bytes() const { return plan_.arena_bytes; }
  const MemoryPlan& plan() const { return plan_; }

  // From now on `control` stops, times and limits this. It must outlive it.
  void Attach(RunControl& control);

  // `index` is a graph input, `shape` static. Allocate must follow.
  void ResizeInput(int index, const Shape& shape);

  // Without a resize since the last time only the variables are zeroed.
  // Errors name the operator.
  Result<void> Allocate();
  // The same, and what was laid out anew goes into the file that keeps it.
  Result<void> AllocateAndSave() {
    TRY(Allocate());
    return model_.arrays.Save();
  }

  // After Allocate. Errors name the operator.
  Result<void> Invoke() override;

  void ResetVariables();

  // The memory to write a graph input or variable to: bytes() of the tensor,
  // or `string_bytes` for strings. After Allocate.
  Result<std::span<std::byte>> Writable(int index, size_t string_bytes);

  // A tensor's bytes. Errors when it has none, or when its place in the arena
  // is used by another tensor later in the run.
  Result<std::span<const std::byte>> Read(int index) const;

  // KernelHost, for kernels during Eval.
  Result<void> Resize(RuntimeTensor& t, const Shape& shape,
                      size_t string_bytes) override;
  ThreadPool& threads() override { return model_.threads; }
  CallableGraph& graph(int index) override {
    return *model_.graphs[Index(index)];
  }
  Resources& resources() override { return model_.resources; }
  ArrayCache& arrays() override { return model_.arrays; }

  // CallableGraph, for kernels of other subgraphs. subgraph_call.cc
  int input_count() const override;
  int output_count() const override;
  const RuntimeTensor& Input(int i) const override;
  const RuntimeTensor& Output(int i) const override;
  Result<void> SetShapes(std::span<const Shape> shapes) override;
  Result<void> SetInputs(std::span<const RuntimeTensor* const> values) override;

 private:
  enum class Kind { kStatic, kKnown, kDynamic, kFolded };
  static constexpr int kNobody = -1;

  struct Node {
    const NodeSpec* spec;
    const Kernel* kernel;
    KernelContext context;
    Kind kind = Kind::kStatic;
    const Kernel* evaluator = nullptr;  // the kernel, or that of a run
    int64_t run_operations = 0;
    bool lacks_values = false;   // at the last Infer
    bool makes_nothing = false;  // known for what is prepared
    // Dynamic: shapes of inputs and outputs at the last Prepare.
    std::vector<Shape> prepared;
  };

  static size_t Index(int i) { return static_cast<size_t>(i); }
  size_t IndexOf(const RuntimeTensor& t) const {
    return static_cast<size_t>(&t - tensors_.data());
  }
  RuntimeTensor* Find(int index) {
    return index < 0 ? nullptr : &tensors_[Index(index)];
  }

  void FindUses();

  // subgraph_allocate.cc
  void Forget();
  Result<void> SizeBorder();
  Result<void> AllocateNode(Node& node);
  Result<void> EvaluateKnown(Node& node);
  Result<void> PlanArena();
  std::vector<const RuntimeTensor*> ReadBy(const Node& node) const;
  void AddTensorRequests();
  void AddScratchRequests();
  Result<void> BindArena();
  bool InArena(size_t index) const;

  // subgraph_fold.cc
  bool folds() const {
    return !options_.preserve_all_tensors && !options_.observer;
  }
  Node* PadBehind(const RuntimeTensor& padded);
  void FoldPadding(Node& node);
  void FoldPair(Node& node);
  void FoldNodes();
  bool Fold(size_t node, size_t next, std::span<const int> made_by);
  bool FoldSum(size_t node, size_t next, std::span<const int> made_by);
  const RuntimeTensor* FindAddend(const KernelContext& add,
                                  const RuntimeTensor& result);
  static bool FoldFloats(KernelContext& context, const KernelContext& next);

  // subgraph_runs.cc
  std::vector<int> CountReaders() const;
  void FormRuns();
  void FormElementwiseRuns(std::span<const int> readers);
  void FormElementwiseRun(std::span<const size_t> run,
                          std::span<const int> readers);
  void FormRowRuns(std::span<const int> readers);
  void StandForRun(std::span<const size_t> run, const Kernel& evaluator,
                   std::vector<RuntimeTensor*> inputs,
                   std::vector<RuntimeTensor*> outputs, size_t scratch_bytes,
                   std::shared_ptr<void> state);

  // subgraph_views.cc
  struct View {  // where a tensor lies
    int of = kNobody;
    size_t offset = 0;  // bytes
  };
  void FindViews();
  void ViewWhole(const KernelContext& k);
  void ViewParts(const KernelContext& k);
  void ViewJoined(const KernelContext& k);
  bool IsMade(const RuntimeTensor& t) const;
  int WholeBehind(const RuntimeTensor& t) const;
  View PlaceOf(size_t tensor) const;

  // subgraph_infer.cc
  Result<void> Infer(Node& node, bool with_data);
  Result<void> SetInferred(Node& node, int output, DataType type,
                           const Shape& shape);
  Result<void> MeasureTensor(RuntimeTensor& t) const;
  Result<void> GiveOwnMemory(RuntimeTensor& t, size_t bytes);
  Result<void> GiveOwnScratch(Node& node);

  // subgraph_invoke.cc
  static bool MakesNothing(const KernelContext& context);
  Result<void> Run(Node& node);
  void Show(size_t tensor) const;  // to the observer, if there is one
  Result<void> PrepareDynamic(Node& node);
  Result<void> AllocateDynamicOutputs(Node& node);
  Result<void> Evaluate(Node& node);

  const GraphSpec& graph_;
  const InterpreterOptions options_;
  ModelState& model_;
  RunControl* control_ = nullptr;
  std::vector<RuntimeTensor> tensors_;
  std::vector<Node> nodes_;
  bool allocated_ = false;

  // What the file says of each tensor: the node that makes it, how many inputs
  // and graph outputs it is, and the last node that reads it.
  std::vector<int> maker_, uses_, user_;

  // The arena: one request per block; a block is a tensor or a scratch slot.
  struct Block {
    int tensor = -1;  // or
    int node = -1;
    int slot = 0;
  };
  std::vector<Block> blocks_;
  std::vector<MemoryRequest> requests_;  // parallel to blocks_
  MemoryPlan plan_;
  AlignedBuffer arena_;
  std::vector<int> block_of_tensor_;  // -1: not in the arena
  std::vector<View> views_;           // of tensors that lie within others

  std::vector<AlignedBuffer> own_;  // per tensor, for those not in the arena
  AlignedBuffer own_scratch_[KernelContext::kMaxScratch];
};

}  // namespace liteforge
