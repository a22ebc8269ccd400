// SPDX-License-Identifier: Apache-2.0
// A tensor [.., C] is stored as
//   dense levels      one for each dimension but the last
//   a sparse level    of the last dimension's elements that are not zero, or
//                     of its blocks of 4 that are not all zero
//   a dense level     of the 4 elements of a block, where there are blocks
// These are the two forms that FULLY_CONNECTED takes; DENSIFY takes any.
// Source: TFLite schema, SparsityParameters; tflite/kernels/
// fully_connected.cc.
#include "emit/sparse_constants.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>
#include <vector>

namespace liteforge {
namespace {

constexpr size_t kBlock = 4;

// The last dimension's units that are kept, row by row.
struct KeptUnits {
  size_t unit = 1;  // elements
  std::vector<int32_t> segments = {0};
  std::vector<int32_t> indices;
};

bool IsZero(std::span<const std::byte> bytes) {
  return std::ranges::all_of(bytes,
                             [](std::byte b) { return b == std::byte{0}; });
}

KeptUnits Keep(const ir::Value& value, size_t unit) {
  const auto width = static_cast<size_t>(value.shape[value.shape.rank() - 1]);
  const std::span<const std::byte> bytes = value.data().bytes();
  const size_t element =
      bytes.size() / static_cast<size_t>(value.shape.elements());
  KeptUnits kept;
  kept.unit = unit;
  const size_t unit_bytes = unit * element;
  for (size_t row = 0; row < bytes.size(); row += width * element) {
    for (size_t u = 0; u < width / unit; ++u) {
      if (!IsZero(bytes.subspan(row + u * unit_bytes, unit_bytes)))
        kept.indices.push_back(static_cast<int32_t>(u));
    }
    kept.segments.push_back(static_cast<int32_t>(kept.indices.size()));
  }
  return kept;
}

// Bytes that a number takes in the smallest of the schema's three vectors.
size_t NumberBytes(const std::vector<int32_t>& numbers) {
  const int32_t most = numbers.empty() ? 0 : std::ranges::max(numbers);
  if (most <= std::numeric_limits<uint8_t>::max()) return 1;
  return most <= std::numeric_limits<uint16_t>::max() ? 2 : 4;
}

size_t BytesOf(const KeptUnits& kept, size_t element) {
  return kept.indices.size() *
             (kept.unit * element + NumberBytes(kept.indices)) +
         kept.segments.size() * NumberBytes(kept.segments);
}

template <class Table, class Number>
void StoreAs(const std::vector<int32_t>& numbers,
             tflite::SparseIndexVectorUnion& to) {
  Table table;
  for (const int32_t number : numbers)
    table.values.push_back(static_cast<Number>(number));
  to.Set(std::move(table));
}

void Store(const std::vector<int32_t>& numbers,
           tflite::SparseIndexVectorUnion& to) {
  switch (NumberBytes(numbers)) {
    case 1:
      return StoreAs<tflite::Uint8VectorT, uint8_t>(numbers, to);
    case 2:
      return StoreAs<tflite::Uint16VectorT, uint16_t>(numbers, to);
    default:
      return StoreAs<tflite::Int32VectorT, int32_t>(numbers, to);
  }
}

std::unique_ptr<tflite::DimensionMetadataT> DenseLevel(int32_t size) {
  auto level = std::make_unique<tflite::DimensionMetadataT>();
  level->format = tflite::DimensionType::DENSE;
  level->dense_size = size;
  return level;
}

tflite::SparsityParametersT SparsityOf(const Shape& shape,
                                       const KeptUnits& kept) {
  tflite::SparsityParametersT sparsity;
  const int last = shape.rank() - 1;
  for (int d = 0; d < last; ++d)
    sparsity.dim_metadata.push_back(DenseLevel(shape[d]));
  auto level = std::make_unique<tflite::DimensionMetadataT>();
  level->format = tflite::DimensionType::SPARSE_CSR;
  Store(kept.segments, level->array_segments);
  Store(kept.indices, level->array_indices);
  sparsity.dim_metadata.push_back(std::move(level));
  if (kept.unit > 1) {
    sparsity.dim_metadata.push_back(
        DenseLevel(static_cast<int32_t>(kept.unit)));
    sparsity.block_map.push_back(last);
  }
  for (size_t i = 0; i < sparsity.dim_metadata.size(); ++i)
    sparsity.traversal_order.push_back(static_cast<int32_t>(i));
  return sparsity;
}

Blob StoredOf(const ir::Value& value, const KeptUnits& kept) {
  const auto width = static_cast<size_t>(value.shape[value.shape.rank() - 1]);
  const std::span<const std::byte> bytes = value.data().bytes();
  const size_t element =
      bytes.size() / static_cast<size_t>(value.shape.elements());
  const size_t unit = kept.unit * element;
  std::vector<std::byte> stored;
  stored.reserve(kept.indices.size() * unit);
  for (size_t row = 0; row + 1 < kept.segments.size(); ++row) {
    for (auto i = static_cast<size_t>(kept.segments[row]);
         i < static_cast<size_t>(kept.segments[row + 1]); ++i) {
      const auto from = bytes.subspan(
          row * width * element + static_cast<size_t>(kept.indices[i]) * unit,
          unit);
      stored.insert(stored.end(), from.begin(), from.end());
    }
  }
  return Blob::Own(std::move(stored));
}

bool CanBeSparse(const ir::Value& value) {
  return value.is_constant() && !value.is_variable && value.shape.rank() > 0 &&
         value.shape.elements() > 0 && BitWidth(value.type) >= 8 &&
         value.shape.elements() <= std::numeric_limits<int32_t>::max();
}

bool IsSparseOperand(const ir::Node& node, const ir::Value* value) {
  return node.op() == Op::kDensify ||
         (TakesSparseWeights(node) && node.input(1) == value &&
          node.input(0) != value && node.input(2) != value);
}

}  // namespace

bool TakesSparseWeights(const ir::Node& node) {
  return node.op() == Op::kFullyConnected && node.input(1) != nullptr &&
         node.input(1)->type == DataType::kFloat32 &&
         node.input(0)->type == DataType::kFloat32;
}

std::unique_ptr<SparseConstant> MakeSparse(const ir::Value& value,
                                           bool always) {
  if (!CanBeSparse(value)) return nullptr;
  const size_t dense = value.data().size();
  const size_t element = dense / static_cast<size_t>(value.shape.elements());
  KeptUnits kept = Keep(value, 1);
  if (static_cast<size_t>(value.shape[value.shape.rank() - 1]) % kBlock == 0) {
    KeptUnits blocks = Keep(value, kBlock);
    if (BytesOf(blocks, element) < BytesOf(kept, element))
      kept = std::move(blocks);
  }
  if (!always && BytesOf(kept, element) > dense - dense / 8) return nullptr;
  auto sparse = std::make_unique<SparseConstant>();
  sparse->stored = StoredOf(value, kept);
  sparse->sparsity = SparsityOf(value.shape, kept);
  return sparse;
}

void FindSparseConstants(const ir::Graph& graph, SparseConstants& found) {
  for (const auto& value : graph.values()) {
    const auto users = value->users();
    if (!value->is_constant() || users.empty() || value->is_graph_output())
      continue;
    const bool takes = std::ranges::all_of(users, [&](const ir::Node* user) {
      return IsSparseOperand(*user, value.get());
    });
    if (!takes) continue;
    const bool always = users[0]->op() == Op::kDensify;
    if (auto sparse = MakeSparse(*value, always))
      found[value.get()] = std::move(sparse);
  }
}

}  // namespace liteforge
