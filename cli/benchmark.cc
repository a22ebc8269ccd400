// SPDX-License-Identifier: Apache-2.0
// liteforge benchmark MODEL [--threads N] [--runs N] [--warmup N]
//                           [--signature KEY] [--seed N] [--no-winograd]
//                           [--weight-cache FILE] [--profile] [--json]
#include <fmt/core.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <memory>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "cli/command.h"
#include "cli/json_text.h"
#include "cli/model_run.h"
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
  std::string weight_cache;
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
                             .profile = arguments.profile,
                             .weight_cache = arguments.weight_cache},
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

void WriteEntry(const ProfileEntry& entry, const Measured& measured,
                JsonText& json) {
  json.BeginObject();
  json.Key("subgraph").Value(entry.subgraph);
  json.Key("node").Value(entry.node);
  json.Key("op").Value(entry.op);
  json.Key("name").Value(entry.name);
  json.Key("calls").Value(entry.calls);
  json.Key("us_per_run")
      .Value(MicrosecondsPerRun(entry, measured.runs_us.size()));
  json.Key("operations").Value(entry.operations);
  json.Key("bytes").Value(entry.bytes);
  json.Key("share_of_peak").Value(AchievedBy(entry, measured.peak).share);
  json.End();
}

void PrintJson(const Measured& measured) {
  JsonText json;
  json.BeginObject();
  json.Key("median_us").Value(Median(measured.runs_us));
  json.Key("min_us").Value(measured.runs_us.front());
  json.Key("max_us").Value(measured.runs_us.back());
  json.Key("mean_us").Value(Mean(measured.runs_us));
  json.Key("p90_us").Value(Percentile(measured.runs_us, 0.9));
  json.Key("p95_us").Value(Percentile(measured.runs_us, 0.95));
  json.Key("p99_us").Value(Percentile(measured.runs_us, 0.99));
  json.Key("runs").Value(measured.runs_us.size());
  json.Key("load_us").Value(measured.load_us);
  json.Key("first_invoke_us").Value(measured.first_invoke_us);
  json.Key("arena_bytes").Value(measured.arena_bytes);
  json.Key("arena_lower_bound_bytes").Value(measured.arena_lower_bound_bytes);
  json.Key("peak_rss_bytes").Value(measured.peak_rss_bytes);
  if (!measured.profile.empty()) {
    json.Key("profile").BeginArray();
    for (const ProfileEntry& entry : measured.profile)
      WriteEntry(entry, measured, json);
    json.End();
    json.Key("peak_float_gflops").Value(measured.peak.float_gflops);
    json.Key("peak_byte_gops").Value(measured.peak.byte_gops);
    json.Key("peak_read_gb_per_s").Value(measured.peak.read_gb_per_s);
  }
  fmt::print("{}\n", json.End().text());
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

Command BenchmarkCommand() {
  auto a = std::make_shared<Arguments>();
  constexpr int kMostRuns = 10'000'000;
  return {
      "benchmark",
      "Measure how fast a .tflite model runs and what it takes",
      {{"MODEL", &a->model, "The .tflite file"},
       {"--threads", &a->threads, "Threads to compute with; 0: one per core", 0,
        1024},
       {"--runs", &a->runs, "Runs to measure", 1, kMostRuns},
       {"--warmup", &a->warmup, "Runs before those", 0, kMostRuns},
       {"--signature", &a->signature,
        "Run this signature instead of the model's main graph"},
       {"--seed", &a->seed, "Seed of the random inputs"},
       {"--winograd", &a->winograd,
        "Compute 3x3 convolutions by Winograd's products"},
       {"--profile", &a->profile,
        "Show each operator's share, and how near it comes to what the machine "
        "can do"},
       {"--weight-cache", &a->weight_cache,
        "Map this file's weights instead of laying them out again; make it "
        "where it does not fit"},
       {"--json", &a->json, "Print JSON"}},
      [a] { return Benchmark(*a); }};
}
