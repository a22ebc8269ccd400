// SPDX-License-Identifier: Apache-2.0
// Partitioned tensors of checkpoints: what a slice covers, and the key under
// which its bytes stand.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "formats/tensorflow/checkpoint.pb.h"
#include "liteforge/result.h"
#include "liteforge/types.h"

namespace liteforge {

struct SliceExtent {
  int64_t start = 0;
  int64_t length = 0;
};
using SliceExtents = std::vector<SliceExtent>;  // one a dimension

// Where a slice lies in a tensor of a static shape. kInvalidModel when it
// does not lie within.
Result<SliceExtents> ReadSlice(const tf::TensorSliceProto& slice,
                               const Shape& shape);

std::string SliceKey(std::string_view tensor,
                     const tf::TensorSliceProto& slice);

}  // namespace liteforge
