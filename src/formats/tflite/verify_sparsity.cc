// SPDX-License-Identifier: Apache-2.0
// Metadata of sparse constants. A tensor of rank r with k blocked dimensions
// has r + k levels, walked in traversal_order: outer dimensions first
// (numbers 0 … r-1), then the dimensions inside a block (r … r+k-1). Each
// level is dense, or lists per parent entry the children that are stored:
//
//   children of entry e of the level above:
//     array_indices[array_segments[e] … array_segments[e+1] - 1]
//
// What the last level counts is what the buffer stores.
// Source: schema.fbs, SparsityParameters; TACO (Kjolstad et al., 2017).
#include <fmt/format.h>

#include <vector>

#include "base/try.h"
#include "formats/tflite/model_reader.h"
#include "formats/tflite/verify.h"

namespace liteforge {
namespace {

using Levels = std::vector<int64_t>;

// The numbers of any of the three vector tables.
Result<std::vector<int64_t>> Widen(tflite::SparseIndexVector kind,
                                   const void* table, std::string_view what) {
  std::vector<int64_t> wide;
  auto assign = [&wide](const auto* vector) {
    const auto values = Elements(vector->values());
    wide.assign(values.begin(), values.end());
  };
  if (table != nullptr && kind == tflite::SparseIndexVector::Int32Vector) {
    assign(static_cast<const tflite::Int32Vector*>(table));
  } else if (table != nullptr &&
             kind == tflite::SparseIndexVector::Uint16Vector) {
    assign(static_cast<const tflite::Uint16Vector*>(table));
  } else if (table != nullptr &&
             kind == tflite::SparseIndexVector::Uint8Vector) {
    assign(static_cast<const tflite::Uint8Vector*>(table));
  } else {
    return InvalidModel(fmt::format("has no {}", what));
  }
  return wide;
}

// Every number of [begin, end) once among order[begin … end-1].
bool IsPermutation(std::span<const int32_t> order, size_t begin, size_t end) {
  std::vector<bool> seen(end - begin);
  for (size_t i = begin; i < end; ++i) {
    const int64_t position = order[i] - static_cast<int64_t>(begin);
    if (position < 0 || position >= static_cast<int64_t>(seen.size()) ||
        seen[static_cast<size_t>(position)]) {
      return false;
    }
    seen[static_cast<size_t>(position)] = true;
  }
  return true;
}

Result<void> CheckCounts(const tflite::SparsityParameters& sparsity,
                         size_t rank) {
  const auto order = Elements(sparsity.traversal_order());
  if (order.size() < rank || order.size() > 2 * rank ||
      Count(sparsity.dim_metadata()) != order.size() ||
      Count(sparsity.block_map()) != order.size() - rank) {
    return InvalidModel(fmt::format(
        "{} dimensions, but {} in traversal_order, {} in block_map, {} in "
        "dim_metadata",
        rank, order.size(), Count(sparsity.block_map()),
        Count(sparsity.dim_metadata())));
  }
  if (!IsPermutation(order, 0, rank) ||
      !IsPermutation(order, rank, order.size())) {
    return InvalidModel("traversal_order is no order of the dimensions");
  }
  return {};
}

// Sizes of the dimensions 0 … r+k-1: the blocked ones divided by their block.
Result<Levels> LevelSizes(const tflite::SparsityParameters& sparsity,
                          const Shape& shape) {
  const auto order = Elements(sparsity.traversal_order());
  const auto rank = static_cast<size_t>(shape.rank());
  Levels sizes(shape.dims().begin(), shape.dims().end());
  sizes.resize(order.size());
  for (size_t i = rank; i < order.size(); ++i) {
    const int64_t block =
        sparsity.dim_metadata()->Get(static_cast<uint32_t>(i))->dense_size();
    // block_map stands in the order of the blocked dimensions' numbers.
    const auto dimension = static_cast<size_t>(order[i]);
    const int32_t blocked =
        sparsity.block_map()->Get(static_cast<uint32_t>(dimension - rank));
    TRY(CheckIndex(blocked, static_cast<uint32_t>(rank), "blocked dimension"));
    int64_t& outer = sizes[static_cast<size_t>(blocked)];
    if (block <= 0 || outer % block != 0) {
      return InvalidModel(
          fmt::format("blocks of {} in dimension {} of shape {}", block,
                      blocked, shape.ToString()));
    }
    sizes[dimension] = block;
    outer /= block;
  }
  return sizes;
}

// Returns how many entries the level has, given those of the level above.
Result<int64_t> CheckSparseLevel(const tflite::DimensionMetadata& level,
                                 int64_t parents, int64_t size) {
  TRY_ASSIGN(const auto segments,
             Widen(level.array_segments_type(), level.array_segments(),
                   "array_segments"));
  TRY_ASSIGN(const auto indices, Widen(level.array_indices_type(),
                                       level.array_indices(), "array_indices"));
  if (static_cast<int64_t>(segments.size()) != parents + 1) {
    return InvalidModel(fmt::format("{} segments where {} are needed",
                                    segments.size(), parents + 1));
  }
  int64_t last = 0;
  for (int64_t segment : segments) {
    if (segment < last) return InvalidModel("array_segments go backwards");
    last = segment;
  }
  if (segments.front() != 0 || last != static_cast<int64_t>(indices.size())) {
    return InvalidModel(
        fmt::format("array_segments cover {} to {} of {} array_indices",
                    segments.front(), last, indices.size()));
  }
  for (int64_t index : indices) {
    if (index < 0 || index >= size) {
      return InvalidModel(fmt::format("index {} of {}", index, size));
    }
  }
  return last;
}

Result<int64_t> CheckLevel(const tflite::DimensionMetadata& level,
                           int64_t parents, int64_t size) {
  if (level.format() == tflite::DimensionType::SPARSE_CSR) {
    return CheckSparseLevel(level, parents, size);
  }
  if (level.format() != tflite::DimensionType::DENSE) {
    return InvalidModel(fmt::format("dimension format {} is unknown",
                                    static_cast<int>(level.format())));
  }
  if (level.dense_size() != size) {
    return InvalidModel(fmt::format("dense_size {} where the shape has {}",
                                    level.dense_size(), size));
  }
  constexpr int64_t kMostElements = int64_t{1} << 40;
  if (size != 0 && parents > kMostElements / size) {
    return InvalidModel("is larger than any memory");
  }
  return parents * size;
}

}  // namespace

Result<int64_t> CountSparseElements(const tflite::SparsityParameters& sparsity,
                                    const Shape& shape) {
  TRY(CheckCounts(sparsity, static_cast<size_t>(shape.rank())));
  TRY_ASSIGN(const Levels sizes, LevelSizes(sparsity, shape));
  const auto order = Elements(sparsity.traversal_order());
  int64_t elements = 1;
  for (uint32_t i = 0; i < order.size(); ++i) {
    auto entries = CheckLevel(*sparsity.dim_metadata()->Get(i), elements,
                              sizes[static_cast<size_t>(order[i])]);
    if (!entries) {
      return tl::unexpected(
          std::move(entries.error()).In(fmt::format("level {}", i)));
    }
    elements = *entries;
  }
  return elements;
}

}  // namespace liteforge
