// SPDX-License-Identifier: Apache-2.0
#include "import/detection/pipeline_config.h"

#include <fmt/format.h>

#include "base/mapped_file.h"
#include "base/try.h"
#include "formats/tensorflow/text_format.h"

namespace liteforge {
namespace {

// Beyond any image; keeps sizes of feature maps far from overflow.
constexpr int32_t kMaxSide = 1 << 14;

// Member names of a message's only oneof, or "none".
std::string MemberOf(const google::protobuf::Message& message) {
  const auto* oneof = message.GetDescriptor()->oneof_decl(0);
  const auto* field =
      message.GetReflection()->GetOneofFieldDescriptor(message, oneof);
  return field == nullptr ? "none" : field->name();
}

}  // namespace

Result<od::TrainEvalPipelineConfig> ReadPipelineConfig(
    const std::filesystem::path& path, std::string_view override_text) {
  TRY_ASSIGN(const Blob file, MapFile(path));
  od::TrainEvalPipelineConfig config;
  TRY_IN(path.string(),
         ParseText(TextOf(file), UnknownFields::kRefuse, config));
  TRY_IN("--config_override",
         ParseText(override_text, UnknownFields::kRefuse, config));
  return config;
}

Result<ImageSize> FixedImageSize(const od::ImageResizer& resizer,
                                 std::string_view model) {
  if (!resizer.has_fixed_shape_resizer()) {
    return Unsupported(fmt::format(
        "image_resizer is {}; a .tflite needs fixed_shape_resizer: give "
        "--config_override 'model {{ {} {{ image_resizer {{ "
        "fixed_shape_resizer {{ height: 512 width: 512 }} }} }} }}' with the "
        "size that the model was trained for",
        MemberOf(resizer), model));
  }
  const od::FixedShapeResizer& fixed = resizer.fixed_shape_resizer();
  if (fixed.height() < 1 || fixed.width() < 1 || fixed.height() > kMaxSide ||
      fixed.width() > kMaxSide) {
    return InvalidModel(
        fmt::format("fixed_shape_resizer says {} x {}, which is no image",
                    fixed.height(), fixed.width()));
  }
  return ImageSize{fixed.height(), fixed.width(),
                   fixed.convert_to_grayscale() ? 1 : 3};
}

}  // namespace liteforge
