// SPDX-License-Identifier: Apache-2.0
// {"liteforge_calibration": 2, "graphs": {"main": {"conv": {"examples": 3,
//  "min": …, "max": …, "sum_of_min": …, "sum_of_max": …, "exponent": -9,
//  "first_bin": 17, "bins": [4, 0, 9, …], "channel_count": …,
//  "channel_sums": […]}, …}, …}}
#include "quantize/calibration.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "base/try.h"

namespace liteforge {
namespace {

using Json = nlohmann::ordered_json;

std::string Unused(const std::string& name, std::set<std::string>& used) {
  std::string candidate = name.empty() ? "tensor" : name;
  for (int i = 1; !used.insert(candidate).second; ++i)
    candidate = name + "_" + std::to_string(i);
  return candidate;
}

constexpr std::string_view kMark = "liteforge_calibration";
constexpr int kVersion = 2;

Json ToJsonObject(const Statistics& s) {
  const auto filled = [](int64_t count) { return count != 0; };
  const auto first = std::find_if(s.bins.begin(), s.bins.end(), filled);
  const auto last = std::find_if(s.bins.rbegin(), s.bins.rend(), filled).base();
  Json json;
  json["examples"] = s.examples;
  json["min"] = s.min;
  json["max"] = s.max;
  json["sum_of_min"] = s.sum_of_min;
  json["sum_of_max"] = s.sum_of_max;
  json["exponent"] = s.exponent;
  json["first_bin"] = first - s.bins.begin();
  json["bins"] =
      first < last ? std::vector<int64_t>(first, last) : std::vector<int64_t>();
  json["channel_count"] = s.channel_count;
  json["channel_sums"] = s.channel_sums;
  return json;
}

// An integer or a list of them, for get() makes one of any number.
const Json& Integers(const Json& json) {
  const bool sound = json.is_array()
                         ? std::ranges::all_of(json, &Json::is_number_integer)
                         : json.is_number_integer();
  if (sound) return json;
  throw Json::type_error::create(302, "type must be integer", &json);
}

// nlohmann's at() and get() throw; what they throw is caught by FromJson.
Statistics FromJsonObject(const Json& json) {
  Statistics s;
  Integers(json.at("examples")).get_to(s.examples);
  json.at("min").get_to(s.min);
  json.at("max").get_to(s.max);
  json.at("sum_of_min").get_to(s.sum_of_min);
  json.at("sum_of_max").get_to(s.sum_of_max);
  Integers(json.at("exponent")).get_to(s.exponent);
  Integers(json.at("channel_count")).get_to(s.channel_count);
  json.at("channel_sums").get_to(s.channel_sums);
  const auto bins = Integers(json.at("bins")).get<std::vector<int64_t>>();
  const auto first = Integers(json.at("first_bin")).get<size_t>();
  s.bins.resize(2 * Statistics::kHalfBins);
  const bool sound = first <= s.bins.size() &&
                     bins.size() <= s.bins.size() - first && s.examples > 0 &&
                     std::isfinite(s.min) && std::isfinite(s.max) &&
                     s.min <= s.max && s.exponent >= -149 && s.exponent <= 128;
  if (!sound) s.examples = 0;
  if (sound)
    std::copy(bins.begin(), bins.end(),
              s.bins.begin() + static_cast<ptrdiff_t>(first));
  return s;
}

}  // namespace

void NameUniquely(ir::Module& module) {
  std::set<std::string> graphs;
  for (const auto& graph : module.graphs) {
    graph->name = Unused(graph->name.empty() ? "main" : graph->name, graphs);
    std::set<std::string> used;
    std::set<const ir::Value*> done;
    const auto name = [&](ir::Value* value) {
      if (value != nullptr && done.insert(value).second)
        value->name = Unused(value->name, used);
    };
    for (ir::Value* value : graph->inputs()) name(value);
    for (ir::Value* value : graph->outputs()) name(value);
    for (const auto& value : graph->values()) name(value.get());
  }
}

const Statistics* Calibration::Find(const ir::Graph& graph,
                                    const ir::Value& value) const {
  return Find(graph.name, value.name);
}

const Statistics* Calibration::Find(const std::string& graph,
                                    const std::string& value) const {
  const auto values = graphs_.find(graph);
  if (values == graphs_.end()) return nullptr;
  const auto found = values->second.find(value);
  return found == values->second.end() || found->second.examples == 0
             ? nullptr
             : &found->second;
}

Result<void> Calibration::Merge(const Calibration& other) {
  for (const auto& [graph, values] : other.graphs_) {
    const auto mine = graphs_.find(graph);
    if (mine == graphs_.end()) continue;
    const bool known = std::ranges::any_of(values, [&](const auto& row) {
      return mine->second.contains(row.first);
    });
    if (!known)
      return InvalidArgument(
          "has no tensor of graph '" + graph +
          "' in common with the others; all must come from one model");
  }
  Add(other);
  return {};
}

void Calibration::Add(const Calibration& other) {
  for (const auto& [graph, values] : other.graphs_) {
    for (const auto& [name, statistics] : values)
      graphs_[graph][name].Merge(statistics);
  }
}

std::string Calibration::ToJson() const {
  Json json;
  json[std::string(kMark)] = kVersion;
  json["graphs"] = Json::object();
  for (const auto& [graph, values] : graphs_) {
    for (const auto& [name, statistics] : values)
      json["graphs"][graph][name] = ToJsonObject(statistics);
  }
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

Result<Calibration> Calibration::FromJson(std::string_view text) {
  const auto wrong = [](const std::string& why) {
    return InvalidModel("is no calibration file: " + why +
                        "; make one with convert --calibration-out");
  };
  const Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object() || !json.contains(kMark)) return wrong("not its JSON");
  if (json[std::string(kMark)] != kVersion)
    return Unsupported("is a calibration file of another version");
  Calibration calibration;
  try {
    for (const auto& [graph, values] : json.at("graphs").items()) {
      for (const auto& [name, object] : values.items()) {
        const Statistics s = FromJsonObject(object);
        if (s.examples == 0)
          return wrong("tensor '" + name + "' makes no sense");
        calibration.graphs_[graph][name] = s;
      }
    }
  } catch (const nlohmann::json::exception& e) {
    return wrong(e.what());
  }
  return calibration;
}

}  // namespace liteforge
