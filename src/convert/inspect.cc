// SPDX-License-Identifier: Apache-2.0
#include "liteforge/inspect.h"

#include <algorithm>
#include <system_error>

#include "base/try.h"
#include "convert/detect.h"
#include "convert/inspect_sources.h"

namespace liteforge {
namespace {

namespace fs = std::filesystem;

// Of a file, or of all files in a directory.
int64_t BytesOf(const fs::path& path) {
  std::error_code error;
  const auto own = fs::file_size(path, error);
  if (!error) return static_cast<int64_t>(own);
  int64_t bytes = 0;
  for (fs::recursive_directory_iterator at(path, error), end;
       !error && at != end; at.increment(error)) {
    std::error_code ignored;
    const auto size = fs::file_size(at->path(), ignored);
    if (!ignored) bytes += static_cast<int64_t>(size);
  }
  return bytes;
}

}  // namespace

Result<ModelDescription> Inspect(const std::filesystem::path& path) {
  TRY_ASSIGN(const FileKind kind, DetectKind(path));
  ModelDescription model;
  model.path = path.string();
  model.kind = std::string(Name(kind));
  model.file_bytes = BytesOf(path);
  switch (kind) {
    case FileKind::kTflite:
      TRY(DescribeTflite(path, model));
      return model;
    case FileKind::kKerasH5:
    case FileKind::kKerasZip:
      TRY(DescribeKeras(path, model));
      return model;
    case FileKind::kSavedModel:
      TRY(DescribeSavedModel(path, model));
      return model;
    case FileKind::kGraphDef:
      TRY(DescribeGraph(path, model));
      return model;
    case FileKind::kPipelineConfig:
    case FileKind::kUnknown:
      break;
  }
  return tl::unexpected(CannotConvert(path, kind));
}

}  // namespace liteforge
