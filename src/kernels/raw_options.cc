// SPDX-License-Identifier: Apache-2.0
#include "kernels/raw_options.h"

#include <cstring>
#include <string>

#include "base/try.h"

namespace liteforge {
namespace {

// The first `count` fields.
Result<std::vector<int32_t>> ReadFields(const KernelContext& k, size_t count,
                                        const char* name) {
  const auto& bytes = k.options<CustomOptions>().bytes;
  if (bytes.size() < count * sizeof(int32_t))
    return InvalidModel("the custom options have " +
                        std::to_string(bytes.size()) + " bytes, too few for " +
                        name);
  std::vector<int32_t> fields(count);
  std::memcpy(fields.data(), bytes.data(), count * sizeof(int32_t));
  return fields;
}

Result<Padding> ToPadding(int32_t field) {
  if (field == 1) return Padding::kSame;
  if (field == 2) return Padding::kValid;
  return InvalidModel("padding " + std::to_string(field) +
                      " is neither SAME nor VALID");
}

Result<int32_t> ToExtent(int32_t field, const char* what) {
  if (field >= 1) return field;
  return InvalidModel(std::string(what) + " must be 1 or more, not " +
                      std::to_string(field));
}

}  // namespace

Result<Pool2DOptions> ReadRawPool(const KernelContext& k) {
  TRY_ASSIGN(const auto fields, ReadFields(k, 6, "TfLitePoolParams"));
  Pool2DOptions options;
  TRY_ASSIGN(options.padding, ToPadding(fields[0]));
  TRY_ASSIGN(options.stride_w, ToExtent(fields[1], "stride width"));
  TRY_ASSIGN(options.stride_h, ToExtent(fields[2], "stride height"));
  TRY_ASSIGN(options.filter_width, ToExtent(fields[3], "filter width"));
  TRY_ASSIGN(options.filter_height, ToExtent(fields[4], "filter height"));
  if (fields[5] < 0 || fields[5] > 3)
    return Unsupported("activation " + std::to_string(fields[5]) +
                       " is not supported");
  options.fused_activation_function = static_cast<Activation>(fields[5]);
  return options;
}

Result<TransposeConvOptions> ReadRawTransposeConv(const KernelContext& k) {
  TRY_ASSIGN(const auto fields, ReadFields(k, 3, "TfLiteTransposeConvParams"));
  TransposeConvOptions options;
  TRY_ASSIGN(options.padding, ToPadding(fields[0]));
  TRY_ASSIGN(options.stride_w, ToExtent(fields[1], "stride width"));
  TRY_ASSIGN(options.stride_h, ToExtent(fields[2], "stride height"));
  return options;
}

}  // namespace liteforge
