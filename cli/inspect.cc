// SPDX-License-Identifier: Apache-2.0
// liteforge inspect FILE [--json] [--html FILE]
#include "liteforge/inspect.h"

#include <fmt/core.h>

#include <memory>
#include <string>

#include "cli/verb.h"
#include "liteforge/report.h"

namespace {

struct Arguments {
  std::string file;
  bool json = false;
  std::string html;
};

liteforge::Result<void> Inspect(const Arguments& arguments) {
  auto model = liteforge::Inspect(arguments.file);
  if (!model) return tl::unexpected(std::move(model).error());
  fmt::print("{}\n", arguments.json ? liteforge::ToJson(*model)
                                    : liteforge::ToText(*model));
  return arguments.html.empty()
             ? liteforge::Result<void>()
             : liteforge::WriteText(arguments.html, ToHtml(*model));
}

}  // namespace

void AddInspect(CLI::App& app, liteforge::Result<void>& outcome) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* verb = app.add_subcommand(
      "inspect", "Tell what a model file is and whether it converts");
  verb->add_option("FILE", arguments->file, "A model of any supported kind")
      ->required();
  verb->add_flag("--json", arguments->json, "Print JSON");
  verb->add_option("--html", arguments->html,
                   "Write a page with its graph, tensors and sizes");
  verb->callback([arguments, &outcome] { outcome = Inspect(*arguments); });
}
