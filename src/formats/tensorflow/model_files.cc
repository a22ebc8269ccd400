// SPDX-License-Identifier: Apache-2.0
#include "formats/tensorflow/model_files.h"

#include <fmt/format.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/text_format.h>

#include <climits>
#include <string>

#include "base/mapped_file.h"
#include "base/try.h"

namespace liteforge {
namespace {

namespace pb = google::protobuf;

// Depth of messages within messages; real models need about ten.
constexpr int kMaxDepth = 100;

// Keeps the first complaint of the text parser.
class FirstError : public pb::io::ErrorCollector {
 public:
  void AddError(int line, int column, const std::string& message) override {
    if (text_.empty())
      text_ =
          fmt::format("line {}, column {}: {}", line + 1, column + 1, message);
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

Result<void> ParseBinary(const Blob& file, pb::MessageLite& message) {
  pb::io::CodedInputStream input(reinterpret_cast<const uint8_t*>(file.data()),
                                 static_cast<int>(file.size()));
  input.SetRecursionLimit(kMaxDepth);
  if (!message.ParseFromCodedStream(&input) || !input.ConsumedEntireMessage())
    return InvalidModel("is damaged: no protocol buffer of its kind");
  return {};
}

Result<void> ParseText(const Blob& file, pb::Message& message) {
  pb::io::ArrayInputStream input(file.data(), static_cast<int>(file.size()));
  FirstError error;
  pb::TextFormat::Parser parser;
  parser.RecordErrorsTo(&error);
  parser.SetRecursionLimit(kMaxDepth);
  parser.AllowUnknownField(true);  // parts of the format we leave out
  parser.AllowUnknownExtension(true);
  if (!parser.Parse(&input, &message))
    return InvalidModel("is not valid text: " + error.text());
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
  TRY_IN(place, text ? ParseText(file, message) : ParseBinary(file, message));
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
