// SPDX-License-Identifier: Apache-2.0
#include "formats/tflite/model_reader.h"

#include "base/mapped_file.h"
#include "base/try.h"
#include "formats/tflite/realign.h"
#include "formats/tflite/verify.h"

namespace liteforge {
namespace {

Result<void> VerifyContents(const FileView& file) {
  TRY(VerifyModelTables(file));
  TRY(VerifyTensors(file));
  TRY(VerifyOperators(file));
  return VerifyCalls(file);
}

}  // namespace

Blob Aligned(const Blob& bytes) {
  constexpr uintptr_t kAlignment = 16;
  const auto address = reinterpret_cast<uintptr_t>(bytes.data());
  return address % kAlignment == 0 ? bytes : Blob::Copy(bytes.bytes());
}

Result<TfliteModel> TfliteModel::Open(const std::filesystem::path& path) {
  TRY_ASSIGN(Blob bytes, MapFile(path));
  auto model = Read(std::move(bytes), path.parent_path());
  if (!model) {
    return tl::unexpected(std::move(model.error()).In(path.string()));
  }
  return model;
}

Result<TfliteModel> TfliteModel::FromBytes(Blob bytes) {
  return Read(std::move(bytes), std::nullopt);
}

Result<TfliteModel> TfliteModel::Read(
    Blob bytes, const std::optional<std::filesystem::path>& folder) {
  TfliteModel model;
  model.bytes_ = Aligned(bytes);
  // Vectors are put right first, then constants, then nothing may be left. A
  // crafted file whose tables overlap is changed by that in other places too,
  // so each round believes nothing of the one before.
  for (int round = 0; round < 3; ++round) {
    TRY_ASSIGN(const auto misplaced, model.Verify(folder));
    if (misplaced.empty()) return model;
    TRY_ASSIGN(model.bytes_, Realign(model.bytes_, misplaced));
  }
  return InvalidModel("is damaged: its tables overlap");
}

Result<std::vector<MisplacedVector>> TfliteModel::Verify(
    const std::optional<std::filesystem::path>& folder) {
  TRY_ASSIGN(root_, VerifyFlatBuffer(bytes_.bytes()));
  TRY_ASSIGN(auto misplaced, VerifyLayout(View()));
  if (!misplaced.empty()) return misplaced;
  TRY_ASSIGN(external_, OpenExternalData(*root_, folder));
  TRY(VerifyContents(View()));
  return FindMisplacedConstants(View());
}

FileView TfliteModel::View() const {
  return {bytes_.bytes(), *root_, external_};
}

Blob TfliteModel::BufferData(uint32_t index) const {
  const auto data = FindBufferData(View(), index);
  return data.has_value() ? Blob::View(*data, std::make_shared<Blob>(bytes_))
                          : Blob();
}

bool TfliteModel::IsConstant(const tflite::Tensor& tensor) const {
  return FindTensorData(View(), tensor).has_value();
}

Blob TfliteModel::ConstantData(const tflite::Tensor& tensor) const {
  const auto external = external_.find(tensor.external_buffer());
  if (external != external_.end()) return external->second;
  return IsConstant(tensor) ? BufferData(tensor.buffer()) : Blob();
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
