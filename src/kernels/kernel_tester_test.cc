// SPDX-License-Identifier: Apache-2.0
#include "kernels/kernel_tester.h"

namespace liteforge::kernel_tester_test {

using testing::ElementsAre;

TEST(KernelTester, RunsInEveryMode) {
  KernelCase c{Op::kAdd, AddOptions{}};
  c.inputs = {KernelTensor::Of<float>({2, 2}, {1, 2, 3, 4}),
              KernelTensor::Of<float>({2}, {10, 20}).Constant()};
  ExpectValues<float>(c, {11, 22, 13, 24}, {2, 2});
  ExpectNear<float>(c, {11, 22, 13, 24}, 1e-6, {2, 2});
}

TEST(KernelTester, SaysWhoRefused) {
  KernelCase c{Op::kAdd, AddOptions{}};
  c.inputs = {KernelTensor::Of<float>({2}, {1, 2}),
              KernelTensor::Of<float>({3}, {1, 2, 3})};
  ExpectRefused(c, "infer", "");
  c.inputs[1] = KernelTensor::Absent();
  ExpectRefused(c, "infer", "");
  c.inputs = {KernelTensor::Of<int8_t>({1}, {1}),
              KernelTensor::Of<int8_t>({1}, {1})};
  ExpectRefused(c, "prepare", "");
  c.outputs = {KernelTensor::Output(DataType::kFloat32)};
  ExpectRefused(c, "infer", "output is declared float32 but is int8");
}

TEST(KernelTester, ShapeFromAValueThatIsKnownOrComputed) {
  KernelCase c{Op::kFill, FillOptions{}};
  c.inputs = {KernelTensor::Of<int32_t>({2}, {2, 3}),
              KernelTensor::Of<int32_t>({}, {7})};
  ExpectValues<int32_t>(c, {7, 7, 7, 7, 7, 7}, {2, 3});
  c.inputs[0] = std::move(c.inputs[0]).Constant();
  ExpectValues<int32_t>(c, {7, 7, 7, 7, 7, 7}, {2, 3});
}

TEST(KernelTester, Strings) {
  const KernelTensor strings = KernelTensor::Strings({3}, {"a", "", "ccc"});
  EXPECT_THAT(strings.StringValues(), ElementsAre("a", "", "ccc"));
  KernelCase c{Op::kReshape, ReshapeOptions{}};
  c.inputs = {strings, KernelTensor::Of<int32_t>({2}, {3, 1}).Constant()};
  const KernelRun run = RunKernel(c);
  ASSERT_TRUE(run.ok()) << run.error;
  EXPECT_THAT(run.outputs[0].StringValues(), ElementsAre("a", "", "ccc"));
  EXPECT_EQ(run.shape(), Shape({3, 1}));
}

}  // namespace liteforge::kernel_tester_test
