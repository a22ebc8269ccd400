// SPDX-License-Identifier: Apache-2.0
#include "convert/examples.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>

#include "base/half.h"
#include "base/try.h"

namespace liteforge {
namespace {

template <class T>
std::vector<std::byte> Quantized(std::span<const std::byte> data,
                                 const Quantization& q) {
  const size_t count = data.size() / sizeof(float);
  std::vector<std::byte> stored(count * sizeof(T));
  const auto zero = static_cast<double>(q.zero_point[0]);
  for (size_t i = 0; i < count; ++i) {
    float value;
    std::memcpy(&value, data.data() + i * sizeof(float), sizeof(float));
    const double number =
        std::round(static_cast<double>(value / q.scale[0])) + zero;
    const double low = static_cast<double>(std::numeric_limits<T>::lowest());
    const double high = static_cast<double>(std::numeric_limits<T>::max());
    const auto to = static_cast<T>(std::clamp(number, low, high));
    std::memcpy(stored.data() + i * sizeof(T), &to, sizeof(T));
  }
  return stored;
}

// float32 given to a quantized input.
NpyArray InTermsOf(const TensorDetails& input, const NpyArray& array) {
  if (array.type != DataType::kFloat32 || input.quantization.scale.size() != 1)
    return array;
  NpyArray stored{input.dtype, array.shape, {}};
  switch (input.dtype) {
    case DataType::kInt8:
      stored.data = Quantized<int8_t>(array.data, input.quantization);
      return stored;
    case DataType::kUInt8:
      stored.data = Quantized<uint8_t>(array.data, input.quantization);
      return stored;
    case DataType::kInt16:
      stored.data = Quantized<int16_t>(array.data, input.quantization);
      return stored;
    default:
      return array;
  }
}

template <class T>
void Fill(std::vector<std::byte>& data, auto next) {
  for (size_t at = 0; at + sizeof(T) <= data.size(); at += sizeof(T)) {
    const T value = static_cast<T>(next());
    std::memcpy(data.data() + at, &value, sizeof(T));
  }
}

template <class T>
std::vector<float> Read(const Quantization& q, const Shape& shape,
                        std::span<const std::byte> data) {
  std::vector<float> values(data.size() / sizeof(T));
  size_t inner = 1;
  if (q.per_channel()) {
    for (int axis = q.axis + 1; axis < shape.rank(); ++axis)
      inner *= static_cast<size_t>(shape[axis]);
  }
  for (size_t i = 0; i < values.size(); ++i) {
    T value;
    std::memcpy(&value, data.data() + i * sizeof(T), sizeof(T));
    if constexpr (kIsHalf<T>) {
      values[i] = static_cast<float>(value);
    } else if (q.empty() || !std::is_integral_v<T>) {
      values[i] = static_cast<float>(value);
    } else {
      const size_t c = q.per_channel() ? i / inner % q.scale.size() : 0;
      values[i] = static_cast<float>(
          (static_cast<double>(value) - static_cast<double>(q.zero_point[c])) *
          static_cast<double>(q.scale[c]));
    }
  }
  return values;
}

Result<void> CheckCount(std::span<const NpyArray> example,
                        const std::vector<TensorDetails>& inputs) {
  if (example.size() == inputs.size()) return {};
  return InvalidArgument("gives " + std::to_string(example.size()) +
                         " arrays, the model has " +
                         std::to_string(inputs.size()) + " inputs");
}

}  // namespace

Result<void> SetExample(Interpreter& interpreter,
                        std::span<const NpyArray> example) {
  const auto inputs = interpreter.InputDetails();
  TRY(CheckCount(example, inputs));
  bool resized = false;
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (example[i].shape == inputs[i].shape) continue;
    TRY(interpreter.ResizeInputTensor(inputs[i].index, example[i].shape,
                                      /*strict=*/true));
    resized = true;
  }
  if (resized) TRY(interpreter.AllocateTensors());
  for (size_t i = 0; i < inputs.size(); ++i) {
    const NpyArray array = InTermsOf(inputs[i], example[i]);
    TRY(interpreter.SetTensor(inputs[i].index, array.type, array.shape,
                              array.data));
  }
  return {};
}

Result<void> SetExample(SignatureRunner& runner,
                        std::span<const NpyArray> example) {
  const auto inputs = runner.InputDetails();
  TRY(CheckCount(example, inputs));
  bool resized = false;
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (example[i].shape == inputs[i].shape) continue;
    TRY(runner.ResizeInput(inputs[i].name, example[i].shape, /*strict=*/true));
    resized = true;
  }
  if (resized) TRY(runner.AllocateTensors());
  for (size_t i = 0; i < inputs.size(); ++i) {
    const NpyArray array = InTermsOf(inputs[i], example[i]);
    TRY(runner.SetInput(inputs[i].name, array.type, array.shape, array.data));
  }
  return {};
}

NpyArray DrawInput(const TensorDetails& input, std::mt19937_64& generator) {
  NpyArray array{input.dtype, input.shape, {}};
  const int64_t bytes = ByteSize(input.dtype, input.shape.elements());
  array.data.resize(bytes > 0 ? static_cast<size_t>(bytes) : 0);
  std::uniform_real_distribution<float> real(-1.0f, 1.0f);
  std::uniform_int_distribution<int> any(0, 255), few(0, 7), coin(0, 1);
  const auto draw_real = [&] { return real(generator); };
  const auto draw_few = [&] { return few(generator); };
  switch (input.dtype) {
    case DataType::kFloat32:
      Fill<float>(array.data, draw_real);
      break;
    case DataType::kFloat64:
      Fill<double>(array.data, draw_real);
      break;
    case DataType::kInt8:
    case DataType::kUInt8:
      Fill<uint8_t>(array.data, [&] { return any(generator); });
      break;
    case DataType::kBool:
      Fill<uint8_t>(array.data, [&] { return coin(generator); });
      break;
    case DataType::kInt16:
    case DataType::kUInt16:
      Fill<int16_t>(array.data, draw_few);
      break;
    case DataType::kInt32:
    case DataType::kUInt32:
      Fill<int32_t>(array.data, draw_few);
      break;
    case DataType::kInt64:
    case DataType::kUInt64:
      Fill<int64_t>(array.data, draw_few);
      break;
    default:
      break;  // left zero
  }
  return array;
}

std::vector<float> RealValues(DataType type, const Quantization& quantization,
                              const Shape& shape,
                              std::span<const std::byte> data) {
  switch (type) {
    case DataType::kFloat32:
      return Read<float>(quantization, shape, data);
    case DataType::kFloat64:
      return Read<double>(quantization, shape, data);
    case DataType::kFloat16:
      return Read<Float16>(quantization, shape, data);
    case DataType::kInt8:
      return Read<int8_t>(quantization, shape, data);
    case DataType::kBool:
    case DataType::kUInt8:
      return Read<uint8_t>(quantization, shape, data);
    case DataType::kInt16:
      return Read<int16_t>(quantization, shape, data);
    case DataType::kInt32:
      return Read<int32_t>(quantization, shape, data);
    case DataType::kInt64:
      return Read<int64_t>(quantization, shape, data);
    default:
      return {};
  }
}

}  // namespace liteforge
