// SPDX-License-Identifier: Apache-2.0
#include "lower/xla_indices.h"

#include <algorithm>
#include <numeric>

namespace liteforge {

bool XlaWindows::IsIndexed(int32_t axis) const {
  return std::ranges::find(indexed, axis) != indexed.end();
}

namespace {

// [batch.., count], count vectors of indices.
Value* VectorsLast(Formula& f, Value* indices, int32_t vector_axis) {
  const int32_t rank = indices->shape.rank();
  if (vector_axis == rank) return f.ExpandDims(indices, rank);
  std::vector<int32_t> order;
  for (int32_t axis = 0; axis < rank; ++axis) {
    if (axis != vector_axis) order.push_back(axis);
  }
  order.push_back(vector_axis);
  return f.Take(f.ir().Transpose(indices, order));
}

// 0, 1, … along dimension `axis` of the batch, in the shape [batch.., 1].
Value* Counted(Formula& f, Value* starts, int32_t axis) {
  if (starts == nullptr) return nullptr;
  std::vector<int32_t> dims(static_cast<size_t>(starts->shape.rank()), 1);
  dims[static_cast<size_t>(axis)] = -1;
  Value* count = f.Reshape(f.Range(f.DimOf(starts, axis)), dims);
  Value* one = f.Gather(starts, f.Ints({0}), starts->shape.rank() - 1);
  return f.Add(f.Mul(one, f.ir().Int32(0)), count);
}

}  // namespace

Result<XlaWindows> ReadXlaWindows(Formula& f, Value* array, Value* indices,
                                  int64_t vector_axis,
                                  std::vector<int32_t> indexed,
                                  const std::vector<int32_t>& batched,
                                  const std::vector<int32_t>& batching,
                                  std::vector<int32_t> window) {
  const int32_t rank = indices->shape.rank();
  if (rank < 0) return Unsupported("indices of unknown rank");
  if (indexed.empty()) return Unsupported("windows that no index places");
  if (vector_axis < 0 || vector_axis > rank ||
      batched.size() != batching.size())
    return InvalidModel("'dimension_numbers' does not fit the indices");
  const auto last = static_cast<int32_t>(vector_axis);
  XlaWindows w;
  w.array = array;
  w.window = std::move(window);
  w.starts = VectorsLast(f, f.Take(f.ir().AsInt32(indices)), last);
  TRY(f.Check());
  if (w.starts->shape[w.batch_rank()] != static_cast<int32_t>(indexed.size()))
    return InvalidModel(
        "the indices' vectors have another length than "
        "'dimension_numbers' says");
  w.indexed = std::move(indexed);
  std::vector<Value*> columns = {w.starts};
  for (size_t i = 0; i < batched.size(); ++i) {
    if (batching[i] == last || w.IsIndexed(batched[i]))
      return InvalidModel("a dimension is indexed and of the batch");
    columns.push_back(
        Counted(f, w.starts, batching[i] - (batching[i] > last ? 1 : 0)));
    w.indexed.push_back(batched[i]);
  }
  if (columns.size() > 1) w.starts = f.Concat(columns, w.batch_rank());
  TRY(f.Check());
  return w;
}

Value* LastStarts(Formula& f, const XlaWindows& w) {
  std::vector<int32_t> extents;
  for (const int32_t axis : w.indexed)
    extents.push_back(w.window[static_cast<size_t>(axis)]);
  return f.Sub(f.Gather(f.ShapeOf(w.array), f.Ints(w.indexed)),
               f.Ints(std::move(extents)));
}

Value* ClampedStarts(Formula& f, const XlaWindows& w) {
  return f.Max(f.Min(w.starts, LastStarts(f, w)), f.ir().Int32(0));
}

Value* PlacesOf(Formula& f, const XlaWindows& w, Value* starts,
                const std::vector<int32_t>& expanded) {
  if (starts == nullptr || expanded.empty()) return starts;
  for (size_t i = 0; i < expanded.size(); ++i)
    starts = f.ExpandDims(starts, w.batch_rank());
  // Every place of the window, counted along `expanded`.
  constexpr int64_t kMost = 1 << 24;
  Shape shape;
  int64_t places = 1;
  for (const int32_t axis : expanded) {
    shape.Append(w.window[static_cast<size_t>(axis)]);
    places = std::min(kMost + 1, places * shape[shape.rank() - 1]);
  }
  if (places > kMost)
    return f.Fail({ErrorCode::kUnsupported, "windows that large", ""});
  std::vector<int32_t> offsets;
  for (int64_t place = 0; place < places; ++place) {
    std::vector<int32_t> at(w.window.size());
    int64_t rest = place;
    for (size_t i = expanded.size(); i-- > 0;) {
      const int32_t extent = shape[static_cast<int>(i)];
      at[static_cast<size_t>(expanded[i])] =
          static_cast<int32_t>(rest % extent);
      rest /= extent;
    }
    for (const int32_t axis : w.indexed)
      offsets.push_back(at[static_cast<size_t>(axis)]);
  }
  shape.Append(static_cast<int32_t>(w.indexed.size()));
  return f.Add(starts,
               f.ir().Constant(DataType::kInt32, shape,
                               Blob::Own(std::move(offsets)), "offsets"));
}

std::vector<int32_t> IndexedFirst(const XlaWindows& w,
                                  const std::vector<int32_t>& rest) {
  std::vector<int32_t> order = w.indexed;
  order.insert(order.end(), rest.begin(), rest.end());
  return order;
}

}  // namespace liteforge
