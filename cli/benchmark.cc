// SPDX-License-Identifier: Apache-2.0
// liteforge benchmark MODEL [--threads N] [--runs N] [--warmup N]
//                           [--signature KEY] [--seed N] [--no-winograd]
//                           [--profile] [--json]
#include <fmt/core.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "cli/model_run.h"
#include "cli/verb.h"
#include "liteforge/machine.h"

namespace {

using Clock = std::chrono::steady_clock;
using liteforge::DataType;
using liteforge::MachinePeak;
using liteforge::ProfileEntry;
using liteforge::Result;

struct Arguments {
  std::string model;
  std::string signature;
  int threads = 0;
  int runs = 50;
  int warmup = 3;
  uint64_t seed = 1;
  bool winograd = true;
  bool profile = false;
  bool json = false;
};

struct Measured {
  double load_us = 0;  // opening, verifying, allocating
  double first_invoke_us = 0;
  std::vector<double> runs_us;  // sorted
  size_t arena_bytes = 0;
  size_t arena_lower_bound_bytes = 0;
  int64_t peak_rss_bytes = 0;
  std::vector<ProfileEntry> profile;  // of the measured runs
  MachinePeak peak;                   // where there is a profile
};

double MicrosecondsSince(Clock::time_point start) {
  return std::chrono::duration<double, std::micro>(Clock::now() - start)
      .count();
}

Result<double> TimedInvoke(ModelRun& run) {
  const Clock::time_point start = Clock::now();
  if (auto done = run.Invoke(); !done)
    return tl::unexpected(std::move(done).error());
  return MicrosecondsSince(start);
}

int64_t PeakRssBytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return int64_t{usage.ru_maxrss} * 1024;  // Linux counts kilobytes
}

// The value that a fraction of the sorted ones does not exceed: the nearest
// rank, ceil(fraction * n). The median of an even number is the mean of two.
double Percentile(const std::vector<double>& sorted, double fraction) {
  const auto n = static_cast<double>(sorted.size());
  const auto rank = static_cast<size_t>(std::ceil(fraction * n));
  return sorted[std::clamp<size_t>(rank, 1, sorted.size()) - 1];
}

double Median(const std::vector<double>& sorted) {
  const size_t half = sorted.size() / 2;
  return sorted.size() % 2 == 1 ? sorted[half]
                                : (sorted[half - 1] + sorted[half]) / 2;
}

double Mean(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) /
         static_cast<double>(values.size());
}

Result<void> MeasureRuns(ModelRun& run, const Arguments& arguments,
                         Measured& measured) {
  auto first = TimedInvoke(run);
  if (!first) return tl::unexpected(std::move(first).error());
  measured.first_invoke_us = *first;
  for (int i = 0; i < arguments.warmup; ++i) {
    if (auto done = run.Invoke(); !done) return done;
  }
  run.interpreter().ResetProfile();
  for (int i = 0; i < arguments.runs; ++i) {
    auto elapsed = TimedInvoke(run);
    if (!elapsed) return tl::unexpected(std::move(elapsed).error());
    measured.runs_us.push_back(*elapsed);
  }
  std::ranges::sort(measured.runs_us);
  return {};
}

Result<Measured> Measure(const Arguments& arguments) {
  Measured measured;
  if (arguments.profile)
    measured.peak = liteforge::MeasureMachinePeak(arguments.threads);
  const Clock::time_point start = Clock::now();
  auto run = ModelRun::Open(arguments.model,
                            {.num_threads = arguments.threads,
                             .winograd = arguments.winograd,
                             .profile = arguments.profile},
                            arguments.signature);
  if (!run) return tl::unexpected(std::move(run).error());
  if (auto done = run->Allocate(); !done)
    return tl::unexpected(std::move(done).error());
  measured.load_us = MicrosecondsSince(start);
  std::mt19937_64 generator(arguments.seed);
  if (auto done = run->SetInputs({}, generator); !done)
    return tl::unexpected(std::move(done).error());
  if (auto done = MeasureRuns(*run, arguments, measured); !done)
    return tl::unexpected(std::move(done).error());
  measured.arena_bytes = run->ArenaBytes();
  measured.arena_lower_bound_bytes = run->ArenaLowerBound();
  measured.peak_rss_bytes = PeakRssBytes();
  measured.profile = run->interpreter().Profile();
  return measured;
}

double MicrosecondsPerRun(const ProfileEntry& entry, size_t runs) {
  return static_cast<double>(entry.nanoseconds) / 1000 /
         static_cast<double>(runs);
}

// What an operator achieves: operations where it is a matter of multiplying,
// else bytes, in 10^9 a second, and its share of the machine's peak.
struct Achieved {
  double rate = 0;
  const char* unit = "";
  double share = 0;
};

// A product of matrices that reads each weight once is as fast as memory.
Achieved AchievedBy(const ProfileEntry& entry, const MachinePeak& peak) {
  if (entry.calls == 0 || entry.nanoseconds == 0) return {};
  const double ns =
      static_cast<double>(entry.nanoseconds) / static_cast<double>(entry.calls);
  const double bytes = static_cast<double>(entry.bytes) / ns;
  const double operations = static_cast<double>(entry.operations) / ns;
  const double most =
      entry.type == DataType::kFloat32 ? peak.float_gflops : peak.byte_gops;
  const Achieved memory{bytes, "GB/s", bytes / peak.read_gb_per_s};
  const Achieved compute{operations, "GOP/s", operations / most};
  return entry.operations == 0 || memory.share > compute.share ? memory
                                                               : compute;
}

