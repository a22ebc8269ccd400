// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "cli/command.h"
#include "liteforge/result.h"

// Stores what the arguments behind the command's name say where its options
// point to. Errors: kInvalidArgument, for those who typed them.
liteforge::Result<void> ParseArguments(const Command& command,
                                       std::span<char* const> arguments);

// What --help prints.
std::string HelpOf(const Command& command);
