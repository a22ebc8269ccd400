// SPDX-License-Identifier: Apache-2.0
// liteforge evaluate MODEL --dataset DIR [--labels FILE] [--json]
#include <fmt/core.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "cli/verb.h"
#include "liteforge/compare.h"

namespace {

using liteforge::Evaluation;
using liteforge::Result;

struct Arguments {
  std::string model, dataset;
  liteforge::EvaluateOptions options;
  bool json = false;
};

void PrintText(const Evaluation& e) {
  fmt::print("{} examples: top-1 {:.2f} %, top-5 {:.2f} %\n", e.examples,
             100 * e.top1, 100 * e.top5);
  for (const Evaluation::Class& c : e.classes)
    fmt::print("  {:<24} {} of {}\n", c.name, c.right, c.examples);
}

void PrintJson(const Evaluation& e) {
  nlohmann::ordered_json json;
  json["examples"] = e.examples;
  json["top1"] = e.top1;
  json["top5"] = e.top5;
  json["classes"] = nlohmann::ordered_json::array();
  for (const Evaluation::Class& c : e.classes)
    json["classes"].push_back(
        {{"name", c.name}, {"examples", c.examples}, {"right", c.right}});
  fmt::print("{}\n", json.dump(2, ' ', false,
                               nlohmann::json::error_handler_t::replace));
}

Result<void> Evaluate(const Arguments& arguments) {
  auto evaluation = liteforge::EvaluateClassifier(
      arguments.model, arguments.dataset, arguments.options);
  if (!evaluation) return tl::unexpected(std::move(evaluation).error());
  arguments.json ? PrintJson(*evaluation) : PrintText(*evaluation);
  return {};
}

}  // namespace

void AddEvaluate(CLI::App& app, Result<void>& outcome) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* verb = app.add_subcommand(
      "evaluate", "Count how often a classifier is right on a data set");
  verb->add_option("MODEL", arguments->model,
                   "A .tflite, or a model that converts")
      ->required();
  verb->add_option("--dataset", arguments->dataset,
                   "A directory with a folder for each class, or with "
                   "examples.npy and labels.npy")
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
