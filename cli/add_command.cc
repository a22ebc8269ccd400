// SPDX-License-Identifier: Apache-2.0
// A Command as a subcommand of CLI11.
#include "cli/verb.h"

namespace {

// The option for each kind of value.
struct AddOption {
  CLI::App& verb;
  const Option& option;
  std::string name, help;

  void operator()(bool* value) const {
    const std::string off = ",!--no-" + name.substr(2);
    verb.add_flag(*value ? name + off : name, *value, help);
  }
  void operator()(int* value) const {
    verb.add_option(name, *value, help)
        ->check(CLI::Range(option.low, option.high));
  }
  void operator()(std::vector<std::string>* value) const {
    verb.add_option(name, *value, help)->take_all();
  }
  void operator()(std::vector<float>* value) const {
    verb.add_option(name, *value, help)->delimiter(',');
  }
  template <class T>
  void operator()(T* value) const {
    verb.add_option(name, *value, help)->required(!name.starts_with("--"));
  }
};

}  // namespace

void AddCommand(CLI::App& app, Command command,
                liteforge::Result<void>& outcome) {
  CLI::App* verb =
      app.add_subcommand(std::string(command.name), std::string(command.help));
  for (const Option& option : command.options) {
    std::visit(AddOption{*verb, option, std::string(option.name),
                         std::string(option.help)},
               option.value);
  }
  verb->callback([run = std::move(command.run), &outcome] { outcome = run(); });
}
