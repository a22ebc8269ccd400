// SPDX-License-Identifier: Apache-2.0
// Slices at places that vectors along index_vector_dim of the indices name:
//   STABLEHLO_GATHER   copies them out of the operand; a slice that reaches
//                      beyond it is moved back inside
//   STABLEHLO_SCATTER  output = operand, but elements of the slices become
//                      f(element, update), f being a subgraph; what reaches
//                      beyond the operand is left out
// Source: the StableHLO specification, "gather" and "scatter";
// tflite/kernels/{stablehlo_gather,stablehlo_scatter}.cc.
#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "kernels/move_elements.h"
#include "kernels/scalar_function.h"

namespace liteforge {
namespace {

using Axes = std::vector<int64_t>;
using Coordinates = std::array<int64_t, Shape::kMaxRank>;

bool Contains(const Axes& axes, int64_t axis) {
  return std::ranges::find(axes, axis) != axes.end();
}

// Ascending axes below `rank`, as the specification has them.
Result<void> CheckAxes(const Axes& axes, int rank, const char* role) {
  for (size_t i = 0; i < axes.size(); ++i) {
    if (axes[i] < 0 || axes[i] >= rank || (i > 0 && axes[i] <= axes[i - 1]))
      return InvalidModel(std::string(role) + " are not ascending axes");
  }
  return {};
}

Result<void> CheckIndices(const RuntimeTensor& indices, int64_t vector_dim,
                          const Axes& map, int rank) {
  if (!IsIndexType(indices.type))
    return InvalidModel("indices must be int32 or int64");
  if (vector_dim < 0 || vector_dim > indices.shape.rank())
    return InvalidModel("index_vector_dim does not fit the indices");
  const int64_t length = vector_dim == indices.shape.rank()
                             ? 1
                             : indices.shape[static_cast<int>(vector_dim)];
  if (length != static_cast<int64_t>(map.size()))
    return InvalidModel("the index vectors have " + std::to_string(length) +
                        " numbers for " + std::to_string(map.size()) + " axes");
  Axes sorted = map;
  std::ranges::sort(sorted);
  return CheckAxes(sorted, rank, "axes of the index vectors");
}

// Goes through the index vectors, the last axis fastest.
class IndexVectors {
 public:
  IndexVectors(const RuntimeTensor& indices, int64_t vector_dim,
               const Axes& map)
      : indices_(indices), map_(map) {
    const auto strides = RowMajorStrides(indices.shape);
    for (int axis = 0; axis < indices.shape.rank(); ++axis) {
      const int64_t stride = strides[static_cast<size_t>(axis)];
      if (axis == vector_dim) {
        step_ = stride;
      } else {
        batch_.Append(indices.shape[axis]);
        strides_[static_cast<size_t>(batch_.rank() - 1)] = stride;
      }
    }
  }

  // The axes of the indices but for that of the vectors.
  const Shape& batch() const { return batch_; }

  // Where each axis of the operand starts; 0 for those that have no index.
  Coordinates Start(const Coordinates& at) const {
    int64_t first = 0;
    for (int axis = 0; axis < batch_.rank(); ++axis)
      first +=
          at[static_cast<size_t>(axis)] * strides_[static_cast<size_t>(axis)];
    Coordinates start{};
    for (size_t i = 0; i < map_.size(); ++i)
      start[static_cast<size_t>(map_[i])] =
          IntegerAt(indices_, first + static_cast<int64_t>(i) * step_);
    return start;
  }

