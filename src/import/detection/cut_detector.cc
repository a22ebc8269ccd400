// SPDX-License-Identifier: Apache-2.0
// What is looked for, backwards from the outputs:
//
//   raw_detection_scores   Sigmoid | Softmax of [Mul by a constant of] a
//                          ConcatV2 of Reshapes [.., .., columns]
//   raw_detection_boxes    [Squeeze, ExpandDims, Reshape …] Transpose of
//                          Pack(yc - h/2, xc - w/2, yc + h/2, xc + w/2)
//                            h  = exp(th / h_scale) * ha
//                            yc = ty / y_scale * ha + ya      (x, w likewise)
//                          ty, tx, th, tw: Unpack(Transpose(encodings)), ha …:
//                          of anchors, which no pixel may reach
//   the image              what the only convolution without another before it
//                          reads; its size is that of the one resizing before
//   suppression            NonMaxSuppressionV5, all with the same constants
//   background             a Slice of the scores from column 1 on
// Source: object_detection/exporter_lib_v2.py, meta_architectures/
// ssd_meta_arch.py, box_coders/faster_rcnn_box_coder.py,
// core/post_processing.py.
#include "import/detection/cut_detector.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "base/try.h"
#include "formats/tensorflow/tensor_proto.h"
#include "function/detection_postprocess.h"
#include "import/detection/graph_view.h"

namespace liteforge {
namespace {

using Point = GraphView::Point;

constexpr std::string_view kRawBoxes = "raw_detection_boxes";
constexpr std::string_view kRawScores = "raw_detection_scores";
// All that such a model gives; more is another model.
constexpr std::string_view kKnownOutputs[] = {"detection_anchor_indices",
                                              "detection_boxes",
                                              "detection_classes",
                                              "detection_multiclass_scores",
                                              "detection_scores",
                                              "num_detections",
                                              kRawBoxes,
                                              kRawScores};

const std::set<std::string_view> kReshaping = {"Squeeze", "ExpandDims",
                                               "Reshape"};

bool Convolves(const tf::NodeDef& node) {
  return node.op() == "Conv2D" || node.op() == "DepthwiseConv2dNative";
}

const FunctionArgument* FindOutput(const ConcreteFunction& function,
                                   std::string_view name) {
  const auto found =
      std::ranges::find(function.outputs, name, &FunctionArgument::name);
  return found == function.outputs.end() ? nullptr : &*found;
}

struct Coding {
  Point encodings;
  float y_scale = 1, x_scale = 1, h_scale = 1, w_scale = 1;
  Point ya, xa, ha, wa;  // of the anchors
};

struct Suppression {
  float iou = 0;
  float score = 0;
};

struct Columns {
  int32_t count = 0;
  int32_t background = 0;
};

class Cutter {
 public:
  Cutter(const ConcreteFunction& function, const DetectionOptions& options)
      : function_(function), view_(function), options_(options) {}

  Result<ConcreteFunction> Cut() const;

 private:
  tl::unexpected<Error> Uncertain(const std::string& what) const;
  Result<void> CheckOutputs() const;
  Result<Point> Logits(const Point& scores) const;
  Result<Coding> Decoding(const Point& boxes) const;
  Result<void> CheckAnchors(const Coding& coding) const;
  Result<Point> Image(const Point& encodings) const;
  Result<std::pair<int32_t, int32_t>> SizeOf(const Point& image) const;
  Result<Suppression> Suppressing() const;
  Result<Columns> ColumnsOf(const Point& scores, const Point& logits) const;

