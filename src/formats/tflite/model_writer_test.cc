// SPDX-License-Identifier: Apache-2.0
#include "formats/tflite/model_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "formats/tflite/model_reader.h"
#include "formats/tflite/test_models.h"

namespace liteforge::model_writer_test {

using ::testing::HasSubstr;

// SmallModel's tables, its buffers in a table of their own.
struct Parts {
  tflite::ModelT model = SmallModel();
  BufferTable buffers;

  Parts() {
    for (size_t i = 1; i < model.buffers.size(); ++i) {
      buffers.Add(Blob::Own(model.buffers[i]->data));
    }
    model.buffers.clear();
  }
};

Blob PackedBlob(const tflite::ModelT& model, const BufferTable& buffers) {
  auto bytes = PackModel(model, buffers);
  EXPECT_TRUE(bytes) << bytes.error().ToString();
  return bytes ? Blob::Own(*std::move(bytes)) : Blob();
}

TEST(BufferTable, KeepsEqualContentsOnce) {
  BufferTable table;
  EXPECT_EQ(table.Add(Blob::Own<int>({1, 2})), 1u);
  EXPECT_EQ(table.Add(Blob::Own<int>({3})), 2u);
  EXPECT_EQ(table.Add(Blob::Own<int>({1, 2})), 1u);
  EXPECT_EQ(table.Add(Blob::Own<char>({3, 0, 0, 0})), 2u);
  EXPECT_EQ(table.Add(Blob()), 3u);
  EXPECT_EQ(table.Add(Blob::Own<int>({})), 3u);
  EXPECT_EQ(table.buffers().size(), 4u);
  EXPECT_TRUE(table.buffers()[0].empty());
}

TEST(BufferTable, UnsharedStaysAlone) {
  BufferTable table;
  EXPECT_EQ(table.AddUnshared(Blob::Own<int>({1})), 1u);
  EXPECT_EQ(table.Add(Blob::Own<int>({1})), 2u);
  EXPECT_EQ(table.AddUnshared(Blob::Own<int>({1})), 3u);
}

TEST(PackModel, WhatIsReadIsWhatWasWritten) {
  const Parts parts;
  auto model = TfliteModel::FromBytes(PackedBlob(parts.model, parts.buffers));
  ASSERT_TRUE(model) << model.error().ToString();
  const std::unique_ptr<tflite::ModelT> read(model->root().UnPack());
  read->buffers.clear();
  // The generated structs have no ==; their packed forms have.
  EXPECT_EQ(PackPlainly(*read).ToVector<char>(),
            PackPlainly(parts.model).ToVector<char>());
  for (uint32_t i = 0; i < parts.buffers.buffers().size(); ++i) {
    EXPECT_EQ(model->BufferData(i).ToVector<char>(),
              parts.buffers.buffers()[i].ToVector<char>());
  }
}

// 8 bytes a channel that are all zero: of weights and biases alike.
TEST(PackModel, EqualZeroPointsAreStoredOnce) {
  constexpr size_t kChannels = 1000;
  const auto size_with = [](size_t tensors) {
    Parts parts;
    auto& all = parts.model.subgraphs[0]->tensors;
    for (size_t i = 0; i < tensors; ++i) {
      auto tensor = std::make_unique<tflite::TensorT>();
      tensor->name = "t" + std::to_string(i);
      tensor->type = tflite::TensorType::INT32;
      tensor->quantization =
          std::make_unique<tflite::QuantizationParametersT>();
      tensor->quantization->scale.assign(kChannels, 0.5f);
      tensor->quantization->zero_point.resize(kChannels);
      all.push_back(std::move(tensor));
    }
    const Blob file = PackedBlob(parts.model, parts.buffers);
    auto model = TfliteModel::FromBytes(file);
    EXPECT_TRUE(model) << model.error().ToString();
    if (!model) return file.size();
    for (const auto* read : *(*model)->subgraphs()->Get(0)->tensors()) {
      if (read->quantization() == nullptr) continue;
      EXPECT_EQ(Count(read->quantization()->zero_point()),
                Count(read->quantization()->scale()));
    }
    return file.size();
  };
  constexpr size_t kScales = 4 * kChannels, kTable = 200;
  EXPECT_LT(size_with(3) - size_with(1), 2 * (kScales + kTable));
}

TEST(PackModel, SameArgumentsSameBytes) {
  const Parts first, second;
  EXPECT_EQ(PackedBlob(first.model, first.buffers).ToVector<char>(),
            PackedBlob(second.model, second.buffers).ToVector<char>());
}

TEST(PackModel, DataIsAlignedFromTheFilesStartAndInOrder) {
  Parts parts;
  for (size_t size = 1; size < 40; ++size) {
    parts.buffers.Add(
        Blob::Own(std::vector<uint8_t>(size, static_cast<uint8_t>(size))));
  }
  const Blob file = PackedBlob(parts.model, parts.buffers);
  auto model = TfliteModel::FromBytes(file);
  ASSERT_TRUE(model) << model.error().ToString();
  ptrdiff_t last = 0;
  for (uint32_t i = 1; i < parts.buffers.buffers().size(); ++i) {
    const ptrdiff_t at = model->BufferData(i).data() - model->bytes().data();
    EXPECT_EQ(at % 16, 0) << i;
    EXPECT_GT(at, last) << i;
    last = at;
  }
}

TEST(PackModel, EmptyListsThatReadersWantAreThere) {
  Parts parts;
  tflite::SubGraphT& main = *parts.model.subgraphs[0];
  AppendTensor(main, "scalar", {});
  AppendOperator(main, 1, {}, {5});
  const Blob file = PackedBlob(parts.model, parts.buffers);
  auto model = TfliteModel::FromBytes(file);
  ASSERT_TRUE(model) << model.error().ToString();
  const tflite::SubGraph& read = *model->root().subgraphs()->Get(0);
  EXPECT_NE(read.operators()->Get(2)->inputs(), nullptr);
  EXPECT_NE(read.tensors()->Get(5)->shape(), nullptr);
}

TEST(PackModel, ConstantWithoutElementsStaysAConstant) {
  Parts parts;
  const uint32_t buffer = parts.buffers.Add(Blob());
  AppendTensor(*parts.model.subgraphs[0], "none", {0},
               tflite::TensorType::INT32, buffer);
  auto model = TfliteModel::FromBytes(PackedBlob(parts.model, parts.buffers));
  ASSERT_TRUE(model) << model.error().ToString();
  EXPECT_TRUE(
      model->IsConstant(*model->root().subgraphs()->Get(0)->tensors()->Get(5)));
}

TEST(PackModel, ManyTablesFitWhatWasReserved) {
  Parts parts;
  tflite::SubGraphT& main = *parts.model.subgraphs[0];
  for (int i = 0; i < 20000; ++i) {
    AppendTensor(main, std::to_string(i), {1, 2});
    AppendOperator(main, 1, {4}, {5 + i});
  }
  const Blob file = PackedBlob(parts.model, parts.buffers);
  EXPECT_TRUE(TfliteModel::FromBytes(file));
}

TEST(PackModel, TwoGigabytesAreRefusedWithoutAllocating) {
  Parts parts;
  const auto bytes = std::make_shared<std::vector<std::byte>>(1 << 20);
  for (size_t i = 0; i < 2100; ++i) {
    // Distinct blobs over the same memory: each one byte shorter.
    parts.buffers.Add(
        Blob::View(std::span(*bytes).first(bytes->size() - i), bytes));
  }
  auto packed = PackModel(parts.model, parts.buffers);
  ASSERT_FALSE(packed);
  EXPECT_EQ(packed.error().code, ErrorCode::kUnsupported);
  EXPECT_THAT(packed.error().message, HasSubstr("less than 2048"));
}

// The result is the memory the builder worked in.
TEST(PackModel, MemoryIsTheFileAndLittleMore) {
  Parts parts;
  constexpr size_t kWeights = 8 << 20;
  parts.buffers.Add(Blob::Own(std::vector<std::byte>(kWeights)));
  auto bytes = PackModel(parts.model, parts.buffers);
  ASSERT_TRUE(bytes);
  EXPECT_LT(bytes->capacity(), kWeights + (16 << 10));
}

TEST(RealModels, SurviveRepacking) {
  const auto paths = SharedModels("tflite");
  if (paths.empty()) GTEST_SKIP() << "no models in " << SharedFolder();
  for (const auto& path : paths) {
    auto original = TfliteModel::Open(path);
    ASSERT_TRUE(original) << original.error().ToString();
    const std::unique_ptr<tflite::ModelT> tables(original->root().UnPack());
    BufferTable buffers;
    std::vector<uint32_t> numbers;
    for (uint32_t i = 0; i < Count((*original)->buffers()); ++i) {
      const Blob data = original->BufferData(i);
      const bool has_data =
          !data.empty() || (*original)->buffers()->Get(i)->data() != nullptr;
      numbers.push_back(has_data ? buffers.Add(data) : 0);
    }
    tables->buffers.clear();
    tables->metadata_buffer.clear();
    for (auto& subgraph : tables->subgraphs) {
      for (auto& tensor : subgraph->tensors) {
        tensor->buffer = numbers[tensor->buffer];
      }
    }
    for (auto& metadata : tables->metadata) {
      metadata->buffer = numbers[metadata->buffer];
    }
    auto repacked = TfliteModel::FromBytes(PackedBlob(*tables, buffers));
    ASSERT_TRUE(repacked) << path << repacked.error().ToString();
    const auto& subgraphs = *repacked->root().subgraphs();
    for (uint32_t g = 0; g < subgraphs.size(); ++g) {
      const auto& before = *(*original)->subgraphs()->Get(g)->tensors();
      const auto& after = *subgraphs.Get(g)->tensors();
      ASSERT_EQ(before.size(), after.size());
      for (uint32_t i = 0; i < before.size(); ++i) {
        const Blob a = original->BufferData(before.Get(i)->buffer());
        const Blob b = repacked->BufferData(after.Get(i)->buffer());
        ASSERT_TRUE(std::equal(a.bytes().begin(), a.bytes().end(),
                               b.bytes().begin(), b.bytes().end()));
      }
    }
  }
}

}  // namespace liteforge::model_writer_test
