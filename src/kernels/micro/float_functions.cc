// SPDX-License-Identifier: Apache-2.0
// Exponential functions are Highway's (contrib/math).
#include "kernels/micro/float_functions.h"

#include <algorithm>
#include <limits>

#include "kernels/micro/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/micro/float_functions.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "hwy/contrib/math/math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace liteforge {
namespace HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

using Floats = hn::ScalableTag<float>;
using FloatVec = hn::Vec<Floats>;

// to[i] = f(from[i]), the last ones through a buffer.
template <class Function>
HWY_INLINE void Map(const float* from, int64_t count, float* to,
                    const Function& f) {
  const Floats d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes)
    hn::StoreU(f(hn::LoadU(d, from + i)), d, to + i);
  if (i == count) return;
  HWY_ALIGN float rest[HWY_MAX_BYTES / sizeof(float)] = {};
  std::copy_n(from + i, count - i, rest);
  hn::Store(f(hn::Load(d, rest)), d, rest);
  std::copy_n(rest, count - i, to + i);
}

// What is NaN stays so.
HWY_INLINE FloatVec OrNan(FloatVec x, FloatVec value) {
  return hn::IfThenElse(hn::IsNaN(x), x, value);
}

void Exp(const float* from, int64_t count, float* to) {
  Map(from, count, to, [](FloatVec x) HWY_ATTR {
    const Floats d;
    // Beyond, the result is infinity, which the polynomial does not reach.
    const auto most = hn::Set(d, 88.72284f);
    const auto value = hn::Exp(d, hn::Min(x, most));
    return OrNan(x, hn::IfThenElse(hn::Lt(most, x), hn::Inf(d), value));
  });
}

void Logistic(const float* from, int64_t count, float* to) {
  Map(from, count, to, [](FloatVec x) HWY_ATTR {
    const Floats d;
    const auto one = hn::Set(d, 1.0f);
    const auto e = hn::Exp(d, hn::Min(hn::Neg(x), hn::Set(d, 88.0f)));
    return OrNan(x, hn::Div(one, hn::Add(one, e)));
  });
}

void Tanh(const float* from, int64_t count, float* to) {
  Map(from, count, to, [](FloatVec x) HWY_ATTR {
    const Floats d;
    const auto limit = hn::Set(d, 10.0f);
    const auto inside = hn::Max(hn::Neg(limit), hn::Min(x, limit));
    return OrNan(x, hn::Tanh(d, inside));
  });
}

void Elu(const float* from, int64_t count, float* to) {
  Map(from, count, to, [](FloatVec x) HWY_ATTR {
    const Floats d;
    const auto zero = hn::Zero(d);
    const auto value =
        hn::Expm1(d, hn::Max(hn::Min(x, zero), hn::Set(d, -88.0f)));
    return hn::IfThenElse(hn::Lt(x, zero), value, x);
  });
}

void Softmax(const float* from, int64_t count, float beta, float* to) {
  const Floats d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  float largest = std::numeric_limits<float>::lowest();
  int64_t i = 0;
  if (count >= lanes) {
    auto most = hn::LoadU(d, from);
    for (; i + lanes <= count; i += lanes)
      most = hn::Max(most, hn::LoadU(d, from + i));
    largest = hn::GetLane(hn::MaxOfLanes(d, most));
  }
  for (; i < count; ++i) largest = std::max(largest, from[i]);
  const auto shift = hn::Set(d, largest), scale = hn::Set(d, beta);
  auto sums = hn::Zero(d);
  const auto exp = [&](FloatVec x) HWY_ATTR {
    return OrNan(x, hn::Exp(d, hn::Mul(hn::Sub(x, shift), scale)));
  };
  i = 0;
  for (; i + lanes <= count; i += lanes) {
    const auto e = exp(hn::LoadU(d, from + i));
    sums = hn::Add(sums, e);
    hn::StoreU(e, d, to + i);
  }
  float sum = hn::GetLane(hn::SumOfLanes(d, sums));
  if (i < count) {
    HWY_ALIGN float rest[HWY_MAX_BYTES / sizeof(float)] = {};
    std::copy_n(from + i, count - i, rest);
    hn::Store(exp(hn::Load(d, rest)), d, rest);
    for (int64_t j = 0; j < count - i; ++j) sum += rest[j];
    std::copy_n(rest, count - i, to + i);
  }
  const auto total = hn::Set(d, sum);
  Map(to, count, to, [&](FloatVec x) HWY_ATTR { return hn::Div(x, total); });
}

