// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <string>

#include "kernels/kernel.h"

namespace liteforge::kernel_context_test {

TEST(KernelContext, TheFirstFailureCounts) {
  KernelContext context(Op::kAdd, {}, nullptr);
  EXPECT_FALSE(context.failed_);
  context.FailEval("first");
  context.FailEval("second");
  EXPECT_TRUE(context.failed_);
  EXPECT_EQ(context.failure_.message, "first");
}

TEST(KernelContext, ManyThreadsMayFailAtOnce) {
  ThreadPool pool(4);
  KernelContext context(Op::kGather, {}, nullptr);
  pool.ParallelFor(1000, 1, [&](int64_t begin, int64_t) {
    context.FailEval("index " + std::to_string(begin) + " is out of range");
  });
  EXPECT_TRUE(context.failed_);
  EXPECT_TRUE(context.failure_.message.ends_with(" is out of range"));
}

TEST(KernelContext, StateIsNewAfterEachNewState) {
  struct State {
    int value = 7;
  };
  KernelContext context(Op::kAdd, {}, nullptr);
  context.NewState<State>().value = 8;
  EXPECT_EQ(context.State<State>().value, 8);
  EXPECT_EQ(context.NewState<State>().value, 7);
}

TEST(KernelContext, OptionalInputs) {
  RuntimeTensor tensor;
  KernelContext context(Op::kAdd, {}, nullptr);
  context.inputs_ = {&tensor, nullptr};
  EXPECT_TRUE(context.HasInput(0));
  EXPECT_FALSE(context.HasInput(1)) << "left out";
  EXPECT_FALSE(context.HasInput(2)) << "past the list";
}

}  // namespace liteforge::kernel_context_test
