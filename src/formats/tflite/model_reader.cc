// SPDX-License-Identifier: Apache-2.0
#include "formats/tflite/model_reader.h"

#include "base/mapped_file.h"
#include "base/try.h"
#include "formats/tflite/realign.h"
#include "formats/tflite/verify.h"

namespace liteforge {
namespace {

// Buffers are aligned relative to the file's start.
constexpr uintptr_t kAlignment = 16;

Blob Aligned(Blob bytes) {
  const auto address = reinterpret_cast<uintptr_t>(bytes.data());
  return address % kAlignment == 0 ? bytes : Blob::Copy(bytes.bytes());
}

Result<void> VerifyContents(const FileView& file) {
  TRY(VerifyModelTables(file));
  TRY(VerifyTensors(file));
  TRY(VerifyOperators(file));
  return VerifyCalls(file);
}

}  // namespace

Result<TfliteModel> TfliteModel::Open(const std::filesystem::path& path) {
  TRY_ASSIGN(Blob bytes, MapFile(path));
  auto model = FromBytes(std::move(bytes));
  if (!model) {
    return tl::unexpected(std::move(model.error()).In(path.string()));
  }
  return model;
}

Result<TfliteModel> TfliteModel::FromBytes(Blob bytes) {
  TfliteModel model;
  model.bytes_ = Aligned(std::move(bytes));
  TRY_ASSIGN(model.root_, VerifyFlatBuffer(model.bytes_.bytes()));
  TRY_ASSIGN(const auto vectors, VerifyLayout(model.View()));
  TRY(model.PutRight(vectors));
  TRY(VerifyContents(model.View()));
  TRY_ASSIGN(const auto constants, FindMisplacedConstants(model.View()));
  TRY(model.PutRight(constants));
  return model;
}

FileView TfliteModel::View() const { return {bytes_.bytes(), *root_}; }

Result<void> TfliteModel::PutRight(
    const std::vector<MisplacedVector>& misplaced) {
  if (misplaced.empty()) return {};
  TRY_ASSIGN(bytes_, Realign(bytes_, misplaced));
  root_ = tflite::GetModel(bytes_.data());
  return {};
}

Blob TfliteModel::BufferData(uint32_t index) const {
  const auto data = FindBufferData(View(), index);
  return data.has_value() ? Blob::View(*data, std::make_shared<Blob>(bytes_))
                          : Blob();
}

bool TfliteModel::IsConstant(const tflite::Tensor& tensor) const {
  return IsConstantTensor(View(), tensor);
}

Blob TfliteModel::CustomOptionsData(const tflite::Operator& op) const {
  const std::span<const std::byte> data =
      op.large_custom_options_offset() > 1
          ? bytes_.bytes().subspan(
                static_cast<size_t>(op.large_custom_options_offset()),
                static_cast<size_t>(op.large_custom_options_size()))
          : std::as_bytes(Elements(op.custom_options()));
  return Blob::View(data, std::make_shared<Blob>(bytes_));
}

int32_t TfliteModel::OperatorNumber(uint32_t opcode_index) const {
  return NumberOf(*root_->operator_codes()->Get(opcode_index));
}

}  // namespace liteforge
