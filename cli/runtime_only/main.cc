// SPDX-License-Identifier: Apache-2.0
// The liteforge-run command: models run, nothing else. Exit status: 0 done, 1
// failed, 2 wrong usage.
#include <algorithm>
#include <cstdio>
#include <span>
#include <string>
#include <string_view>

#include "cli/command.h"
#include "cli/runtime_only/parse_arguments.h"

namespace {

constexpr int kFailed = 1;
constexpr int kWrongUsage = 2;

int Print(std::FILE* to, const std::string& text, int status) {
  std::fflush(stdout);
  std::fputs(text.c_str(), to);
  return status;
}

std::string Help(std::span<const Command> commands) {
  std::string text =
      "Runs .tflite models.\nUsage: liteforge-run [--help] [--version] "
      "COMMAND …\n\n";
  for (const Command& command : commands) {
    text += "  " + std::string(command.name) + "\t" +
            std::string(command.help) + "\n";
  }
  return text;
}

int Perform(const Command& command, std::span<char* const> arguments) {
  const auto asks = [](std::string_view argument) {
    return argument == "--help" || argument == "-h";
  };
  if (std::ranges::any_of(arguments, asks))
    return Print(stdout, HelpOf(command), 0);
  if (auto parsed = ParseArguments(command, arguments); !parsed) {
    return Print(stderr,
                 parsed.error().message + "\nliteforge-run " +
                     std::string(command.name) + " --help says more\n",
                 kWrongUsage);
  }
  const liteforge::Result<void> outcome = command.run();
  if (outcome) return 0;
  return Print(stderr, "error: " + outcome.error().ToString() + "\n", kFailed);
}

}  // namespace

int main(int argc, char** argv) {
  const Command commands[] = {BenchmarkCommand(), RunCommand()};
  const std::span<char* const> arguments(argv + 1, argv + argc);
  if (arguments.empty()) return Print(stderr, Help(commands), kWrongUsage);
  const std::string_view first = arguments[0];
  if (first == "--version")
    return Print(stdout, "liteforge-run " LITEFORGE_VERSION "\n", 0);
  if (first == "--help" || first == "-h")
    return Print(stdout, Help(commands), 0);
  for (const Command& command : commands) {
    if (command.name == first) return Perform(command, arguments.subspan(1));
  }
  return Print(
      stderr,
      "there is no command '" + std::string(first) + "'\n" + Help(commands),
      kWrongUsage);
}
