// SPDX-License-Identifier: Apache-2.0
#include "liteforge/report.h"
#include "report/comparison_sections.h"

namespace liteforge {
namespace {

using Json = nlohmann::ordered_json;

Json JsonOf(const SizeReport& size) {
  return {{"kind", size.kind}, {"bytes", {size.bytes[0], size.bytes[1]}}};
}

Json JsonOf(const ConstantReport& c) {
  Json json{{"name", c.name},
            {"shape", c.shape.dims()},
            {"dtype", {c.dtype[0], c.dtype[1]}},
            {"bytes", {c.bytes[0], c.bytes[1]}},
            {"elements", c.elements},
            {"zeros", c.zeros},
            {"distinct", c.distinct < 0 ? Json(nullptr) : Json(c.distinct)},
            {"sparse", c.sparse},
            {"sqnr_db", FiniteOrNull(c.sqnr_db)}};
  if (!c.quantization.empty())
    json["quantization"] = {{"scale", c.quantization.scale},
                            {"zero_point", c.quantization.zero_point},
                            {"axis", c.quantization.axis}};
  return json;
}

Json JsonOf(const RangeReport& r) {
  return {{"name", r.name},
          {"dtype", r.dtype},
          {"examples", r.examples},
          {"seen", {r.seen[0], r.seen[1]}},
          {"holds", {r.holds[0], r.holds[1]}},
          {"scale", r.scale},
          {"zero_point", r.zero_point}};
}

Json JsonOf(const FloatOperatorReport& left) {
  return {{"op", left.op}, {"name", left.name}, {"reason", left.reason}};
}

template <class T>
Json ListOf(const std::vector<T>& items) {
  Json json = Json::array();
  for (const T& item : items) json.push_back(JsonOf(item));
  return json;
}

Json EvaluationsOf(const Report& report) {
  Json json = Json::array();
  for (const auto& evaluation : report.evaluation)
    json.push_back(evaluation ? JsonOf(*evaluation) : Json(nullptr));
  return json;
}

}  // namespace

std::string ToJson(const Report& r) {
  Json json;
  json["source"] = r.source;
  json["mode"] = r.mode;
  json["notices"] = r.notices;
  json["optimized"] = r.optimized;
  json["bytes"] = {r.bytes[0], r.bytes[1]};
  json["zipped"] = {r.zipped[0], r.zipped[1]};
  json["sizes"] = ListOf(r.sizes);
  json["constants"] = ListOf(r.constants);
  json["ranges"] = ListOf(r.ranges);
  json["left_float"] = ListOf(r.left_float);
  json["comparison"] = JsonOf(r.comparison);
  json["not_compared"] = r.not_compared;
  json["evaluation"] = EvaluationsOf(r);
  return Written(json);
}

}  // namespace liteforge
