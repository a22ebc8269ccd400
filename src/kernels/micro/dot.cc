// SPDX-License-Identifier: Apache-2.0
#include "kernels/micro/dot.h"

#include "kernels/micro/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/micro/dot.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/micro/byte_products-inl.h"

HWY_BEFORE_NAMESPACE();
namespace liteforge {
namespace HWY_NAMESPACE {
namespace {

float Floats(const float* a, const float* b, int64_t count) {
  const hn::ScalableTag<float> d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  auto sum0 = hn::Zero(d), sum1 = sum0, sum2 = sum0, sum3 = sum0;
  const auto add = [&](auto sum, int64_t at) HWY_ATTR {
    return hn::MulAdd(hn::LoadU(d, a + at), hn::LoadU(d, b + at), sum);
  };
  int64_t i = 0;
  for (; i + 4 * lanes <= count; i += 4 * lanes) {
    sum0 = add(sum0, i);
    sum1 = add(sum1, i + lanes);
    sum2 = add(sum2, i + 2 * lanes);
    sum3 = add(sum3, i + 3 * lanes);
  }
  for (; i + lanes <= count; i += lanes) sum0 = add(sum0, i);
  float sum = hn::GetLane(
      hn::SumOfLanes(d, hn::Add(hn::Add(sum0, sum1), hn::Add(sum2, sum3))));
  for (; i < count; ++i) sum += a[i] * b[i];
  return sum;
}

int32_t Bytes(const int8_t* x, int32_t zero_point, const int8_t* weights,
              int64_t count) {
  const Words d;
  const Ints d32;
  const hn::Rebind<int8_t, Words> narrow;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  const auto zero = hn::Set(d, static_cast<int16_t>(zero_point));
  const auto words = [&](const int8_t* from) HWY_ATTR {
    return hn::PromoteTo(d, hn::LoadU(narrow, from));
  };
  const auto add = [&](IntVec sum, int64_t at) HWY_ATTR {
    return AddWordProducts(sum, hn::BitCast(d32, hn::Sub(words(x + at), zero)),
                           hn::BitCast(d32, words(weights + at)));
  };
  auto sum0 = hn::Zero(d32), sum1 = sum0;
  int64_t i = 0;
  for (; i + 2 * lanes <= count; i += 2 * lanes) {
    sum0 = add(sum0, i);
    sum1 = add(sum1, i + lanes);
  }
  for (; i + lanes <= count; i += lanes) sum0 = add(sum0, i);
  auto sum = static_cast<uint32_t>(
      hn::GetLane(hn::SumOfLanes(d32, hn::Add(sum0, sum1))));
  for (; i < count; ++i)
    sum += static_cast<uint32_t>((x[i] - zero_point) * weights[i]);
  return static_cast<int32_t>(sum);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace liteforge
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace liteforge {

HWY_EXPORT(Floats);
HWY_EXPORT(Bytes);

float DotOfFloats(const float* a, const float* b, int64_t count) {
  return HWY_DYNAMIC_DISPATCH(Floats)(a, b, count);
}
int32_t DotOfBytes(const int8_t* x, int32_t zero_point, const int8_t* weights,
                   int64_t count) {
  return HWY_DYNAMIC_DISPATCH(Bytes)(x, zero_point, weights, count);
}

}  // namespace liteforge
#endif  // HWY_ONCE
