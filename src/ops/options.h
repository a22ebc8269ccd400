// SPDX-License-Identifier: Apache-2.0
// The options of operators as small structs, one per table of the schema's
// options unions, with the schema's field names and defaults; and OpOptions,
// which holds any one of them. The rows are in options.def.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "liteforge/types.h"

namespace liteforge {

// Enumerations of the schema: same order, same numbers.
enum class Padding : int8_t { kSame, kValid };
enum class Activation : int8_t {
  kNone,
  kRelu,
  kReluN1To1,
  kRelu6,
  kTanh,
  kSignBit
};
enum class LSHProjectionType : int8_t { kUnknown, kSparse, kDense };
enum class FullyConnectedOptionsWeightsFormat : int8_t {
  kDefault,
  kShuffled4x16Int8
};
enum class LSTMKernelType : int8_t { kFull, kBasic };
enum class CombinerType : int8_t { kSum, kMean, kSqrtN };
enum class MirrorPadMode : int8_t { kReflect, kSymmetric };
enum class StablehloPrecisionConfig : uint32_t { kDefault, kHigh, kHighest };
enum class StablehloComparisonDirection : uint32_t {
  kEq,
  kNe,
  kGe,
  kGt,
  kLe,
  kLt
};
enum class StablehloComparisonType : uint32_t {
  kNoType,
  kFloat,
  kFloatTotalOrder,
  kSigned,
  kUnsigned
};
enum class RngAlgorithm : int8_t { kDefault, kPhilox, kThreefry };
enum class ReduceWindowFunction : int32_t {
  kUnsupported,
  kAdd,
  kMul,
  kMinimum,
  kMaximum,
  kAll,
  kAny
};
enum class CustomOptionsFormat : int8_t { kFlexBuffers };

// The structs:  struct Conv2DOptions { Padding padding = Padding::kSame; … };
#define OPTIONS_1(Table, ...)                                     \
  struct Table {                                                  \
    __VA_ARGS__                                                   \
    friend bool operator==(const Table&, const Table&) = default; \
  };
#define OPTIONS_2(Table, ...) OPTIONS_1(Table, __VA_ARGS__)
#define FIELD(type, name, default_value) type name = default_value;
#define ENUM(type, name, default_value) type name = type::default_value;
#define LIST(type, name) std::vector<type> name;
#define ENUM_LIST(type, name) std::vector<type> name;
#include "ops/options.def"
#undef OPTIONS_1
#undef OPTIONS_2
#undef FIELD
#undef ENUM
#undef LIST
#undef ENUM_LIST

// What a CUSTOM operator carries: its registered name and opaque bytes
// (usually a FlexBuffer map).
struct CustomOptions {
  std::string name;
  std::vector<uint8_t> bytes;
  friend bool operator==(const CustomOptions&, const CustomOptions&) = default;
};

// Which struct an OpOptions holds.
enum class OptionsKind : uint8_t {
  kNone,
#define OPTIONS_1(Table, ...) k##Table,
#define OPTIONS_2(Table, ...) k##Table,
#define FIELD(type, name, default_value)
#define ENUM(type, name, default_value)
#define LIST(type, name)
#define ENUM_LIST(type, name)
#include "ops/options.def"
#undef OPTIONS_1
#undef OPTIONS_2
#undef FIELD
#undef ENUM
#undef LIST
#undef ENUM_LIST
  kCustomOptions,
};

template <class T>
struct OptionsKindOf;
#define OPTIONS_1(Table, ...)                                  \
  template <>                                                  \
  struct OptionsKindOf<Table> {                                \
    static constexpr OptionsKind kind = OptionsKind::k##Table; \
  };
#define OPTIONS_2(Table, ...) OPTIONS_1(Table)
#define FIELD(type, name, default_value)
#define ENUM(type, name, default_value)
#define LIST(type, name)
#define ENUM_LIST(type, name)
#include "ops/options.def"
#undef OPTIONS_1
#undef OPTIONS_2
#undef FIELD
#undef ENUM
#undef LIST
#undef ENUM_LIST
template <>
struct OptionsKindOf<CustomOptions> {
  static constexpr OptionsKind kind = OptionsKind::kCustomOptions;
};

// Any one options struct, or none. A value: copies share until one is edited.
class OpOptions {
 public:
  OpOptions() = default;
  template <class T, OptionsKind K = OptionsKindOf<std::decay_t<T>>::kind>
  OpOptions(T&& options)  // NOLINT(google-explicit-constructor): a variant
      : kind_(K),
        value_(std::make_shared<std::decay_t<T>>(std::forward<T>(options))) {}

  OptionsKind kind() const { return kind_; }

  // The struct held; the schema's defaults when another or none is held (a
  // file may leave the table out).
  template <class T>
  const T& Get() const {
    static const T defaults{};
    return kind_ == OptionsKindOf<T>::kind
               ? *static_cast<const T*>(value_.get())
               : defaults;
  }

  // The struct for changing; becomes a T if it was something else.
  template <class T>
  T& Edit() {
    auto copy = std::make_shared<T>(Get<T>());
    T& editable = *copy;
    kind_ = OptionsKindOf<T>::kind;
    value_ = std::move(copy);
    return editable;
  }

  friend bool operator==(const OpOptions& a, const OpOptions& b);

 private:
  OptionsKind kind_ = OptionsKind::kNone;
  std::shared_ptr<const void> value_;
};

}  // namespace liteforge
