// SPDX-License-Identifier: Apache-2.0
// TFLite_Detection_PostProcess, an operator of TFLite's own whose options are a
// FlexBuffer map, and non-max suppression. TFLite's operators always give
// max_output_size places, filled up with zeros, and how many are real; where
// TensorFlow does not pad, the rest is cut off.
#include <flatbuffers/flexbuffers.h>

#include <algorithm>
#include <limits>
#include <span>

#include "lower/formula.h"

namespace liteforge {
namespace {

Result<Value*> First(IrBuilder& ir, Value* x, Value* count) {
  TRY_ASSIGN(count, ir.Reshape(count, {1}));
  return ir.Emit(Op::kSlice, SliceOptions{}, {x, ir.Int32s({0}), count});
}

// boxes, scores, max_output_size, iou_threshold, score_threshold [, sigma]
Result<std::vector<Value*>> Suppress(LowerContext& c, bool soft) {
  std::vector<Value*> inputs(c.inputs().begin(), c.inputs().begin() + 5);
  TRY_ASSIGN(inputs[2], c.ir().AsInt32(inputs[2]));
  if (!soft)
    return c.ir().EmitMany(Op::kNonMaxSuppressionV4,
                           NonMaxSuppressionV4Options{}, inputs, 2);
  inputs.push_back(c.input(5));
  return c.ir().EmitMany(Op::kNonMaxSuppressionV5, NonMaxSuppressionV5Options{},
                         inputs, 3);
}

// Before there was a threshold of scores; before that, the other one was an
// attribute.
Result<void> LowerV1(LowerContext& c) {
  Formula f(c);
  Value* overlap = c.input_count() > 3 ? c.input(3) : nullptr;
  if (overlap == nullptr) {
    TRY_ASSIGN(const float attribute,
               c.Attribute<float>("iou_threshold", 0.5f));
    overlap = f.Number(DataType::kFloat32, attribute);
  }
  Value* lowest =
      f.Number(DataType::kFloat32, -std::numeric_limits<float>::max());
  const auto found =
      f.EmitMany(Op::kNonMaxSuppressionV4, NonMaxSuppressionV4Options{},
                 {c.input(0), c.input(1), f.Take(c.ir().AsInt32(c.input(2))),
                  overlap, lowest},
                 2);
  TRY(f.Check());
  return Finish(c, First(c.ir(), found[0], found[1]));
}

Result<void> LowerV3(LowerContext& c) {
  TRY_ASSIGN(const auto found, Suppress(c, false));
  return Finish(c, First(c.ir(), found[0], found[1]));
}

Result<void> LowerV4(LowerContext& c) {
  TRY_ASSIGN(const bool pads,
             c.Attribute<bool>("pad_to_max_output_size", false));
  TRY_ASSIGN(const auto found, Suppress(c, false));
  Value* indices = found[0];
  if (!pads) {
    TRY_ASSIGN(indices, First(c.ir(), indices, found[1]));
  }
  c.SetOutput(0, indices);
  c.SetOutput(1, found[1]);
  return {};
}

Result<void> LowerV5(LowerContext& c) {
  TRY_ASSIGN(const bool pads,
             c.Attribute<bool>("pad_to_max_output_size", false));
  TRY_ASSIGN(auto found, Suppress(c, true));
  if (!pads) {
    TRY_ASSIGN(found[0], First(c.ir(), found[0], found[2]));
    TRY_ASSIGN(found[1], First(c.ir(), found[1], found[2]));
  }
  for (int i = 0; i < 3; ++i) c.SetOutput(i, found[static_cast<size_t>(i)]);
  return {};
}

// Options in TensorFlow's order and types: use_regular_nms is an integer.
constexpr const char* kPostProcessOptions[] = {"max_detections",
                                               "max_classes_per_detection",
                                               "num_classes",
                                               "nms_score_threshold",
                                               "nms_iou_threshold",
                                               "y_scale",
                                               "x_scale",
                                               "h_scale",
                                               "w_scale",
                                               "use_regular_nms",
                                               "detections_per_class"};

Result<std::vector<uint8_t>> PostProcessBytes(const LowerContext& c) {
  flexbuffers::Builder flex;
  const size_t map = flex.StartMap();
  for (const char* key : kPostProcessOptions) {
    const auto found = c.node().attr().find(key);
    if (found == c.node().attr().end()) continue;
    const tf::AttrValue& value = found->second;
    switch (value.value_case()) {
      case tf::AttrValue::kI:
        flex.Int(key, value.i());
        break;
      case tf::AttrValue::kB:
        flex.Int(key, value.b() ? 1 : 0);
        break;
      case tf::AttrValue::kF:
        flex.Float(key, value.f());
        break;
      default:
        return InvalidModel(std::string("attribute '") + key +
                            "' is no number; the graph is damaged");
    }
  }
  flex.EndMap(map);
  flex.Finish();
  return flex.GetBuffer();
}

// encodings, scores, anchors -> boxes, classes, scores, count
Result<void> LowerPostProcess(LowerContext& c) {
  constexpr int64_t kMostSlots = 1 << 24;
  TRY_ASSIGN(const int32_t detections,
             c.IntegerIn("max_detections", 1, kMostSlots));
  TRY_ASSIGN(const int32_t classes,
             c.IntegerIn("max_classes_per_detection", 1, kMostSlots));
  if (int64_t{detections} * classes > kMostSlots)
    return InvalidModel("it would give too many detections");
  if (!c.input(2)->is_constant()) {
    return Unsupported(
        "its anchors depend on the input; give the image's size with "
        "--input-shape");
  }
  TRY_ASSIGN(
      CustomOptions options,
      PostProcessBytes(c).map([](std::vector<uint8_t> bytes) {
        return CustomOptions{"TFLite_Detection_PostProcess", std::move(bytes)};
      }));
  const int32_t slots = detections * classes;
  const auto outputs = c.ir().EmitCall(Op::kCustom, std::move(options),
                                       {c.input(0), c.input(1), c.input(2)},
                                       {{"", DataType::kFloat32, {1, slots, 4}},
                                        {"", DataType::kFloat32, {1, slots}},
                                        {"", DataType::kFloat32, {1, slots}},
                                        {"", DataType::kFloat32, {1}}});
  for (int i = 0; i < 4; ++i) c.SetOutput(i, outputs[static_cast<size_t>(i)]);
  return {};
}

}  // namespace

std::span<const TfOp> DetectionOps() {
  static constexpr TfOp kOps[] = {
      {"NonMaxSuppression", 3, LowerV1},
      {"NonMaxSuppressionV2", 4, LowerV1},
      {"NonMaxSuppressionV3", 5, LowerV3},
      {"NonMaxSuppressionV4", 5, LowerV4},
      {"NonMaxSuppressionV5", 6, LowerV5},
      {"TFLite_Detection_PostProcess", 3, LowerPostProcess},
  };
  return kOps;
}

}  // namespace liteforge
