// SPDX-License-Identifier: Apache-2.0
#include "formats/tflite/model_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <functional>
#include <limits>

#include "formats/tflite/test_models.h"

namespace liteforge::model_reader_test {

using ::testing::HasSubstr;
using ::testing::StartsWith;
using tflite::BuiltinOperator;
using tflite::ModelT;
using tflite::TensorType;

Blob BytesOfText(std::string_view text) {
  return Blob::Copy(std::as_bytes(std::span(text.data(), text.size())));
}

std::string ErrorOf(Blob bytes) {
  auto model = TfliteModel::FromBytes(std::move(bytes));
  return model ? "accepted" : model.error().ToString();
}

std::string ErrorOf(const ModelT& model) { return ErrorOf(PackPlainly(model)); }

TEST(TfliteModel, GivesWhatTheFileHolds) {
  auto model = TfliteModel::FromBytes(PackPlainly(SmallModel()));
  ASSERT_TRUE(model) << model.error().ToString();
  EXPECT_EQ((*model)->version(), 3u);
  EXPECT_EQ(model->BufferData(2).ToVector<float>(),
            (std::vector<float>{10, 20}));
  EXPECT_TRUE(model->BufferData(0).empty());
  const auto& tensors = *model->root().subgraphs()->Get(0)->tensors();
  EXPECT_FALSE(model->IsConstant(*tensors.Get(0)));
  EXPECT_TRUE(model->IsConstant(*tensors.Get(1)));
  EXPECT_EQ(model->OperatorNumber(2), static_cast<int>(BuiltinOperator::IF));
}

TEST(TfliteModel, BytesOutliveTheModelThroughABlob) {
  Blob data;
  {
    auto model = TfliteModel::FromBytes(PackPlainly(SmallModel()));
    ASSERT_TRUE(model);
    data = model->BufferData(2);
  }
  EXPECT_EQ(data.ToVector<float>(), (std::vector<float>{10, 20}));
}

TEST(TfliteModel, UnalignedBytesAreCopied) {
  const Blob file = PackPlainly(SmallModel());
  std::vector<std::byte> shifted(file.size() + 1);
  std::copy(file.bytes().begin(), file.bytes().end(), shifted.begin() + 1);
  auto keeper = std::make_shared<std::vector<std::byte>>(std::move(shifted));
  const auto bytes = std::span<const std::byte>(*keeper).subspan(1);
  auto model = TfliteModel::FromBytes(Blob::View(bytes, keeper));
  ASSERT_TRUE(model) << model.error().ToString();
  EXPECT_EQ(reinterpret_cast<uintptr_t>(model->bytes().data()) % 16, 0u);
}

TEST(TfliteModel, SaysWhatOtherFilesAre) {
  const std::pair<std::string, std::string> kRows[] = {
      {"", "is empty"},
      {"\x89HDF\r\n\x1a\nrest", "is an HDF5 file"},
      {"PK\x03\x04rest", "is a zip archive"},
      {"\x1f\x8brest of it", "is gzip-compressed"},
      {"version https://git-lfs.github.com/spec/v1", "is a Git LFS pointer"},
      {"<!DOCTYPE html>", "is a web page"},
      {"\x1c", "ends after 1 bytes"},
      {"\x1c\1\1\1TFL3", "is damaged"},
      {std::string("\x1c\0\0\0TFL2 and more", 18), "are 'TFL2', not 'TFL3'"},
      {std::string("\0\0\0\0\1\2\3\4 and more", 18),
       "not 'TFL3'; is it another"},
  };
  for (const auto& [text, expected] : kRows) {
    EXPECT_THAT(ErrorOf(BytesOfText(text)), HasSubstr(expected));
  }
}

TEST(TfliteModel, OpenNamesThePath) {
  const auto path = std::filesystem::path(testing::TempDir()) / "bad.tflite";
  std::ofstream(path) << "PK\x03\x04";
  auto model = TfliteModel::Open(path);
  ASSERT_FALSE(model);
  EXPECT_EQ(model.error().code, ErrorCode::kInvalidModel);
  EXPECT_THAT(model.error().ToString(), StartsWith(path.string() + ": is a "));
  std::filesystem::remove(path);
  model = TfliteModel::Open(path);
  ASSERT_FALSE(model);
  EXPECT_EQ(model.error().code, ErrorCode::kIo);
}

TEST(TfliteModel, OpenReadsWhatWasWritten) {
  const auto path = std::filesystem::path(testing::TempDir()) / "good.tflite";
  const Blob file = PackPlainly(SmallModel());
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(file.data()),
             static_cast<std::streamsize>(file.size()));
  auto model = TfliteModel::Open(path);
  ASSERT_TRUE(model) << model.error().ToString();
  EXPECT_EQ(Text((*model)->description()), "small");
  std::filesystem::remove(path);
}

