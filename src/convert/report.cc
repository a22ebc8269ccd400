// SPDX-License-Identifier: Apache-2.0
#include "convert/report.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>

#include "base/try.h"
#include "convert/compare.h"
#include "convert/evaluate.h"
#include "convert/examples.h"
#include "convert/time_models.h"
#include "convert/zipped_size.h"
#include "formats/tflite/model_reader.h"

namespace liteforge {
namespace {

constexpr size_t kMostDistinct = 256;

//-------------------------------------------------------------------- constants

// A constant of a .tflite, in place.
struct Constant {
  DataType type;
  Shape shape;
  Quantization quantization;
  bool sparse;
  Blob data;
};

Quantization QuantizationOf(const tflite::Tensor& tensor) {
  Quantization q;
  if (const auto* from = tensor.quantization(); from != nullptr) {
    const auto scale = Elements(from->scale());
    const auto zero_point = Elements(from->zero_point());
    q.scale.assign(scale.begin(), scale.end());
    q.zero_point.assign(zero_point.begin(), zero_point.end());
    q.axis = from->quantized_dimension();
  }
  return q;
}

// By subgraph and name; of several of one name the first.
using Constants = std::map<std::pair<size_t, std::string>, Constant>;

Constants ConstantsOf(const TfliteModel& model) {
  Constants constants;
  const auto* graphs = model->subgraphs();
  for (uint32_t g = 0; g < Count(graphs); ++g) {
    const auto* tensors = graphs->Get(g)->tensors();
    for (uint32_t t = 0; t < Count(tensors); ++t) {
      const tflite::Tensor& tensor = *tensors->Get(t);
      if (!model.IsConstant(tensor)) continue;
      constants.emplace(
          std::pair(g, std::string(Text(tensor.name()))),
          Constant{static_cast<DataType>(tensor.type()),
                   Shape(Elements(tensor.shape())), QuantizationOf(tensor),
                   tensor.sparsity() != nullptr,
                   model.BufferData(tensor.buffer())});
    }
  }
  return constants;
}

std::vector<float> ValuesOf(const Constant& c) {
  return RealValues(c.type, c.quantization, c.shape, c.data.bytes());
}

double SqnrDb(std::span<const float> before, std::span<const float> after) {
  if (before.size() != after.size() || before.empty())
    return std::numeric_limits<double>::quiet_NaN();
  double signal = 0, noise = 0;
  for (size_t i = 0; i < before.size(); ++i) {
    const double b = before[i], d = static_cast<double>(after[i]) - b;
    signal += b * b;
    noise += d * d;
  }
  return noise == 0 ? std::numeric_limits<double>::infinity()
                    : 10 * std::log10(signal / noise);
}

int64_t CountDistinct(std::span<const float> values) {
  std::set<float> distinct;
  for (const float value : values) {
    distinct.insert(value);
    if (distinct.size() > kMostDistinct) return -1;
  }
  return static_cast<int64_t>(distinct.size());
}

ConstantReport ReportOf(const std::string& name, const Constant* before,
                        const Constant* after) {
  ConstantReport report;
  report.name = name;
  report.sqnr_db = std::numeric_limits<double>::quiet_NaN();
  for (const int side : {0, 1}) {
    const Constant* c = side == 0 ? before : after;
    if (c == nullptr) continue;
    report.shape = c->shape;
    report.elements = std::max<int64_t>(c->shape.elements(), 0);
    report.dtype[side] = Name(c->type);
    report.bytes[side] = static_cast<int64_t>(c->data.size());
  }
  if (after == nullptr) return report;
  report.quantization = after->quantization;
  report.sparse = after->sparse;
  const std::vector<float> values = ValuesOf(*after);
  const auto stored = static_cast<int64_t>(values.size());
  report.distinct = CountDistinct(values);
  report.zeros = std::ranges::count(values, 0.0f);
  if (after->sparse) report.zeros += report.elements - stored;
  if (before != nullptr && !after->sparse)
    report.sqnr_db = SqnrDb(ValuesOf(*before), values);
  return report;
}

const Constant* Find(const Constants& constants,
                     const Constants::key_type& key) {
  const auto found = constants.find(key);
  return found == constants.end() ? nullptr : &found->second;
}

std::vector<ConstantReport> ReportConstants(const Constants& before,
                                            const Constants& after) {
  std::vector<ConstantReport> reports;
  for (const auto& [key, constant] : after)
    reports.push_back(ReportOf(key.second, Find(before, key), &constant));
  for (const auto& [key, constant] : before) {
    if (!after.contains(key))
      reports.push_back(ReportOf(key.second, &constant, nullptr));
  }
  std::ranges::stable_sort(reports, std::ranges::greater(), [](const auto& r) {
    return std::max(r.bytes[0], r.bytes[1]);
  });
  return reports;
}

//------------------------------------------------------------------------ sizes

void AddSizes(const Constants& constants, int64_t file_bytes, int side,
              std::map<std::string, SizeReport>& sizes, SizeReport& rest) {
  rest.bytes[side] = file_bytes;
  std::set<const std::byte*> counted;  // constants may share their bytes
  for (const auto& [key, constant] : constants) {
    if (!counted.insert(constant.data.data()).second) continue;
    const auto bytes = static_cast<int64_t>(constant.data.size());
    SizeReport& size = sizes[std::string(Name(constant.type))];
    size.bytes[side] += bytes;
    rest.bytes[side] -= bytes;
  }
}

std::vector<SizeReport> ReportSizes(const Constants* constants,
                                    const int64_t* file_bytes) {
  std::map<std::string, SizeReport> sizes;
  SizeReport rest{"operators, tensors, names and metadata"};
  for (const int side : {0, 1})
    AddSizes(constants[side], file_bytes[side], side, sizes, rest);
  std::vector<SizeReport> list;
  for (auto& [type, size] : sizes) {
    size.kind = type + " constants";
    list.push_back(std::move(size));
  }
  std::ranges::stable_sort(list, std::ranges::greater(), [](const auto& s) {
    return std::max(s.bytes[0], s.bytes[1]);
  });
  list.push_back(std::move(rest));
  return list;
}

//----------------------------------------------------------------------- ranges

// What the numbers of an integer type stand for.
std::pair<double, double> Holds(DataType type, double scale, double zero) {
  double low = 0, high = 255;  // uint8
  if (type == DataType::kInt8) low = -128, high = 127;
  if (type == DataType::kInt16) low = -32768, high = 32767;
  return {(low - zero) * scale, (high - zero) * scale};
}

// Quantizing names some tensors after the float one that was seen: NAME_int8.
const Statistics* SeenOf(const Calibration& calibration, const ir::Graph& graph,
                         const std::string& name) {
  const Statistics* seen = calibration.Find(graph.name, name);
  if (seen != nullptr) return seen;
  const size_t suffix = name.rfind('_');
  if (suffix == std::string::npos) return nullptr;
  return calibration.Find(graph.name, name.substr(0, suffix));
}

void AddRange(const ir::Graph& graph, const ir::Value& value,
              const Calibration& calibration,
              std::vector<RangeReport>& ranges) {
  const Quantization& q = value.quantization;
  if (value.is_constant() || q.scale.size() != 1 || q.zero_point.size() != 1)
    return;
  const Statistics* seen = SeenOf(calibration, graph, value.name);
  if (seen == nullptr) return;
  RangeReport range;
  range.name = value.name;
  range.dtype = Name(value.type);
  range.examples = seen->examples;
  range.seen[0] = static_cast<double>(seen->min);
  range.seen[1] = static_cast<double>(seen->max);
  range.scale = static_cast<double>(q.scale[0]);
  range.zero_point = q.zero_point[0];
  std::tie(range.holds[0], range.holds[1]) =
      Holds(value.type, range.scale, static_cast<double>(range.zero_point));
  ranges.push_back(std::move(range));
}

std::vector<RangeReport> ReportRanges(const ir::Module& module,
                                      const Calibration& calibration) {
  std::vector<RangeReport> ranges;
  for (const auto& graph : module.graphs) {
    for (const ir::Value* input : graph->inputs())
      AddRange(*graph, *input, calibration, ranges);
    for (const auto& node : graph->nodes()) {
      for (const ir::Value* output : node->outputs())
        AddRange(*graph, *output, calibration, ranges);
    }
  }
  return ranges;
}

//---------------------------------------------------------------------- running

// Random numbers for an input that wants no particular ones.
Result<std::vector<NpyArray>> DrawExample(const NamedModel& model) {
  TRY_ASSIGN(Interpreter interpreter, Interpreter::FromBuffer(model.bytes));
  TRY(interpreter.AllocateTensors());
  std::mt19937_64 generator(1);
  std::vector<NpyArray> example;
  for (const TensorDetails& input : interpreter.InputDetails())
    example.push_back(DrawInput(input, generator));
  return example;
}

Result<Comparison> TimeAlone(const NamedModel& model) {
  TRY_ASSIGN(const auto example, DrawExample(model));
  TRY_ASSIGN(const Times times,
             TimeInTurns(std::span(&model, 1), std::span(&example, 1),
                         /*operators=*/true));
  Comparison comparison;
  comparison.models[1] = model.name;
  comparison.bytes[1] = static_cast<int64_t>(model.bytes.size());
  comparison.median_us[1] = times.median_us[1];
  comparison.operators = times.operators;
  return comparison;
}

Result<Comparison> RunModels(const Conversion& conversion,
                             const ReportOptions& options) {
  const NamedModel after{conversion.source, conversion.after};
  if (conversion.before.empty())
    return options.details ? TimeAlone(after) : Comparison();
  CompareOptions compare;
  compare.per_layer = options.details;
  compare.random_examples = compare.most_examples = options.examples;
  return CompareBytes({conversion.source, conversion.before}, after, compare,
                      conversion.examples);
}

Result<void> EvaluateSides(const Conversion& conversion,
                           const ReportOptions& options, Report& report) {
  if (options.evaluate_data.empty()) return {};
  for (const int side : {0, 1}) {
    const auto bytes = side == 0 ? conversion.before : conversion.after;
    if (bytes.empty()) continue;
    TRY_ASSIGN(report.evaluation[side],
               EvaluateBytes({conversion.source, bytes}, options.evaluate_data,
                             options.evaluate));
  }
  return {};
}

}  // namespace

Result<Report> MakeReport(const Conversion& conversion,
                          const ReportOptions& options) {
  Report report;
  report.source = conversion.source;
  report.mode = conversion.optimized->mode;
  report.optimized = !conversion.before.empty();
  Constants constants[2];
  for (const int side : {0, 1}) {
    const auto bytes = side == 0 ? conversion.before : conversion.after;
    report.bytes[side] = static_cast<int64_t>(bytes.size());
    if (bytes.empty()) continue;
    if (options.details || conversion.is_for_zip)
      report.zipped[side] = ZippedSize(bytes);
    if (!options.details) continue;
    TRY_ASSIGN(const TfliteModel model,
               TfliteModel::FromBytes(Blob::Copy(bytes)));
    constants[side] = ConstantsOf(model);
  }
  for (const FloatOperator& left : conversion.optimized->left_float)
    report.left_float.push_back({left.op, left.name, left.reason});
  if (options.details) {
    report.constants = ReportConstants(constants[0], constants[1]);
    report.sizes = ReportSizes(constants, report.bytes);
    report.ranges =
        ReportRanges(*conversion.module, conversion.optimized->calibration);
  }
  auto compared = RunModels(conversion, options);
  if (compared) {
    report.comparison = *std::move(compared);
  } else {
    report.not_compared = compared.error().ToString();
  }
  TRY(EvaluateSides(conversion, options, report));
  return report;
}

}  // namespace liteforge
