// SPDX-License-Identifier: Apache-2.0
// What a kernel is, and what it sees of the interpreter.
//
// A kernel has two halves. Prepare checks everything that can be checked
// before values are known (types, quantization, options), precomputes what
// Eval needs, and may fail. Eval computes; it is noexcept and allocates
// nothing. Shapes are inferred by ops/ before Prepare is called: outputs
// already have their type and shape, so a kernel does not repeat those checks.
// Where no output has an element there is nothing to compute, and Eval is not
// called, but for operators that have state or size their outputs themselves.
//
// When an output's shape depends on an input's value, the interpreter infers
// again right before Eval, allocates the output and calls Prepare once more:
// Prepare sees static shapes at Eval time, always, but may be called many
// times. It must not rely on input data unless Input(i).is_constant or the
// shapes say so.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/array_cache.h"
#include "base/thread_pool.h"
#include "base/try.h"
#include "liteforge/result.h"
#include "liteforge/types.h"
#include "ops/infer.h"
#include "ops/op.h"
#include "ops/options.h"

namespace liteforge {

// A tensor while the interpreter runs. Owned by the interpreter.
struct RuntimeTensor {
  std::string_view name;
  DataType type = DataType::kNone;
  Shape shape;
  const Quantization* quantization = nullptr;  // never null in a kernel
  std::byte* data = nullptr;  // null until allocated, or when it has 0 bytes
  size_t bytes = 0;
  bool is_constant = false;  // lies in the file; must not be written
  bool is_variable = false;  // keeps its value between invocations

  int64_t elements() const { return shape.elements(); }

  template <class T>
  const T* Data() const {
    return reinterpret_cast<const T*>(data);
  }
  template <class T>
  T* MutableData() {
    return reinterpret_cast<T*>(data);
  }

  // Per-tensor parameters; 0 when the tensor is not quantized.
  float scale() const {
    return quantization->scale.empty() ? 0.0f : quantization->scale[0];
  }
  int32_t zero_point() const {
    return quantization->zero_point.empty()
               ? 0
               : static_cast<int32_t>(quantization->zero_point[0]);
  }
};

struct CustomOp;

// A subgraph that operators run: a branch, a loop's body, an initialization.
class CallableGraph {
 public:
  virtual ~CallableGraph() = default;

  virtual int input_count() const = 0;
  virtual int output_count() const = 0;
  // The type and the shape are those of the last SetShapes or SetInputs; an
  // output of unknown shape has it after Invoke, and values are there then.
  virtual const RuntimeTensor& Input(int i) const = 0;
  virtual const RuntimeTensor& Output(int i) const = 0;

  // Gives all inputs their shapes and plans for them. Inputs keep their values
  // while no shape changes. Errors name the operator inside.
  virtual Result<void> SetShapes(std::span<const Shape> shapes) = 0;
  // The same with values, which are copied. They must not be its own tensors.
  virtual Result<void> SetInputs(
      std::span<const RuntimeTensor* const> values) = 0;
  // Errors name the operator inside.
  virtual Result<void> Invoke() = 0;
};

class Resources;

// The rarer services of the interpreter.
class KernelHost {
 public:
  virtual ~KernelHost() = default;

  // For operators whose output size depends on computed values (WHERE,
  // UNIQUE, strings): gives output tensor `t` this shape and, for types of no
  // fixed width, this many bytes. The only allocation an Eval may cause.
  virtual Result<void> Resize(RuntimeTensor& t, const Shape& shape,
                              size_t string_bytes = 0) = 0;

  virtual ThreadPool& threads() = 0;

  // Subgraph `index` of the model; the file's reader has checked the index and
  // that no subgraph calls itself.
  virtual CallableGraph& graph(int index) = 0;

  // The variables and tables of the model.
  virtual Resources& resources() = 0;

  // Where weights come from that are laid out anew.
  virtual ArrayCache& arrays() = 0;
};

// One node as its kernel sees it. The interpreter keeps one per node.
class KernelContext {
 public:
  KernelContext(Op op, const OpOptions& options, KernelHost* host)
      : op_(op), options_(options), host_(host) {}

  //---------------------------------------------------------------- the node
  Op op() const { return op_; }
  template <class T>
  const T& options() const {
    return options_.Get<T>();
  }

  int input_count() const { return static_cast<int>(inputs_.size()); }
  int output_count() const { return static_cast<int>(outputs_.size()); }
  // Optional inputs may be left out, with -1 or by a shorter list.
  bool HasInput(int i) const {
    return i < input_count() && inputs_[static_cast<size_t>(i)] != nullptr;
  }
  const RuntimeTensor& Input(int i) const {
    return *inputs_[static_cast<size_t>(i)];
  }
  // A variable input (state of an RNN) is written in place.
  RuntimeTensor& VariableInput(int i) {
    return *inputs_[static_cast<size_t>(i)];
  }
  RuntimeTensor& Output(int i) { return *outputs_[static_cast<size_t>(i)]; }