 private:
  const RuntimeTensor& indices_;
  const Axes& map_;
  Shape batch_;
  Coordinates strides_{};
  int64_t step_ = 0;
};

// Moves on to the next place of `shape`; false after the last.
bool Advance(const Shape& shape, Coordinates& at) {
  for (int axis = shape.rank() - 1; axis >= 0; --axis) {
    int64_t& place = at[static_cast<size_t>(axis)];
    if (++place < shape[axis]) return true;
    place = 0;
  }
  return false;
}

// The strides of `shape` by role: those of the axes in `windows`, in order, at
// the operand's axes that are not in `dropped`; the others in order.
struct Strides {
  Coordinates window{};  // by axis of the operand
  Coordinates batch{};
};

Strides Divide(const Shape& shape, const Axes& windows, const Axes& dropped) {
  const auto all = RowMajorStrides(shape);
  Strides strides;
  size_t operand_axis = 0, batch_axis = 0;
  for (int axis = 0; axis < shape.rank(); ++axis) {
    const int64_t stride = all[static_cast<size_t>(axis)];
    if (!Contains(windows, axis)) {
      strides.batch[batch_axis++] = stride;
      continue;
    }
    while (Contains(dropped, static_cast<int64_t>(operand_axis)))
      ++operand_axis;
    strides.window[operand_axis++] = stride;
  }
  return strides;
}

int64_t Dot(const Coordinates& a, const Coordinates& b, int rank) {
  int64_t sum = 0;
  for (size_t i = 0; i < static_cast<size_t>(rank); ++i) sum += a[i] * b[i];
  return sum;
}

//------------------------------------------------------------------- gather

Result<void> PrepareGather(KernelContext& k) {
  const auto& o = k.options<StablehloGatherOptions>();
  const RuntimeTensor& operand = k.Input(0);
  const int rank = operand.shape.rank();
  TRY(CheckIndices(k.Input(1), o.index_vector_dim, o.start_index_map, rank));
  TRY(CheckAxes(o.collapsed_slice_dims, rank, "collapsed_slice_dims"));
  TRY(CheckAxes(o.offset_dims, k.Output(0).shape.rank(), "offset_dims"));
  for (const int64_t axis : o.collapsed_slice_dims) {
    if (o.slice_sizes[static_cast<size_t>(axis)] > 1)
      return InvalidModel("a collapsed axis has a slice of more than 1");
  }
  if (operand.type == DataType::kString)
    return Unsupported("strings are not supported");
  return CheckWhole(operand);
}

void EvalGather(KernelContext& k) noexcept {
  const auto& o = k.options<StablehloGatherOptions>();
  const RuntimeTensor& operand = k.Input(0);
  RuntimeTensor& output = k.Output(0);
  if (output.elements() == 0) return;
  const int rank = operand.shape.rank();
  const IndexVectors vectors(k.Input(1), o.index_vector_dim, o.start_index_map);
  const Strides to =
      Divide(output.shape, o.offset_dims, o.collapsed_slice_dims);
  const auto from = RowMajorStrides(operand.shape);
  StridedBox box;
  for (size_t axis = 0; axis < static_cast<size_t>(rank); ++axis)
    box.AddAxis(static_cast<int32_t>(o.slice_sizes[axis]), from[axis],
                to.window[axis]);
  Coordinates at{};
  do {
    Coordinates start = vectors.Start(at);
    for (int axis = 0; axis < rank; ++axis) {
      const auto i = static_cast<size_t>(axis);
      start[i] = std::clamp<int64_t>(start[i], 0,
                                     operand.shape[axis] - o.slice_sizes[i]);
    }
    MoveBox(k, box, operand, Dot(start, from, rank), output,
            Dot(at, to.batch, vectors.batch().rank()));
  } while (Advance(vectors.batch(), at));
}

//------------------------------------------------------------------ scatter

// How large a window is along each axis of the operand.
struct ScatterState {
  Coordinates window{};
};

Result<void> CheckUpdates(const KernelContext& k, ScatterState& s) {
  const auto& o = k.options<StablehloScatterOptions>();
  const Shape& operand = k.Input(0).shape;
  const Shape& updates = k.Input(2).shape;
  const Shape batch = IndexVectors(k.Input(1), o.index_vector_dim,
                                   o.scatter_dims_to_operand_dims)
                          .batch();
  const auto windows = o.update_window_dims.size();
  if (windows + o.inserted_window_dims.size() !=
          static_cast<size_t>(operand.rank()) ||
      windows + static_cast<size_t>(batch.rank()) !=
          static_cast<size_t>(updates.rank()))
    return InvalidModel("updates " + updates.ToString() +
                        " do not fit operand " + operand.ToString());
  int operand_axis = 0, batch_axis = 0;
  s.window.fill(1);
  for (int axis = 0; axis < updates.rank(); ++axis) {
    if (!Contains(o.update_window_dims, axis)) {
      if (updates[axis] != batch[batch_axis++])
        return InvalidModel("updates " + updates.ToString() +
                            " do not fit the indices");
      continue;
    }
    while (Contains(o.inserted_window_dims, operand_axis)) ++operand_axis;
    s.window[static_cast<size_t>(operand_axis++)] = updates[axis];
  }
  return {};
}

Result<void> PrepareScatter(KernelContext& k) {
  const auto& o = k.options<StablehloScatterOptions>();
  const RuntimeTensor& operand = k.Input(0);
  const int rank = operand.shape.rank();
  TRY(CheckIndices(k.Input(1), o.index_vector_dim,
                   o.scatter_dims_to_operand_dims, rank));
  TRY(CheckAxes(o.inserted_window_dims, rank, "inserted_window_dims"));
  TRY(CheckAxes(o.update_window_dims, k.Input(2).shape.rank(),
                "update_window_dims"));
  if (k.Input(2).type != operand.type)
    return InvalidModel("updates must be of the operand's type");
  if (operand.type == DataType::kString)
    return Unsupported("strings are not supported");
  TRY(CheckWhole(operand));
  TRY(CheckUpdates(k, k.NewState<ScatterState>()));
  // One window of the operand, and one of the updates.
  k.NeedScratch(0, k.Input(2).bytes);
  k.NeedScratch(1, k.Input(2).bytes);
  return ScalarFunction(k, o.update_computation_subgraph_index)
      .Check(operand.type);
}

// The part of a window that lies within the operand, as a walk from the
// operand's elements to the updates'.
struct Part {
  StridedBox box;
  int64_t operand_offset = 0;
  int64_t updates_offset = 0;
  int64_t count = 1;
};

Part PartInside(const Shape& operand, const Coordinates& window,
                const Coordinates& start, const Coordinates& updates) {
  const auto strides = RowMajorStrides(operand);
  Part part;
  for (int axis = 0; axis < operand.rank(); ++axis) {
    const auto i = static_cast<size_t>(axis);
    // An index may be any number: no arithmetic with one that is far outside.
    const bool near = start[i] > -window[i] && start[i] < operand[axis];
    const int64_t first = near ? std::max<int64_t>(0, -start[i]) : 0;
    const int64_t end =
        near ? std::min(window[i], operand[axis] - start[i]) : 0;
    part.count *= std::max<int64_t>(0, end - first);
    if (part.count == 0) return part;
    part.box.AddAxis(static_cast<int32_t>(end - first), strides[i], updates[i]);
    part.operand_offset += (start[i] + first) * strides[i];
    part.updates_offset += first * updates[i];
  }
  return part;
}

// The same walk, with one side closely packed.
StridedBox Packed(const StridedBox& box, bool from_updates, bool back) {
  StridedBox packed = box;
  int64_t stride = 1;
  for (int axis = box.rank - 1; axis >= 0; --axis) {
    const auto i = static_cast<size_t>(axis);
    const int64_t loose = from_updates ? box.to[i] : box.from[i];
    packed.from[i] = back ? stride : loose;
    packed.to[i] = back ? loose : stride;
    stride *= box.extent[i];
  }
  return packed;
}

Result<void> Combine(KernelContext& k, const Part& part,
                     int64_t updates_offset) {
  const RuntimeTensor& updates = k.Input(2);
  RuntimeTensor& output = k.Output(0);
  const size_t width = ElementBytes(output);
  auto* a = k.Scratch<std::byte>(0);
  auto* b = k.Scratch<std::byte>(1);
  std::byte* place =
      output.data + static_cast<size_t>(part.operand_offset) * width;
  CopyBox(Packed(part.box, false, false), width, place, a);
  CopyBox(Packed(part.box, true, false), width,
          updates.data +
              static_cast<size_t>(updates_offset + part.updates_offset) * width,
          b);
  ScalarFunction f(
      k,
      k.options<StablehloScatterOptions>().update_computation_subgraph_index);
  TRY(f.Run(output.type, part.count, a, b));
  CopyBox(Packed(part.box, false, true), width, a, place);
  return {};
}

void EvalScatter(KernelContext& k) noexcept {
  const auto& o = k.options<StablehloScatterOptions>();
  const RuntimeTensor& operand = k.Input(0);
  const RuntimeTensor& updates = k.Input(2);
  if (operand.bytes > 0)
    std::memcpy(k.Output(0).data, operand.data, operand.bytes);
  if (updates.elements() == 0 || operand.bytes == 0) return;
  const IndexVectors vectors(k.Input(1), o.index_vector_dim,
                             o.scatter_dims_to_operand_dims);
  const Strides strides =
      Divide(updates.shape, o.update_window_dims, o.inserted_window_dims);
  Coordinates at{};
  do {
    const Part part = PartInside(operand.shape, k.State<ScatterState>().window,
                                 vectors.Start(at), strides.window);
    if (part.count == 0) continue;
    const auto done =
        Combine(k, part, Dot(at, strides.batch, vectors.batch().rank()));
    if (!done) return k.FailEval(done.error());
  } while (Advance(vectors.batch(), at));
}

constexpr const char* kMoved =
    "f32 f16 bf16 f64 i8 i16 i32 i64 u8 u16 u32 u64 bool complex64";

}  // namespace

extern const Kernel kStablehloGather{Op::kStablehloGather, kMoved,
                                     PrepareGather, EvalGather};
extern const Kernel kStablehloScatter{Op::kStablehloScatter, kMoved,
                                      PrepareScatter, EvalScatter};

}  // namespace liteforge
