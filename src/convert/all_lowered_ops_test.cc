// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <map>
#include <set>

#include "base/try.h"
#include "convert/compile.h"
#include "convert/lowered_op_testing.h"
#include "liteforge/interpreter.h"
#include "lower/all_ops.h"

namespace liteforge {
namespace {

constexpr uint32_t kSeeds = 12;

template <class T>
std::vector<std::byte> BytesAs(const NdArray& x) {
  std::vector<T> values(x.v.size());
  std::ranges::transform(x.v, values.begin(),
                         [](double v) { return static_cast<T>(v); });
  const auto bytes = std::as_bytes(std::span(values));
  return {bytes.begin(), bytes.end()};
}

std::vector<std::byte> BytesOf(const NdArray& x, DataType type) {
  switch (type) {
    case DataType::kFloat32:
      return BytesAs<float>(x);
    case DataType::kInt32:
      return BytesAs<int32_t>(x);
    case DataType::kInt64:
      return BytesAs<int64_t>(x);
    case DataType::kInt16:
      return BytesAs<int16_t>(x);
    case DataType::kInt8:
      return BytesAs<int8_t>(x);
    default:  // uint8, bool
      return BytesAs<uint8_t>(x);
  }
}

template <class T>
std::vector<double> Widened(std::span<const std::byte> bytes) {
  const std::span values(reinterpret_cast<const T*>(bytes.data()),
                         bytes.size() / sizeof(T));
  return {values.begin(), values.end()};
}

std::vector<double> ValuesOf(std::span<const std::byte> bytes, DataType type) {
  switch (type) {
    case DataType::kFloat32:
      return Widened<float>(bytes);
    case DataType::kInt32:
      return Widened<int32_t>(bytes);
    case DataType::kInt64:
      return Widened<int64_t>(bytes);
    case DataType::kInt16:
      return Widened<int16_t>(bytes);
    case DataType::kInt8:
      return Widened<int8_t>(bytes);
    default:
      return Widened<uint8_t>(bytes);
  }
}

bool IsNear(double got, double want, double tolerance) {
  if (got == want || (std::isnan(got) && std::isnan(want))) return true;
  return std::abs(got - want) <= tolerance * std::max(1.0, std::abs(want));
}

// What is wrong with an output; "" for nothing.
std::string Compared(Interpreter& interpreter, const TensorDetails& details,
                     const OpCase::Wanted& wanted) {
  const std::string got_type = Describe(details.dtype, details.shape);
  const std::string want_type = Describe(wanted.type, wanted.y.shape);
  if (got_type != want_type) return "is " + got_type + ", not " + want_type;
  const auto data = interpreter.GetTensor(details.index);
  if (!data) return data.error().ToString();
  const std::vector<double> got = ValuesOf(*data, details.dtype);
  for (size_t i = 0; i < got.size(); ++i) {
    if (IsNear(got[i], wanted.y.v[i], wanted.tolerance)) continue;
    return fmt::format("element {} of {} is {}, not {}", i, want_type, got[i],
                       wanted.y.v[i]);
  }
  return "";
}

Result<void> Fill(Interpreter& interpreter, const OpCase& c) {
  const auto inputs = interpreter.InputDetails();
  if (inputs.size() != c.inputs().size())
    return InvalidModel("the model has another number of inputs");
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (c.inputs()[i].is_open)
      TRY(interpreter.ResizeInputTensor(inputs[i].index,
                                        c.inputs()[i].x.shape));
  }
  TRY(interpreter.AllocateTensors());
  for (size_t i = 0; i < inputs.size(); ++i) {
    const auto& [x, type, is_open] = c.inputs()[i];
    TRY(interpreter.SetTensor(inputs[i].index, type, x.shape,
                              BytesOf(x, type)));
  }
  return interpreter.Invoke();
}

// What is wrong with a case; "" for nothing.
std::string Checked(const std::string& op, OpCase& c) {
  const auto bytes = Compile(c.FunctionOf(op), true);
  if (!bytes) return bytes.error().ToString();
  auto interpreter = Interpreter::FromBuffer(*bytes);
  if (!interpreter) return interpreter.error().ToString();
  if (const auto run = Fill(*interpreter, c); !run)
    return run.error().ToString();
  const auto outputs = interpreter->OutputDetails();
  if (outputs.size() != c.wanted().size()) return "other outputs";
  for (size_t i = 0; i < outputs.size(); ++i) {
    const std::string wrong = Compared(*interpreter, outputs[i], c.wanted()[i]);
    if (!wrong.empty()) return fmt::format("output {} {}", i, wrong);
  }
  return "";
}

}  // namespace

void OpCase::AddConstant(const std::string& name, const NdArray& x,
                         DataType type) {
  const auto bytes = BytesOf(x, type);
  f_.Constant<uint8_t>(name, x.shape, {}, type);
  f_.function().constants[name] = Blob::Copy(bytes);
}

ConcreteFunction& OpCase::FunctionOf(const std::string& op) {
  f_.Node(op, "y", {}, attributes_);
  for (const std::string& operand : operands_) f_.Last()->add_input(operand);
  for (auto& [name, value] : protos_)
    (*f_.Last()->mutable_attr())[name] = value;
  for (size_t i = 0; i < wanted_.size(); ++i)
    f_.Output(std::to_string(i), i == 0 ? "y" : "y:" + std::to_string(i));
  return f_.function();
}

void CheckRows(std::span<const OpRow> rows) {
  for (const OpRow& row : rows) {
    for (uint32_t seed = 1; seed <= kSeeds; ++seed) {
      OpCase c(seed);
      row.make(c);
      const std::string wrong = Checked(row.op, c);
      EXPECT_EQ(wrong, "") << row.op << ", seed " << seed;
      if (!wrong.empty()) break;
    }
  }
}

