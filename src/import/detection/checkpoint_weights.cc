// SPDX-License-Identifier: Apache-2.0
// A variable may hang at several paths, and its key is only the shortest of
// them. So paths are walked in the object graph, whose nodes name their keys;
// where a checkpoint has none, the path itself is tried as key.
#include "import/detection/checkpoint_weights.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/try.h"

namespace liteforge {
namespace {

constexpr std::string_view kObjectGraph = "_CHECKPOINTABLE_OBJECT_GRAPH";
constexpr std::string_view kValue = "VARIABLE_VALUE";
constexpr std::string_view kSuffix = "/.ATTRIBUTES/VARIABLE_VALUE";
constexpr std::string_view kModel = "model/";
// More would hide the first ones.
constexpr size_t kMaxProblems = 40;
constexpr int64_t kMaxZeroBytes = int64_t{1} << 30;

std::string Unescape(std::string_view name) {
  std::string plain;
  for (size_t i = 0; i < name.size(); ++i) {
    if (name[i] != '.' || i + 1 == name.size()) {
      plain += name[i];
    } else {
      plain += name[++i] == 'S' ? '/' : '.';
    }
  }
  return plain;
}

int ChildOf(const tf::TrackableObjectGraph& graph, int node,
            const std::string& name) {
  for (const auto& child : graph.nodes(node).children()) {
    if (child.local_name() == name && child.node_id() >= 0 &&
        child.node_id() < graph.nodes_size())
      return child.node_id();
  }
  return -1;
}

}  // namespace

Result<CheckpointWeights> CheckpointWeights::Open(
    const std::filesystem::path& prefix) {
  CheckpointWeights weights;
  weights.prefix_ = prefix;
  TRY_ASSIGN(weights.bundle_, TensorBundle::Open(prefix));
  if (weights.bundle_.Contains(kObjectGraph)) {
    TRY_ASSIGN(const auto texts, weights.bundle_.ReadStrings(kObjectGraph));
    if (texts.size() != 1 || !weights.objects_.ParseFromString(texts[0])) {
      return tl::unexpected(Error{ErrorCode::kInvalidModel,
                                  "the checkpoint's object graph is damaged",
                                  prefix.string()});
    }
    return weights;
  }
  const auto names = weights.bundle_.Names();
  if (std::ranges::none_of(
          names, [](const std::string& n) { return n.ends_with(kSuffix); })) {
    return tl::unexpected(
        Error{ErrorCode::kUnsupported,
              "is a checkpoint of TensorFlow 1, named by variables; the "
              "configuration needs one that TensorFlow 2 trained",
              prefix.string()});
  }
  return weights;
}

std::string CheckpointWeights::KeyOf(std::string_view path) const {
  int node = objects_.nodes_size() > 0 ? 0 : -1;
  for (size_t at = 0; node >= 0 && at <= path.size();) {
    const size_t end = std::min(path.find('/', at), path.size());
    node = ChildOf(objects_, node, Unescape(path.substr(at, end - at)));
    at = end + 1;
  }
  if (node >= 0) {
    for (const auto& attribute : objects_.nodes(node).attributes()) {
      if (attribute.name() == kValue &&
          bundle_.Contains(attribute.checkpoint_key()))
        return attribute.checkpoint_key();
    }
  }
  std::string key = std::string(path) + std::string(kSuffix);
  return bundle_.Contains(key) ? key : "";
}

Result<Blob> CheckpointWeights::Read(std::string_view path,
                                     const Shape& shape) {
  const std::string key = KeyOf(path);
  if (key.empty())
    return InvalidModel(fmt::format("is missing; the network needs it as {}",
                                    Describe(DataType::kFloat32, shape)));
  taken_.insert(key);
  TRY_ASSIGN(const StoredTensor stored, bundle_.Describe(key));
  if (stored.shape != shape || stored.type != DataType::kFloat32) {
    return InvalidModel(fmt::format("is {}, the network needs {}",
                                    Describe(stored.type, stored.shape),
                                    Describe(DataType::kFloat32, shape)));
  }
  TRY_ASSIGN(StoredTensor value, bundle_.Read(key));
  return std::move(value.data);
}

Shape CheckpointWeights::ShapeOf(std::string_view path) const {
  const std::string key = KeyOf(path);
  const auto stored = bundle_.Describe(key);
  return stored ? stored->shape : Shape::UnknownRank();
}

ConstantValue CheckpointWeights::Take(std::string_view path,
                                      const Shape& shape) {
  ++asked_;
  auto data = Read(path, shape);
  if (data) return {DataType::kFloat32, shape, *std::move(data)};
  problems_.push_back(fmt::format("{} {}", path, data.error().ToString()));
  const int64_t bytes = ByteSize(DataType::kFloat32, shape.elements());
  if (bytes < 0 || bytes > kMaxZeroBytes - zero_bytes_)
    return {DataType::kFloat32, shape, Blob()};
  zero_bytes_ += bytes;
  return FloatConstant(
      shape, std::vector<float>(static_cast<size_t>(shape.elements())));
}

Result<void> CheckpointWeights::Finish() const {
  if (problems_.empty()) return {};
  std::string text = fmt::format(
      "{} of the {} variables that pipeline.config describes do not fit; give "
      "the checkpoint that was trained with this configuration:",
      problems_.size(), asked_);
  for (size_t i = 0; i < std::min(problems_.size(), kMaxProblems); ++i)
    text += "\n  " + problems_[i];
  if (problems_.size() > kMaxProblems)
    text += fmt::format("\n  and {} more", problems_.size() - kMaxProblems);
  if (!advice_.empty()) text += "\n" + advice_;
  return tl::unexpected(
      Error{ErrorCode::kInvalidModel, std::move(text), prefix_.string()});
}

std::vector<std::string> CheckpointWeights::Unused() const {
  std::vector<std::string> unused;
  for (const std::string& name : bundle_.Names()) {
    if (name.starts_with(kModel) && name.ends_with(kSuffix) &&
        name.find("/.OPTIMIZER_SLOT/") == std::string::npos &&
        !taken_.contains(name))
      unused.push_back(name.substr(0, name.size() - kSuffix.size()));
  }
  return unused;
}

}  // namespace liteforge
