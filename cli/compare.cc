// SPDX-License-Identifier: Apache-2.0
// liteforge compare A B [--data PATH] [--seed N] [--examples N] [--per-layer]
//                       [--json] [--html FILE]
#include "liteforge/compare.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "cli/verb.h"
#include "liteforge/report.h"

namespace {

using liteforge::Comparison;
using liteforge::Difference;
using liteforge::Result;

struct Arguments {
  std::string a, b;
  liteforge::CompareOptions options;
  bool json = false;
  std::string html;
};

std::string Decibels(double db) {
  return std::isinf(db) ? "equal" : fmt::format("{:.1f} dB", db);
}

void PrintRow(const Difference& d) {
  fmt::print("  {:<40} {:<8} max {:<10.3g} mean {:<10.3g} rmse {:<10.3g} {}\n",
             d.name, d.dtype, d.max_abs, d.mean_abs, d.rmse,
             Decibels(d.sqnr_db));
}

void PrintText(const Arguments& arguments, const Comparison& c) {
  fmt::print("{} -> {}\n", arguments.a, arguments.b);
  fmt::print("  size     {} -> {} bytes ({:.1f} %)\n",
             WithThousands(c.bytes[0]), WithThousands(c.bytes[1]),
             100.0 * static_cast<double>(c.bytes[1]) /
                 static_cast<double>(c.bytes[0]));
  fmt::print("  latency  {:.0f} -> {:.0f} us ({:.2f} x)\n", c.median_us[0],
             c.median_us[1], c.median_us[1] / c.median_us[0]);
  if (c.same_top1 >= 0)
    fmt::print("  same class first: {:.1f} %\n", 100 * c.same_top1);
  fmt::print("outputs, {} examples:\n", c.examples);
  for (const Difference& d : c.outputs) PrintRow(d);
  if (c.layers.empty()) return;
  fmt::print("layers, the noisiest first:\n");
  std::vector<Difference> sorted = c.layers;
  std::ranges::stable_sort(sorted, {}, &Difference::sqnr_db);
  for (const Difference& d : sorted) PrintRow(d);
}

Result<void> Compare(const Arguments& arguments) {
  liteforge::CompareOptions options = arguments.options;
  options.per_layer |= !arguments.html.empty();
  auto comparison = liteforge::CompareModels(arguments.a, arguments.b, options);
  if (!comparison) return tl::unexpected(std::move(comparison).error());
  if (arguments.json) {
    fmt::print("{}\n", ToJson(*comparison));
  } else {
    PrintText(arguments, *comparison);
  }
  return arguments.html.empty()
             ? Result<void>()
             : liteforge::WriteText(arguments.html, ToHtml(*comparison));
}

}  // namespace

void AddCompare(CLI::App& app, Result<void>& outcome) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* verb = app.add_subcommand(
      "compare", "Run two models on the same examples and compare them");
  verb->add_option("A", arguments->a, "A .tflite, or a model that converts")
      ->required();
  verb->add_option("B", arguments->b, "The same, to be measured against A")
      ->required();
  auto& options = arguments->options;
  verb->add_option("--data", options.data,
                   "Examples: .npy, .npz or a directory; else random ones");
  verb->add_option("--mean", options.dataset.mean,
                   "Subtract from the examples: one number or one a channel")
      ->delimiter(',');
  verb->add_option("--std", options.dataset.std, "Divide the examples by this")
      ->delimiter(',');
  verb->add_option("--examples", options.random_examples,
                   "How many random examples")
      ->check(CLI::Range(1, 1000000));
  verb->add_option("--seed", options.seed, "Seed of the random examples");
  verb->add_flag("--per-layer", options.per_layer,
                 "Compare every tensor that both have by name");
  verb->add_flag("--json", arguments->json, "Print JSON");
  verb->add_option("--html", arguments->html,
                   "Write a page with tables and plots of every layer");
  verb->callback([arguments, &outcome] { outcome = Compare(*arguments); });
}
