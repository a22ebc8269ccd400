// SPDX-License-Identifier: Apache-2.0
// The liteforge-run command: models run, nothing else. Exit status: 0 done, 1
// failed, 2 wrong usage.
#include <fmt/core.h>

#include <cstdio>

#include "cli/verb.h"

int main(int argc, char** argv) {
  CLI::App app("Runs .tflite models.", "liteforge-run");
  app.set_version_flag("--version",
                       std::string("liteforge-run ") + LITEFORGE_VERSION);
  app.require_subcommand(1);
  liteforge::Result<void> outcome;
  AddBenchmark(app, outcome);
  AddRun(app, outcome);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  if (outcome) return 0;
  std::fflush(stdout);
  fmt::print(stderr, "error: {}\n", outcome.error().ToString());
  return 1;
}
