// SPDX-License-Identifier: Apache-2.0
// What the passes share: reading constants, taking nodes out without losing
// the names of the graph's outputs, and the fused activation of any operator.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ir/graph.h"

namespace liteforge {

//---------------------------------------------------------------- constants

// The elements of a constant of int32 or int64; nullopt for anything else,
// nullptr included.
std::optional<std::vector<int64_t>> ConstantIntegers(const ir::Value* value);

// Whether it is a float32 constant, quantized in no way.
bool IsFloatConstant(const ir::Value* value);

// The one number all elements of a float32 constant are.
std::optional<float> UniformFloat(const ir::Value* value);

ir::Value* AddFloats(ir::Graph& graph, std::string name, const Shape& shape,
                     std::vector<float> values);
ir::Value* AddInt32s(ir::Graph& graph, std::string name,
                     std::vector<int32_t> values);

// Numbers computed in double, rounded to float once; nullopt when one of them
// is no finite float.
std::optional<std::vector<float>> RoundToFloat(
    const std::vector<double>& values);

// Whether a constant of shape `constant` broadcast against `shape` leaves it
// as it is: no axis more, no axis longer.
bool BroadcastsInto(const Shape& constant, const Shape& shape);

// A float constant that broadcasts into a tensor of `shape`, seen as one
// number for each position modulo `period` in row-major order, for example
// [C] or [1, 1, C] on [N, H, W, C] with period C, or [H, W, C] on
// [N, H, W, C] with period H * W * C. nullopt when it does not repeat so.
std::optional<std::vector<double>> AlongPeriod(const ir::Value& constant,
                                               const Shape& shape,
                                               int64_t period);

//-------------------------------------------------------------------- nodes

// The node that reads the value when exactly one operand does and the graph
// does not return it; else nullptr.
ir::Node* OnlyUser(const ir::Value* value);

// The producer when it is an `op`; else nullptr.
ir::Node* ProducerIf(const ir::Value* value, Op op);

// The operand of a two-operand node that is not `value`.
ir::Value* OtherOperand(const ir::Node& node, const ir::Value* value);

// Whether the readers of node's output may read `value` instead: same type,
// shape and quantization, and where the graph returns the output, `value` can
// take over its name (it is computed, and not returned itself).
bool CanReplaceBy(const ir::Node& node, const ir::Value* value);

// Does so and removes the node. When `take_name` or the output is returned by
// the graph, `value` takes its name. `value` must be computed by a node then.
void ReplaceBy(ir::Graph& graph, ir::Node* node, ir::Value* value,
               bool take_name = false);

// The node right behind; nullptr for the last one.
ir::Node* NodeAfter(const ir::Graph& graph, const ir::Node* node);

//-------------------------------------------------------------- activations

// What the operator's options say; kNone for operators that have no such
// option.
Activation FusedActivation(const ir::Node& node);
// For operators that have the option.
void SetFusedActivation(ir::Node& node, Activation activation);

// Whether TFLite's float kernel of the operator applies RELU, RELU6 and
// RELU_N1_TO_1 itself.
bool FusesActivation(Op op);

}  // namespace liteforge
