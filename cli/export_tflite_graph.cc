// SPDX-License-Identifier: Apache-2.0
// liteforge export-tflite-graph --pipeline_config_path P
//     --trained_checkpoint_dir D --output_directory O
// The flags of the Object Detection API's export_tflite_graph_tf2.py.
#include <fmt/core.h>

#include <filesystem>
#include <memory>
#include <string>

#include "cli/verb.h"

namespace {

struct Arguments {
  std::string config;
  std::string checkpoint;
  std::string output;
  bool keypoints = false;
  std::string keypoint_label_map;
  liteforge::ConvertOptions options;
};

liteforge::Result<void> Export(const Arguments& arguments) {
  if (arguments.keypoints)
    return liteforge::Unsupported(
        "--centernet_include_keypoints: keypoints cannot be exported; leave it "
        "out for boxes alone");
  auto converter = liteforge::Converter::FromDetectionCheckpoint(
      arguments.config, arguments.checkpoint);
  if (!converter) return tl::unexpected(std::move(converter).error());
  converter->options() = arguments.options;
  const std::filesystem::path directory =
      std::filesystem::path(arguments.output) / "saved_model";
  if (auto done = converter->ConvertToSavedModel(directory); !done) return done;
  PrintNotices(*converter);
  fmt::print("{}, {} -> {}\n", arguments.config, arguments.checkpoint,
             directory.string());
  return {};
}

}  // namespace

void AddExportTfliteGraph(CLI::App& app, liteforge::Result<void>& outcome) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* verb = app.add_subcommand(
      "export-tflite-graph",
      "Make a SavedModel for TFLite of what the Object Detection API trained");
  verb->add_option("--pipeline_config_path", arguments->config,
                   "The pipeline.config of the training")
      ->required();
  verb->add_option("--trained_checkpoint_dir", arguments->checkpoint,
                   "The directory with the training's checkpoint")
      ->required();
  verb->add_option("--output_directory", arguments->output,
                   "Where the directory saved_model is made")
      ->required();
  AddDetectionOptions(*verb, arguments->options);
  verb->add_flag("--centernet_include_keypoints{true}", arguments->keypoints,
                 "Not supported");
  verb->add_option("--keypoint_label_map_path", arguments->keypoint_label_map,
                   "Only used with keypoints");
  verb->callback([arguments, &outcome] { outcome = Export(*arguments); });
}
