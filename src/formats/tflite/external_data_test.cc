// SPDX-License-Identifier: Apache-2.0
#include "formats/tflite/external_data.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include "formats/tflite/model_reader.h"
#include "formats/tflite/test_models.h"

namespace liteforge::external_data_test {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using tflite::ModelT;

constexpr uint32_t kWeights = 0x80000000u, kBias = 0x80000001u;

void WriteFile(const fs::path& path, std::span<const std::byte> bytes) {
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(bytes.data()),
             static_cast<std::streamsize>(bytes.size()));
}

tflite::ExternalBufferT& AppendExternal(ModelT& model, uint32_t id,
                                        uint64_t offset, uint64_t length) {
  tflite::ExternalBufferT& buffer = Append(model.external_buffers);
  buffer.id = id;
  buffer.offset = offset;
  buffer.length = length;
  return buffer;
}

// SmallModel with its weights at byte 64 of weights.bin and its bias, where no
// float would lie, at byte 89.
ModelT ExternalModel() {
  ModelT model = SmallModel();
  Append(model.external_buffer_groups).name = "weights.bin";
  AppendExternal(model, kWeights, 64, 24).packing = "unpacked";
  AppendExternal(model, kBias, 89, 8);
  tflite::SubGraphT& main = *model.subgraphs[0];
  main.tensors[1]->buffer = 0;
  main.tensors[1]->external_buffer = kWeights;
  main.tensors[2]->buffer = 0;
  main.tensors[2]->external_buffer = kBias;
  return model;
}

class ExternalDataTest : public testing::Test {
 protected:
  ExternalDataTest() {
    std::string pattern = (fs::path(testing::TempDir()) / "extXXXXXX").string();
    folder_ = mkdtemp(pattern.data());
    std::vector<std::byte> weights(97);
    const float values[] = {1, 2, 3, 4, 5, 6}, bias[] = {10, 20};
    std::memcpy(&weights[64], values, sizeof(values));
    std::memcpy(&weights[89], bias, sizeof(bias));
    WriteFile(folder_ / "weights.bin", weights);
  }
  ~ExternalDataTest() override { fs::remove_all(folder_); }

  Result<TfliteModel> Open(const ModelT& model) {
    WriteFile(folder_ / "model.tflite", PackPlainly(model).bytes());
    return TfliteModel::Open(folder_ / "model.tflite");
  }

  fs::path folder_;
};

TEST_F(ExternalDataTest, LiesBesideTheModel) {
  auto model = Open(ExternalModel());
  ASSERT_TRUE(model) << model.error().ToString();
  const auto& tensors = *model->root().subgraphs()->Get(0)->tensors();
  EXPECT_TRUE(model->IsConstant(*tensors.Get(1)));
  EXPECT_FALSE(model->IsConstant(*tensors.Get(0)));
  EXPECT_TRUE(model->ConstantData(*tensors.Get(0)).empty());
  EXPECT_EQ(model->ConstantData(*tensors.Get(1)).ToVector<float>(),
            (std::vector<float>{1, 2, 3, 4, 5, 6}));
  const Blob bias = model->ConstantData(*tensors.Get(2));
  EXPECT_EQ(bias.ToVector<float>(), (std::vector<float>{10, 20}));
  EXPECT_EQ(reinterpret_cast<uintptr_t>(bias.data()) % 16, 0u);
}

TEST_F(ExternalDataTest, BelongsToAFile) {
  auto model = TfliteModel::FromBytes(PackPlainly(ExternalModel()));
  ASSERT_FALSE(model);
  EXPECT_EQ(model.error().code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(model.error().ToString(),
              HasSubstr("subgraph 0: tensor 1 ('w'): external buffer "
                        "2147483648: its data lies in the file 'weights.bin' "
                        "beside the model; open the model from its file"));
}

TEST_F(ExternalDataTest, ThatNoTensorNamesIsNotOpened) {
  ModelT model = SmallModel();
  Append(model.external_buffer_groups).name = "nowhere.bin";
  AppendExternal(model, kWeights, 0, 24);
  EXPECT_TRUE(TfliteModel::FromBytes(PackPlainly(model)));
}

TEST_F(ExternalDataTest, IsNotBelieved) {
  struct Row {
    std::string expected;
    std::function<void(ModelT&)> change;
  };
  const Row rows[] = {
      {"24 bytes at offset 74 in 'weights.bin' of 97 bytes",
       [](ModelT& m) { m.external_buffers[0]->offset = 74; }},
      {"in 'weights.bin' of 97 bytes",
       [](ModelT& m) { m.external_buffers[0]->offset = ~uint64_t{0} - 10; }},
      {"98 bytes at offset 0",
       [](ModelT& m) {
         m.external_buffers[0]->offset = 0;
         m.external_buffers[0]->length = 98;
       }},
      {"float32[2,3] takes 24 bytes, its external buffer 2147483648 has 20",
       [](ModelT& m) { m.external_buffers[0]->length = 20; }},
      {"group index 1 of 1",
       [](ModelT& m) { m.external_buffers[0]->group = 1; }},
      {"there is no external buffer 7",
       [](ModelT& m) { m.subgraphs[0]->tensors[1]->external_buffer = 7; }},
      {"external buffer 2147483648 is there twice",
       [](ModelT& m) { m.external_buffers[1]->id = kWeights; }},
      {"external buffer 2147483648 is packed as 'zstd'",
       [](ModelT& m) { m.external_buffers[0]->packing = "zstd"; }},
      {"has data both in the file and in one of its own",
       [](ModelT& m) { m.subgraphs[0]->tensors[1]->buffer = 1; }},
      {"is a variable and has data as well",
       [](ModelT& m) { m.subgraphs[0]->tensors[1]->is_variable = true; }},
      {"cannot be read: No such file",
       [](ModelT& m) { m.external_buffer_groups[0]->name = "none.bin"; }},
      {"is not a regular file",
       [](ModelT& m) { m.external_buffer_groups[0]->name = "sub"; }},
      {"which is not in the model's folder",
       [](ModelT& m) { m.external_buffer_groups[0]->name = ""; }},
      {"which is not in the model's folder",
       [](ModelT& m) { m.external_buffer_groups[0]->name = "/etc/passwd"; }},
      {"which is not in the model's folder",
       [](ModelT& m) { m.external_buffer_groups[0]->name = "../weights.bin"; }},
      {"which is not in the model's folder",
       [](ModelT& m) { m.external_buffer_groups[0]->name = "a/../../b"; }},
  };
  fs::create_directory(folder_ / "sub");
  for (const Row& row : rows) {
    ModelT model = ExternalModel();
    row.change(model);
    const auto opened = Open(model);
    EXPECT_THAT(opened ? "accepted" : opened.error().ToString(),
                HasSubstr(row.expected));
  }
}

}  // namespace liteforge::external_data_test
