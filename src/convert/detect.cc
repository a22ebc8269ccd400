// SPDX-License-Identifier: Apache-2.0
// Signatures of the formats:
//
//   .tflite   bytes 4..7 "TFL3"                    (FlatBuffers identifier)
//   .h5       "\x89HDF\r\n\x1a\n" at 0, 512, 1024, … (HDF5 superblock)
//   .keras    "PK\3\4"                             (zip local file header)
#include "convert/detect.h"

#include <cstring>
#include <span>
#include <string>

#include "base/mapped_file.h"
#include "base/try.h"
#include "formats/keras/keras_file.h"

namespace liteforge {
namespace {

bool HasAt(std::span<const std::byte> bytes, size_t at, std::string_view text) {
  return bytes.size() >= at + text.size() &&
         std::memcmp(bytes.data() + at, text.data(), text.size()) == 0;
}

}  // namespace

std::string_view Name(FileKind kind) {
  switch (kind) {
    case FileKind::kTflite:
      return "TFLite model";
    case FileKind::kKerasH5:
      return "Keras HDF5 model";
    case FileKind::kKerasZip:
      return "Keras .keras archive";
    case FileKind::kSavedModel:
      return "TensorFlow SavedModel";
    case FileKind::kGraphDef:
      return "TensorFlow frozen graph";
    case FileKind::kPipelineConfig:
      return "Object Detection API configuration";
    case FileKind::kUnknown:
      break;
  }
  return "file of unknown kind";
}

Result<FileKind> DetectKind(const std::filesystem::path& path) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) {
    const bool saved_model =
        std::filesystem::exists(path / "saved_model.pb", ignored) ||
        std::filesystem::exists(path / "saved_model.pbtxt", ignored);
    return saved_model ? FileKind::kSavedModel : FileKind::kUnknown;
  }
  TRY_ASSIGN(const Blob file, MapFile(path));
  if (HasAt(file.bytes(), 4, "TFL3")) return FileKind::kTflite;
  if (LooksLikeH5(file.bytes())) return FileKind::kKerasH5;
  if (HasAt(file.bytes(), 0, "PK\3\4")) return FileKind::kKerasZip;
  const std::string extension = path.extension().string();
  if (extension == ".pb" || extension == ".pbtxt") return FileKind::kGraphDef;
  if (extension == ".config") return FileKind::kPipelineConfig;
  // A damaged file keeps the kind its name claims, so that the reader of that
  // kind can say what is wrong with it.
  if (extension == ".h5" || extension == ".hdf5") return FileKind::kKerasH5;
  if (extension == ".keras") return FileKind::kKerasZip;
  if (extension == ".tflite") return FileKind::kTflite;
  return FileKind::kUnknown;
}

Error CannotConvert(const std::filesystem::path& path, FileKind kind) {
  if (kind == FileKind::kTflite) {
    return {ErrorCode::kInvalidArgument,
            "is already a .tflite; give the model it was made from",
            path.string()};
  }
  if (kind == FileKind::kPipelineConfig) {
    return {ErrorCode::kInvalidArgument,
            "describes a model and holds no weights; give --checkpoint with "
            "the directory that training wrote",
            path.string()};
  }
  return {ErrorCode::kInvalidModel,
          "is not a model of a known kind; give a Keras .h5 or .keras file, a "
          "SavedModel's directory or a frozen graph's .pb",
          path.string()};
}

}  // namespace liteforge
