// SPDX-License-Identifier: Apache-2.0
#include "formats/tflite/external_data.h"

#include <fmt/format.h>

#include <string>

#include "base/mapped_file.h"
#include "base/try.h"
#include "formats/tflite/model_reader.h"
#include "formats/tflite/verify.h"

namespace liteforge {
namespace {

namespace fs = std::filesystem;

// Whether a name stays in the folder it is looked up in.
bool StaysInside(const fs::path& name) {
  if (name.empty() || name.is_absolute()) return false;
  const fs::path first = *name.lexically_normal().begin();
  return first != ".." && first != ".";
}

class Opener {
 public:
  Opener(const tflite::Model& model, const std::optional<fs::path>& folder)
      : model_(model), folder_(folder) {}

  Result<ExternalData> Run() {
    TRY(NoteBuffers());
    for (uint32_t g = 0; g < Count(model_.subgraphs()); ++g) {
      const auto* tensors = model_.subgraphs()->Get(g)->tensors();
      for (uint32_t i = 0; i < Count(tensors); ++i) {
        const tflite::Tensor& tensor = *tensors->Get(i);
        if (tensor.external_buffer() == 0) continue;
        TRY_IN(SubgraphPlace(g) + ": " + TensorPlace(i, tensor),
               Open(tensor.external_buffer()));
      }
    }
    return std::move(data_);
  }

 private:
  Result<void> NoteBuffers() {
    for (uint32_t i = 0; i < Count(model_.external_buffers()); ++i) {
      const tflite::ExternalBuffer& buffer = *model_.external_buffers()->Get(i);
      if (!buffers_.emplace(buffer.id(), &buffer).second) {
        return InvalidModel(
            fmt::format("external buffer {} is there twice", buffer.id()));
      }
    }
    return {};
  }

  Result<void> Open(uint32_t id) {
    if (data_.contains(id)) return {};
    const auto found = buffers_.find(id);
    if (found == buffers_.end()) {
      return InvalidModel(fmt::format("there is no external buffer {}", id));
    }
    const tflite::ExternalBuffer& buffer = *found->second;
    const std::string_view packing = Text(buffer.packing());
    if (!packing.empty() && packing != "unpacked") {
      return Unsupported(fmt::format("external buffer {} is packed as {}", id,
                                     Quoted(packing)));
    }
    TRY_IN(fmt::format("external buffer {}", id), Read(buffer));
    return {};
  }

  Result<void> Read(const tflite::ExternalBuffer& buffer) {
    TRY_ASSIGN(const Blob file, FileOf(buffer.group()));
    if (buffer.length() > file.size() ||
        buffer.offset() > file.size() - buffer.length()) {
      return InvalidModel(fmt::format(
          "{} bytes at offset {} in {} of {} bytes; was it copied completely?",
          buffer.length(), buffer.offset(), Quoted(NameOf(buffer.group())),
          file.size()));
    }
    data_.emplace(buffer.id(),
                  Aligned(Slice(file, static_cast<size_t>(buffer.offset()),
                                static_cast<size_t>(buffer.length()))));
    return {};
  }

  std::string_view NameOf(uint32_t group) const {
    return Text(model_.external_buffer_groups()->Get(group)->name());
  }

  Result<Blob> FileOf(uint32_t group) {
    TRY(CheckIndex(group, Count(model_.external_buffer_groups()), "group"));
    const auto known = files_.find(group);
    if (known != files_.end()) return known->second;
    const std::string_view name = NameOf(group);
    if (!StaysInside(name)) {
      return InvalidModel(fmt::format(
          "its file is {}, which is not in the model's folder", Quoted(name)));
    }
    if (!folder_.has_value()) {
      return InvalidArgument(
          fmt::format("its data lies in the file {} beside the model; open "
                      "the model from its file",
                      Quoted(name)));
    }
    TRY_ASSIGN(Blob file, MapFile(*folder_ / name));
    return files_.emplace(group, std::move(file)).first->second;
  }

  const tflite::Model& model_;
  const std::optional<fs::path>& folder_;
  std::unordered_map<uint32_t, const tflite::ExternalBuffer*> buffers_;
  std::unordered_map<uint32_t, Blob> files_;  // by group
  ExternalData data_;
};

}  // namespace

Result<ExternalData> OpenExternalData(const tflite::Model& model,
                                      const std::optional<fs::path>& folder) {
  return Opener(model, folder).Run();
}

}  // namespace liteforge
