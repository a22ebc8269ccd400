// SPDX-License-Identifier: Apache-2.0
// Subgraphs with kernels made for the test, on the inference rules of the
// real operators: what a node sees, when it is prepared, what memory it gets.
#include "runtime/subgraph.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <map>

#include "ops/infer.h"

namespace liteforge::subgraph_test {

using testing::ElementsAre;
using testing::HasSubstr;

//------------------------------------------------------------------ kernels

std::map<Op, int> prepares;  // calls since the test began

Result<void> CountPrepare(KernelContext& k) {
  ++prepares[k.op()];
  for (int i = 0; i < k.input_count(); ++i)
    EXPECT_TRUE(!k.HasInput(i) || k.Input(i).shape.IsStatic());
  return {};
}

// Strings have no size before they are there.
void Copy(KernelContext& k) noexcept {
  if (k.Output(0).type == DataType::kString) {
    const auto resized =
        k.host().Resize(k.Output(0), k.Output(0).shape, k.Input(0).bytes);
    if (!resized) return k.FailEval(resized.error().message);
  }
  if (k.Output(0).bytes > 0)
    std::memcpy(k.Output(0).data, k.Input(0).data, k.Output(0).bytes);
}

void Increment(KernelContext& k) noexcept {
  for (int64_t i = 0; i < k.Output(0).elements(); ++i)
    k.Output(0).MutableData<float>()[i] = k.Input(0).Data<float>()[i] + 1;
}

// Adds into its variable second input, then copies that out.
void Accumulate(KernelContext& k) noexcept {
  auto* sum = k.VariableInput(1).MutableData<float>();
  for (int64_t i = 0; i < k.Output(0).elements(); ++i) {
    sum[i] += k.Input(0).Data<float>()[i];
    k.Output(0).MutableData<float>()[i] = sum[i];
  }
}

void WriteShape(KernelContext& k) noexcept {
  const auto dims = k.Input(0).shape.dims();
  std::memcpy(k.Output(0).data, dims.data(), dims.size_bytes());
}

Result<void> WantScratch(KernelContext& k) {
  k.NeedScratch(0, 100);
  k.NeedScratch(3, k.Input(0).bytes);
  return CountPrepare(k);
}

// Takes the long way round, through both scratch slots.
void CopyThroughScratch(KernelContext& k) noexcept {
  std::memset(k.Scratch<char>(0), 0x55, 100);
  if (k.Input(0).bytes == 0) return;
  std::memcpy(k.Scratch<char>(3), k.Input(0).data, k.Input(0).bytes);
  std::memcpy(k.Output(0).data, k.Scratch<char>(3), k.Output(0).bytes);
}

// WHERE of a vector: how many indices there are shows only here.
void WritePositive(KernelContext& k) noexcept {
  std::vector<int64_t> found;
  for (int64_t i = 0; i < k.Input(0).elements(); ++i) {
    if (k.Input(0).Data<float>()[i] > 0) found.push_back(i);
  }
  const auto resized =
      k.host().Resize(k.Output(0), {static_cast<int32_t>(found.size()), 1});
  if (!resized) return k.FailEval(resized.error().message);
  std::copy(found.begin(), found.end(), k.Output(0).MutableData<int64_t>());
}

// Asks for another shape than was inferred.
void Overgrow(KernelContext& k) noexcept {
  const auto resized = k.host().Resize(k.Output(0), {1000});
  if (!resized) k.FailEval(resized.error().message);
}

Result<void> RefusePrepare(KernelContext&) {
  return Unsupported("no such luck");
}

void FailWhenNegative(KernelContext& k) noexcept {
  if (k.Input(0).Data<float>()[0] < 0) k.FailEval("negative");
  if (k.Input(0).Data<float>()[0] < 0) k.FailEval("the second one");
}

const Kernel kReshape{Op::kReshape, "", CountPrepare, Copy};
const Kernel kRelu{Op::kRelu, "", CountPrepare, Increment};
const Kernel kAdd{Op::kAdd, "", CountPrepare, Accumulate};
const Kernel kShape{Op::kShape, "", CountPrepare, WriteShape};
const Kernel kTanh{Op::kTanh, "", WantScratch, CopyThroughScratch};
const Kernel kAbs{Op::kAbs, "", RefusePrepare, Copy};
const Kernel kNeg{Op::kNeg, "", CountPrepare, FailWhenNegative};
const Kernel kWhere{Op::kWhere, "", CountPrepare, WritePositive};
const Kernel kSqrt{Op::kSqrt, "", CountPrepare, Overgrow};

const Kernel* Find(Op op) {
  for (const Kernel* kernel : {&kReshape, &kRelu, &kAdd, &kShape, &kTanh, &kAbs,
                               &kNeg, &kWhere, &kSqrt}) {
    if (kernel->op == op) return kernel;
  }
  return nullptr;
}

//-------------------------------------------------------------------- graphs

class SubgraphTest : public testing::Test {
 protected:
  void SetUp() override { prepares.clear(); }

