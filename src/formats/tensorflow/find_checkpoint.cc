// SPDX-License-Identifier: Apache-2.0
#include "formats/tensorflow/find_checkpoint.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/mapped_file.h"
#include "base/try.h"
#include "formats/tensorflow/checkpoint.pb.h"
#include "formats/tensorflow/text_format.h"

namespace liteforge {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kIndex = ".index";

bool IsCheckpoint(const fs::path& prefix) {
  std::error_code ignored;
  return fs::is_regular_file(prefix.string() + std::string(kIndex), ignored);
}

tl::unexpected<Error> FailAt(ErrorCode code, const fs::path& path,
                             std::string message) {
  return tl::unexpected(Error{code, std::move(message), path.string()});
}

// Names without ".index", sorted.
std::vector<std::string> CheckpointsIn(const fs::path& directory) {
  std::vector<std::string> names;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(directory, ignored)) {
    if (entry.path().extension() == kIndex)
      names.push_back(entry.path().stem().string());
  }
  std::ranges::sort(names);
  return names;
}

Result<fs::path> ByStateFile(const fs::path& directory, const fs::path& file) {
  TRY_ASSIGN(const Blob text, MapFile(file));
  tf::CheckpointState state;
  TRY_IN(file.string(), ParseText(TextOf(text), UnknownFields::kSkip, state));
  const fs::path named = state.model_checkpoint_path();
  for (const fs::path& prefix :
       {directory / named, directory / named.filename()}) {
    if (!named.empty() && IsCheckpoint(prefix)) return prefix;
  }
  return FailAt(
      ErrorCode::kIo, file,
      fmt::format("names checkpoint '{}', which is not there; it has "
                  "checkpoints: {}; name one",
                  named.string(), fmt::join(CheckpointsIn(directory), ", ")));
}

}  // namespace

Result<fs::path> FindCheckpoint(const fs::path& path) {
  if (IsCheckpoint(path)) return path;
  fs::path stem = path;
  if (path.extension() == kIndex && IsCheckpoint(stem.replace_extension()))
    return stem;
  std::error_code ignored;
  if (!fs::is_directory(path, ignored)) {
    return FailAt(ErrorCode::kIo, path,
                  "is no checkpoint: neither a directory nor the name of one "
                  "without '.index'");
  }
  if (const fs::path file = path / "checkpoint"; fs::exists(file, ignored))
    return ByStateFile(path, file);
  const std::vector<std::string> names = CheckpointsIn(path);
  if (names.size() == 1) return path / names[0];
  if (names.empty()) {
    return FailAt(ErrorCode::kIo, path,
                  "holds no checkpoint (a file NAME.index beside its data); "
                  "give the directory that training wrote");
  }
  return FailAt(ErrorCode::kInvalidArgument, path,
                fmt::format("holds several checkpoints and no file "
                            "'checkpoint' that says which is the newest: {}; "
                            "name one",
                            fmt::join(names, ", ")));
}

}  // namespace liteforge
