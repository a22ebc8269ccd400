// SPDX-License-Identifier: Apache-2.0
// Files that are damaged, crafted or merely odd: what opens must be readable
// to the last byte, and nothing may crash on the way. Runs under the
// sanitizers of the dev preset.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <set>

#include "formats/tflite/model_reader.h"
#include "formats/tflite/test_models.h"

namespace liteforge::damaged_test {

using ::testing::HasSubstr;

// Reads everything that the tables refer to, and all data.
size_t Touch(const TfliteModel& model) {
  const std::unique_ptr<tflite::ModelT> unpacked(model->UnPack());
  size_t sum = unpacked->description.size();
  for (const auto& subgraph : unpacked->subgraphs) {
    for (const auto& tensor : subgraph->tensors) {
      for (std::byte b : model.BufferData(tensor->buffer).bytes()) {
        sum += static_cast<size_t>(b);
      }
    }
  }
  for (uint32_t i = 0; i < Count(model->operator_codes()); ++i) {
    sum += static_cast<size_t>(model.OperatorNumber(i));
  }
  return sum;
}

bool OpensSafely(std::vector<std::byte> bytes) {
  auto model = TfliteModel::FromBytes(Blob::Own(std::move(bytes)));
  if (!model) {
    EXPECT_FALSE(model.error().message.empty());
    return false;
  }
  Touch(*model);
  return true;
}

// SmallModel with everything in it that has a layout of its own.
tflite::ModelT RichModel() {
  tflite::ModelT model = SmallModel();
  tflite::SubGraphT& main = *model.subgraphs[0];
  auto quantization = std::make_unique<tflite::QuantizationParametersT>();
  quantization->scale = {0.5f, 0.25f};
  quantization->zero_point = {1, 2};
  main.tensors[1]->quantization = std::move(quantization);
  const uint32_t strings =
      AppendBuffer(model, BytesOf<int32_t>({2, 16, 18, 20, 0x64636261}));
  AppendTensor(main, "s", {2}, tflite::TensorType::STRING, strings);
  AppendTensor(main, "n", {2}, tflite::TensorType::INT64,
               AppendBuffer(model, BytesOf<int64_t>({7, -7})));
  return model;
}

std::vector<std::byte> RichFile() {
  return PackPlainly(RichModel()).ToVector<std::byte>();
}

TEST(DamagedModel, EveryTruncation) {
  const std::vector<std::byte> file = RichFile();
  ASSERT_TRUE(OpensSafely(file));
  for (size_t size = 0; size < file.size(); ++size) {
    OpensSafely({file.begin(), file.begin() + static_cast<ptrdiff_t>(size)});
  }
  EXPECT_FALSE(OpensSafely({file.begin(), file.begin() + 200}));
}

TEST(DamagedModel, EveryByteChanged) {
  const std::vector<std::byte> file = RichFile();
  int refused = 0;
  for (size_t at = 0; at < file.size(); ++at) {
    for (int mask : {0x01, 0x04, 0x80, 0xff}) {
      std::vector<std::byte> damaged = file;
      damaged[at] ^= static_cast<std::byte>(mask);
      refused += !OpensSafely(std::move(damaged));
    }
  }
  // Most of a small file is tables; a change of weights must be accepted.
  EXPECT_GT(refused, static_cast<int>(file.size()));
  EXPECT_LT(refused, static_cast<int>(4 * file.size()));
}

TEST(DamagedModel, EveryRegionZeroed) {
  const std::vector<std::byte> file = RichFile();
  for (size_t width : {4, 16, 64}) {
    for (size_t at = 0; at + width <= file.size(); at += 4) {
      std::vector<std::byte> damaged = file;
      std::fill_n(damaged.begin() + static_cast<ptrdiff_t>(at), width,
                  std::byte{0});
      OpensSafely(std::move(damaged));
    }
  }
}

// A file of a megabyte whose 100000 operators share one list of 100000
// operands would be 40 GB when read.
TEST(DamagedModel, SharedVectorsAreBounded) {
  constexpr int kMany = 100000;
  flatbuffers::FlatBufferBuilder builder;
  const auto operands = builder.CreateVector(std::vector<int32_t>(kMany, -1));
  const auto op = tflite::CreateOperator(builder, 0, operands);
  const auto operators = builder.CreateVector(
      std::vector<flatbuffers::Offset<tflite::Operator>>(kMany, op));
  const auto tensors =
      builder.CreateVector(std::vector<flatbuffers::Offset<tflite::Tensor>>());
  const auto subgraph =
      tflite::CreateSubGraph(builder, tensors, 0, 0, operators);
  const auto subgraphs = builder.CreateVector(&subgraph, 1);
  const auto code = tflite::CreateOperatorCode(builder);
  const auto codes = builder.CreateVector(&code, 1);
  const auto buffer = tflite::CreateBuffer(builder);
  const auto buffers = builder.CreateVector(&buffer, 1);
  tflite::FinishModelBuffer(
      builder, tflite::CreateModel(builder, 3, codes, subgraphs, 0, buffers));
  auto model = TfliteModel::FromBytes(Blob::Copy(
      {reinterpret_cast<const std::byte*>(builder.GetBufferPointer()),
       builder.GetSize()}));
  ASSERT_FALSE(model);
  EXPECT_THAT(model.error().message, HasSubstr("again and again"));
}

// Moves a vector of 8-byte elements to where they are not aligned.
std::vector<std::byte> Misalign(const std::vector<std::byte>& original,
                                const void* field_address,
                                const void* vector_address, size_t bytes) {
  const auto position = [&original](const void* address) {
    return static_cast<size_t>(static_cast<const std::byte*>(address) -
                               original.data());
  };
  std::vector<std::byte> file = original;
  const size_t field = position(field_address);
  const size_t vector = position(vector_address);
  const size_t place = (file.size() + 7) / 8 * 8;
  file.resize(place + 4 + bytes);
  std::memcpy(&file[place], &file[vector], 4 + bytes);
  const auto offset = static_cast<uint32_t>(place - field);
  std::memcpy(&file[field], &offset, 4);
  return file;
}

template <class Table>
const uint8_t* Field(const Table& table, flatbuffers::voffset_t field) {
  return reinterpret_cast<const flatbuffers::Table&>(table).GetAddressOf(field);
}

// RichFile with the zero points of tensor 1 out of place.
std::vector<std::byte> MisalignedFile() {
  const std::vector<std::byte> file = RichFile();
  const auto& quantization = *tflite::GetModel(file.data())
                                  ->subgraphs()
                                  ->Get(0)
                                  ->tensors()
                                  ->Get(1)
                                  ->quantization();
  return Misalign(
      file, Field(quantization, tflite::QuantizationParameters::VT_ZERO_POINT),
      quantization.zero_point(), 16);
}

TEST(OddModel, UnalignedZeroPointsArePutRight) {
  auto model = TfliteModel::FromBytes(Blob::Own(MisalignedFile()));
  ASSERT_TRUE(model) << model.error().ToString();
  const auto* zero_points = model->root()
                                .subgraphs()
                                ->Get(0)
                                ->tensors()
                                ->Get(1)
                                ->quantization()
                                ->zero_point();
  EXPECT_EQ(reinterpret_cast<uintptr_t>(zero_points->Data()) % 8, 0u);
  EXPECT_THAT(Elements(zero_points), testing::ElementsAre(1, 2));
  Touch(*model);
}

// Two tables' worth in one place: what is taken for the offset of the zero
// points is the length of the minima, so that moving the zero points makes the
// minima endless.
//
//   min          length 4 | bits 1   | 0 | 0 | 0
//   zero points  offset 4 | length 1 | element
TEST(OddModel, PuttingRightIsNotTrusted) {
  int unaligned = 0;
  for (size_t shift = 0; shift < 4; ++shift) {
    tflite::ModelT model = RichModel();
    tflite::QuantizationParametersT& quantization =
        *model.subgraphs[0]->tensors[1]->quantization;
    float smallest;  // its bits are the integer 1
    const uint32_t one = 1;
    std::memcpy(&smallest, &one, 4);
    quantization.min = {smallest, 0, 0, 0};
    quantization.scale = {1};
    // The name lies behind the minima and moves them by four bytes each time.
    model.subgraphs[0]->tensors[1]->name.assign(4 * shift, 'w');
    std::vector<std::byte> file = PackPlainly(model).ToVector<std::byte>();
    const auto* table = tflite::GetModel(file.data())
                            ->subgraphs()
                            ->Get(0)
                            ->tensors()
                            ->Get(1)
                            ->quantization();
    const auto* start = reinterpret_cast<const std::byte*>(table);
    const auto* min = reinterpret_cast<const std::byte*>(table->min());
    const auto field = static_cast<uint16_t>(min - start);
    int32_t to_vtable;
    std::memcpy(&to_vtable, start, 4);
    std::memcpy(file.data() + (start - to_vtable - file.data()) +
                    tflite::QuantizationParameters::VT_ZERO_POINT,
                &field, 2);
    unaligned += (min - file.data()) % 8 == 4;
    OpensSafely(std::move(file));
  }
  EXPECT_GT(unaligned, 0);
}

TEST(OddModel, UnalignedConstantsArePutRight) {
  const std::vector<std::byte> file = RichFile();
  const auto& buffer = *tflite::GetModel(file.data())->buffers()->Get(5);
  const auto odd =
      Misalign(file, Field(buffer, tflite::Buffer::VT_DATA), buffer.data(), 16);
  auto model = TfliteModel::FromBytes(Blob::Own(odd));
  ASSERT_TRUE(model) << model.error().ToString();
  const Blob data = model->BufferData(5);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(data.data()) % 8, 0u);
  EXPECT_EQ(data.ToVector<int64_t>(), (std::vector<int64_t>{7, -7}));
}

