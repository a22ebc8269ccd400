// SPDX-License-Identifier: Apache-2.0
// Holds options.def against what flatc made of schema.fbs: no table, field,
// order or default may differ.
#include "ops/options_flatbuffers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>

namespace liteforge::options_flatbuffers_test {

using ::testing::ElementsAreArray;

using Names = std::vector<std::string>;

struct TableRow {
  std::string name;
  OptionsKind kind;
  Names fields;
  const flatbuffers::TypeTable* type;
};

#define FIELD(type, name, default_value) #name,
#define ENUM(type, name, default_value) #name,
#define LIST(type, name) #name,
#define ENUM_LIST(type, name) #name,
// A row may have no fields; the empty string at its end is taken off again.
#define OPTIONS_1(Table, ...)                                                \
  TableRow{#Table, OptionsKind::k##Table, Names{ROW_FIELDS(__VA_ARGS__) ""}, \
           tflite::Table##TypeTable()},
#define ROW_FIELDS(...) __VA_ARGS__
#define OPTIONS_2(Table, ...)

std::vector<TableRow> Complete(std::vector<TableRow> rows) {
  for (TableRow& row : rows) row.fields.pop_back();
  return rows;
}

std::vector<TableRow> FirstUnion() {
  return Complete({
#include "ops/options.def"
  });
}

#undef OPTIONS_1
#undef OPTIONS_2
#define OPTIONS_1(Table, ...)
#define OPTIONS_2(Table, ...)                                                \
  TableRow{#Table, OptionsKind::k##Table, Names{ROW_FIELDS(__VA_ARGS__) ""}, \
           tflite::Table##TypeTable()},

std::vector<TableRow> SecondUnion() {
  return Complete({
#include "ops/options.def"
  });
}

#undef OPTIONS_1
#undef OPTIONS_2
#undef FIELD
#undef ENUM
#undef LIST
#undef ENUM_LIST

std::vector<TableRow> AllTables() {
  std::vector<TableRow> rows = FirstUnion();
  for (TableRow& row : SecondUnion()) rows.push_back(std::move(row));
  return rows;
}

Names NamesOf(const std::vector<TableRow>& rows) {
  Names names = {"NONE"};
  for (const TableRow& row : rows) names.push_back(row.name);
  return names;
}

// A generated list of names ends with a null pointer.
Names NamesOf(const char* const* list) {
  Names names;
  for (; *list != nullptr; ++list) names.emplace_back(*list);
  return names;
}

TEST(OptionsDef, HasTheUnionsMembersInOrder) {
  EXPECT_THAT(NamesOf(FirstUnion()),
              ElementsAreArray(NamesOf(tflite::EnumNamesBuiltinOptions())));
  EXPECT_THAT(NamesOf(SecondUnion()),
              ElementsAreArray(NamesOf(tflite::EnumNamesBuiltinOptions2())));
}

TEST(OptionsDef, KindsCountTheMembers) {
  int number = 0;
  EXPECT_EQ(static_cast<int>(OptionsKind::kNone), number);
  for (const TableRow& row : AllTables()) {
    EXPECT_EQ(static_cast<int>(row.kind), ++number) << row.name;
  }
}

TEST(OptionsDef, HasTheSchemasFieldsInOrder) {
  // The only deprecated fields; they have no accessors any more.
  const Names deprecated = {"new_height", "new_width"};
  for (const TableRow& row : AllTables()) {
    Names fields;
    for (size_t i = 0; i < row.type->num_elems; ++i) {
      if (row.name == "ResizeBilinearOptions" &&
          std::count(deprecated.begin(), deprecated.end(),
                     row.type->names[i]) != 0) {
        continue;
      }
      fields.emplace_back(row.type->names[i]);
    }
    EXPECT_THAT(row.fields, ElementsAreArray(fields)) << row.name;
  }
}

TEST(OptionsDef, HasTheSchemasDefaults) {
#define FIELD(type, name, default_value) EXPECT_EQ(ours.name, theirs.name);
#define ENUM(type, name, default_value) \
  EXPECT_EQ(static_cast<int64_t>(ours.name), static_cast<int64_t>(theirs.name));
#define LIST(type, name) EXPECT_EQ(ours.name.size(), theirs.name.size());
#define ENUM_LIST(type, name) LIST(type, name)
#define OPTIONS_1(Table, ...)                       \
  {                                                 \
    SCOPED_TRACE(#Table);                           \
    [[maybe_unused]] const Table ours;              \
    [[maybe_unused]] const tflite::Table##T theirs; \
    __VA_ARGS__                                     \
  }
#define OPTIONS_2(Table, ...) OPTIONS_1(Table, __VA_ARGS__)
#include "ops/options.def"
#undef OPTIONS_1
#undef OPTIONS_2
#undef FIELD
#undef ENUM
#undef LIST
#undef ENUM_LIST
}

std::string Lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  return text;
}

TEST(Enumerations, DataTypeIsTensorType) {
  for (int number = static_cast<int>(tflite::TensorType::MIN);
       number <= static_cast<int>(tflite::TensorType::MAX); ++number) {
    EXPECT_EQ(Name(static_cast<DataType>(number)),
              Lower(tflite::EnumNameTensorType(
                  static_cast<tflite::TensorType>(number))));
  }
}

template <class Ours, class Theirs>
void ExpectSame(std::initializer_list<std::pair<Ours, Theirs>> rows) {
  for (const auto& [ours, theirs] : rows) {
    EXPECT_EQ(static_cast<int>(ours), static_cast<int>(theirs));
  }
  EXPECT_EQ(rows.size(), static_cast<size_t>(Theirs::MAX) + 1);
}

TEST(Enumerations, HaveTheSchemasNumbers) {
  ExpectSame<Padding, tflite::Padding>(
      {{Padding::kSame, tflite::Padding::SAME},
       {Padding::kValid, tflite::Padding::VALID}});
  using TheirActivation = tflite::ActivationFunctionType;
  ExpectSame<Activation, TheirActivation>(
      {{Activation::kNone, TheirActivation::NONE},
       {Activation::kRelu, TheirActivation::RELU},
       {Activation::kReluN1To1, TheirActivation::RELU_N1_TO_1},
       {Activation::kRelu6, TheirActivation::RELU6},
       {Activation::kTanh, TheirActivation::TANH},
       {Activation::kSignBit, TheirActivation::SIGN_BIT}});
  ExpectSame<LSHProjectionType, tflite::LSHProjectionType>(
      {{LSHProjectionType::kUnknown, tflite::LSHProjectionType::UNKNOWN},
       {LSHProjectionType::kSparse, tflite::LSHProjectionType::SPARSE},
       {LSHProjectionType::kDense, tflite::LSHProjectionType::DENSE}});
  using Format = FullyConnectedOptionsWeightsFormat;
  using TheirFormat = tflite::FullyConnectedOptionsWeightsFormat;
  ExpectSame<Format, TheirFormat>(
      {{Format::kDefault, TheirFormat::DEFAULT},
       {Format::kShuffled4x16Int8, TheirFormat::SHUFFLED4x16INT8}});
  ExpectSame<LSTMKernelType, tflite::LSTMKernelType>(
      {{LSTMKernelType::kFull, tflite::LSTMKernelType::FULL},
       {LSTMKernelType::kBasic, tflite::LSTMKernelType::BASIC}});
  ExpectSame<CombinerType, tflite::CombinerType>(
      {{CombinerType::kSum, tflite::CombinerType::SUM},
       {CombinerType::kMean, tflite::CombinerType::MEAN},
       {CombinerType::kSqrtN, tflite::CombinerType::SQRTN}});
  ExpectSame<MirrorPadMode, tflite::MirrorPadMode>(
      {{MirrorPadMode::kReflect, tflite::MirrorPadMode::REFLECT},
       {MirrorPadMode::kSymmetric, tflite::MirrorPadMode::SYMMETRIC}});
}

TEST(Enumerations, OfStablehloHaveTheSchemasNumbers) {
  using Precision = StablehloPrecisionConfig;
  using TheirPrecision = tflite::StablehloPrecisionConfig;
  ExpectSame<Precision, TheirPrecision>(
      {{Precision::kDefault, TheirPrecision::DEFAULT},
       {Precision::kHigh, TheirPrecision::HIGH},
       {Precision::kHighest, TheirPrecision::HIGHEST}});
  using Direction = StablehloComparisonDirection;
  using TheirDirection = tflite::StablehloComparisonDirection;
  ExpectSame<Direction, TheirDirection>(
      {{Direction::kEq, TheirDirection::STABLEHLO_COMPARISON_DIRECTION_EQ},
       {Direction::kNe, TheirDirection::STABLEHLO_COMPARISON_DIRECTION_NE},
       {Direction::kGe, TheirDirection::STABLEHLO_COMPARISON_DIRECTION_GE},
       {Direction::kGt, TheirDirection::STABLEHLO_COMPARISON_DIRECTION_GT},
       {Direction::kLe, TheirDirection::STABLEHLO_COMPARISON_DIRECTION_LE},
       {Direction::kLt, TheirDirection::STABLEHLO_COMPARISON_DIRECTION_LT}});
  using Type = StablehloComparisonType;
  using TheirType = tflite::StablehloComparisonType;
  ExpectSame<Type, TheirType>(
      {{Type::kNoType, TheirType::STABLEHLO_COMPARISON_TYPE_NOTYPE},
       {Type::kFloat, TheirType::STABLEHLO_COMPARISON_TYPE_FLOAT},
       {Type::kFloatTotalOrder,
        TheirType::STABLEHLO_COMPARISON_TYPE_FLOAT_TOTAL_ORDER},
       {Type::kSigned, TheirType::STABLEHLO_COMPARISON_TYPE_SIGNED},
       {Type::kUnsigned, TheirType::STABLEHLO_COMPARISON_TYPE_UNSIGNED}});
  ExpectSame<RngAlgorithm, tflite::RngAlgorithm>(
      {{RngAlgorithm::kDefault, tflite::RngAlgorithm::DEFAULT},
       {RngAlgorithm::kPhilox, tflite::RngAlgorithm::PHILOX},
       {RngAlgorithm::kThreefry, tflite::RngAlgorithm::THREEFRY}});
  using Window = ReduceWindowFunction;
  using TheirWindow = tflite::ReduceWindowFunction;
  ExpectSame<Window, TheirWindow>(
      {{Window::kUnsupported, TheirWindow::UNSUPPORTED},
       {Window::kAdd, TheirWindow::ADD},
       {Window::kMul, TheirWindow::MUL},
       {Window::kMinimum, TheirWindow::MINIMUM},
       {Window::kMaximum, TheirWindow::MAXIMUM},
       {Window::kAll, TheirWindow::ALL},
       {Window::kAny, TheirWindow::ANY}});
}

// Gives every field a value that is not its default, each a different one.
class Filler {
 public:
  template <class T>
  void Fill(T& field) {
    ++count_;
    if constexpr (std::is_same_v<T, bool>) {
      field = !field;
    } else if constexpr (std::is_same_v<T, std::string>) {
      field = "text " + std::to_string(count_);
    } else if constexpr (std::is_enum_v<T>) {
      field = static_cast<T>(static_cast<int>(field) + 1);
    } else {
      field = static_cast<T>(field + static_cast<T>(100 + count_));
    }
  }
  template <class T>
  void Fill(std::vector<T>& list) {
    for (int i = 0; i < 3; ++i) {
      T value{};
      if (i != 1) Fill(value);
      list.push_back(value);
    }
  }

 private:
  int count_ = 0;
};

Op SomeOpWith(OptionsKind kind) {
  for (int number = 0; number < kOpCount; ++number) {
    if (OptionsOf(static_cast<Op>(number)) == kind) {
      return static_cast<Op>(number);
    }
  }
  ADD_FAILURE() << "no operator has options " << static_cast<int>(kind);
  return Op::kAdd;
}

OpOptions ThroughFlatBuffer(Op op, const tflite::OperatorT& object) {
  flatbuffers::FlatBufferBuilder builder;
  builder.Finish(tflite::Operator::Pack(builder, &object));
  return OptionsFromFlatBuffer(
      op, *flatbuffers::GetRoot<tflite::Operator>(builder.GetBufferPointer()),
      "Mine");
}

OpOptions ThroughFlatBuffer(Op op, const OpOptions& options) {
  tflite::OperatorT object;
  OptionsToFlatBuffer(op, options, object);
  return ThroughFlatBuffer(op, object);
}

TEST(OptionsFlatBuffer, EveryFieldOfEveryTableSurvives) {
#define FIELD(type, name, default_value) filler.Fill(options.name);
#define ENUM(type, name, default_value) filler.Fill(options.name);
#define LIST(type, name) filler.Fill(options.name);
#define ENUM_LIST(type, name) filler.Fill(options.name);
#define OPTIONS_1(Table, ...)                                           \
  {                                                                     \
    SCOPED_TRACE(#Table);                                               \
    [[maybe_unused]] Filler filler;                                     \
    Table options;                                                      \
    __VA_ARGS__                                                         \
    const OpOptions back =                                              \
        ThroughFlatBuffer(SomeOpWith(OptionsKind::k##Table), options);  \
    EXPECT_EQ(back.kind(), OptionsKind::k##Table);                      \
    EXPECT_TRUE(back.Get<Table>() == options);                          \
    EXPECT_TRUE(sizeof(Table) == 1 || !(back.Get<Table>() == Table())); \
  }
#define OPTIONS_2(Table, ...) OPTIONS_1(Table, __VA_ARGS__)
#include "ops/options.def"
#undef OPTIONS_1
#undef OPTIONS_2
#undef FIELD
#undef ENUM
#undef LIST
#undef ENUM_LIST
}

TEST(OptionsFlatBuffer, AnOperatorWithoutOptionsGetsItsTablesDefaults) {
  tflite::OperatorT object;
  OptionsToFlatBuffer(Op::kConv2D, OpOptions(), object);
  ASSERT_NE(object.builtin_options.AsConv2DOptions(), nullptr);
  EXPECT_EQ(object.builtin_options.AsConv2DOptions()->dilation_h_factor, 1);
  const OpOptions back = ThroughFlatBuffer(Op::kConv2D, object);
  EXPECT_EQ(back.kind(), OptionsKind::kConv2DOptions);
}

TEST(OptionsFlatBuffer, AnAbsentTableIsNone) {
  const tflite::OperatorT object;
  EXPECT_EQ(ThroughFlatBuffer(Op::kConv2D, object).kind(), OptionsKind::kNone);
  EXPECT_EQ(ThroughFlatBuffer(Op::kDilate, object).kind(), OptionsKind::kNone);
  EXPECT_EQ(ThroughFlatBuffer(Op::kRelu, object).kind(), OptionsKind::kNone);
}

TEST(OptionsFlatBuffer, AnotherOperatorsTableIsIgnored) {
  tflite::OperatorT object;
  object.builtin_options.Set(tflite::SoftmaxOptionsT());
  EXPECT_EQ(ThroughFlatBuffer(Op::kConv2D, object).kind(), OptionsKind::kNone);
  EXPECT_EQ(ThroughFlatBuffer(Op::kRelu, object).kind(), OptionsKind::kNone);
}

TEST(OptionsFlatBuffer, CustomOptionsAreBytes) {
  const OpOptions options = CustomOptions{"Mine", {1, 0, 255}};
  EXPECT_EQ(ThroughFlatBuffer(Op::kCustom, options), options);
  const OpOptions none = CustomOptions{"Mine", {}};
  EXPECT_EQ(ThroughFlatBuffer(Op::kCustom, none), none);
}

}  // namespace liteforge::options_flatbuffers_test