  int Tensor(const std::string& name, const Shape& shape,
             DataType type = DataType::kFloat32) {
    ModelTensor spec;
    spec.name = name;
    spec.type = type;
    spec.shape = spec.shape_signature = shape;
    graph_.tensors.push_back(spec);
    return static_cast<int>(graph_.tensors.size()) - 1;
  }
  int Integers(const std::string& name, const std::vector<int32_t>& values) {
    const int index =
        Tensor(name, {static_cast<int32_t>(values.size())}, DataType::kInt32);
    graph_.tensors.back().is_constant = true;
    graph_.tensors.back().data = Blob::Own(values);
    return index;
  }
  void Node(Op op, std::vector<int> inputs, std::vector<int> outputs) {
    graph_.nodes.push_back({op, {}, std::move(inputs), std::move(outputs)});
  }
  Subgraph& Make(std::vector<int> inputs, std::vector<int> outputs) {
    graph_.inputs = std::move(inputs);
    graph_.outputs = std::move(outputs);
    subgraph_ = std::make_unique<Subgraph>(graph_, options_, model_, Find);
    return *subgraph_;
  }
  template <class T>
  void Set(int index, const std::vector<T>& values) {
    auto to = subgraph_->Writable(index, 0);
    ASSERT_TRUE(to);
    ASSERT_EQ(to->size(), values.size() * sizeof(T));
    std::memcpy(to->data(), values.data(), to->size());
  }
  template <class T>
  std::vector<T> Get(int index) {
    auto bytes = subgraph_->Read(index);
    EXPECT_TRUE(bytes) << bytes.error().ToString();
    if (!bytes) return {};
    std::vector<T> values(bytes->size() / sizeof(T));
    if (!values.empty())
      std::memcpy(values.data(), bytes->data(), bytes->size());
    return values;
  }

