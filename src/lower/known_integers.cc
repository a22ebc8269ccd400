// SPDX-License-Identifier: Apache-2.0
// One small evaluator per operator that occurs in shape arithmetic. All follow
// TensorFlow's meaning of the operator; results that leave the range of the
// output's type are unknown (and wrap at run time as the kernel does).
#include "lower/known_integers.h"

#include <algorithm>
#include <span>
#include <utility>

#include "ops/infer.h"

namespace liteforge {
namespace {

using ir::Node;
using ir::Value;
using Maybe = std::optional<KnownIntegers>;

// The node and what is known of its operands.
struct Question {
  const Node& node;
  const KnownLookup& lookup;

  Maybe Input(int i) const {
    const Value* value = node.input(i);
    return value == nullptr ? std::nullopt : lookup(value);
  }
  // An operand that is known entirely.
  Maybe Full(int i) const {
    Maybe values = Input(i);
    return values && AllKnown(*values) ? values : std::nullopt;
  }
  int64_t output_elements() const { return node.output()->shape.elements(); }
};

Maybe KnownShape(const Question& q) {
  const Shape& shape = q.node.input(0)->shape;
  if (!shape.has_rank()) return std::nullopt;
  KnownIntegers dims;
  for (int32_t dim : shape.dims())
    dims.push_back(dim == Shape::kUnknownDim ? kUnknownInteger : dim);
  return dims;
}

// RESHAPE, SQUEEZE, EXPAND_DIMS, CAST: the same elements in the same order.
Maybe SameElements(const Question& q) {
  const DataType from = q.node.input(0)->type;
  if (from != DataType::kInt32 && from != DataType::kInt64) return std::nullopt;
  return q.Input(0);
}

// An operand's elements, or as many unknowns.
Maybe ElementsOf(const Question& q, int i) {
  if (Maybe values = q.Input(i)) return values;
  const int64_t count = q.node.input(i)->shape.elements();
  if (count < 0 || count > kMaxKnownElements) return std::nullopt;
  return KnownIntegers(static_cast<size_t>(count), kUnknownInteger);
}

// PACK of scalars and CONCATENATION of vectors: one operand after the other.
Maybe Joined(const Question& q) {
  if (q.node.output()->shape.rank() != 1) return std::nullopt;
  KnownIntegers all;
  for (int i = 0; i < static_cast<int>(q.node.inputs().size()); ++i) {
    Maybe part = ElementsOf(q, i);
    if (!part) return std::nullopt;
    all.insert(all.end(), part->begin(), part->end());
  }
  return all;
}

Maybe KnownGather(const Question& q) {
  const Maybe params = q.Input(0);
  const Maybe indices = q.Full(1);
  if (!params || !indices || q.node.input(0)->shape.rank() != 1)
    return std::nullopt;
  KnownIntegers picked;
  for (int64_t index : *indices) {
    if (index < 0 || index >= static_cast<int64_t>(params->size()))
      return std::nullopt;
    picked.push_back((*params)[static_cast<size_t>(index)]);
  }
  return picked;
}

Maybe KnownSlice(const Question& q) {
  const Maybe x = q.Input(0);
  const Maybe begin = q.Full(1);
  const Maybe size = q.Full(2);
  if (!x || !begin || !size || begin->size() != 1 || size->size() != 1)
    return std::nullopt;
  const auto length = static_cast<int64_t>(x->size());
  const int64_t first = begin->front();
  const int64_t count = size->front() == -1 ? length - first : size->front();
  if (first < 0 || count < 0 || first > length || count > length - first)
    return std::nullopt;
  return KnownIntegers(x->begin() + first, x->begin() + first + count);
}

// One bound of a strided slice, brought into the range a stride of this sign
// may start from or stop at.
int64_t ClampBound(int64_t bound, int64_t length, bool forward) {
  if (bound < 0) bound += length;
  return forward ? std::clamp<int64_t>(bound, 0, length)
                 : std::clamp<int64_t>(bound, -1, length - 1);
}

// x[begin:end:stride] or x[begin] of a vector.
Maybe KnownStridedSlice(const Question& q) {
  const auto& options = q.node.Options<StridedSliceOptions>();
  const Maybe x = q.Input(0);
  const Maybe begin = q.Full(1);
  const Maybe end = q.Full(2);
  const Maybe stride = q.Full(3);
  if (!x || !begin || !end || !stride || begin->size() != 1 ||
      end->size() != 1 || stride->size() != 1 || stride->front() == 0 ||
      q.node.input(0)->shape.rank() != 1 || options.ellipsis_mask != 0 ||
      options.new_axis_mask != 0 || options.offset)
    return std::nullopt;
  const auto length = static_cast<int64_t>(x->size());
  if (options.shrink_axis_mask & 1) {
    const int64_t at = begin->front() + (begin->front() < 0 ? length : 0);
    if (at < 0 || at >= length) return std::nullopt;
    return KnownIntegers{(*x)[static_cast<size_t>(at)]};
  }
  const bool forward = stride->front() > 0;
  const int64_t first = options.begin_mask & 1
                            ? (forward ? 0 : length - 1)
                            : ClampBound(begin->front(), length, forward);
  const int64_t last = options.end_mask & 1
                           ? (forward ? length : -1)
                           : ClampBound(end->front(), length, forward);
  // A step longer than the vector is as good as one of its length.
  const int64_t step =
      std::clamp<int64_t>(stride->front(), -length - 1, length + 1);
  KnownIntegers picked;
  for (int64_t i = first; forward ? i < last : i > last; i += step)
    picked.push_back((*x)[static_cast<size_t>(i)]);
  return picked;
}

using Binary = std::optional<int64_t> (*)(int64_t, int64_t);

std::optional<int64_t> Plus(int64_t a, int64_t b) {
  int64_t sum;
  return __builtin_add_overflow(a, b, &sum) ? std::nullopt : std::optional(sum);
}
std::optional<int64_t> Minus(int64_t a, int64_t b) {
  int64_t difference;
  return __builtin_sub_overflow(a, b, &difference) ? std::nullopt
                                                   : std::optional(difference);
}
std::optional<int64_t> CheckedProduct(int64_t a, int64_t b) {
  int64_t product;
  return __builtin_mul_overflow(a, b, &product) ? std::nullopt
                                                : std::optional(product);
}
std::optional<int64_t> Quotient(int64_t a, int64_t b) {
  return b == 0 || b == -1 ? std::nullopt : std::optional(a / b);
}
std::optional<int64_t> FloorQuotient(int64_t a, int64_t b) {
  if (b == 0 || b == -1) return std::nullopt;
  return a / b - ((a % b != 0 && (a < 0) != (b < 0)) ? 1 : 0);
}
std::optional<int64_t> FloorRemainder(int64_t a, int64_t b) {
  const auto quotient = FloorQuotient(a, b);
  return quotient ? std::optional(a - *quotient * b) : std::nullopt;
}
std::optional<int64_t> Larger(int64_t a, int64_t b) { return std::max(a, b); }
std::optional<int64_t> Smaller(int64_t a, int64_t b) { return std::min(a, b); }

int64_t Apply(Binary f, int64_t a, int64_t b) {
  if (a == kUnknownInteger || b == kUnknownInteger) return kUnknownInteger;
  return f(a, b).value_or(kUnknownInteger);
}

// Elementwise, where the operands have the same count or one is a single
// element; other broadcasts do not occur among shapes.
template <Binary f>
Maybe Elementwise(const Question& q) {
  const Maybe a = ElementsOf(q, 0);
  const Maybe b = ElementsOf(q, 1);
  if (!a || !b) return std::nullopt;
  const size_t count = std::max(a->size(), b->size());
  if ((a->size() != count && a->size() != 1) ||
      (b->size() != count && b->size() != 1))
    return std::nullopt;
  KnownIntegers result;
  for (size_t i = 0; i < count; ++i) {
    result.push_back(
        Apply(f, (*a)[a->size() == 1 ? 0 : i], (*b)[b->size() == 1 ? 0 : i]));
  }
  return result;
}

// A reduction of everything to one element.
template <Binary f, int64_t kInitial>
Maybe ReduceAll(const Question& q) {
  const Maybe x = q.Input(0);
  if (!x || q.output_elements() != 1) return std::nullopt;
  int64_t total = kInitial;
  for (int64_t value : *x) total = Apply(f, total, value);
  return KnownIntegers{total};
}

struct Rule {
  Op op;
  Maybe (*infer)(const Question&);
};

constexpr Rule kRules[] = {
    {Op::kAdd, Elementwise<Plus>},
    {Op::kCast, SameElements},
    {Op::kConcatenation, Joined},
    {Op::kDiv, Elementwise<Quotient>},
    {Op::kExpandDims, SameElements},
    {Op::kFloorDiv, Elementwise<FloorQuotient>},
    {Op::kFloorMod, Elementwise<FloorRemainder>},
    {Op::kGather, KnownGather},
    {Op::kMaximum, Elementwise<Larger>},
    {Op::kMinimum, Elementwise<Smaller>},
    {Op::kMul, Elementwise<CheckedProduct>},
    {Op::kPack, Joined},
    {Op::kReduceProd, ReduceAll<CheckedProduct, 1>},
    {Op::kReshape, SameElements},
    {Op::kShape, KnownShape},
    {Op::kSlice, KnownSlice},
    {Op::kSqueeze, SameElements},
    {Op::kStridedSlice, KnownStridedSlice},
    {Op::kSub, Elementwise<Minus>},
    {Op::kSum, ReduceAll<Plus, 0>},
};

bool FitsType(int64_t value, DataType type) {
  return type == DataType::kInt64 ||
         (value >= std::numeric_limits<int32_t>::min() &&
          value <= std::numeric_limits<int32_t>::max());
}

}  // namespace

bool AllKnown(const KnownIntegers& values) {
  return std::find(values.begin(), values.end(), kUnknownInteger) ==
         values.end();
}

std::optional<KnownIntegers> ConstantIntegers(const Value& value) {
  if (!value.is_constant()) return std::nullopt;
  const int64_t count = value.shape.elements();
  if (count < 0 || count > kMaxKnownElements) return std::nullopt;
  if (value.type == DataType::kInt64) return value.ToVector<int64_t>();
  if (value.type != DataType::kInt32) return std::nullopt;
  const std::vector<int32_t> narrow = value.ToVector<int32_t>();
  return KnownIntegers(narrow.begin(), narrow.end());
}

std::optional<KnownIntegers> InferKnown(const Node& node,
                                        const KnownLookup& lookup) {
  const auto* rule = std::find_if(
      std::begin(kRules), std::end(kRules),
      [&](const Rule& candidate) { return candidate.op == node.op(); });
  if (rule == std::end(kRules) || node.outputs().size() != 1)
    return std::nullopt;
  const Value& output = *node.output();
  const int64_t count = output.shape.elements();
  if ((output.type != DataType::kInt32 && output.type != DataType::kInt64) ||
      count < 0 || count > kMaxKnownElements)
    return std::nullopt;
  Maybe values = rule->infer(Question{node, lookup});
  if (!values || static_cast<int64_t>(values->size()) != count)
    return std::nullopt;
  for (int64_t& value : *values) {
    if (!FitsType(value, output.type)) value = kUnknownInteger;
  }
  const bool any = std::any_of(values->begin(), values->end(),
                               [](int64_t v) { return v != kUnknownInteger; });
  return any || values->empty() ? values : std::nullopt;
}

}  // namespace liteforge
