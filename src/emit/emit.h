// SPDX-License-Identifier: Apache-2.0
// ir::Module -> bytes of a .tflite.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "ir/graph.h"
#include "liteforge/result.h"

namespace liteforge {

struct EmitOptions {
  // Constants of many zeros are stored without these where the operators that
  // read them take it: sparse_constants.h.
  bool sparse = false;
};

// The finished file: constants 16-byte aligned and equal ones stored once,
// the lowest operator versions that express the model, min_runtime_version
// metadata, signatures. The same module gives the same bytes. Unknown
// dimensions become 1 in `shape` and -1 in `shape_signature`. Graph inputs
// that are variables are no inputs of the subgraph. Values that nothing names
// are left out. Errors: kUnsupported for a file over 2 GB or a variable that
// does not begin as zero; kInternal for a module that makes no sound file.
Result<std::vector<std::byte>> Emit(const ir::Module& module,
                                    const EmitOptions& options = {});

// The same; large constants of the module are in the file from then on, so that
// weights are in memory once.
Result<std::shared_ptr<const std::vector<std::byte>>> EmitAndShare(
    ir::Module& module);

}  // namespace liteforge
