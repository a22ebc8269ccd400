// SPDX-License-Identifier: Apache-2.0
#include "convert/time_models.h"

#include <algorithm>
#include <chrono>
#include <map>

#include "base/try.h"
#include "convert/examples.h"
#include "liteforge/interpreter.h"

namespace liteforge {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kLeastRounds = 3;
constexpr int kMostRounds = 1000;
constexpr auto kEnough = std::chrono::milliseconds(500);

class Timed {
 public:
  static Result<Timed> Open(const NamedModel& model, bool operators) {
    InterpreterOptions options;
    options.profile = operators;
    auto opened = Interpreter::FromBuffer(model.bytes, options);
    if (!opened)
      return tl::unexpected(std::move(opened.error()).In(model.name));
    TRY_IN(model.name, opened->AllocateTensors());
    return Timed(*std::move(opened));
  }

  Result<void> Run(std::span<const NpyArray> example) {
    TRY(SetExample(interpreter_, example));
    const auto start = Clock::now();
    TRY(interpreter_.Invoke());
    us_.push_back(
        std::chrono::duration<double, std::micro>(Clock::now() - start)
            .count());
    interpreter_.ResetVariableTensors();
    return {};
  }

  void Forget() {
    us_.clear();
    interpreter_.ResetProfile();
  }

  double Median() {
    const auto middle = us_.begin() + static_cast<ptrdiff_t>(us_.size() / 2);
    std::nth_element(us_.begin(), middle, us_.end());
    return *middle;
  }

  // Adds them as `side` to the operators of that name, which the other model
  // may have as well.
  void AddOperators(int side, std::vector<OperatorTime>& operators) const {
    std::map<std::string, size_t> known;
    for (size_t i = 0; i < operators.size(); ++i)
      known.emplace(operators[i].name, i);
    for (const ProfileEntry& entry : interpreter_.Profile()) {
      if (entry.calls == 0) continue;
      const auto [at, is_new] = known.emplace(entry.name, operators.size());
      if (is_new) operators.push_back({entry.op, entry.name});
      OperatorTime& row = operators[at->second];
      row.op = entry.op;
      row.us[side] += static_cast<double>(entry.nanoseconds) / 1000 /
                      static_cast<double>(us_.size());
    }
  }

 private:
  explicit Timed(Interpreter interpreter)
      : interpreter_(std::move(interpreter)) {}

  Interpreter interpreter_;
  std::vector<double> us_;
};

}  // namespace

Result<Times> TimeInTurns(std::span<const NamedModel> models,
                          std::span<const std::vector<NpyArray>> examples,
                          bool operators) {
  std::vector<Timed> timed;
  for (const NamedModel& model : models) {
    TRY_ASSIGN(Timed opened, Timed::Open(model, operators));
    TRY_IN(model.name, opened.Run(examples[0]));
    opened.Forget();
    timed.push_back(std::move(opened));
  }
  const auto start = Clock::now();
  for (int round = 0; round < kMostRounds; ++round) {
    if (round >= kLeastRounds && Clock::now() - start > kEnough) break;
    const auto& example =
        examples[static_cast<size_t>(round) % examples.size()];
    for (Timed& model : timed) TRY(model.Run(example));
  }
  Times times;
  for (size_t i = 0; i < timed.size(); ++i) {
    const size_t side = timed.size() == 1 ? 1 : i;
    times.median_us[side] = timed[i].Median();
    if (operators)
      timed[i].AddOperators(static_cast<int>(side), times.operators);
  }
  return times;
}

}  // namespace liteforge
