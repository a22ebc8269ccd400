// SPDX-License-Identifier: Apache-2.0
// liteforge evaluate MODEL --dataset DIR [--labels FILE] [--json]
#include "liteforge/evaluate.h"

#include <fmt/core.h>
#include <unistd.h>

#include <memory>
#include <string>

#include "cli/verb.h"

namespace {

using liteforge::Result;

struct Arguments {
  std::string model, dataset;
  liteforge::EvaluateOptions options;
  bool json = false;
};

Result<void> Evaluate(const Arguments& arguments) {
  liteforge::EvaluateOptions options = arguments.options;
  if (isatty(STDERR_FILENO) != 0)
    options.progress = [](double part) { ShowProgress("evaluating", part); };
  auto evaluation =
      liteforge::EvaluateModel(arguments.model, arguments.dataset, options);
  if (!evaluation) return tl::unexpected(std::move(evaluation).error());
  fmt::print("{}\n",
             arguments.json ? ToJson(*evaluation) : ToText(*evaluation));
  return {};
}

}  // namespace

void AddEvaluate(CLI::App& app, Result<void>& outcome) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* verb = app.add_subcommand(
      "evaluate",
      "Measure how often a classifier or detector is right on a data set");
  verb->add_option("MODEL", arguments->model,
                   "A .tflite, or a model that converts")
      ->required();
  verb->add_option("--dataset", arguments->dataset,
                   "A directory with a folder of images or .npy files for "
                   "each class, with examples.npy and labels.npy, or of images "
                   "with COCO's instances .json")
      ->required();
  auto& options = arguments->options;
  verb->add_option("--labels", options.labels,
                   "The classes' names, one a line, in the model's order");
  verb->add_option("--mean", options.dataset.mean,
                   "Subtract from the examples: one number or one a channel")
      ->delimiter(',');
  verb->add_option("--std", options.dataset.std, "Divide the examples by this")
      ->delimiter(',');
  verb->add_option("--threads", options.num_threads, "Threads to compute with")
      ->check(CLI::Range(1, 1024));
  verb->add_flag("--json", arguments->json, "Print JSON");
  verb->callback([arguments, &outcome] { outcome = Evaluate(*arguments); });
}
