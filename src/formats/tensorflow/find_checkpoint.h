// SPDX-License-Identifier: Apache-2.0
// Which checkpoint of a directory is meant.
#pragma once

#include <filesystem>

#include "liteforge/result.h"

namespace liteforge {

// The prefix for TensorBundle::Open: `path` itself when it is one (with or
// without ".index"), else the newest of the directory, as its file "checkpoint"
// says, or the only one. A directory that was moved since is found again by
// the checkpoint's name. Errors: kIo when there is none; kInvalidArgument when
// there are several and nothing says which.
Result<std::filesystem::path> FindCheckpoint(const std::filesystem::path& path);

}  // namespace liteforge