// One thing broken (or unusual but right) in SmallModel, and what is said.
struct Row {
  std::string expected;  // part of the message
  std::function<void(ModelT&)> change;
};

void ExpectRows(const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    ModelT model = SmallModel();
    row.change(model);
    EXPECT_THAT(ErrorOf(model), HasSubstr(row.expected));
  }
}

tflite::SubGraphT& Main(ModelT& model) { return *model.subgraphs[0]; }
tflite::TensorT& X(ModelT& model) { return *Main(model).tensors[0]; }
tflite::TensorT& W(ModelT& model) { return *Main(model).tensors[1]; }

TEST(TfliteModel, RefusesBrokenModelTables) {
  ExpectRows({
      {"is of schema version 2", [](ModelT& m) { m.version = 2; }},
      {"has no subgraph", [](ModelT& m) { m.subgraphs.clear(); }},
      {"has no buffers", [](ModelT& m) { m.buffers.clear(); }},
      {"buffer 2: 8 bytes at offset 1000000 in a file of",
       [](ModelT& m) {
         m.buffers[2]->data.clear();
         m.buffers[2]->offset = 1000000;
         m.buffers[2]->size = 8;
       }},
      {"bytes at offset 18446744073709551615 in",
       [](ModelT& m) {
         m.buffers[2]->offset = ~uint64_t{0};
         m.buffers[2]->size = 16;
       }},
      {"operator code 1: operator number 210 is unknown",
       [](ModelT& m) {
         m.operator_codes[1]->builtin_code = static_cast<BuiltinOperator>(210);
       }},
      {"operator number -3 is unknown",
       [](ModelT& m) {
         m.operator_codes[1]->builtin_code = static_cast<BuiltinOperator>(-3);
         m.operator_codes[1]->deprecated_builtin_code = -4;
       }},
      {"operator code 1: number 127 says",
       [](ModelT& m) { m.operator_codes[1]->deprecated_builtin_code = 127; }},
      {"operator code 1: a custom operator without a name",
       [](ModelT& m) {
         m.operator_codes[1]->builtin_code = BuiltinOperator::CUSTOM;
       }},
      {"operator code 0: version 0",
       [](ModelT& m) { m.operator_codes[0]->version = 0; }},
      {"metadata 0: buffer index 99 of 4",
       [](ModelT& m) { m.metadata[0]->buffer = 99; }},
      {"metadata_buffer: buffer index -1 of 4",
       [](ModelT& m) { m.metadata_buffer = {-1}; }},
      {"signature 0 ('serving_default'): subgraph index 3 of 3",
       [](ModelT& m) { m.signature_defs[0]->subgraph_index = 3; }},
      {"signature 0 ('serving_default'): output 'z': tensor index 5 of 5",
       [](ModelT& m) { m.signature_defs[0]->outputs[0]->tensor_index = 5; }},
      {"signature 0 (''): has no key",
       [](ModelT& m) { m.signature_defs[0]->signature_key.clear(); }},
      {"input 0 has no name",
       [](ModelT& m) { m.signature_defs[0]->inputs[0]->name.clear(); }},
  });
}

