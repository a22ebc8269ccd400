// SPDX-License-Identifier: Apache-2.0
// SELECT and SELECT_V2: each output element is one of a or of b.
#include <gtest/gtest.h>

#include <vector>

#include "kernels/index_testing.h"

namespace liteforge::select_test {

KernelCase SelectCase(Op op, DataType type, const Shape& condition,
                      const Shape& a, const Shape& b) {
  std::vector<uint8_t> bits;
  for (int64_t i = 0; i < condition.elements(); ++i) bits.push_back(i % 3 != 1);
  KernelCase k{op};
  k.inputs = {KernelTensor::OfType(DataType::kBool, condition, bits),
              Labelled(type, a, 1), Labelled(type, b, 2)};
  return k;
}

// which(coordinates) is the element of the condition to look at.
template <class Which>
void ExpectSelected(const KernelCase& k, const Shape& output,
                    const Which& which) {
  const auto bits = k.inputs[0].Values<uint8_t>();
  const Shape &a = k.inputs[1].shape, &b = k.inputs[2].shape;
  std::vector<int64_t> places;
  for (int64_t i = 0; i < output.elements(); ++i) {
    const auto at = CoordinatesOf(output, i);
    places.push_back(bits[static_cast<size_t>(which(at))] != 0
                         ? BroadcastPlace(a, at)
                         : a.elements() + BroadcastPlace(b, at));
  }
  ExpectPicked(k, EndToEnd({k.inputs[1], k.inputs[2]}), places, output);
}

void ExpectBroadcast(DataType type, const Shape& condition, const Shape& a,
                     const Shape& b, const Shape& output) {
  const KernelCase k = SelectCase(Op::kSelectV2, type, condition, a, b);
  ExpectSelected(k, output, [&](const Coordinates& at) {
    return BroadcastPlace(condition, at);
  });
}

TEST(SelectV2, BroadcastsAllThree) {
  const Shape full{2, 3, 4};
  const Shape operands[] = {{},        {1},       {4},       {3, 1},
                            {1, 3, 4}, {2, 1, 1}, {2, 3, 1}, {2, 3, 4}};
  for (const Shape& one : operands) {
    for (const Shape& two : operands) {
      ExpectBroadcast(DataType::kFloat32, full, one, two, full);
      ExpectBroadcast(DataType::kFloat32, one, full, two, full);
      ExpectBroadcast(DataType::kFloat32, one, two, full, full);
    }
  }
  ExpectBroadcast(DataType::kFloat32, {3, 1}, {1, 4}, {2, 1, 1}, {2, 3, 4});
  ExpectBroadcast(DataType::kFloat32, {2, 1, 2, 1, 2}, {3, 1, 2, 1}, {1, 1, 1},
                  {2, 3, 2, 2, 2});
  ExpectBroadcast(DataType::kFloat32, {}, {}, {}, {});
  ExpectBroadcast(DataType::kFloat32, {0, 2}, {1, 2}, {2}, {0, 2});
}

TEST(SelectV2, EveryType) {
  for (const DataType type : kFixedTypes)
    ExpectBroadcast(type, {2, 1}, {2, 3}, {3}, {2, 3});
}

TEST(Select, ConditionOfTheOperandsShape) {
  for (const DataType type : kFixedTypes) {
    for (const Shape& shape : {Shape{5}, Shape{2, 3}, Shape{2, 3, 2, 2}}) {
      const KernelCase k = SelectCase(Op::kSelect, type, shape, shape, shape);
      ExpectSelected(k, shape,
                     [&](const Coordinates& at) { return PlaceOf(shape, at); });
    }
  }
}

TEST(Select, OneConditionForEachRow) {
  for (const Shape& shape : {Shape{4, 3}, Shape{4, 4}, Shape{3, 2, 2}}) {
    const KernelCase k =
        SelectCase(Op::kSelect, DataType::kInt32, {shape[0]}, shape, shape);
    ExpectSelected(k, shape, [](const Coordinates& at) { return at[0]; });
  }
}

TEST(Select, OneConditionForAll) {
  for (const Shape& condition : {Shape{}, Shape{1}}) {
    for (const Shape& shape : {Shape{4}, Shape{2, 3}}) {
      const KernelCase k =
          SelectCase(Op::kSelect, DataType::kInt32, condition, shape, shape);
      ExpectSelected(k, shape, [](const Coordinates&) { return 0; });
    }
  }
}

TEST(Select, RefusesWhatDoesNotGoTogether) {
  KernelCase k = SelectCase(Op::kSelectV2, DataType::kFloat32, {2}, {2}, {2});
  k.inputs[0] = KernelTensor::Of<int32_t>({2}, {0, 1});
  ExpectRefused(k, "prepare", "the condition must be bool");
  k = SelectCase(Op::kSelectV2, DataType::kFloat32, {2}, {2}, {2});
  k.inputs[1] = KernelTensor::Of<int32_t>({2}, {0, 1});
  ExpectRefused(k, "infer", "must agree");
  ExpectRefused(SelectCase(Op::kSelectV2, DataType::kFloat32, {2}, {3}, {3}),
                "infer", "");
  ExpectRefused(SelectCase(Op::kSelect, DataType::kFloat32, {3, 2}, {2}, {2}),
                "infer", "fits neither");
  // Fewer conditions than rows, and more.
  for (const int32_t rows : {2, 5}) {
    for (const Shape& shape : {Shape{3}, Shape{3, 2}}) {
      ExpectRefused(
          SelectCase(Op::kSelect, DataType::kFloat32, {rows}, shape, shape),
          "infer", "the conditions and the rows");
    }
  }
  ExpectRefused(
      SelectCase(Op::kSelect, DataType::kFloat32, {2, 2}, {1, 2}, {1, 2}),
      "infer", "fits neither");
  ExpectRefused(SelectCase(Op::kSelectV2, DataType::kString, {2}, {2}, {2}),
                "prepare", "string");
}

}  // namespace liteforge::select_test
