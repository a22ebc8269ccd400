// SPDX-License-Identifier: Apache-2.0
// Variables, hash tables and random numbers: operators with a memory. A
// resource is a scalar handle (hash tables: a list of one).
// Source: tflite/kernels/{var_handle,read_variable,assign_variable}.cc,
// hashtable*.cc, random_ops.cc, multinomial.cc, rng_bit_generator.cc.
#include "base/try.h"
#include "ops/all_infer_rules.h"
#include "ops/infer_checks.h"

namespace liteforge {
namespace {

Result<void> VarHandle(InferContext& c) {
  c.SetOutput(0, DataType::kResource, Shape());
  return {};
}

// What a variable holds, only the file says; TFLite too takes its word unless
// it is a scalar, which may as well mean that nothing was noted.
Result<void> ReadVariable(InferContext& c) {
  TRY(NeedInputs(c, 1));
  const Shape declared = c.declared_shape(0);
  c.SetOutput(0, c.declared_type(0),
              declared.rank() > 0 ? declared : Shape::UnknownRank());
  return {};
}

Result<void> AssignVariable(InferContext& c) { return NeedInputs(c, 2); }

Result<void> Hashtable(InferContext& c) {
  c.SetOutput(0, DataType::kResource, Shape{1});
  return {};
}

Result<void> HashtableFind(InferContext& c) {
  TRY(NeedInputs(c, 3));
  c.SetOutput(0, c.input(2).type, c.input(1).shape);
  return {};
}

Result<void> HashtableImport(InferContext& c) {
  TRY(NeedInputs(c, 3));
  TRY(NeedEqual(c.input(1).shape.elements(), c.input(2).shape.elements(),
                "the counts of keys and values"));
  return {};
}

Result<void> HashtableSize(InferContext& c) {
  TRY(NeedInputs(c, 1));
  c.SetOutput(0, DataType::kInt64, Shape{1});
  return {};
}

Result<void> Random(InferContext& c) {
  TRY_ASSIGN(const Shape shape, ShapeHeldBy(c, 0));
  c.SetOutput(0, DataType::kFloat32, shape);
  return {};
}

// logits [B, classes], a count of samples -> [B, samples].
Result<void> Multinomial(InferContext& c) {
  TRY(NeedRank(c, 0, 2, "logits"));
  TRY(NeedRank(c, 1, 0, "num_samples"));
  std::vector<int64_t> samples;
  int32_t count = Shape::kUnknownDim;
  if (c.GetIntegers(1, samples)) {
    TRY_ASSIGN(count, ToDim(samples[0], "num_samples"));
  }
  const bool narrow = c.declared_type(0) == DataType::kInt32;
  c.SetOutput(0, narrow ? DataType::kInt32 : DataType::kInt64,
              Shape{DimOf(c.input(0).shape, 0), count});
  return {};
}

// The next state, and bits of the type and shape that the file asks for.
Result<void> RngBitGenerator(InferContext& c) {
  TRY(NeedRank(c, 0, 1, "state"));
  c.SetOutput(0, c.input(0).type, c.input(0).shape);
  c.SetOutput(1, c.declared_type(1), c.declared_shape(1));
  return {};
}

}  // namespace

std::span<const InferRule> ResourceRules() {
  static constexpr InferRule kRules[] = {
      {Op::kAssignVariable, AssignVariable},
      {Op::kHashtable, Hashtable},
      {Op::kHashtableFind, HashtableFind},
      {Op::kHashtableImport, HashtableImport},
      {Op::kHashtableSize, HashtableSize},
      {Op::kMultinomial, Multinomial},
      {Op::kRandomStandardNormal, Random},
      {Op::kRandomUniform, Random},
      {Op::kReadVariable, ReadVariable},
      {Op::kStablehloRngBitGenerator, RngBitGenerator},
      {Op::kVarHandle, VarHandle},
  };
  return kRules;
}

}  // namespace liteforge
