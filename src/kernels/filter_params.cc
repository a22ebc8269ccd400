// SPDX-License-Identifier: Apache-2.0
#include "kernels/filter_params.h"

#include <algorithm>
#include <string>

#include "kernels/packed_elements.h"

namespace liteforge {
namespace {

bool IsNarrow(DataType type) {
  return type == DataType::kInt8 || type == DataType::kInt4 ||
         type == DataType::kInt2;
}

std::string Describe(const RuntimeTensor& tensor) {
  return std::string(Name(tensor.type));
}

Result<void> CheckBiasType(const KernelContext& k, int input, int bias,
                           FilterArithmetic arithmetic) {
  if (!k.HasInput(bias)) return {};
  const DataType type = k.Input(bias).type;
  bool right = type == DataType::kInt32;
  if (arithmetic == FilterArithmetic::kFloat ||
      arithmetic == FilterArithmetic::kHybrid) {
    right = type == DataType::kFloat32;
  } else if (arithmetic == FilterArithmetic::kInt16 ||
             arithmetic == FilterArithmetic::kInt16x16) {
    right = right || type == DataType::kInt64;
  }
  if (right) return {};
  return InvalidModel("bias is " + Describe(k.Input(bias)) +
                      ", which does not go with an input of " +
                      Describe(k.Input(input)));
}

Result<FilterArithmetic> ByTypes(const RuntimeTensor& input,
                                 const RuntimeTensor& filter,
                                 bool takes_int16_filter) {
  if (input.type == DataType::kFloat32 && filter.type == DataType::kFloat32)
    return FilterArithmetic::kFloat;
  // Early converters declared the int8 weights of hybrid models uint8.
  if (input.type == DataType::kFloat32 &&
      (IsNarrow(filter.type) || filter.type == DataType::kUInt8))
    return FilterArithmetic::kHybrid;
  if (input.type == DataType::kUInt8 && filter.type == DataType::kUInt8)
    return FilterArithmetic::kUInt8;
  if (input.type == DataType::kInt8 && IsNarrow(filter.type))
    return FilterArithmetic::kInt8;
  if (input.type == DataType::kInt16 && IsNarrow(filter.type))
    return FilterArithmetic::kInt16;
  if (takes_int16_filter && input.type == DataType::kInt16 &&
      filter.type == DataType::kInt16)
    return FilterArithmetic::kInt16x16;
  return Unsupported("an input of " + Describe(input) + " with a filter of " +
                     Describe(filter) + " is not supported");
}

}  // namespace

Result<void> CheckFilterScales(const RuntimeTensor& filter, int channel_axis) {
  const Quantization& q = *filter.quantization;
  TRY(CheckQuantized(filter, "filter"));
  const auto channels = static_cast<size_t>(filter.shape[channel_axis]);
  if (q.scale.size() == 1) return {};
  if (q.scale.size() != channels || q.axis != channel_axis) {
    return InvalidModel(
        "filter has " + std::to_string(q.scale.size()) + " scales along axis " +
        std::to_string(q.axis) + ", it has " + std::to_string(channels) +
        " output channels along axis " + std::to_string(channel_axis));
  }
  for (float scale : q.scale) {
    if (!(scale >= 0) || !std::isfinite(scale)) {
      return InvalidModel("filter has a scale that is not a number");
    }
  }
  return {};
}

bool HasDifferingScales(const RuntimeTensor& filter) {
  const auto& scale = filter.quantization->scale;
  return std::any_of(scale.begin(), scale.end(),
                     [&](float s) { return s != scale[0]; });
}

Result<FilterArithmetic> FindFilterArithmetic(const KernelContext& k, int input,
                                              int filter, int bias,
                                              bool takes_int16_filter) {
  TRY_ASSIGN(const FilterArithmetic arithmetic,
             ByTypes(k.Input(input), k.Input(filter), takes_int16_filter));
  TRY(CheckBiasType(k, input, bias, arithmetic));
  return arithmetic;
}

Result<FilterQuantization> PrepareFilterQuantization(
    const KernelContext& k, int input_index, int filter_index, int bias_index,
    int channel_axis, Activation activation, bool narrow_product) {
  const RuntimeTensor& input = k.Input(input_index);
  const RuntimeTensor& filter = k.Input(filter_index);
  const RuntimeTensor& output = *k.outputs_[0];
  TRY(CheckQuantized(input, "input"));
  TRY(CheckQuantized(output, "output"));
  TRY(CheckFilterScales(filter, channel_axis));
  const bool per_channel = filter.quantization->per_channel();
  if (per_channel && filter.type == DataType::kUInt8) {
    return InvalidModel("a uint8 filter must have one scale");
  }
  if (input.type == DataType::kInt16 &&
      (input.zero_point() != 0 || output.zero_point() != 0)) {
    return InvalidModel("int16 tensors must have zero_point 0");
  }

  FilterQuantization q;
  const auto channels = static_cast<size_t>(filter.shape[channel_axis]);
  const auto& scale = filter.quantization->scale;
  for (size_t c = 0; c < channels; ++c) {
    const float own = scale[per_channel ? c : 0];
    const double product =
        narrow_product && !per_channel
            ? static_cast<double>(input.scale() * own)
            : static_cast<double>(input.scale()) * static_cast<double>(own);
    q.scales.push_back(
        ToFixedScale(product / static_cast<double>(output.scale())));
  }
  if (k.HasInput(bias_index) && input.type == DataType::kUInt8) {
    const double product = static_cast<double>(input.scale()) * scale[0];
    const double bias = k.Input(bias_index).scale();
    if (std::abs(product - bias) > 0.02 * output.scale()) {
      return InvalidModel("the bias' scale is not input scale x filter scale");
    }
  }
  q.input_offset = -input.zero_point();
  q.filter_offset = per_channel ? 0 : -filter.zero_point();
  q.output_offset = output.zero_point();
  TRY_ASSIGN(q.range, QuantizedActivationRange(activation, output));
  return q;
}

Result<void> PrepareNarrowFilter(const RuntimeTensor& filter,
                                 std::vector<int8_t>& unpacked) {
  if (!IsPacked(filter.type)) return {};
  if (!filter.is_constant) {
    return Unsupported("an " + std::string(Name(filter.type)) +
                       " filter must be a constant");
  }
  unpacked = UnpackNarrow(filter);
  return {};
}

}  // namespace liteforge
