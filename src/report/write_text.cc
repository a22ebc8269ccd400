// SPDX-License-Identifier: Apache-2.0
#include <span>

#include "base/atomic_file.h"
#include "liteforge/report.h"

namespace liteforge {

Result<void> WriteText(const std::filesystem::path& path,
                       std::string_view text) {
  return WriteFileAtomically(path, std::as_bytes(std::span(text)));
}

}  // namespace liteforge
