// SPDX-License-Identifier: Apache-2.0
// OpOptions to and from the FlatBuffers object API of schema.fbs.
// A heavy header: for the model loader and the emitter only.
#pragma once

#include "formats/tflite/schema_generated.h"
#include "ops/op.h"
#include "ops/options.h"

namespace liteforge {

// The options of one operator of a verified file, custom options included.
// A table that is not the operator's own is ignored.
OpOptions OptionsFromFlatBuffer(Op op, const tflite::Operator& from,
                                std::string_view custom_code);

// Fills builtin_options or builtin_options_2, with defaults where `options`
// holds none, or custom_options of `to`.
void OptionsToFlatBuffer(Op op, const OpOptions& options,
                         tflite::OperatorT& to);

}  // namespace liteforge
