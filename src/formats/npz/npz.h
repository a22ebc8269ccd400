// SPDX-License-Identifier: Apache-2.0
// numpy's .npz: a zip archive of .npy files, stored or deflated.
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "liteforge/npy.h"
#include "liteforge/result.h"

namespace liteforge {

// The arrays by their names, ".npy" left out, in the order of the archive.
// Errors: kIo; kInvalidModel for what is no .npz, and for members that say
// they hold more than a hundred times what the archive does.
Result<std::vector<std::pair<std::string, NpyArray>>> ReadNpz(
    const std::filesystem::path& path);

}  // namespace liteforge
