// SPDX-License-Identifier: Apache-2.0
// Twelve sums that do not wait for one another: more than the products of any
// machine's multipliers that are under way at once.
#include "kernels/micro/peak.h"

#include "kernels/micro/targets_with_vnni.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/micro/peak.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/micro/byte_products-inl.h"

HWY_BEFORE_NAMESPACE();
namespace liteforge {
namespace HWY_NAMESPACE {
namespace {

constexpr int kSums = 12;

int64_t FloatProducts(int64_t rounds, float* sum) {
  const hn::ScalableTag<float> d;
  hn::Vec<decltype(d)> sums[kSums];
  for (int i = 0; i < kSums; ++i) sums[i] = hn::Set(d, static_cast<float>(i));
  const auto a = hn::Set(d, 0.999f), b = hn::Set(d, *sum);
  for (int64_t n = 0; n < rounds; ++n) {
    for (int i = 0; i < kSums; ++i) sums[i] = hn::MulAdd(sums[i], a, b);
  }
  for (int i = 1; i < kSums; ++i) sums[0] = hn::Add(sums[0], sums[i]);
  *sum = hn::GetLane(sums[0]);
  return rounds * kSums * static_cast<int64_t>(hn::Lanes(d)) * 2;
}

int64_t ByteProducts(int64_t rounds, int32_t* sum) {
  const Ints d;
  constexpr int kGroup = HWY_TARGET == HWY_AVX3_DL ? 4 : 2;
  IntVec sums[kSums];
  for (int i = 0; i < kSums; ++i) sums[i] = hn::Set(d, i);
  const auto a = hn::Set(d, 0x00010001), b = hn::Set(d, *sum);
  for (int64_t n = 0; n < rounds; ++n) {
    for (int i = 0; i < kSums; ++i) {
      // One of the factors must change, or the product is computed once.
#if HWY_TARGET == HWY_AVX3_DL
      sums[i] = AddByteProducts(sums[i], a, b);
#else
      sums[i] = AddWordProducts(b, sums[i], a);
#endif
    }
  }
  for (int i = 1; i < kSums; ++i) sums[0] = hn::Add(sums[0], sums[i]);
  *sum = hn::GetLane(sums[0]);
  return rounds * kSums * static_cast<int64_t>(hn::Lanes(d)) * kGroup * 2;
}

float Sum(const float* numbers, int64_t count) {
  const hn::ScalableTag<float> d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  auto sum0 = hn::Zero(d), sum1 = sum0, sum2 = sum0, sum3 = sum0;
  for (int64_t i = 0; i + 4 * lanes <= count; i += 4 * lanes) {
    sum0 = hn::Add(sum0, hn::LoadU(d, numbers + i));
    sum1 = hn::Add(sum1, hn::LoadU(d, numbers + i + lanes));
    sum2 = hn::Add(sum2, hn::LoadU(d, numbers + i + 2 * lanes));
    sum3 = hn::Add(sum3, hn::LoadU(d, numbers + i + 3 * lanes));
  }
  float sum = hn::GetLane(
      hn::SumOfLanes(d, hn::Add(hn::Add(sum0, sum1), hn::Add(sum2, sum3))));
  for (int64_t i = count / (4 * lanes) * (4 * lanes); i < count; ++i)
    sum += numbers[i];
  return sum;
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace liteforge
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace liteforge {

HWY_EXPORT(FloatProducts);
HWY_EXPORT(ByteProducts);
HWY_EXPORT(Sum);

int64_t SpendFloatProducts(int64_t rounds, float* sum) {
  return HWY_DYNAMIC_DISPATCH(FloatProducts)(rounds, sum);
}
int64_t SpendByteProducts(int64_t rounds, int32_t* sum) {
  return HWY_DYNAMIC_DISPATCH(ByteProducts)(rounds, sum);
}
float SumOfFloats(const float* numbers, int64_t count) {
  return HWY_DYNAMIC_DISPATCH(Sum)(numbers, count);
}

}  // namespace liteforge
#endif  // HWY_ONCE
