// SPDX-License-Identifier: Apache-2.0
// Options of the custom operators of MediaPipe: TensorFlow Lite's C structs,
// stored as they lie in memory on a little-endian machine. Each field is an
// int32:
//
//   TfLitePoolParams           padding, stride width, stride height, filter
//                              width, filter height, activation, computed
//                              padding (not read: it follows from the rest)
//   TfLiteTransposeConvParams  padding, stride width, stride height, and in
//                              newer files fields that these operators ignore
//
// with padding 1 SAME, 2 VALID, and activation 0 NONE, 1 RELU, 2 RELU_N1_TO_1,
// 3 RELU6. Source: tflite/core/c/builtin_op_data.h.
#pragma once

#include "kernels/kernel.h"
#include "liteforge/result.h"

namespace liteforge {

// Windows and strides are 1 or more.
Result<Pool2DOptions> ReadRawPool(const KernelContext& k);
Result<TransposeConvOptions> ReadRawTransposeConv(const KernelContext& k);

}  // namespace liteforge
