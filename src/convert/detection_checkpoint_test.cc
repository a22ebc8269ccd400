// SPDX-License-Identifier: Apache-2.0
// From pipeline.config and checkpoint to a .tflite: what is refused, and the
// real configurations with all variables of the real checkpoints.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>
#include <sstream>

#include "convert/detection_testing.h"
#include "formats/tflite/metadata_generated.h"
#include "formats/tflite/model_metadata.h"
#include "formats/tflite/model_reader.h"

namespace liteforge::detection_checkpoint_test {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class DetectionCheckpoint : public testing::Test {
 protected:
  DetectionCheckpoint()
      : files_(testing::UnitTest::GetInstance()->current_test_info()->name()) {
    WriteSmallCheckpoint(files_, 3);
  }

  Result<std::vector<std::byte>> Convert(const std::string& config,
                                         const ConvertOptions& options = {}) {
    auto converter = Converter::FromDetectionCheckpoint(files_.Config(config),
                                                        files_.Checkpoint());
    if (!converter) return tl::unexpected(converter.error());
    converter->options() = options;
    auto bytes = converter->Convert();
    notices_ = converter->notices();
    return bytes;
  }
  // Of the conversion in one step; the export says the same and writes nothing.
  std::string ErrorOf(const std::string& config,
                      const ConvertOptions& options = {}) {
    const auto bytes = Convert(config, options);
    const std::string error = bytes ? "it converted" : bytes.error().ToString();
    auto exporter = Converter::FromDetectionCheckpoint(files_.Config(config),
                                                       files_.Checkpoint());
    exporter->options() = options;
    const auto folder = files_.dir() / "exported" / "saved_model";
    const auto exported = exporter->ConvertToSavedModel(folder);
    EXPECT_EQ(exported ? "it exported" : exported.error().ToString(), error);
    EXPECT_FALSE(std::filesystem::exists(folder));
    return error;
  }

