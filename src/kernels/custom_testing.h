// SPDX-License-Identifier: Apache-2.0
// For tests: options of custom operators.
#pragma once

#include <flatbuffers/flexbuffers.h>

#include <cstdint>
#include <string>
#include <vector>

#include "ops/options.h"

namespace liteforge {

// A FlexBuffer map; fill(builder) adds its members.
template <class Fill>
CustomOptions FlexMap(const std::string& name, Fill&& fill) {
  flexbuffers::Builder builder;
  builder.Map([&] { fill(builder); });
  builder.Finish();
  return {name, builder.GetBuffer()};
}

// int32 fields as they lie in memory.
inline CustomOptions RawFields(const std::string& name,
                               const std::vector<int32_t>& fields) {
  const auto* bytes = reinterpret_cast<const uint8_t*>(fields.data());
  return {name, {bytes, bytes + fields.size() * sizeof(int32_t)}};
}

}  // namespace liteforge
