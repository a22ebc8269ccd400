// SPDX-License-Identifier: Apache-2.0
// Numbers in text, which locales write differently, are not read here.
#define FLATBUFFERS_LOCALE_INDEPENDENT 0
#include "kernels/flex_options.h"

#include <flatbuffers/flexbuffers.h>

#include <cmath>
#include <limits>

#include "base/try.h"

namespace liteforge {
namespace {

// Far more than any operator's; below it verification is a matter of
// milliseconds.
constexpr size_t kMaxBytes = size_t{1} << 24;

std::string Quoted(const char* name) {
  return std::string("option '") + name + "' ";
}

Result<int32_t> ToInt(const flexbuffers::Reference& value, const char* name) {
  // Doubles hold every int32, and what is outside stays outside.
  double number;
  if (value.IsBool()) {
    number = value.AsBool() ? 1 : 0;
  } else if (value.IsNumeric()) {
    number = value.IsUInt()  ? static_cast<double>(value.AsUInt64())
             : value.IsInt() ? static_cast<double>(value.AsInt64())
                             : std::trunc(value.AsDouble());
  } else {
    return InvalidModel(Quoted(name) + "is no number");
  }
  constexpr double kLow = std::numeric_limits<int32_t>::min();
  constexpr double kHigh = std::numeric_limits<int32_t>::max();
  if (!(number >= kLow && number <= kHigh))
    return InvalidModel(Quoted(name) + "does not fit 32 bits");
  return static_cast<int32_t>(number);
}

template <class List>
Result<std::vector<int32_t>> ReadInts(const List& list, const char* name) {
  std::vector<int32_t> values;
  for (size_t i = 0; i < list.size(); ++i) {
    TRY_ASSIGN(const int32_t value, ToInt(list[i], name));
    values.push_back(value);
  }
  return values;
}

tl::unexpected<Error> Missing(const char* name) {
  return InvalidModel(Quoted(name) + "is missing");
}

}  // namespace

// The verifier of flatbuffers 2.0.8 takes keys that no zero ends; the one
// behind the buffer ends those.
Result<FlexOptions> FlexOptions::Read(std::span<const uint8_t> bytes) {
  if (bytes.size() > kMaxBytes)
    return InvalidModel("the custom options have " +
                        std::to_string(bytes.size()) + " bytes");
  FlexOptions options;
  options.bytes_.assign(bytes.begin(), bytes.end());
  options.bytes_.push_back(0);
  std::vector<uint8_t> seen;
  if (!flexbuffers::VerifyBuffer(options.bytes_.data(), bytes.size(), &seen) ||
      !flexbuffers::GetRoot(options.bytes_.data(), bytes.size()).IsMap())
    return InvalidModel("the custom options are no FlexBuffer map");
  return options;
}

flexbuffers::Reference FlexOptions::Find(const char* name) const {
  return flexbuffers::GetRoot(bytes_.data(), bytes_.size() - 1).AsMap()[name];
}

Result<int32_t> FlexOptions::Int(const char* name,
                                 std::optional<int32_t> otherwise) const {
  const flexbuffers::Reference value = Find(name);
  if (!value.IsNull()) return ToInt(value, name);
  if (!otherwise) return Missing(name);
  return *otherwise;
}

Result<float> FlexOptions::Float(const char* name,
                                 std::optional<float> otherwise) const {
  const flexbuffers::Reference value = Find(name);
  if (value.IsNumeric()) {
    const double number = value.AsDouble();
    if (std::isfinite(number) &&
        std::abs(number) <= std::numeric_limits<float>::max())
      return static_cast<float>(number);
  }
  if (!value.IsNull())
    return InvalidModel(Quoted(name) + "is no finite number");
  if (!otherwise) return Missing(name);
  return *otherwise;
}

Result<bool> FlexOptions::Bool(const char* name,
                               std::optional<bool> otherwise) const {
  const flexbuffers::Reference value = Find(name);
  if (value.IsBool()) return value.AsBool();
  if (value.IsNumeric()) return value.AsDouble() != 0;
  if (!value.IsNull()) return InvalidModel(Quoted(name) + "is no bool");
  if (!otherwise) return Missing(name);
  return *otherwise;
}

Result<std::string> FlexOptions::Text(const char* name) const {
  const flexbuffers::Reference value = Find(name);
  if (value.IsNull()) return Missing(name);
  if (!value.IsString()) return InvalidModel(Quoted(name) + "is no text");
  return value.AsString().str();
}

Result<std::vector<int32_t>> FlexOptions::Ints(const char* name) const {
  const flexbuffers::Reference value = Find(name);
  if (value.IsNull()) return Missing(name);
  if (value.IsTypedVector()) return ReadInts(value.AsTypedVector(), name);
  if (value.IsFixedTypedVector())
    return ReadInts(value.AsFixedTypedVector(), name);
  if (value.IsVector()) return ReadInts(value.AsVector(), name);
  return InvalidModel(Quoted(name) + "is no list");
}

}  // namespace liteforge