  GraphSpec graph_;
  InterpreterOptions options_;
  ModelState model_{1};
  std::unique_ptr<Subgraph> subgraph_;
};

TEST_F(SubgraphTest, AChainSharesItsArena) {
  const int first = Tensor("t0", {16});
  int last = first;
  for (int i = 1; i <= 5; ++i) {
    const int next = Tensor(std::string("t") + std::to_string(i), {16});
    Node(Op::kRelu, {last}, {next});
    last = next;
  }
  Subgraph& graph = Make({first}, {last});
  ASSERT_TRUE(graph.Allocate());
  // The input, two in turn, the output (which may lie where one of the two
  // was): 64 bytes each.
  EXPECT_EQ(graph.arena_bytes(), 3u * 64);
  Set<float>(first, std::vector<float>(16, 1));
  ASSERT_TRUE(graph.Invoke());
  EXPECT_EQ(Get<float>(last), std::vector<float>(16, 6));
  EXPECT_EQ(Get<float>(first), std::vector<float>(16, 1));
  EXPECT_THAT(graph.Read(first + 1).error().ToString(),
              HasSubstr("the memory of tensor 't1' is used by another"));

  options_.preserve_all_tensors = true;
  Subgraph& roomy = Make({first}, {last});
  ASSERT_TRUE(roomy.Allocate());
  EXPECT_EQ(roomy.arena_bytes(), 6u * 64);
  Set<float>(first, std::vector<float>(16, 1));
  ASSERT_TRUE(roomy.Invoke());
  for (int i = 0; i <= 5; ++i)
    EXPECT_EQ(Get<float>(first + i), std::vector<float>(16, 1.0f + i));
}

TEST_F(SubgraphTest, VariablesKeepTheirValue) {
  const int x = Tensor("x", {2});
  const int sum = Tensor("sum", {2});
  graph_.tensors[static_cast<size_t>(sum)].is_variable = true;
  const int y = Tensor("y", {2});
  Node(Op::kAdd, {x, sum}, {y});
  Subgraph& graph = Make({x}, {y});
  ASSERT_TRUE(graph.Allocate());
  Set<float>(x, {1, 2});
  ASSERT_TRUE(graph.Invoke());
  ASSERT_TRUE(graph.Invoke());
  EXPECT_THAT(Get<float>(y), ElementsAre(2, 4));
  graph.ResetVariables();
  ASSERT_TRUE(graph.Invoke());
  EXPECT_THAT(Get<float>(y), ElementsAre(1, 2));
  ASSERT_TRUE(graph.Allocate());
  EXPECT_THAT(Get<float>(sum), ElementsAre(0, 0));
  EXPECT_THAT(Get<float>(x), ElementsAre(1, 2)) << "without a resize";
}

TEST_F(SubgraphTest, QuantizedVariablesStartAtTheirZeroPoint) {
  const int state = Tensor("state", {3}, DataType::kInt8);
  graph_.tensors[0].is_variable = true;
  graph_.tensors[0].quantization = {{0.5f}, {-7}, 0, {}, {}};
  Subgraph& graph = Make({}, {state});
  ASSERT_TRUE(graph.Allocate());
  EXPECT_THAT(Get<int8_t>(state), ElementsAre(-7, -7, -7));
}

TEST_F(SubgraphTest, ShapeArithmeticIsDoneBeforehand) {
  // y = reshape(x, shape(x')): x' gives the shape, not its value.
  const int x = Tensor("x", {6});
  const int like = Tensor("like", {2, 3});
  const int shape = Tensor("shape", {2}, DataType::kInt32);
  const int y = Tensor("y", {1, 1});
  const int z = Tensor("z", {1, 1});
  Node(Op::kShape, {like}, {shape});
  Node(Op::kReshape, {x, shape}, {y});
  Node(Op::kRelu, {y}, {z});
  Subgraph& graph = Make({x, like}, {z});
  ASSERT_TRUE(graph.Allocate());
  EXPECT_TRUE(graph.tensor(shape).is_constant);
  EXPECT_EQ(graph.tensor(z).shape, Shape({2, 3})) << "known before Invoke";
  Set<float>(x, {1, 2, 3, 4, 5, 6});
  ASSERT_TRUE(graph.Invoke());
  EXPECT_THAT(Get<float>(z), ElementsAre(2, 3, 4, 5, 6, 7));
  EXPECT_THAT(Get<int32_t>(shape), ElementsAre(2, 3));

  graph.ResizeInput(like, {3, 2});
  ASSERT_TRUE(graph.Allocate());
  EXPECT_EQ(graph.tensor(z).shape, Shape({3, 2}));
}

TEST_F(SubgraphTest, ShapesThatDependOnValues) {
  const int x = Tensor("x", {4});
  const int shape = Tensor("shape", {2}, DataType::kInt32);
  const int y = Tensor("y", {1, 1});
  const int z = Tensor("z", {1, 1});
  const int four = Integers("four", {4});
  const int flat = Tensor("flat", {1});
  const int w = Tensor("w", {1});
  Node(Op::kReshape, {x, shape}, {y});
  Node(Op::kTanh, {y}, {z});
  Node(Op::kReshape, {z, four}, {flat});
  Node(Op::kRelu, {flat}, {w});
  Subgraph& graph = Make({x, shape}, {z, w});
  ASSERT_TRUE(graph.Allocate());
  EXPECT_FALSE(graph.tensor(z).shape.IsStatic());
  EXPECT_EQ(graph.tensor(w).shape, Shape({4})) << "static again";
  EXPECT_THAT(graph.Read(z).error().ToString(),
              HasSubstr("the size of tensor 'z' depends on values"));
  prepares.clear();

  Set<float>(x, {1, 2, 3, 4});
  for (const auto& [rows, times] : {std::pair(2, 1), {2, 1}, {4, 2}, {1, 3}}) {
    Set<int32_t>(shape, {rows, -1});
    ASSERT_TRUE(graph.Invoke());
    EXPECT_EQ(graph.tensor(z).shape, Shape({rows, 4 / rows}));
    EXPECT_THAT(Get<float>(z), ElementsAre(1, 2, 3, 4));
    EXPECT_THAT(Get<float>(w), ElementsAre(2, 3, 4, 5));
    EXPECT_EQ(prepares[Op::kTanh], times) << "only when a shape changed";
    EXPECT_EQ(prepares[Op::kRelu], 0);
  }
  Set<int32_t>(shape, {3, -1});
  const auto result = graph.Invoke();
  ASSERT_FALSE(result);
  EXPECT_THAT(result.error().ToString(),
              HasSubstr("operator 0 (RESHAPE) 'y': "));
}

TEST_F(SubgraphTest, SizesThatOnlyEvalKnows) {
  const TensorInfo condition{DataType::kFloat32, {3}, nullptr, nullptr};
  const TensorInfo output;
  InferContext question(Op::kWhere, {}, std::span(&condition, 1),
                        std::span(&output, 1));
  if (!InferOutputs(question)) GTEST_SKIP() << "WHERE has no rule";
  const int x = Tensor("x", {3});
  const int where = Tensor("where", {1, 1}, DataType::kInt64);
  const int y = Tensor("y", {1, 1}, DataType::kInt64);
  Node(Op::kWhere, {x}, {where});
  Node(Op::kTanh, {where}, {y});
  Subgraph& graph = Make({x}, {y});
  ASSERT_TRUE(graph.Allocate());
  EXPECT_EQ(graph.tensor(y).shape, Shape({-1, 1}));
  Set<float>(x, {1, -1, 1});
  ASSERT_TRUE(graph.Invoke());
  EXPECT_THAT(Get<int64_t>(y), ElementsAre(0, 2));
  Set<float>(x, {-1, -1, -1});
  ASSERT_TRUE(graph.Invoke());
  EXPECT_EQ(graph.tensor(y).shape, Shape({0, 1}));
  EXPECT_TRUE(Get<int64_t>(y).empty());
  Set<float>(x, {1, 1, 1});
  ASSERT_TRUE(graph.Invoke());
  EXPECT_THAT(Get<int64_t>(y), ElementsAre(0, 1, 2));
}

TEST_F(SubgraphTest, StringsGrowWithTheirText) {
  const int x = Tensor("x", {2}, DataType::kString);
  const int shape = Integers("shape", {1, 2});
  const int y = Tensor("y", {1, 2}, DataType::kString);
  Node(Op::kReshape, {x, shape}, {y});
  Subgraph& graph = Make({x}, {y});
  ASSERT_TRUE(graph.Allocate());
  for (const std::vector<int32_t>& packed :
       {std::vector<int32_t>{2, 16, 16, 20, 0x61616161},
        {2, 16, 24, 28, 0x62626262, 0x62626262, 0x63636363},
        {2, 16, 16, 16}}) {
    const auto bytes = std::as_bytes(std::span(packed));
    auto to = graph.Writable(x, bytes.size());
    ASSERT_TRUE(to);
    std::memcpy(to->data(), bytes.data(), bytes.size());
    ASSERT_TRUE(graph.Invoke());
    EXPECT_EQ(Get<int32_t>(y), packed);
  }
  EXPECT_EQ(graph.arena_bytes(), 0u);
}

TEST_F(SubgraphTest, AnInferredShapeIsBinding) {
  const int x = Tensor("x", {2});
  const int y = Tensor("y", {2});
  Node(Op::kSqrt, {x}, {y});
  Subgraph& graph = Make({x}, {y});
  ASSERT_TRUE(graph.Allocate());
  EXPECT_EQ(graph.Invoke().error().message,
            "output 'y' was inferred as [2] but became [1000]");
  EXPECT_EQ(graph.tensor(y).shape, Shape({2}));
}

TEST_F(SubgraphTest, ScratchIsAlignedAndOverlapsNothingAlive) {
  const int x = Tensor("x", {50});
  const int y = Tensor("y", {50});
  const int z = Tensor("z", {50});
  Node(Op::kTanh, {x}, {y});
  Node(Op::kTanh, {y}, {z});
  Subgraph& graph = Make({x}, {z});
  ASSERT_TRUE(graph.Allocate());
  const std::vector<float> values(50, 3.5f);
  Set<float>(x, values);
  ASSERT_TRUE(graph.Invoke());
  EXPECT_EQ(Get<float>(z), values);
  // At step 1: x, y, z (256 bytes each) and scratch of 128 and 256.
  EXPECT_EQ(graph.arena_bytes(), 3u * 256 + 128 + 256);
}

TEST_F(SubgraphTest, EmptyTensorsAreFine) {
  const int x = Tensor("x", {0, 3});
  const int y = Tensor("y", {0, 3});
  Node(Op::kRelu, {x}, {y});
  Subgraph& graph = Make({x}, {y});
  ASSERT_TRUE(graph.Allocate());
  ASSERT_TRUE(graph.Invoke());
  EXPECT_TRUE(Get<float>(y).empty());
  EXPECT_EQ(graph.arena_bytes(), 0u);
}

// Whatever the other dimensions claim; this kernel would fail.
TEST_F(SubgraphTest, WhatIsEmptyIsNotEvaluated) {
  const int x = Tensor("x", {1 << 20, 0, 1 << 20});
  const int y = Tensor("y", {1 << 20, 0, 1 << 20});
  Node(Op::kSqrt, {x}, {y});
  Subgraph& graph = Make({x}, {y});
  ASSERT_TRUE(graph.Allocate());
  EXPECT_TRUE(graph.Invoke());
}

TEST_F(SubgraphTest, AConstantOfNoElementsIsAKnownValue) {
  const int x = Tensor("x", {1, 1});
  const int shape = Integers("shape", {});
  const int y = Tensor("y", {7});
  Node(Op::kReshape, {x, shape}, {y});
  Subgraph& graph = Make({x}, {y});
  ASSERT_TRUE(graph.Allocate());
  EXPECT_EQ(graph.tensor(y).shape, Shape());
  Set<float>(x, {4});
  ASSERT_TRUE(graph.Invoke());
  EXPECT_THAT(Get<float>(y), ElementsAre(4));
}

TEST_F(SubgraphTest, InputsAndConstantsMayBeOutputs) {
  const int x = Tensor("x", {2});
  const int c = Integers("c", {5, 6});
  Subgraph& graph = Make({x}, {x, c, x});
  ASSERT_TRUE(graph.Allocate());
  Set<float>(x, {1, 2});
  ASSERT_TRUE(graph.Invoke());
  EXPECT_THAT(Get<float>(x), ElementsAre(1, 2));
  EXPECT_THAT(Get<int32_t>(c), ElementsAre(5, 6));
}

TEST_F(SubgraphTest, ErrorsNameTheOperator) {
  const int x = Tensor("x", {2});
  const int y = Tensor("y", {2});
  const int z = Tensor("z", {2});
  Node(Op::kRelu, {x}, {y});
  Node(Op::kAbs, {y}, {z});
  auto result = Make({x}, {z}).Allocate();
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().ToString(), "operator 1 (ABS) 'z': no such luck");

