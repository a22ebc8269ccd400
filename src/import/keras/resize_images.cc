// SPDX-License-Identifier: Apache-2.0
//   nearest, bilinear   ResizeNearestNeighbor, ResizeBilinear
//   bicubic, area       ResizeBicubic, ResizeArea
//   lanczos3 …          ScaleAndTranslate with that kernel; so are bilinear
//                       (triangle) and bicubic (keyscubic) with antialias
#include "import/keras/resize_images.h"

#include <map>

#include "base/try.h"
#include "function/ops.h"

namespace liteforge {
namespace {

// The kernel's name for ScaleAndTranslate; empty: another operation.
Result<std::string> ResizeKernel(std::string_view method, bool antialias) {
  static const std::map<std::string_view, const char*> kKernels = {
      {"gaussian", "gaussian"},
      {"lanczos3", "lanczos3"},
      {"lanczos5", "lanczos5"},
      {"mitchellcubic", "mitchellcubic"},
  };
  if (method == "nearest" || method == "area") return std::string();
  if (method == "bilinear") return std::string(antialias ? "triangle" : "");
  if (method == "bicubic") return std::string(antialias ? "keyscubic" : "");
  const auto kernel = kKernels.find(method);
  if (kernel != kKernels.end()) return std::string(kernel->second);
  return Unsupported("interpolation '" + std::string(method) +
                     "' is not one of TensorFlow's");
}

}  // namespace

Result<Tensor> ResizeImages(FunctionBuilder& f, const Tensor& x, int32_t height,
                            int32_t width, std::string_view method,
                            bool antialias) {
  TRY_ASSIGN(const std::string kernel, ResizeKernel(method, antialias));
  if (method == "nearest") return ResizeNearest(x, height, width, true);
  if (method == "bilinear" && kernel.empty())
    return ResizeBilinear(x, height, width, true);
  if (x.dim(1) < 1 || x.dim(2) < 1) {
    return Unsupported("interpolation '" + std::string(method) +
                       "' needs to know the size of its images " +
                       x.shape().ToString() +
                       "; give the model's input a size");
  }
  const Shape shape{x.dim(0), height, width, x.dim(3)};
  const Tensor size = f.Constant(IntVector({height, width}), "size");
  if (kernel.empty()) {
    const bool cubic = method == "bicubic";
    Attributes attributes;
    attributes.Type("T", x.type()).Bool("align_corners", false);
    if (cubic) attributes.Bool("half_pixel_centers", true);
    return f.AddNode(cubic ? "ResizeBicubic" : "ResizeArea", {x, size},
                     std::move(attributes), DataType::kFloat32, shape);
  }
  const auto share = [](int32_t to, int32_t from) {
    return static_cast<float>(to) / static_cast<float>(from);
  };
  const Tensor scale = f.Constant(
      FloatConstant({2}, {share(height, x.dim(1)), share(width, x.dim(2))}),
      "scale");
  const Tensor moved = f.Constant(FloatConstant({2}, {0, 0}), "translation");
  return f.AddNode("ScaleAndTranslate", {x, size, scale, moved},
                   Attributes()
                       .Type("T", x.type())
                       .String("kernel_type", kernel)
                       .Bool("antialias", antialias),
                   DataType::kFloat32, shape);
}

}  // namespace liteforge
