// SPDX-License-Identifier: Apache-2.0
// Every layer that can be imported, by the family's file.
#pragma once

#include "import/keras/layer.h"

namespace liteforge {

// activation_layers.cc
extern const KerasLayer kActivation, kElu, kLeakyRelu, kPRelu, kRelu, kSoftmax,
    kThresholdedRelu;
// batch_normalization.cc
extern const KerasLayer kBatchNormalization;
// convolution.cc
extern const KerasLayer kConv1D, kConv2D;
// dense.cc
extern const KerasLayer kDense;
// depthwise_convolution.cc
extern const KerasLayer kDepthwiseConv1D, kDepthwiseConv2D, kSeparableConv1D,
    kSeparableConv2D;
// global_pooling.cc
extern const KerasLayer kGlobalAveragePooling1D, kGlobalAveragePooling2D,
    kGlobalMaxPooling1D, kGlobalMaxPooling2D;
// identity_layers.cc
extern const KerasLayer kIdentity;
// merge.cc
extern const KerasLayer kAdd, kAverage, kConcatenate, kMaximum, kMerge,
    kMinimum, kMultiply, kSubtract;
// padding.cc
extern const KerasLayer kCropping1D, kCropping2D, kZeroPadding1D,
    kZeroPadding2D;
// pooling.cc
extern const KerasLayer kAveragePooling1D, kAveragePooling2D, kMaxPooling1D,
    kMaxPooling2D;
// rescaling.cc
extern const KerasLayer kNormalization, kRescaling;
// reshaping.cc
extern const KerasLayer kFlatten, kPermute, kRepeatVector, kReshape;
// upsampling.cc
extern const KerasLayer kUpSampling1D, kUpSampling2D;

}  // namespace liteforge
