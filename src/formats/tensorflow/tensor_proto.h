// SPDX-License-Identifier: Apache-2.0
// TensorFlow's element types, shapes and tensors in liteforge's words.
#pragma once

#include <string>
#include <vector>

#include "base/blob.h"
#include "formats/tensorflow/graph.pb.h"
#include "liteforge/result.h"
#include "liteforge/types.h"

namespace liteforge {

// Element types as TensorFlow numbers them; reference types count as their
// base. kNone / DT_INVALID when the other side has no such type (the q-types
// map to their plain integers).
DataType FromTensorFlow(tf::DataType type);
tf::DataType ToTensorFlow(DataType type);

Shape FromTensorFlow(const tf::TensorShapeProto& shape);
tf::TensorShapeProto ToTensorFlow(const Shape& shape);

// A TensorProto's values as row-major little-endian bytes, from whichever
// field holds them, the last one repeated where the list is short. Errors when
// it holds more or fewer than its shape says, or the type has no fixed width.
Result<Blob> DecodeTensor(const tf::TensorProto& tensor);
// The elements of a string tensor, in the same way.
Result<std::vector<std::string>> DecodeStrings(const tf::TensorProto& tensor);

}  // namespace liteforge
