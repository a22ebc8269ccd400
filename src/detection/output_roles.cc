// SPDX-License-Identifier: Apache-2.0
#include "detection/output_roles.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <string>

namespace liteforge {
namespace {

constexpr std::string_view kPostProcess = "TFLite_Detection_PostProcess";
constexpr int kSlots = 4;
using Slots = std::array<int, kSlots>;  // boxes, classes, scores, count
constexpr Slots kNone = {-1, -1, -1, -1};

OutputRoles DetectorOf(const Slots& slots) {
  OutputRoles roles;
  roles.task = ModelTask::kDetection;
  roles.boxes = slots[0];
  roles.classes = slots[1];
  roles.scores = slots[2];
  roles.count = slots[3];
  return roles;
}

// All but the count, which only shortens what the scores tell.
bool IsComplete(const Slots& slots) {
  return slots[0] >= 0 && slots[1] >= 0 && slots[2] >= 0;
}

//------------------------------------------------------------- a detector's

std::string_view CustomName(const TfliteModel& model,
                            const tflite::Operator& op) {
  return Text(model->operator_codes()->Get(op.opcode_index())->custom_code());
}

// The slot that made a tensor, seen through operators of one tensor that only
// reshape or convert it.
class SlotFinder {
 public:
  explicit SlotFinder(const TfliteModel& model) {
    const auto* operators = model->subgraphs()->Get(0)->operators();
    for (uint32_t i = 0; i < Count(operators); ++i)
      Add(model, *operators->Get(i));
  }

  int SlotOf(int tensor) const {
    for (auto from = passed_.find(tensor); from != passed_.end();
         from = passed_.find(tensor))
      tensor = from->second;
    const auto slot = slots_.find(tensor);
    return slot == slots_.end() ? -1 : slot->second;
  }

 private:
  void Add(const TfliteModel& model, const tflite::Operator& op) {
    const auto inputs = Elements(op.inputs()), outputs = Elements(op.outputs());
    if (CustomName(model, op) == kPostProcess) {
      for (size_t slot = 0; slot < std::min<size_t>(outputs.size(), kSlots);
           ++slot)
        slots_[outputs[slot]] = static_cast<int>(slot);
    } else if (outputs.size() == 1 && !inputs.empty()) {
      // Operators stand in an order that can run, so this never goes round.
      passed_[outputs[0]] = inputs[0];
    }
  }

