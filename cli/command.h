// SPDX-License-Identifier: Apache-2.0
// A verb that liteforge and liteforge-run both have, told once: the one hands
// it to CLI11, the other, which has no room for that, to a parser of its own.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "liteforge/result.h"

struct Option {
  // "--threads", or "MODEL", which is a position and must be given. A flag that
  // is on unless told otherwise is turned off by --no-NAME.
  std::string_view name;
  std::variant<bool*, int*, uint64_t*, std::string*, std::vector<std::string>*,
               std::vector<float>*>
      value;  // floats are separated by commas
  std::string_view help;
  int low = 0, high = std::numeric_limits<int>::max();  // of an int
};

struct Command {
  std::string_view name;
  std::string_view help;
  std::vector<Option> options;
  std::function<liteforge::Result<void>()> run;  // keeps what options point to
};

Command BenchmarkCommand();
Command RunCommand();

// "12,345,678"
std::string WithThousands(int64_t number);
