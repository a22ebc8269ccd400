// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace liteforge {

// What the machine can do at most, measured in a few hundredths of a second.
struct MachinePeak {
  // Multiplications and additions of 32-bit floats, and of 8-bit integers as
  // the kernels multiply them, in 10^9 a second.
  double float_gflops = 0;
  double byte_gops = 0;
  // Reading memory that no cache holds, in 10^9 bytes a second.
  double read_gb_per_s = 0;
};

// Of that many threads together (below 1: one per core). Allocates 64 MB for a
// moment.
MachinePeak MeasureMachinePeak(int threads);

}  // namespace liteforge