TEST(TfliteModel, RefusesBrokenOperators) {
  ExpectRows({
      {"subgraph 0: operator 0: operator code index 7 of 3",
       [](ModelT& m) { Main(m).operators[0]->opcode_index = 7; }},
      {"subgraph 0: operator 0 (FULLY_CONNECTED): input 1: tensor index 99 of "
       "5",
       [](ModelT& m) { Main(m).operators[0]->inputs[1] = 99; }},
      {"operator 0 (FULLY_CONNECTED): input 1: tensor index -2 of 5",
       [](ModelT& m) { Main(m).operators[0]->inputs[1] = -2; }},
      {"operator 0 (FULLY_CONNECTED): output 0: tensor index -1 of 5",
       [](ModelT& m) { Main(m).operators[0]->outputs[0] = -1; }},
      {"operator 1 (RELU): intermediates: tensor index 5 of 5",
       [](ModelT& m) { Main(m).operators[1]->intermediates = {5}; }},
      {"subgraph 0: input 0: tensor index -1 of 5",
       [](ModelT& m) { Main(m).inputs = {-1}; }},
      {"subgraph 0: output 0: tensor index 5 of 5",
       [](ModelT& m) { Main(m).outputs = {5}; }},
      {"subgraph 0: output 0: tensor 5 ('lost') has no value there",
       [](ModelT& m) {
         AppendTensor(Main(m), "lost", {1});
         Main(m).outputs = {5};
       }},
      {"operator 0 (RELU): input 0: tensor 3 ('y') has no value there",
       [](ModelT& m) {
         std::swap(Main(m).operators[0], Main(m).operators[1]);
       }},
      {"operator 0 (FULLY_CONNECTED): input 0: tensor 0 ('x') has no value",
       [](ModelT& m) { Main(m).inputs.clear(); }},
      {"operator 1 (RELU): output 0: writes tensor 1 ('w'), which is a "
       "constant",
       [](ModelT& m) { Main(m).operators[1]->outputs = {1}; }},
      {"output 0: writes tensor 0 ('x'), which is a subgraph input",
       [](ModelT& m) { Main(m).operators[1]->outputs = {0}; }},
      {"output 0: writes tensor 3 ('y'), which another operator writes",
       [](ModelT& m) { Main(m).operators[1]->outputs = {3}; }},
      {"subgraph 0: has no tensors",
       [](ModelT& m) {
         Main(m) = tflite::SubGraphT();
         m.signature_defs.clear();
       }},
      {"operator 1 (CUSTOM 'Mine'): custom options of 9 bytes at offset",
       [](ModelT& m) {
         m.operator_codes[1]->builtin_code = BuiltinOperator::CUSTOM;
         m.operator_codes[1]->custom_code = "Mine";
         Main(m).operators[1]->large_custom_options_offset = 1 << 20;
         Main(m).operators[1]->large_custom_options_size = 9;
       }},
  });
}

tflite::OperatorT& MakeBranch(ModelT& model, int subgraph, int then_index,
                              int else_index) {
  tflite::OperatorT& op =
      *model.subgraphs[static_cast<size_t>(subgraph)]->operators.back();
  op.opcode_index = 2;
  tflite::IfOptionsT options;
  options.then_subgraph_index = then_index;
  options.else_subgraph_index = else_index;
  op.builtin_options.Set(options);
  return op;
}

TEST(TfliteModel, RefusesBrokenCalls) {
  ExpectRows({
      {"accepted", [](ModelT& m) { MakeBranch(m, 0, 1, 2); }},
      {"accepted",
       [](ModelT& m) {
         MakeBranch(m, 0, 1, 2);
         MakeBranch(m, 1, 2, 2);
       }},
      {"subgraph 0: operator 1 (IF): subgraph index 3 of 3",
       [](ModelT& m) { MakeBranch(m, 0, 1, 3); }},
      {"subgraph 0: operator 1 (IF): subgraph index -1 of 3",
       [](ModelT& m) { MakeBranch(m, 0, -1, 2); }},
      {"subgraph 0: operator 1 (IF): has no options",
       [](ModelT& m) { Main(m).operators[1]->opcode_index = 2; }},
      {"subgraph 0: calls itself", [](ModelT& m) { MakeBranch(m, 0, 0, 1); }},
      {"subgraph 1: calls itself",
       [](ModelT& m) {
         MakeBranch(m, 0, 1, 1);
         MakeBranch(m, 1, 2, 2);
         MakeBranch(m, 2, 1, 1);
       }},
      {"calls nest more than 128 subgraphs deep",
       [](ModelT& m) {
         const tflite::SubGraphT leaf = *m.subgraphs[2];
         MakeBranch(m, 0, 1, 1);
         for (int i = 1; i < 300; ++i) {
           m.subgraphs.push_back(std::make_unique<tflite::SubGraphT>(leaf));
           MakeBranch(m, i, i + 1, i + 1);
         }
       }},
  });
}