namespace {

// Operations with functions, resources, lists, complex or random results: where
// they are tested instead.
const std::map<std::string_view, std::string_view> kElsewhere = {
    {"Angle", "complex_ops_test.cc"},
    {"AssignVariableOp", "saved_models_test.cc"},
    {"Complex", "complex_ops_test.cc"},
    {"ComplexAbs", "complex_ops_test.cc"},
    {"Conj", "complex_ops_test.cc"},
    {"EmptyTensorList", "list_ops_test.cc"},
    {"FFT", "fourier_ops_test.cc"},
    {"FFT2D", "fourier_ops_test.cc"},
    {"FFT3D", "fourier_ops_test.cc"},
    {"HashTableV2", "saved_models_test.cc"},
    {"IFFT", "fourier_ops_test.cc"},
    {"IFFT2D", "fourier_ops_test.cc"},
    {"IFFT3D", "fourier_ops_test.cc"},
    {"IRFFT", "fourier_ops_test.cc"},
    {"IRFFT2D", "fourier_ops_test.cc"},
    {"IRFFT3D", "fourier_ops_test.cc"},
    {"If", "saved_models_test.cc"},
    {"Imag", "complex_ops_test.cc"},
    {"LookupTableFindV2", "saved_models_test.cc"},
    {"LookupTableImportV2", "saved_models_test.cc"},
    {"LookupTableSizeV2", "saved_models_test.cc"},
    {"Multinomial", "random_ops_test.cc"},
    {"PartitionedCall", "marked_functions_test.cc"},
    {"RFFT", "fourier_ops_test.cc"},
    {"RFFT2D", "fourier_ops_test.cc"},
    {"RFFT3D", "fourier_ops_test.cc"},
    {"RandomStandardNormal", "random_ops_test.cc"},
    {"RandomUniform", "random_ops_test.cc"},
    {"RandomUniformInt", "random_ops_test.cc"},
    {"ReadVariableOp", "saved_models_test.cc"},
    {"Real", "complex_ops_test.cc"},
    {"StatelessIf", "saved_models_test.cc"},
    {"StatelessRandomGetAlg", "stateless_random_test.cc"},
    {"StatelessRandomGetKeyCounter", "stateless_random_test.cc"},
    {"StatelessRandomGetKeyCounterAlg", "stateless_random_test.cc"},
    {"StatelessRandomNormal", "stateless_random_test.cc"},
    {"StatelessRandomNormalV2", "stateless_random_test.cc"},
    {"StatelessRandomUniform", "stateless_random_test.cc"},
    {"StatelessRandomUniformFullInt", "stateless_random_test.cc"},
    {"StatelessRandomUniformFullIntV2", "stateless_random_test.cc"},
    {"StatelessRandomUniformInt", "stateless_random_test.cc"},
    {"StatelessRandomUniformIntV2", "stateless_random_test.cc"},
    {"StatelessRandomUniformV2", "stateless_random_test.cc"},
    {"StatelessTruncatedNormal", "stateless_random_test.cc"},
    {"StatelessTruncatedNormalV2", "stateless_random_test.cc"},
    {"StatelessWhile", "graph_models_test.cc"},
    {"TFLite_Detection_PostProcess", "composites_test.cc"},
    {"TensorListConcat", "list_ops_test.cc"},
    {"TensorListConcatLists", "list_ops_test.cc"},
    {"TensorListConcatV2", "list_ops_test.cc"},
    {"TensorListElementShape", "list_ops_test.cc"},
    {"TensorListFromTensor", "list_ops_test.cc"},
    {"TensorListGather", "list_ops_test.cc"},
    {"TensorListGetItem", "list_ops_test.cc"},
    {"TensorListLength", "list_ops_test.cc"},
    {"TensorListPopBack", "list_ops_test.cc"},
    {"TensorListPushBack", "list_ops_test.cc"},
    {"TensorListReserve", "list_ops_test.cc"},
    {"TensorListResize", "list_ops_test.cc"},
    {"TensorListScatter", "list_ops_test.cc"},
    {"TensorListScatterIntoExistingList", "list_ops_test.cc"},
    {"TensorListScatterV2", "list_ops_test.cc"},
    {"TensorListSetItem", "list_ops_test.cc"},
    {"TensorListSplit", "list_ops_test.cc"},
    {"TensorListStack", "list_ops_test.cc"},
    {"TruncatedNormal", "random_ops_test.cc"},
    {"VarHandleOp", "saved_models_test.cc"},
    {"While", "saved_models_test.cc"},
    {"XlaIf", "marked_functions_test.cc"},
    {"XlaWhile", "marked_functions_test.cc"},
};

TEST(LoweredOps, EveryOperationHasARow) {
  std::set<std::string_view> rows;
  for (const auto& family :
       {ArithmeticRows(), ArrayRows(), AudioRows(), BlockRows(), FusedRows(),
        ImageRows(), IndexRows(), NetworkRows(), NumberRows(), ResamplingRows(),
        SliceRows(), SuppressionRows(), XlaArrayRows(), XlaIndexRows()}) {
    for (const OpRow& row : family) rows.insert(row.op);
  }
  std::string without;
  for (const TfOp* op : AllTfOps()) {
    if (!rows.contains(op->name) && !kElsewhere.contains(op->name))
      without += std::string(op->name) + " ";
    EXPECT_FALSE(rows.contains(op->name) && kElsewhere.contains(op->name))
        << op->name;
  }
  EXPECT_EQ(without, "");
  for (const std::string_view row : rows)
    EXPECT_NE(FindTfOp(row), nullptr) << row;
}

}  // namespace
}  // namespace liteforge
