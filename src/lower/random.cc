// SPDX-License-Identifier: Apache-2.0
// Random numbers. Those of TensorFlow and of TFLite agree in distribution; no
// operator here is evaluated while converting.
//   TruncatedNormal   sqrt(2) erfinv((2 u - 1) erf(sqrt(2))): the normal
//                     distribution within 2 of 0
#include <cmath>
#include <span>

#include "lower/special_functions.h"

namespace liteforge {
namespace {

Result<RandomOptions> Seeds(const LowerContext& c) {
  RandomOptions options;
  TRY_ASSIGN(options.seed, c.Attribute<int64_t>("seed", 0));
  TRY_ASSIGN(options.seed2, c.Attribute<int64_t>("seed2", 0));
  return options;
}

template <Op op>
Result<void> LowerRandom(LowerContext& c) {
  TRY_ASSIGN(const RandomOptions options, Seeds(c));
  TRY_ASSIGN(Value * shape, c.ir().AsInt32(c.input(0)));
  return Finish(c, c.ir().Emit(op, options, {shape}));
}

// low + floor(u (high - low)), u in [0, 1).
Result<void> LowerRandomInteger(LowerContext& c) {
  TRY_ASSIGN(const RandomOptions options, Seeds(c));
  Formula f(c);
  Value* low = f.Cast(c.input(1), DataType::kFloat32);
  Value* high = f.Cast(c.input(2), DataType::kFloat32);
  Value* u =
      f.Emit(Op::kRandomUniform, options, {f.Take(c.ir().AsInt32(c.input(0)))});
  Value* steps = f.Of(Op::kFloor, f.Mul(u, f.Sub(high, low)));
  return f.Finish(f.Add(f.Cast(steps, c.input(1)->type), c.input(1)));
}

Result<void> LowerMultinomial(LowerContext& c) {
  TRY_ASSIGN(const RandomOptions options, Seeds(c));
  TRY_ASSIGN(const DataType type,
             c.Attribute<DataType>("output_dtype", DataType::kInt64));
  TRY_ASSIGN(Value * count, c.ir().AsInt32(c.input(1)));
  TRY_ASSIGN(Value * y,
             c.ir().Emit(Op::kMultinomial, options, {c.input(0), count}));
  return Finish(c, c.ir().Cast(y, type));
}

Result<void> LowerTruncatedNormal(LowerContext& c) {
  TRY_ASSIGN(const RandomOptions options, Seeds(c));
  Formula f(c);
  Value* u =
      f.Emit(Op::kRandomUniform, options, {f.Take(c.ir().AsInt32(c.input(0)))});
  const double most = std::erf(std::sqrt(2.0));
  Value* share = f.Sub(f.Mul(u, f.Number(DataType::kFloat32, 2 * most)),
                       f.Number(DataType::kFloat32, most));
  return f.Finish(f.Mul(InverseErf(f, share),
                        f.Number(DataType::kFloat32, std::sqrt(2.0))));
}

}  // namespace

std::span<const TfOp> RandomOps() {
  static constexpr TfOp kOps[] = {
      {"Multinomial", 2, LowerMultinomial},
      {"RandomStandardNormal", 1, LowerRandom<Op::kRandomStandardNormal>},
      {"RandomUniform", 1, LowerRandom<Op::kRandomUniform>},
      {"RandomUniformInt", 3, LowerRandomInteger},
      {"TruncatedNormal", 1, LowerTruncatedNormal},
  };
  return kOps;
}

}  // namespace liteforge
