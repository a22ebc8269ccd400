// SPDX-License-Identifier: Apache-2.0
// DYNAMIC_UPDATE_SLICE: the update where it lies, the operand elsewhere.
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "kernels/index_testing.h"

namespace liteforge::dynamic_update_slice_test {

KernelCase UpdateCase(DataType type, const Shape& operand, const Shape& update,
                      const std::vector<int64_t>& start,
                      DataType index = DataType::kInt32) {
  KernelCase k{Op::kDynamicUpdateSlice};
  k.inputs = {Labelled(type, operand, 1), Labelled(type, update, 2),
              IntegersOf(index, start)};
  return k;
}

void ExpectUpdated(DataType type, const Shape& operand, const Shape& update,
                   const std::vector<int64_t>& start) {
  std::vector<int64_t> places;
  for (int64_t i = 0; i < operand.elements(); ++i) {
    Coordinates at = CoordinatesOf(operand, i);
    for (int axis = 0; axis < operand.rank(); ++axis) {
      const auto a = static_cast<size_t>(axis);
      at[a] -= std::clamp<int64_t>(start[a], 0, operand[axis] - update[axis]);
    }
    const int64_t place = PlaceOf(update, at);
    places.push_back(place < 0 ? i : operand.elements() + place);
  }
  for (const DataType index : kIndexTypes) {
    const KernelCase k = UpdateCase(type, operand, update, start, index);
    ExpectPicked(k, EndToEnd({k.inputs[0], k.inputs[1]}), places, operand);
  }
}

TEST(DynamicUpdateSlice, StartsAnywhere) {
  for (int64_t start = -3; start <= 6; ++start) {
    for (int32_t size = 0; size <= 4; ++size)
      ExpectUpdated(DataType::kFloat32, {4}, {size}, {start});
    for (int64_t other = -1; other <= 4; ++other)
      ExpectUpdated(DataType::kFloat32, {3, 4}, {2, 3}, {other, start});
  }
}

TEST(DynamicUpdateSlice, EveryType) {
  for (const DataType type : kFixedTypes) {
    ExpectUpdated(type, {2, 3, 4}, {1, 2, 3}, {1, 0, 1});
    ExpectUpdated(type, {2, 3, 4, 2}, {2, 1, 4, 1}, {0, 2, 0, 1});
    ExpectUpdated(type, {2, 0}, {1, 0}, {1, 0});
  }
  for (const DataType type : kPackedTypes) {
    ExpectUpdated(type, {2, 3, 4}, {1, 2, 3}, {1, 0, 1});
    ExpectUpdated(type, {2, 3, 4, 2}, {2, 1, 4, 1}, {0, 2, 0, 1});
  }
}

TEST(DynamicUpdateSlice, RefusesWhatDoesNotFit) {
  const DataType f32 = DataType::kFloat32;
  ExpectRefused(UpdateCase(f32, {2}, {3}, {0}), "infer", "larger than operand");
  ExpectRefused(UpdateCase(f32, {2, 2}, {2}, {0, 0}), "infer", "dimensions");
  ExpectRefused(UpdateCase(f32, {2, 2}, {1, 1}, {0}), "infer", "dimensions");
  KernelCase k = UpdateCase(f32, {2}, {1}, {0});
  k.inputs[1] = KernelTensor::Of<int32_t>({1}, {0});
  ExpectRefused(k, "prepare", "one type");
  ExpectRefused(UpdateCase(DataType::kString, {2}, {1}, {0}), "prepare",
                "strings");
}

}  // namespace liteforge::dynamic_update_slice_test
