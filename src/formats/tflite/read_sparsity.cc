// SPDX-License-Identifier: Apache-2.0
#include "formats/tflite/read_sparsity.h"

#include <vector>

namespace liteforge {
namespace {

template <class T>
std::vector<int32_t> Widened(const flatbuffers::Vector<T>* values) {
  const auto elements = Elements(values);
  return {elements.begin(), elements.end()};
}

// Whichever of the three vector tables it is.
std::vector<int32_t> Numbers(tflite::SparseIndexVector kind,
                             const void* table) {
  if (table == nullptr) return {};
  switch (kind) {
    case tflite::SparseIndexVector::Int32Vector:
      return Widened(static_cast<const tflite::Int32Vector*>(table)->values());
    case tflite::SparseIndexVector::Uint16Vector:
      return Widened(static_cast<const tflite::Uint16Vector*>(table)->values());
    case tflite::SparseIndexVector::Uint8Vector:
      return Widened(static_cast<const tflite::Uint8Vector*>(table)->values());
    default:
      return {};
  }
}

SparseDimension ReadDimension(const tflite::DimensionMetadata& from) {
  return {from.format() == tflite::DimensionType::DENSE, from.dense_size(),
          Numbers(from.array_segments_type(), from.array_segments()),
          Numbers(from.array_indices_type(), from.array_indices())};
}

}  // namespace

Sparsity ReadSparsity(const tflite::SparsityParameters& from) {
  Sparsity sparsity{
      Widened(from.traversal_order()), Widened(from.block_map()), {}};
  for (uint32_t i = 0; i < Count(from.dim_metadata()); ++i)
    sparsity.dimensions.push_back(ReadDimension(*from.dim_metadata()->Get(i)));
  return sparsity;
}

Sparsity ReadSparsity(const TfliteModel& file, int graph, int tensor) {
  const auto* from = file->subgraphs()
                         ->Get(static_cast<uint32_t>(graph))
                         ->tensors()
                         ->Get(static_cast<uint32_t>(tensor))
                         ->sparsity();
  return from == nullptr ? Sparsity() : ReadSparsity(*from);
}

}  // namespace liteforge