  graph_.nodes[1].op = Op::kRelu;
  graph_.tensors[static_cast<size_t>(z)].type = DataType::kInt8;
  result = Make({x}, {z}).Allocate();
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().ToString(),
            "operator 1 (RELU) 'z': output 'z' is declared int8 but is "
            "float32");
}

TEST_F(SubgraphTest, AnIntermediateTensorHasTheInferredType) {
  const int x = Tensor("x", {3}, DataType::kInt8);
  const int y = Tensor("y", {3}, DataType::kFloat32);
  const int z = Tensor("z", {3}, DataType::kInt8);
  Node(Op::kTanh, {x}, {y});
  Node(Op::kTanh, {y}, {z});
  Subgraph& graph = Make({x}, {z});
  ASSERT_TRUE(graph.Allocate());
  EXPECT_EQ(graph.tensor(y).type, DataType::kInt8);
  EXPECT_EQ(graph.tensor(y).bytes, 3u);
  Set<int8_t>(x, {1, 2, 3});
  ASSERT_TRUE(graph.Invoke());
  EXPECT_THAT(Get<int8_t>(z), ElementsAre(1, 2, 3));
}

TEST_F(SubgraphTest, AFailingEvalStopsTheRunAndIsForgotten) {
  const int x = Tensor("x", {1});
  const int y = Tensor("y", {1});
  Node(Op::kNeg, {x}, {y});
  graph_.index = 2;
  Subgraph& graph = Make({x}, {y});
  ASSERT_TRUE(graph.Allocate());
  Set<float>(x, {-1});
  const auto result = graph.Invoke();
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().ToString(),
            "subgraph 2: operator 0 (NEG) 'y': negative");
  Set<float>(x, {1});
  EXPECT_TRUE(graph.Invoke());
}

