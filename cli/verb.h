// SPDX-License-Identifier: Apache-2.0
// A verb of the command line. Each lives in a file of its own and adds itself
// to the parser; main.cc holds the list.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <string_view>

#include "cli/command.h"
#include "liteforge/converter.h"
#include "liteforge/result.h"

// Adds the subcommand. Its callback stores the outcome in `outcome`; an error
// is printed by main() as "error: …" and makes the exit status 1.
using AddVerb = void (*)(CLI::App& app, liteforge::Result<void>& outcome);

void AddCompare(CLI::App& app, liteforge::Result<void>& outcome);
void AddConvert(CLI::App& app, liteforge::Result<void>& outcome);
void AddDetect(CLI::App& app, liteforge::Result<void>& outcome);
void AddEvaluate(CLI::App& app, liteforge::Result<void>& outcome);
void AddExportTfliteGraph(CLI::App& app, liteforge::Result<void>& outcome);
void AddInspect(CLI::App& app, liteforge::Result<void>& outcome);
void AddMergeCalibration(CLI::App& app, liteforge::Result<void>& outcome);

// The same of a verb that liteforge-run has too.
void AddCommand(CLI::App& app, Command command,
                liteforge::Result<void>& outcome);

// What a detector's export can be told, for the verbs that make one.
void AddDetectionOptions(CLI::App& verb, liteforge::ConvertOptions& options);

// To stderr, one "note: …" each.
void PrintNotices(const liteforge::Converter& converter);

// A bar on a terminal: what is being done, and the part of it, 0 to 1, that is.
void ShowProgress(std::string_view what, double part);
