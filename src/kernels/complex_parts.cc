// SPDX-License-Identifier: Apache-2.0
// REAL, IMAG, COMPLEX_ABS: complex64 -> f32, complex128 -> f64.
// Source: tflite/kernels/complex_support.cc.
#include "kernels/visit_type.h"

namespace liteforge {
namespace {

Result<void> Prepare(KernelContext& k) {
  const DataType from = k.Input(0).type, to = k.Output(0).type;
  if ((from == DataType::kComplex64 && to == DataType::kFloat32) ||
      (from == DataType::kComplex128 && to == DataType::kFloat64))
    return {};
  return Unsupported(std::string(Name(from)) + " to " + std::string(Name(to)) +
                     " is not supported");
}

template <class Part>
void EvalPart(KernelContext& k, const Part& part) {
  using Types = TypeList<std::complex<float>, std::complex<double>>;
  Types::Dispatch(k.Input(0).type, [&](auto tag) {
    using T = TypeOf<decltype(tag)>;
    const T* from = k.Input(0).Data<T>();
    auto* to = k.Output(0).MutableData<typename T::value_type>();
    for (int64_t i = 0; i < k.Input(0).elements(); ++i) to[i] = part(from[i]);
  });
}

void EvalReal(KernelContext& k) noexcept {
  EvalPart(k, [](auto x) { return x.real(); });
}

void EvalImag(KernelContext& k) noexcept {
  EvalPart(k, [](auto x) { return x.imag(); });
}

void EvalAbs(KernelContext& k) noexcept {
  EvalPart(k, [](auto x) { return std::abs(x); });
}

constexpr const char* kTypes = "complex64 complex128";

}  // namespace

extern const Kernel kReal{Op::kReal, kTypes, Prepare, EvalReal};
extern const Kernel kImag{Op::kImag, kTypes, Prepare, EvalImag};
extern const Kernel kComplexAbs{Op::kComplexAbs, kTypes, Prepare, EvalAbs};

}  // namespace liteforge
