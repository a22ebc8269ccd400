// SPDX-License-Identifier: Apache-2.0
#include "formats/tensorflow/model_files.h"

#include <google/protobuf/io/coded_stream.h>

#include <climits>
#include <string>

#include "base/mapped_file.h"
#include "base/try.h"
#include "formats/tensorflow/text_format.h"

namespace liteforge {
namespace {

namespace pb = google::protobuf;

Result<void> ParseBinary(const Blob& file, pb::MessageLite& message) {
  pb::io::CodedInputStream input(reinterpret_cast<const uint8_t*>(file.data()),
                                 static_cast<int>(file.size()));
  input.SetRecursionLimit(kMaxMessageDepth);
  if (!message.ParseFromCodedStream(&input) || !input.ConsumedEntireMessage())
    return InvalidModel("is damaged: no protocol buffer of its kind");
  return {};
}

Result<void> Read(const std::filesystem::path& path, bool text,
                  pb::Message& message) {
  TRY_ASSIGN(const Blob file, MapFile(path));
  const std::string place = path.string();
  if (file.size() > INT_MAX) {
    return tl::unexpected(
        Error{ErrorCode::kInvalidModel,
              "is larger than 2 GB, which no protocol buffer is", place});
  }
  if (file.empty())
    return tl::unexpected(Error{ErrorCode::kInvalidModel, "is empty", place});
  TRY_IN(place, text ? ParseText(TextOf(file), UnknownFields::kSkip, message)
                     : ParseBinary(file, message));
  return {};
}

// What a binary file without nodes may be instead: fields of other messages
// stand as unknown ones then.
std::string_view OtherKind(const Blob& file) {
  tf::SavedModel saved_model;
  if (ParseBinary(file, saved_model) && saved_model.meta_graphs_size() > 0 &&
      saved_model.meta_graphs(0).has_graph_def()) {
    return "is the saved_model.pb of a SavedModel; give its directory";
  }
  tf::MetaGraphDef meta_graph;
  if (ParseBinary(file, meta_graph) && meta_graph.graph_def().node_size() > 0) {
    return "is a MetaGraph of a TensorFlow 1 checkpoint, without weights; "
           "freeze it or export a SavedModel";
  }
  return "holds no graph; give a frozen graph (GraphDef)";
}

}  // namespace

Result<tf::SavedModel> ReadSavedModel(const std::filesystem::path& directory) {
  std::error_code ignored;
  const std::filesystem::path binary = directory / "saved_model.pb";
  const std::filesystem::path text = directory / "saved_model.pbtxt";
  const bool use_text = !std::filesystem::exists(binary, ignored) &&
                        std::filesystem::exists(text, ignored);
  const std::filesystem::path& path = use_text ? text : binary;
  tf::SavedModel model;
  TRY(Read(path, use_text, model));
  if (model.meta_graphs_size() == 0) {
    return tl::unexpected(Error{ErrorCode::kInvalidModel,
                                "holds no graph; the file is damaged",
                                path.string()});
  }
  return model;
}

Result<tf::GraphDef> ReadGraphDef(const std::filesystem::path& path) {
  const bool text = path.extension() == ".pbtxt";
  tf::GraphDef graph;
  auto read = Read(path, text, graph);
  if (read && graph.node_size() > 0) return graph;
  if (!read && (text || read.error().code == ErrorCode::kIo))
    return tl::unexpected(std::move(read.error()));
  TRY_ASSIGN(const Blob file, MapFile(path));
  const std::string_view other = OtherKind(file);
  if (!read && other.starts_with("holds"))
    return tl::unexpected(std::move(read.error()));
  return tl::unexpected(
      Error{ErrorCode::kInvalidModel, std::string(other), path.string()});
}

}  // namespace liteforge
