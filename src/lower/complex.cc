// SPDX-License-Identifier: Apache-2.0
//   Complex(a, b)     a + b i           Conj   a - b i
//   Add, Sub, Neg     part by part      Exp    e^a (cos b + i sin b)
//   Mul               (a c - b d) + (a d + b c) i; MUL where both exist
//   Div               times the conjugate, by |.|^2
//   Reshape, Slice …  what moves elements moves those of both parts
#include "lower/complex.h"

#include <map>
#include <set>
#include <span>

#include "lower/formula.h"

namespace liteforge {
namespace {

using ComplexOperands = std::vector<ComplexParts>;
using Arithmetic = ComplexParts (*)(Formula& f, const ComplexOperands& x);

ComplexParts AddComplex(Formula& f, const ComplexOperands& x) {
  return {f.Add(x[0].real, x[1].real), f.Add(x[0].imaginary, x[1].imaginary)};
}
ComplexParts Sub(Formula& f, const ComplexOperands& x) {
  return {f.Sub(x[0].real, x[1].real), f.Sub(x[0].imaginary, x[1].imaginary)};
}
ComplexParts Neg(Formula& f, const ComplexOperands& x) {
  return {f.Of(Op::kNeg, x[0].real), f.Of(Op::kNeg, x[0].imaginary)};
}
ComplexParts Conj(Formula& f, const ComplexOperands& x) {
  return {x[0].real, f.Of(Op::kNeg, x[0].imaginary)};
}

ComplexParts MulComplex(Formula& f, const ComplexParts& x,
                        const ComplexParts& y) {
  return {f.Sub(f.Mul(x.real, y.real), f.Mul(x.imaginary, y.imaginary)),
          f.Add(f.Mul(x.real, y.imaginary), f.Mul(x.imaginary, y.real))};
}
ComplexParts Mul(Formula& f, const ComplexOperands& x) {
  return MulComplex(f, x[0], x[1]);
}
ComplexParts Square(Formula& f, const ComplexOperands& x) {
  return MulComplex(f, x[0], x[0]);
}

Value* SquaredAbs(Formula& f, const ComplexParts& x) {
  return f.Add(f.Mul(x.real, x.real), f.Mul(x.imaginary, x.imaginary));
}
ComplexParts Div(Formula& f, const ComplexOperands& x) {
  Value* by = SquaredAbs(f, x[1]);
  const ComplexParts y = MulComplex(f, x[0], Conj(f, {x[1]}));
  return {f.Div(y.real, by), f.Div(y.imaginary, by)};
}
ComplexParts Exp(Formula& f, const ComplexOperands& x) {
  Value* size = f.Of(Op::kExp, x[0].real);
  return {f.Mul(size, f.Of(Op::kCos, x[0].imaginary)),
          f.Mul(size, f.Of(Op::kSin, x[0].imaginary))};
}

const std::map<std::string_view, std::pair<Arithmetic, size_t>> kArithmetic = {
    {"Add", {AddComplex, 2}}, {"AddV2", {AddComplex, 2}},
    {"Conj", {Conj, 1}},      {"Div", {Div, 2}},
    {"Exp", {Exp, 1}},        {"Mul", {Mul, 2}},
    {"Neg", {Neg, 1}},        {"RealDiv", {Div, 2}},
    {"Square", {Square, 1}},  {"Sub", {Sub, 2}},
};

// Operations that move elements, whatever these are.
const std::set<std::string_view> kMoving = {
    "BroadcastTo", "Concat",       "ConcatV2", "ExpandDims", "Gather",
    "GatherNd",    "GatherV2",     "Pack",     "Reshape",    "Reverse",
    "ReverseV2",   "Roll",         "Slice",    "Split",      "SplitV",
    "Squeeze",     "StridedSlice", "Tile",     "Transpose",  "Unpack",
};

// Operations that ask for the parts themselves.
const std::set<std::string_view> kOfParts = {
    "Angle",    "Complex", "ComplexAbs", "FFT",   "FFT2D",   "FFT3D",
    "IFFT",     "IFFT2D",  "IFFT3D",     "IRFFT", "IRFFT2D", "IRFFT3D",
    "Identity", "Imag",    "Rank",       "Real",  "Shape",   "Size",
};

Result<ComplexOperands> AllParts(LowerContext& c, size_t count) {
  ComplexOperands parts;
  for (size_t i = 0; i < count; ++i) {
    TRY_ASSIGN(const ComplexParts own,
               PartsOf(c.ir(), c.input(static_cast<int>(i))));
    parts.push_back(own);
  }
  return parts;
}

bool AnyOnlyParts(const LowerContext& c) {
  for (const Value* input : c.inputs()) {
    const ComplexParts* parts = c.ir().FindParts(input);
    if (parts != nullptr && parts->only) return true;
  }
  return false;
}

// The operation on one part of each complex input.
Result<std::vector<Value*>> OnPart(LowerContext& c, const TfOp& op, bool real) {
  std::vector<Value*> inputs = c.inputs();
  for (Value*& input : inputs) {
    if (!IsComplex(*input)) continue;
    TRY_ASSIGN(const ComplexParts parts, PartsOf(c.ir(), input));
    input = real ? parts.real : parts.imaginary;
  }
  LowerContext part(c.node(), std::move(inputs), c.ir(), c.calls());
  TRY(op.lower(part));
  return part.outputs();
}

Result<void> Move(LowerContext& c, const TfOp& op) {
  TRY_ASSIGN(const auto real, OnPart(c, op, true));
  TRY_ASSIGN(const auto imaginary, OnPart(c, op, false));
  for (size_t i = 0; i < real.size(); ++i) {
    TRY_ASSIGN(Value * y, AsComplex(c.ir(), real[i], imaginary[i]));
    c.SetOutput(static_cast<int>(i), y);
  }
  return {};
}

}  // namespace

bool IsComplex(const Value& x) { return x.type == DataType::kComplex64; }

Result<ComplexParts> PartsOf(IrBuilder& ir, Value* x) {
  if (const ComplexParts* noted = ir.FindParts(x)) return *noted;
  if (!IsComplex(*x))
    return InvalidModel("it is given real numbers where complex ones belong");
  ComplexParts parts;
  if (x->is_constant()) {
    const std::vector<float> values = x->ToVector<float>();
    std::vector<float> own[2];
    for (size_t i = 0; i < values.size(); ++i) own[i % 2].push_back(values[i]);
    parts.real =
        ir.Constant(DataType::kFloat32, x->shape, Blob::Own(std::move(own[0])));
    parts.imaginary =
        ir.Constant(DataType::kFloat32, x->shape, Blob::Own(std::move(own[1])));
  } else {
    TRY_ASSIGN(parts.real, ir.Emit(Op::kReal, {}, {x}));
    TRY_ASSIGN(parts.imaginary, ir.Emit(Op::kImag, {}, {x}));
  }
  ir.NoteParts(x, parts);
  return parts;
}

Result<Value*> AsComplex(IrBuilder& ir, Value* real, Value* imaginary) {
  // A value to hand on; nothing reads it but by its parts.
  CastOptions cast;
  cast.in_data_type = real->type;
  cast.out_data_type = DataType::kComplex64;
  Value* y = ir.EmitCall(Op::kCast, cast, {real},
                         {{"", DataType::kComplex64, real->shape}})[0];
  ir.NoteParts(y, {real, imaginary, true});
  return y;
}

Result<void> LowerOnComplex(LowerContext& c, const TfOp& op) {
  const bool native = !AnyOnlyParts(c);
  const bool moves = kMoving.contains(op.name);
  if (kOfParts.contains(op.name) ||
      (native && (moves || op.name == "Mul" || op.name == "Cast")))
    return op.lower(c);
  if (moves) return Move(c, op);
  if (op.name == "Cast") {  // to real numbers: the real part
    TRY_ASSIGN(const auto real, OnPart(c, op, true));
    c.SetOutput(0, real[0]);
    return {};
  }
  const auto found = kArithmetic.find(op.name);
  if (found == kArithmetic.end()) {
    if (native) return op.lower(c);
    return Unsupported("it works on complex numbers that TFLite cannot hold");
  }
  const auto [function, count] = found->second;
  TRY_ASSIGN(const ComplexOperands parts, AllParts(c, count));
  Formula f(c);
  const ComplexParts y = function(f, parts);
  TRY(f.Check());
  return Finish(c, AsComplex(c.ir(), y.real, y.imaginary));
}

//--------------------------------------------------------------- operations

namespace {

Result<void> LowerComplex(LowerContext& c) {
  if (c.input(0)->type != DataType::kFloat32 ||
      c.input(1)->type != DataType::kFloat32)
    return Unsupported("parts other than float32");
  return Finish(c, AsComplex(c.ir(), c.input(0), c.input(1)));
}

Result<void> LowerConj(LowerContext& c) {  // of what is real
  c.SetOutput(0, c.input(0));
  return {};
}

}  // namespace

std::span<const TfOp> ComplexOps() {
  static constexpr TfOp kOps[] = {
      {"Complex", 2, LowerComplex},
      {"Conj", 1, LowerConj},
  };
  return kOps;
}

}  // namespace liteforge
