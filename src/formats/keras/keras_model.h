// SPDX-License-Identifier: Apache-2.0
// What the readers of Keras' file formats share.
#pragma once

#include <string>
#include <string_view>

#include "formats/keras/keras_file.h"
#include "liteforge/result.h"

namespace liteforge {

// A file with its architecture, JSON {"class_name": …, "config": …}, and what
// `version` and the words of the configuration tell of its writer; without
// weights. Errors: kInvalidModel.
Result<KerasFile> StartKerasFile(std::string_view config, std::string version);

}  // namespace liteforge