FloatExtent Extent(const float* from, int64_t count) {
  const Floats d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  auto low = hn::Zero(d), high = hn::Zero(d);
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    const auto x = hn::LoadU(d, from + i);
    low = hn::IfThenElse(hn::Lt(x, low), x, low);
    high = hn::IfThenElse(hn::Gt(x, high), x, high);
  }
  FloatExtent extent{hn::GetLane(hn::MinOfLanes(d, low)),
                     hn::GetLane(hn::MaxOfLanes(d, high))};
  for (; i < count; ++i) {
    if (from[i] < extent.low) extent.low = from[i];
    if (from[i] > extent.high) extent.high = from[i];
  }
  return extent;
}

void Round(const float* from, int64_t count, float by, float offset, float low,
           int8_t* to) {
  const Floats d;
  const hn::RebindToSigned<Floats> d32;
  const hn::Rebind<int8_t, Floats> narrow;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  const auto round = [&](FloatVec x) HWY_ATTR {
    const auto exact = hn::Add(hn::Set(d, offset), hn::Mul(x, hn::Set(d, by)));
    const auto whole = hn::Trunc(exact);
    const auto rest = hn::Abs(hn::Sub(exact, whole));
    const auto up = hn::IfThenElseZero(hn::Ge(rest, hn::Set(d, 0.5f)),
                                       hn::CopySign(hn::Set(d, 1.0f), exact));
    const auto value =
        hn::IfThenElse(hn::IsNaN(exact), hn::Zero(d), hn::Add(whole, up));
    const auto clamped =
        hn::Min(hn::Max(value, hn::Set(d, low)), hn::Set(d, 127.0f));
    return hn::DemoteTo(narrow, hn::ConvertTo(d32, clamped));
  };
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes)
    hn::StoreU(round(hn::LoadU(d, from + i)), narrow, to + i);
  if (i == count) return;
  HWY_ALIGN float rest[HWY_MAX_BYTES / sizeof(float)] = {};
  HWY_ALIGN int8_t bytes[HWY_MAX_BYTES];
  std::copy_n(from + i, count - i, rest);
  hn::StoreU(round(hn::Load(d, rest)), narrow, bytes);
  std::copy_n(bytes, count - i, to + i);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace liteforge
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace liteforge {

HWY_EXPORT(Exp);
HWY_EXPORT(Logistic);
HWY_EXPORT(Tanh);
HWY_EXPORT(Elu);
HWY_EXPORT(Softmax);
HWY_EXPORT(Extent);
HWY_EXPORT(Round);

void ExpOfFloats(const float* from, int64_t count, float* to) {
  HWY_DYNAMIC_DISPATCH(Exp)(from, count, to);
}
void LogisticOfFloats(const float* from, int64_t count, float* to) {
  HWY_DYNAMIC_DISPATCH(Logistic)(from, count, to);
}
void TanhOfFloats(const float* from, int64_t count, float* to) {
  HWY_DYNAMIC_DISPATCH(Tanh)(from, count, to);
}
void EluOfFloats(const float* from, int64_t count, float* to) {
  HWY_DYNAMIC_DISPATCH(Elu)(from, count, to);
}
void SoftmaxOfFloats(const float* from, int64_t count, float beta, float* to) {
  HWY_DYNAMIC_DISPATCH(Softmax)(from, count, beta, to);
}

FloatExtent ExtentOfFloats(const float* from, int64_t count) {
  return HWY_DYNAMIC_DISPATCH(Extent)(from, count);
}
void RoundFloats(const float* from, int64_t count, float by, float offset,
                 float low, int8_t* to) {
  HWY_DYNAMIC_DISPATCH(Round)(from, count, by, offset, low, to);
}

}  // namespace liteforge
#endif  // HWY_ONCE
