// SPDX-License-Identifier: Apache-2.0
// Convolutions that follow each other (expand, depthwise, project), computed a
// few rows of the image at a time: of the tensors between them only the rows
// that the next one's window sees are there, and those lie in the cache.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "kernels/kernel.h"
#include "kernels/window.h"

namespace liteforge {

// Whether the node can be a member: CONV_2D or DEPTHWISE_CONV_2D of one image
// whose rows can be computed by themselves.
bool HasRows(const KernelContext& node);

class RowRun {
 public:
  struct Member {
    const Kernel* kernel;
    const KernelContext* node;  // prepared; static shapes
    // Of what it makes before the ADD that is folded into it.
    const Quantization* quantization;
  };

  // `members` in order; nothing but the next one sees a member's output.
  // nullptr where nothing is won or a kernel cannot.
  static std::shared_ptr<RowRun> Make(std::span<const Member> members,
                                      int threads);

  // What is read and written from outside.
  const std::vector<RuntimeTensor*>& inputs() const { return inputs_; }
  RuntimeTensor* output() const { return stages_.back().output; }

  // In bytes; Eval wants it in slot 0 of the node that stands for the run.
  size_t scratch_bytes() const { return workers_.size() * worker_bytes_; }

  void Eval(KernelContext& k) noexcept;

 private:
  struct Rows {
    int begin = 0, end = 0;
    int count() const { return end - begin; }
  };
  struct Stage {
    Member member;
    Window window;
    RuntimeTensor *input, *output;
    const RuntimeTensor* addend;  // may be nullptr
    // Of rows of `output`, unless it is the run's.
    int held_rows = 0;
    size_t held_at = 0;  // in scratch
  };
  // A stage prepared for so many rows, so many of its window's outside.
  struct Piece {
    size_t stage;
    int rows, top, bottom;
    RuntimeTensor input, output, addend;
    KernelContext node;
  };
  // Runs a piece, or moves rows to the front of where they are held.
  struct Action {
    Piece* piece = nullptr;
    size_t input_at = 0, output_at = 0, addend_at = 0;  // bytes
    size_t moved = 0;                                   // bytes
  };
  // A part of the output's rows, from top to bottom.
  struct Worker {
    std::vector<std::unique_ptr<Piece>> pieces;
    std::vector<Action> actions;
    std::vector<Rows> held;  // of each stage's output, while actions are made
  };

  bool FindStages(std::span<const Member> members);
  int RowsAtOnce(int threads);
  size_t HeldBytes(int rows);
  static Rows SeenBy(const Window& window, Rows rows);
  Rows NeededBy(size_t stage, Rows rows) const;
  bool PlanRows(Worker& worker, size_t stage, Rows rows);
  Piece* FindPiece(Worker& worker, size_t stage, Rows rows, Rows needed);
  bool PreparePiece(Piece& piece, int input_rows);
  void PlaceHeld();
  void PlaceScratch();
  void Run(const Worker& worker, std::byte* scratch) const noexcept;

  std::vector<Stage> stages_;
  std::vector<RuntimeTensor*> inputs_;
  std::vector<Worker> workers_;
  size_t slot_at_[KernelContext::kMaxScratch] = {};  // of the kernels' scratch
  size_t worker_bytes_ = 0;
};

// Stands in for the kernel of the node that computes a run, which is its state.
extern const Kernel kRowRun;

}  // namespace liteforge
