// SPDX-License-Identifier: Apache-2.0
// What tests of the built executable share.
#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace liteforge_tests {

// The folder of real models; empty when there is none.
inline std::filesystem::path SharedFolder() {
  const char* given = std::getenv("LITEFORGE_SHARED");
  const std::filesystem::path folder =
      given != nullptr ? given : LITEFORGE_SOURCE_DIR "/../shared";
  return std::filesystem::is_directory(folder / "models")
             ? folder
             : std::filesystem::path();
}

// A fresh directory, removed with everything in it.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string pattern =
        (std::filesystem::temp_directory_path() / "liteforge-XXXXXX").string();
    path_ = mkdtemp(pattern.data());
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

struct CommandResult {
  int exit_status = -1;  // 128 + signal when killed
  std::string out;
  std::string err;
};

inline std::string ReadText(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

// Runs an executable in `folder`.
inline CommandResult RunProgram(const std::string& program,
                                const std::string& arguments,
                                const std::filesystem::path& folder) {
  const TemporaryFolder streams;
  const std::string out = (streams.path() / "out").string();
  const std::string err = (streams.path() / "err").string();
  const std::string command = "cd '" + folder.string() + "' && '" + program +
                              "' " + arguments + " >" + out + " 2>" + err +
                              " </dev/null";
  const int status = std::system(command.c_str());
  CommandResult result;
  result.exit_status =
      WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  result.out = ReadText(out);
  result.err = ReadText(err);
  return result;
}

// The liteforge executable.
inline CommandResult RunLiteforge(const std::string& arguments,
                                  const std::filesystem::path& folder) {
  return RunProgram(LITEFORGE_EXECUTABLE, arguments, folder);
}

}  // namespace liteforge_tests