template <class Options>
void NameSubgraph(ModelT& model, BuiltinOperator op, Options options) {
  AppendCode(model, op);
  Main(model).operators[1]->opcode_index = 3;
  Main(model).operators[1]->builtin_options_2.Set(std::move(options));
}

// Every table that names subgraphs is followed, not only IF's.
TEST(TfliteModel, RefusesCallsByAnyOperator) {
  ExpectRows({
      {"(WHILE): subgraph index 8 of 3",
       [](ModelT& m) {
         AppendCode(m, BuiltinOperator::WHILE);
         Main(m).operators[1]->opcode_index = 3;
         tflite::WhileOptionsT options;
         options.body_subgraph_index = 8;
         Main(m).operators[1]->builtin_options.Set(options);
       }},
      {"(CALL_ONCE): subgraph index 8 of 3",
       [](ModelT& m) {
         AppendCode(m, BuiltinOperator::CALL_ONCE);
         Main(m).operators[1]->opcode_index = 3;
         tflite::CallOnceOptionsT options;
         options.init_subgraph_index = 8;
         Main(m).operators[1]->builtin_options.Set(options);
       }},
      {"(CALL): subgraph index 4294967295 of 3",
       [](ModelT& m) {
         AppendCode(m, BuiltinOperator::CALL);
         Main(m).operators[1]->opcode_index = 3;
         tflite::CallOptionsT options;
         options.subgraph = 0xffffffff;
         Main(m).operators[1]->builtin_options.Set(options);
       }},
      {"(STABLEHLO_REDUCE): subgraph index 8 of 3",
       [](ModelT& m) {
         tflite::StablehloReduceOptionsT options;
         options.body_subgraph_index = 8;
         NameSubgraph(m, BuiltinOperator::STABLEHLO_REDUCE, options);
       }},
      {"(STABLEHLO_SCATTER): subgraph index 8 of 3",
       [](ModelT& m) {
         tflite::StablehloScatterOptionsT options;
         options.update_computation_subgraph_index = 8;
         NameSubgraph(m, BuiltinOperator::STABLEHLO_SCATTER, options);
       }},
      {"(STABLEHLO_REDUCE_WINDOW): subgraph index 8 of 3",
       [](ModelT& m) {
         tflite::StablehloReduceWindowOptionsT options;
         options.body_subgraph_index = 8;
         NameSubgraph(m, BuiltinOperator::STABLEHLO_REDUCE_WINDOW, options);
       }},
      {"(STABLEHLO_SORT): subgraph index 8 of 3",
       [](ModelT& m) {
         tflite::StablehloSortOptionsT options;
         options.comparator_subgraph_index = 8;
         NameSubgraph(m, BuiltinOperator::STABLEHLO_SORT, options);
       }},
      {"(STABLEHLO_WHILE): subgraph index 8 of 3",
       [](ModelT& m) {
         tflite::StablehloWhileOptionsT options;
         options.cond_subgraph_index = 8;
         NameSubgraph(m, BuiltinOperator::STABLEHLO_WHILE, options);
       }},
      {"(STABLEHLO_COMPOSITE): subgraph index 8 of 3",
       [](ModelT& m) {
         tflite::StableHLOCompositeOptionsT options;
         options.decomposition_subgraph_index = 8;
         NameSubgraph(m, BuiltinOperator::STABLEHLO_COMPOSITE, options);
       }},
      {"(STABLEHLO_CASE): subgraph index 8 of 3",
       [](ModelT& m) {
         tflite::StablehloCaseOptionsT options;
         options.branch_subgraph_indices = {1, 8};
         NameSubgraph(m, BuiltinOperator::STABLEHLO_CASE, options);
       }},
      {"(STABLEHLO_CUSTOM_CALL): subgraph index 8 of 3",
       [](ModelT& m) {
         tflite::StablehloCustomCallOptionsT options;
         options.called_computations = {8};
         NameSubgraph(m, BuiltinOperator::STABLEHLO_CUSTOM_CALL, options);
       }},
  });
}

