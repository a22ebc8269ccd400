// SPDX-License-Identifier: Apache-2.0
// Blocks of space moved to the batch or to the channels and back: where each
// output element comes from.
#include <gtest/gtest.h>

#include <vector>

#include "kernels/index_testing.h"

namespace liteforge::space_batch_test {

struct Blocks {
  Shape whole;  // the side with the larger space
  std::vector<int64_t> block;
  std::vector<int64_t> borders;  // before, after for each blocked axis
};

const Blocks kBlocks[] = {
    {{1, 4, 6, 2}, {2, 3}, {0, 0, 0, 0}},
    {{2, 3, 4, 1}, {2, 2}, {1, 0, 1, 1}},
    {{3, 2, 2, 2}, {1, 1}, {0, 0, 0, 0}},
    {{1, 1, 5, 2}, {3, 2}, {1, 1, 0, 3}},
    {{2, 4, 3}, {2}, {0, 0}},
    {{2, 5, 3}, {3}, {2, 2}},
    {{2, 5}, {2}, {0, 1}},
    {{1, 2, 3, 2, 2}, {2, 1, 2}, {0, 2, 1, 0, 0, 0}},
    {{2, 3, 4, 2}, {}, {}},
    {{0, 2, 2, 1}, {2, 2}, {0, 0, 0, 0}},
    {{2, 4, 4, 0}, {2, 2}, {0, 0, 0, 0}},
};

// The other side of SPACE_TO_BATCH_ND.
Shape SplitShape(const Blocks& b) {
  Shape shape = b.whole;
  for (size_t i = 0; i < b.block.size(); ++i) {
    const int axis = static_cast<int>(i) + 1;
    const int64_t padded =
        b.whole[axis] + b.borders[2 * i] + b.borders[2 * i + 1];
    shape.set_dim(axis, static_cast<int32_t>(padded / b.block[i]));
    shape.set_dim(0, static_cast<int32_t>(shape[0] * b.block[i]));
  }
  return shape;
}

// Where an element of the split side is on the whole one; may be outside.
Coordinates OnTheWhole(const Blocks& b, Coordinates at) {
  int64_t place = at[0] / b.whole[0];  // in the block
  at[0] %= b.whole[0];
  for (size_t i = b.block.size(); i-- > 0;) {
    at[i + 1] = at[i + 1] * b.block[i] + place % b.block[i] - b.borders[2 * i];
    place /= b.block[i];
  }
  return at;
}

KernelCase BlockCase(Op op, KernelTensor input, const Blocks& b,
                     DataType index = DataType::kInt32) {
  const auto axes = static_cast<int32_t>(b.block.size());
  KernelCase k{op};
  k.inputs = {std::move(input), IntegersOf(index, b.block),
              IntegersOf(index, {axes, 2}, b.borders)};
  return k;
}

TEST(SpaceToBatchND, MovesBlocksOfEveryType) {
  for (const Blocks& b : kBlocks) {
    const auto places =
        PlacesFrom(b.whole, SplitShape(b),
                   [&](const Coordinates& at) { return OnTheWhole(b, at); });
    for (const DataType type : kFixedTypes) {
      for (const DataType index : kIndexTypes) {
        const KernelCase k =
            BlockCase(Op::kSpaceToBatchND, Labelled(type, b.whole), b, index);
        ExpectPicked(k, k.inputs[0], places, SplitShape(b));
        ExpectPicked(WithConstants(k), k.inputs[0], places, SplitShape(b));
      }
    }
  }
}

TEST(SpaceToBatchND, PadsBytesWithTheZeroPoint) {
  const Blocks b{{1, 3, 1, 1}, {2, 1}, {1, 0, 0, 0}};
  KernelCase k = BlockCase(
      Op::kSpaceToBatchND,
      KernelTensor::Of<int8_t>({1, 3, 1, 1}, {1, 2, 3}, Steps(0.5f, -7)), b);
  k.outputs = {KernelTensor::Output(DataType::kInt8, Steps(0.5f, -7))};
  ExpectValues<int8_t>(k, {-7, 2, 1, 3}, {2, 2, 1, 1});
  k.inputs[0] =
      KernelTensor::Of<uint8_t>({1, 3, 1, 1}, {1, 2, 3}, Steps(0.5f, 200));
  k.outputs = {KernelTensor::Output(DataType::kUInt8, Steps(0.5f, 200))};
  ExpectValues<uint8_t>(k, {200, 2, 1, 3}, {2, 2, 1, 1});
}

TEST(BatchToSpaceND, MovesBlocksOfEveryType) {
  for (const Blocks& b : kBlocks) {
    const Shape split = SplitShape(b);
    std::vector<int64_t> places(static_cast<size_t>(b.whole.elements()));
    for (int64_t i = 0; i < split.elements(); ++i) {
      const int64_t place =
          PlaceOf(b.whole, OnTheWhole(b, CoordinatesOf(split, i)));
      if (place >= 0) places[static_cast<size_t>(place)] = i;
    }
    for (const DataType type : kFixedTypes) {
      for (const DataType index : kIndexTypes) {
        const KernelCase k =
            BlockCase(Op::kBatchToSpaceND, Labelled(type, split), b, index);
        ExpectPicked(k, k.inputs[0], places, b.whole);
        ExpectPicked(WithConstants(k), k.inputs[0], places, b.whole);
      }
    }
  }
}

TEST(SpaceToBatchND, RefusesWhatDoesNotFit) {
  const auto input = Labelled(DataType::kFloat32, {2, 3, 4, 1});
  const auto refused = [&](Op op, const std::vector<int64_t>& block,
                           const std::vector<int64_t>& borders,
                           const std::string& message) {
    ExpectRefused(BlockCase(op, input, {{}, block, borders}), "", message);
  };
  refused(Op::kSpaceToBatchND, {2, 2}, {0, 0, 0, 0}, "does not divide");
  refused(Op::kSpaceToBatchND, {0, 1}, {0, 0, 0, 0}, "block_shape is 0");
  refused(Op::kSpaceToBatchND, {1, 1}, {-1, 0, 0, 0}, "a border is -1");
  refused(Op::kSpaceToBatchND, {1, 1, 1, 1}, {0, 0, 0, 0, 0, 0, 0, 0},
          "do not fit");
  refused(Op::kBatchToSpaceND, {3, 1}, {0, 0, 0, 0}, "does not divide");
  refused(Op::kBatchToSpaceND, {2, 1}, {4, 3, 0, 0}, "crops are larger");
  KernelCase k =
      BlockCase(Op::kSpaceToBatchND, Labelled(DataType::kString, {2, 2}),
                {{2, 2}, {2}, {0, 0}});
  ExpectRefused(k, "", "string");
}

// Channel (y % b * b + x % b) * C + c of [y / b, x / b].
void ExpectDepth(DataType type, const Shape& space, int32_t block) {
  const Shape depth{space[0], space[1] / block, space[2] / block,
                    space[3] * block * block};
  const auto to_depth = [&](const Coordinates& at) {
    const int64_t within = at[1] % block * block + at[2] % block;
    return Coordinates{at[0], at[1] / block, at[2] / block,
                       within * space[3] + at[3]};
  };
  std::vector<int64_t> inverse(static_cast<size_t>(depth.elements()));
  const auto places = PlacesFrom(depth, space, to_depth);
  for (size_t i = 0; i < places.size(); ++i)
    inverse[static_cast<size_t>(places[i])] = static_cast<int64_t>(i);
  KernelCase k{Op::kDepthToSpace, DepthToSpaceOptions{.block_size = block}};
  k.inputs = {Labelled(type, depth)};
  ExpectPicked(k, k.inputs[0], places, space);
  k = {Op::kSpaceToDepth, SpaceToDepthOptions{.block_size = block}};
  k.inputs = {Labelled(type, space)};
  ExpectPicked(k, k.inputs[0], inverse, depth);
}

TEST(SpaceToDepth, AndBack) {
  for (const int32_t block : {1, 2, 3}) {
    for (const Shape& space : {Shape{1, 6, 6, 1}, Shape{2, 6, 12, 3},
                               Shape{0, 6, 6, 2}, Shape{1, 0, 6, 1}})
      ExpectDepth(DataType::kFloat32, space, block);
  }
  for (const DataType type : kFixedTypes) ExpectDepth(type, {2, 4, 2, 3}, 2);
}

TEST(SpaceToDepth, RefusesWhatDoesNotFit) {
  KernelCase k{Op::kSpaceToDepth, SpaceToDepthOptions{.block_size = 2}};
  k.inputs = {Labelled(DataType::kFloat32, {1, 3, 2, 1})};
  ExpectRefused(k, "infer", "does not divide into blocks of 2");
  k.options = SpaceToDepthOptions{.block_size = 0};
  ExpectRefused(k, "infer", "block_size is 0");
  k = {Op::kDepthToSpace, DepthToSpaceOptions{.block_size = 2}};
  k.inputs = {Labelled(DataType::kFloat32, {1, 2, 2, 6})};
  ExpectRefused(k, "infer", "6 channels do not divide");
  k.inputs = {Labelled(DataType::kFloat32, {2, 2, 4})};
  ExpectRefused(k, "infer", "[N, H, W, C]");
}

}  // namespace liteforge::space_batch_test
