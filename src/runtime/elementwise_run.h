// SPDX-License-Identifier: Apache-2.0
// Elementwise operators that follow each other, computed a part at a time: a
// part goes through all of them while it lies in the cache, and what only they
// see never is in memory as a whole.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "kernels/kernel.h"

namespace liteforge {

// Whether each element of the node's output is a function of the elements at
// its place in the inputs, which are broadcast; one that cannot fail.
bool IsElementwise(const KernelContext& node);

class ElementwiseRun {
 public:
  struct Member {
    const Kernel* kernel;
    const KernelContext* node;  // prepared; static shapes
  };

  // `members` in order, all with outputs of one shape; `inner[i]`: whether
  // nothing but members behind see the output of member i. nullptr where
  // nothing is won: all of it is a single part, or no kernel takes parts.
  static std::shared_ptr<ElementwiseRun> Make(std::span<const Member> members,
                                              const std::vector<bool>& inner,
                                              int threads);

  // What is read and written from outside.
  const std::vector<RuntimeTensor*>& inputs() const { return inputs_; }
  const std::vector<RuntimeTensor*>& outputs() const { return outputs_; }

  // In bytes; Eval wants it in slot 0 of the node that stands for the run.
  size_t scratch_bytes() const { return workers_.size() * worker_bytes_; }

  void Eval(KernelContext& k) noexcept;

 private:
  // A tensor of the run, or what of it belongs to a part.
  struct Place {
    RuntimeTensor* tensor;
    size_t row_bytes = 0;   // from one row to the next; 0: each part has all
    bool is_inner = false;  // it lies in scratch,
    size_t offset = 0;      // there
    Shape row_shape = {};   // behind the rows
  };
  // The members, prepared for parts of so many rows.
  struct Part {
    std::vector<RuntimeTensor> tensors;  // one a place
    std::vector<KernelContext> nodes;
  };
  // What one thread works with at a time.
  struct Worker {
    Part part, rest;
  };

  void FindPlaces(std::span<const Member> members,
                  const std::vector<bool>& inner);
  bool FindRows(std::span<const Member> members);
  void PlaceInner(std::span<const Member> members);
  bool Prepare(std::span<const Member> members, int64_t rows, const Part* like,
               Part& part);
  void EvalPart(Part& part, int64_t first_row, std::byte* scratch) noexcept;

  std::vector<Place> places_;
  std::vector<RuntimeTensor*> inputs_, outputs_;
  std::vector<const Kernel*> kernels_;
  int64_t rows_ = 0, part_rows_ = 0;
  size_t worker_bytes_ = 0;
  std::vector<Worker> workers_;
};

// Stands in for the kernel of the node that computes a run, which is its state.
extern const Kernel kElementwiseRun;

}  // namespace liteforge
