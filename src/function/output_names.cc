// SPDX-License-Identifier: Apache-2.0
// Source: TensorFlow's op registry.
#include "function/output_names.h"

#include <algorithm>
#include <array>
#include <span>

namespace liteforge {
namespace {

// Operators with several output arguments of one tensor each.
struct OutputNames {
  std::string_view op;
  std::array<std::string_view, 7> names;
};
constexpr OutputNames kOutputNames[] = {
    {"BatchNormWithGlobalNormalizationGrad", {"dx", "dm", "dv", "db", "dg"}},
    {"BlockLSTM", {"i", "cs", "f", "o", "ci", "co", "h"}},
    {"BlockLSTMV2", {"i", "cs", "f", "o", "ci", "co", "h"}},
    {"CombinedNonMaxSuppression",
     {"nmsed_boxes", "nmsed_scores", "nmsed_classes", "valid_detections"}},
    {"FusedBatchNorm",
     {"y", "batch_mean", "batch_variance", "reserve_space_1",
      "reserve_space_2"}},
    {"FusedBatchNormV2",
     {"y", "batch_mean", "batch_variance", "reserve_space_1",
      "reserve_space_2"}},
    {"FusedBatchNormV3",
     {"y", "batch_mean", "batch_variance", "reserve_space_1", "reserve_space_2",
      "reserve_space_3"}},
    {"GRUBlockCell", {"r", "u", "c", "h"}},
    {"LSTMBlockCell", {"i", "cs", "f", "o", "ci", "co", "h"}},
    {"ListDiff", {"out", "idx"}},
    {"MaxPoolWithArgmax", {"output", "argmax"}},
    {"Merge", {"output", "value_index"}},
    {"NonMaxSuppressionV4", {"selected_indices", "valid_outputs"}},
    {"NonMaxSuppressionV5",
     {"selected_indices", "selected_scores", "valid_outputs"}},
    {"Qr", {"q", "r"}},
    {"Svd", {"s", "u", "v"}},
    {"Switch", {"output_false", "output_true"}},
    {"TensorArrayConcatV3", {"value", "lengths"}},
    {"TensorArrayV3", {"handle", "flow"}},
    {"TensorListConcat", {"tensor", "lengths"}},
    {"TensorListConcatV2", {"tensor", "lengths"}},
    {"TensorListPopBack", {"output_handle", "tensor"}},
    {"TopK", {"values", "indices"}},
    {"TopKV2", {"values", "indices"}},
    {"Unique", {"y", "idx"}},
    {"UniqueV2", {"y", "idx"}},
    {"UniqueWithCounts", {"y", "idx", "count"}},
};

// Operators whose only output is not called "output".
struct OnlyOutput {
  std::string_view name;
  std::span<const std::string_view> ops;
};
constexpr std::string_view kUnaries[] = {
    "Abs",   "Acos",       "Acosh",         "Asin",       "Asinh",
    "Atan",  "Atanh",      "Cast",          "Ceil",       "Cos",
    "Cosh",  "Erf",        "Erfc",          "Exp",        "Expm1",
    "Floor", "Inv",        "IsInf",         "IsNan",      "Log",
    "Log1p", "LogicalNot", "Neg",           "OnesLike",   "Reciprocal",
    "Rint",  "Round",      "Rsqrt",         "Sigmoid",    "Sign",
    "Sin",   "Sinh",       "Sqrt",          "Square",     "Tan",
    "Tanh",  "ZerosLike",  "InplaceUpdate", "InplaceAdd", "Transpose"};
constexpr std::string_view kBinaries[] = {
    "Add",       "AddV2",       "Atan2",      "BitwiseAnd",
    "BitwiseOr", "BitwiseXor",  "Div",        "Equal",
    "FloorDiv",  "FloorMod",    "Greater",    "GreaterEqual",
    "Less",      "LessEqual",   "LogicalAnd", "LogicalOr",
    "Maximum",   "Minimum",     "Mod",        "Mul",
    "NotEqual",  "Pow",         "RealDiv",    "SquaredDifference",
    "Sub",       "TruncateDiv", "TruncateMod"};
constexpr std::string_view kActivations[] = {
    "Elu", "LeakyRelu", "Relu", "Relu6", "Selu", "Softplus", "Softsign"};
constexpr std::string_view kProducts[] = {"MatMul", "SparseMatMul"};
constexpr std::string_view kHandles[] = {
    "TensorListFromTensor", "TensorListPushBack", "TensorListReserve",
    "TensorListSetItem", "EmptyTensorList"};
constexpr std::string_view kItems[] = {"TensorListGetItem"};
constexpr std::string_view kStacks[] = {"TensorListStack"};
constexpr std::string_view kSoftmax[] = {"Softmax"};
constexpr std::string_view kLogSoftmax[] = {"LogSoftmax"};
constexpr std::string_view kResized[] = {"ResizeBilinear",
                                         "ResizeNearestNeighbor"};
constexpr OnlyOutput kOnlyOutputs[] = {{"y", kUnaries},
                                       {"z", kBinaries},
                                       {"activations", kActivations},
                                       {"product", kProducts},
                                       {"output_handle", kHandles},
                                       {"item", kItems},
                                       {"tensor", kStacks},
                                       {"softmax", kSoftmax},
                                       {"logsoftmax", kLogSoftmax},
                                       {"resized_images", kResized}};

const OutputNames* FindSeveral(std::string_view op) {
  const auto* found = std::ranges::find(kOutputNames, op, &OutputNames::op);
  return found == std::end(kOutputNames) ? nullptr : found;
}

}  // namespace

int OutputIndexOf(std::string_view op, std::string_view argument, int offset) {
  if (const OutputNames* several = FindSeveral(op)) {
    for (size_t i = 0; i < several->names.size(); ++i) {
      if (several->names[i] == argument) return static_cast<int>(i) + offset;
    }
  }
  return offset;
}

OutputArgument OutputArgumentOf(std::string_view op, int index) {
  if (const OutputNames* several = FindSeveral(op)) {
    const auto at = static_cast<size_t>(index);
    if (at < several->names.size() && !several->names[at].empty())
      return {several->names[at], 0};
  }
  for (const OnlyOutput& only : kOnlyOutputs) {
    if (std::ranges::find(only.ops, op) != only.ops.end())
      return {only.name, index};
  }
  return {"output", index};
}

}  // namespace liteforge
