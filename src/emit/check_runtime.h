// SPDX-License-Identifier: Apache-2.0
// Whether a release of TensorFlow Lite runs a model.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "liteforge/result.h"

namespace liteforge {

// `model` is a .tflite, `release` as "2.5.0" or "2.5". kUnsupported names every
// operator that is newer, with the release that has it; kInvalidArgument for
// what is no release. Custom operators are the runtime's own affair.
Result<void> CheckRuntime(std::span<const std::byte> model,
                          std::string_view release);

}  // namespace liteforge