  // Tensors that only carry the quantization of a value inside the operator
  // (the quantized LSTM's gates); they have no data.
  int intermediate_count() const {
    return static_cast<int>(intermediates_.size());
  }
  const RuntimeTensor& Intermediate(int i) const {
    return *intermediates_[static_cast<size_t>(i)];
  }

  // Whether to take the plain scalar path even where a fast one exists.
  bool reference() const { return reference_; }
  // Whether 3x3 convolutions may be computed by winograd.h.
  bool winograd() const { return winograd_; }
  ThreadPool& threads() const { return host_->threads(); }
  ArrayCache& arrays() const { return host_->arrays(); }
  KernelHost& host() const { return *host_; }

  // Operators behind this one that its kernel computes as well. The float
  // output is clamped to `sum`; an addend is added and that clamped to `total`;
  // where it is negative then, it is multiplied by the channel's slope. To the
  // 8-bit output an addend is added as `add` says, an ADD of the two. Addends
  // have the output's shape, but for channels: to those missing, zero is added.
  // A kernel that can says so in Prepare, and is told before Eval.
  struct FollowUp {
    struct Limits {
      float low = -std::numeric_limits<float>::infinity();
      float high = std::numeric_limits<float>::infinity();
    };
    Limits sum, total;
    const RuntimeTensor* addend = nullptr;
    const RuntimeTensor* slope = nullptr;
    const KernelContext* add = nullptr;
    bool adds_to_addend = false;  // which is the ADD's input 0
  };
  void TakeFollowUp() { takes_follow_up_ = true; }
  const FollowUp& follow_up() const { return follow_up_; }

  // A PAD before this operator that its kernel computes as well, if it is a
  // convolution or MAX_POOL_2D: so many rows and columns of zero around input
  // 0, from which the output's shape was inferred. Known in Prepare.
  struct Padding {
    int top = 0, bottom = 0, left = 0, right = 0;
  };
  const Padding& padding() const { return padding_; }

  //----------------------------------------------------------- Prepare → Eval
  // A struct of the kernel's own, default-constructed anew; lives until the
  // next Prepare.
  template <class S>
  S& NewState() {
    auto state = std::make_shared<S>();
    S& reference = *state;
    state_ = std::move(state);
    return reference;
  }
  template <class S>
  S& State() const {
    return *static_cast<S*>(state_.get());
  }

  // Working memory during Eval, 64-byte aligned, contents undefined at its
  // start. Asked for in Prepare by slot number (0, 1, …; few).
  static constexpr int kMaxScratch = 8;
  void NeedScratch(int slot, size_t bytes) {
    CHECK(slot >= 0 && slot < kMaxScratch);
    scratch_bytes_[slot] = bytes;
  }
  template <class T>
  T* Scratch(int slot) const {
    return reinterpret_cast<T*>(scratch_[slot]);
  }

  // Reports that Eval met a value it cannot work with (an index out of
  // range); the invocation stops with this message. The first one counts.
  void FailEval(std::string_view message) noexcept;
  void FailEval(const Error& error) noexcept;

  //------------------------------------------------ for the interpreter only
  const CustomOp* custom_op_ = nullptr;  // a user's own; runtime/user_op.h
  std::vector<RuntimeTensor*> inputs_;
  std::vector<RuntimeTensor*> outputs_;
  std::vector<const RuntimeTensor*> intermediates_;
  std::shared_ptr<void> state_;
  size_t scratch_bytes_[kMaxScratch] = {};
  std::byte* scratch_[kMaxScratch] = {};
  FollowUp follow_up_;
  Padding padding_;
  bool takes_follow_up_ = false;
  bool reference_ = false;
  bool winograd_ = false;
  bool failed_ = false;
  Error failure_;

 private:
  Op op_;
  OpOptions options_;
  KernelHost* host_;
};

using InferFunction = Result<void> (*)(KernelContext&, InferContext&);
using PrepareFunction = Result<void> (*)(KernelContext&);
using EvalFunction = void (*)(KernelContext&) noexcept;

struct Kernel {
  Op op;
  // What the kernel computes in, for docs/supported_ops.md: "f32 i8 u8".
  const char* types;
  PrepareFunction prepare;
  EvalFunction eval;
  // Stands in for the rule of ops/ where types and shapes of outputs are known
  // to the interpreter only: operators that run subgraphs.
  InferFunction infer = nullptr;
};

// The kernel of a builtin operator; nullptr when there is none.
const Kernel* FindKernel(Op op);

// Every kernel, sorted by operator number.
std::span<const Kernel* const> AllKernels();

// The kernel of a CUSTOM operator, which is known by its name alone. It has an
// `infer`: ops/ has no rules for these. Its options are
// options<CustomOptions>().bytes, usually a FlexBuffer (flex_options.h).
struct CustomKernel {
  const char* name;  // the file's custom_code
  Kernel kernel;     // of Op::kCustom
};

// nullptr when liteforge has no operator of this name.
const Kernel* FindCustomKernel(std::string_view name);

// Every custom kernel, sorted by name.
std::span<const CustomKernel* const> AllCustomKernels();

// The kernel of a node, builtin or custom; nullptr when there is none.
const Kernel* FindKernel(Op op, const OpOptions& options);

}  // namespace liteforge
