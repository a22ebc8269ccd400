// SPDX-License-Identifier: Apache-2.0
// liteforge convert SOURCE -o OUT.tflite [--input-shape NAME=1,224,224,3]…
//     [--optimize none|default|float16|int8|int16x8|int4]
//     [--representative-data PATH] … [--report FILE.html|.json]
#include <fmt/core.h>
#include <malloc.h>
#include <unistd.h>

#include <charconv>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "cli/verb.h"
#include "liteforge/converter.h"
#include "liteforge/inspect.h"
#include "liteforge/report.h"

namespace {

using liteforge::Result;

struct Arguments {
  std::string source;
  std::string checkpoint;
  std::string to = "tflite";
  std::string output;
  std::vector<std::string> input_shapes;
  liteforge::ConvertOptions options;
  std::filesystem::path report;
  std::filesystem::path evaluate_data;
};

using liteforge::DataType;
using liteforge::Optimize;

const std::map<std::string, Optimize> kModes = {
    {"none", Optimize::kNone},       {"default", Optimize::kDefault},
    {"float16", Optimize::kFloat16}, {"int8", Optimize::kInt8},
    {"int16x8", Optimize::kInt16x8}, {"int4", Optimize::kInt4},
};
const std::map<std::string, DataType> kBorderTypes = {
    {"float32", DataType::kFloat32},
    {"int8", DataType::kInt8},
    {"uint8", DataType::kUInt8},
    {"int16", DataType::kInt16},
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

// What to measure: the totals always, everything for a report.
Result<liteforge::ReportOptions> ReportOptionsOf(const Arguments& arguments) {
  liteforge::ReportOptions options;
  const std::string kind = arguments.report.extension();
  if (!arguments.report.empty() && kind != ".html" && kind != ".json")
    return liteforge::InvalidArgument(
        "--report " + arguments.report.string() +
        ": is neither a .html nor a .json file; name it so");
  options.details = !arguments.report.empty();
  options.evaluate_data = arguments.evaluate_data;
  options.evaluate.labels = arguments.options.labels;
  options.evaluate.dataset = arguments.options.optimize.dataset;
  return options;
}

Result<void> WriteReport(const liteforge::Report& report,
                         const std::filesystem::path& file) {
  return liteforge::WriteText(
      file, file.extension() == ".json" ? ToJson(report) : ToHtml(report));
}

// What optimizing did, and where to read more.
void PrintMeasured(const liteforge::Report& report,
                   const std::filesystem::path& file) {
  const std::string summary = Summary(report);
  if (!summary.empty()) fmt::print("{}\n", summary);
  if (!file.empty()) {
    fmt::print("  report  {}\n", file.string());
  } else if (!summary.empty()) {
    fmt::print("  (every layer: --report FILE.html)\n");
  }
}

void PrintCheck(const liteforge::CheckReport& check) {
  if (!check.skipped.empty()) {
    fmt::print("  check   skipped: {}\n", check.skipped);
  } else if (check.output.empty()) {
    fmt::print("  check   no output to compare\n");
  } else {
    fmt::print(
        "  check   {} differs from its source by {:.2g} at the most, of "
        "{:.2g}\n",
        check.output, check.difference, check.magnitude);
  }
}

// Freed weights go back to the system at once. By default the C library raises
// the size from which blocks do so to the largest that was freed.
void ReturnFreedWeights() {
#ifdef __GLIBC__
  mallopt(M_MMAP_THRESHOLD, 4 << 20);
#endif
}

Result<void> Convert(const Arguments& arguments) {
  ReturnFreedWeights();
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
  auto report_options = ReportOptionsOf(arguments);
  if (!report_options) return tl::unexpected(std::move(report_options).error());
  converter->options().report = *std::move(report_options);
  if (isatty(STDERR_FILENO) != 0)
    converter->options().optimize.progress = [](double part) {
      ShowProgress("calibrating", part);
    };
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
  if (arguments.options.check) PrintCheck(converter->check());
  const auto& report = converter->report();
  if (!report) return {};
  PrintMeasured(*report, arguments.report);
  return arguments.report.empty() ? Result<void>()
                                  : WriteReport(*report, arguments.report);
}

void AddOptimize(CLI::App& verb, liteforge::OptimizeOptions& options) {
  verb.add_option("--optimize", options.mode,
                  "none, default (int8 weights; with --representative-data "
                  "int8 activations too), float16, int8, int16x8 or int4")
      ->transform(CLI::CheckedTransformer(kModes).description(""))
      ->type_name("MODE");
  verb.add_option_function<std::vector<std::string>>(
          "--representative-data",
          [&options](const std::vector<std::string>& all) {
            for (const std::string& text : all) {
              const size_t equals = text.find('=');
              if (equals == std::string::npos || std::filesystem::exists(text))
                options.representative_data = text;
              else
                options.signature_data[text.substr(0, equals)] =
                    text.substr(equals + 1);
            }
          },
          "Examples to calibrate with: .npy, .npz or a directory; of several "
          "signatures KEY=PATH, once for each")
      ->take_all()
      ->type_name("PATH");
  verb.add_option("--mean", options.dataset.mean,
                  "Subtract from the examples: one number or one a channel")
      ->delimiter(',');
  verb.add_option("--std", options.dataset.std, "Divide the examples by this")
      ->delimiter(',');
  verb.add_option("--calibration", options.calibration,
                  "minmax, average, percentile, mse or kl");
  verb.add_option("--calibration-in", options.calibration_in,
                  "What --calibration-out wrote, instead of examples")
      ->take_all();
  verb.add_option("--calibration-out", options.calibration_out,
                  "Write what the examples show to this file");
  verb.add_flag("--strict-int8", options.strict_int8,
                "Fail if an operator would stay float32");
  verb.add_flag("--bias-correction", options.bias_correction,
                "Let biases take back the mean error of int8 weights");
  verb.add_option("--input-type", options.input_type,
                  "float32, int8, uint8 or int16")
      ->transform(CLI::CheckedTransformer(kBorderTypes).description(""))
      ->type_name("TYPE");
  verb.add_option("--output-type", options.output_type,
                  "float32, int8, uint8 or int16")
      ->transform(CLI::CheckedTransformer(kBorderTypes).description(""))
      ->type_name("TYPE");
  verb.add_option("--keep-float", options.keep_float,
                  "Layers that stay float32: NAME or PREFIX*")
      ->delimiter(',');
  verb.add_option_function<std::string>(
          "--prune",
          [&options](const std::string& text) {
            const size_t comma = text.find(',');
            options.prune =
                CLI::detail::lexical_cast(text.substr(0, comma), options.prune)
                    ? options.prune
                    : -1;
            if (comma != std::string::npos)
              options.prune_pattern = text.substr(comma + 1);
          },
          "Set this part of the weights to zero: 0.5, or 0.5,layer or "
          "0.5,2:4, 0.5,block or 0.5,block16; with --representative-data the "
          "others are fitted anew")
      ->type_name("FRACTION[,PATTERN]");
  verb.add_flag("--sparse,!--no-sparse", options.sparse,
                "Store pruned weights without their zeros, which runtimes for "
                "microcontrollers cannot read (--no-sparse: do not)");
  verb.add_option("--cluster", options.cluster,
                  "Leave at most this many different weights in a layer");
  verb.add_option("--recipe", options.recipe,
                  "A JSON file with a mode for each layer");
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
                   "directory, a frozen graph's .pb / .pbtxt, a detector's "
                   "pipeline.config (with --checkpoint), or a float .tflite to "
                   "optimize")
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
  verb->add_option("--skip-layer", options.skip_layers,
                   "A layer of a Keras model whose output is its input: one "
                   "that cannot be converted and does nothing at inference")
      ->take_all();
  verb->add_option("--checkpoint", arguments->checkpoint,
                   "The directory with the checkpoint of a pipeline.config");
  AddDetectionOptions(*verb, options);
  verb->add_option("--labels", options.labels,
                   "Labels to keep in the .tflite: one a line, or a label map "
                   "(.pbtxt)");
  verb->add_option("--custom-op", options.custom_ops,
                   "Write this TensorFlow operation as a custom operator of "
                   "its name; repeatable")
      ->type_name("NAME");
  verb->add_flag("--allow-constant-outputs", options.allow_constant_outputs,
                 "Convert even if no output depends on an input");
  verb->add_option("--target-runtime", options.target_runtime,
                   "The TensorFlow Lite that must run it: 2.5.0")
      ->type_name("VERSION");
  verb->add_flag("!--no-check", options.check,
                 "Do not run what was converted against its source");
  AddOptimize(*verb, options.optimize);
  verb->add_option("--report", arguments->report,
                   "Write what it did to size, numbers and speed: .html, or "
                   "the same as .json");
  verb->add_option("--evaluate-data", arguments->evaluate_data,
                   "Count how often the model is right, before and after: a "
                   "data set as evaluate takes it");
  verb->callback([arguments, &outcome] { outcome = Convert(*arguments); });
}
