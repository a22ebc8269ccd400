// SPDX-License-Identifier: Apache-2.0
// Parts of partitioned variables, as RestoreV2's shape_and_slices name them.
#pragma once

#include <string_view>

#include "formats/tensorflow/tensor_bundle.h"
#include "liteforge/result.h"

namespace liteforge {

// The part of `whole` that "10 4 0,5:-" means: of a tensor [10,4] the rows 0
// to 4 and all columns. kInvalidModel when the text is no such thing or does
// not fit the tensor.
Result<StoredTensor> TakeSlice(StoredTensor whole, std::string_view text);

}  // namespace liteforge
