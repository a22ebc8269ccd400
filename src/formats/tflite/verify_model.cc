// SPDX-License-Identifier: Apache-2.0
// The tables around the subgraphs: version, buffers, operator codes, metadata
// and signatures.
#include <fmt/format.h>

#include "base/try.h"
#include "formats/tflite/model_reader.h"
#include "formats/tflite/verify.h"

namespace liteforge {
namespace {

constexpr uint32_t kSchemaVersion = 3;

Result<void> CheckParts(const tflite::Model& model) {
  if (model.version() != kSchemaVersion) {
    return InvalidModel(fmt::format(
        "is of schema version {}; only version {} exists in the wild and is "
        "read",
        model.version(), kSchemaVersion));
  }
  if (Count(model.subgraphs()) == 0) {
    return InvalidModel("has no subgraph, so there is nothing to run");
  }
  if (model.buffers() == nullptr) return InvalidModel("has no buffers");
  return {};
}

// Whether [offset, offset + size) lies inside the file.
bool InFile(const FileView& file, uint64_t offset, uint64_t size) {
  const uint64_t all = file.bytes.size();
  return size <= all && offset <= all - size;
}

Result<void> CheckBuffers(const FileView& file) {
  const auto& buffers = *file.model.buffers();
  for (uint32_t i = 0; i < buffers.size(); ++i) {
    const tflite::Buffer& buffer = *buffers.Get(i);
    if (buffer.offset() > 1 && !InFile(file, buffer.offset(), buffer.size())) {
      return InvalidModel(fmt::format(
          "buffer {}: {} bytes at offset {} in a file of {} bytes; was it "
          "copied completely?",
          i, buffer.size(), buffer.offset(), file.bytes.size()));
    }
  }
  return {};
}

Result<void> CheckOperatorCode(const tflite::OperatorCode& code) {
  const int32_t number = NumberOf(code);
  const auto op = static_cast<tflite::BuiltinOperator>(number);
  if (number < 0 ||
      number > static_cast<int32_t>(tflite::BuiltinOperator::MAX)) {
    return Unsupported(fmt::format(
        "operator number {} is unknown; the model may be newer than this "
        "liteforge",
        number));
  }
  if (op == tflite::BuiltinOperator::PLACEHOLDER_FOR_GREATER_OP_CODES) {
    return InvalidModel(
        "number 127 says that builtin_code holds the operator, "
        "but it does not");
  }
  if (op == tflite::BuiltinOperator::CUSTOM &&
      Text(code.custom_code()).empty()) {
    return InvalidModel("a custom operator without a name");
  }
  if (code.version() < 1) {
    return InvalidModel(fmt::format("version {}", code.version()));
  }
  return {};
}

Result<void> CheckOperatorCodes(const tflite::Model& model) {
  for (uint32_t i = 0; i < Count(model.operator_codes()); ++i) {
    TRY_IN(fmt::format("operator code {}", i),
           CheckOperatorCode(*model.operator_codes()->Get(i)));
  }
  return {};
}

Result<void> CheckMetadata(const tflite::Model& model) {
  const uint32_t buffers = model.buffers()->size();
  for (uint32_t i = 0; i < Count(model.metadata()); ++i) {
    TRY_IN(fmt::format("metadata {}", i),
           CheckIndex(model.metadata()->Get(i)->buffer(), buffers, "buffer"));
  }
  for (int32_t buffer : Elements(model.metadata_buffer())) {
    TRY_IN("metadata_buffer", CheckIndex(buffer, buffers, "buffer"));
  }
  return {};
}

using TensorMaps = flatbuffers::Vector<flatbuffers::Offset<tflite::TensorMap>>;

Result<void> CheckTensorMaps(const TensorMaps* maps, uint32_t tensors,
                             std::string_view what) {
  for (uint32_t i = 0; i < Count(maps); ++i) {
    const tflite::TensorMap& map = *maps->Get(i);
    if (map.name() == nullptr) {
      return InvalidModel(fmt::format("{} {} has no name", what, i));
    }
    TRY_IN(fmt::format("{} {}", what, Quoted(Text(map.name()))),
           CheckIndex(map.tensor_index(), tensors, "tensor"));
  }
  return {};
}

Result<void> CheckSignature(const tflite::Model& model,
                            const tflite::SignatureDef& signature) {
  if (signature.signature_key() == nullptr) {
    return InvalidModel("has no key");
  }
  TRY(CheckIndex(signature.subgraph_index(), model.subgraphs()->size(),
                 "subgraph"));
  const uint32_t tensors =
      Count(model.subgraphs()->Get(signature.subgraph_index())->tensors());
  TRY(CheckTensorMaps(signature.inputs(), tensors, "input"));
  return CheckTensorMaps(signature.outputs(), tensors, "output");
}

Result<void> CheckSignatures(const tflite::Model& model) {
  for (uint32_t i = 0; i < Count(model.signature_defs()); ++i) {
    const tflite::SignatureDef& signature = *model.signature_defs()->Get(i);
    TRY_IN(fmt::format("signature {} ({})", i,
                       Quoted(Text(signature.signature_key()))),
           CheckSignature(model, signature));
  }
  return {};
}

}  // namespace

Result<void> VerifyModelTables(const FileView& file) {
  TRY(CheckParts(file.model));
  TRY(CheckBuffers(file));
  TRY(CheckOperatorCodes(file.model));
  TRY(CheckMetadata(file.model));
  return CheckSignatures(file.model);
}

}  // namespace liteforge
