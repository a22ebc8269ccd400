// SPDX-License-Identifier: Apache-2.0
// STABLEHLO_GATHER by the steps of the specification. STABLEHLO_SCATTER runs a
// subgraph and is tested in runtime/.
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "kernels/filter_testing.h"
#include "kernels/index_testing.h"

namespace liteforge::stablehlo_gather_test {

using Axes = std::vector<int64_t>;

struct Case {
  Shape operand, indices;
  Axes offset_dims, collapsed, index_map;
  int64_t vector_dim;
  Axes slice;
  Shape output;
};

bool Contains(const Axes& axes, size_t axis) {
  return std::ranges::count(axes, static_cast<int64_t>(axis)) > 0;
}

KernelCase GatherCase(const Case& c, DataType type, DataType index) {
  StablehloGatherOptions o;
  o.offset_dims = c.offset_dims;
  o.collapsed_slice_dims = c.collapsed;
  o.start_index_map = c.index_map;
  o.index_vector_dim = c.vector_dim;
  o.slice_sizes = c.slice;
  KernelCase k{Op::kStablehloGather, o};
  // Some reach beyond the operand on either side.
  k.inputs = {Labelled(type, c.operand),
              IntegersOf(index, c.indices,
                         RandomIntegers<int64_t>(c.indices, -2, 5, 1))};
  return k;
}

void ExpectGathered(const Case& c, DataType type, DataType index) {
  const KernelCase k = GatherCase(c, type, index);
  const auto values = RandomIntegers<int64_t>(c.indices, -2, 5, 1);
  const auto places =
      PlacesFrom(c.operand, c.output, [&](const Coordinates& at) {
        Coordinates batch, offset;
        for (size_t a = 0; a < at.size(); ++a)
          (Contains(c.offset_dims, a) ? offset : batch).push_back(at[a]);
        Coordinates from(c.slice.size());
        for (size_t i = 0; i < c.index_map.size(); ++i) {
          Coordinates where = batch;
          if (c.vector_dim < c.indices.rank())
            where.insert(where.begin() + c.vector_dim, static_cast<int64_t>(i));
          const auto axis = static_cast<size_t>(c.index_map[i]);
          from[axis] = std::clamp<int64_t>(
              values[static_cast<size_t>(PlaceOf(c.indices, where))], 0,
              c.operand[static_cast<int>(axis)] - c.slice[axis]);
        }
        size_t next = 0;
        for (size_t axis = 0; axis < from.size(); ++axis) {
          if (!Contains(c.collapsed, axis)) from[axis] += offset[next++];
        }
        return from;
      });
  ExpectPicked(k, k.inputs[0], places, c.output);
}

const Case kCases[] = {
    // Rows of a matrix.
    {{5, 3}, {4, 1}, {1}, {0}, {0}, 1, {1, 3}, {4, 3}},
    // The same; the vectors' axis left out.
    {{5, 3}, {4}, {1}, {0}, {0}, 1, {1, 3}, {4, 3}},
    // Single elements, and the axes of the index vectors the other way.
    {{5, 3}, {4, 2}, {}, {0, 1}, {0, 1}, 1, {1, 1}, {4}},
    {{5, 3}, {4, 2}, {}, {0, 1}, {1, 0}, 1, {1, 1}, {4}},
    // Index vectors along the first axis.
    {{5, 3}, {2, 4}, {}, {0, 1}, {0, 1}, 0, {1, 1}, {4}},
    // Slices in front of, between and behind the batches.
    {{5, 4, 3}, {2, 3, 2}, {0, 3}, {1}, {0, 1}, 2, {2, 1, 3}, {2, 2, 3, 3}},
    {{5, 4, 3}, {2, 3, 2}, {1, 2}, {2}, {2, 0}, 2, {2, 3, 1}, {2, 2, 3, 3}},
    {{5, 4, 3}, {2, 2}, {1, 2, 3}, {}, {0, 2}, 1, {3, 4, 2}, {2, 3, 4, 2}},
    // Batches in the middle of the vectors.
    {{5, 4}, {2, 2, 3}, {2}, {0}, {1, 0}, 1, {1, 2}, {2, 3, 2}},
    // One slice alone.
    {{5, 4}, {2}, {0, 1}, {}, {0, 1}, 0, {2, 3}, {2, 3}},
    // Nothing to take.
    {{5, 3}, {0, 1}, {1}, {0}, {0}, 1, {1, 3}, {0, 3}},
    {{5, 3}, {4, 1}, {0, 1}, {}, {0}, 1, {0, 3}, {0, 3, 4}},
};

TEST(StablehloGather, SlicesOfEveryKind) {
  for (const Case& c : kCases) {
    SCOPED_TRACE(&c - kCases);
    for (const DataType index : kIndexTypes)
      ExpectGathered(c, DataType::kFloat32, index);
  }
}

TEST(StablehloGather, EveryType) {
  for (const DataType type : kFixedTypes)
    ExpectGathered(kCases[5], type, DataType::kInt32);
}

TEST(StablehloGather, RefusesWhatDoesNotFit) {
  const auto refused = [](const Case& c, const std::string& message) {
    ExpectRefused(GatherCase(c, DataType::kFloat32, DataType::kInt32), "",
                  message);
  };
  Case c = kCases[0];
  c.slice = {6, 3};
  refused(c, "larger than operand");
  c = kCases[0];
  c.slice = {1};
  refused(c, "slice_sizes must have 2 values");
  c = kCases[0];
  c.vector_dim = 3;
  refused(c, "index_vector_dim");
  c = kCases[0];
  c.index_map = {0, 1};
  refused(c, "index vectors have 1 numbers for 2 axes");
  c = kCases[0];
  c.index_map = {2};
  refused(c, "");
  c = kCases[0];
  c.offset_dims = {2};
  refused(c, "offset_dims");
  c = kCases[0];
  c.slice = {2, 3};
  refused(c, "a collapsed axis has a slice of more than 1");
  c = kCases[0];
  c.collapsed = {-1};
  refused(c, "");
  ExpectRefused(GatherCase(kCases[0], DataType::kString, DataType::kInt32),
                "prepare", "strings");
  KernelCase k = GatherCase(kCases[0], DataType::kFloat32, DataType::kInt32);
  k.inputs[1] = KernelTensor::Of<float>({4, 1}, {0, 0, 0, 0});
  ExpectRefused(k, "", "int32 or int64");
}

}  // namespace liteforge::stablehlo_gather_test
