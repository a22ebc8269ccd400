// SPDX-License-Identifier: Apache-2.0
// TensorFlow's model files as protocol buffers, binary or text.
#pragma once

#include <filesystem>

#include "formats/tensorflow/saved_model.pb.h"
#include "liteforge/result.h"

namespace liteforge {

// saved_model.pb or saved_model.pbtxt of a SavedModel's directory. Errors: kIo
// when neither is there, kInvalidModel for what is no SavedModel; both name
// the file.
Result<tf::SavedModel> ReadSavedModel(const std::filesystem::path& directory);

// A GraphDef: .pbtxt is text, anything else binary. A file that is a
// MetaGraphDef or a SavedModel is named as such in the error.
Result<tf::GraphDef> ReadGraphDef(const std::filesystem::path& path);

}  // namespace liteforge
