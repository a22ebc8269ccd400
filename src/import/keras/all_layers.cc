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
    {"Activation", &kActivationLayer},
    {"ActivityRegularization", &kIdentityLayer},
    {"Add", &kAddLayer},
    {"AlphaDropout", &kIdentityLayer},
    {"AtrousConvolution1D", &kConv1DLayer},
    {"AtrousConvolution2D", &kConv2DLayer},
    {"Average", &kAverageLayer},
    {"AveragePooling1D", &kAveragePooling1DLayer},
    {"AveragePooling2D", &kAveragePooling2DLayer},
    {"AvgPool1D", &kAveragePooling1DLayer},
    {"AvgPool2D", &kAveragePooling2DLayer},
    {"BatchNormalization", &kBatchNormalizationLayer},
    {"BatchNormalizationV1", &kBatchNormalizationLayer},
    {"BatchNormalizationV2", &kBatchNormalizationLayer},
    {"Bidirectional", &kBidirectionalLayer},
    {"Concatenate", &kConcatenateLayer},
    {"Conv1D", &kConv1DLayer},
    {"Conv2D", &kConv2DLayer},
    {"Convolution1D", &kConv1DLayer},
    {"Convolution2D", &kConv2DLayer},
    {"Cropping1D", &kCropping1DLayer},
    {"Cropping2D", &kCropping2DLayer},
    {"Dense", &kDenseLayer},
    {"DepthwiseConv1D", &kDepthwiseConv1DLayer},
    {"DepthwiseConv2D", &kDepthwiseConv2DLayer},
    {"Dropout", &kIdentityLayer},
    {"ELU", &kEluLayer},
    {"Embedding", &kEmbeddingLayer},
    {"Flatten", &kFlattenLayer},
    {"GRU", &kGruLayer},
    {"GRUV1", &kGruLayer},
    {"GRUV2", &kGruLayer},
    {"GaussianDropout", &kIdentityLayer},
    {"GaussianNoise", &kIdentityLayer},
    {"GlobalAveragePooling1D", &kGlobalAveragePooling1DLayer},
    {"GlobalAveragePooling2D", &kGlobalAveragePooling2DLayer},
    {"GlobalAvgPool1D", &kGlobalAveragePooling1DLayer},
    {"GlobalAvgPool2D", &kGlobalAveragePooling2DLayer},
    {"GlobalMaxPool1D", &kGlobalMaxPooling1DLayer},
    {"GlobalMaxPool2D", &kGlobalMaxPooling2DLayer},
    {"GlobalMaxPooling1D", &kGlobalMaxPooling1DLayer},
    {"GlobalMaxPooling2D", &kGlobalMaxPooling2DLayer},
    {"Identity", &kIdentityLayer},
    {"LSTM", &kLstmLayer},
    {"LSTMV1", &kLstmLayer},
    {"LSTMV2", &kLstmLayer},
    {"LeakyReLU", &kLeakyReluLayer},
    {"MaxPool1D", &kMaxPooling1DLayer},
    {"MaxPool2D", &kMaxPooling2DLayer},
    {"MaxPooling1D", &kMaxPooling1DLayer},
    {"MaxPooling2D", &kMaxPooling2DLayer},
    {"Maximum", &kMaximumLayer},
    {"Merge", &kMergeLayer},
    {"Minimum", &kMinimumLayer},
    {"Multiply", &kMultiplyLayer},
    {"Normalization", &kNormalizationLayer},
    {"PReLU", &kPReluLayer},
    {"Permute", &kPermuteLayer},
    {"RNN", &kRnnLayer},
    {"ReLU", &kReluLayer},
    {"RepeatVector", &kRepeatVectorLayer},
    {"Rescaling", &kRescalingLayer},
    {"Reshape", &kReshapeLayer},
    {"SeparableConv1D", &kSeparableConv1DLayer},
    {"SeparableConv2D", &kSeparableConv2DLayer},
    {"SeparableConvolution1D", &kSeparableConv1DLayer},
    {"SeparableConvolution2D", &kSeparableConv2DLayer},
    {"SimpleRNN", &kSimpleRnnLayer},
    {"Softmax", &kSoftmaxLayer},
    {"SpatialDropout1D", &kIdentityLayer},
    {"SpatialDropout2D", &kIdentityLayer},
    {"SpatialDropout3D", &kIdentityLayer},
    {"Subtract", &kSubtractLayer},
    {"ThresholdedReLU", &kThresholdedReluLayer},
    {"TimeDistributed", &kTimeDistributedLayer},
    {"UpSampling1D", &kUpSampling1DLayer},
    {"UpSampling2D", &kUpSampling2DLayer},
    {"ZeroPadding1D", &kZeroPadding1DLayer},
    {"ZeroPadding2D", &kZeroPadding2DLayer},
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