TEST_F(SubgraphTest, AbsurdSizesAreRefused) {
  const int x = Tensor("x", {1});
  const int y = Tensor("y", {1});
  Node(Op::kRelu, {x}, {y});
  Subgraph& graph = Make({x}, {y});
  ASSERT_TRUE(graph.Allocate());
  graph.ResizeInput(x, {1 << 30, 1 << 30});
  EXPECT_THAT(graph.Allocate().error().ToString(),
              HasSubstr("more than 2^40 bytes"));
  graph.ResizeInput(x, {1 << 30, 200});  // 800 GiB
  EXPECT_THAT(graph.Allocate().error().ToString(),
              HasSubstr("float32[1073741824,200], which needs 858993459200 "
                        "bytes of memory where"));
  EXPECT_FALSE(graph.allocated());
  graph.ResizeInput(x, {3});
  EXPECT_TRUE(graph.Allocate()) << "and it can be put right";
}

TEST_F(SubgraphTest, AnInputOfUnknownShapeWantsOne) {
  const int x = Tensor("x", {-1, 3});
  Subgraph& graph = Make({x}, {x});
  EXPECT_EQ(graph.Allocate().error().ToString(),
            "input 'x' has shape [?,3]; give it one with ResizeInputTensor");
}

}  // namespace liteforge::subgraph_test
