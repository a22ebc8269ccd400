// SPDX-License-Identifier: Apache-2.0
#include "convert/self_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <random>
#include <set>
#include <thread>

#include "base/try.h"
#include "convert/estimate_work.h"
#include "convert/examples.h"
#include "emit/emit.h"
#include "liteforge/interpreter.h"
#include "quantize/whole_numbers.h"

namespace liteforge {
namespace {

constexpr uint64_t kSeed = 2718281828;

// What a machine of little power does with plain loops in half a second, and
// with vector code in two.
constexpr double kMostReferenceWork = 5e7;
constexpr double kMostWork = 2e9;
constexpr size_t kMostConstantBytes = size_t{256} << 20;
constexpr size_t kMostMemoryBytes = size_t{512} << 20;
// For loops, whose turns nobody can tell.
constexpr std::chrono::seconds kMostSeconds{10};

// Sizes for unknown dimensions; the first that the model takes are used.
constexpr DimensionGuess kGuesses[] = {{2, 8}, {1, 32}, {1, 128}, {1, 1}};

// Stops an interpreter that runs for too long.
class Deadline {
 public:
  explicit Deadline(Interpreter& interpreter)
      : thread_([this, &interpreter] {
          std::unique_lock lock(mutex_);
          if (!ended_.wait_for(lock, kMostSeconds, [&] { return is_over_; }))
            interpreter.Cancel();
        }) {}
  ~Deadline() {
    {
      const std::lock_guard lock(mutex_);
      is_over_ = true;
    }
    ended_.notify_one();
    thread_.join();
  }
  Deadline(const Deadline&) = delete;
  Deadline& operator=(const Deadline&) = delete;

 private:
  std::mutex mutex_;
  std::condition_variable ended_;
  bool is_over_ = false;
  std::thread thread_;
};

bool IsRandom(Op op) {
  return op == Op::kRandomUniform || op == Op::kRandomStandardNormal ||
         op == Op::kMultinomial || op == Op::kStablehloRngBitGenerator;
}

// Operators that answer rounding with another answer.
constexpr Op kJumpingOps[] = {
    Op::kArgMax,       Op::kArgMin,
    Op::kBucketize,    Op::kCast,
    Op::kCeil,         Op::kCustom,
    Op::kEqual,        Op::kFakeQuant,
    Op::kFloor,        Op::kFloorDiv,
    Op::kFloorMod,     Op::kGreater,
    Op::kGreaterEqual, Op::kLess,
    Op::kLessEqual,    Op::kNonMaxSuppressionV4,
    Op::kNotEqual,     Op::kNonMaxSuppressionV5,
    Op::kQuantize,     Op::kRound,
    Op::kSign,         Op::kTopKV2,
    Op::kUnique,       Op::kWhere,
};

bool Jumps(const ir::Node& node) {
  if (std::ranges::find(kJumpingOps, node.op()) == std::end(kJumpingOps))
    return false;
  const ir::Value* input = node.input(0);
  // Of a CAST, only what makes whole numbers.
  const bool rounds =
      node.op() != Op::kCast || node.output()->type != DataType::kFloat32;
  return input != nullptr && input->type == DataType::kFloat32 && rounds;
}

bool AnyJumps(const ir::Module& module) {
  return std::ranges::any_of(module.graphs, [](const auto& graph) {
    return std::ranges::any_of(graph->nodes(),
                               [](const auto& node) { return Jumps(*node); });
  });
}

bool IsWideInteger(DataType type) {
  switch (type) {
    case DataType::kInt16:
    case DataType::kUInt16:
    case DataType::kInt32:
    case DataType::kUInt32:
    case DataType::kInt64:
    case DataType::kUInt64:
      return true;
    default:
      return false;
  }
}

size_t ConstantBytes(const ir::Module& module) {
  std::set<const std::byte*> seen;
  size_t bytes = 0;
  for (const auto& graph : module.graphs) {
    for (const auto& value : graph->values()) {
      if (value->is_constant() && seen.insert(value->data().data()).second)
        bytes += value->data().size();
    }
  }
  return bytes;
}

std::vector<const ir::Value*> InputsOf(const ir::Module& module) {
  const auto first = module.graphs[0]->inputs();
  std::vector<const ir::Value*> inputs(first.begin(), first.end());
  for (const ir::Signature& signature : module.signatures) {
    for (const auto& [name, value] : signature.inputs) inputs.push_back(value);
  }
  return inputs;
}

// Why the module cannot be checked; empty when it can.
std::string Obstacle(const ir::Module& module) {
  for (const auto& graph : module.graphs) {
    for (const auto& node : graph->nodes()) {
      if (IsRandom(node->op()))
        return fmt::format("its {} gives other numbers every time",
                           Name(node->op()));
    }
  }
  for (const ir::Value* input : InputsOf(module)) {
    if (input->type == DataType::kString || input->type == DataType::kResource)
      return fmt::format("input '{}' is of type {}", input->name,
                         Name(input->type));
    if (!input->shape.has_rank())
      return fmt::format("the rank of input '{}' is unknown", input->name);
  }
  if (ConstantBytes(module) > kMostConstantBytes)
    return fmt::format("it has more than {} MB of weights",
                       kMostConstantBytes >> 20);
  if (EstimateWork(module, kGuesses[1]) > kMostWork)
    return "it would take too long";
  return "";
}

// What users know inputs by that become integers.
std::set<std::string> WholeInputsOf(const ir::Module& module) {
  std::set<std::string> names;
  for (const ir::Value* input : module.graphs[0]->inputs())
    if (BecomesIntegers(*input)) names.insert(input->name);
  for (const ir::Signature& signature : module.signatures) {
    for (const auto& [name, value] : signature.inputs)
      if (BecomesIntegers(*value)) names.insert(name);
  }
  return names;
}

// 0 or 1, which index any table.
NpyArray DrawIndices(TensorDetails input, std::mt19937_64& generator) {
  const DataType type = input.dtype;
  const auto width = static_cast<size_t>(BitWidth(type)) / 8;
  input.dtype = DataType::kBool;
  const std::vector<std::byte> coins = DrawInput(input, generator).data;
  NpyArray array{type, input.shape, {}};
  array.data.assign(coins.size() * width, std::byte{0});
  for (size_t i = 0; i < coins.size(); ++i) {
    const auto real = static_cast<float>(std::to_integer<int>(coins[i]));
    std::byte* to = &array.data[i * width];
    if (type == DataType::kFloat32)
      std::memcpy(to, &real, sizeof(real));
    else
      *to = coins[i];
  }
  return array;
}

// `positive` for models that take roots and logarithms of what they are given.
NpyArray Draw(const TensorDetails& input, bool positive,
              std::mt19937_64& generator) {
  if (IsWideInteger(input.dtype)) return DrawIndices(input, generator);
  NpyArray array = DrawInput(input, generator);
  if (positive && input.dtype == DataType::kFloat32) {
    auto* values = reinterpret_cast<float*>(array.data.data());
    for (size_t i = 0; i < array.data.size() / sizeof(float); ++i)
      values[i] = std::abs(values[i]);
  }
  return array;
}

}  // namespace

// An interpreter, run through one of its signatures.
class SelfCheck::Runner {
 public:
  static Result<Runner> Open(std::span<const std::byte> model,
                             const std::string& signature, bool reference) {
    InterpreterOptions options;
    options.reference_kernels = reference;
    options.winograd = false;  // costs more to prepare than it saves once
    options.num_threads = 0;
    options.max_memory_bytes = kMostMemoryBytes;
    TRY_ASSIGN(Interpreter interpreter, Interpreter::FromView(model, options));
    Runner runner(std::move(interpreter), signature);
    return runner;
  }

