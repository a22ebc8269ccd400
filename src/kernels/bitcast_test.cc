// SPDX-License-Identifier: Apache-2.0
// BITCAST keeps the bytes; a narrower type gets an axis, a wider one takes it.
#include <gtest/gtest.h>

#include <vector>

#include "kernels/index_testing.h"

namespace liteforge::bitcast_test {

TEST(Bitcast, EveryPairOfTypes) {
  for (const DataType from : kFixedTypes) {
    for (const DataType to : kFixedTypes) {
      if (from == DataType::kBool || to == DataType::kBool) continue;
      const int ratio = BitWidth(from) / BitWidth(to);
      const int inverse = BitWidth(to) / BitWidth(from);
      Shape input{2, 3}, output{2, 3};
      if (ratio > 1) output.Append(ratio);
      if (inverse > 1) input.Append(inverse);
      KernelCase k{Op::kBitcast};
      k.inputs = {Labelled(from, input)};
      k.outputs = {KernelTensor::Output(to)};
      ExpectValues(k, k.inputs[0].Values<uint8_t>(), output);
    }
  }
}

TEST(Bitcast, LittleEndian) {
  KernelCase k{Op::kBitcast};
  k.inputs = {KernelTensor::Of<float>({1}, {1.0f})};
  k.outputs = {KernelTensor::Output(DataType::kUInt32)};
  ExpectValues<uint32_t>(k, {0x3F800000}, {1});
  k.outputs = {KernelTensor::Output(DataType::kInt8)};
  ExpectValues<int8_t>(k, {0, 0, -128, 63}, {1, 4});
}

TEST(Bitcast, RefusesWhatDoesNotFit) {
  KernelCase k{Op::kBitcast};
  k.inputs = {Labelled(DataType::kInt8, {2, 3})};
  k.outputs = {KernelTensor::Output(DataType::kInt32)};
  ExpectRefused(k, "infer", "the last axis");
  k.inputs = {Labelled(DataType::kInt8, {})};
  ExpectRefused(k, "infer", "");
  k.outputs = {KernelTensor::Output(DataType::kString)};
  ExpectRefused(k, "infer", "turns int8 into string");
  k.outputs = {KernelTensor::Output(DataType::kBool)};
  ExpectRefused(k, "", "");
}

}  // namespace liteforge::bitcast_test
