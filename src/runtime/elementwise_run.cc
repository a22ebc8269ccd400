// SPDX-License-Identifier: Apache-2.0
// How a run is cut. Its outputs have one shape; the first axes of it, as many
// as each input either has in full or not at all, are the rows:
//
//   output  [1, 56, 56, 96]     3136 rows of [96]
//   input   [1, 56, 56, 96]     as many rows of [96]
//   input   [96]                [96] for each part
//   input   [1, 56, 56, 1]      as many rows of [1]
//
// A part is some rows, as many as lie in the cache with all that the members
// make of them. The kernels are prepared for the shapes of a part, and find its
// tensors where they are, or in scratch what is nobody else's. An inner tensor
// has the place of one that nothing reads any more.
#include "runtime/elementwise_run.h"

#include <algorithm>
#include <limits>

#include "runtime/memory_planner.h"

namespace liteforge {
namespace {

// What of a part's tensors may lie in the cache: a part of the second one.
constexpr size_t kPartBytes = size_t{1} << 17;
constexpr int kWorkersPerThread = 4;  // so that the last to end ends soon

bool HasParts(const RuntimeTensor& t) {
  return BitWidth(t.type) >= 8 && !t.quantization->per_channel() &&
         !t.is_variable && t.shape.IsStatic();
}

// Of `t`, counted as the output's axes are; 1 for those it does not have.
int32_t DimUnder(const RuntimeTensor& t, const Shape& output, int axis) {
  const int own = axis - output.rank() + t.shape.rank();
  return own < 0 ? 1 : t.shape[own];
}

// How many of the output's first axes `t` has in full, or not at all.
int RowAxes(const RuntimeTensor& t, const Shape& output) {
  int full = 0, none = 0;
  while (full < output.rank() && DimUnder(t, output, full) == output[full])
    ++full;
  while (none < output.rank() && DimUnder(t, output, none) == 1) ++none;
  return std::max(full, none);
}

bool HasAllRows(const RuntimeTensor& t, const Shape& output, int axes) {
  for (int axis = 0; axis < axes; ++axis) {
    if (DimUnder(t, output, axis) != output[axis]) return false;
  }
  return true;
}

size_t BytesOf(const RuntimeTensor& t, const Shape& shape) {
  return static_cast<size_t>(shape.elements()) *
         static_cast<size_t>(BitWidth(t.type) / 8);
}

}  // namespace

bool IsElementwise(const KernelContext& k) {
  switch (k.op()) {
    case Op::kAbs:
    case Op::kAdd:
    case Op::kCast:
    case Op::kCeil:
    case Op::kCos:
    case Op::kDequantize:
    case Op::kElu:
    case Op::kEqual:
    case Op::kExp:
    case Op::kFloor:
    case Op::kGelu:
    case Op::kGreater:
    case Op::kGreaterEqual:
    case Op::kHardSwish:
    case Op::kLeakyRelu:
    case Op::kLess:
    case Op::kLessEqual:
    case Op::kLog:
    case Op::kLogicalAnd:
    case Op::kLogicalNot:
    case Op::kLogicalOr:
    case Op::kLogistic:
    case Op::kMaximum:
    case Op::kMinimum:
    case Op::kMul:
    case Op::kNeg:
    case Op::kNotEqual:
    case Op::kPrelu:
    case Op::kRelu:
    case Op::kRelu0To1:
    case Op::kRelu6:
    case Op::kReluN1To1:
    case Op::kRound:
    case Op::kRsqrt:
    case Op::kSelectV2:
    case Op::kSign:
    case Op::kSin:
    case Op::kSqrt:
    case Op::kSquare:
    case Op::kSquaredDifference:
    case Op::kSub:
    case Op::kTanh:
      break;
    case Op::kDiv:
    case Op::kPow:  // of integers they can fail
      if (k.Input(0).type != DataType::kFloat32) return false;
      break;
    case Op::kQuantize:  // may move nothing at all: subgraph_views.cc
      if (k.Input(0).type != DataType::kFloat32) return false;
      break;
    default:
      return false;
  }
  const auto has_parts = [](const RuntimeTensor* t) {
    return t != nullptr && HasParts(*t);
  };
  return k.output_count() == 1 && std::ranges::all_of(k.inputs_, has_parts) &&
         has_parts(k.outputs_[0]) && k.outputs_[0]->shape.rank() > 0 &&
         k.outputs_[0]->bytes > 0;
}

std::shared_ptr<ElementwiseRun> ElementwiseRun::Make(
    std::span<const Member> members, const std::vector<bool>& inner,
    int threads) {
  auto run = std::make_shared<ElementwiseRun>();
  run->FindPlaces(members, inner);
  if (!run->FindRows(members)) return nullptr;
  run->PlaceInner(members);
  const int64_t parts = (run->rows_ + run->part_rows_ - 1) / run->part_rows_;
  const int64_t rest = run->rows_ - (parts - 1) * run->part_rows_;
  run->workers_.resize(static_cast<size_t>(
      threads == 1
          ? 1
          : std::min<int64_t>(parts, int64_t{threads} * kWorkersPerThread)));
  const Part* first = nullptr;
  for (Worker& worker : run->workers_) {
    if (!run->Prepare(members, run->part_rows_, first, worker.part))
      return nullptr;
    first = &run->workers_[0].part;
  }
  return run->Prepare(members, rest, nullptr, run->workers_.back().rest)
             ? run
             : nullptr;
}

// One for each tensor, in the order of `Part::tensors`.
void ElementwiseRun::FindPlaces(std::span<const Member> members,
                                const std::vector<bool>& inner) {
  const auto find = [&](RuntimeTensor* tensor) {
    return std::ranges::find(places_, tensor, &Place::tensor);
  };
  for (size_t i = 0; i < members.size(); ++i) {
    kernels_.push_back(members[i].kernel);
    for (RuntimeTensor* input : members[i].node->inputs_) {
      if (find(input) != places_.end()) continue;
      places_.push_back({.tensor = input});
      inputs_.push_back(input);
    }
    RuntimeTensor* output = members[i].node->outputs_[0];
    places_.push_back({.tensor = output, .is_inner = inner[i]});
    if (!inner[i]) outputs_.push_back(output);
  }
}

bool ElementwiseRun::FindRows(std::span<const Member> members) {
  const Shape& whole = members[0].node->outputs_[0]->shape;
  int axes = whole.rank();
  for (const Place& place : places_)
    axes = std::min(axes, RowAxes(*place.tensor, whole));
  rows_ = 1;
  for (int axis = 0; axis < axes; ++axis) rows_ *= whole[axis];
  size_t bytes = 0;  // of a row in all tensors that have rows
  for (Place& place : places_) {
    for (int axis = axes; axis < whole.rank(); ++axis)
      place.row_shape.Append(DimUnder(*place.tensor, whole, axis));
    if (!HasAllRows(*place.tensor, whole, axes)) continue;
    place.row_bytes = BytesOf(*place.tensor, place.row_shape);
    bytes += place.row_bytes;
  }
  if (rows_ > std::numeric_limits<int32_t>::max()) return false;
  const auto most =
      static_cast<int64_t>(std::max<size_t>(1, kPartBytes / bytes));
  const int64_t parts = (rows_ + most - 1) / most;
  part_rows_ = (rows_ + parts - 1) / parts;
  return parts > 1;
}

void ElementwiseRun::PlaceInner(std::span<const Member> members) {
  // The last member that reads each place.
  std::vector<size_t> last(places_.size(), 0);
  for (size_t i = 0; i < members.size(); ++i) {
    for (size_t p = 0; p < places_.size(); ++p) {
      if (std::ranges::count(members[i].node->inputs_, places_[p].tensor) > 0)
        last[p] = i;
    }
  }
  struct Slot {
    size_t bytes, offset, free_after;
  };
  std::vector<Slot> slots;
  for (size_t i = 0; i < members.size(); ++i) {
    const auto at = std::ranges::find(places_, members[i].node->outputs_[0],
                                      &Place::tensor);
    if (!at->is_inner) continue;
    const size_t rows = static_cast<size_t>(part_rows_);
    const size_t bytes = AlignedBytes(at->row_bytes * rows);
    const size_t until = last[static_cast<size_t>(at - places_.begin())];
    auto slot = std::ranges::find_if(slots, [&](const Slot& s) {
      return s.bytes == bytes && s.free_after < i;
    });
    if (slot == slots.end()) {
      slots.push_back({bytes, worker_bytes_, 0});
      worker_bytes_ += bytes;
      slot = slots.end() - 1;
    }
    slot->free_after = until;
    at->offset = slot->offset;
  }
}

// `like`: a part of as many rows, whose kernels' states serve here as well.
bool ElementwiseRun::Prepare(std::span<const Member> members, int64_t rows,
                             const Part* like, Part& part) {
  for (const Place& place : places_) {
    RuntimeTensor tensor = *place.tensor;
    tensor.shape = Shape();
    if (place.row_bytes > 0) {
      tensor.shape.Append(static_cast<int32_t>(rows));
      tensor.is_constant = false;  // its value is another for each part
    }
    for (const int32_t dim : place.row_shape.dims()) tensor.shape.Append(dim);
    tensor.bytes = BytesOf(tensor, tensor.shape);
    part.tensors.push_back(tensor);
  }
  const auto own = [&](RuntimeTensor* tensor) {
    const auto at = std::ranges::find(places_, tensor, &Place::tensor);
    return &part.tensors[static_cast<size_t>(at - places_.begin())];
  };
  part.nodes.reserve(members.size());
  for (const Member& member : members) {
    KernelContext& node = part.nodes.emplace_back(*member.node);
    node.state_ =
        like == nullptr ? nullptr : like->nodes[part.nodes.size() - 1].state_;
    for (RuntimeTensor*& input : node.inputs_) input = own(input);
    node.outputs_[0] = own(node.outputs_[0]);
    if (like != nullptr) continue;
    const auto needs = [](size_t bytes) { return bytes > 0; };
    if (!member.kernel->prepare(node) ||
        std::ranges::any_of(node.scratch_bytes_, needs))
      return false;
  }
  return true;
}

void ElementwiseRun::EvalPart(Part& part, int64_t first_row,
                              std::byte* scratch) noexcept {
  for (size_t p = 0; p < places_.size(); ++p) {
    const Place& place = places_[p];
    part.tensors[p].data =
        place.is_inner ? scratch + place.offset
                       : place.tensor->data +
                             static_cast<size_t>(first_row) * place.row_bytes;
  }
  for (size_t i = 0; i < kernels_.size(); ++i) kernels_[i]->eval(part.nodes[i]);
}

void ElementwiseRun::Eval(KernelContext& k) noexcept {
  const int64_t parts = (rows_ + part_rows_ - 1) / part_rows_;
  const auto workers = static_cast<int64_t>(workers_.size());
  k.threads().ParallelFor(workers, 1, [&](int64_t begin, int64_t end) {
    for (int64_t w = begin; w < end; ++w) {
      const auto at = static_cast<size_t>(w);
      Worker& worker = workers_[at];
      std::byte* scratch = k.Scratch<std::byte>(0) + at * worker_bytes_;
      for (int64_t p = w * parts / workers; p < (w + 1) * parts / workers; ++p)
        EvalPart(p == parts - 1 ? worker.rest : worker.part, p * part_rows_,
                 scratch);
    }
  });
}

extern const Kernel kElementwiseRun{
    Op::kCustom, "", nullptr,
    [](KernelContext& k) noexcept { k.State<ElementwiseRun>().Eval(k); }};

}  // namespace liteforge
