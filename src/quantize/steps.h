// SPDX-License-Identifier: Apache-2.0
// The steps of Quantize(), each in its own file, in the order in which they
// run.
#pragma once

#include <map>
#include <string>

#include "ir/graph.h"
#include "quantize/quantize.h"

namespace liteforge {

using RangeByValue = std::map<const ir::Value*, ValueRange>;

// Removes FAKE_QUANT operators whose readers are all to be quantized; what
// they say of their inputs' ranges is returned.
RangeByValue TakeFakeQuantRanges(ir::Graph& graph,
                                 const QuantizeSettings& settings);

// Operators of the modes kInt8 and kInt16x8, with QUANTIZE and DEQUANTIZE
// where numbers change their terms.
Result<void> QuantizeActivations(ir::Graph& graph,
                                 const Calibration& calibration,
                                 const RangeByValue& known,
                                 const QuantizeSettings& settings,
                                 QuantizeReport& report);

// Constants of operators of the modes kDynamic, kFloat16 and kInt4.
Result<void> CompressWeights(ir::Graph& graph, const QuantizeSettings& settings,
                             QuantizeReport& report);

// Gives the module's inputs and outputs the types of the settings.
Result<void> SetBorderTypes(ir::Module& module, const Calibration& calibration,
                            const QuantizeSettings& settings);

// A node of one input and one output, in front of `before`.
ir::Value* AddConversion(ir::Graph& graph, Op op, ir::Value* from,
                         DataType type, const Quantization& quantization,
                         const std::string& name, ir::Node* before);

}  // namespace liteforge
