// SPDX-License-Identifier: Apache-2.0
// The list of kernels for CUSTOM operators, sorted by name (capitals first, as
// bytes compare): a new one is two lines here.
#include <algorithm>

#include "kernels/kernel.h"

namespace liteforge {

extern const CustomKernel kAudioSpectrogram;
extern const CustomKernel kConvolution2DTransposeBias;
extern const CustomKernel kDenseImageWarp;
extern const CustomKernel kIrfft2d;
extern const CustomKernel kMaxPoolWithArgmax;
extern const CustomKernel kMaxPoolingWithArgmax2D;
extern const CustomKernel kMaxUnpooling2D;
extern const CustomKernel kMfcc;
extern const CustomKernel kRoll;
extern const CustomKernel kDetectionPostprocess;

namespace {

constexpr const CustomKernel* kKernels[] = {
    &kAudioSpectrogram,
    &kConvolution2DTransposeBias,
    &kDenseImageWarp,
    &kIrfft2d,
    &kMaxPoolWithArgmax,
    &kMaxPoolingWithArgmax2D,
    &kMaxUnpooling2D,
    &kMfcc,
    &kRoll,
    &kDetectionPostprocess,
};

}  // namespace

std::span<const CustomKernel* const> AllCustomKernels() { return kKernels; }

const Kernel* FindCustomKernel(std::string_view name) {
  const auto kernels = AllCustomKernels();
  const auto found =
      std::lower_bound(kernels.begin(), kernels.end(), name,
                       [](const CustomKernel* kernel, std::string_view wanted) {
                         return std::string_view(kernel->name) < wanted;
                       });
  return found != kernels.end() && (*found)->name == name ? &(*found)->kernel
                                                          : nullptr;
}

const Kernel* FindKernel(Op op, const OpOptions& options) {
  return op == Op::kCustom ? FindCustomKernel(options.Get<CustomOptions>().name)
                           : FindKernel(op);
}

}  // namespace liteforge
