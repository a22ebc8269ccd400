// SPDX-License-Identifier: Apache-2.0
// What a run does is planned once, as a list of actions. From the last stage
// backwards: rows [a, b) of a stage's output see rows
//
//   [a stride - pad, (b - 1) stride - pad + (window - 1) dilation + 1)
//
// of its input, cut off at the image's edges, where the kernel is told how many
// rows of its window are outside (KernelContext::padding). Of those the stage
// before has held some since the last rows; they are moved to the front, and
// the others computed behind them, in the same way.
//
// The kernels are prepared once for each number of rows, inside and at edges.
//
// Integers are those of the whole image, bit for bit. Floats may differ in the
// last bit: matrix products add few rows in another order than many.
#include "runtime/row_run.h"

#include <algorithm>
#include <cstring>

#include "runtime/memory_planner.h"

namespace liteforge {
namespace {

// What the stages hold must lie in the second cache with the weights and with
// what comes in and goes out.
constexpr size_t kMostHeld = size_t{256} << 10;
// Smaller tensors stay in the cache by themselves.
constexpr size_t kLeastBetween = size_t{256} << 10;

// So that places along an axis are far from the ends of int.
constexpr int32_t kMostPlaces = 1 << 20;

size_t RowBytes(const RuntimeTensor& image) {
  return image.bytes / static_cast<size_t>(image.shape[1]);
}

bool IsImage(const RuntimeTensor& t) {
  const auto has_places = [&](int axis) {
    return t.shape[axis] > 1 && t.shape[axis] <= kMostPlaces;
  };
  return t.shape.rank() == 4 && t.shape[0] == 1 && has_places(1) &&
         has_places(2) && t.bytes > 0 && !t.is_variable && !t.is_constant &&
         (t.type == DataType::kFloat32 || t.type == DataType::kInt8 ||
          t.type == DataType::kUInt8);
}

// Its steps alone.
Window StepsOf(const KernelContext& k) {
  Window w;
  const auto take = [&](const auto& options) {
    w.stride_height = options.stride_h;
    w.stride_width = options.stride_w;
    w.dilation_height = options.dilation_h_factor;
    w.dilation_width = options.dilation_w_factor;
  };
  k.op() == Op::kConv2D ? take(k.options<Conv2DOptions>())
                        : take(k.options<DepthwiseConv2DOptions>());
  return w;
}

Window WindowOf(const KernelContext& k) {
  const Shape& filter = k.Input(1).shape;
  Window w = StepsOf(k);
  w.SetShapes(k.Input(0).shape, filter[1], filter[2], k.outputs_[0]->shape,
              k.padding());
  return w;
}

// How far the last output's window reaches beyond the image, which is not
// padded there.
int Beyond(int outputs, int stride, int window, int dilation, int pad,
           int inputs) {
  const int end = (outputs - 1) * stride - pad + (window - 1) * dilation + 1;
  return std::max(0, end - inputs);
}

}  // namespace

bool HasRows(const KernelContext& k) {
  if (k.op() != Op::kConv2D && k.op() != Op::kDepthwiseConv2D) return false;
  if (!IsImage(k.Input(0)) || !IsImage(*k.outputs_[0]) ||
      k.Input(0).type != k.outputs_[0]->type)
    return false;
  for (int i = 1; i < k.input_count(); ++i) {
    if (k.HasInput(i) && !k.Input(i).is_constant) return false;
  }
  // Other filters may be computed by Winograd's method, where numbers depend
  // on how rows go together; and floats with 8-bit weights share a scale.
  const RuntimeTensor& filter = k.Input(1);
  if (k.Input(0).type == DataType::kFloat32 &&
      filter.type != DataType::kFloat32)
    return false;
  const Window steps = StepsOf(k);
  const KernelContext::Padding& pad = k.padding();
  for (const int around : {pad.top, pad.bottom, pad.left, pad.right}) {
    if (around > kMostPlaces) return false;
  }
  if (int64_t{filter.shape[1]} * steps.dilation_height > kMostPlaces ||
      int64_t{filter.shape[2]} * steps.dilation_width > kMostPlaces)
    return false;
  return k.op() == Op::kDepthwiseConv2D ||
         (filter.shape[1] == 1 && filter.shape[2] == 1);
}

std::shared_ptr<RowRun> RowRun::Make(std::span<const Member> members,
                                     int threads) {
  auto run = std::make_shared<RowRun>();
  if (!run->FindStages(members)) return nullptr;
  const int rows = run->output()->shape[1];
  const int at_once = run->RowsAtOnce(threads);
  if (at_once == 0) return nullptr;
  run->PlaceHeld();
  run->workers_.resize(static_cast<size_t>(threads));
  for (int w = 0; w < threads; ++w) {
    Worker& worker = run->workers_[static_cast<size_t>(w)];
    worker.held.assign(run->stages_.size(), {});
    const auto begin = static_cast<int>(int64_t{rows} * w / threads);
    const auto end = static_cast<int>(int64_t{rows} * (w + 1) / threads);
    for (int row = begin; row < end; row += at_once) {
      if (!run->PlanRows(worker, members.size() - 1,
                         {row, std::min(row + at_once, end)}))
        return nullptr;
    }
  }
  run->PlaceScratch();
  return run;
}

bool RowRun::FindStages(std::span<const Member> members) {
  size_t between = 0, weights = 0;
  const auto take = [&](RuntimeTensor* tensor) {
    if (tensor != nullptr) inputs_.push_back(tensor);
  };
  for (const Member& member : members) {
    const KernelContext& k = *member.node;
    Stage stage{.member = member,
                .window = WindowOf(k),
                .input = k.inputs_[0],
                .output = k.outputs_[0],
                .addend = k.follow_up().addend};
    if (stages_.empty()) take(stage.input);
    if (!stages_.empty()) between = std::max(between, stage.input->bytes);
    for (int i = 1; i < k.input_count(); ++i) {
      take(k.inputs_[static_cast<size_t>(i)]);
      if (k.HasInput(i)) weights += k.Input(i).bytes;
    }
    take(const_cast<RuntimeTensor*>(k.follow_up().addend));
    take(const_cast<RuntimeTensor*>(k.follow_up().slope));
    stages_.push_back(stage);
  }
  return between >= kLeastBetween && weights < between / 4;
}

// Of the input, or outside it.
RowRun::Rows RowRun::SeenBy(const Window& w, Rows rows) {
  return {rows.begin * w.stride_height - w.pad_top,
          (rows.end - 1) * w.stride_height - w.pad_top +
              (w.height - 1) * w.dilation_height + 1};
}

RowRun::Rows RowRun::NeededBy(size_t stage, Rows rows) const {
  const Window& w = stages_[stage].window;
  const Rows seen = SeenBy(w, rows);
  return {std::clamp(seen.begin, 0, w.in_height),
          std::clamp(seen.end, 0, w.in_height)};
}

// Sets how many rows each stage holds; returns the bytes.
size_t RowRun::HeldBytes(int rows) {
  size_t bytes = 0;
  for (size_t s = stages_.size() - 1; s > 0; --s) {
    const Window& w = stages_[s].window;
    rows = std::min(
        (rows - 1) * w.stride_height + (w.height - 1) * w.dilation_height + 1,
        w.in_height);
    Stage& before = stages_[s - 1];
    before.held_rows = rows;
    bytes += AlignedBytes(RowBytes(*before.output) * static_cast<size_t>(rows));
  }
  return bytes;
}

// 0 where even one would need too much to be held.
int RowRun::RowsAtOnce(int threads) {
  const int most = output()->shape[1] / threads;
  int rows = 0;
  while (rows < most && HeldBytes(rows + 1) <= kMostHeld) ++rows;
  if (rows == 0) return 0;
  const int times = (most + rows - 1) / rows;
  rows = (most + times - 1) / times;
  HeldBytes(rows);
  return rows;
}

// Appends what makes these rows of a stage's output.
bool RowRun::PlanRows(Worker& worker, size_t stage, Rows rows) {
  const Stage& s = stages_[stage];
  const Rows needed = NeededBy(stage, rows);
  size_t input_row = static_cast<size_t>(needed.begin);
  if (stage > 0) {
    const Stage& before = stages_[stage - 1];
    Rows& held = worker.held[stage - 1];
    const size_t row_bytes = RowBytes(*before.output);
    if (held.end <= needed.begin) held = {needed.begin, needed.begin};
    if (held.begin < needed.begin) {
      const auto skipped = static_cast<size_t>(needed.begin - held.begin);
      const auto kept = static_cast<size_t>(held.end - needed.begin);
      worker.actions.push_back(
          {.input_at = before.held_at + skipped * row_bytes,
           .output_at = before.held_at,
           .moved = kept * row_bytes});
      held.begin = needed.begin;
    }
    if (held.end < needed.end &&
        !PlanRows(worker, stage - 1, {held.end, needed.end}))
      return false;
    input_row = static_cast<size_t>(needed.begin - held.begin);
  }
  Piece* piece = FindPiece(worker, stage, rows, needed);
  if (piece == nullptr) return false;
  size_t output_row = static_cast<size_t>(rows.begin);
  if (stage + 1 < stages_.size()) {
    Rows& held = worker.held[stage];
    output_row = static_cast<size_t>(rows.begin - held.begin);
    held.end = rows.end;
  }
  Action action{.piece = piece,
                .input_at = input_row * RowBytes(*s.input),
                .output_at = output_row * RowBytes(*s.output)};
  if (s.addend != nullptr)
    action.addend_at = static_cast<size_t>(rows.begin) * RowBytes(*s.addend);
  worker.actions.push_back(action);
  return true;
}

// nullptr when the kernel cannot.
RowRun::Piece* RowRun::FindPiece(Worker& worker, size_t stage, Rows rows,
                                 Rows needed) {
  const Rows seen = SeenBy(stages_[stage].window, rows);
  const int top = needed.begin - seen.begin, bottom = seen.end - needed.end;
  for (const auto& piece : worker.pieces) {
    if (piece->stage == stage && piece->rows == rows.count() &&
        piece->top == top && piece->bottom == bottom)
      return piece.get();
  }
  const Stage& s = stages_[stage];
  auto piece = std::make_unique<Piece>(
      Piece{stage, rows.count(), top, bottom, *s.input, *s.output,
            s.addend == nullptr ? RuntimeTensor() : *s.addend, *s.member.node});
  if (!PreparePiece(*piece, needed.count())) return nullptr;
  worker.pieces.push_back(std::move(piece));
  return worker.pieces.back().get();
}

bool RowRun::PreparePiece(Piece& piece, int input_rows) {
  const Stage& s = stages_[piece.stage];
  const Window& w = s.window;
  const auto cut = [](RuntimeTensor& image, int rows) {
    image.bytes = RowBytes(image) * static_cast<size_t>(rows);
    image.shape.set_dim(1, rows);
  };
  cut(piece.input, input_rows);
  cut(piece.output, piece.rows);
  if (s.addend != nullptr) cut(piece.addend, piece.rows);
  KernelContext& k = piece.node;
  k.state_.reset();
  k.inputs_[0] = &piece.input;
  k.outputs_[0] = &piece.output;
  piece.output.quantization = s.member.quantization;
  k.padding_ = {piece.top, piece.bottom, w.pad_left,
                Beyond(w.out_width, w.stride_width, w.width, w.dilation_width,
                       w.pad_left, w.in_width)};
  if (s.addend != nullptr) k.follow_up_.addend = &piece.addend;
  const bool follows = k.takes_follow_up_;
  std::ranges::fill(k.scratch_bytes_, size_t{0});
  k.takes_follow_up_ = false;
  return s.member.kernel->prepare(k).has_value() &&
         k.takes_follow_up_ == follows;
}

void RowRun::PlaceHeld() {
  for (Stage& stage : stages_) {
    stage.held_at = worker_bytes_;
    worker_bytes_ += AlignedBytes(RowBytes(*stage.output) *
                                  static_cast<size_t>(stage.held_rows));
  }
}

// What the kernels want, one at a time, lies behind what stages hold.
void RowRun::PlaceScratch() {
  for (size_t slot = 0; slot < KernelContext::kMaxScratch; ++slot) {
    size_t most = 0;
    for (const Worker& worker : workers_) {
      for (const auto& piece : worker.pieces)
        most = std::max(most, piece->node.scratch_bytes_[slot]);
    }
    slot_at_[slot] = worker_bytes_;
    worker_bytes_ += AlignedBytes(most);
  }
}

void RowRun::Run(const Worker& worker, std::byte* scratch) const noexcept {
  for (const Action& action : worker.actions) {
    if (action.piece == nullptr) {
      std::memmove(scratch + action.output_at, scratch + action.input_at,
                   action.moved);
      continue;
    }
    Piece& piece = *action.piece;
    const Stage& s = stages_[piece.stage];
    const bool is_first = piece.stage == 0;
    const bool is_last = piece.stage + 1 == stages_.size();
    piece.input.data =
        action.input_at +
        (is_first ? s.input->data : scratch + stages_[piece.stage - 1].held_at);
    piece.output.data =
        action.output_at + (is_last ? s.output->data : scratch + s.held_at);
    if (s.addend != nullptr)
      piece.addend.data = s.addend->data + action.addend_at;
    for (size_t slot = 0; slot < KernelContext::kMaxScratch; ++slot)
      piece.node.scratch_[slot] = scratch + slot_at_[slot];
    s.member.kernel->eval(piece.node);
  }
}

void RowRun::Eval(KernelContext& k) noexcept {
  k.threads().ParallelFor(static_cast<int64_t>(workers_.size()), 1,
                          [&](int64_t begin, int64_t end) {
                            for (int64_t w = begin; w < end; ++w) {
                              const auto at = static_cast<size_t>(w);
                              Run(workers_[at],
                                  k.Scratch<std::byte>(0) + at * worker_bytes_);
                            }
                          });
}

extern const Kernel kRowRun{
    Op::kCustom, "", nullptr,
    [](KernelContext& k) noexcept { k.State<RowRun>().Eval(k); }};

}  // namespace liteforge
