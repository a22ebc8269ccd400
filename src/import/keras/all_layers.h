// SPDX-License-Identifier: Apache-2.0
// Every layer that can be imported, by the family's file.
#pragma once

#include "import/keras/layer.h"

namespace liteforge {

// activation_layers.cc
extern const KerasLayer kActivationLayer, kEluLayer, kLeakyReluLayer,
    kPReluLayer, kReluLayer, kSoftmaxLayer, kThresholdedReluLayer;
// attention.cc
extern const KerasLayer kAdditiveAttentionLayer, kAttentionLayer, kDotLayer,
    kEinsumDenseLayer, kGroupedQueryAttentionLayer, kMultiHeadAttentionLayer;
// batch_normalization.cc
extern const KerasLayer kBatchNormalizationLayer;
// convolution.cc
extern const KerasLayer kConv1DLayer, kConv2DLayer;
// dense.cc
extern const KerasLayer kDenseLayer;
// depthwise_convolution.cc
extern const KerasLayer kDepthwiseConv1DLayer, kDepthwiseConv2DLayer,
    kSeparableConv1DLayer, kSeparableConv2DLayer;
// embedding.cc
extern const KerasLayer kEmbeddingLayer;
// global_pooling.cc
extern const KerasLayer kGlobalAveragePooling1DLayer,
    kGlobalAveragePooling2DLayer, kGlobalMaxPooling1DLayer,
    kGlobalMaxPooling2DLayer;
// identity_layers.cc
extern const KerasLayer kIdentityLayer;
// merge.cc
extern const KerasLayer kAddLayer, kAverageLayer, kConcatenateLayer,
    kMaximumLayer, kMergeLayer, kMinimumLayer, kMultiplyLayer, kSubtractLayer;
// normalization.cc
extern const KerasLayer kGroupNormalizationLayer, kLayerNormalizationLayer,
    kRmsNormalizationLayer, kUnitNormalizationLayer;
// padding.cc
extern const KerasLayer kCropping1DLayer, kCropping2DLayer, kZeroPadding1DLayer,
    kZeroPadding2DLayer;
// pooling.cc
extern const KerasLayer kAveragePooling1DLayer, kAveragePooling2DLayer,
    kMaxPooling1DLayer, kMaxPooling2DLayer;
// recurrent.cc
extern const KerasLayer kGruLayer, kLstmLayer, kRnnLayer, kSimpleRnnLayer;
// rescaling.cc
extern const KerasLayer kNormalizationLayer, kRescalingLayer;
// reshaping.cc
extern const KerasLayer kFlattenLayer, kPermuteLayer, kRepeatVectorLayer,
    kReshapeLayer;
// transposed_convolution.cc
extern const KerasLayer kConv1DTransposeLayer, kConv2DTransposeLayer;
// upsampling.cc
extern const KerasLayer kUpSampling1DLayer, kUpSampling2DLayer;
// volumes.cc
extern const KerasLayer kAveragePooling3DLayer, kConv3DLayer,
    kGlobalAveragePooling3DLayer, kGlobalMaxPooling3DLayer, kMaxPooling3DLayer,
    kResizingLayer;
// wrappers.cc
extern const KerasLayer kBidirectionalLayer, kTimeDistributedLayer;

}  // namespace liteforge