  const std::string& signature() const { return signature_; }

  std::vector<TensorDetails> Inputs() {
    if (signature_.empty()) return interpreter_.InputDetails();
    auto runner = interpreter_.Signature(signature_);
    return runner ? runner->InputDetails() : std::vector<TensorDetails>();
  }

  Result<std::vector<Output>> Run(std::span<const NpyArray> inputs) {
    const Deadline deadline(interpreter_);
    if (signature_.empty()) {
      const auto details = interpreter_.InputDetails();
      for (size_t i = 0; i < std::min(details.size(), inputs.size()); ++i)
        TRY(interpreter_.ResizeInputTensor(details[i].index, inputs[i].shape,
                                           /*strict=*/true));
      TRY(interpreter_.AllocateTensors());
      TRY(SetExample(interpreter_, inputs));
      TRY(interpreter_.Invoke());
      return OutputsOf(interpreter_.OutputDetails(), [&](const auto& details) {
        return interpreter_.GetTensor(details.index);
      });
    }
    TRY_ASSIGN(SignatureRunner runner, interpreter_.Signature(signature_));
    const auto details = runner.InputDetails();
    for (size_t i = 0; i < std::min(details.size(), inputs.size()); ++i)
      TRY(runner.ResizeInput(details[i].name, inputs[i].shape,
                             /*strict=*/true));
    TRY(runner.AllocateTensors());
    TRY(SetExample(runner, inputs));
    TRY(runner.Invoke());
    return OutputsOf(runner.OutputDetails(), [&](const auto& details) {
      return runner.Output(details.name);
    });
  }

 private:
  Runner(Interpreter interpreter, std::string signature)
      : interpreter_(std::move(interpreter)),
        signature_(std::move(signature)) {}

  template <class Read>
  static Result<std::vector<Output>> OutputsOf(
      const std::vector<TensorDetails>& tensors, const Read& read) {
    std::vector<Output> outputs;
    for (const TensorDetails& details : tensors) {
      TRY_ASSIGN(const auto data, read(details));
      outputs.push_back({details.name, details.dtype,
                         RealValues(details.dtype, details.quantization,
                                    details.shape, data)});
    }
    return outputs;
  }

