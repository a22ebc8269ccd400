// SPDX-License-Identifier: Apache-2.0
// Runs the command lines of the *.txt files beside this one and compares what
// the executable prints. A file is a list of cases:
//
//   # what the case shows
//   $ inspect missing.h5           arguments; words are split at spaces
//   exit 1
//   err: error: missing.h5: *      lines of stderr; * stands for any text
//   out: …                         lines of stdout
//   absent: out.tflite             a file that must not exist afterwards
//
// Every case of a file runs in the same fresh directory. {examples} stands for
// the examples folder, {shared} for real models (such cases are skipped where
// there are none). `write NAME TEXT` before a case makes a file.
#include <fmt/core.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

#include "tests/command.h"

namespace {

namespace fs = std::filesystem;
using liteforge_tests::CommandResult;

struct Case {
  std::string comment;
  std::string arguments;
  int exit_status = 0;
  std::vector<std::string> out, err, absent;
  std::vector<std::pair<std::string, std::string>> files;
};

std::vector<Case> ParseCases(const fs::path& file) {
  std::vector<Case> cases;
  Case next;
  std::ifstream stream(file);
  for (std::string line; std::getline(stream, line);) {
    const auto take = [&](std::string_view prefix, std::string& rest) {
      if (!line.starts_with(prefix)) return false;
      rest = line.substr(prefix.size());
      return true;
    };
    std::string rest;
    if (take("# ", rest)) {
      next.comment = rest;
    } else if (take("write ", rest)) {
      const size_t space = rest.find(' ');
      next.files.emplace_back(rest.substr(0, space), rest.substr(space + 1));
    } else if (take("$ ", rest)) {
      next.arguments = rest;
      cases.push_back(next);
      next = {};
    } else if (take("exit ", rest)) {
      cases.back().exit_status = std::stoi(rest);
    } else if (take("out: ", rest)) {
      cases.back().out.push_back(rest);
    } else if (take("err: ", rest)) {
      cases.back().err.push_back(rest);
    } else if (take("absent: ", rest)) {
      cases.back().absent.push_back(rest);
    } else {
      EXPECT_TRUE(line.empty()) << file << ": not understood: " << line;
    }
  }
  return cases;
}

// A pattern with * as a wildcard, as a regular expression.
std::regex Pattern(const std::string& text) {
  std::string expression;
  for (char c : text) {
    if (c == '*') {
      expression += ".*";
    } else {
      if (std::string_view("\\^$.|?+()[]{}").find(c) != std::string::npos)
        expression += '\\';
      expression += c;
    }
  }
  return std::regex(expression);
}

// Each pattern matches some line, in order.
void ExpectLines(const std::vector<std::string>& patterns,
                 const std::string& text) {
  std::istringstream stream(text);
  std::string line;
  for (const std::string& pattern : patterns) {
    bool found = false;
    while (!found && std::getline(stream, line)) {
      found = std::regex_match(line, Pattern(pattern));
    }
    EXPECT_TRUE(found) << "no line like: " << pattern << "\nin:\n" << text;
  }
}

void RunCase(Case c, const fs::path& folder) {
  SCOPED_TRACE(c.comment + "\n$ liteforge " + c.arguments);
  const fs::path shared = liteforge_tests::SharedFolder();
  if (c.arguments.find("{shared}") != std::string::npos && shared.empty()) {
    fmt::print("skipped, no real models here: {}\n", c.comment);
    return;
  }
  for (const auto& [name, text] : c.files) {
    fs::create_directories((folder / name).parent_path());
    std::ofstream(folder / name, std::ios::binary) << text;
  }
  const auto fill = [&](std::string text) {
    const auto replace = [&](const std::string& key, const std::string& to) {
      for (size_t at; (at = text.find(key)) != std::string::npos;)
        text.replace(at, key.size(), to);
    };
    replace("{examples}", LITEFORGE_SOURCE_DIR "/examples");
    replace("{shared}", shared.string());
    return text;
  };
  // An earlier case may have written them.
  for (const std::string& name : c.absent) fs::remove(folder / name);
  const CommandResult result =
      liteforge_tests::RunLiteforge(fill(c.arguments), folder);
  EXPECT_EQ(result.exit_status, c.exit_status) << result.err;
  ExpectLines(c.out, result.out);
  ExpectLines(c.err, result.err);
  for (const std::string& name : c.absent) {
    EXPECT_FALSE(fs::exists(folder / name)) << name << " was left";
  }
}

class Cli : public testing::TestWithParam<fs::path> {};

TEST_P(Cli, PrintsWhatTheFileSays) {
  const liteforge_tests::TemporaryFolder folder;
  const std::vector<Case> cases = ParseCases(GetParam());
  ASSERT_FALSE(cases.empty());
  for (const Case& c : cases) RunCase(c, folder.path());
}

std::vector<fs::path> CaseFiles() {
  std::vector<fs::path> files;
  for (const auto& entry :
       fs::directory_iterator(LITEFORGE_SOURCE_DIR "/tests/cli")) {
    if (entry.path().extension() == ".txt") files.push_back(entry.path());
  }
  return files;
}

INSTANTIATE_TEST_SUITE_P(Files, Cli, testing::ValuesIn(CaseFiles()),
                         [](const auto& info) {
                           return info.param.stem().string();
                         });

}  // namespace
