// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <nlohmann/json.hpp>

#include "liteforge/detection.h"

namespace liteforge {
namespace {

using Json = nlohmann::ordered_json;

// As few digits as tell floats apart where it matters.
double Short(double value, double digits = 1e4) {
  return std::round(value * digits) / digits;
}

Json Classes(const std::vector<ScoredLabel>& classes) {
  Json list = Json::array();
  for (const ScoredLabel& c : classes)
    list.push_back(
        {{"label", c.name}, {"class", c.label}, {"score", Short(c.score)}});
  return list;
}

Json Objects(const std::vector<DetectedObject>& objects) {
  Json list = Json::array();
  for (const DetectedObject& o : objects)
    list.push_back({{"label", o.name},
                    {"class", o.label},
                    {"score", Short(o.score)},
                    {"box",
                     {Short(o.box.top), Short(o.box.left), Short(o.box.bottom),
                      Short(o.box.right)}}});
  return list;
}

Json Points(const std::vector<KeyPoint>& points) {
  Json list = Json::array();
  for (const KeyPoint& p : points)
    list.push_back(
        {{"y", Short(p.y)}, {"x", Short(p.x)}, {"score", Short(p.score)}});
  return list;
}

}  // namespace

std::string ToJson(const FrameReport& frame) {
  Json json;
  json["frame"] = frame.index;
  if (!frame.file.empty()) json["file"] = frame.file;
  json["seconds"] = Short(frame.seconds);
  json["width"] = frame.width;
  json["height"] = frame.height;
  json["fps"] = Short(frame.fps, 100);
  json["dropped"] = frame.dropped;
  json["ms"] = {{"capture", Short(frame.times.capture)},
                {"pre", Short(frame.times.pre)},
                {"infer", Short(frame.times.infer)},
                {"post", Short(frame.times.post)}};
  json["task"] = Name(frame.findings.task);
  switch (frame.findings.task) {
    case ModelTask::kDetection:
      json["objects"] = Objects(frame.findings.objects);
      break;
    case ModelTask::kPose:
      json["points"] = Points(frame.findings.points);
      break;
    default:
      json["classes"] = Classes(frame.findings.classes);
  }
  // Labels may be any bytes.
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace liteforge
