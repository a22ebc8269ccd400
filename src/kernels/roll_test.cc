// SPDX-License-Identifier: Apache-2.0
#include <limits>
#include <numeric>

#include "kernels/custom_testing.h"
#include "kernels/index_testing.h"

namespace liteforge::roll_test {

KernelCase Roll(KernelTensor input, KernelTensor shift, KernelTensor axis) {
  KernelCase c{Op::kCustom, CustomOptions{"Roll", {}}};
  c.inputs = {std::move(input), std::move(shift), std::move(axis)};
  return c;
}

template <class T>
std::vector<T> Ramp(const Shape& shape) {
  std::vector<T> values(static_cast<size_t>(shape.elements()));
  std::iota(values.begin(), values.end(), T{0});
  return values;
}

// Element by element, from the definition.
template <class T>
void ExpectRolls(const Shape& shape, const std::vector<int32_t>& shifts,
                 const std::vector<int32_t>& axes) {
  const std::vector<T> input = Ramp<T>(shape);
  std::vector<T> expected(input.size());
  for (int64_t flat = 0; flat < shape.elements(); ++flat) {
    std::vector<int64_t> at(static_cast<size_t>(shape.rank()));
    int64_t rest = flat;
    for (int axis = shape.rank() - 1; axis >= 0; --axis) {
      at[static_cast<size_t>(axis)] = rest % shape[axis];
      rest /= shape[axis];
    }
    for (size_t i = 0; i < axes.size(); ++i) {
      const int axis = axes[i] < 0 ? axes[i] + shape.rank() : axes[i];
      auto& place = at[static_cast<size_t>(axis)];
      place = ((place + shifts[i]) % shape[axis] + shape[axis]) % shape[axis];
    }
    int64_t to = 0;
    for (int axis = 0; axis < shape.rank(); ++axis)
      to = to * shape[axis] + at[static_cast<size_t>(axis)];
    expected[static_cast<size_t>(to)] = input[static_cast<size_t>(flat)];
  }
  const Shape list{static_cast<int32_t>(axes.size())};
  ExpectValues<T>(
      Roll(KernelTensor::Of<T>(shape, input),
           KernelTensor::Of<int32_t>(list, shifts),
           KernelTensor::Of<int64_t>(
               list, std::vector<int64_t>(axes.begin(), axes.end()))),
      expected, shape);
}

TEST(Roll, AgreesWithTheDefinition) {
  ExpectRolls<float>({5}, {2}, {0});
  ExpectRolls<float>({5}, {-7}, {-1});
  ExpectRolls<int8_t>({3, 4}, {1}, {0});
  ExpectRolls<int8_t>({3, 4}, {1, 2}, {0, 1});
  ExpectRolls<int64_t>({3, 4}, {1, 2, 5}, {1, 1, 1});
  ExpectRolls<int16_t>({2, 3, 4}, {1, -1}, {0, 2});
  ExpectRolls<uint8_t>({2, 3, 4}, {100}, {1});
  ExpectRolls<int32_t>({2, 3, 2, 2}, {1, 1, 1, 1}, {3, 2, 1, 0});
  ExpectRolls<double>({2, 2}, {0}, {1});
  ExpectRolls<float>({4, 2}, {}, {});
  ExpectRolls<float>({}, {}, {});
  ExpectRolls<float>({0, 3}, {1, 1}, {0, 1});
}

TEST(Roll, ElementsOfEveryType) {
  for (const DataType type : kFixedTypes) {
    const KernelTensor input = Labelled(type, {2, 3});
    const KernelCase c = Roll(input, KernelTensor::Of<int32_t>({2}, {1, 2}),
                              KernelTensor::Of<int32_t>({2}, {0, 1}));
    ExpectPicked(c, input, {4, 5, 3, 1, 2, 0}, {2, 3});
  }
}

TEST(Roll, ExtremeShifts) {
  constexpr int64_t kLowest = std::numeric_limits<int64_t>::min();
  const KernelCase c = Roll(KernelTensor::Of<float>({3}, {1, 2, 3}),
                            KernelTensor::Of<int64_t>({}, {kLowest}),
                            KernelTensor::Of<int32_t>({}, {0}));
  // -2^63 is 1 more than a multiple of 3.
  ExpectValues<float>(c, {3, 1, 2});
}

TEST(Roll, Strings) {
  KernelCase c = Roll(KernelTensor::Strings({2, 2}, {"a", "", "ccc", "dd"}),
                      KernelTensor::Of<int32_t>({2}, {1, 1}),
                      KernelTensor::Of<int32_t>({2}, {0, 1}));
  c.outputs = {KernelTensor::Output(DataType::kString)};
  for (const KernelMode mode : kKernelModes) {
    const KernelRun run = RunKernel(c, mode);
    ASSERT_TRUE(run.ok()) << run.error;
    EXPECT_THAT(run.outputs[0].StringValues(),
                testing::ElementsAre("dd", "ccc", "", "a"));
  }
}

TEST(Roll, IsChecked) {
  const auto x = KernelTensor::Of<float>({3}, {1, 2, 3});
  const auto one = KernelTensor::Of<int32_t>({1}, {1});
  for (const int32_t axis : {1, -2, std::numeric_limits<int32_t>::min()})
    ExpectRefused(Roll(x, one, KernelTensor::Of<int32_t>({1}, {axis})), "eval",
                  "an axis is outside");
  ExpectRefused(Roll(x, one, KernelTensor::Of<int32_t>({2}, {0, 0})), "infer",
                "1 shifts for 2 axes");
  ExpectRefused(Roll(x, KernelTensor::Of<int32_t>({1, 1}, {1}), one), "infer",
                "lists");
  ExpectRefused(Roll(x, KernelTensor::Of<float>({1}, {1}), one), "prepare",
                "float32");
  ExpectRefused(Roll(x, one, KernelTensor::Absent()), "infer", "");
}

}  // namespace liteforge::roll_test
