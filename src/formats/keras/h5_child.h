// SPDX-License-Identifier: Apache-2.0
// The part of the HDF5 reader that runs in the forked child: the only code
// that calls libhdf5.
#pragma once

#include <cstdint>

namespace liteforge {

struct H5ChildJob {
  const char* path = nullptr;
  uint64_t file_bytes = 0;
  int index_fd = -1;    // a pipe: the records of h5_index.h go here
  int shared_fd = -1;   // a memory file: elements that had to be converted
  int64_t seconds = 0;  // of CPU time, after which the kernel ends the child
};

// How a child ends that could tell nothing more.
inline constexpr int kH5ChildOutOfMemory = 3;

// Limits the process it runs in, reads the file, tells the parent and exits.
// Neither exit handlers nor buffers inherited from the parent are run or
// flushed. Call only in a freshly forked child.
[[noreturn]] void RunH5Child(const H5ChildJob& job);

}  // namespace liteforge
