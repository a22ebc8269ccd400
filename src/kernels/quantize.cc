// SPDX-License-Identifier: Apache-2.0
// QUANTIZE: f32 -> u8 | i8 | i16 as round(x / scale) + zero_point, clamped;
//   between quantized types by a fixed-point multiplier.
// DEQUANTIZE: (q - zero_point) * scale; per channel along the tensor's axis;
//   f16 and bf16 widen.
// Source: tflite/kernels/{quantize,dequantize}.cc.
#include <algorithm>
#include <cstring>
#include <string>

#include "base/half.h"
#include "kernels/micro/float_functions.h"
#include "kernels/numerics.h"

namespace liteforge {
namespace {

bool IsQuantizedType(DataType type) {
  return type == DataType::kInt8 || type == DataType::kUInt8 ||
         type == DataType::kInt16;
}

Result<void> PrepareQuantize(KernelContext& k) {
  const RuntimeTensor& input = k.Input(0);
  const RuntimeTensor& output = k.Output(0);
  FixedScale& scale = k.NewState<FixedScale>();
  TRY(CheckQuantized(output, "output"));
  const bool from_float = input.type == DataType::kFloat32;
  const bool to_known =
      IsQuantizedType(output.type) ||
      (output.type == DataType::kInt32 && input.type == DataType::kInt16);
  const bool from_known = from_float || IsQuantizedType(input.type) ||
                          input.type == DataType::kInt32;
  if (!to_known || !from_known) {
    return Unsupported(std::string(Name(input.type)) + " to " +
                       std::string(Name(output.type)) + " is not supported");
  }
  if (output.quantization->per_channel()) {
    return Unsupported("a per-channel output is not supported");
  }
  if (from_float) return {};
  TRY(CheckQuantized(input, "input"));
  scale = ToFixedScale(static_cast<double>(input.scale()) /
                       static_cast<double>(output.scale()));
  return {};
}

template <class In, class Out>
void Convert(KernelContext& k) {
  const RuntimeTensor& input = k.Input(0);
  RuntimeTensor& output = k.Output(0);
  const In* from = input.Data<In>();
  Out* to = output.MutableData<Out>();
  const int64_t count = input.elements();
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
    for (int64_t i = 0; i < count; ++i) {
      to[i] = QuantizeValue<Out>(from[i], output.scale(), output.zero_point());
    }
  } else {
    const FixedScale scale = k.State<FixedScale>();
    for (int64_t i = 0; i < count; ++i) {
      const int32_t value =
          Multiply(static_cast<int32_t>(from[i] - input.zero_point()), scale);
      const int64_t shifted = int64_t{value} + output.zero_point();
      to[i] = static_cast<Out>(
          std::clamp<int64_t>(shifted, std::numeric_limits<Out>::min(),
                              std::numeric_limits<Out>::max()));
    }
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
  const Quantization& q = *input.quantization;
  if (k.Output(0).type != DataType::kFloat32) {
    return Unsupported("only a float32 output is supported");
  }
  const bool half =
      input.type == DataType::kFloat16 || input.type == DataType::kBFloat16;
  if (half) return {};
  if (!IsQuantizedType(input.type) && input.type != DataType::kInt4) {
    return Unsupported(std::string(Name(input.type)) + " is not supported");
  }
  TRY(CheckQuantized(input, "input"));
  if (input.type == DataType::kInt4) {
    k.NeedScratch(0, static_cast<size_t>(input.elements()));
  }
  if (!q.per_channel()) return {};
  if (q.axis < 0 || q.axis >= input.shape.rank() ||
      static_cast<int32_t>(q.scale.size()) != input.shape[q.axis]) {
    return InvalidModel("the scales do not fit the input's shape");
  }
  return {};
}

template <class T>
void DequantizeFrom(const RuntimeTensor& input, const T* from, float* to) {
  const Quantization& q = *input.quantization;
  const int64_t count = input.elements();
  if (!q.per_channel()) {
    const float scale = input.scale();
    const int32_t zero_point = input.zero_point();
    for (int64_t i = 0; i < count; ++i) {
      to[i] = scale * static_cast<float>(from[i] - zero_point);
    }
    return;
  }
  int64_t inner = 1;
  for (int a = q.axis + 1; a < input.shape.rank(); ++a) inner *= input.shape[a];
  const auto channels = static_cast<int64_t>(q.scale.size());
  for (int64_t i = 0; i < count; ++i) {
    const auto c = static_cast<size_t>(i / inner % channels);
    const int64_t zero_point =
        q.zero_point.empty() ? 0
                             : q.zero_point[q.zero_point.size() > 1 ? c : 0];
    to[i] = q.scale[c] *
            static_cast<float>(from[i] - static_cast<int32_t>(zero_point));
  }
}

void EvalDequantize(KernelContext& k) noexcept {
  const RuntimeTensor& input = k.Input(0);
  float* to = k.Output(0).MutableData<float>();
  const int64_t count = input.elements();
  switch (input.type) {
    case DataType::kInt8:
      return DequantizeFrom(input, input.Data<int8_t>(), to);
    case DataType::kUInt8:
      return DequantizeFrom(input, input.Data<uint8_t>(), to);
    case DataType::kInt16:
      return DequantizeFrom(input, input.Data<int16_t>(), to);
    case DataType::kInt4: {
      auto* unpacked = k.Scratch<int8_t>(0);
      for (int64_t i = 0; i < count; ++i) {
        const auto byte = static_cast<uint8_t>(input.data[i / 2]);
        const auto top = static_cast<int8_t>(i % 2 == 0 ? byte << 4 : byte);
        unpacked[i] = static_cast<int8_t>(top >> 4);
      }
      return DequantizeFrom(input, unpacked, to);
    }
    case DataType::kBFloat16:
      std::copy_n(input.Data<BFloat16>(), count, to);
      return;
    default:
      std::copy_n(input.Data<Float16>(), count, to);
  }
}

}  // namespace

extern const Kernel kQuantize{Op::kQuantize, "f32 i8 u8 i16 i32",
                              PrepareQuantize, EvalQuantize};
extern const Kernel kDequantize{Op::kDequantize, "i8 u8 i16 i4 f16 bf16",
                                PrepareDequantize, EvalDequantize};

}  // namespace liteforge
