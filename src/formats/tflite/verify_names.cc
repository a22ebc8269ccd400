// SPDX-License-Identifier: Apache-2.0
// How the checks name a place in the file, and how they find a buffer's bytes.
#include <fmt/format.h>

#include <algorithm>

#include "base/try.h"
#include "formats/tflite/model_reader.h"
#include "formats/tflite/verify.h"

namespace liteforge {

std::string Quoted(std::string_view name) {
  constexpr size_t kLongest = 80;
  std::string shown(name.substr(0, kLongest));
  for (char& c : shown) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) c = '?';
  }
  return fmt::format("'{}{}'", shown, name.size() > kLongest ? "…" : "");
}

std::string SubgraphPlace(uint32_t index) {
  return fmt::format("subgraph {}", index);
}

std::string TensorPlace(uint32_t index, const tflite::Tensor& tensor) {
  const std::string_view name = Text(tensor.name());
  return name.empty() ? fmt::format("tensor {}", index)
                      : fmt::format("tensor {} ({})", index, Quoted(name));
}

std::string OperatorPlace(const FileView& file, uint32_t index,
                          const tflite::Operator& op) {
  const auto* codes = file.model.operator_codes();
  if (op.opcode_index() >= Count(codes)) {
    return fmt::format("operator {}", index);
  }
  const tflite::OperatorCode& code = *codes->Get(op.opcode_index());
  const auto number = static_cast<tflite::BuiltinOperator>(NumberOf(code));
  if (number == tflite::BuiltinOperator::CUSTOM) {
    return fmt::format("operator {} (CUSTOM {})", index,
                       Quoted(Text(code.custom_code())));
  }
  return fmt::format("operator {} ({})", index,
                     tflite::EnumNameBuiltinOperator(number));
}

Result<void> CheckIndex(int64_t index, uint32_t count, std::string_view what) {
  if (index >= 0 && index < int64_t{count}) return {};
  return InvalidModel(fmt::format("{} index {} of {}", what, index, count));
}

int32_t NumberOf(const tflite::OperatorCode& code) {
  return std::max(static_cast<int32_t>(code.deprecated_builtin_code()),
                  static_cast<int32_t>(code.builtin_code()));
}

std::optional<std::span<const std::byte>> FindBufferData(const FileView& file,
                                                         uint32_t index) {
  if (index == 0) return std::nullopt;
  const tflite::Buffer& buffer = *file.model.buffers()->Get(index);
  if (Count(buffer.data()) > 0) return std::as_bytes(Elements(buffer.data()));
  // Offsets 0 and 1 mark a buffer that is not behind the FlatBuffer.
  if (buffer.offset() > 1) {
    return file.bytes.subspan(static_cast<size_t>(buffer.offset()),
                              static_cast<size_t>(buffer.size()));
  }
  if (buffer.data() != nullptr) return std::span<const std::byte>();
  return std::nullopt;
}

std::optional<std::span<const std::byte>> FindTensorData(
    const FileView& file, const tflite::Tensor& tensor) {
  const auto external = file.external.find(tensor.external_buffer());
  if (external != file.external.end()) return external->second.bytes();
  const auto data = FindBufferData(file, tensor.buffer());
  if (!data.has_value() || !data->empty()) return data;
  // An empty vector: some writers give one to every tensor, so it means a
  // constant only where there is nothing to hold.
  const auto shape = Elements(tensor.shape());
  const bool holds_nothing = std::ranges::find(shape, 0) != shape.end();
  return holds_nothing ? data : std::nullopt;
}

}  // namespace liteforge
