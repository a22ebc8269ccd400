// SPDX-License-Identifier: Apache-2.0
// liteforge convert SOURCE -o OUT.tflite [--input-shape NAME=1,224,224,3]…
#include <fmt/core.h>

#include <charconv>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "cli/verb.h"
#include "liteforge/converter.h"
#include "liteforge/inspect.h"

namespace {

using liteforge::Result;

struct Arguments {
  std::string source;
  std::string checkpoint;
  std::string to = "tflite";
  std::string output;
  std::vector<std::string> input_shapes;
  liteforge::ConvertOptions options;
};

// "NAME=1,224,224,3" with ? or -1 for a dimension that stays unknown.
Result<std::pair<std::string, liteforge::Shape>> ParseInputShape(
    const std::string& text) {
  const auto wrong = [&] {
    return liteforge::InvalidArgument(
        "--input-shape " + text +
        ": is not NAME=DIMENSIONS; write it like input_1=1,224,224,3");
  };
  const size_t equals = text.rfind('=');
  if (equals == std::string::npos || equals == 0) return wrong();
  liteforge::Shape shape;
  const char* at = text.data() + equals + 1;
  const char* const end = text.data() + text.size();
  while (at < end) {
    int32_t dim = liteforge::Shape::kUnknownDim;
    if (*at == '?') {
      ++at;
    } else {
      const auto [next, error] = std::from_chars(at, end, dim);
      if (error != std::errc() || dim < liteforge::Shape::kUnknownDim) {
        return wrong();
      }
      at = next;
    }
    if (shape.rank() == liteforge::Shape::kMaxRank) return wrong();
    shape.Append(dim);
    if (at < end && *at++ != ',') return wrong();
  }
  return std::pair(text.substr(0, equals), shape);
}

Result<void> Convert(const Arguments& arguments) {
  auto converter = arguments.checkpoint.empty()
                       ? liteforge::Converter::FromFile(arguments.source)
                       : liteforge::Converter::FromDetectionCheckpoint(
                             arguments.source, arguments.checkpoint);
  if (!converter) return tl::unexpected(std::move(converter).error());
  converter->options() = arguments.options;
  for (const std::string& text : arguments.input_shapes) {
    auto parsed = ParseInputShape(text);
    if (!parsed) return tl::unexpected(std::move(parsed).error());
    converter->options().input_shapes.push_back(*std::move(parsed));
  }
  const bool saved_model = arguments.to == "saved-model";
  auto done = saved_model ? converter->ConvertToSavedModel(arguments.output)
                          : converter->ConvertToFile(arguments.output);
  if (!done) return done;
  PrintNotices(*converter);
  if (saved_model) {
    fmt::print("{} -> {}\n", arguments.source, arguments.output);
    return {};
  }
  auto written = liteforge::Inspect(arguments.output);
  if (!written) return tl::unexpected(std::move(written).error());
  fmt::print("{} -> {}: {} bytes, {} operators\n", arguments.source,
             arguments.output, WithThousands(written->file_bytes),
             written->operator_sequence.size());
  for (const auto& input : written->inputs) {
    fmt::print("  input   {}  {}\n", input.name,
               liteforge::Describe(input.dtype, input.shape_signature));
  }
  for (const auto& output : written->outputs) {
    fmt::print("  output  {}  {}\n", output.name,
               liteforge::Describe(output.dtype, output.shape_signature));
  }
  return {};
}

}  // namespace

void PrintNotices(const liteforge::Converter& converter) {
  for (const std::string& notice : converter.notices())
    fmt::print(stderr, "note: {}\n", notice);
}

void AddDetectionOptions(CLI::App& verb, liteforge::ConvertOptions& options) {
  verb.add_option("--config_override,--config-override",
                  options.config_override, "Text merged into pipeline.config");
  verb.add_option("--max_detections,--max-detections", options.max_detections,
                  "Objects that a detector finds at the most")
      ->capture_default_str();
  verb.add_flag("--ssd_use_regular_nms{true},--ssd-use-regular-nms{true}",
                options.use_regular_nms,
                "Let boxes suppress each other class by class: slower, finds "
                "objects of several classes in one place");
}

void AddConvert(CLI::App& app, Result<void>& outcome) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* verb =
      app.add_subcommand("convert", "Convert a model to a .tflite file");
  verb->add_option("SOURCE", arguments->source,
                   "A Keras .h5 / .hdf5 / .keras model, a SavedModel's "
                   "directory, a frozen graph's .pb / .pbtxt, or a detector's "
                   "pipeline.config (with --checkpoint)")
      ->required();
  verb->add_option("-o,--output", arguments->output,
                   "The .tflite to write, or the SavedModel's directory")
      ->required();
  verb->add_option("--to", arguments->to, "What to write")
      ->check(CLI::IsMember({"tflite", "saved-model"}))
      ->capture_default_str();
  verb->add_option("--input-shape", arguments->input_shapes,
                   "Fix an input's unknown dimensions: NAME=1,224,224,3")
      ->take_all();
  auto& options = arguments->options;
  verb->add_option("--signature", options.signature,
                   "The signature of a SavedModel to convert");
  verb->add_option("--tags", options.tags,
                   "The tags of a SavedModel's graph, separated by commas")
      ->delimiter(',');
  verb->add_option("--function", options.function,
                   "A function of a SavedModel, instead of a signature");
  verb->add_option("--inputs", options.inputs,
                   "Input tensors of a frozen graph, separated by commas")
      ->delimiter(',');
  verb->add_option("--outputs", options.outputs,
                   "Output tensors of a frozen graph, separated by commas")
      ->delimiter(',');
  verb->add_option("--checkpoint", arguments->checkpoint,
                   "The directory with the checkpoint of a pipeline.config");
  AddDetectionOptions(*verb, options);
  verb->add_option("--labels", options.labels,
                   "Labels to keep in the .tflite: one a line, or a label map "
                   "(.pbtxt)");
  verb->add_flag("--allow-constant-outputs", options.allow_constant_outputs,
                 "Convert even if no output depends on an input");
  verb->callback([arguments, &outcome] { outcome = Convert(*arguments); });
}