void SetData(ModelT& model, TensorType type, std::vector<int32_t> shape,
             std::vector<uint8_t> data) {
  W(model).type = type;
  W(model).shape = std::move(shape);
  model.buffers[1]->data = std::move(data);
}

TEST(TfliteModel, RefusesBrokenTensors) {
  ExpectRows({
      {"subgraph 0: tensor 0 ('x'): shape has a dimension of -1",
       [](ModelT& m) {
         X(m).shape = {-1, 3};
       }},
      {"tensor 0 ('x'): has 17 dimensions; at most 16",
       [](ModelT& m) { X(m).shape.assign(17, 1); }},
      {"tensor 0 ('x'): element type 23 is unknown",
       [](ModelT& m) { X(m).type = static_cast<TensorType>(23); }},
      {"tensor 0 ('x'): element type -1 is unknown",
       [](ModelT& m) { X(m).type = static_cast<TensorType>(-1); }},
      {"is larger than any memory",
       [](ModelT& m) {
         X(m).shape = {1 << 30, 1 << 30, 1 << 30};
         X(m).shape_signature.clear();
       }},
      {"is larger than any memory",
       [](ModelT& m) {
         X(m).shape = {1 << 30, 1 << 30, 2};
         X(m).type = TensorType::FLOAT64;
         X(m).shape_signature.clear();
       }},
      {"tensor 0 ('x'): shape_signature has 1 dimensions, shape [1,3] has 2",
       [](ModelT& m) { X(m).shape_signature = {-1}; }},
      {"tensor 0 ('x'): shape_signature has a dimension of -2",
       [](ModelT& m) {
         X(m).shape_signature = {-2, 3};
       }},
      {"tensor 1 ('w'): buffer index 4 of 4",
       [](ModelT& m) { W(m).buffer = 4; }},
      {"tensor 1 ('w'): float32[2,4] takes 32 bytes, its buffer 1 has 24",
       [](ModelT& m) {
         W(m).shape = {2, 4};
       }},
      {"tensor 1 ('w'): float32[] takes 4 bytes, its buffer 1 has 24",
       [](ModelT& m) { W(m).shape = {}; }},
      {"tensor 1 ('w'): int4[5] takes 3 bytes, its buffer 1 has 5",
       [](ModelT& m) {
         SetData(m, TensorType::INT4, {5}, {1, 2, 3, 4, 5});
       }},
      {"tensor 1 ('w'): is a variable and has data as well",
       [](ModelT& m) { W(m).is_variable = true; }},
  });
}

TEST(TfliteModel, TakesEveryPackingOfConstants) {
  ExpectRows({
      {"accepted",
       [](ModelT& m) {
         SetData(m, TensorType::INT4, {5}, {1, 2, 3});
       }},
      {"accepted",
       [](ModelT& m) {
         SetData(m, TensorType::INT2, {5}, {1, 2});
       }},
      {"accepted",
       [](ModelT& m) {
         SetData(m, TensorType::COMPLEX64, {2}, std::vector<uint8_t>(16));
       }},
      {"accepted", [](ModelT& m) { SetData(m, TensorType::BOOL, {}, {1}); }},
      // Data of buffer 0 is nobody's.
      {"accepted",
       [](ModelT& m) {
         m.buffers[0]->data = {1, 2, 3};
       }},
  });
}

std::vector<uint8_t> Strings(std::vector<int32_t> header, size_t characters) {
  std::vector<uint8_t> bytes = BytesOf(header);
  bytes.resize(bytes.size() + characters, 'a');
  return bytes;
}

