// SPDX-License-Identifier: Apache-2.0
// CAST: each element converted to the output's type as C++ converts it, where
// C++ says how. Floats to integers truncate, out-of-range ones saturate, NaN
// gives the largest integer; integers keep their low bits; complex64 gives its
// real part; 16-bit floats round from float32; anything to bool is "not zero".
//
// 4- and 2-bit types are packed, the first element in the low bits. They are
// converted by way of bytes; to them floats saturate.
// Source: TFLite schema CastOptions; tflite/kernels/cast.cc.
#include <bit>
#include <cmath>
#include <limits>
#include <string>

#include "kernels/numerics.h"
#include "kernels/packed_elements.h"
#include "kernels/visit_type.h"

namespace liteforge {
namespace {

using Numbers = TypeList<float, Float16, BFloat16, double, int8_t, int16_t,
                         int32_t, int64_t, uint8_t, uint16_t, uint32_t,
                         uint64_t, bool, std::complex<float>>;

Result<void> Prepare(KernelContext& k) {
  for (DataType type : {k.Input(0).type, k.Output(0).type}) {
    if (!IsPacked(type)) TRY(Numbers::Check(type));
  }
  return {};
}

template <class T>
inline constexpr bool kIsComplex = std::is_same_v<T, std::complex<float>>;

template <class To, class Real>
To TruncateTo(Real x) {
  // 2^digits is exact in floating point; the largest integer may not be.
  constexpr auto kLimit =
      static_cast<Real>(uint64_t{1} << (std::numeric_limits<To>::digits - 1)) *
      2;
  if (std::isnan(x) || x >= kLimit) return std::numeric_limits<To>::max();
  if (x <= static_cast<Real>(std::numeric_limits<To>::lowest())) {
    return std::numeric_limits<To>::lowest();
  }
  return static_cast<To>(x);
}

template <class To, class From>
To Convert(From x) {
  if constexpr (std::is_same_v<To, From>) {
    return x;
  } else if constexpr (kIsComplex<From>) {
    return Convert<To>(x.real());
  } else if constexpr (kIsHalf<From>) {
    return Convert<To>(static_cast<float>(x));
  } else if constexpr (std::is_same_v<To, bool>) {
    return x != From{0};
  } else if constexpr (kIsHalf<To> || kIsComplex<To>) {
    return To(static_cast<float>(x));
  } else if constexpr (std::is_floating_point_v<From> &&
                       std::is_integral_v<To>) {
    return TruncateTo<To>(x);
  } else {
    return static_cast<To>(x);
  }
}

template <class From, class To>
void ConvertRun(const std::byte* from, std::byte* to, int64_t count) {
  const From* x = reinterpret_cast<const From*>(from);
  To* y = reinterpret_cast<To*>(to);
  for (int64_t i = 0; i < count; ++i) y[i] = Convert<To>(x[i]);
}

using Converter = void (*)(const std::byte*, std::byte*, int64_t);

Converter ConverterOf(DataType from, DataType to) {
  Converter converter = nullptr;
  Numbers::Dispatch(from, [&](auto f) {
    Numbers::Dispatch(to, [&](auto t) {
      converter = ConvertRun<TypeOf<decltype(f)>, TypeOf<decltype(t)>>;
    });
  });
  return converter;
}

//--------------------------------------------------------- packed elements

bool IsReal(DataType type) {
  return type == DataType::kFloat32 || type == DataType::kFloat16 ||
         type == DataType::kBFloat16 || type == DataType::kFloat64 ||
         type == DataType::kComplex64;
}

void ConvertPacked(KernelContext& k) {
  const RuntimeTensor& input = k.Input(0);
  RuntimeTensor& output = k.Output(0);
  const bool from_packed = IsPacked(input.type);
  const bool to_packed = IsPacked(output.type);
  const DataType from = from_packed ? DataType::kInt8 : input.type;
  const DataType to = to_packed ? DataType::kInt8 : output.type;
  const Converter convert = ConverterOf(from, to);
  constexpr int64_t kRun = 256;
  alignas(16) int8_t before[kRun], after[kRun];
  for (int64_t i = 0; i < input.elements(); i += kRun) {
    const int64_t count = std::min(kRun, input.elements() - i);
    if (from_packed) UnpackElements(input, i, count, before);
    const std::byte* x = from_packed
                             ? reinterpret_cast<const std::byte*>(before)
                             : input.data + i * (BitWidth(from) / 8);
    std::byte* y = to_packed ? reinterpret_cast<std::byte*>(after)
                             : output.data + i * (BitWidth(to) / 8);
    convert(x, y, count);
    if (!to_packed) continue;
    if (IsReal(input.type)) {
      const Range<int32_t> range = RangeOf(output.type);
      for (int64_t j = 0; j < count; ++j) {
        after[j] = static_cast<int8_t>(
            std::clamp<int32_t>(after[j], range.min, range.max));
      }
    }
    PackElements(after, i, count, output);
  }
}

void Eval(KernelContext& k) noexcept {
  const RuntimeTensor& input = k.Input(0);
  if (IsPacked(input.type) || IsPacked(k.Output(0).type)) {
    return ConvertPacked(k);
  }
  ConverterOf(input.type, k.Output(0).type)(input.data, k.Output(0).data,
                                            input.elements());
}

}  // namespace

extern const Kernel kCast{
    Op::kCast,
    "f32 f16 bf16 f64 i8 i16 i32 i64 u8 u16 u32 u64 bool complex64 i4 i2 u4",
    Prepare, Eval};

}  // namespace liteforge