  Interpreter interpreter_;
  std::string signature_;
};

//---------------------------------------------------------------------- source

Result<SelfCheck::Example> SelfCheck::RunExample(Runner& runner) const {
  const auto has_nan = [](const Output& output) {
    return std::ranges::any_of(output.values,
                               [](float v) { return std::isnan(v); });
  };
  const std::vector<TensorDetails> inputs = runner.Inputs();
  Result<Example> example = InvalidArgument("it takes no input");
  for (const DimensionGuess& guess : kGuesses) {
    for (const bool positive : {false, true}) {
      std::mt19937_64 generator(kSeed);
      Example next{runner.signature(), {}, {}};
      for (TensorDetails input : inputs) {
        input.shape = Guessed(input.shape_signature, guess);
        next.inputs.push_back(whole_.contains(input.name)
                                  ? DrawIndices(input, generator)
                                  : Draw(input, positive, generator));
      }
      auto outputs = runner.Run(next.inputs);
      if (!outputs) {
        example = tl::unexpected(std::move(outputs.error()));
        break;
      }
      next.outputs = *std::move(outputs);
      const bool is_sound = std::ranges::none_of(next.outputs, has_nan);
      if (is_sound || !positive) example = std::move(next);
      if (is_sound) break;
    }
    if (example || example.error().code == ErrorCode::kCancelled) break;
  }
  return example;
}

void SelfCheck::RunSource(ir::Module& source) {
  skipped_ = Obstacle(source);
  if (!skipped_.empty()) return;
  jumps_ = AnyJumps(source);
  whole_ = WholeInputsOf(source);
  reference_kernels_ = EstimateWork(source, kGuesses[0]) <= kMostReferenceWork;
  const auto run = [&]() -> Result<void> {
    TRY_ASSIGN(const auto bytes, EmitAndShare(source));
    std::vector<std::string> keys;
    for (const ir::Signature& signature : source.signatures)
      keys.push_back(signature.key);
    if (keys.empty()) keys.emplace_back();
    for (const std::string& key : keys) {
      TRY_ASSIGN(Runner runner, Runner::Open(*bytes, key, reference_kernels_));
      TRY_ASSIGN(Example example, RunExample(runner));
      examples_.push_back(std::move(example));
    }
    return {};
  };
  if (auto done = run(); !done)
    skipped_ =
        "the source does not run on drawn inputs: " + done.error().ToString();
}

//-------------------------------------------------------------------- compared

Result<void> SelfCheck::CompareOutput(const Output& source, const Output& model,
                                      bool must_agree, CheckReport& report) {
  if (source.values.size() != model.values.size())
    return Fail(
        ErrorCode::kInternal,
        fmt::format("output '{}' has {} values, that of the source {}",
                    source.name, model.values.size(), source.values.size()));
  double difference = 0, magnitude = 0;
  for (size_t i = 0; i < source.values.size(); ++i) {
    const float a = source.values[i], b = model.values[i];
    if (!std::isfinite(a)) report.not_finite = source.name;
    if (a == b || (std::isnan(a) && std::isnan(b))) {
      if (std::isfinite(a))
        magnitude = std::max(magnitude, std::abs(static_cast<double>(a)));
      continue;
    }
    const double apart =
        std::abs(static_cast<double>(a) - static_cast<double>(b));
    difference = std::isnan(apart) ? INFINITY : std::max(difference, apart);
    if (std::isfinite(a))
      magnitude = std::max(magnitude, std::abs(static_cast<double>(a)));
  }
  if (report.output.empty() ||
      difference * report.magnitude > report.difference * magnitude) {
    report.output = source.name;
    report.difference = difference;
    report.magnitude = magnitude;
  }
  if (!must_agree || difference <= std::max(kBound * magnitude, kLeast))
    return {};
  return Fail(
      ErrorCode::kInternal,
      fmt::format("output '{}' differs from its source by {:.3g}, and reaches "
                  "{:.3g}; this is a mistake of liteforge: please report it, "
                  "--no-check writes the model all the same",
                  source.name, difference, magnitude));
}

Result<CheckReport> SelfCheck::Compare(std::span<const std::byte> model,
                                       bool must_agree) const {
  CheckReport report;
  report.skipped = skipped_;
  if (!skipped_.empty()) return report;
  for (const Example& example : examples_) {
    const auto run = [&]() -> Result<void> {
      TRY_ASSIGN(Runner runner, Runner::Open(model, example.signature, false));
      TRY_ASSIGN(const auto outputs, runner.Run(example.inputs));
      if (outputs.size() != example.outputs.size())
        return Fail(ErrorCode::kInternal, "the number of outputs has changed");
      for (size_t i = 0; i < outputs.size(); ++i)
        TRY(CompareOutput(example.outputs[i], outputs[i], must_agree && !jumps_,
                          report));
      return {};
    };
    auto done = run();
    if (!done && done.error().code == ErrorCode::kCancelled) {
      report.skipped = "it takes too long";
      return report;
    }
    TRY_IN("self check", std::move(done));
  }
  return report;
}

}  // namespace liteforge
