// SPDX-License-Identifier: Apache-2.0
// The liteforge command. Exit status: 0 done, 1 failed, 2 wrong usage.
#include <fmt/core.h>

#include <cstdio>

#include "cli/verb.h"

namespace {

constexpr AddVerb kVerbs[] = {
    AddCompare,           AddConvert, AddDetect,          AddEvaluate,
    AddExportTfliteGraph, AddInspect, AddMergeCalibration};

constexpr int kFailed = 1;
constexpr int kWrongUsage = 2;

}  // namespace

void ShowProgress(std::string_view what, double part) {
  constexpr int kWidth = 40;
  const int done = static_cast<int>(part * kWidth);
  fmt::print(stderr, "\r{} [{:<{}}] {:3.0f} %{}", what,
             std::string(static_cast<size_t>(done), '#'), kWidth, part * 100,
             part >= 1 ? "\n" : "");
  std::fflush(stderr);
}

int main(int argc, char** argv) {
  CLI::App app("Converts TensorFlow and Keras models to .tflite and runs them.",
               "liteforge");
  app.set_version_flag("--version",
                       std::string("liteforge ") + LITEFORGE_VERSION);
  app.require_subcommand(1);
  liteforge::Result<void> outcome;
  AddCommand(app, BenchmarkCommand(), outcome);
  for (AddVerb add : kVerbs) add(app, outcome);
  AddCommand(app, RunCommand(), outcome);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kWrongUsage;
  }
  if (outcome) return 0;
  std::fflush(stdout);
  fmt::print(stderr, "error: {}\n", outcome.error().ToString());
  return kFailed;
}
