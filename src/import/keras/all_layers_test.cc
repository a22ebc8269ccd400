// SPDX-License-Identifier: Apache-2.0
#include "import/keras/all_layers.h"

#include <gtest/gtest.h>

namespace liteforge::all_layers_test {

// The layers of Keras 3 (keras/src/layers), those that Keras 2 had beside them,
// and other names under which they are saved. Not among them: layers of
// strings and hashes, and Lambda, which is refused by name.
constexpr std::string_view kNames[] = {
    "Dense", "TernaryDense", "EinsumDense", "Embedding", "ReversibleEmbedding",
    "Masking", "Identity", "Conv1D", "Conv2D", "Conv3D", "DepthwiseConv1D",
    "DepthwiseConv2D", "SeparableConv1D", "SeparableConv2D", "Conv1DTranspose",
    "Conv2DTranspose", "Conv3DTranspose", "BatchNormalization",
    "LayerNormalization", "GroupNormalization", "UnitNormalization",
    "RMSNormalization", "SpectralNormalization", "Activation", "ReLU",
    "LeakyReLU", "PReLU", "ELU", "Softmax", "ThresholdedReLU", "MaxPooling1D",
    "MaxPooling2D", "MaxPooling3D", "AveragePooling1D", "AveragePooling2D",
    "AveragePooling3D", "GlobalAveragePooling1D", "GlobalAveragePooling2D",
    "GlobalAveragePooling3D", "GlobalMaxPooling1D", "GlobalMaxPooling2D",
    "GlobalMaxPooling3D", "AdaptiveAveragePooling1D",
    "AdaptiveAveragePooling2D", "AdaptiveAveragePooling3D",
    "AdaptiveMaxPooling1D", "AdaptiveMaxPooling2D", "AdaptiveMaxPooling3D",
    "Flatten", "Reshape", "Permute", "RepeatVector", "ZeroPadding1D",
    "ZeroPadding2D", "ZeroPadding3D", "Cropping1D", "Cropping2D", "Cropping3D",
    "UpSampling1D", "UpSampling2D", "UpSampling3D", "Add", "Subtract",
    "Multiply", "Average", "Maximum", "Minimum", "Concatenate", "Dot", "LSTM",
    "GRU", "SimpleRNN", "RNN", "Bidirectional", "TimeDistributed", "ConvLSTM1D",
    "ConvLSTM2D", "ConvLSTM3D", "Attention", "AdditiveAttention",
    "MultiHeadAttention", "GroupedQueryAttention", "GroupQueryAttention",
    "Rescaling", "Resizing", "CenterCrop", "Normalization", "CategoryEncoding",
    "Discretization", "MelSpectrogram", "STFTSpectrogram", "TFOpLambda",
    "SlicingOpLambda", "Operation", "TensorFlowOpLayer",
    // Nothing at inference.
    "Dropout", "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D",
    "GaussianNoise", "GaussianDropout", "AlphaDropout",
    "ActivityRegularization", "RandomBrightness", "RandomColorDegeneration",
    "RandomColorJitter", "RandomContrast", "RandomCrop",
    "RandomElasticTransform", "RandomErasing", "RandomFlip",
    "RandomGaussianBlur", "RandomGrayscale", "RandomHeight", "RandomHue",
    "RandomInvert", "RandomPerspective", "RandomPosterization",
    "RandomRotation", "RandomSaturation", "RandomSharpness", "RandomShear",
    "RandomTranslation", "RandomWidth", "RandomZoom", "RandAugment", "AugMix",
    "AutoContrast", "CutMix", "MixUp", "Solarization", "Equalization",
    "ContrastLimitedAdaptiveHistogramEqualization", "Pipeline",
    // Keras 2 and 1.
    "CuDNNLSTM", "CuDNNGRU", "LocallyConnected1D", "LocallyConnected2D",
    "RandomFourierFeatures", "SyncBatchNormalization", "BatchNormalizationV1",
    "BatchNormalizationV2", "LSTMV2", "GRUV2", "LSTMV1", "GRUV1", "Merge",
    "TimeDistributedDense", "Deconvolution2D", "AtrousConvolution1D",
    "AtrousConvolution2D", "Convolution1D", "Convolution2D", "Convolution3D",
    "Convolution1DTranspose", "Convolution2DTranspose",
    "Convolution3DTranspose", "SeparableConvolution1D",
    "SeparableConvolution2D", "MaxPool1D", "MaxPool2D", "MaxPool3D",
    "AvgPool1D", "AvgPool2D", "AvgPool3D", "GlobalAvgPool1D", "GlobalAvgPool2D",
    "GlobalAvgPool3D", "GlobalMaxPool1D", "GlobalMaxPool2D", "GlobalMaxPool3D",
    // Of the Model Optimization toolkit.
    "QuantizeWrapper", "QuantizeWrapperV2", "QuantizeLayer",
    "PruneLowMagnitude", "ClusterWeights"};

TEST(AllLayers, KnowsTheLayersOfKeras) {
  for (const std::string_view name : kNames)
    EXPECT_NE(FindKerasLayer(name), nullptr) << name;
  EXPECT_EQ(FindKerasLayer("StringLookup"), nullptr);
}

}  // namespace liteforge::all_layers_test
