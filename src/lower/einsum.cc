// SPDX-License-Identifier: Apache-2.0
// Einsum as one matrix product. Of two operands' labels,
//   batch     stand in both and in the result
//   sum       stand in both, not in the result
//   left, right   stand in one and in the result
// (a label of one operand alone that the result lacks is summed at once). So
//   [batch.., left, sum] x [batch.., sum, right] -> [batch.., left, right]
// with each group as one axis, and TRANSPOSE and RESHAPE around it. Without
// batch labels, and against constants, it is FULLY_CONNECTED. Of a label that
// stands twice in one operand only the diagonal counts.
// Source: numpy.einsum's documentation; tensorflow/core/ops/linalg_ops.cc.
#include "lower/einsum.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <string>
#include <vector>

#include "lower/context.h"
#include "lower/matrix.h"

namespace liteforge {
namespace {

// One label an axis; those an ellipsis stands for are digits, the last axis 0.
using Subscripts = std::string;

// An operand with its labels.
struct Term {
  Value* value = nullptr;
  Subscripts labels;
};

// An axis of a result: its size, or where to find it.
struct LabelDim {
  int32_t size = Shape::kUnknownDim;
  Value* source = nullptr;
  int axis = 0;
};

bool HasLabel(const Subscripts& labels, char label) {
  return labels.find(label) != Subscripts::npos;
}

Subscripts Expand(const std::string& text, int ellipsis) {
  const size_t at = text.find("...");
  if (at == std::string::npos) return text;
  Subscripts axes;
  for (int i = ellipsis - 1; i >= 0; --i) axes += static_cast<char>('0' + i);
  return text.substr(0, at) + axes + text.substr(at + 3);
}

// How many axes the ellipsis of an operand stands for.
int EllipsisOf(const std::string& text, const Value& value) {
  if (text.find("...") == std::string::npos) return 0;
  return std::max(0, value.shape.rank() - static_cast<int>(text.size()) + 3);
}

struct Equation {
  std::vector<std::string> operands;
  std::string result;
};

Result<Equation> Parse(std::string text) {
  std::erase(text, ' ');
  const size_t arrow = text.find("->");
  if (arrow == std::string::npos)
    return Unsupported("an equation without '->'");
  Equation equation;
  equation.result = text.substr(arrow + 2);
  text.resize(arrow);
  for (size_t at = 0; at != std::string::npos;) {
    const size_t comma = text.find(',', at);
    equation.operands.push_back(text.substr(
        at, comma == std::string::npos ? std::string::npos : comma - at));
    at = comma == std::string::npos ? comma : comma + 1;
  }
  return equation;
}

Result<void> CheckTerm(const Term& term) {
  if (term.value->shape.rank() != static_cast<int>(term.labels.size())) {
    return InvalidModel(fmt::format("an operand {} does not fit its labels",
                                    term.value->shape.ToString()));
  }
  return {};
}

// The first label that stands there twice; none: 0.
char Repeated(const Subscripts& labels) {
  for (size_t i = 0; i < labels.size(); ++i) {
    if (labels.find(labels[i], i + 1) != Subscripts::npos) return labels[i];
  }
  return 0;
}

class Einsum {
 public:
  explicit Einsum(IrBuilder& ir) : ir_(ir) {}

  // The diagonal of axes that have one label, which stands in front then.
  Result<Term> Diagonal(Term term, char label);
  // Sums over axes that are not in `kept`.
  Result<Term> Reduce(Term term, const Subscripts& kept) {
    std::vector<int32_t> axes;
    Subscripts left;
    for (size_t i = 0; i < term.labels.size(); ++i) {
      if (HasLabel(kept, term.labels[i])) {
        left += term.labels[i];
      } else {
        axes.push_back(static_cast<int32_t>(i));
      }
    }
    if (axes.empty()) return term;
    TRY_ASSIGN(term.value, ir_.Emit(Op::kSum, ReducerOptions{},
                                    {term.value, ir_.Int32s(axes)}));
    term.labels = left;
    return term;
  }

