// SPDX-License-Identifier: Apache-2.0
// liteforge merge-calibration FILES… -o FILE
#include <fmt/core.h>

#include <memory>
#include <string>
#include <vector>

#include "cli/verb.h"
#include "liteforge/dataset.h"

namespace {

struct Arguments {
  std::vector<std::filesystem::path> files;
  std::filesystem::path output;
};

}  // namespace

void AddMergeCalibration(CLI::App& app, liteforge::Result<void>& outcome) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* verb = app.add_subcommand(
      "merge-calibration",
      "Join what shards of a data set have shown (convert --calibration-out)");
  verb->add_option("FILES", arguments->files, "Files of one model")->required();
  verb->add_option("-o,--output", arguments->output, "The file to write")
      ->required();
  verb->callback([arguments, &outcome] {
    outcome = liteforge::MergeCalibrations(arguments->files, arguments->output);
    if (outcome)
      fmt::print("{} files -> {}\n", arguments->files.size(),
                 arguments->output.string());
  });
}
