// SPDX-License-Identifier: Apache-2.0
// What is known of an integer tensor before run time, element by element.
//
// TensorFlow graphs compute shapes: Reshape(x, Pack(Shape(x)[0], 12)). When
// only the batch size is unknown, Shape(x) is {unknown, 3, 4}, and following
// the arithmetic on it, element by element, leaves {unknown, 12}.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <vector>

#include "ir/graph.h"

namespace liteforge {

// Never the value of a dimension, nor of arithmetic on dimensions.
inline constexpr int64_t kUnknownInteger = std::numeric_limits<int64_t>::min();

// The elements of a tensor in row-major order, each a number or
// kUnknownInteger.
using KnownIntegers = std::vector<int64_t>;

// What the caller knows of a value; nullopt: nothing at all.
using KnownLookup =
    std::function<std::optional<KnownIntegers>(const ir::Value*)>;

// Integer tensors larger than this are not followed: shapes are small.
inline constexpr int64_t kMaxKnownElements = 256;

// What can be said of the node's only output. nullopt for operators not
// followed, for outputs that are not int32 or int64 or whose shape is not
// static, and when no element is known.
std::optional<KnownIntegers> InferKnown(const ir::Node& node,
                                        const KnownLookup& lookup);

// The elements of a constant of int32 or int64, when it is small; nullopt
// otherwise.
std::optional<KnownIntegers> ConstantIntegers(const ir::Value& value);

bool AllKnown(const KnownIntegers& values);

}  // namespace liteforge
