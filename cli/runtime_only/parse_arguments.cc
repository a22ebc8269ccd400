// SPDX-License-Identifier: Apache-2.0
#include "cli/runtime_only/parse_arguments.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <utility>

using liteforge::Result;

namespace {

bool IsPosition(const Option& option) { return !option.name.starts_with("--"); }

template <class T>
bool ReadInteger(std::string_view text, T& to) {
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, to);
  return error == std::errc() && rest == end && !text.empty();
}

bool ReadFloats(const std::string& text, std::vector<float>& to) {
  for (const char* at = text.c_str();; ++at) {
    char* rest = nullptr;
    to.push_back(std::strtof(at, &rest));
    if (rest == at) return false;
    at = rest;
    if (*at == '\0') return true;
    if (*at != ',') return false;
  }
}

// False where the text is no such value.
struct Store {
  const Option& option;
  const std::string& text;

  bool operator()(bool*) const { return false; }  // it takes none
  bool operator()(int* to) const {
    return ReadInteger(text, *to) && *to >= option.low && *to <= option.high;
  }
  bool operator()(uint64_t* to) const { return ReadInteger(text, *to); }
  bool operator()(std::string* to) const {
    *to = text;
    return true;
  }
  bool operator()(std::vector<std::string>* to) const {
    to->push_back(text);
    return true;
  }
  bool operator()(std::vector<float>* to) const {
    return ReadFloats(text, *to);
  }
};

Result<void> StoreValue(const Option& option, const std::string& text) {
  if (std::visit(Store{option, text}, option.value)) return {};
  std::string wanted = std::string(option.name) + ": '" + text + "'";
  if (std::holds_alternative<int*>(option.value)) {
    wanted += " is no number from " + std::to_string(option.low) + " to " +
              std::to_string(option.high);
  } else {
    wanted += " is not what it takes";
  }
  return liteforge::InvalidArgument(wanted);
}

class Parser {
 public:
  Parser(const Command& command, std::span<char* const> arguments)
      : command_(command), left_(arguments) {}

  Result<void> Parse() {
    while (!left_.empty()) {
      const std::string argument = Next();
      const bool named = argument.starts_with("--");
      if (auto done = named ? TakeNamed(argument) : TakePosition(argument);
          !done)
        return done;
    }
    for (const Option& option : command_.options) {
      if (IsPosition(option) && !Given(option))
        return liteforge::InvalidArgument(std::string(option.name) +
                                          " is required");
    }
    return {};
  }

 private:
  std::string Next() {
    std::string argument = left_.front();
    left_ = left_.subspan(1);
    return argument;
  }

  bool Given(const Option& option) const {
    return std::ranges::find(positions_, &option) != positions_.end();
  }

  Result<void> TakePosition(const std::string& argument) {
    for (const Option& option : command_.options) {
      if (!IsPosition(option) || Given(option)) continue;
      positions_.push_back(&option);
      return StoreValue(option, argument);
    }
    return liteforge::InvalidArgument("'" + argument + "' is not expected");
  }

  // "--name value", "--name=value", of a flag "--name" or "--no-name".
  Result<void> TakeNamed(const std::string& argument) {
    const size_t equals = argument.find('=');
    const std::string name = argument.substr(0, equals);
    for (const Option& option : command_.options) {
      bool* const* flag = std::get_if<bool*>(&option.value);
      const bool off = flag != nullptr && name.starts_with("--no-") &&
                       option.name.substr(2) == name.substr(5);
      if (option.name != name && !off) continue;
      if (flag != nullptr && equals == std::string::npos) {
        **flag = !off;
        return {};
      }
      if (equals != std::string::npos)
        return StoreValue(option, argument.substr(equals + 1));
      if (left_.empty())
        return liteforge::InvalidArgument(name + " wants a value");
      return TakeValues(option);
    }
    return liteforge::InvalidArgument("there is no option " + name);
  }

  // A list takes all up to the next name.
  Result<void> TakeValues(const Option& option) {
    const bool list =
        std::holds_alternative<std::vector<std::string>*>(option.value);
    do {
      if (auto done = StoreValue(option, Next()); !done) return done;
    } while (list && !left_.empty() &&
             !std::string_view(left_.front()).starts_with("--"));
    return {};
  }

  const Command& command_;
  std::span<char* const> left_;
  std::vector<const Option*> positions_;  // given
};

}  // namespace

Result<void> ParseArguments(const Command& command,
                            std::span<char* const> arguments) {
  return Parser(command, arguments).Parse();
}

std::string HelpOf(const Command& command) {
  std::string text = std::string(command.help) + "\nUsage: liteforge-run " +
                     std::string(command.name);
  for (const Option& option : command.options) {
    if (IsPosition(option)) text += " " + std::string(option.name);
  }
  text += " [OPTIONS]\n\n";
  for (const Option& option : command.options) {
    constexpr size_t kColumn = 28;
    std::string line = "  " + std::string(option.name);
    bool* const* flag = std::get_if<bool*>(&option.value);
    if (flag != nullptr && **flag)
      line += ", --no-" + std::string(option.name.substr(2));
    line.resize(std::max(kColumn, line.size() + 1), ' ');
    text += line + std::string(option.help) + "\n";
  }
  return text;
}