void PrintJson(const Measured& measured) {
  nlohmann::ordered_json json;
  json["median_us"] = Median(measured.runs_us);
  json["min_us"] = measured.runs_us.front();
  json["max_us"] = measured.runs_us.back();
  json["mean_us"] = Mean(measured.runs_us);
  json["p90_us"] = Percentile(measured.runs_us, 0.9);
  json["p95_us"] = Percentile(measured.runs_us, 0.95);
  json["p99_us"] = Percentile(measured.runs_us, 0.99);
  json["runs"] = measured.runs_us.size();
  json["load_us"] = measured.load_us;
  json["first_invoke_us"] = measured.first_invoke_us;
  json["arena_bytes"] = measured.arena_bytes;
  json["arena_lower_bound_bytes"] = measured.arena_lower_bound_bytes;
  json["peak_rss_bytes"] = measured.peak_rss_bytes;
  for (const ProfileEntry& entry : measured.profile) {
    nlohmann::ordered_json row;
    row["subgraph"] = entry.subgraph;
    row["node"] = entry.node;
    row["op"] = entry.op;
    row["name"] = entry.name;
    row["calls"] = entry.calls;
    row["us_per_run"] = MicrosecondsPerRun(entry, measured.runs_us.size());
    row["operations"] = entry.operations;
    row["bytes"] = entry.bytes;
    row["share_of_peak"] = AchievedBy(entry, measured.peak).share;
    json["profile"].push_back(row);
  }
  if (!measured.profile.empty()) {
    json["peak_float_gflops"] = measured.peak.float_gflops;
    json["peak_byte_gops"] = measured.peak.byte_gops;
    json["peak_read_gb_per_s"] = measured.peak.read_gb_per_s;
  }
  // A name of the model may be any bytes.
  fmt::print("{}\n", json.dump(2, ' ', false,
                               nlohmann::json::error_handler_t::replace));
}

void PrintProfile(const Measured& measured) {
  double total = 0;
  for (const ProfileEntry& entry : measured.profile)
    total += MicrosecondsPerRun(entry, measured.runs_us.size());
  fmt::print(
      "the machine's peak: {:.1f} GFLOP/s, {:.1f} GOP/s of 8 bits, reading "
      "{:.1f} GB/s\n",
      measured.peak.float_gflops, measured.peak.byte_gops,
      measured.peak.read_gb_per_s);
  fmt::print("\n{:>12} {:>6} {:>14} {:>8}  {:<24} {}\n", "us per run", "share",
             "achieved", "of peak", "operator", "output");
  for (const ProfileEntry& entry : measured.profile) {
    if (entry.calls == 0) continue;  // constant, or part of another operator
    const double us = MicrosecondsPerRun(entry, measured.runs_us.size());
    const Achieved achieved = AchievedBy(entry, measured.peak);
    fmt::print("{:>12.1f} {:>5.1f}% {:>8.1f} {:<5} {:>7.0f}%  {:<24} {}\n", us,
               total > 0 ? 100 * us / total : 0.0, achieved.rate, achieved.unit,
               100 * achieved.share, entry.op, entry.name);
  }
}

void PrintText(const Measured& measured) {
  fmt::print(
      "{} runs: median {:.1f} us, min {:.1f}, mean {:.1f}, p90 {:.1f}, "
      "p99 {:.1f}, max {:.1f}\n",
      measured.runs_us.size(), Median(measured.runs_us),
      measured.runs_us.front(), Mean(measured.runs_us),
      Percentile(measured.runs_us, 0.9), Percentile(measured.runs_us, 0.99),
      measured.runs_us.back());
  fmt::print("load {:.1f} us, first run {:.1f} us\n", measured.load_us,
             measured.first_invoke_us);
  fmt::print(
      "arena {} bytes (no plan can take less than {}), peak memory of "
      "the process {} bytes\n",
      WithThousands(static_cast<int64_t>(measured.arena_bytes)),
      WithThousands(static_cast<int64_t>(measured.arena_lower_bound_bytes)),
      WithThousands(measured.peak_rss_bytes));
  if (!measured.profile.empty()) PrintProfile(measured);
}

// Errors of the interpreter after loading do not know the file's name.
Result<void> Benchmark(const Arguments& arguments) {
  auto measured = Measure(arguments);
  if (measured) {
    arguments.json ? PrintJson(*measured) : PrintText(*measured);
    return {};
  }
  if (measured.error().ToString().starts_with(arguments.model))
    return tl::unexpected(std::move(measured).error());
  return tl::unexpected(std::move(measured.error()).In(arguments.model));
}

}  // namespace

void AddBenchmark(CLI::App& app, Result<void>& outcome) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* verb = app.add_subcommand(
      "benchmark", "Measure how fast a .tflite model runs and what it takes");
  verb->add_option("MODEL", arguments->model, "The .tflite file")->required();
  verb->add_option("--threads", arguments->threads,
                   "Threads to compute with; 0: one per core")
      ->check(CLI::Range(0, 1024));
  verb->add_option("--runs", arguments->runs, "Runs to measure")
      ->check(CLI::Range(1, 10'000'000));
  verb->add_option("--warmup", arguments->warmup, "Runs before those")
      ->check(CLI::Range(0, 10'000'000));
  verb->add_option("--signature", arguments->signature,
                   "Run this signature instead of the model's main graph");
  verb->add_option("--seed", arguments->seed, "Seed of the random inputs");
  verb->add_flag("--winograd,!--no-winograd", arguments->winograd,
                 "Compute 3x3 convolutions by Winograd's products");
  verb->add_flag(
      "--profile", arguments->profile,
      "Show each operator's share, and how near it comes to what the "
      "machine can do");
  verb->add_flag("--json", arguments->json, "Print JSON");
  verb->callback([arguments, &outcome] { outcome = Benchmark(*arguments); });
}
