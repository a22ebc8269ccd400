// SPDX-License-Identifier: Apache-2.0
// Measuring what a conversion did.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "convert/optimize.h"
#include "ir/graph.h"
#include "liteforge/report.h"

namespace liteforge {

struct Conversion {
  std::string source;
  std::span<const std::byte>
      before;                        // .tflite in float32; empty: not optimized
  std::span<const std::byte> after;  // .tflite as it is written
  const ir::Module* module = nullptr;  // `after`, as operators
  const Optimized* optimized = nullptr;
  bool is_for_zip = false;  // its zipped size is among the totals
  RepresentativeDataset examples;  // none: random ones
};

// A model that does not run here is reported without numbers and times. Errors:
// those of EvaluateModel and of the examples.
Result<Report> MakeReport(const Conversion& conversion,
                          const ReportOptions& options);

}  // namespace liteforge
