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
    {"AdaptiveAveragePooling1D", &kAdaptiveAveragePooling1DLayer},
    {"AdaptiveAveragePooling2D", &kAdaptiveAveragePooling2DLayer},
    {"AdaptiveAveragePooling3D", &kAdaptiveAveragePooling3DLayer},
    {"AdaptiveMaxPooling1D", &kAdaptiveMaxPooling1DLayer},
    {"AdaptiveMaxPooling2D", &kAdaptiveMaxPooling2DLayer},
    {"AdaptiveMaxPooling3D", &kAdaptiveMaxPooling3DLayer},
    {"Add", &kAddLayer},
    {"AdditiveAttention", &kAdditiveAttentionLayer},
    {"AlphaDropout", &kIdentityLayer},
    {"AtrousConvolution1D", &kConv1DLayer},
    {"AtrousConvolution2D", &kConv2DLayer},
    {"Attention", &kAttentionLayer},
    {"AugMix", &kIdentityLayer},
    {"AutoContrast", &kIdentityLayer},
    {"Average", &kAverageLayer},
    {"AveragePooling1D", &kAveragePooling1DLayer},
    {"AveragePooling2D", &kAveragePooling2DLayer},
    {"AveragePooling3D", &kAveragePooling3DLayer},
    {"AvgPool1D", &kAveragePooling1DLayer},
    {"AvgPool2D", &kAveragePooling2DLayer},
    {"AvgPool3D", &kAveragePooling3DLayer},
    {"BatchNormalization", &kBatchNormalizationLayer},
    {"BatchNormalizationV1", &kBatchNormalizationLayer},
    {"BatchNormalizationV2", &kBatchNormalizationLayer},
    {"Bidirectional", &kBidirectionalLayer},
    {"CategoryEncoding", &kCategoryEncodingLayer},
    {"CenterCrop", &kCenterCropLayer},
    {"ClusterWeights", &kOptimizationWrapperLayer},
    {"Concatenate", &kConcatenateLayer},
    {"Conv1D", &kConv1DLayer},
    {"Conv1DTranspose", &kConv1DTransposeLayer},
    {"Conv2D", &kConv2DLayer},
    {"Conv2DTranspose", &kConv2DTransposeLayer},
    {"Conv3D", &kConv3DLayer},
    {"Conv3DTranspose", &kConv3DTransposeLayer},
    {"ConvLSTM1D", &kConvLstm1DLayer},
    {"ConvLSTM2D", &kConvLstm2DLayer},
    {"Convolution1D", &kConv1DLayer},
    {"Convolution1DTranspose", &kConv1DTransposeLayer},
    {"Convolution2D", &kConv2DLayer},
    {"Convolution2DTranspose", &kConv2DTransposeLayer},
    {"Convolution3D", &kConv3DLayer},
    {"Convolution3DTranspose", &kConv3DTransposeLayer},
    {"Cropping1D", &kCropping1DLayer},
    {"Cropping2D", &kCropping2DLayer},
    {"Cropping3D", &kCropping3DLayer},
    {"CuDNNGRU", &kCudnnGruLayer},
    {"CuDNNLSTM", &kCudnnLstmLayer},
    {"CutMix", &kIdentityLayer},
    {"Dense", &kDenseLayer},
    {"DepthwiseConv1D", &kDepthwiseConv1DLayer},
    {"DepthwiseConv2D", &kDepthwiseConv2DLayer},
    {"Discretization", &kDiscretizationLayer},
    {"Dot", &kDotLayer},
    {"Dropout", &kIdentityLayer},
    {"ELU", &kEluLayer},
    {"EinsumDense", &kEinsumDenseLayer},
    {"Embedding", &kEmbeddingLayer},
    {"Equalization", &kIdentityLayer},
    {"Flatten", &kFlattenLayer},
    {"GRU", &kGruLayer},
    {"GRUV1", &kGruLayer},
    {"GRUV2", &kGruLayer},
    {"GaussianDropout", &kIdentityLayer},
    {"GaussianNoise", &kIdentityLayer},
    {"GlobalAveragePooling1D", &kGlobalAveragePooling1DLayer},
    {"GlobalAveragePooling2D", &kGlobalAveragePooling2DLayer},
    {"GlobalAveragePooling3D", &kGlobalAveragePooling3DLayer},
    {"GlobalAvgPool1D", &kGlobalAveragePooling1DLayer},
    {"GlobalAvgPool2D", &kGlobalAveragePooling2DLayer},
    {"GlobalAvgPool3D", &kGlobalAveragePooling3DLayer},
    {"GlobalMaxPool1D", &kGlobalMaxPooling1DLayer},
    {"GlobalMaxPool2D", &kGlobalMaxPooling2DLayer},
    {"GlobalMaxPool3D", &kGlobalMaxPooling3DLayer},
    {"GlobalMaxPooling1D", &kGlobalMaxPooling1DLayer},
    {"GlobalMaxPooling2D", &kGlobalMaxPooling2DLayer},
    {"GlobalMaxPooling3D", &kGlobalMaxPooling3DLayer},
    {"GroupNormalization", &kGroupNormalizationLayer},
    {"GroupQueryAttention", &kGroupedQueryAttentionLayer},
    {"GroupedQueryAttention", &kGroupedQueryAttentionLayer},
    {"Identity", &kIdentityLayer},
    {"LSTM", &kLstmLayer},
    {"LSTMV1", &kLstmLayer},
    {"LSTMV2", &kLstmLayer},
    {"LayerNormalization", &kLayerNormalizationLayer},
    {"LeakyReLU", &kLeakyReluLayer},
    {"Masking", &kMaskingLayer},
    {"MaxPool1D", &kMaxPooling1DLayer},
    {"MaxPool2D", &kMaxPooling2DLayer},
    {"MaxPool3D", &kMaxPooling3DLayer},
    {"MaxPooling1D", &kMaxPooling1DLayer},
    {"MaxPooling2D", &kMaxPooling2DLayer},
    {"MaxPooling3D", &kMaxPooling3DLayer},
    {"Maximum", &kMaximumLayer},
    {"Merge", &kMergeLayer},
    {"Minimum", &kMinimumLayer},
    {"MixUp", &kIdentityLayer},
    {"MultiHeadAttention", &kMultiHeadAttentionLayer},
    {"Multiply", &kMultiplyLayer},
    {"Normalization", &kNormalizationLayer},
    {"Operation", &kOperationLayer},
    {"PReLU", &kPReluLayer},
    {"Permute", &kPermuteLayer},
    {"PruneLowMagnitude", &kOptimizationWrapperLayer},
    {"QuantizeLayer", &kQuantizeLayerLayer},
    {"QuantizeWrapper", &kOptimizationWrapperLayer},
    {"QuantizeWrapperV2", &kOptimizationWrapperLayer},
    {"RMSNormalization", &kRmsNormalizationLayer},
    {"RNN", &kRnnLayer},
    {"RandAugment", &kIdentityLayer},
    {"RandomApply", &kIdentityLayer},
    {"RandomBrightness", &kIdentityLayer},
    {"RandomColorDegeneration", &kIdentityLayer},
    {"RandomColorJitter", &kIdentityLayer},
    {"RandomContrast", &kIdentityLayer},
    {"RandomCrop", &kCenterCropLayer},
    {"RandomElasticTransform", &kIdentityLayer},
    {"RandomErasing", &kIdentityLayer},
    {"RandomFlip", &kIdentityLayer},
    {"RandomGaussianBlur", &kIdentityLayer},
    {"RandomGrayscale", &kIdentityLayer},
    {"RandomHeight", &kIdentityLayer},
    {"RandomHue", &kIdentityLayer},
    {"RandomInvert", &kIdentityLayer},
    {"RandomPerspective", &kIdentityLayer},
    {"RandomPosterization", &kIdentityLayer},
    {"RandomRotation", &kIdentityLayer},
    {"RandomSaturation", &kIdentityLayer},
    {"RandomSharpness", &kIdentityLayer},
    {"RandomShear", &kIdentityLayer},
    {"RandomTranslation", &kIdentityLayer},
    {"RandomWidth", &kIdentityLayer},
    {"RandomZoom", &kIdentityLayer},
    {"ReLU", &kReluLayer},
    {"RepeatVector", &kRepeatVectorLayer},
    {"Rescaling", &kRescalingLayer},
    {"Reshape", &kReshapeLayer},
    {"Resizing", &kResizingLayer},
    {"ReversibleEmbedding", &kReversibleEmbeddingLayer},
    {"STFTSpectrogram", &kStftSpectrogramLayer},
    {"SeparableConv1D", &kSeparableConv1DLayer},
    {"SeparableConv2D", &kSeparableConv2DLayer},
    {"SeparableConvolution1D", &kSeparableConv1DLayer},
    {"SeparableConvolution2D", &kSeparableConv2DLayer},
    {"SimpleRNN", &kSimpleRnnLayer},
    {"SlicingOpLambda", &kSlicingOpLambdaLayer},
    {"Softmax", &kSoftmaxLayer},
    {"Solarization", &kIdentityLayer},
    {"SpatialDropout1D", &kIdentityLayer},
    {"SpatialDropout2D", &kIdentityLayer},
    {"SpatialDropout3D", &kIdentityLayer},
    {"SpectralNormalization", &kSpectralNormalizationLayer},
    {"Subtract", &kSubtractLayer},
    {"TFOpLambda", &kTfOpLambdaLayer},
    {"TensorFlowOpLayer", &kTensorFlowOpLayerLayer},
    {"TernaryDense", &kTernaryDenseLayer},
    {"ThresholdedReLU", &kThresholdedReluLayer},
    {"TimeDistributed", &kTimeDistributedLayer},
    {"UnitNormalization", &kUnitNormalizationLayer},
    {"UpSampling1D", &kUpSampling1DLayer},
    {"UpSampling2D", &kUpSampling2DLayer},
    {"UpSampling3D", &kUpSampling3DLayer},
    {"ZeroPadding1D", &kZeroPadding1DLayer},
    {"ZeroPadding2D", &kZeroPadding2DLayer},
    {"ZeroPadding3D", &kZeroPadding3DLayer},
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

std::vector<std::string_view> KerasLayerNames() {
  std::vector<std::string_view> names;
  for (const Row& row : kLayers) names.push_back(row.name);
  return names;
}

}  // namespace liteforge
