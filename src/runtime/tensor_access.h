// SPDX-License-Identifier: Apache-2.0
// A subgraph as callers of the API see it: everything they say is checked and
// answered in full sentences; the work is Subgraph's.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "formats/tflite/model_reader.h"
#include "liteforge/interpreter.h"
#include "liteforge/result.h"
#include "runtime/run_control.h"
#include "runtime/subgraph.h"

namespace liteforge {

// How a caller names a tensor: by its index, and in messages by the name that
// a signature gives it or, where `name` is empty, by its own.
struct TensorRef {
  int index = 0;
  std::string_view name = {};
};

class TensorAccess {
 public:
  // All three must outlive this.
  TensorAccess(const TfliteModel& file, Subgraph& graph, RunControl& control)
      : file_(file), graph_(graph), control_(control) {}

  Subgraph& graph() { return graph_; }
  const GraphSpec& spec() const { return graph_.spec(); }

  // Whether there is such a tensor; the next one takes that for granted.
  Result<void> CheckIndex(TensorRef tensor) const;
  TensorDetails Details(TensorRef tensor) const;

  // What SetTensor, SetStrings, GetTensor and ResizeInputTensor promise.
  Result<void> Set(TensorRef tensor, DataType dtype, const Shape& shape,
                   std::span<const std::byte> data);
  Result<void> SetFlat(TensorRef tensor, DataType dtype, size_t elements,
                       std::span<const std::byte> data);
  Result<void> SetStrings(TensorRef tensor,
                          std::span<const std::string> values);
  Result<std::span<const std::byte>> Get(TensorRef tensor) const;
  Result<std::span<const std::byte>> GetTyped(TensorRef tensor,
                                              DataType dtype) const;
  Result<std::vector<std::string>> Strings(TensorRef tensor) const;
  Result<void> Resize(TensorRef tensor, const Shape& shape, bool strict);

  Result<void> Invoke();

 private:
  const RuntimeTensor& At(TensorRef tensor) const {
    return graph_.tensor(tensor.index);
  }
  const ModelTensor& SpecOf(TensorRef tensor) const {
    return spec().tensors[static_cast<size_t>(tensor.index)];
  }
  bool IsInput(TensorRef tensor) const;
  std::string Describe(TensorRef tensor) const;
  Error Mismatch(TensorRef tensor, const std::string& got) const;
  Result<void> CheckWritable(TensorRef tensor) const;
  Result<void> CheckStrict(TensorRef tensor, const Shape& shape) const;
  Result<void> CopyIn(TensorRef tensor, std::span<const std::byte> data);

  const TfliteModel& file_;
  Subgraph& graph_;
  RunControl& control_;
};

}  // namespace liteforge
