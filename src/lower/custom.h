// SPDX-License-Identifier: Apache-2.0
// TensorFlow operations that the caller has a kernel of their own for.
#pragma once

#include "lower/context.h"

namespace liteforge {

// A node's attributes as a FlexBuffer map (numbers, texts, lists of these; a
// type as TFLite numbers it), as TensorFlow Lite's converter writes them.
std::vector<uint8_t> CustomOptionBytes(const tf::NodeDef& node);

// CUSTOM under the operation's name, with these options. Types of the `outputs`
// are those of the attribute "Tout" or, one for all, "dtype", "output_type" or
// "T"; shapes those of "_output_shapes". kUnsupported when the node says no
// type.
Result<void> LowerCustom(LowerContext& c, int outputs);

}  // namespace liteforge