  const ConcreteFunction& function_;
  GraphView view_;
  const DetectionOptions& options_;
};

tl::unexpected<Error> Cutter::Uncertain(const std::string& what) const {
  const std::filesystem::path beside =
      std::filesystem::path(function_.source).parent_path();
  return Unsupported(fmt::format(
      "is a detector of the Object Detection API, but {}; make the .tflite of "
      "its checkpoint: liteforge convert {} --checkpoint {} -o model.tflite",
      what, (beside / "pipeline.config").string(),
      (beside / "checkpoint").string()));
}

Result<void> Cutter::CheckOutputs() const {
  for (const FunctionArgument& output : function_.outputs) {
    if (std::ranges::find(kKnownOutputs, output.name) ==
        std::end(kKnownOutputs))
      return Uncertain(
          fmt::format("it has a further output '{}'", output.name));
  }
  if (function_.inputs.size() != 1)
    return Uncertain(fmt::format("it has {} inputs", function_.inputs.size()));
  return {};
}

//--------------------------------------------------------------------- scores

Result<Point> Cutter::Logits(const Point& scores) const {
  if (!scores.Is("Sigmoid") && !scores.Is("Softmax"))
    return Uncertain("its scores come from no Sigmoid or Softmax");
  Point logits = view_.Input(scores, 0);
  if (logits.Is("Mul") && view_.Constant(view_.Input(logits, 1)))
    logits = view_.Input(logits, 0);
  if (!logits.Is("ConcatV2"))
    return Uncertain("its class scores are not joined of feature maps");
  return logits;
}

Result<Columns> Cutter::ColumnsOf(const Point& scores,
                                  const Point& logits) const {
  Columns columns;
  // The last operand is the axis.
  for (int i = 0; i + 1 < logits.node->input_size(); ++i) {
    const Point part = view_.Input(logits, i);
    const auto last =
        part.Is("Reshape") ? view_.LastOf(view_.Input(part, 1)) : std::nullopt;
    if (!last || *last < 1 || (columns.count > 0 && *last != columns.count))
      return Uncertain("the number of its classes cannot be told");
    columns.count = static_cast<int32_t>(*last);
  }
  for (const tf::NodeDef& node : function_.graph.node()) {
    const bool strided = node.op() == "StridedSlice";
    if (!strided && node.op() != "Slice") continue;
    const Point slice = view_.At(node.name());
    if (!(view_.Input(slice, 0) == scores)) continue;
    const auto begin = view_.Constant(view_.Input(slice, 1));
    if (begin && begin->size() == 3 && begin->back() == 1)
      columns.background = 1;
  }
  if (columns.count <= columns.background)
    return Uncertain("it has no classes");
  return columns;
}

//---------------------------------------------------------------------- boxes

// `x` divided by a constant, and the constant; 1 when it is not divided.
struct Scaled {
  Point value;
  float divisor = 1;
};
Scaled Unscale(const GraphView& view, const Point& x) {
  const bool divides = x.Is("RealDiv");
  if (divides || x.Is("Mul")) {
    const auto constant = view.Constant(view.Input(x, 1));
    if (constant && constant->size() == 1 && (*constant)[0] > 0) {
      const double c = (*constant)[0];
      return {view.Input(x, 0), static_cast<float>(divides ? c : 1 / c)};
    }
  }
  return {x, 1};
}

// a ± b/2, with a and b.
struct Halved {
  Point centre, extent;
};
std::optional<Halved> Edge(const GraphView& view, const Point& x, bool upper) {
  const bool fits = upper ? x.Is("AddV2") || x.Is("Add") : x.Is("Sub");
  if (!fits) return std::nullopt;
  const Scaled half = Unscale(view, view.Input(x, 1));
  if (half.divisor != 2) return std::nullopt;
  return Halved{view.Input(x, 0), half.value};
}

// One axis: where its place and extent come from.
struct PlaceAndExtent {
  Point place, extent;  // outputs of the encodings' Unpack
  float place_scale, extent_scale;
  Point anchor, anchor_extent;
};
std::optional<PlaceAndExtent> DecodedAxis(const GraphView& view,
                                          const Point& low, const Point& high) {
  const auto a = Edge(view, low, false), b = Edge(view, high, true);
  if (!a || !b || !(a->centre == b->centre) || !(a->extent == b->extent))
    return std::nullopt;
  const Point extent = a->extent, centre = a->centre;
  if (!extent.Is("Mul") || !(centre.Is("AddV2") || centre.Is("Add")))
    return std::nullopt;
  const Point exponential = view.Input(extent, 0);
  const Point moved = view.Input(centre, 0);
  if (!exponential.Is("Exp") || !moved.Is("Mul") ||
      !(view.Input(moved, 1) == view.Input(extent, 1)))
    return std::nullopt;
  const Scaled place = Unscale(view, view.Input(moved, 0));
  const Scaled size = Unscale(view, view.Input(exponential, 0));
  return PlaceAndExtent{place.value,           size.value,
                        place.divisor,         size.divisor,
                        view.Input(centre, 1), view.Input(extent, 1)};
}

bool IsUnpacked(const Point& point, const Point& unpack, int output) {
  return point.Is("Unpack") && point.node == unpack.node &&
         point.output == output;
}

Result<Coding> Cutter::Decoding(const Point& boxes) const {
  Point pack = view_.Through(boxes, kReshaping);
  if (pack.Is("Transpose")) pack = view_.Input(pack, 0);
  const auto wrong = [&] {
    return Uncertain("its boxes are not decoded as faster_rcnn_box_coder does");
  };
  if (!pack.Is("Pack") || pack.node->input_size() < 4) return wrong();
  const auto y = DecodedAxis(view_, view_.Input(pack, 0), view_.Input(pack, 2));
  const auto x = DecodedAxis(view_, view_.Input(pack, 1), view_.Input(pack, 3));
  if (!y || !x) return wrong();
  const Point unpack = y->place;
  if (!IsUnpacked(y->place, unpack, 0) || !IsUnpacked(x->place, unpack, 1) ||
      !IsUnpacked(y->extent, unpack, 2) || !IsUnpacked(x->extent, unpack, 3))
    return wrong();
  Point encodings = view_.Input(unpack, 0);
  if (encodings.Is("Transpose")) encodings = view_.Input(encodings, 0);
  encodings = view_.Through(encodings, {"Reshape"});
  if (!encodings.Is("ConcatV2") && !encodings.Is("Squeeze")) return wrong();
  return Coding{encodings,       y->place_scale,   x->place_scale,
                y->extent_scale, x->extent_scale,  y->anchor,
                x->anchor,       y->anchor_extent, x->anchor_extent};
}

// Anchors may ask for the size of feature maps and for nothing else of them.
Result<void> Cutter::CheckAnchors(const Coding& coding) const {
  for (const Point& part : {coding.ya, coding.xa, coding.ha, coding.wa}) {
    if (part.node == nullptr) return Uncertain("its anchors cannot be found");
    const auto nodes = view_.Ancestors(
        part.tensor,
        [](const tf::NodeDef& node) { return node.op() == "Shape"; });
    for (const tf::NodeDef* node : nodes) {
      if (Convolves(*node) || node->op() == "Placeholder")
        return Uncertain("its anchors are not constant");
    }
  }
  return {};
}

//---------------------------------------------------------------------- image

Result<Point> Cutter::Image(const Point& encodings) const {
  const tf::NodeDef* stem = nullptr;
  for (const tf::NodeDef* node : view_.Ancestors(encodings.tensor)) {
    if (!Convolves(*node)) continue;
    const auto before = view_.Ancestors(node->input(0));
    if (std::ranges::any_of(before,
                            [](const tf::NodeDef* n) { return Convolves(*n); }))
      continue;
    if (stem != nullptr) return Uncertain("its network has several beginnings");
    stem = node;
  }
  if (stem == nullptr) return Uncertain("its network has no convolution");
  return view_.Through(view_.Input(view_.At(stem->name()), 0),
                       {"Pad", "PadV2"});
}

// Sizes that images are brought to, in a function and those it calls.
void CollectSizes(const GraphView& view,
                  const std::vector<const tf::NodeDef*>& nodes,
                  std::vector<std::optional<std::vector<double>>>& sizes) {
  for (const tf::NodeDef* node : nodes) {
    if (node->op().starts_with("Resize")) {
      sizes.push_back(view.Constant(view.Input(view.At(node->name()), 1)));
    }
    for (const auto& [key, value] : node->attr()) {
      const auto& functions = view.function().functions;
      const auto called = value.has_func() ? functions.find(value.func().name())
                                           : functions.end();
      if (called == functions.end()) continue;
      const GraphView inner(*called->second);
      std::vector<const tf::NodeDef*> all;
      for (const tf::NodeDef& n : called->second->graph.node())
        all.push_back(&n);
      CollectSizes(inner, all, sizes);
    }
  }
}

Result<std::pair<int32_t, int32_t>> Cutter::SizeOf(const Point& image) const {
  std::vector<std::optional<std::vector<double>>> sizes;
  CollectSizes(view_, view_.Ancestors(image.tensor), sizes);
  if (sizes.size() != 1 || !sizes[0] || sizes[0]->size() != 2 ||
      !((*sizes[0])[0] >= 1) || !((*sizes[0])[1] >= 1))
    return Uncertain("the size it brings images to is not fixed");
  return std::pair(static_cast<int32_t>((*sizes[0])[0]),
                   static_cast<int32_t>((*sizes[0])[1]));
}

//---------------------------------------------------------------- suppression

void CollectSuppressions(const ConcreteFunction& function,
                         std::vector<std::optional<Suppression>>& found) {
  const GraphView view(function);
  for (const tf::NodeDef& node : function.graph.node()) {
    if (!node.op().starts_with("NonMaxSuppression")) continue;
    const Point at = view.At(node.name());
    const auto iou = view.Constant(view.Input(at, 3));
    const auto score = view.Constant(view.Input(at, 4));
    const bool known = node.op() == "NonMaxSuppressionV5" && iou && score &&
                       iou->size() == 1 && score->size() == 1;
    found.push_back(
        known ? std::optional(Suppression{static_cast<float>((*iou)[0]),
                                          static_cast<float>((*score)[0])})
              : std::nullopt);
  }
  for (const auto& [name, called] : function.functions)
    CollectSuppressions(*called, found);
}

Result<Suppression> Cutter::Suppressing() const {
  std::vector<std::optional<Suppression>> found;
  CollectSuppressions(function_, found);
  if (found.empty()) return Uncertain("it suppresses no boxes");
  for (const auto& suppression : found) {
    if (!suppression)
      return Uncertain("its suppression's thresholds are not constant");
    if (suppression->iou != found[0]->iou ||
        suppression->score != found[0]->score)
      return Uncertain("it suppresses boxes in several ways");
  }
  return *found[0];
}

//------------------------------------------------------------------------ cut

tf::NodeDef& AddNode(tf::GraphDef& graph, const std::string& name,
                     std::string_view op,
                     const std::vector<std::string>& inputs) {
  tf::NodeDef& node = *graph.add_node();
  node.set_name(name);
  node.set_op(std::string(op));
  for (const std::string& input : inputs) node.add_input(input);
  return node;
}

// Every reader of `from` reads `to`.
void Redirect(tf::GraphDef& graph, const Point& from, const std::string& to) {
  for (tf::NodeDef& node : *graph.mutable_node()) {
    for (std::string& input : *node.mutable_input()) {
      const InputReference at = ParseInput(input);
      if (!at.control && at.node == from.node->name() &&
          at.output == from.output)
        input = to;
    }
  }
}

Result<ConcreteFunction> Cutter::Cut() const {
  TRY(CheckOutputs());
  const Point scores = view_.At(FindOutput(function_, kRawScores)->tensor);
  TRY_ASSIGN(const Point logits, Logits(scores));
  TRY_ASSIGN(const Columns columns, ColumnsOf(scores, logits));
  TRY_ASSIGN(const Coding coding,
             Decoding(view_.At(FindOutput(function_, kRawBoxes)->tensor)));
  TRY(CheckAnchors(coding));
  TRY_ASSIGN(const Suppression suppression, Suppressing());
  TRY_ASSIGN(const Point image, Image(coding.encodings));
  TRY_ASSIGN(const auto size, SizeOf(image));

  ConcreteFunction cut = function_;
  const std::string input = "input", pack = "anchors",
                    detect(kDetectionPostProcess);
  for (const std::string& name : {input, pack, detect}) {
    if (view_.At(name).node != nullptr)
      return Uncertain(fmt::format("it has a node '{}'", name));
  }
  // Channels are those that the first convolution reads; images are RGB.
  const Shape shape{1, size.first, size.second, 3};
  Redirect(cut.graph, image, input);
  tf::NodeDef& placeholder = AddNode(cut.graph, input, "Placeholder", {});
  (*placeholder.mutable_attr())["dtype"].set_type(tf::DT_FLOAT);
  *(*placeholder.mutable_attr())["shape"].mutable_shape() = ToTensorFlow(shape);
  tf::NodeDef& anchors = AddNode(
      cut.graph, pack, "Pack",
      {coding.ya.tensor, coding.xa.tensor, coding.ha.tensor, coding.wa.tensor});
  (*anchors.mutable_attr())["T"].set_type(tf::DT_FLOAT);
  (*anchors.mutable_attr())["N"].set_i(4);
  (*anchors.mutable_attr())["axis"].set_i(1);
  tf::NodeDef& post = AddNode(cut.graph, detect, kDetectionPostProcess,
                              {coding.encodings.tensor, scores.tensor, pack});
  auto& attributes = *post.mutable_attr();
  attributes["max_detections"].set_i(options_.max_detections);
  attributes["max_classes_per_detection"].set_i(1);
  attributes["num_classes"].set_i(columns.count - columns.background);
  attributes["use_regular_nms"].set_b(options_.use_regular_nms);
  attributes["nms_score_threshold"].set_f(SixDecimals(suppression.score));
  attributes["nms_iou_threshold"].set_f(SixDecimals(suppression.iou));
  attributes["y_scale"].set_f(coding.y_scale);
  attributes["x_scale"].set_f(coding.x_scale);
  attributes["h_scale"].set_f(coding.h_scale);
  attributes["w_scale"].set_f(coding.w_scale);
  cut.inputs = {{input, input, DataType::kFloat32, shape}};
  cut.outputs.clear();
  for (int i = 0; i < kDetectionOutputs; ++i) {
    cut.outputs.push_back({fmt::format("output_{}", kDetectionOutputs - 1 - i),
                           i == 0 ? detect : fmt::format("{}:{}", detect, i),
                           DataType::kFloat32, Shape::UnknownRank()});
  }
  OrderByOutputs(cut);
  return cut;
}

}  // namespace

Result<std::optional<ConcreteFunction>> CutDetector(
    const ConcreteFunction& function, const DetectionOptions& options) {
  if (FindOutput(function, kRawBoxes) == nullptr ||
      FindOutput(function, kRawScores) == nullptr)
    return std::nullopt;
  TRY_ASSIGN(ConcreteFunction cut, Cutter(function, options).Cut());
  return cut;
}

}  // namespace liteforge
