// SPDX-License-Identifier: Apache-2.0
// Any bytes as a TensorProto, in whichever of its encodings.
#include "formats/tensorflow/tensor_proto.h"

#include "tests/fuzz/target.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  liteforge::tf::TensorProto tensor;
  if (!tensor.ParseFromArray(data, static_cast<int>(size))) return 0;
  (void)liteforge::DecodeTensor(tensor);
  (void)liteforge::DecodeStrings(tensor);
  (void)liteforge::FromTensorFlow(tensor.tensor_shape());
  return 0;
}
