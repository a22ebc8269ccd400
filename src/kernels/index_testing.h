// SPDX-License-Identifier: Apache-2.0
// For tests of operators that move elements: where an element lies, and
// tensors of every type whose elements are told apart by their bytes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "kernels/kernel_tester.h"

namespace liteforge {

using Coordinates = std::vector<int64_t>;

// The coordinates of element `i` in row-major order.
inline Coordinates CoordinatesOf(const Shape& shape, int64_t i) {
  Coordinates at(static_cast<size_t>(shape.rank()));
  for (int axis = shape.rank() - 1; axis >= 0; --axis) {
    at[static_cast<size_t>(axis)] = i % shape[axis];
    i /= shape[axis];
  }
  return at;
}

// The element at these coordinates; -1 when they lie outside the shape.
inline int64_t PlaceOf(const Shape& shape, const Coordinates& at) {
  int64_t place = 0;
  for (int axis = 0; axis < shape.rank(); ++axis) {
    const int64_t x = at[static_cast<size_t>(axis)];
    if (x < 0 || x >= shape[axis]) return -1;
    place = place * shape[axis] + x;
  }
  return place;
}

// For each element of `output` the element of `input` at from(coordinates).
template <class From>
std::vector<int64_t> PlacesFrom(const Shape& input, const Shape& output,
                                const From& from) {
  std::vector<int64_t> places;
  for (int64_t i = 0; i < output.elements(); ++i)
    places.push_back(PlaceOf(input, from(CoordinatesOf(output, i))));
  return places;
}

inline constexpr DataType kFixedTypes[] = {
    DataType::kFloat32,  DataType::kFloat64,  DataType::kFloat16,
    DataType::kBFloat16, DataType::kInt8,     DataType::kInt16,
    DataType::kInt32,    DataType::kInt64,    DataType::kUInt8,
    DataType::kUInt16,   DataType::kUInt32,   DataType::kUInt64,
    DataType::kBool,     DataType::kComplex64};
inline constexpr DataType kMovedTypes[] = {
    DataType::kFloat32,  DataType::kFloat64,   DataType::kFloat16,
    DataType::kBFloat16, DataType::kInt8,      DataType::kInt16,
    DataType::kInt32,    DataType::kInt64,     DataType::kUInt8,
    DataType::kUInt16,   DataType::kUInt32,    DataType::kUInt64,
    DataType::kBool,     DataType::kComplex64, DataType::kString,
    DataType::kInt4,     DataType::kUInt4,     DataType::kInt2};
inline constexpr DataType kPackedTypes[] = {DataType::kInt4, DataType::kUInt4,
                                            DataType::kInt2};

inline Shape ShapeOf(const std::vector<int32_t>& dims) {
  return Shape(std::span<const int32_t>(dims));
}

// The low bits of each value as elements of a packed type; zeros in what is
// left of the last byte.
inline std::vector<uint8_t> PackLowBits(DataType type,
                                        const std::vector<uint8_t>& values) {
  const auto bits = static_cast<size_t>(BitWidth(type));
  std::vector<uint8_t> bytes((values.size() * bits + 7) / 8);
  for (size_t bit = 0; bit < values.size() * bits; ++bit) {
    const unsigned value = values[bit / bits] >> bit % bits & 1u;
    bytes[bit / 8] |= static_cast<uint8_t>(value << bit % 8);
  }
  return bytes;
}

// The inverse, what is left of the last byte included.
inline std::vector<uint8_t> UnpackLowBits(DataType type,
                                          const std::vector<uint8_t>& bytes) {
  const auto bits = static_cast<size_t>(BitWidth(type));
  std::vector<uint8_t> values(bytes.size() * 8 / bits);
  for (size_t bit = 0; bit < values.size() * bits; ++bit) {
    const unsigned value = bytes[bit / 8] >> bit % 8 & 1u;
    values[bit / bits] |= static_cast<uint8_t>(value << bit % bits);
  }
  return values;
}

// A tensor that a permutation of its elements changes: the bytes of each are
// drawn from its number and `salt`. Floats among them may be anything.
inline KernelTensor Labelled(DataType type, const Shape& shape, int salt = 0) {
  const int64_t count = shape.elements();
  if (type == DataType::kString) {
    std::vector<std::string> words;
    for (int64_t i = 0; i < count; ++i)
      words.push_back(std::string(static_cast<size_t>(i % 4), 'x') +
                      std::to_string(i + 1000 * salt));
    return KernelTensor::Strings(shape, words);
  }
  std::vector<uint8_t> bytes;
  if (BitWidth(type) < 8) {
    for (int64_t i = 0; i < count; ++i) {
      const uint64_t label = static_cast<uint64_t>(i + 1 + 1000 * salt);
      bytes.push_back(static_cast<uint8_t>(label * 0x9E3779B97F4A7C15 >> 56));
    }
    return KernelTensor::OfType(type, shape, PackLowBits(type, bytes));
  }
  for (int64_t i = 0; i < count; ++i) {
    uint64_t label = static_cast<uint64_t>(i + 1 + 1000 * salt);
    for (int byte = 0; byte < BitWidth(type) / 8; ++byte) {
      label *= 0x9E3779B97F4A7C15;
      const auto top = static_cast<uint8_t>(label >> 56);
      bytes.push_back(type == DataType::kBool ? top & 1 : top);
    }
  }
  return KernelTensor::OfType(type, shape, bytes);
}

// A tensor of 32-bit words counting from 0.
inline KernelTensor Counted(const Shape& shape) {
  std::vector<int32_t> values;
  for (int32_t i = 0; i < shape.elements(); ++i) values.push_back(i);
  return KernelTensor::Of<int32_t>(shape, values);
}

// int32 or int64 numbers.
inline KernelTensor IntegersOf(DataType type, const Shape& shape,
                               const std::vector<int64_t>& values) {
  if (type == DataType::kInt64) return KernelTensor::Of(shape, values);
  if (type == DataType::kInt16)
    return KernelTensor::Of<int16_t>(shape, {values.begin(), values.end()});
  return KernelTensor::Of<int32_t>(shape, {values.begin(), values.end()});
}
inline KernelTensor IntegersOf(DataType type,
                               const std::vector<int64_t>& values) {
  return IntegersOf(type, Shape{static_cast<int32_t>(values.size())}, values);
}
inline constexpr DataType kIndexTypes[] = {DataType::kInt32, DataType::kInt64};

// Output `output` is the elements of `from` at these places, zeros at -1; in
// every mode.
inline void ExpectPicked(const KernelCase& c, const KernelTensor& from,
                         const std::vector<int64_t>& places, const Shape& shape,
                         int output = 0) {
  if (from.type != DataType::kString && BitWidth(from.type) < 8) {
    const std::vector<uint8_t> values =
        UnpackLowBits(from.type, from.Values<uint8_t>());
    std::vector<uint8_t> expected;
    for (const int64_t place : places) {
      expected.push_back(place < 0 ? 0 : values[static_cast<size_t>(place)]);
    }
    return ExpectValues(c, PackLowBits(from.type, expected), shape, output);
  }
  if (from.type != DataType::kString) {
    const auto width = static_cast<size_t>(BitWidth(from.type)) / 8;
    const auto bytes = from.Values<uint8_t>();
    std::vector<uint8_t> expected;
    for (const int64_t place : places) {
      for (size_t i = 0; i < width; ++i) {
        expected.push_back(
            place < 0 ? 0 : bytes[static_cast<size_t>(place) * width + i]);
      }
    }
    return ExpectValues(c, expected, shape, output);
  }
  const std::vector<std::string> strings = from.StringValues();
  std::vector<std::string> expected;
  for (const int64_t place : places) {
    expected.push_back(place < 0 ? std::string()
                                 : strings[static_cast<size_t>(place)]);
  }
  for (const KernelMode mode : kKernelModes) {
    const KernelRun run = RunKernel(c, mode);
    ASSERT_TRUE(run.ok()) << run.stage << ": " << run.error;
    EXPECT_EQ(run.outputs[static_cast<size_t>(output)].StringValues(),
              expected);
    EXPECT_EQ(run.shape(output).ToString(), shape.ToString());
  }
}

// The elements of several tensors of one type as one tensor; all but the last
// must fill their bytes.
inline KernelTensor EndToEnd(const std::vector<KernelTensor>& tensors) {
  KernelTensor all = tensors.front();
  all.bytes.clear();
  for (const KernelTensor& t : tensors)
    all.bytes.insert(all.bytes.end(), t.bytes.begin(), t.bytes.end());
  return all;
}

// Where the element of an operand is that broadcasts to this place of a
// larger shape.
inline int64_t BroadcastPlace(const Shape& operand, const Coordinates& at) {
  Coordinates own(at.end() - operand.rank(), at.end());
  for (int axis = 0; axis < operand.rank(); ++axis) {
    if (operand[axis] == 1) own[static_cast<size_t>(axis)] = 0;
  }
  return PlaceOf(operand, own);
}

// The same case with all inputs but the first known beforehand.
inline KernelCase WithConstants(KernelCase c) {
  for (size_t i = 1; i < c.inputs.size(); ++i) c.inputs[i].is_constant = true;
  return c;
}

}  // namespace liteforge
