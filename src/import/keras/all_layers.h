// SPDX-License-Identifier: Apache-2.0
// Every layer that can be imported, by the family's file.
#pragma once

#include "import/keras/layer.h"

namespace liteforge {

// The class names of all of them, sorted.
std::vector<std::string_view> KerasLayerNames();

// activation_layers.cc
extern const KerasLayer kActivationLayer, kEluLayer, kLeakyReluLayer,
    kPReluLayer, kReluLayer, kSoftmaxLayer, kThresholdedReluLayer;
// adaptive_pooling.cc
extern const KerasLayer kAdaptiveAveragePooling1DLayer,
    kAdaptiveAveragePooling2DLayer, kAdaptiveAveragePooling3DLayer,
    kAdaptiveMaxPooling1DLayer, kAdaptiveMaxPooling2DLayer,
    kAdaptiveMaxPooling3DLayer;
// attention.cc
extern const KerasLayer kAdditiveAttentionLayer, kAttentionLayer, kDotLayer,
    kEinsumDenseLayer, kGroupedQueryAttentionLayer, kMultiHeadAttentionLayer;
// batch_normalization.cc
extern const KerasLayer kBatchNormalizationLayer;
// categories.cc
extern const KerasLayer kCategoryEncodingLayer, kDiscretizationLayer;
// convolution.cc
extern const KerasLayer kConv1DLayer, kConv2DLayer;
// dense.cc
extern const KerasLayer kDenseLayer, kTernaryDenseLayer;
// depthwise_convolution.cc
extern const KerasLayer kDepthwiseConv1DLayer, kDepthwiseConv2DLayer,
    kSeparableConv1DLayer, kSeparableConv2DLayer;
// embedding.cc
extern const KerasLayer kEmbeddingLayer, kReversibleEmbeddingLayer;
// function_layers.cc
extern const KerasLayer kOperationLayer, kSlicingOpLambdaLayer,
    kTensorFlowOpLayerLayer, kTfOpLambdaLayer;
// global_pooling.cc
extern const KerasLayer kGlobalAveragePooling1DLayer,
    kGlobalAveragePooling2DLayer, kGlobalMaxPooling1DLayer,
    kGlobalMaxPooling2DLayer;
// identity_layers.cc
extern const KerasLayer kIdentityLayer, kSkippedLayer;
// locally_connected.cc
extern const KerasLayer kLocallyConnected1DLayer, kLocallyConnected2DLayer;
// masking.cc
extern const KerasLayer kMaskingLayer;
// mel_spectrogram.cc
extern const KerasLayer kMelSpectrogramLayer;
// merge.cc
extern const KerasLayer kAddLayer, kAverageLayer, kConcatenateLayer,
    kMaximumLayer, kMergeLayer, kMinimumLayer, kMultiplyLayer, kSubtractLayer;
// model_optimization.cc
extern const KerasLayer kOptimizationWrapperLayer, kQuantizeLayerLayer;
// normalization.cc
extern const KerasLayer kGroupNormalizationLayer, kLayerNormalizationLayer,
    kRmsNormalizationLayer, kUnitNormalizationLayer;
// padding.cc
extern const KerasLayer kCropping1DLayer, kCropping2DLayer, kCropping3DLayer,
    kZeroPadding1DLayer, kZeroPadding2DLayer, kZeroPadding3DLayer;
// pooling.cc
extern const KerasLayer kAveragePooling1DLayer, kAveragePooling2DLayer,
    kMaxPooling1DLayer, kMaxPooling2DLayer;
// recurrent.cc
extern const KerasLayer kConvLstm1DLayer, kConvLstm2DLayer, kConvLstm3DLayer,
    kCudnnGruLayer, kCudnnLstmLayer, kGruLayer, kLstmLayer, kRnnLayer,
    kSimpleRnnLayer;
// random_features.cc
extern const KerasLayer kRandomFourierFeaturesLayer;
// rescaling.cc
extern const KerasLayer kNormalizationLayer, kRescalingLayer;
// resizing.cc
extern const KerasLayer kCenterCropLayer, kResizingLayer;
// reshaping.cc
extern const KerasLayer kFlattenLayer, kPermuteLayer, kRepeatVectorLayer,
    kReshapeLayer;
// spectrogram.cc
extern const KerasLayer kStftSpectrogramLayer;
// transposed_convolution.cc
extern const KerasLayer kConv1DTransposeLayer, kConv2DTransposeLayer,
    kConv3DTransposeLayer;
// upsampling.cc
extern const KerasLayer kUpSampling1DLayer, kUpSampling2DLayer,
    kUpSampling3DLayer;
// volumes.cc
extern const KerasLayer kAveragePooling3DLayer, kConv3DLayer,
    kGlobalAveragePooling3DLayer, kGlobalMaxPooling3DLayer, kMaxPooling3DLayer;
// wrappers.cc
extern const KerasLayer kBidirectionalLayer, kPipelineLayer,
    kSpectralNormalizationLayer, kTimeDistributedLayer;

}  // namespace liteforge
