// SPDX-License-Identifier: Apache-2.0
// Inputs and outputs in int8, uint8 or int16 instead of float32. An input that
// is only cast to integers holds them as they are. A QUANTIZE behind an input,
// or a DEQUANTIZE in front of an output, of the same terms goes; of others it
// stays and converts between integers.
#include <algorithm>
#include <cmath>
#include <string>

#include "base/try.h"
#include "quantize/parameters.h"
#include "quantize/steps.h"
#include "quantize/whole_numbers.h"

namespace liteforge {
namespace {

// The same numbers in another 8-bit type; or the range anew.
Parameters Retyped(const Parameters& p, DataType type) {
  const bool bytes = BitWidth(p.type) == 8 && BitWidth(type) == 8;
  if (bytes && p.type == type) return p;
  if (bytes)
    return {type, p.scale,
            p.zero_point + (type == DataType::kUInt8 ? 128 : -128)};
  if (p.type == type) return p;
  const double low = BitWidth(p.type) == 16 ? -32768 : -128;
  const double high = BitWidth(p.type) == 16 ? 32767 : 127;
  const auto real = [&](double q) {
    return static_cast<float>((q - static_cast<double>(p.zero_point)) *
                              static_cast<double>(p.scale));
  };
  return ParametersFor({real(low), real(high)}, type);
}

// What an int8, uint8 or int16 can hold.
ValueRange RangeOfType(DataType type) {
  if (type == DataType::kInt16) return {-32768, 32767};
  return type == DataType::kUInt8 ? ValueRange{0, 255} : ValueRange{-128, 127};
}

Parameters ParametersIn(const ir::Value& value) {
  return {value.type, value.quantization.scale[0],
          value.quantization.zero_point[0]};
}

bool IsQuantized(const ir::Value& value) {
  return value.quantization.scale.size() == 1 &&
         (value.type == DataType::kInt8 || value.type == DataType::kUInt8 ||
          value.type == DataType::kInt16);
}

class BorderTypes {
 public:
  BorderTypes(ir::Graph& graph, const Calibration& calibration,
              const QuantizeSettings& settings)
      : graph_(graph), calibration_(calibration), settings_(settings) {}

  Result<void> Run() {
    if (settings_.input_type != DataType::kFloat32) {
      for (ir::Value* input : graph_.inputs()) {
        if (input->type == DataType::kFloat32 && !input->is_variable)
          TRY(SetInput(input));
      }
    }
    if (settings_.output_type != DataType::kFloat32) {
      for (size_t i = 0; i < graph_.outputs().size(); ++i) {
        if (graph_.outputs()[i]->type == DataType::kFloat32)
          TRY(SetOutput(static_cast<int>(i)));
      }
    }
    return {};
  }

 private:
  Result<Parameters> FromCalibration(const ir::Value& value, DataType type,
                                     std::string_view what) const {
    const Statistics* s = calibration_.Find(graph_, value);
    if (s == nullptr)
      return InvalidArgument(std::string(what) + " '" + value.name +
                             "' cannot be " + std::string(Name(type)) +
                             ": no representative data tells its range");
    return ParametersFor(s->Range(CalibrationMethod::kMinMax), type);
  }

  // Each number for itself.
  Result<Parameters> OfIntegers(const ir::Value& input, DataType type) const {
    const Statistics* s = calibration_.Find(graph_, input);
    const ValueRange range = RangeOfType(type);
    if (s != nullptr && s->min >= range.min && s->max <= range.max)
      return Parameters{type, 1, 0};
    const std::string start = "input '" + input.name + "' cannot be " +
                              std::string(Name(type)) +
                              ": it becomes integers, ";
    if (s == nullptr)
      return InvalidArgument(start + "and no representative data tells which");
    return InvalidArgument(
        start + "of which the representative data has " +
        std::to_string(std::lround(s->min)) + " to " +
        std::to_string(std::lround(s->max)) +
        "; leave inputs float32, or take a type that holds them");
  }

  Result<void> SetInput(ir::Value* input) {
    const DataType type = settings_.input_type;
    const std::vector<ir::Node*> users(input->users().begin(),
                                       input->users().end());
    const auto first = std::ranges::find(users, Op::kQuantize, &ir::Node::op);
    Parameters terms;
    const bool whole = BecomesIntegers(*input);
    if (whole) {
      TRY_ASSIGN(terms, OfIntegers(*input, type));
    } else if (first != users.end()) {
      terms = Retyped(ParametersIn(*(*first)->output()), type);
    } else {
      TRY_ASSIGN(terms, FromCalibration(*input, type, "input"));
    }
    input->type = type;
    input->quantization = terms.ToQuantization();
    if (whole) return {};  // a CAST of what is stored gives the number
    ir::Value* dequantized = nullptr;
    for (ir::Node* user : users) {
      if (user->op() == Op::kQuantize) {
        if (ParametersIn(*user->output()) != terms ||
            user->output()->is_graph_output())
          continue;
        graph_.ReplaceAllUses(user->output(), input);
        graph_.RemoveNode(user);
        continue;
      }
      if (dequantized == nullptr)
        dequantized = AddConversion(
            graph_, Op::kDequantize, input, DataType::kFloat32, {},
            input->name + "_dequantized", graph_.nodes().front().get());
      for (int i = 0; i < static_cast<int>(user->inputs().size()); ++i) {
        if (user->input(i) == input) user->SetInput(i, dequantized);
      }
    }
    return {};
  }

  Result<void> SetOutput(int i) {
    const DataType type = settings_.output_type;
    ir::Value* output = graph_.outputs()[static_cast<size_t>(i)];
    ir::Node* producer = output->producer();
    const bool dequantizes = producer != nullptr &&
                             producer->op() == Op::kDequantize &&
                             IsQuantized(*producer->input(0));
    ir::Value* from = dequantizes ? producer->input(0) : output;
    Parameters terms;
    if (dequantizes) {
      terms = Retyped(ParametersIn(*from), type);
    } else {
      TRY_ASSIGN(terms, FromCalibration(*output, type, "output"));
    }
    ir::Value* returned = from;
    if (!dequantizes || ParametersIn(*from) != terms) {
      returned = AddConversion(graph_, Op::kQuantize, from, type,
                               terms.ToQuantization(), "", nullptr);
      returned->name = output->name + "_" + std::string(Name(type));
    }
    graph_.SetOutput(i, returned);
    if (returned->producer() != nullptr) returned->name.swap(output->name);
    return {};
  }

  ir::Graph& graph_;
  const Calibration& calibration_;
  const QuantizeSettings& settings_;
};

}  // namespace

Result<void> SetBorderTypes(ir::Module& module, const Calibration& calibration,
                            const QuantizeSettings& settings) {
  std::vector<int> entries = {0};
  for (const ir::Signature& signature : module.signatures)
    entries.push_back(signature.graph);
  std::sort(entries.begin(), entries.end());
  const auto repeated = std::unique(entries.begin(), entries.end());
  entries.erase(repeated, entries.end());
  for (const int entry : entries) {
    TRY(BorderTypes(*module.graphs[static_cast<size_t>(entry)], calibration,
                    settings)
            .Run());
  }
  return {};
}

}  // namespace liteforge
