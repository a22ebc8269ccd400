// SPDX-License-Identifier: Apache-2.0
#include "emit/check_runtime.h"

#include <fmt/format.h>

#include <string>

#include "base/try.h"
#include "emit/runtime_versions.h"
#include "formats/tflite/model_reader.h"

namespace liteforge {
namespace {

// One to three numbers with dots between them.
bool IsRelease(std::string_view text) {
  int dots = 0;
  char before = '.';
  for (const char c : text) {
    const bool is_digit = c >= '0' && c <= '9';
    if (!is_digit && (c != '.' || before == '.')) return false;
    dots += c == '.' ? 1 : 0;
    before = c;
  }
  return before != '.' && dots <= 2;
}

// Where the operator is first used.
std::string_view FirstOutput(const TfliteModel& file, uint32_t code) {
  for (const tflite::SubGraph* graph : *file->subgraphs()) {
    for (uint32_t i = 0; i < Count(graph->operators()); ++i) {
      const tflite::Operator& op = *graph->operators()->Get(i);
      if (op.opcode_index() != code || Count(op.outputs()) == 0) continue;
      const int32_t tensor = op.outputs()->Get(0);
      return Text(graph->tensors()->Get(static_cast<uint32_t>(tensor))->name());
    }
  }
  return {};
}

}  // namespace

Result<void> CheckRuntime(std::span<const std::byte> model,
                          std::string_view release) {
  if (!IsRelease(release))
    return InvalidArgument(fmt::format(
        "'{}' is no release of TensorFlow Lite; write it like 2.5.0", release));
  TRY_ASSIGN(const TfliteModel file,
             TfliteModel::FromBytes(Blob::View(model, nullptr)));
  std::string list;
  for (uint32_t i = 0; i < Count(file->operator_codes()); ++i) {
    const VersionedOp op{static_cast<Op>(file.OperatorNumber(i)),
                         file->operator_codes()->Get(i)->version()};
    const std::string_view since = RuntimeVersionOf(op);
    if (!IsOlderRuntime(release, since)) continue;
    list += fmt::format("{}{} version {} ('{}') came with {}",
                        list.empty() ? "" : ", ", Name(op.op), op.version,
                        FirstOutput(file, i), since);
  }
  if (list.empty()) return {};
  return Unsupported(fmt::format(
      "TensorFlow Lite {} does not run it: {}; update the runtime, or convert "
      "with another --optimize",
      release, list));
}

}  // namespace liteforge
