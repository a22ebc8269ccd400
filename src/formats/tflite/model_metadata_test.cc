// SPDX-License-Identifier: Apache-2.0
#include "formats/tflite/model_metadata.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "formats/tflite/metadata_generated.h"

namespace liteforge::model_metadata_test {

using testing::ElementsAre;

namespace md = tflite::metadata;

TEST(ModelMetadata, ReadsBack) {
  ModelDescriptionParts model;
  model.name = "Detector";
  TensorDescription image;
  image.name = "image";
  image.content = TensorDescription::Content::kImage;
  image.mean = {127.5f};
  image.std = {127.5f};
  model.inputs = {image};
  TensorDescription boxes, classes;
  boxes.name = "location";
  boxes.content = TensorDescription::Content::kBoxes;
  boxes.first_axis = boxes.last_axis = 2;
  classes.name = "category";
  classes.labels = "labels.txt";
  classes.labels_are_of_values = true;
  model.outputs = {boxes, classes};
  model.group = "detection_result";
  model.grouped = {"location", "category"};
  const Blob bytes = PackMetadata(model);

  flatbuffers::Verifier verifier(reinterpret_cast<const uint8_t*>(bytes.data()),
                                 bytes.size());
  ASSERT_TRUE(md::VerifyModelMetadataBuffer(verifier));
  const md::ModelMetadata* root = md::GetModelMetadata(bytes.data());
  EXPECT_EQ(root->name()->str(), "Detector");
  const auto* graph = root->subgraph_metadata()->Get(0);
  const auto* input = graph->input_tensor_metadata()->Get(0);
  EXPECT_EQ(
      input->content()->content_properties_as_ImageProperties()->color_space(),
      md::ColorSpaceType::RGB);
  const auto* normalization =
      input->process_units()->Get(0)->options_as_NormalizationOptions();
  EXPECT_EQ(normalization->mean()->Get(0), 127.5f);
  const auto* box = graph->output_tensor_metadata()
                        ->Get(0)
                        ->content()
                        ->content_properties_as_BoundingBoxProperties();
  EXPECT_THAT(*box->index(), ElementsAre(1u, 0u, 3u, 2u));
  EXPECT_EQ(box->type(), md::BoundingBoxType::BOUNDARIES);
  const auto* file =
      graph->output_tensor_metadata()->Get(1)->associated_files()->Get(0);
  EXPECT_EQ(file->name()->str(), "labels.txt");
  EXPECT_EQ(file->type(), md::AssociatedFileType::TENSOR_VALUE_LABELS);
  EXPECT_EQ(graph->output_tensor_groups()->Get(0)->tensor_names()->size(), 2u);
}

// Where a field stands is the format: the numbers are those of the published
// schema, 4 + 2 * its place.
TEST(ModelMetadata, FieldsStandWhereReadersLook) {
  EXPECT_EQ(int{md::ModelMetadata::VT_SUBGRAPH_METADATA}, 10);
  EXPECT_EQ(int{md::ModelMetadata::VT_MIN_PARSER_VERSION}, 18);
  EXPECT_EQ(int{md::SubGraphMetadata::VT_OUTPUT_TENSOR_METADATA}, 10);
  EXPECT_EQ(int{md::SubGraphMetadata::VT_OUTPUT_TENSOR_GROUPS}, 20);
  EXPECT_EQ(int{md::TensorMetadata::VT_CONTENT}, 10);
  EXPECT_EQ(int{md::TensorMetadata::VT_PROCESS_UNITS}, 12);
  EXPECT_EQ(int{md::TensorMetadata::VT_ASSOCIATED_FILES}, 16);
  EXPECT_EQ(int{md::AssociatedFile::VT_TYPE}, 8);
}

// As Python's zipfile reads it, where there is a Python.
TEST(PackFiles, OtherToolsReadIt) {
  const std::string path = testing::TempDir() + "packed.bin";
  const std::string model = "the model's bytes";
  const auto archive = PackFiles(
      {{"labels.txt", "cat\ndog\n"}, {"empty.txt", ""}}, model.size());
  {
    std::ofstream file(path, std::ios::binary);
    file << model;
    file.write(reinterpret_cast<const char*>(archive.data()),
               static_cast<std::streamsize>(archive.size()));
  }
  if (std::system("python3 -c '' 2>/dev/null") != 0)
    GTEST_SKIP() << "no python3 to read the archive with";
  const std::string command =
      "python3 -c \"import zipfile; z = zipfile.ZipFile('" + path +
      "'); assert z.testzip() is None; assert z.namelist() == ['labels.txt', "
      "'empty.txt']; assert z.read('labels.txt') == b'cat\\ndog\\n'\"";
  EXPECT_EQ(std::system(command.c_str()), 0);
}

TEST(ModelMetadata, UnpacksWhatItPacked) {
  ModelDescriptionParts model;
  model.inputs.resize(1);
  model.inputs[0].content = TensorDescription::Content::kImage;
  model.inputs[0].mean = {123.5f, 117, 104};
  model.inputs[0].std = {1, 1, 1};
  model.outputs.resize(2);
  model.outputs[0].name = "location";
  model.outputs[0].content = TensorDescription::Content::kBoxes;
  model.outputs[1].name = "category";
  model.outputs[1].labels = "labels.txt";
  model.outputs[1].labels_are_of_values = true;
  const auto read = UnpackMetadata(PackMetadata(model));
  ASSERT_TRUE(read) << read.error().ToString();
  ASSERT_EQ(read->inputs.size(), 1u);
  EXPECT_EQ(read->inputs[0].content, TensorDescription::Content::kImage);
  EXPECT_THAT(read->inputs[0].mean, ElementsAre(123.5f, 117, 104));
  EXPECT_THAT(read->inputs[0].std, ElementsAre(1, 1, 1));
  ASSERT_EQ(read->outputs.size(), 2u);
  EXPECT_EQ(read->outputs[0].content, TensorDescription::Content::kBoxes);
  EXPECT_EQ(read->outputs[1].name, "category");
  EXPECT_EQ(read->outputs[1].labels, "labels.txt");
  EXPECT_TRUE(read->outputs[1].labels_are_of_values);
}

// Every beginning of it, and every byte of it turned over: an error or other
// values, never a crash.
TEST(ModelMetadata, DamageIsAnError) {
  ModelDescriptionParts model;
  model.inputs.resize(1);
  model.inputs[0].mean = {1};
  const auto bytes = PackMetadata(model).ToVector<uint8_t>();
  EXPECT_FALSE(UnpackMetadata(Blob()));
  for (size_t size = 0; size < bytes.size(); ++size)
    (void)UnpackMetadata(
        Blob::Own(std::vector(bytes.begin(), bytes.begin() + size)));
  for (size_t at = 0; at < bytes.size(); ++at) {
    auto damaged = bytes;
    damaged[at] ^= 0xFF;
    (void)UnpackMetadata(Blob::Own(damaged));
  }
}

TEST(PackedFiles, AreReadByName) {
  const std::string model = "a model's bytes";
  const auto archive =
      PackFiles({{"labels.txt", "cat\ndog\n"}, {"empty", ""}}, model.size());
  const auto before = std::as_bytes(std::span(model));
  std::vector<std::byte> file(before.begin(), before.end());
  file.insert(file.end(), archive.begin(), archive.end());
  EXPECT_EQ(ReadPackedFile(file, "labels.txt"), "cat\ndog\n");
  EXPECT_EQ(ReadPackedFile(file, "empty"), "");
  EXPECT_EQ(ReadPackedFile(file, "none"), std::nullopt);
  EXPECT_EQ(ReadPackedFile(before, "labels.txt"), std::nullopt);
  for (size_t at = 0; at < file.size(); ++at) {
    auto damaged = file;
    damaged[at] ^= std::byte{0xFF};
    (void)ReadPackedFile(damaged, "labels.txt");
    (void)ReadPackedFile(std::span(file).first(at), "labels.txt");
  }
}

}  // namespace liteforge::model_metadata_test
