// SPDX-License-Identifier: Apache-2.0
#include "liteforge/inspect.h"

#include <algorithm>
#include <system_error>

#include "base/try.h"
#include "convert/detect.h"
#include "convert/inspect_sources.h"

namespace liteforge {

Result<ModelDescription> Inspect(const std::filesystem::path& path) {
  TRY_ASSIGN(const FileKind kind, DetectKind(path));
  ModelDescription model;
  model.kind = std::string(Name(kind));
  std::error_code ignored;
  const auto bytes = std::filesystem::file_size(path, ignored);
  if (!ignored) model.file_bytes = static_cast<int64_t>(bytes);
  switch (kind) {
    case FileKind::kTflite:
      TRY(DescribeTflite(path, model));
      return model;
    case FileKind::kKerasH5:
    case FileKind::kKerasZip:
      TRY(DescribeKeras(path, model));
      return model;
    case FileKind::kUnknown:
      return tl::unexpected(CannotConvert(path, kind));
    default:
      model.problem = CannotConvert(path, kind).message;
      return model;
  }
}

}  // namespace liteforge