  const DetectionFiles files_;
  std::vector<std::string> notices_;
};

TEST_F(DetectionCheckpoint, KeepsTheOrderOfThePostProcess) {
  const auto bytes = Convert(SmallSsd().Text());
  ASSERT_TRUE(bytes) << bytes.error().ToString();
  EXPECT_THAT(notices_, IsEmpty());
  const RunResult run = RunBytes(*bytes, RandomImage(64 * 64 * 3));
  ASSERT_EQ(run.details.size(), 4u);
  EXPECT_EQ(run.details[0].name, "output_3");
  EXPECT_EQ(run.details[0].shape, (Shape{1, 10, 4}));
  EXPECT_EQ(run.details[3].name, "output_0");
  EXPECT_EQ(run.values[3], std::vector<float>{10});
}

TEST_F(DetectionCheckpoint, OptionsReachThePostProcess) {
  ConvertOptions options;
  options.max_detections = 25;
  options.use_regular_nms = true;
  options.config_override =
      "model { ssd { post_processing { batch_non_max_suppression { "
      "score_threshold: 2 } } } }";
  const auto bytes = Convert(SmallSsd().Text(), options);
  ASSERT_TRUE(bytes) << bytes.error().ToString();
  const RunResult run = RunBytes(*bytes, RandomImage(64 * 64 * 3));
  ASSERT_EQ(run.details.size(), 4u);
  EXPECT_EQ(run.details[0].shape, (Shape{1, 25, 4}));
  EXPECT_EQ(run.values[3], std::vector<float>{0});
}

// What programs such as detect read: how to prepare the image, what is what.
TEST_F(DetectionCheckpoint, SaysWhatItsTensorsMean) {
  const auto bytes = Convert(SmallSsd().Text());
  ASSERT_TRUE(bytes) << bytes.error().ToString();
  const auto model = TfliteModel::FromBytes(Blob::Copy(*bytes));
  ASSERT_TRUE(model);
  const tflite::metadata::SubGraphMetadata* graph = nullptr;
  for (const auto* entry : *(*model)->metadata()) {
    if (Text(entry->name()) != kMetadataName) continue;
    graph = tflite::metadata::GetModelMetadata(
                model->BufferData(entry->buffer()).data())
                ->subgraph_metadata()
                ->Get(0);
  }
  ASSERT_NE(graph, nullptr);
  const auto* normalization = graph->input_tensor_metadata()
                                  ->Get(0)
                                  ->process_units()
                                  ->Get(0)
                                  ->options_as_NormalizationOptions();
  EXPECT_EQ(normalization->mean()->Get(0), 127.5f);
  EXPECT_EQ(normalization->std()->Get(0), 127.5f);
  std::vector<std::string> names;
  for (const auto* tensor : *graph->output_tensor_metadata())
    names.push_back(tensor->name()->str());
  EXPECT_THAT(names, ElementsAre("location", "category", "score",
                                 "number of detections"));
}

TEST_F(DetectionCheckpoint, TwoRunsGiveTheSameBytes) {
  const std::string config = SmallSsd().Text();
  EXPECT_EQ(Convert(config).value(), Convert(config).value());
}

//-------------------------------------------------------------------- refusals

TEST_F(DetectionCheckpoint, RefusesAHeadOfOtherClasses) {
  SsdText text = SmallSsd();
  text.classes = 90;
  EXPECT_THAT(
      ErrorOf(text.Text()),
      AllOf(HasSubstr("4 of the "),
            HasSubstr("class_predictions_with_background/0/"
                      "_class_predictor_layers/0/kernel is float32[1,1,"),
            HasSubstr(",12], the network needs float32[1,1,"),
            HasSubstr("num_classes: 3")));
}

TEST_F(DetectionCheckpoint, NamesUnusedVariables) {
  const std::string key = "model/_box_predictor/left_over/kernel";
  WriteSmallCheckpoint(files_, 3, {key});
  ASSERT_TRUE(Convert(SmallSsd().Text()));
  EXPECT_THAT(notices_, ElementsAre(HasSubstr(key)));
}

TEST_F(DetectionCheckpoint, RefusesUnknownFieldsWithTheirPlace) {
  EXPECT_THAT(ErrorOf("model {\n  ssd {\n    num_clases: 3\n  }\n}\n"),
              AllOf(HasSubstr("pipeline.config"), HasSubstr("line 3"),
                    HasSubstr("num_clases")));
  ConvertOptions options;
  options.config_override = "model { sdd { } }";
  EXPECT_THAT(ErrorOf(SmallSsd().Text(), options),
              AllOf(HasSubstr("--config_override"), HasSubstr("sdd")));
}

TEST_F(DetectionCheckpoint, RefusesEveryOtherResizer) {
  for (const std::string resizer :
       {"keep_aspect_ratio_resizer", "identity_resizer",
        "conditional_shape_resizer", "pad_to_multiple_resizer"}) {
    ConvertOptions options;
    options.config_override =
        "model { ssd { image_resizer { " + resizer + " { } } } }";
    EXPECT_THAT(ErrorOf(SmallSsd().Text(), options),
                AllOf(HasSubstr("image_resizer is " + resizer + "; a .tflite"),
                      HasSubstr("fixed_shape_resizer { height: 512")));
  }
}

TEST_F(DetectionCheckpoint, RefusesOtherResizersAndSaysTheWayOut) {
  ConvertOptions options;
  options.config_override =
      "model { ssd { image_resizer { keep_aspect_ratio_resizer { "
      "min_dimension: 512 max_dimension: 512 pad_to_max_dimension: true } } } "
      "}";
  EXPECT_THAT(ErrorOf(SmallSsd().Text(), options),
              AllOf(HasSubstr("keep_aspect_ratio_resizer"),
                    HasSubstr("--config_override 'model { ssd { image_resizer "
                              "{ fixed_shape_resizer { height: 512 width: 512 "
                              "} } } }'")));
  // And that way works: the other member of the oneof goes.
  SsdText text = SmallSsd();
  std::string config = std::regex_replace(
      text.Text(), std::regex("fixed_shape_resizer \\{ height: 64 width: 64"),
      "keep_aspect_ratio_resizer { min_dimension: 64 max_dimension: 64");
  options.config_override =
      "model { ssd { image_resizer { fixed_shape_resizer { height: 64 width: "
      "64 } } } }";
  EXPECT_TRUE(Convert(config, options));
}

TEST_F(DetectionCheckpoint, RefusesWhatTfliteCannotSay) {
  const std::string config = SmallSsd().Text();
  struct Case {
    const char* override_text;
    const char* message;
  };
  const Case cases[] = {
      {"model { ssd { feature_extractor { type: 'ssd_inception_v9' } } }",
       "feature_extractor 'ssd_inception_v9' is not known; known are: "
       "ssd_efficientnet-b0_bifpn_keras"},
      {"model { ssd { box_coder { keypoint_box_coder { } } } }", "box_coder"},
      {"model { ssd { box_coder { mean_stddev_box_coder { } } } }",
       "box_coder is not faster_rcnn_box_coder"},
      {"model { ssd { box_coder { square_box_coder { } } } }", "box_coder"},
      {"model { ssd { box_predictor { mask_rcnn_box_predictor { } } } }",
       "box_predictor"},
      {"model { ssd { post_processing { calibration_config { "
       "sigmoid_calibration { } } } } }",
       "calibration_config"},
      {"model { ssd { anchor_generator { grid_anchor_generator { } } } }",
       "anchor_generator"},
      {"model { ssd { anchor_generator { flexible_grid_anchor_generator { } } "
       "} "
       "}",
       "anchor_generator"},
      {"model { ssd { anchor_generator { multiscale_anchor_generator { "
       "normalize_coordinates: false } } } }",
       "normalize_coordinates: false; TFLite's post-processing wants "
       "fractions"},
      {"model { ssd { anchor_generator { ssd_anchor_generator { num_layers: 3 "
       "} } } }",
       "3 levels and feature_extractor gives 2"},
      {"model { ssd { feature_extractor { conv_hyperparams { group_norm { } } "
       "override_base_feature_extractor_hyperparams: true } } }",
       "group_norm"},
      {"model { ssd { image_resizer { fixed_shape_resizer { height: 32 } } } "
       "}",
       "images of 33"},
      {"model { ssd { num_classes: 0 } }", "num_classes is 0"},
      {"model { ssd { feature_extractor { depth_multiplier: 1e9 } } }",
       "depth_multiplier"},
      {"model { ssd { post_processing { batch_non_max_suppression { "
       "iou_threshold: 1.5 } } } }",
       "iou_threshold"},
      {"model { faster_rcnn { } }", "faster_rcnn"},
      {"model { experimental_model { } }", "experimental_model"},
  };
  for (const Case& c : cases) {
    ConvertOptions options;
    options.config_override = c.override_text;
    EXPECT_THAT(ErrorOf(config, options), HasSubstr(c.message))
        << c.override_text;
  }
}

// What the larger backbones do not know, or cannot be given.
TEST_F(DetectionCheckpoint, RefusesWhatAnExtractorDoesNotKnow) {
  const auto with = [](const std::string& extractor, int side) {
    SsdText text = SmallSsd();
    text.height = text.width = side;
    text.feature_extractor = extractor + ConvHyperparams();
    text.anchor_generator = "multiscale_anchor_generator { aspect_ratios: 1 }";
    return text.Text();
  };
  const std::string resnet = "type: 'ssd_resnet50_v1_fpn_keras' ";
  const std::string efficient = "type: 'ssd_efficientnet-b0_bifpn_keras' ";
  const std::string fpn = "type: 'ssd_mobilenet_v2_fpn_keras' ";
  const struct {
    std::string config, message;
  } kCases[] = {
      {with(resnet + "use_depthwise: true ", 160),
       "ResNet feature extractors know neither use_depthwise"},
      {with(resnet + "use_explicit_padding: true ", 160),
       "ResNet feature extractors know neither use_depthwise"},
      {with(resnet, 128), "images of 129"},
      {with(efficient + "use_depthwise: true ", 160),
       "EfficientNet feature extractors know neither"},
      {with(efficient, 128), "images of 129"},
      {with(efficient + "bifpn { min_level: 3 max_level: 7 num_iterations: 0 "
                        "num_filters: 64 } ",
            160),
       "which are no pyramid"},
      {with(fpn + "fpn { min_level: 7 max_level: 3 } ", 64),
       "levels 7 to 3 of depth 256, which are no pyramid"},
      {with("type: 'ssd_mobilenet_v2_keras' depth_multiplier: 0.125 "
            "min_depth: 8 num_layers: 9 ",
            64),
       "num_layers 9; 2 to 6 are known"}};
  for (const auto& c : kCases)
    EXPECT_THAT(ErrorOf(c.config), HasSubstr(c.message));
}

TEST_F(DetectionCheckpoint, RefusesADirectoryWithoutACheckpoint) {
  auto converter = Converter::FromDetectionCheckpoint(
      files_.Config(SmallSsd().Text()), files_.dir() / "none");
  ASSERT_TRUE(converter);
  EXPECT_THAT(converter->Convert().error().ToString(),
              HasSubstr("is no checkpoint"));
}

TEST_F(DetectionCheckpoint, NamesAMissingShard) {
  std::filesystem::remove(files_.Checkpoint() / "ckpt-0.data-00000-of-00001");
  EXPECT_THAT(ErrorOf(SmallSsd().Text()), HasSubstr("data-00000-of-00001"));
}

//-------------------------------------------------- the real configurations

// key, type and shape of every variable of a real checkpoint.
struct Row {
  std::string key;
  Shape shape;
};
std::vector<Row> ReadIndex(const std::string& path) {
  std::vector<Row> rows;
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  while (std::getline(file, line)) {
    std::istringstream fields(line);
    Row row;
    std::string type, shape;
    std::getline(fields, row.key, '\t');
    std::getline(fields, type, '\t');
    std::getline(fields, shape, '\t');
    if (type != "float32") continue;
    for (char& c : shape)
      if (c == '[' || c == ']' || c == ',') c = ' ';
    std::istringstream dims(shape);
    for (int32_t dim; dims >> dim;) row.shape.Append(dim);
    rows.push_back(row);
  }
  return rows;
}

struct RealCase {
  const char* name;
  const char* config;
  const char* index;
  size_t variables;
  int side;
};

class RealCheckpoint : public testing::TestWithParam<RealCase> {
 protected:
  void SetUp() override {
    shared_ = SharedFolder().string();
    config_ = shared_ + "/facts/pipeline_configs/" + GetParam().config;
    index_ = shared_ + "/facts/" + GetParam().index;
    if (shared_.empty() || !std::filesystem::exists(config_) ||
        !std::filesystem::exists(index_))
      GTEST_SKIP() << "no files about the model zoo beside the checkout";
  }
  std::string shared_, config_, index_;
};

TEST_P(RealCheckpoint, UsesEveryVariable) {
  reference::Network net;
  for (const Row& row : ReadIndex(index_)) {
    const auto dims = row.shape.dims();
    const std::string path = row.key.substr(0, row.key.find("/.ATTRIBUTES"));
    net.W(path, {dims.begin(), dims.end()});
  }
  ASSERT_EQ(net.variables(), GetParam().variables);
  const DetectionFiles files(GetParam().name);
  net.WriteCheckpoint(files.Checkpoint());
  auto model = ImportDetection(config_, files.Checkpoint(), {});
  ASSERT_TRUE(model) << model.error().ToString();
  EXPECT_THAT(model->notices, IsEmpty());
  EXPECT_EQ(model->function.variables.size(), GetParam().variables);
  const auto bytes = Compile(model->function);
  ASSERT_TRUE(bytes) << bytes.error().ToString();
  const auto side = static_cast<size_t>(GetParam().side);
  const RunResult run = RunBytes(*bytes, RandomImage(side * side * 3));
  ASSERT_EQ(run.details.size(), 4u);
  EXPECT_EQ(run.details[0].shape, (Shape{1, 10, 4}));
  EXPECT_EQ(run.details[1].shape, (Shape{1, 10}));
  EXPECT_EQ(run.details[2].shape, (Shape{1, 10}));
  EXPECT_EQ(run.details[3].shape, (Shape{1}));

  // A user's two classes, the head still of the zoo's ninety.
  DetectionOptions two;
  two.config_override = "model { ssd { num_classes: 2 } }";
  const auto refused = ImportDetection(config_, files.Checkpoint(), two);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().ToString(), HasSubstr("num_classes: 90"));
}

