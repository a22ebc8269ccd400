// SPDX-License-Identifier: Apache-2.0
#include "data/convert_elements.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "base/half.h"

namespace liteforge {
namespace {

template <class T>
std::vector<double> Widen(const std::vector<std::byte>& data) {
  std::vector<double> wide(data.size() / sizeof(T));
  for (size_t i = 0; i < wide.size(); ++i) {
    T value;
    std::memcpy(&value, data.data() + i * sizeof(T), sizeof(T));
    if constexpr (kIsHalf<T>) {
      wide[i] = static_cast<double>(static_cast<float>(value));
    } else {
      wide[i] = static_cast<double>(value);
    }
  }
  return wide;
}

Result<std::vector<double>> Widen(const NpyArray& array) {
  switch (array.type) {
    case DataType::kFloat16:
      return Widen<Float16>(array.data);
    case DataType::kFloat32:
      return Widen<float>(array.data);
    case DataType::kFloat64:
      return Widen<double>(array.data);
    case DataType::kInt8:
      return Widen<int8_t>(array.data);
    case DataType::kBool:
    case DataType::kUInt8:
      return Widen<uint8_t>(array.data);
    case DataType::kInt16:
      return Widen<int16_t>(array.data);
    case DataType::kUInt16:
      return Widen<uint16_t>(array.data);
    case DataType::kInt32:
      return Widen<int32_t>(array.data);
    case DataType::kUInt32:
      return Widen<uint32_t>(array.data);
    case DataType::kInt64:
      return Widen<int64_t>(array.data);
    case DataType::kUInt64:
      return Widen<uint64_t>(array.data);
    default:
      return InvalidArgument("holds " + std::string(Name(array.type)) +
                             ", which are no plain numbers");
  }
}

template <class T>
Result<std::vector<std::byte>> Narrow(const std::vector<double>& wide) {
  std::vector<std::byte> data(wide.size() * sizeof(T));
  for (size_t i = 0; i < wide.size(); ++i) {
    T value;
    if constexpr (std::is_integral_v<T>) {
      if (wide[i] != std::trunc(wide[i]))  // NaN too
        return InvalidArgument("holds fractions, integers are wanted");
      const double low = static_cast<double>(std::numeric_limits<T>::lowest());
      const double high = static_cast<double>(std::numeric_limits<T>::max());
      value = wide[i] >= high ? std::numeric_limits<T>::max()
                              : static_cast<T>(std::max(wide[i], low));
    } else {
      value = static_cast<T>(wide[i]);
    }
    std::memcpy(data.data() + i * sizeof(T), &value, sizeof(T));
  }
  return data;
}

// Whatever is not zero is true.
Result<std::vector<std::byte>> Truths(const std::vector<double>& wide) {
  std::vector<std::byte> data(wide.size());
  for (size_t i = 0; i < wide.size(); ++i) data[i] = std::byte{wide[i] != 0.0};
  return data;
}

Result<std::vector<std::byte>> Narrow(const std::vector<double>& wide,
                                      DataType to) {
  switch (to) {
    case DataType::kFloat32:
      return Narrow<float>(wide);
    case DataType::kFloat64:
      return Narrow<double>(wide);
    case DataType::kBool:
      return Truths(wide);
    case DataType::kInt8:
      return Narrow<int8_t>(wide);
    case DataType::kUInt8:
      return Narrow<uint8_t>(wide);
    case DataType::kInt16:
      return Narrow<int16_t>(wide);
    case DataType::kInt32:
      return Narrow<int32_t>(wide);
    case DataType::kInt64:
      return Narrow<int64_t>(wide);
    default:
      return InvalidArgument("cannot become " + std::string(Name(to)));
  }
}

}  // namespace

Result<NpyArray> ConvertElements(NpyArray array, DataType to) {
  if (array.type == to) return array;
  auto wide = Widen(array);
  if (!wide) return tl::unexpected(std::move(wide).error());
  auto narrow = Narrow(*wide, to);
  if (!narrow) return tl::unexpected(std::move(narrow).error());
  return NpyArray{to, array.shape, *std::move(narrow)};
}

}  // namespace liteforge
