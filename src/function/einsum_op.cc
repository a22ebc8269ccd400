// SPDX-License-Identifier: Apache-2.0
// Einsum: each letter of the equation is an axis; those the result lacks are
// summed. "..." stands for axes that are broadcast.
// Source: tensorflow/core/ops/linalg_ops.cc.
#include <algorithm>
#include <map>

#include "function/op_helpers.h"
#include "function/ops.h"

namespace liteforge {
namespace {

constexpr std::string_view kOp = "Einsum";
constexpr std::string_view kRest = "...";

// The operands' labels, then the result's.
struct Equation {
  std::vector<std::string> operands;
  std::string result;
};

bool Parse(std::string_view text, Equation& equation) {
  std::string packed;
  std::ranges::copy_if(text, std::back_inserter(packed),
                       [](char c) { return c != ' '; });
  const size_t arrow = packed.find("->");
  if (arrow == std::string::npos) return false;
  equation.result = packed.substr(arrow + 2);
  std::string_view left = std::string_view(packed).substr(0, arrow);
  while (true) {
    const size_t comma = left.find(',');
    equation.operands.emplace_back(left.substr(0, comma));
    if (comma == std::string_view::npos) return true;
    left.remove_prefix(comma + 1);
  }
}

// Sizes of letters, and of what the ellipsis stands for.
class Sizes {
 public:
  bool Read(const std::string& labels, const Shape& shape) {
    if (!shape.has_rank()) return true;
    const size_t dots = labels.find(kRest);
    const bool open = dots != std::string::npos;
    const int named = static_cast<int>(labels.size()) - (open ? 3 : 0);
    const int rest = shape.rank() - named;
    if (rest < 0 || (rest > 0 && !open)) return false;
    int axis = 0;
    Shape middle;
    for (size_t i = 0; i < labels.size(); ++i) {
      if (i == dots) {
        for (int r = 0; r < rest; ++r) middle.Append(shape[axis++]);
        i += 2;
        continue;
      }
      if (!Note(labels[i], shape[axis++])) return false;
    }
    const Shape before = rest_;
    return BroadcastShapes(before, middle, rest_);
  }

  // False for a letter that no operand has.
  bool Write(const std::string& labels, Shape& shape) const {
    for (size_t i = 0; i < labels.size(); ++i) {
      if (labels.compare(i, 3, kRest) == 0) {
        for (const int32_t dim : rest_.dims()) shape.Append(dim);
        i += 2;
        continue;
      }
      const auto size = sizes_.find(labels[i]);
      if (size == sizes_.end()) return false;
      shape.Append(size->second);
    }
    return true;
  }

 private:
  bool Note(char label, int32_t size) {
    const auto [known, is_new] = sizes_.emplace(label, size);
    if (is_new || size < 0 || known->second == size) return true;
    if (known->second >= 0) return false;
    known->second = size;
    return true;
  }

  std::map<char, int32_t> sizes_;
  Shape rest_;
};

}  // namespace

Tensor Einsum(std::string_view equation, std::vector<Tensor> operands) {
  if (operands.empty() || std::ranges::any_of(operands, &Tensor::empty))
    return {};
  Equation labels;
  const bool reads = Parse(equation, labels) &&
                     labels.operands.size() == operands.size() &&
                     operands.size() <= 2;
  Sizes sizes;
  bool fits = reads;
  for (size_t i = 0; fits && i < operands.size(); ++i) {
    fits = operands[i].type() == operands[0].type() &&
           sizes.Read(labels.operands[i], operands[i].shape());
  }
  Shape shape;
  if (!fits || !sizes.Write(labels.result, shape)) {
    std::string shapes;
    for (const Tensor& operand : operands)
      shapes += " " + operand.shape().ToString();
    return FailOp(operands[0], kOp,
                  "'" + std::string(equation) + "' does not fit" + shapes +
                      "; write one or two operands, the arrow and the result");
  }
  const FunctionBuilder::OutputType output{operands[0].type(), shape};
  return operands[0].builder()->AddNode(
      kOp, operands,
      Attributes()
          .Type("T", operands[0].type())
          .Int("N", static_cast<int64_t>(operands.size()))
          .String("equation", equation),
      std::span(&output, 1))[0];
}

}  // namespace liteforge