  std::map<int, int> slots_, passed_;
};

Slots FromPostProcess(const TfliteModel& model,
                      std::span<const TensorDetails> outputs) {
  const SlotFinder finder(model);
  Slots slots = kNone;
  for (size_t k = 0; k < outputs.size(); ++k) {
    const int slot = finder.SlotOf(outputs[k].index);
    if (slot >= 0) slots[static_cast<size_t>(slot)] = static_cast<int>(k);
  }
  return slots;
}

// Places of `names` among `given`.
template <class Names>
Slots FromNames(const Names& names, std::span<const std::string> given) {
  Slots slots = kNone;
  for (size_t k = 0; k < given.size(); ++k) {
    const auto role = std::ranges::find(names, given[k]);
    if (role != std::end(names))
      slots[static_cast<size_t>(role - std::begin(names))] =
          static_cast<int>(k);
  }
  return slots;
}

Slots FromMetadata(const ModelDescriptionParts& metadata,
                   std::span<const TensorDetails> outputs) {
  if (metadata.outputs.size() != outputs.size()) return kNone;
  std::vector<std::string> names;
  for (const TensorDescription& output : metadata.outputs)
    names.push_back(output.name);
  return FromNames(
      std::array<std::string, kSlots>{"location", "category", "score",
                                      "number of detections"},
      names);
}

bool IsCount(const Shape& shape) { return shape.elements() == 1; }
bool AreBoxes(const Shape& shape) { return shape.rank() == 3 && shape[2] == 4; }

// The Object Detection API's signature, of which the shapes must agree.
Slots FromSignature(std::span<const SignatureDetails> signatures,
                    std::span<const TensorDetails> outputs) {
  constexpr std::array<std::string_view, kSlots> kKeys = {
      "output_3", "output_2", "output_1", "output_0"};
  Slots slots = kNone;
  if (outputs.size() != kSlots) return slots;
  for (const SignatureDetails& signature : signatures) {
    for (const auto& [name, tensor] : signature.outputs) {
      const auto key = std::ranges::find(kKeys, name);
      const auto output =
          std::ranges::find(outputs, tensor, &TensorDetails::index);
      if (key != kKeys.end() && output != outputs.end())
        slots[static_cast<size_t>(key - kKeys.begin())] =
            static_cast<int>(output - outputs.begin());
    }
  }
  const auto shape = [&](size_t slot) {
    return outputs[static_cast<size_t>(slots[slot])].shape;
  };
  if (!IsComplete(slots) || slots[3] < 0) return kNone;
  return AreBoxes(shape(0)) && IsCount(shape(3)) ? slots : kNone;
}

//------------------------------------------------------------- other tasks

// The first output with this property; -1 for none.
template <class Property>
int First(std::span<const TensorDetails> outputs, Property property) {
  const auto found = std::ranges::find_if(
      outputs, [&](const TensorDetails& o) { return property(o.shape); });
  return found == outputs.end() ? -1
                                : static_cast<int>(found - outputs.begin());
}

constexpr int kFewestPoints = 5;

std::optional<OutputRoles> PoseOf(std::span<const TensorDetails> outputs) {
  OutputRoles roles;
  roles.task = ModelTask::kPose;
  const auto is_points = [](const Shape& s) {
    const int rank = s.rank();
    return (rank == 3 || (rank == 4 && s[1] == 1)) && s[rank - 1] == 3 &&
           s[rank - 2] >= kFewestPoints && s[0] == 1;
  };
  roles.values = First(outputs, is_points);
  if (roles.values >= 0) return roles;
  // Heatmaps have half as many channels as the offsets of the same grid.
  for (size_t k = 0; k < outputs.size(); ++k) {
    const Shape& s = outputs[k].shape;
    if (s.rank() != 4 || s[1] < 2 || s[3] < kFewestPoints) continue;
    roles.offsets = First(outputs, [&](const Shape& o) {
      return o == Shape{s[0], s[1], s[2], 2 * s[3]};
    });
    if (roles.offsets < 0) continue;
    roles.pose = PoseKind::kHeatmaps;
    roles.values = static_cast<int>(k);
    return roles;
  }
  const auto is_landmarks = [](const Shape& s) {
    return s.rank() == 4 && s[1] == 1 && s[2] == 1 && s[3] % 3 == 0 &&
           s[3] >= 3 * kFewestPoints;
  };
  const auto is_presence = [](const Shape& s) {
    return s.rank() == 4 && IsCount(s);
  };
  roles.values = First(outputs, is_landmarks);
  if (roles.values < 0 || First(outputs, is_presence) < 0) return std::nullopt;
  roles.pose = PoseKind::kLandmarks;
  return roles;
}

// [1, h, w, classes], or [1, h, w] and [1, h, w, 1] of class numbers.
bool IsSegmentation(const Shape& s) {
  return (s.rank() == 3 || s.rank() == 4) && s[0] == 1 && s[1] > 1 && s[2] > 1;
}

bool IsClassification(const Shape& s) {
  if (s.rank() < 1 || s[s.rank() - 1] < 2) return false;
  return s.elements() == s[s.rank() - 1];
}

std::string Listed(std::span<const TensorDetails> outputs) {
  std::string list;
  for (const TensorDetails& output : outputs)
    list += (list.empty() ? "'" : ", '") + output.name + "' " +
            Describe(output.dtype, output.shape);
  return list;
}

}  // namespace

Result<OutputRoles> FindRoles(const TfliteModel& model,
                              const ModelDescriptionParts& metadata,
                              std::span<const TensorDetails> outputs,
                              std::span<const SignatureDetails> signatures) {
  for (const Slots& slots :
       {FromPostProcess(model, outputs), FromMetadata(metadata, outputs),
        FromSignature(signatures, outputs)})
    if (IsComplete(slots)) return DetectorOf(slots);
  if (auto pose = PoseOf(outputs)) return *pose;
  OutputRoles roles;
  // A grid beside other outputs is no segmentation but raw heads.
  if (outputs.size() == 1 && IsSegmentation(outputs[0].shape)) {
    roles.task = ModelTask::kSegmentation;
    roles.values = 0;
    return roles;
  }
  roles.values = First(outputs, IsClassification);
  if (roles.values >= 0) return roles;
  return Unsupported("its outputs are those of no detector (ending in " +
                     std::string(kPostProcess) +
                     "), classifier, segmentation or pose model: " +
                     Listed(outputs) + "; run it with `liteforge run`");
}

}  // namespace liteforge
