// SPDX-License-Identifier: Apache-2.0
// Which folder may include which: the table of ARCHITECTURE.md, checked
// against the #include lines of every source.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;
using Folders = std::set<std::string>;

// Folder -> the folders it may include besides itself and liteforge/. Those
// that read public headers only have an empty row.
const std::map<std::string, Folders> kMayInclude = {
    {"include/liteforge", {}},
    {"base", {}},
    {"formats/tflite", {"base"}},
    {"formats/tensorflow", {"base"}},
    {"formats/keras", {"base"}},
    {"formats/npz", {"base"}},
    {"vision", {"base", "kernels/micro"}},
    {"vision/opencv", {"base", "vision"}},
    {"report", {"base"}},
    {"data", {"base", "formats/npz", "vision"}},
    {"function", {"base", "formats/tensorflow"}},
    {"import/keras",
     {"base", "formats/keras", "formats/tensorflow", "function"}},
    {"import/detection", {"base", "formats/tensorflow", "function"}},
    {"import/saved_model", {"base", "formats/tensorflow", "function"}},
    {"ops", {"base", "formats/tflite"}},
    {"ir", {"base", "ops"}},
    {"kernels/micro", {"base"}},
    {"kernels", {"base", "kernels/micro", "ops"}},
    {"runtime", {"base", "formats/tflite", "kernels", "kernels/micro", "ops"}},
    {"detection", {"base", "formats/tflite", "vision"}},
    {"lower", {"base", "formats/tensorflow", "function", "ir", "ops"}},
    {"passes", {"base", "ir", "ops"}},
    {"import/tflite", {"base", "formats/tflite", "ir", "ops"}},
    {"quantize", {"base", "ir", "ops"}},
    {"emit", {"base", "formats/tflite", "ir", "ops"}},
    {"convert",
     {"base", "data", "detection", "emit", "formats/keras", "formats/tflite",
      "formats/tensorflow", "function", "import/detection", "import/keras",
      "import/saved_model", "import/tflite", "ir", "lower", "ops", "passes",
      "quantize", "vision"}},
    {"cli", {}},
    {"examples", {}},
};

// The row a path (relative to the source root) belongs to; "" for none.
std::string FolderOf(std::string path) {
  if (path.starts_with("src/")) path.erase(0, 4);
  std::string best;
  for (const auto& [folder, unused] : kMayInclude) {
    if (path.starts_with(folder + "/") && folder.size() > best.size()) {
      best = folder;
    }
  }
  return best;
}

std::vector<std::string> ProjectIncludes(const fs::path& file) {
  static const std::regex kInclude("^\\s*#\\s*include\\s*\"([^\"]+)\"");
  std::vector<std::string> includes;
  std::ifstream stream(file);
  for (std::string line; std::getline(stream, line);) {
    std::smatch match;
    if (std::regex_search(line, match, kInclude)) includes.push_back(match[1]);
  }
  return includes;
}

bool Allowed(const std::string& folder, const std::string& include) {
  if (include.starts_with("liteforge/")) return true;
  const std::string target = FolderOf(include);
  // Another project's header.
  if (target.empty())
    return !fs::exists(fs::path(LITEFORGE_SOURCE_DIR) / "src" / include);
  if (target == folder) return true;
  return kMayInclude.at(folder).contains(target);
}

std::vector<fs::path> Sources() {
  std::vector<fs::path> sources;
  for (const char* top : {"src", "include", "cli", "examples"}) {
    const fs::path root = fs::path(LITEFORGE_SOURCE_DIR) / top;
    for (const auto& entry : fs::recursive_directory_iterator(root)) {
      const std::string extension = entry.path().extension().string();
      if (extension == ".h" || extension == ".cc" || extension == ".def") {
        sources.push_back(entry.path());
      }
    }
  }
  return sources;
}

TEST(IncludeEdges, EveryIncludeGoesDownwards) {
  std::vector<std::string> wrong;
  for (const fs::path& source : Sources()) {
    const std::string path =
        fs::relative(source, LITEFORGE_SOURCE_DIR).generic_string();
    const std::string folder = FolderOf(path);
    ASSERT_NE(folder, "") << path << " lies in no folder of the table";
    for (const std::string& include : ProjectIncludes(source)) {
      if (!Allowed(folder, include)) wrong.push_back(path + ": " + include);
    }
  }
  EXPECT_THAT(wrong, testing::IsEmpty());
}

TEST(IncludeEdges, TableHasNoCycle) {
  // Kahn's algorithm: folders leave once all they include have left.
  std::map<std::string, Folders> left = kMayInclude;
  bool moved = true;
  while (moved) {
    moved = false;
    for (auto row = left.begin(); row != left.end();) {
      const bool free = std::none_of(
          row->second.begin(), row->second.end(),
          [&](const std::string& target) { return left.contains(target); });
      moved |= free;
      row = free ? left.erase(row) : std::next(row);
    }
  }
  EXPECT_TRUE(left.empty()) << "cycle through " << left.begin()->first;
}

TEST(IncludeEdges, EveryFolderOfTheTableExists) {
  for (const auto& [folder, unused] : kMayInclude) {
    const fs::path root(LITEFORGE_SOURCE_DIR);
    EXPECT_TRUE(fs::is_directory(root / folder) ||
                fs::is_directory(root / "src" / folder))
        << folder;
  }
}

}  // namespace