TEST(TfliteModel, ChecksStringLayout) {
  const auto row = [](std::string expected, std::vector<int32_t> shape,
                      std::vector<uint8_t> data) -> Row {
    return {std::move(expected),
            [=](ModelT& m) { SetData(m, TensorType::STRING, shape, data); }};
  };
  ExpectRows({
      row("accepted", {2}, Strings({2, 16, 18, 21}, 5)),
      row("accepted", {}, Strings({1, 12, 12}, 0)),
      row("accepted", {0}, Strings({0, 8}, 0)),
      row("has 3 elements, its buffer 2 strings", {3},
          Strings({2, 16, 18, 21}, 5)),
      row("buffer 1: 3 bytes are no string tensor", {2}, {1, 2, 3}),
      row("buffer 1: 16 bytes are no string tensor", {2},
          Strings({1 << 30, 16, 18, 21}, 0)),
      row("16 bytes are no string tensor", {2},
          Strings({std::numeric_limits<int32_t>::max(), 16, 18, 21}, 0)),
      row("16 bytes are no string tensor", {2}, Strings({-1, 16, 18, 21}, 0)),
      row("string 1 of 2 begins or ends at byte 15", {2},
          Strings({2, 16, 15, 21}, 5)),
      row("string 1 of 2 begins or ends at byte 22 of 21", {2},
          Strings({2, 16, 18, 22}, 5)),
      row("string 0 of 2 begins or ends at byte 4", {2},
          Strings({2, 4, 18, 21}, 5)),
  });
}

Row QuantizationRow(std::string expected,
                    std::function<void(tflite::QuantizationParametersT&)> set) {
  return {std::move(expected), [set](ModelT& m) {
            W(m).quantization =
                std::make_unique<tflite::QuantizationParametersT>();
            set(*W(m).quantization);
          }};
}

TEST(TfliteModel, ChecksQuantization) {
  using Q = tflite::QuantizationParametersT;
  const auto set = [](std::vector<float> scale, std::vector<int64_t> zero,
                      int axis) {
    return [=](Q& q) {
      q.scale = scale;
      q.zero_point = zero;
      q.quantized_dimension = axis;
    };
  };
  const float inf = std::numeric_limits<float>::infinity();
  ExpectRows({
      QuantizationRow("accepted", set({}, {}, 0)),
      QuantizationRow("accepted", set({0.5f}, {3}, 0)),
      QuantizationRow("accepted", set({0.5f, 1}, {0, 0}, 0)),
      QuantizationRow("accepted", set({1, 2, 3}, {0, 0, 0}, 1)),
      QuantizationRow("tensor 1 ('w'): quantization: 2 scales, 1 zero points",
                      set({1, 2}, {0}, 0)),
      QuantizationRow("quantization: 1 scales, 0 zero points", set({1}, {}, 0)),
      QuantizationRow("3 scales for dimension 0 of shape [2,3]",
                      set({1, 2, 3}, {0, 0, 0}, 0)),
      QuantizationRow("quantized dimension 2 of shape [2,3]",
                      set({1, 2}, {0, 0}, 2)),
      QuantizationRow("quantized dimension -1 of shape [2,3]",
                      set({1}, {0}, -1)),
      QuantizationRow("a scale of nan", set({std::nanf("")}, {0}, 0)),
      QuantizationRow("a scale of inf", set({inf}, {0}, 0)),
      QuantizationRow("a scale of -1", set({-1}, {0}, 0)),
      QuantizationRow("a zero point of 4294967296",
                      set({1}, {int64_t{1} << 32}, 0)),
      QuantizationRow("tensor of scales: index 5 of 5",
                      [](Q& q) {
                        tflite::BlockwiseQuantizationT blocks;
                        blocks.scales = 5;
                        q.details.Set(blocks);
                      }),
      QuantizationRow("tensor of zero points: index -2 of 5",
                      [](Q& q) {
                        tflite::BlockwiseQuantizationT blocks;
                        blocks.zero_points = -2;
                        q.details.Set(blocks);
                      }),
      QuantizationRow("blocks of -1 elements",
                      [](Q& q) {
                        tflite::MultiAxisQuantizationT axes;
                        axes.block_size = -1;
                        q.details.Set(axes);
                      }),
      QuantizationRow(
          "names no quantized dimension",
          [](Q& q) { q.details.Set(tflite::MultiAxisQuantizationT()); }),
      QuantizationRow("dimension index 2 of 2",
                      [](Q& q) {
                        tflite::MultiAxisQuantizationT axes;
                        axes.quantized_dimensions = {2};
                        q.details.Set(axes);
                      }),
  });
}

}  // namespace liteforge::model_reader_test
