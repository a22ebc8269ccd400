// SPDX-License-Identifier: Apache-2.0
// Operators and the order they stand in: one pass per subgraph that notes for
// every tensor who gives it its value.
#include <fmt/format.h>

#include <string>
#include <vector>

#include "base/try.h"
#include "formats/tflite/model_reader.h"
#include "formats/tflite/verify.h"

namespace liteforge {
namespace {

constexpr int32_t kOmitted = -1;

// Where a tensor's value comes from, so far.
enum class Source : uint8_t {
  kNobody,
  kInput,
  kConstant,
  kVariable,
  kOperator
};

std::string_view Describe(Source source) {
  constexpr std::string_view kWords[] = {"nobody writes", "is a subgraph input",
                                         "is a constant", "is a variable",
                                         "another operator writes"};
  return kWords[static_cast<size_t>(source)];
}

class SubgraphCheck {
 public:
  SubgraphCheck(const FileView& file, const tflite::SubGraph& subgraph)
      : file_(file),
        subgraph_(subgraph),
        tensor_count_(Count(subgraph.tensors())),
        sources_(tensor_count_, Source::kNobody) {}

  Result<void> Run() {
    if (subgraph_.tensors() == nullptr) return InvalidModel("has no tensors");
    NoteConstants();
    TRY(CheckInputs());
    for (uint32_t i = 0; i < Count(subgraph_.operators()); ++i) {
      const tflite::Operator& op = *subgraph_.operators()->Get(i);
      auto checked = CheckOperator(op);
      if (!checked) {
        return tl::unexpected(
            std::move(checked.error()).In(OperatorPlace(file_, i, op)));
      }
    }
    return CheckOutputs();
  }

 private:
  const tflite::Tensor& tensor(int32_t index) const {
    return *subgraph_.tensors()->Get(static_cast<uint32_t>(index));
  }
  Source& source(int32_t index) { return sources_[static_cast<size_t>(index)]; }

  void NoteConstants() {
    for (uint32_t i = 0; i < tensor_count_; ++i) {
      const tflite::Tensor& tensor = *subgraph_.tensors()->Get(i);
      if (FindTensorData(file_, tensor).has_value()) {
        sources_[i] = Source::kConstant;
      } else if (tensor.is_variable()) {
        sources_[i] = Source::kVariable;
      }
    }
  }

  Result<void> CheckInputs() {
    const auto inputs = Elements(subgraph_.inputs());
    for (size_t i = 0; i < inputs.size(); ++i) {
      TRY_IN(fmt::format("input {}", i),
             CheckIndex(inputs[i], tensor_count_, "tensor"));
      if (source(inputs[i]) == Source::kNobody) {
        source(inputs[i]) = Source::kInput;
      }
    }
    return {};
  }

  Result<void> CheckOutputs() {
    const auto outputs = Elements(subgraph_.outputs());
    for (size_t i = 0; i < outputs.size(); ++i) {
      TRY_IN(fmt::format("output {}", i), CheckRead(outputs[i]));
    }
    return {};
  }

  Result<void> CheckOperator(const tflite::Operator& op) {
    TRY(CheckIndex(op.opcode_index(), Count(file_.model.operator_codes()),
                   "operator code"));
    TRY(CheckLargeOptions(op));
    const auto inputs = Elements(op.inputs());
    for (size_t i = 0; i < inputs.size(); ++i) {
      if (inputs[i] == kOmitted) continue;
      TRY_IN(fmt::format("input {}", i), CheckRead(inputs[i]));
    }
    for (int32_t index : Elements(op.intermediates())) {
      TRY_IN("intermediates", CheckIndex(index, tensor_count_, "tensor"));
    }
    const auto outputs = Elements(op.outputs());
    for (size_t i = 0; i < outputs.size(); ++i) {
      TRY_IN(fmt::format("output {}", i), CheckWrite(outputs[i]));
    }
    return {};
  }

  // Custom options behind the FlatBuffer.
  Result<void> CheckLargeOptions(const tflite::Operator& op) const {
    const uint64_t offset = op.large_custom_options_offset();
    const uint64_t size = op.large_custom_options_size();
    const uint64_t all = file_.bytes.size();
    if (offset <= 1 || (size <= all && offset <= all - size)) return {};
    return InvalidModel(fmt::format(
        "custom options of {} bytes at offset {} in a file of {} bytes", size,
        offset, all));
  }

  Result<void> CheckRead(int32_t index) {
    TRY(CheckIndex(index, tensor_count_, "tensor"));
    if (source(index) != Source::kNobody) return {};
    return InvalidModel(fmt::format(
        "{} has no value there: it is no input, no constant, and no operator "
        "before writes it",
        TensorPlace(static_cast<uint32_t>(index), tensor(index))));
  }

  Result<void> CheckWrite(int32_t index) {
    TRY(CheckIndex(index, tensor_count_, "tensor"));
    Source& before = source(index);
    // A variable may be given its value of this run.
    if (before != Source::kNobody && before != Source::kVariable) {
      return InvalidModel(
          fmt::format("writes {}, which {}",
                      TensorPlace(static_cast<uint32_t>(index), tensor(index)),
                      Describe(before)));
    }
    before = Source::kOperator;
    return {};
  }

  const FileView& file_;
  const tflite::SubGraph& subgraph_;
  uint32_t tensor_count_;
  std::vector<Source> sources_;  // by tensor
};

}  // namespace

Result<void> VerifyOperators(const FileView& file) {
  const auto& subgraphs = *file.model.subgraphs();
  for (uint32_t g = 0; g < subgraphs.size(); ++g) {
    TRY_IN(SubgraphPlace(g), SubgraphCheck(file, *subgraphs.Get(g)).Run());
  }
  return {};
}

}  // namespace liteforge
