// SPDX-License-Identifier: Apache-2.0
// A sparse tensor is stored as a tree of as many levels as it has dimensions
// and block dimensions together, in traversal order:
//   dense level   every node has dense_size children
//   sparse level  children segments[p] … segments[p + 1] of the p-th node,
//                 at the positions indices[…]
// Leaves are the stored elements, in order. Dimension d of the tensor is at
//   position of d * block size of d + position in the block
// where block_map says to which dimension each block dimension belongs.
// Source: TFLite schema SparsityParameters; "Format abstraction for sparse
// tensor algebra compilers" (Chou et al., 2018).
#include "formats/tflite/densify.h"

#include <array>
#include <cstring>

namespace liteforge {
namespace {

constexpr size_t kMostTimes = 1000;
constexpr size_t kAlwaysBytes = size_t{1} << 20;

class Decoder {
 public:
  Decoder(const Sparsity& sparsity, const Shape& shape, size_t element_bytes,
          std::span<const std::byte> stored, std::span<std::byte> dense)
      : sparsity_(sparsity),
        element_bytes_(element_bytes),
        stored_(stored),
        dense_(dense) {
    const auto rank = static_cast<size_t>(shape.rank());
    std::vector<int64_t> stride(rank);
    int64_t elements = 1;
    for (size_t d = rank; d-- > 0;) {
      stride[d] = elements;
      elements *= shape[static_cast<int>(d)];
    }
    // A block dimension steps by elements, its dimension by blocks.
    steps_ = stride;
    for (size_t level = 0; level < sparsity.dimensions.size(); ++level) {
      const auto block = static_cast<size_t>(sparsity.traversal_order[level]);
      if (block < rank) continue;
      const auto of = static_cast<size_t>(sparsity.block_map[block - rank]);
      if (steps_.size() <= block) steps_.resize(block + 1);
      steps_[block] = stride[of];
      steps_[of] *= sparsity.dimensions[level].dense_size;
    }
  }

  // The subtree of node `node` at `level`; `at`: its element so far.
  void Walk(size_t level, size_t node, int64_t at) {
    if (level == sparsity_.dimensions.size()) return Place(node, at);
    const SparseDimension& dimension = sparsity_.dimensions[level];
    const int64_t step =
        steps_[static_cast<size_t>(sparsity_.traversal_order[level])];
    if (dimension.dense) {
      const auto size = static_cast<size_t>(dimension.dense_size);
      for (size_t i = 0; i < size; ++i)
        Walk(level + 1, node * size + i, at + static_cast<int64_t>(i) * step);
      return;
    }
    const auto begin = static_cast<size_t>(dimension.segments[node]);
    const auto end = static_cast<size_t>(dimension.segments[node + 1]);
    for (size_t i = begin; i < end; ++i)
      Walk(level + 1, i, at + dimension.indices[i] * step);
  }

 private:
  void Place(size_t node, int64_t at) {
    std::memcpy(dense_.data() + static_cast<size_t>(at) * element_bytes_,
                stored_.data() + node * element_bytes_, element_bytes_);
  }

  const Sparsity& sparsity_;
  const size_t element_bytes_;
  const std::span<const std::byte> stored_;
  const std::span<std::byte> dense_;
  std::vector<int64_t> steps_;  // by dimension, block dimensions after them
};

}  // namespace

Result<std::vector<std::byte>> Densify(const Sparsity& sparsity,
                                       const Shape& shape, size_t element_bytes,
                                       std::span<const std::byte> stored) {
  const size_t bytes = static_cast<size_t>(shape.elements()) * element_bytes;
  if (bytes > kAlwaysBytes && bytes / kMostTimes > stored.size())
    return Unsupported("is sparse with less than one element in " +
                       std::to_string(kMostTimes) + " stored");
  std::vector<std::byte> dense(bytes);
  if (bytes > 0)
    Decoder(sparsity, shape, element_bytes, stored, dense).Walk(0, 0, 0);
  return dense;
}

}  // namespace liteforge