// Buffers and custom options behind the FlatBuffer, as in files over 2 GB.
TEST(OddModel, DataBehindTheFlatBuffer) {
  tflite::ModelT source = SmallModel();
  source.operator_codes[1]->builtin_code = tflite::BuiltinOperator::CUSTOM;
  source.operator_codes[1]->custom_code = "Mine";
  tflite::OperatorT& op = *source.subgraphs[0]->operators[1];
  op.large_custom_options_offset = 4096;
  op.large_custom_options_size = 3;
  source.buffers[2]->data.clear();
  source.buffers[2]->offset = 4112;
  source.buffers[2]->size = 8;
  std::vector<std::byte> file = PackPlainly(source).ToVector<std::byte>();
  ASSERT_LT(file.size(), 4096u);
  file.resize(4120);
  std::memcpy(&file[4096], "abc", 3);
  const float bias[] = {5, 6};
  std::memcpy(&file[4112], bias, 8);
  auto model = TfliteModel::FromBytes(Blob::Own(file));
  ASSERT_TRUE(model) << model.error().ToString();
  EXPECT_EQ(model->BufferData(2).ToVector<float>(), (std::vector<float>{5, 6}));
  EXPECT_EQ(model
                ->CustomOptionsData(
                    *model->root().subgraphs()->Get(0)->operators()->Get(1))
                .ToVector<char>(),
            (std::vector<char>{'a', 'b', 'c'}));
  file.resize(4119);
  EXPECT_FALSE(TfliteModel::FromBytes(Blob::Own(file)));
}