INSTANTIATE_TEST_SUITE_P(
    Zoo, RealCheckpoint,
    testing::Values(
        RealCase{"FpnLite320",
                 "ssd_mobilenet_v2_fpnlite_320x320_coco17_tpu-8.config",
                 "ckpt_index.tsv", 384, 320},
        RealCase{"MobileNetV2", "ssd_mobilenet_v2_320x320_coco17_tpu-8.config",
                 "mnv2_ckpt_index.tsv", 324, 300}),
    [](const auto& info) { return std::string(info.param.name); });

// Every configuration of the zoo is understood: what stops is the checkpoint,
// which is another's, or a refusal that says why.
TEST(RealConfigs, AreRead) {
  const std::string folder =
      SharedFolder().string() + "/facts/pipeline_configs";
  if (!std::filesystem::exists(folder))
    GTEST_SKIP() << "no configurations of the model zoo beside the checkout";
  const DetectionFiles files("real_configs");
  WriteSmallCheckpoint(files, 3);
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const auto model = ImportDetection(entry.path(), files.Checkpoint(), {});
    ASSERT_FALSE(model);
    EXPECT_THAT(model.error().ToString(),
                testing::AnyOf(HasSubstr("variables that pipeline.config "
                                         "describes do not fit"),
                               HasSubstr("fixed_shape_resizer"),
                               HasSubstr("feature_extractor 'hourglass")))
        << entry.path();
  }
}

}  // namespace liteforge::detection_checkpoint_test
