// SPDX-License-Identifier: Apache-2.0
// STABLEHLO_PAD and DILATE: where each output element comes from.
#include <gtest/gtest.h>

#include <vector>

#include "kernels/index_testing.h"

namespace liteforge::stablehlo_pad_test {

using Numbers = std::vector<int64_t>;

KernelCase PadCase(DataType type, const Shape& shape, const Numbers& low,
                   const Numbers& high, const Numbers& interior) {
  KernelCase k{Op::kStablehloPad,
               StablehloPadOptions{.edge_padding_low = low,
                                   .edge_padding_high = high,
                                   .interior_padding = interior}};
  k.inputs = {Labelled(type, shape, 1), Labelled(type, {}, 2)};
  return k;
}

// The element at low + i step; the padding value elsewhere.
std::vector<int64_t> SpreadPlaces(const Shape& input, const Shape& output,
                                  const Numbers& low, const Numbers& step) {
  auto places = PlacesFrom(input, output, [&](Coordinates at) {
    for (size_t a = 0; a < at.size(); ++a) {
      const int64_t from = at[a] - low[a];
      at[a] = from >= 0 && from % step[a] == 0 ? from / step[a] : -1;
    }
    return at;
  });
  for (int64_t& place : places) {
    if (place < 0) place = input.elements();
  }
  return places;
}

void ExpectPadded(DataType type, const Shape& shape, const Numbers& low,
                  const Numbers& high, const Numbers& interior,
                  const Shape& output) {
  Numbers step;
  for (const int64_t holes : interior) step.push_back(holes + 1);
  const KernelCase k = PadCase(type, shape, low, high, interior);
  ExpectPicked(k, EndToEnd(k.inputs), SpreadPlaces(shape, output, low, step),
               output);
}

// size = low + high + elements + holes between them
TEST(StablehloPad, OneAxis) {
  for (int32_t size = 1; size <= 4; ++size) {
    for (int64_t low = -4; low <= 3; ++low) {
      for (int64_t high = -4; high <= 3; ++high) {
        for (int64_t interior = 0; interior <= 2; ++interior) {
          const int64_t padded = low + high + size + (size - 1) * interior;
          ExpectPadded(
              DataType::kFloat32, {size}, {low}, {high}, {interior},
              Shape{static_cast<int32_t>(std::max<int64_t>(0, padded))});
        }
      }
    }
  }
}

TEST(StablehloPad, EveryType) {
  for (const DataType type : kFixedTypes) {
    ExpectPadded(type, {2, 3}, {1, -1}, {0, 2}, {1, 0}, {4, 4});
    ExpectPadded(type, {2, 1, 3}, {0, 2, 1}, {-1, 0, 1}, {2, 0, 1}, {3, 3, 7});
    ExpectPadded(type, {}, {}, {}, {}, {});
  }
}

// TFLite calls every dimension 0 where one is.
TEST(StablehloPad, NothingLeft) {
  ExpectPadded(DataType::kFloat32, {2, 3}, {-2, 0}, {0, 0}, {0, 0}, {0, 0});
  ExpectPadded(DataType::kFloat32, {0}, {1}, {2}, {5}, {3});
}

TEST(StablehloPad, RefusesWhatDoesNotFit) {
  const DataType f32 = DataType::kFloat32;
  ExpectRefused(PadCase(f32, {2}, {0, 0}, {0}, {0}), "infer", "low padding");
  ExpectRefused(PadCase(f32, {2}, {0}, {}, {0}), "infer", "high padding");
  ExpectRefused(PadCase(f32, {2}, {0}, {0}, {-1}), "infer",
                "interior padding holds -1");
  ExpectRefused(PadCase(f32, {2}, {int64_t{1} << 40}, {0}, {0}), "infer", "");
  KernelCase k = PadCase(f32, {2}, {0}, {0}, {0});
  k.inputs[1] = KernelTensor::Of<int32_t>({}, {1});
  ExpectRefused(k, "prepare", "input's type");
  k.inputs[1] = KernelTensor::Of<float>({2}, {1, 2});
  ExpectRefused(k, "prepare", "one value");
  ExpectRefused(PadCase(DataType::kString, {2}, {0}, {0}, {0}), "prepare",
                "strings");
}

KernelCase DilateCase(DataType type, const Shape& shape,
                      const Numbers& dilations) {
  KernelCase k{Op::kDilate};
  k.inputs = {Labelled(type, shape, 1), IntegersOf(DataType::kInt32, dilations),
              Labelled(type, {}, 2)};
  return k;
}

TEST(Dilate, SpreadsElements) {
  const std::pair<Shape, Numbers> grid[] = {
      {{1}, {5}},       {{4}, {1}},
      {{4}, {3}},       {{2, 3}, {2, 1}},
      {{2, 3}, {1, 4}}, {{2, 3, 2}, {3, 2, 2}},
      {{0, 3}, {2, 2}}, {{2, 2, 2, 2}, {1, 2, 3, 1}}};
  for (const auto& [shape, dilations] : grid) {
    Shape output = shape;
    for (int axis = 0; axis < shape.rank(); ++axis) {
      const int64_t step = dilations[static_cast<size_t>(axis)];
      if (shape[axis] > 0)
        output.set_dim(axis,
                       static_cast<int32_t>((shape[axis] - 1) * step + 1));
    }
    for (const DataType type : kFixedTypes) {
      const KernelCase k = DilateCase(type, shape, dilations);
      const auto values = EndToEnd({k.inputs[0], k.inputs[2]});
      const Numbers low(dilations.size());
      const auto places = SpreadPlaces(shape, output, low, dilations);
      ExpectPicked(k, values, places, output);
      ExpectPicked(WithConstants(k), values, places, output);
    }
  }
}

TEST(Dilate, RefusesWhatDoesNotFit) {
  const DataType f32 = DataType::kFloat32;
  ExpectRefused(DilateCase(f32, {2}, {0}), "", "dilations holds 0");
  ExpectRefused(DilateCase(f32, {2}, {1, 1}), "", "must have 1 values");
  KernelCase k = DilateCase(f32, {2}, {1});
  k.inputs[2] = KernelTensor::Of<int32_t>({}, {1});
  ExpectRefused(k, "prepare", "input's type");
}

}  // namespace liteforge::stablehlo_pad_test
