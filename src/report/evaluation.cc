// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "report/comparison_sections.h"

namespace liteforge {

using Json = nlohmann::ordered_json;

Json JsonOf(const Evaluation& e) {
  Json json;
  json["examples"] = e.examples;
  if (e.is_detector) {
    json["map"] = e.map;
    json["ap50"] = e.ap50;
    json["ap75"] = e.ap75;
  } else {
    json["top1"] = e.top1;
    json["top5"] = e.top5;
  }
  json["classes"] = Json::array();
  for (const Evaluation::Class& c : e.classes) {
    Json row{{"name", c.name}, {"examples", c.examples}};
    e.is_detector ? row["ap"] = c.ap : row["right"] = c.right;
    json["classes"].push_back(std::move(row));
  }
  return json;
}

std::string ToJson(const Evaluation& evaluation) {
  return Written(JsonOf(evaluation));
}

std::string ToText(const Evaluation& e) {
  std::string text =
      e.is_detector
          ? fmt::format("{} images: mAP {:.2f}, AP50 {:.2f}, AP75 {:.2f}",
                        e.examples, 100 * e.map, 100 * e.ap50, 100 * e.ap75)
          : fmt::format("{} examples: top-1 {:.2f} %, top-5 {:.2f} %",
                        e.examples, 100 * e.top1, 100 * e.top5);
  for (const Evaluation::Class& c : e.classes)
    text += e.is_detector ? fmt::format("\n  {:<24} AP {:.2f}, {} objects",
                                        c.name, 100 * c.ap, c.examples)
                          : fmt::format("\n  {:<24} {} of {}", c.name, c.right,
                                        c.examples);
  return text;
}

}  // namespace liteforge