TEST(OddModel, OldAndTerseFilesOpen) {
  tflite::ModelT source = SmallModel();
  // Before number 127 only the old field was written.
  for (auto& code : source.operator_codes) {
    code->builtin_code = tflite::BuiltinOperator::ADD;
  }
  source.subgraphs[0]->operators[0]->inputs = {0, 1, -1};
  for (auto& tensor : source.subgraphs[0]->tensors) tensor->name.clear();
  source.signature_defs.clear();
  source.metadata.clear();
  auto model = TfliteModel::FromBytes(PackPlainly(source));
  ASSERT_TRUE(model) << model.error().ToString();
  EXPECT_EQ(model->OperatorNumber(0), 9);
}

TEST(OddModel, EmptyDataIsAConstantOnlyWithoutElements) {
  tflite::ModelT source = SmallModel();
  tflite::SubGraphT& main = *source.subgraphs[0];
  AppendTensor(main, "nothing", {0, 3}).buffer = 4;
  AppendTensor(main, "later", {1, 2}).buffer = 4;
  AppendOperator(main, 1, {5}, {6});
  flatbuffers::FlatBufferBuilder builder;
  // The object API cannot say "there, but empty": fill and then shorten.
  AppendBuffer(source, {1});
  Blob packed = PackPlainly(source);
  std::vector<std::byte> file = packed.ToVector<std::byte>();
  const auto* data = tflite::GetModel(file.data())->buffers()->Get(4)->data();
  const uint32_t zero = 0;
  std::memcpy(
      file.data() + (reinterpret_cast<const std::byte*>(data) - file.data()),
      &zero, 4);
  auto model = TfliteModel::FromBytes(Blob::Own(file));
  ASSERT_TRUE(model) << model.error().ToString();
  const auto& tensors = *model->root().subgraphs()->Get(0)->tensors();
  EXPECT_TRUE(model->IsConstant(*tensors.Get(5)));
  EXPECT_FALSE(model->IsConstant(*tensors.Get(6)));
}

// All of these run in TensorFlow Lite.
TEST(RealModels, AllOpen) {
  std::vector<std::filesystem::path> paths = SharedModels("tflite");
  for (auto& path : SharedModels("kernels")) paths.push_back(std::move(path));
  if (paths.empty()) GTEST_SKIP() << "no models in " << SharedFolder();
  for (const auto& path : paths) {
    auto model = TfliteModel::Open(path);
    ASSERT_TRUE(model) << model.error().ToString();
    Touch(*model);
  }
}

TEST(RealModels, DamagedOnesDoNotCrash) {
  const auto paths = SharedModels("invalid");
  if (paths.empty()) GTEST_SKIP() << "no models in " << SharedFolder();
  std::set<std::string> refused;
  for (const auto& path : paths) {
    auto model = TfliteModel::Open(path);
    if (model) {
      Touch(*model);
    } else {
      refused.insert(path.parent_path().filename());
    }
  }
  for (const char* name :
       {"invalid_0_subgraphs", "invalid_invalid_model",
        "invalid_segment_sum_invalid_buffer", "invalid_test_model_broken",
        "damaged_02_truncated_hello_world_float"}) {
    EXPECT_TRUE(refused.contains(name)) << name;
  }
}

}  // namespace liteforge::damaged_test
