// SPDX-License-Identifier: Apache-2.0
// Rules believe nothing: whatever a file says, the answer is shapes that are
// valid or an error. Run with sanitizers this also shows that no sum overflows
// and nothing outside the inputs is read.
#include <gtest/gtest.h>

#include <random>

#include "ops/infer.h"

namespace liteforge::infer_damaged_test {

class Dice {
 public:
  explicit Dice(uint64_t seed) : random_(seed) {}
  int64_t Below(int64_t end) {
    return std::uniform_int_distribution<int64_t>(0, end - 1)(random_);
  }
  bool OneIn(int n) { return Below(n) == 0; }

  // Mostly small numbers, sometimes the worst ones.
  int64_t Number() {
    static constexpr int64_t kWorst[] = {
        INT64_MAX, INT64_MIN, INT32_MAX, INT32_MIN, 1 << 30, -(1 << 30), 65536};
    if (OneIn(6)) return kWorst[Below(std::size(kWorst))];
    return Below(8) - 2;
  }

 private:
  std::mt19937_64 random_;
};

Shape AnyShape(Dice& dice) {
  if (dice.OneIn(12)) return Shape::UnknownRank();
  static constexpr int32_t kDims[] = {
      0, 1, 1, 2, 2, 3, 4, 4, 8, INT32_MAX, Shape::kUnknownDim};
  Shape shape;
  const int64_t rank = dice.OneIn(30) ? Shape::kMaxRank : dice.Below(6);
  while (shape.rank() < rank) {
    shape.Append(kDims[dice.Below(std::size(kDims))]);
  }
  return shape;
}

struct AnyTensor {
  TensorInfo info;
  std::vector<int64_t> values;  // enough bytes for any type
};

AnyTensor MakeTensor(Dice& dice) {
  static constexpr DataType kTypes[] = {DataType::kFloat32, DataType::kFloat32,
                                        DataType::kInt32,   DataType::kInt32,
                                        DataType::kInt64,   DataType::kInt16,
                                        DataType::kInt8,    DataType::kBool,
                                        DataType::kString,  DataType::kNone};
  AnyTensor tensor;
  tensor.info.type = kTypes[dice.Below(std::size(kTypes))];
  tensor.info.shape = AnyShape(dice);
  const int64_t elements = tensor.info.shape.elements();
  if (elements < 0 || elements > 64 || dice.OneIn(4)) return tensor;
  for (int64_t i = 0; i < elements; ++i) {
    const int64_t value = dice.Number();
    if (tensor.info.type == DataType::kInt32) {
      // Two elements lie in each; both get the number.
      const auto narrow = static_cast<uint32_t>(value);
      tensor.values.push_back(
          static_cast<int64_t>((uint64_t{narrow} << 32) | narrow));
    } else {
      tensor.values.push_back(value);
    }
  }
  tensor.values.push_back(0);
  return tensor;
}

// Options with every field thrown, from the rows of options.def.
template <class T>
void Throw(Dice& dice, T& field) {
  if constexpr (std::is_same_v<T, std::string>) {
    field.clear();
  } else if constexpr (std::is_same_v<T, bool>) {
    field = dice.OneIn(2);
  } else if constexpr (std::is_enum_v<T>) {
    field = static_cast<T>(dice.Below(3));
  } else {
    field = static_cast<T>(dice.Number());
  }
}

#define FIELD(type, name, default_value) Throw(dice, options.name);
#define ENUM(type, name, default_value) Throw(dice, options.name);
#define LIST(type, name)                                   \
  options.name.resize(static_cast<size_t>(dice.Below(6))); \
  for (size_t i = 0; i < options.name.size(); ++i) {       \
    type thrown;                                           \
    Throw(dice, thrown);                                   \
    options.name[i] = thrown;                              \
  }
#define ENUM_LIST(type, name)
#define OPTIONS_1(Table, ...)                         \
  OpOptions Any##Table([[maybe_unused]] Dice& dice) { \
    Table options;                                    \
    __VA_ARGS__                                       \
    return options;                                   \
  }
#define OPTIONS_2(Table, ...) OPTIONS_1(Table, __VA_ARGS__)
#include "ops/options.def"
#undef OPTIONS_1
#undef OPTIONS_2
#undef FIELD
#undef ENUM
#undef LIST
#undef ENUM_LIST

OpOptions AnyOptions(Op op, Dice& dice) {
  switch (OptionsOf(op)) {
#define OPTIONS_1(Table, ...) \
  case OptionsKind::k##Table: \
    return Any##Table(dice);
#define OPTIONS_2(Table, ...) OPTIONS_1(Table)
#include "ops/options.def"
#undef OPTIONS_1
#undef OPTIONS_2
    default:
      return {};
  }
}

bool IsValid(const Shape& shape) {
  if (!shape.has_rank()) return true;
  if (shape.rank() > Shape::kMaxRank) return false;
  for (const int32_t dim : shape.dims()) {
    if (dim < Shape::kUnknownDim) return false;
  }
  return true;
}

void TryOnce(Op op, Dice& dice, int& answered) {
  const int64_t count = dice.OneIn(8) ? 48 : dice.Below(7);
  std::vector<AnyTensor> tensors(static_cast<size_t>(count));
  std::vector<TensorInfo> inputs;
  for (AnyTensor& tensor : tensors) {
    tensor = MakeTensor(dice);
    inputs.push_back(tensor.info);
    if (!tensor.values.empty()) inputs.back().data = tensor.values.data();
  }
  // Shapes that fit together are rare by chance.
  for (size_t i = 1; i < inputs.size(); ++i) {
    if (dice.OneIn(2)) {
      inputs[i].shape = inputs[0].shape;
      inputs[i].type = inputs[0].type;
      inputs[i].data = nullptr;
    }
  }
  std::vector<TensorInfo> declared(static_cast<size_t>(dice.Below(3)));
  for (TensorInfo& output : declared) output = MakeTensor(dice).info;
  const OpOptions options = AnyOptions(op, dice);
  InferContext context(op, options, inputs, declared);
  if (!InferOutputs(context)) return;
  ++answered;
  EXPECT_EQ(context.outputs().size(), declared.size());
  for (const InferContext::Output& output : context.outputs()) {
    EXPECT_TRUE(IsValid(output.shape))
        << Name(op) << ": " << output.shape.ToString();
  }
}

TEST(InferDamaged, AnyInputsAnyOptions) {
  const uint64_t seed = 20240817;
  RecordProperty("seed", static_cast<int>(seed));
  for (const InferRule& rule : AllInferRules()) {
    Dice dice(seed + static_cast<uint64_t>(rule.op));
    int answered = 0;
    for (int i = 0; i < 3000; ++i) TryOnce(rule.op, dice, answered);
    RecordProperty(std::string(Name(rule.op)), answered);
  }
}

}  // namespace liteforge::infer_damaged_test
