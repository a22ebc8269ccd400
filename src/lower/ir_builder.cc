// SPDX-License-Identifier: Apache-2.0
#include "lower/ir_builder.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <limits>

#include "base/mapped_file.h"
#include "base/try.h"
#include "lower/constant_math.h"

namespace liteforge {
namespace {

// Operators whose 8- and 16-bit integer kernels take their operands for
// quantized numbers, or do not exist.
constexpr Op kPlainArithmetic[] = {Op::kAbs,       Op::kAdd,
                                   Op::kAddN,      Op::kArgMax,
                                   Op::kArgMin,    Op::kCumsum,
                                   Op::kDiv,       Op::kEqual,
                                   Op::kFloorDiv,  Op::kFloorMod,
                                   Op::kGreater,   Op::kGreaterEqual,
                                   Op::kLess,      Op::kLessEqual,
                                   Op::kMaximum,   Op::kMean,
                                   Op::kMinimum,   Op::kMul,
                                   Op::kNeg,       Op::kNotEqual,
                                   Op::kPow,       Op::kReduceMax,
                                   Op::kReduceMin, Op::kReduceProd,
                                   Op::kSign,      Op::kSquaredDifference,
                                   Op::kSub,       Op::kSum};

bool IsPlainArithmetic(Op op) {
  return std::find(std::begin(kPlainArithmetic), std::end(kPlainArithmetic),
                   op) != std::end(kPlainArithmetic);
}

bool IsNarrowInteger(DataType type) {
  return type == DataType::kInt8 || type == DataType::kUInt8 ||
         type == DataType::kInt16 || type == DataType::kUInt16;
}

bool AllConstant(const ir::Node& node) {
  if (node.inputs().empty()) return false;
  return std::all_of(
      node.inputs().begin(), node.inputs().end(),
      [](const Value* input) { return !input || input->is_constant(); });
}

// Whether the outputs have at most `most` bytes, or are not much more than the
// inputs. Unknown sizes are tried: they depend on values, which are at hand.
bool WorthFolding(const ir::Node& node, int64_t most) {
  int64_t read = 0;
  for (const Value* input : node.inputs())
    if (input) read += static_cast<int64_t>(input->data().size());
  int64_t written = 0;
  for (const Value* output : node.outputs()) {
    if (!output->shape.IsStatic()) continue;
    const int64_t elements = output->shape.elements();
    // More than 2^40 elements: not even worth adding up.
    if (elements < 0 || elements > (int64_t{1} << 40)) return false;
    written += std::max<int64_t>(ByteSize(output->type, elements), 0);
  }
  return written <= most || written <= 2 * read;
}

// "CONV_2D" -> "conv_2d"
std::string LowerCase(std::string_view text) {
  std::string lower(text);
  for (char& c : lower)
    c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return lower;
}

template <class T>
Blob One(double value) {
  return Blob::Own(std::vector<T>{static_cast<T>(value)});
}

bool IsIdentity(std::span<const int32_t> permutation) {
  for (size_t i = 0; i < permutation.size(); ++i)
    if (permutation[i] != static_cast<int32_t>(i)) return false;
  return true;
}

// The one unknown dimension found from the count of elements, if it can be.
Shape ResolveUnknown(Shape shape, int64_t elements) {
  int64_t known = 1;
  int open = -1;
  for (int i = 0; i < shape.rank(); ++i) {
    if (shape[i] == Shape::kUnknownDim)
      open = i;
    else if (__builtin_mul_overflow(known, int64_t{shape[i]}, &known))
      return shape;
  }
  if (open >= 0 && known > 0 && elements % known == 0 &&
      elements / known <= std::numeric_limits<int32_t>::max())
    shape.set_dim(open, static_cast<int32_t>(elements / known));
  return shape;
}

bool FitsInt32(const KnownIntegers& values) {
  return std::all_of(values.begin(), values.end(), [](int64_t v) {
    return v >= std::numeric_limits<int32_t>::min() &&
           v <= std::numeric_limits<int32_t>::max();
  });
}

}  // namespace

bool CanReshapeTo(const Shape& shape) {
  const auto dims = shape.dims();
  const auto unknown = std::count(dims.begin(), dims.end(), Shape::kUnknownDim);
  const bool empty = std::find(dims.begin(), dims.end(), 0) != dims.end();
  return shape.has_rank() && (unknown == 0 || (unknown == 1 && !empty));
}

//------------------------------------------------------------------ operators

Result<Value*> IrBuilder::Emit(Op op, OpOptions options,
                               std::vector<Value*> inputs) {
  TRY_ASSIGN(std::vector<Value*> outputs,
             EmitMany(op, std::move(options), std::move(inputs), 1));
  return outputs[0];
}

Result<std::vector<Value*>> IrBuilder::EmitMany(Op op, OpOptions options,
                                                std::vector<Value*> inputs,
                                                int outputs) {
  const bool widen = IsPlainArithmetic(op) && !inputs.empty() && inputs[0] &&
                     IsNarrowInteger(inputs[0]->type);
  return widen ? EmitWidened(op, std::move(options), std::move(inputs), outputs)
               : AddNode(op, std::move(options), std::move(inputs), outputs);
}

Result<std::vector<Value*>> IrBuilder::EmitWidened(Op op, OpOptions options,
                                                   std::vector<Value*> inputs,
                                                   int outputs) {
  const DataType narrow = inputs[0]->type;
  for (Value*& input : inputs) {
    if (!input || input->type != narrow) continue;
    TRY_ASSIGN(input, Cast(input, DataType::kInt32));
  }
  TRY_ASSIGN(std::vector<Value*> results,
             AddNode(op, std::move(options), std::move(inputs), outputs));
  // Positions and truth values stay what they are.
  if (op == Op::kArgMax || op == Op::kArgMin) return results;
  for (Value*& result : results) {
    if (result->type != DataType::kInt32) continue;
    TRY_ASSIGN(result, Cast(result, narrow));
  }
  return results;
}

Result<std::vector<Value*>> IrBuilder::AddNode(Op op, OpOptions options,
                                               std::vector<Value*> inputs,
                                               int outputs) {
  TRY_ASSIGN(ir::Node * node,
             graph_.AddNode(op, std::move(options), std::move(inputs), outputs,
                            source_));
  std::vector<Value*> values(node->outputs().begin(), node->outputs().end());
  for (Value* value : values) {
    value->name = FreshName(LowerCase(Name(op)));
    fresh_.insert(value);
  }
  if (FoldKnown(node, values) || FoldConstant(node, values)) return values;
  for (const Value* value : values) {
    if (value->type == DataType::kFloat64) {
      return Unsupported(
          fmt::format("{} would compute in float64, which TFLite's kernels do "
                      "not; cast the model to float32",
                      Name(op)));
    }
  }
  return values;
}

std::vector<Value*> IrBuilder::EmitCall(
    Op op, OpOptions options, std::vector<Value*> inputs,
    std::vector<ir::Graph::OutputType> outputs) {
  for (auto& output : outputs) output.name = FreshName(LowerCase(Name(op)));
  const ir::Node* node = graph_.AddNodeWithTypes(
      op, std::move(options), std::move(inputs), std::move(outputs), source_);
  fresh_.insert(node->outputs().begin(), node->outputs().end());
  return {node->outputs().begin(), node->outputs().end()};
}

bool IrBuilder::FoldKnown(ir::Node* node, std::vector<Value*>& outputs) {
  const auto known =
      InferKnown(*node, [this](const Value* value) { return Known(value); });
  if (!known) return false;
  if (!AllKnown(*known)) {
    known_[outputs[0]] = *known;
    return false;
  }
  Blob data =
      outputs[0]->type == DataType::kInt64
          ? Blob::Own(*known)
          : Blob::Own(std::vector<int32_t>(known->begin(), known->end()));
  outputs = Replace(node, {{outputs[0]->type, outputs[0]->shape, data}});
  return true;
}

bool IrBuilder::FoldConstant(ir::Node* node, std::vector<Value*>& outputs) {
  if (!AllConstant(*node) || ir::IsStateful(node->op()) ||
      !WorthFolding(*node, most_folded_bytes_))
    return false;
  auto computed = evaluator_.Evaluate(*node);
  if (!computed || computed->size() != outputs.size()) return false;
  for (const auto& output : *computed) {
    const int64_t bytes = ByteSize(output.type, output.shape.elements());
    if (!output.shape.IsStatic() || bytes < 0 ||
        output.data.size() != static_cast<size_t>(bytes))
      return false;
  }
  outputs = Replace(node, *computed);
  return true;
}

std::vector<Value*> IrBuilder::Replace(
    ir::Node* node, const std::vector<ConstantEvaluator::Output>& results) {
  std::vector<Value*> constants;
  for (size_t i = 0; i < results.size(); ++i) {
    const Value* old = node->output(static_cast<int>(i));
    const auto& result = results[i];
    Value* constant =
        graph_.AddConstant(old->name, result.type, result.shape, result.data);
    known_.erase(old);
    fresh_.erase(old);
    fresh_.insert(constant);
    constants.push_back(constant);
  }
  graph_.RemoveNode(node);
  return constants;
}

std::optional<KnownIntegers> IrBuilder::Known(const Value* value) const {
  if (value->is_constant()) return ConstantIntegers(*value);
  const auto found = known_.find(value);
  return found == known_.end() ? std::nullopt : std::optional(found->second);
}

Value* IrBuilder::ErfArgument(const Value* value) const {
  const auto found = erf_arguments_.find(value);
  return found == erf_arguments_.end() ? nullptr : found->second;
}

Value* IrBuilder::OpenListCount(const Value* list) const {
  const auto found = open_lists_.find(list);
  return found == open_lists_.end() ? nullptr : found->second;
}

//---------------------------------------------------------------- names

void IrBuilder::SetSource(std::string_view source) {
  source_ = source;
  fresh_.clear();
}

void IrBuilder::NameResult(Value* value, std::string_view name) {
  if (fresh_.erase(value) > 0) value->name = name;
}

std::string IrBuilder::FreshName(std::string_view suffix) {
  const std::string base = fmt::format("{}/{}", source_, suffix);
  if (names_.insert(base).second) return base;
  for (int& count = counts_[base];;) {
    std::string name = fmt::format("{}_{}", base, ++count);
    if (names_.insert(name).second) return name;
  }
}

//------------------------------------------------------------ constants

Value* IrBuilder::Constant(DataType type, const Shape& shape, Blob data,
                           std::string_view what) {
  Value* value =
      graph_.AddConstant(FreshName(what), type, shape, std::move(data));
  fresh_.insert(value);
  return value;
}

Value* IrBuilder::Int32s(std::vector<int32_t> values) {
  const Shape shape{static_cast<int32_t>(values.size())};
  return Constant(DataType::kInt32, shape, Blob::Own(std::move(values)));
}

Value* IrBuilder::Int32(int32_t value) {
  return Constant(DataType::kInt32, {}, Blob::Own(std::vector<int32_t>{value}));
}

Result<Value*> IrBuilder::Scalar(DataType type, double value) {
  switch (type) {
    case DataType::kFloat64:
      return Constant(type, {}, One<double>(value));
    case DataType::kInt32:
      return Constant(type, {}, One<int32_t>(value));
    case DataType::kInt64:
      return Constant(type, {}, One<int64_t>(value));
    case DataType::kInt8:
      return Constant(type, {}, One<int8_t>(value));
    case DataType::kUInt8:
      return Constant(type, {}, One<uint8_t>(value));
    case DataType::kInt16:
      return Constant(type, {}, One<int16_t>(value));
    case DataType::kBool:
      return Constant(type, {}, One<uint8_t>(value != 0.0));
    default:
      return Cast(Constant(DataType::kFloat32, {}, One<float>(value)), type);
  }
}

//------------------------------------------- operators with a cheaper form

Result<Value*> IrBuilder::Transpose(Value* x,
                                    std::span<const int32_t> permutation) {
  if (IsIdentity(permutation)) return x;
  const int bits = BitWidth(x->type);
  if (x->is_constant() && bits >= 8 &&
      x->shape.rank() == static_cast<int>(permutation.size())) {
    Shape shape;
    for (int32_t axis : permutation) shape.Append(x->shape[axis]);
    Blob moved = TransposeBytes(x->data(), x->shape, permutation,
                                static_cast<size_t>(bits / 8));
    LeaveMemory(x->data());
    return Constant(x->type, shape, std::move(moved), "transpose");
  }
  Value* order = Int32s({permutation.begin(), permutation.end()});
  return Emit(Op::kTranspose, TransposeOptions{}, {x, order});
}

Result<Value*> IrBuilder::Reshape(Value* x, const Shape& shape) {
  if (x->shape == shape && x->shape.IsStatic()) return x;
  if (x->is_constant()) {
    const Shape resolved = ResolveUnknown(shape, x->shape.elements());
    if (resolved.elements() == x->shape.elements())
      return Constant(x->type, resolved, x->data(), "reshape");
  }
  Value* dims = Int32s({shape.dims().begin(), shape.dims().end()});
  return Emit(Op::kReshape, ReshapeOptions{}, {x, dims});
}

Result<Value*> IrBuilder::Cast(Value* x, DataType type) {
  if (x->type == type) return x;
  if (x->is_constant() && type == DataType::kFloat32 &&
      WidensToFloat32(x->type))
    return Constant(type, x->shape, ToFloat32(x->data(), x->type), "cast");
  return Emit(Op::kCast, CastOptions{x->type, type}, {x});
}

Result<Value*> IrBuilder::AsInt32(Value* x) {
  if (x->type == DataType::kInt32) return x;
  const auto known = ConstantIntegers(*x);
  if (known && !FitsInt32(*known))
    return Unsupported(fmt::format("'{}' holds numbers beyond int32", x->name));
  return Cast(x, DataType::kInt32);
}

Result<Value*> IrBuilder::ShapeOf(Value* x, DataType type) {
  return Emit(Op::kShape, ShapeOptions{type}, {x});
}

}  // namespace liteforge
