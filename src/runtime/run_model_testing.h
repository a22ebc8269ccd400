// SPDX-License-Identifier: Apache-2.0
// For tests: a model of one input, run once.
#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>
#include <vector>

#include "liteforge/interpreter.h"

namespace liteforge {

// Over most of the range of 8 bits; floats within 2.2 of zero.
template <class T>
std::vector<T> Numbers(int64_t count, int seed) {
  std::vector<T> numbers;
  for (int64_t i = 0; i < count; ++i) {
    const int n = static_cast<int>((i * 37 + seed * 11 + i * i % 13) % 251);
    numbers.push_back(
        std::is_same_v<T, float>
            ? static_cast<T>(static_cast<float>(n - 125) / 57.0f)
            : static_cast<T>(n - (std::is_signed_v<T> ? 125 : 0)));
  }
  return numbers;
}

// With `input`, or with Numbers of seed 1: float32, int8 or uint8.
inline Interpreter RunModel(const std::vector<std::byte>& file,
                            const InterpreterOptions& options,
                            const std::vector<std::byte>& input = {}) {
  auto interpreter = Interpreter::FromBuffer(file, options);
  EXPECT_TRUE(interpreter) << interpreter.error().ToString();
  auto done = interpreter->AllocateTensors();
  EXPECT_TRUE(done) << done.error().ToString();
  const TensorDetails details = interpreter->InputDetails()[0];
  const int64_t count = details.shape.elements();
  const auto set = [&](const auto& values) {
    return interpreter->SetTensor(details.index, details.dtype, details.shape,
                                  std::as_bytes(std::span(values)));
  };
  done = !input.empty()                        ? set(input)
         : details.dtype == DataType::kFloat32 ? set(Numbers<float>(count, 1))
         : details.dtype == DataType::kInt8    ? set(Numbers<int8_t>(count, 1))
                                            : set(Numbers<uint8_t>(count, 1));
  EXPECT_TRUE(done) << done.error().ToString();
  done = interpreter->Invoke();
  EXPECT_TRUE(done) << done.error().ToString();
  return *std::move(interpreter);
}

}  // namespace liteforge
