// SPDX-License-Identifier: Apache-2.0
// QUANTIZE: f32 -> u8 | i8 | i16 | i4 | u4 | i2 as round(x / scale) +
//   zero_point, clamped; to the first three also per channel along the output's
//   axis. The quotient is a float's; of i16 a double's outside reference mode,
//   as in TensorFlow Lite's optimized kernel. Between quantized types by a
//   fixed-point multiplier.
// DEQUANTIZE: (q - zero_point) * scale; per channel along the tensor's axis;
//   f16 and bf16 widen.
// Source: tflite/kernels/{quantize,dequantize}.cc.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>

#include "base/half.h"
#include "kernels/lookup_table.h"
#include "kernels/micro/byte_functions.h"
#include "kernels/numerics.h"
#include "kernels/packed_elements.h"

namespace liteforge {
namespace {

bool IsQuantizedType(DataType type) {
  return type == DataType::kInt8 || type == DataType::kUInt8 ||
         type == DataType::kInt16;
}

// Whether a tensor has one scale for each slice along its axis.
Result<void> CheckChannels(const RuntimeTensor& tensor) {
  const Quantization& q = *tensor.quantization;
  if (q.axis >= 0 && q.axis < tensor.shape.rank() &&
      static_cast<int32_t>(q.scale.size()) == tensor.shape[q.axis])
    return {};
  return InvalidModel("the scales do not fit " + tensor.shape.ToString());
}

// Calls body(i, scale, zero_point) for every element of such a tensor.
template <class Body>
void ForEachInChannels(const RuntimeTensor& tensor, const Body& body) {
  const Quantization& q = *tensor.quantization;
  int64_t inner = 1;
  for (int a = q.axis + 1; a < tensor.shape.rank(); ++a)
    inner *= tensor.shape[a];
  const auto channels = static_cast<int64_t>(q.scale.size());
  for (int64_t i = 0; i < tensor.elements(); ++i) {
    const auto c = static_cast<size_t>(i / inner % channels);
    const int64_t zero_point =
        q.zero_point.empty() ? 0
                             : q.zero_point[q.zero_point.size() > 1 ? c : 0];
    body(i, q.scale[c], static_cast<int32_t>(zero_point));
  }
}

// Between quantized types: the multiplier, and of 8 bits what becomes of each
// value.
struct Requantizing {
  FixedScale scale;
  ByteTable table{};
  bool has_table = false;
};

template <class Out>
Out Requantized(int32_t q, const FixedScale& scale, int32_t from_zero,
                int32_t to_zero) {
  const int64_t shifted = int64_t{Multiply(q - from_zero, scale)} + to_zero;
  return static_cast<Out>(std::clamp<int64_t>(shifted,
                                              std::numeric_limits<Out>::min(),
                                              std::numeric_limits<Out>::max()));
}

bool IsByte(DataType type) {
  return type == DataType::kInt8 || type == DataType::kUInt8;
}

template <class In>
void MakeTable(const RuntimeTensor& input, const RuntimeTensor& output,
               Requantizing& r) {
  const auto of = [&](auto out) {
    return MakeStepTable<In, decltype(out)>([&](int32_t q) {
      return Requantized<decltype(out)>(q, r.scale, input.zero_point(),
                                        output.zero_point());
    });
  };
  r.table = output.type == DataType::kInt8 ? of(int8_t{}) : of(uint8_t{});
  r.has_table = true;
}

Result<void> PrepareQuantize(KernelContext& k) {
  const RuntimeTensor& input = k.Input(0);
  const RuntimeTensor& output = k.Output(0);
  Requantizing& r = k.NewState<Requantizing>();
  TRY(CheckQuantized(output, "output"));
  const bool from_float = input.type == DataType::kFloat32;
  const bool to_known =
      IsQuantizedType(output.type) ||
      (output.type == DataType::kInt32 && input.type == DataType::kInt16) ||
      (IsPacked(output.type) && from_float);
  const bool from_known = from_float || IsQuantizedType(input.type) ||
                          input.type == DataType::kInt32;
  if (!to_known || !from_known) {
    return Unsupported(std::string(Name(input.type)) + " to " +
                       std::string(Name(output.type)) + " is not supported");
  }
  if (output.quantization->per_channel()) {
    if (from_float && !IsPacked(output.type)) return CheckChannels(output);
    return Unsupported("a per-channel output of " +
                       std::string(Name(output.type)) + " from " +
                       std::string(Name(input.type)) + " is not supported");
  }
  if (from_float) return {};
  TRY(CheckQuantized(input, "input"));
  r.scale = ToFixedScale(static_cast<double>(input.scale()) /
                         static_cast<double>(output.scale()));
  if (k.reference() || !IsByte(output.type)) return {};
  if (input.type == DataType::kInt8) MakeTable<int8_t>(input, output, r);
  if (input.type == DataType::kUInt8) MakeTable<uint8_t>(input, output, r);
  return {};
}

// QuantizeValue with the quotient in double, which lies on the other side of a
// tie for less than one in a thousand int16 values.
template <class T>
T QuantizeByDouble(float x, float scale, int32_t zero_point) {
  const double steps =
      std::round(static_cast<double>(x) / static_cast<double>(scale));
  if (std::isnan(steps)) return static_cast<T>(zero_point);
  return static_cast<T>(std::clamp<double>(steps + zero_point,
                                           std::numeric_limits<T>::min(),
                                           std::numeric_limits<T>::max()));
}

template <class In, class Out>
void Convert(KernelContext& k) {
  const RuntimeTensor& input = k.Input(0);
  RuntimeTensor& output = k.Output(0);
  const In* from = input.Data<In>();
  Out* to = output.MutableData<Out>();
  const int64_t count = input.elements();
  if (output.quantization->per_channel()) {
    return ForEachInChannels(
        output, [&](int64_t i, float scale, int32_t zero_point) {
          to[i] = QuantizeValue<Out>(static_cast<float>(from[i]), scale,
                                     zero_point);
        });
  }
  if constexpr (std::is_floating_point_v<In> && sizeof(Out) == 1) {
    if (!k.reference()) {
      k.threads().ParallelFor(count, 1 << 14, [&](int64_t begin, int64_t end) {
        QuantizeFloats(from + begin, end - begin, output.scale(),
                       output.zero_point(), to + begin);
      });
      return;
    }
  }
  if constexpr (std::is_floating_point_v<In>) {
    const auto each = [&](auto quantize) {
      for (int64_t i = 0; i < count; ++i)
        to[i] = quantize(from[i], output.scale(), output.zero_point());
    };
    sizeof(Out) == 2 && !k.reference() ? each(QuantizeByDouble<Out>)
                                       : each(QuantizeValue<Out>);
  } else {
    const Requantizing& r = k.State<Requantizing>();
    if (r.has_table) return LookUpTensor(k, r.table);
    for (int64_t i = 0; i < count; ++i) {
      to[i] = Requantized<Out>(static_cast<int32_t>(from[i]), r.scale,
                               input.zero_point(), output.zero_point());
    }
  }
}

void QuantizePacked(KernelContext& k) {
  const float* from = k.Input(0).Data<float>();
  RuntimeTensor& output = k.Output(0);
  const Range<int32_t> range = RangeOf(output.type);
  if (output.bytes > 0) std::memset(output.data, 0, output.bytes);
  for (int64_t i = 0; i < k.Input(0).elements(); ++i) {
    const auto wide =
        QuantizeValue<int16_t>(from[i], output.scale(), output.zero_point());
    SetPacked(output, i, static_cast<int8_t>(Clamp<int32_t>(wide, range)));
  }
}

template <class In>
void QuantizeFrom(KernelContext& k) {
  switch (k.Output(0).type) {
    case DataType::kInt8:
      return Convert<In, int8_t>(k);
    case DataType::kUInt8:
      return Convert<In, uint8_t>(k);
    case DataType::kInt16:
      return Convert<In, int16_t>(k);
    default:
      return Convert<In, int32_t>(k);
  }
}

void EvalQuantize(KernelContext& k) noexcept {
  // Steps of one size, which lie where they should.
  if (k.Input(0).data == k.Output(0).data) return;
  if (IsPacked(k.Output(0).type)) return QuantizePacked(k);
  switch (k.Input(0).type) {
    case DataType::kFloat32:
      return QuantizeFrom<float>(k);
    case DataType::kInt8:
      return QuantizeFrom<int8_t>(k);
    case DataType::kUInt8:
      return QuantizeFrom<uint8_t>(k);
    case DataType::kInt16:
      return QuantizeFrom<int16_t>(k);
    default:
      return QuantizeFrom<int32_t>(k);
  }
}

Result<void> PrepareDequantize(KernelContext& k) {
  const RuntimeTensor& input = k.Input(0);
  if (k.Output(0).type != DataType::kFloat32) {
    return Unsupported("only a float32 output is supported");
  }
  const bool half =
      input.type == DataType::kFloat16 || input.type == DataType::kBFloat16;
  if (half) return {};
  if (!IsQuantizedType(input.type) && input.type != DataType::kUInt16 &&
      !IsPacked(input.type)) {
    return Unsupported(std::string(Name(input.type)) + " is not supported");
  }
  TRY(CheckQuantized(input, "input"));
  if (IsPacked(input.type))
    k.NeedScratch(0, static_cast<size_t>(input.elements()));
  return input.quantization->per_channel() ? CheckChannels(input)
                                           : Result<void>();
}

template <class T>
void DequantizeFrom(KernelContext& k, const RuntimeTensor& input, const T* from,
                    float* to) {
  if (input.quantization->per_channel()) {
    return ForEachInChannels(
        input, [&](int64_t i, float scale, int32_t zero_point) {
          to[i] = scale * static_cast<float>(from[i] - zero_point);
        });
  }
  const float scale = input.scale();
  const int32_t zero_point = input.zero_point();
  if constexpr (sizeof(T) == 1) {
    return k.threads().ParallelFor(
        input.elements(), 1 << 14, [&](int64_t begin, int64_t end) {
          DequantizeBytes(from + begin, end - begin, scale, zero_point,
                          to + begin);
        });
  }
  for (int64_t i = 0; i < input.elements(); ++i) {
    to[i] = scale * static_cast<float>(from[i] - zero_point);
  }
}

void EvalDequantize(KernelContext& k) noexcept {
  const RuntimeTensor& input = k.Input(0);
  float* to = k.Output(0).MutableData<float>();
  const int64_t count = input.elements();
  switch (input.type) {
    case DataType::kInt8:
      return DequantizeFrom(k, input, input.Data<int8_t>(), to);
    case DataType::kUInt8:
      return DequantizeFrom(k, input, input.Data<uint8_t>(), to);
    case DataType::kInt16:
      return DequantizeFrom(k, input, input.Data<int16_t>(), to);
    case DataType::kUInt16:
      return DequantizeFrom(k, input, input.Data<uint16_t>(), to);
    case DataType::kInt4:
    case DataType::kUInt4:
    case DataType::kInt2: {
      auto* unpacked = k.Scratch<int8_t>(0);
      UnpackElements(input, 0, count, unpacked);
      return DequantizeFrom(k, input, unpacked, to);
    }
    case DataType::kBFloat16:
      std::copy_n(input.Data<BFloat16>(), count, to);
      return;
    default:
      std::copy_n(input.Data<Float16>(), count, to);
  }
}

}  // namespace

extern const Kernel kQuantize{Op::kQuantize, "f32 i8 u8 i16 i32 i4 u4 i2",
                              PrepareQuantize, EvalQuantize};
extern const Kernel kDequantize{Op::kDequantize,
                                "i8 u8 i16 u16 i4 u4 i2 f16 bf16",
                                PrepareDequantize, EvalDequantize};

}  // namespace liteforge
