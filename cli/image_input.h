// SPDX-License-Identifier: Apache-2.0
// An image file as an input. The executable that holds nothing but the runtime
// has a definition of its own, which says that it reads none.
#pragma once

#include <string>

#include "liteforge/image.h"

bool IsImageInput(const std::string& file);

// As the input wants it: normalized as `how` says, else as the metadata of the
// file `model` does.
liteforge::Result<liteforge::NpyArray> ReadImageInput(
    const std::string& file, const liteforge::TensorDetails& input,
    const std::string& model, liteforge::ImageInput how);
