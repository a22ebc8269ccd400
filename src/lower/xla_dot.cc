// SPDX-License-Identifier: Apache-2.0
// XlaDot, XlaDotV2: a product of arrays, written as an equation (einsum.h).
// Contracted dimensions of both operands share a label that the result lacks,
// batch dimensions one that it begins with; then come the dimensions of the
// left operand that are left, and of the right.
#include <span>

#include "lower/einsum.h"
#include "lower/xla.h"

namespace liteforge {
namespace {

using Axes = std::vector<int32_t>;

class Labels {
 public:
  Labels(int left, int right)
      : left_(static_cast<size_t>(left), 0),
        right_(static_cast<size_t>(right), 0) {}

  Result<void> Share(const Axes& left, const Axes& right, bool is_kept) {
    if (left.size() != right.size())
      return InvalidModel("dimensions of the operands do not go in pairs");
    for (size_t i = 0; i < left.size(); ++i) {
      char& a = left_[static_cast<size_t>(left[i])];
      char& b = right_[static_cast<size_t>(right[i])];
      if (a != 0 || b != 0)
        return InvalidModel("a dimension is contracted and of the batch");
      a = b = Next();
      if (is_kept) result_ += a;
    }
    return {};
  }

  std::string Equation() {
    for (std::string* labels : {&left_, &right_}) {
      for (char& label : *labels) {
        if (label != 0) continue;
        label = Next();
        result_ += label;
      }
    }
    return left_ + "," + right_ + "->" + result_;
  }

 private:
  // At most 2 Shape::kMaxRank.
  char Next() {
    return "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"[next_++];
  }

  std::string left_, right_, result_;
  size_t next_ = 0;
};

Result<void> LowerDot(LowerContext& c) {
  TRY_ASSIGN(const auto dims, XlaDimensions<tf::XlaDotDimensions>(c));
  TRY_ASSIGN(const DataType type,
             c.Attribute<DataType>("preferred_element_type", c.input(0)->type));
  TRY_ASSIGN(Value * a, c.ir().Cast(c.input(0), type));
  TRY_ASSIGN(Value * b, c.ir().Cast(c.input(1), type));
  const int left = a->shape.rank(), right = b->shape.rank();
  if (left < 0 || right < 0) return Unsupported("an operand of unknown rank");
  TRY_ASSIGN(const Axes left_batch, XlaAxes(dims.lhs_batch_dimensions(), left));
  TRY_ASSIGN(const Axes right_batch,
             XlaAxes(dims.rhs_batch_dimensions(), right));
  TRY_ASSIGN(const Axes left_sum,
             XlaAxes(dims.lhs_contracting_dimensions(), left));
  TRY_ASSIGN(const Axes right_sum,
             XlaAxes(dims.rhs_contracting_dimensions(), right));
  Labels labels(left, right);
  TRY(labels.Share(left_batch, right_batch, true));
  TRY(labels.Share(left_sum, right_sum, false));
  return Finish(c, EmitEinsum(c.ir(), labels.Equation(), {a, b}));
}

}  // namespace

std::span<const TfOp> XlaDotOps() {
  static constexpr TfOp kOps[] = {
      {"XlaDot", 2, LowerDot},
      {"XlaDotV2", 2, LowerDot},
  };
  return kOps;
}

}  // namespace liteforge
