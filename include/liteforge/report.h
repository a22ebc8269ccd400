// SPDX-License-Identifier: Apache-2.0
// What a conversion did to a model: to its size, its numbers, its speed and
// how often it is right. Each pair is before and after: float32 as the source
// has it, and what was written.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "liteforge/compare.h"
#include "liteforge/evaluate.h"
#include "liteforge/result.h"
#include "liteforge/types.h"

namespace liteforge {

struct ReportOptions {
  // A data set for EvaluateModel; empty: how often the models are right is not
  // measured.
  std::filesystem::path evaluate_data;
  EvaluateOptions evaluate;
  // The models run on this many of the representative examples, or on random
  // ones.
  int examples = 16;
  // Also layers, weights and ranges; else the totals alone.
  bool details = true;
};

// A part of the file: "int8 constants", "operators, tensors and names".
struct SizeReport {
  std::string kind;
  int64_t bytes[2] = {0, 0};
};

// One constant of the model.
struct ConstantReport {
  std::string name;
  Shape shape;
  std::string dtype[2];  // "" where it is not there
  int64_t bytes[2] = {0, 0};
  int64_t elements = 0;
  int64_t zeros = 0;     // afterwards
  int64_t distinct = 0;  // different values afterwards; -1: above 256
  bool sparse = false;   // stored without its zeros
  // Of the values after against those before, as Difference has it; infinite
  // for equal ones, NaN where there are not both.
  double sqnr_db = 0;
  Quantization quantization;  // afterwards
};

// What was seen of one tensor, and what numbers it has now.
struct RangeReport {
  std::string name;
  std::string dtype;
  int64_t examples = 0;
  double seen[2] = {0, 0};   // the least and the greatest value
  double holds[2] = {0, 0};  // what the type, scale and zero point can hold
  double scale = 0;
  int64_t zero_point = 0;
};

// An operator that stays in float32.
struct FloatOperatorReport {
  std::string op;
  std::string name;  // of its first output
  std::string reason;
};

struct Report {
  std::string source;
  std::string mode;  // "int8 weights and activations", …
  std::vector<std::string> notices;
  bool optimized = false;  // else there is nothing before
  int64_t bytes[2] = {0, 0};
  // By deflate; 0: not measured. Without details that is done of pruned and
  // clustered models, which shrink by it.
  int64_t zipped[2] = {0, 0};
  std::vector<SizeReport> sizes;
  std::vector<ConstantReport> constants;  // the largest first
  std::vector<RangeReport> ranges;        // in the order of their names
  std::vector<FloatOperatorReport> left_float;
  // Of models that are not optimized only the times.
  Comparison comparison;
  std::string not_compared;  // why there is none; the model cannot run here
  std::optional<Evaluation> evaluation[2];
};

// Two or three lines for people.
std::string Summary(const Report& report);

// As `liteforge convert --report FILE` writes it: the same facts as a page that
// needs nothing but itself, and as JSON.
std::string ToHtml(const Report& report);
std::string ToJson(const Report& report);

// Writes a file, the whole of it or nothing. Errors: kIo.
Result<void> WriteText(const std::filesystem::path& path,
                       std::string_view text);

}  // namespace liteforge
