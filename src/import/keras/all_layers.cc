// SPDX-License-Identifier: Apache-2.0
#include "import/keras/all_layers.h"

#include <algorithm>

namespace liteforge {
namespace {

struct Row {
  std::string_view name;
  const KerasLayer* layer;
};

// Sorted by name; other names of a layer are rows of their own. Dropout, noise
// and what else only matters in training is the identity.
constexpr Row kLayers[] = {
    {"Activation", &kActivation},
    {"ActivityRegularization", &kIdentity},
    {"Add", &kAdd},
    {"AlphaDropout", &kIdentity},
    {"AtrousConvolution1D", &kConv1D},
    {"AtrousConvolution2D", &kConv2D},
    {"Average", &kAverage},
    {"AveragePooling1D", &kAveragePooling1D},
    {"AveragePooling2D", &kAveragePooling2D},
    {"AvgPool1D", &kAveragePooling1D},
    {"AvgPool2D", &kAveragePooling2D},
    {"BatchNormalization", &kBatchNormalization},
    {"BatchNormalizationV1", &kBatchNormalization},
    {"BatchNormalizationV2", &kBatchNormalization},
    {"Concatenate", &kConcatenate},
    {"Conv1D", &kConv1D},
    {"Conv2D", &kConv2D},
    {"Convolution1D", &kConv1D},
    {"Convolution2D", &kConv2D},
    {"Cropping1D", &kCropping1D},
    {"Cropping2D", &kCropping2D},
    {"Dense", &kDense},
    {"DepthwiseConv1D", &kDepthwiseConv1D},
    {"DepthwiseConv2D", &kDepthwiseConv2D},
    {"Dropout", &kIdentity},
    {"ELU", &kElu},
    {"Flatten", &kFlatten},
    {"GaussianDropout", &kIdentity},
    {"GaussianNoise", &kIdentity},
    {"GlobalAveragePooling1D", &kGlobalAveragePooling1D},
    {"GlobalAveragePooling2D", &kGlobalAveragePooling2D},
    {"GlobalAvgPool1D", &kGlobalAveragePooling1D},
    {"GlobalAvgPool2D", &kGlobalAveragePooling2D},
    {"GlobalMaxPool1D", &kGlobalMaxPooling1D},
    {"GlobalMaxPool2D", &kGlobalMaxPooling2D},
    {"GlobalMaxPooling1D", &kGlobalMaxPooling1D},
    {"GlobalMaxPooling2D", &kGlobalMaxPooling2D},
    {"Identity", &kIdentity},
    {"LeakyReLU", &kLeakyRelu},
    {"MaxPool1D", &kMaxPooling1D},
    {"MaxPool2D", &kMaxPooling2D},
    {"MaxPooling1D", &kMaxPooling1D},
    {"MaxPooling2D", &kMaxPooling2D},
    {"Maximum", &kMaximum},
    {"Merge", &kMerge},
    {"Minimum", &kMinimum},
    {"Multiply", &kMultiply},
    {"Normalization", &kNormalization},
    {"PReLU", &kPRelu},
    {"Permute", &kPermute},
    {"ReLU", &kRelu},
    {"RepeatVector", &kRepeatVector},
    {"Rescaling", &kRescaling},
    {"Reshape", &kReshape},
    {"SeparableConv1D", &kSeparableConv1D},
    {"SeparableConv2D", &kSeparableConv2D},
    {"SeparableConvolution1D", &kSeparableConv1D},
    {"SeparableConvolution2D", &kSeparableConv2D},
    {"Softmax", &kSoftmax},
    {"SpatialDropout1D", &kIdentity},
    {"SpatialDropout2D", &kIdentity},
    {"SpatialDropout3D", &kIdentity},
    {"Subtract", &kSubtract},
    {"ThresholdedReLU", &kThresholdedRelu},
    {"UpSampling1D", &kUpSampling1D},
    {"UpSampling2D", &kUpSampling2D},
    {"ZeroPadding1D", &kZeroPadding1D},
    {"ZeroPadding2D", &kZeroPadding2D},
};

constexpr bool Sorted() {
  for (size_t i = 1; i < std::size(kLayers); ++i) {
    if (!(kLayers[i - 1].name < kLayers[i].name)) return false;
  }
  return true;
}
static_assert(Sorted());

}  // namespace

const KerasLayer* FindKerasLayer(std::string_view class_name) {
  const auto* row = std::lower_bound(
      std::begin(kLayers), std::end(kLayers), class_name,
      [](const Row& row, std::string_view name) { return row.name < name; });
  const bool found = row != std::end(kLayers) && row->name == class_name;
  return found ? row->layer : nullptr;
}

}  // namespace liteforge