  // Axes in the order of `labels`, all of which the term has.
  Result<Term> Order(Term term, const Subscripts& labels) {
    std::vector<int32_t> permutation;
    for (const char label : labels)
      permutation.push_back(static_cast<int32_t>(term.labels.find(label)));
    TRY_ASSIGN(term.value, ir_.Transpose(term.value, permutation));
    term.labels = labels;
    return term;
  }

  Result<Value*> Product(const Term& a, const Term& b,
                         const Subscripts& result);

 private:
  LabelDim DimOf(char label) const;
  static LabelDim Merge(std::span<const LabelDim> dims);
  Result<Value*> Reshape(Value* x, const std::vector<LabelDim>& dims);
  std::vector<LabelDim> DimsOf(const Subscripts& labels) const;
  Result<Value*> Group(const Term& term, const Subscripts& batch,
                       const Subscripts& first, const Subscripts& second);
  Result<Value*> AgainstConstant(const Term& a, const Term& b,
                                 const Subscripts& left, const Subscripts& sum,
                                 const Subscripts& right);

  IrBuilder& ir_;
  std::vector<Term> sources_;
};

// Of [n, n, ..] the elements i n + i of [n n, ..].
Result<Term> Einsum::Diagonal(Term term, char label) {
  const size_t first = term.labels.find(label);
  const size_t second = term.labels.find(label, first + 1);
  std::vector<int32_t> order = {static_cast<int32_t>(first),
                                static_cast<int32_t>(second)};
  Subscripts labels(1, label);
  for (size_t i = 0; i < term.labels.size(); ++i) {
    if (i == first || i == second) continue;
    order.push_back(static_cast<int32_t>(i));
    labels += term.labels[i];
  }
  const int32_t n = term.value->shape[order[0]];
  constexpr int32_t kMost = 1 << 15;  // n n fits int32
  if (n < 0 || n > kMost || n != term.value->shape[order[1]])
    return Unsupported(
        "a label that stands twice in one operand, for unknown dimensions");
  TRY_ASSIGN(Value * x, ir_.Transpose(term.value, order));
  Shape flat{n * n};
  for (int axis = 2; axis < x->shape.rank(); ++axis)
    flat.Append(x->shape[axis]);
  if (!CanReshapeTo(flat))
    return Unsupported("an operand of several unknown dimensions");
  TRY_ASSIGN(x, ir_.Reshape(x, flat));
  std::vector<int32_t> rows;
  for (int32_t i = 0; i < n; ++i) rows.push_back(i * n + i);
  TRY_ASSIGN(x, ir_.Emit(Op::kGather, GatherOptions{},
                         {x, ir_.Int32s(std::move(rows))}));
  return Term{x, labels};
}

// A dimension of 1 that an ellipsis broadcasts gives way to the other's.
LabelDim Einsum::DimOf(char label) const {
  LabelDim found;
  for (const Term& term : sources_) {
    const size_t at = term.labels.find(label);
    if (at == Subscripts::npos) continue;
    const LabelDim own{term.value->shape[static_cast<int>(at)], term.value,
                       static_cast<int>(at)};
    if (found.source == nullptr || found.size == 1 ||
        (found.size < 0 && own.size > 1))
      found = own;
  }
  return found;
}

std::vector<LabelDim> Einsum::DimsOf(const Subscripts& labels) const {
  std::vector<LabelDim> dims;
  for (const char label : labels) dims.push_back(DimOf(label));
  return dims;
}

// One axis of several; unknown when one of them is.
LabelDim Einsum::Merge(std::span<const LabelDim> dims) {
  if (dims.size() == 1) return dims[0];
  LabelDim merged;
  merged.size = 1;
  for (const LabelDim& dim : dims)
    merged.size = dim.size < 0 || merged.size < 0 ? Shape::kUnknownDim
                                                  : merged.size * dim.size;
  return merged;
}

// At most one axis may be a product of unknown ones; others are looked up.
Result<Value*> Einsum::Reshape(Value* x, const std::vector<LabelDim>& dims) {
  Shape shape;
  int unknown = 0, open = -1;
  for (size_t i = 0; i < dims.size(); ++i) {
    shape.Append(dims[i].size);
    if (dims[i].size >= 0) continue;
    ++unknown;
    if (dims[i].source == nullptr || open < 0) open = static_cast<int>(i);
  }
  if (x->shape == shape && unknown == 0) return x;
  if (unknown <= 1 && CanReshapeTo(shape)) return ir_.Reshape(x, shape);
  std::vector<Value*> parts;
  for (size_t i = 0; i < dims.size(); ++i) {
    const LabelDim& dim = dims[i];
    if (dim.size >= 0 || static_cast<int>(i) == open) {
      parts.push_back(ir_.Int32s({dim.size >= 0 ? dim.size : -1}));
      continue;
    }
    if (dim.source == nullptr)
      return Unsupported("operands of too many unknown dimensions");
    TRY_ASSIGN(Value * all, ir_.ShapeOf(dim.source, DataType::kInt32));
    TRY_ASSIGN(Value * one,
               ir_.Emit(Op::kSlice, SliceOptions{},
                        {all, ir_.Int32s({dim.axis}), ir_.Int32s({1})}));
    parts.push_back(one);
  }
  TRY_ASSIGN(Value * target,
             ir_.Emit(Op::kConcatenation, ConcatenationOptions{}, parts));
  TRY_ASSIGN(Value * y, ir_.Emit(Op::kReshape, ReshapeOptions{}, {x, target}));
  y->shape = shape;
  return y;
}

// [batch.., first, second] with the last two as one axis each.
Result<Value*> Einsum::Group(const Term& term, const Subscripts& batch,
                             const Subscripts& first,
                             const Subscripts& second) {
  Subscripts own;
  for (const char label : batch) {
    if (HasLabel(term.labels, label)) own += label;
  }
  TRY_ASSIGN(const Term ordered, Order(term, own + first + second));
  std::vector<LabelDim> dims;
  for (size_t i = 0; i < own.size(); ++i)
    dims.push_back({ordered.value->shape[static_cast<int>(i)], ordered.value,
                    static_cast<int>(i)});
  const auto group = [&](const Subscripts& labels) {
    std::vector<LabelDim> all = DimsOf(labels);
    dims.push_back(Merge(all));
  };
  group(first);
  group(second);
  if (first.size() == 1 && second.size() == 1) return ordered.value;
  return Reshape(ordered.value, dims);
}

// FULLY_CONNECTED over the last axes of a, which keep their shape in front.
Result<Value*> Einsum::AgainstConstant(const Term& a, const Term& b,
                                       const Subscripts& left,
                                       const Subscripts& sum,
                                       const Subscripts& right) {
  TRY_ASSIGN(const Term ordered, Order(a, left + sum));
  Value* x = ordered.value;
  std::vector<LabelDim> dims = DimsOf(left);
  if (sum.size() != 1) {
    dims.push_back(Merge(DimsOf(sum)));
    TRY_ASSIGN(x, Reshape(x, dims));
    dims.pop_back();
  }
  TRY_ASSIGN(Value * weights, Group(b, "", right, sum));
  FullyConnectedOptions options;
  options.keep_num_dims = true;
  TRY_ASSIGN(Value * y,
             ir_.Emit(Op::kFullyConnected, options, {x, weights, nullptr}));
  if (right.size() == 1) return y;
  for (const LabelDim& dim : DimsOf(right)) dims.push_back(dim);
  return Reshape(y, dims);
}

Result<Value*> Einsum::Product(const Term& a, const Term& b,
                               const Subscripts& result) {
  sources_ = {a, b};
  Subscripts batch, sum, left, right;
  for (const char label : result) {
    const bool in_a = HasLabel(a.labels, label),
               in_b = HasLabel(b.labels, label);
    const bool ellipsis = label >= '0' && label <= '9';
    (ellipsis || (in_a && in_b) ? batch : in_a ? left : right) += label;
  }
  for (const char label : a.labels) {
    if (!HasLabel(result, label)) sum += label;
  }
  const bool plain = b.value->is_constant() && !a.value->is_constant() &&
                     a.value->type == DataType::kFloat32;
  const bool batch_of_a = std::ranges::none_of(
      batch, [&](char label) { return HasLabel(b.labels, label); });
  Value* y = nullptr;
  if (plain && batch_of_a && !sum.empty()) {
    TRY_ASSIGN(y, AgainstConstant(a, b, batch + left, sum, right));
  } else {
    TRY_ASSIGN(Value * x, Group(a, batch, left, sum));
    TRY_ASSIGN(Value * z, Group(b, batch, sum, right));
    TRY_ASSIGN(y, EmitMatrixProduct(ir_, x, z));
    if (left.size() != 1 || right.size() != 1) {
      TRY_ASSIGN(y, Reshape(y, DimsOf(batch + left + right)));
    }
  }
  TRY_ASSIGN(const Term ordered, Order({y, batch + left + right}, result));
  return ordered.value;
}

Result<void> LowerEinsum(LowerContext& c) {
  TRY_ASSIGN(const auto equation, c.Attribute<std::string>("equation"));
  return Finish(c, EmitEinsum(c.ir(), equation, c.inputs()));
}

// Operands with their labels, each of which stands once.
Result<std::vector<Term>> Terms(Einsum& einsum, const Equation& equation,
                                const std::vector<Value*>& operands) {
  std::vector<Term> terms;
  for (size_t i = 0; i < operands.size(); ++i) {
    if (!operands[i]->shape.has_rank())
      return Unsupported("an operand of unknown rank");
    const std::string& own = equation.operands[i];
    Term term{operands[i], Expand(own, EllipsisOf(own, *operands[i]))};
    TRY(CheckTerm(term));
    while (const char label = Repeated(term.labels)) {
      TRY_ASSIGN(term, einsum.Diagonal(std::move(term), label));
    }
    terms.push_back(std::move(term));
  }
  return terms;
}

Result<void> CheckResult(const Subscripts& result,
                         const std::vector<Term>& terms) {
  if (Repeated(result) != 0)
    return Unsupported("a label that stands twice in the result");
  for (const char label : result) {
    if (std::ranges::none_of(
            terms, [&](const Term& t) { return HasLabel(t.labels, label); }))
      return InvalidModel(
          fmt::format("the result has label '{}', no operand has", label));
  }
  return {};
}

}  // namespace

Result<Value*> EmitEinsum(IrBuilder& ir, const std::string& text,
                          const std::vector<Value*>& operands) {
  TRY_ASSIGN(const Equation equation, Parse(text));
  const size_t count = equation.operands.size();
  if (count != operands.size() || count > 2)
    return Unsupported(fmt::format("{} operands", operands.size()));
  int ellipsis = 0;
  for (size_t i = 0; i < count; ++i)
    ellipsis =
        std::max(ellipsis, EllipsisOf(equation.operands[i], *operands[i]));
  if (ellipsis > Shape::kMaxRank)
    return InvalidModel("an ellipsis of too many axes");
  const Subscripts result = Expand(equation.result, ellipsis);
  Einsum einsum(ir);
  TRY_ASSIGN(std::vector<Term> terms, Terms(einsum, equation, operands));
  TRY(CheckResult(result, terms));
  for (size_t i = 0; i < count; ++i) {
    Subscripts kept = result;
    if (count == 2) kept += terms[1 - i].labels;
    TRY_ASSIGN(terms[i], einsum.Reduce(terms[i], kept));
  }
  if (count == 2) return einsum.Product(terms[0], terms[1], result);
  TRY_ASSIGN(const Term ordered, einsum.Order(terms[0], result));
  return ordered.value;
}

std::span<const TfOp> EinsumOps() {
  static constexpr TfOp kOps[] = {
      {"Einsum", 1, LowerEinsum},
      {"XlaEinsum", 2, LowerEinsum},
  };
  return kOps;
}

}  // namespace liteforge
