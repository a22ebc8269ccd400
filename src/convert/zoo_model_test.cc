// SPDX-License-Identifier: Apache-2.0
// SavedModels as the model zoo has them, made of a detector that is imported
// from its checkpoint: in front a loop over images that resizes and normalizes,
// behind it decoding and suppression.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/try.h"
#include "convert/detection_testing.h"
#include "function/builder.h"
#include "function/ops.h"
#include "function/write_saved_model.h"
#include "import/detection/cut_detector.h"

namespace liteforge::zoo_model_test {

using testing::AllOf;
using testing::HasSubstr;

namespace fs = std::filesystem;

constexpr int32_t kSide = 64;

constexpr int32_t kMost = 100;  // detections
constexpr int32_t kClasses = 3;

// How a model is written: as those of 2021, in loops over the images of a
// batch, as those of 2020, unrolled, or differing from what is expected.
enum class Form {
  kLoops,
  kUnrolled,
  kExtraOutput,   // a head that is none of a single-shot detector's
  kSecondNms,     // with another threshold
  kNoAnchors,     // boxes that stand for themselves
  kPixelAnchors,  // anchors that depend on the picture
  kOpenSize,      // a resizing to a size that depends on the picture
};

SsdText Detector() {
  SsdText text;
  text.feature_extractor =
      "type: 'ssd_mobilenet_v2_fpn_keras' depth_multiplier: 0.25 min_depth: 8 "
      "use_depthwise: true fpn { additional_layer_depth: 64 } " +
      ConvHyperparams();
  text.box_predictor =
      "weight_shared_convolutional_box_predictor { depth: 16 "
      "num_layers_before_predictor: 1 share_prediction_tower: true "
      "use_depthwise: true " +
      ConvHyperparams() + "}";
  text.anchor_generator =
      "multiscale_anchor_generator { aspect_ratios: [1, 2, 0.5] }";
  return text;
}

class ZooModel : public testing::Test {
 protected:
  ZooModel()
      : files_(std::string("zoo_") +
               testing::UnitTest::GetInstance()->current_test_info()->name()) {
    reference::Network net(0.5f);
    const auto maps = reference::MobileNetV2(
        net, reference::Map(kSide, kSide, 3),
        "model/_feature_extractor/classification_backbone", 0.25, 8);
    const auto pyramid = reference::Pyramid(
        net, {maps.at("block_5"), maps.at("block_12"), maps.at("out_relu")},
        {16, 2, true});
    reference::PredictShared(net, pyramid, {16, 1, 6, 4, true});
    net.WriteCheckpoint(files_.dir() / "checkpoint");
    config_ = files_.Config(Detector().Text());
    auto model = ImportDetection(config_, files_.dir() / "checkpoint", {});
    EXPECT_TRUE(model) << model.error().ToString();
    detector_ = std::move(model->function);
  }

  Result<fs::path> WriteZooModel(Form form) const {
    TRY_ASSIGN(const ConcreteFunction function, Surround(form));
    const fs::path folder = files_.dir() / "saved_model";
    TRY(WriteSavedModel(function, folder));
    return folder;
  }

  Result<ConcreteFunction> Surround(Form form) const;

  const DetectionFiles files_;
  fs::path config_;
  ConcreteFunction detector_;
};

// A picture [1, h, w, 3] resized, then (2 / 255) x - 1.
Tensor Prepared(Tensor picture, Form form) {
  FunctionBuilder& f = *picture.builder();
  const Tensor size = form == Form::kOpenSize
                          ? StridedSlice(ShapeOf(picture), {{1, 3, 1}})
                          : f.Constant(IntVector({kSide, kSide}));
  const Tensor resized =
      ResizeBilinear(picture, size, {1, kSide, kSide, 3}, false);
  return Sub(Mul(resized, f.Constant(FloatScalar(2 / 255.0f))),
             f.Constant(FloatScalar(1)));
}

// The state of a loop over images: its number, then tensors.
struct State {
  const char* name;
  Shape shape;
};

// i < 1
Result<ConcreteFunction> ForOneImage(std::span<const State> states) {
  FunctionBuilder cond("cond");
  const Tensor i = cond.Input("i", DataType::kInt32, Shape());
  for (const State& state : states)
    cond.Input(state.name, DataType::kFloat32, state.shape);
  cond.Output("go", Less(i, cond.Constant(IntScalar(1))));
  return cond.Finish();
}

Tensor Zeros(FunctionBuilder& f, const Shape& shape) {
  return Fill(f.Constant(IntVector({shape.dims().begin(), shape.dims().end()})),
              0, shape);
}

Result<Tensor> Preprocess(FunctionBuilder& f, Tensor input, Form form) {
  const Tensor images = Cast(input, DataType::kFloat32);
  if (form == Form::kUnrolled) {
    const FunctionBuilder::OutputType picture{DataType::kFloat32, {-1, -1, 3}};
    const Tensor operands[] = {images};
    const auto pictures = f.AddNode(
        "Unpack", operands,
        Attributes().Type("T", DataType::kFloat32).Int("num", 1).Int("axis", 0),
        std::span(&picture, 1));
    const Tensor prepared[] = {
        Squeeze(Prepared(ExpandDims(pictures[0], 0), form), {0})};
    return Pack(prepared, 0);
  }
  const State states[] = {{"images", {1, -1, -1, 3}},
                          {"prepared", {1, kSide, kSide, 3}}};
  FunctionBuilder body("body");
  const Tensor i = body.Input("i", DataType::kInt32, Shape());
  const Tensor all =
      body.Input(states[0].name, DataType::kFloat32, states[0].shape);
  const Tensor prepared =
      body.Input(states[1].name, DataType::kFloat32, states[1].shape);
  const Tensor one = Prepared(ExpandDims(Gather(all, i, 0), 0), form);
  body.Output("i", Add(i, body.Constant(IntScalar(1))));
  body.Output("images", all);
  body.Output("prepared", InplaceUpdate(prepared, Reshape(i, {1}), one));
  TRY_ASSIGN(ConcreteFunction body_function, body.Finish());
  TRY_ASSIGN(ConcreteFunction cond_function, ForOneImage(states));
  const Tensor values[] = {f.Constant(IntScalar(0)), images,
                           Zeros(f, states[1].shape)};
  return While(values, std::move(cond_function), std::move(body_function))[2];
}

std::vector<Tensor> Unpacked(Tensor x) {
  const FunctionBuilder::OutputType output{DataType::kFloat32, {x.dim(1)}};
  const std::vector<FunctionBuilder::OutputType> outputs(4, output);
  const Tensor transposed = Transpose(x, {1, 0});
  const Tensor inputs[] = {transposed};
  return x.builder()->AddNode(
      "Unpack", inputs,
      Attributes().Type("T", DataType::kFloat32).Int("num", 4).Int("axis", 0),
      outputs);
}

// Boxes [A, 4] of encodings and corners, both [A, 4].
Tensor Decode(FunctionBuilder& f, Tensor encodings, Tensor corners, Form form) {
  const auto number = [&](float v) { return f.Constant(FloatScalar(v)); };
  const auto a = Unpacked(corners), e = Unpacked(encodings);
  const Tensor wa = Sub(a[3], a[1]), ha = Sub(a[2], a[0]);
  const Tensor ya = Add(a[0], Div(ha, number(2)));
  const Tensor xa = Add(a[1], Div(wa, number(2)));
  Tensor w = Exp(Div(e[3], number(5))), h = Exp(Div(e[2], number(5)));
  Tensor yc = Div(e[0], number(10)), xc = Div(e[1], number(10));
  if (form != Form::kNoAnchors) {
    w = Mul(w, wa);
    h = Mul(h, ha);
    yc = Add(Mul(yc, ha), ya);
    xc = Add(Mul(xc, wa), xa);
  }
  const Tensor edges[] = {
      Sub(yc, Div(h, number(2))), Sub(xc, Div(w, number(2))),
      Add(yc, Div(h, number(2))), Add(xc, Div(w, number(2)))};
  return Transpose(Pack(edges, 0), {1, 0});
}

//---------------------------------------------------------------- suppression

struct Suppressed {
  Tensor anchors, scores, count;
};
Suppressed Suppress(Tensor boxes, Tensor scores, float iou) {
  FunctionBuilder& f = *boxes.builder();
  const FunctionBuilder::OutputType outputs[] = {{DataType::kInt32, {kMost}},
                                                 {DataType::kFloat32, {kMost}},
                                                 {DataType::kInt32, Shape()}};
  const Tensor inputs[] = {boxes,
                           scores,
                           f.Constant(IntScalar(kMost)),
                           f.Constant(FloatScalar(iou)),
                           f.Constant(FloatScalar(1e-8f)),
                           f.Constant(FloatScalar(0))};
  const auto kept = f.AddNode("NonMaxSuppressionV5", inputs,
                              Attributes()
                                  .Type("T", DataType::kFloat32)
                                  .Bool("pad_to_max_output_size", true),
                              outputs);
  return {kept[0], kept[1], kept[2]};
}

// The best of all classes, each suppressed on its own.
struct Best {
  Tensor anchors, boxes, classes, scores, count;  // [100], [100, 4], …, []
};
// Boxes [A, 4], scores [A, classes].
Best Postprocess(Tensor boxes, Tensor scores, Form form) {
  FunctionBuilder& f = *boxes.builder();
  std::vector<Tensor> anchors, kept, classes;
  Tensor count = f.Constant(FloatScalar(0));
  for (int32_t c = 0; c < kClasses; ++c) {
    const Suppressed one = Suppress(boxes, Index(scores, 1, c), 0.6f);
    anchors.push_back(one.anchors);
    kept.push_back(one.scores);
    classes.push_back(
        Fill(f.Constant(IntVector({kMost})), static_cast<float>(c), {kMost}));
    count = Add(count, Cast(one.count, DataType::kFloat32));
  }
  const TopKResult top = TopK(Concat(kept, 0), kMost);
  Best best;
  best.anchors = Gather(Concat(anchors, 0), top.indices, 0);
  best.boxes = Clip(Gather(boxes, best.anchors, 0), 0, 1);
  best.classes = Gather(Concat(classes, 0), top.indices, 0);
  best.scores = top.values;
  best.count = Minimum(count, f.Constant(FloatScalar(kMost)));
  if (form == Form::kSecondNms)
    best.boxes =
        Gather(best.boxes, Suppress(best.boxes, best.scores, 0.3f).anchors, 0);
  return best;
}

// Outputs of a batch, in the order of Best.
std::vector<Tensor> Batched(const Best& best) {
  return {ExpandDims(Cast(best.anchors, DataType::kFloat32), 0),
          ExpandDims(best.boxes, 0), ExpandDims(best.classes, 0),
          ExpandDims(best.scores, 0), ExpandDims(best.count, 0)};
}

// Boxes [1, A, 4], scores [1, A, classes].
Result<std::vector<Tensor>> PostprocessBatch(Tensor boxes, Tensor scores,
                                             Form form) {
  if (form == Form::kUnrolled)
    return Batched(
        Postprocess(Squeeze(boxes, {0}), Squeeze(scores, {0}), form));
  FunctionBuilder& f = *boxes.builder();
  const State states[] = {{"boxes", boxes.shape()}, {"scores", scores.shape()},
                          {"anchors", {1, kMost}},  {"kept", {1, kMost, 4}},
                          {"classes", {1, kMost}},  {"best", {1, kMost}},
                          {"counts", {1}}};
  FunctionBuilder body("body");
  const Tensor i = body.Input("i", DataType::kInt32, Shape());
  std::vector<Tensor> values;
  for (const State& state : states)
    values.push_back(body.Input(state.name, DataType::kFloat32, state.shape));
  const auto found = Batched(
      Postprocess(Gather(values[0], i, 0), Gather(values[1], i, 0), form));
  for (size_t k = 0; k < found.size(); ++k)
    values[2 + k] = InplaceUpdate(values[2 + k], Reshape(i, {1}), found[k]);
  body.Output("i", Add(i, body.Constant(IntScalar(1))));
  for (size_t k = 0; k < values.size(); ++k)
    body.Output(states[k].name, values[k]);
  TRY_ASSIGN(ConcreteFunction body_function, body.Finish());
  TRY_ASSIGN(ConcreteFunction cond_function, ForOneImage(states));
  std::vector<Tensor> loop = {f.Constant(IntScalar(0)), boxes, scores};
  for (size_t k = 2; k < std::size(states); ++k)
    loop.push_back(Zeros(f, states[k].shape));
  const auto ended = While(std::span<const Tensor>(loop),
                           std::move(cond_function), std::move(body_function));
  return std::vector<Tensor>(ended.begin() + 3, ended.end());
}

Result<ConcreteFunction> ZooModel::Surround(Form form) const {
  FunctionBuilder f("serving_default");
  const Tensor input =
      f.Input("input_tensor", DataType::kUInt8, {1, -1, -1, 3});
  TRY_ASSIGN(const Tensor image, Preprocess(f, input, form));
  // The network, copied; its heads and anchors stay.
  const tf::NodeDef* post = nullptr;
  for (const tf::NodeDef& node : detector_.graph.node()) {
    if (node.op() == "TFLite_Detection_PostProcess") post = &node;
  }
  std::vector<Tensor> heads;
  const int32_t count =
      static_cast<int32_t>(detector_.constants.at("anchors").size() / 16);
  for (int i = 0; i < 2; ++i) {
    // A stand-in that is pointed at the head below.
    heads.push_back(f.AddNode("Identity", {image},
                              Attributes().Type("T", DataType::kFloat32),
                              DataType::kFloat32, {1, count, 4}));
  }
  std::vector<float> corners =
      detector_.constants.at("anchors").ToVector<float>();
  for (size_t i = 0; i < corners.size(); i += 4) {
    const float y = corners[i], x = corners[i + 1], h = corners[i + 2],
                w = corners[i + 3];
    corners[i] = y - h / 2;
    corners[i + 1] = x - w / 2;
    corners[i + 2] = y + h / 2;
    corners[i + 3] = x + w / 2;
  }
  Tensor anchors = f.Constant(FloatConstant({count, 4}, corners), "corners");
  if (form == Form::kPixelAnchors)
    anchors = Add(anchors, Mean(image, {0, 1, 2, 3}));
  // As a batch, as the API has them.
  anchors = Reshape(Tile(ExpandDims(anchors, 0), {1, 1, 1}), {-1, 4});
  const Tensor boxes = ExpandDims(
      Decode(f, Reshape(heads[0], {-1, 4}), Reshape(anchors, {count, 4}), form),
      0);
  const Tensor scores = heads[1];
  const Tensor classes =
      Slice(scores, {0, 0, 1}, {-1, -1, -1});  // not the background
  TRY_ASSIGN(const auto found, PostprocessBatch(boxes, classes, form));
  const auto index = [&](Tensor x) { return Cast(x, DataType::kInt32); };
  f.Output("detection_anchor_indices", found[0]);
  f.Output("detection_boxes", found[1]);
  f.Output("detection_classes", Add(found[2], f.Constant(FloatScalar(1))));
  f.Output("detection_multiclass_scores",
           Gather(Squeeze(scores, {0}), index(Squeeze(found[0], {0})), 0));
  f.Output("detection_scores", found[3]);
  f.Output("num_detections", found[4]);
  f.Output("raw_detection_boxes", boxes);
  f.Output("raw_detection_scores", Identity(scores));
  if (form == Form::kExtraOutput)
    f.Output("detection_masks", Mul(classes, classes));
  TRY_ASSIGN(ConcreteFunction zoo, f.Finish());
  for (tf::NodeDef& node : *zoo.graph.mutable_node()) {
    for (int i = 0; i < 2; ++i) {
      if (node.name() == heads[static_cast<size_t>(i)].name())
        node.set_input(0, "network/" + post->input(i));
    }
  }
  for (const tf::NodeDef& node : detector_.graph.node()) {
    if (&node == post || node.op() == "Placeholder") continue;
    tf::NodeDef& copy = *zoo.graph.add_node();
    copy = node;
    copy.set_name("network/" + node.name());
    for (std::string& name : *copy.mutable_input())
      name = name == "input" ? image.name() : "network/" + name;
    if (detector_.constants.contains(node.name()))
      zoo.constants[copy.name()] = detector_.constants.at(node.name());
    if (detector_.variables.contains(node.name()))
      zoo.variables.insert(copy.name());
  }
  return zoo;
}

std::string ErrorOf(const fs::path& folder) {
  auto converter = Converter::FromSavedModel(folder);
  if (!converter) return converter.error().ToString();
  const auto bytes = converter->Convert();
  return bytes ? "it converted" : bytes.error().ToString();
}

TEST_F(ZooModel, BecomesWhatItsCheckpointBecomes) {
  const auto image = RandomImage(kSide * kSide * 3);
  const auto direct = Compile(detector_);
  ASSERT_TRUE(direct) << direct.error().ToString();
  const RunResult wanted = RunBytes(*direct, image);
  for (const Form form : {Form::kLoops, Form::kUnrolled}) {
    const auto folder = WriteZooModel(form);
    ASSERT_TRUE(folder) << folder.error().ToString();
    auto converter = Converter::FromSavedModel(*folder);
    ASSERT_TRUE(converter) << converter.error().ToString();
    const auto bytes = converter->Convert();
    ASSERT_TRUE(bytes) << bytes.error().ToString();
    EXPECT_THAT(converter->notices(),
                testing::ElementsAre(HasSubstr("Object Detection API")));
    const RunResult cut = RunBytes(*bytes, image);
    ASSERT_EQ(cut.values.size(), 4u);
    EXPECT_EQ(cut.details[0].shape, (Shape{1, 10, 4}));
    EXPECT_EQ(cut.details[1].shape, (Shape{1, 10}));
    EXPECT_EQ(cut.details[2].shape, (Shape{1, 10}));
    EXPECT_EQ(cut.details[3].shape, (Shape{1}));
    for (size_t i = 0; i < 4; ++i) {
      EXPECT_EQ(cut.details[i].name, wanted.details[i].name);
      // The corners of anchors are rounded once more.
      EXPECT_THAT(cut.values[i], testing::Pointwise(testing::FloatNear(1e-5f),
                                                    wanted.values[i]));
    }
  }
}

TEST_F(ZooModel, OptionsReachThePostProcess) {
  const auto folder = WriteZooModel(Form::kLoops);
  ASSERT_TRUE(folder);
  auto converter = Converter::FromSavedModel(*folder);
  converter->options().max_detections = 20;
  const auto bytes = converter->Convert();
  ASSERT_TRUE(bytes) << bytes.error().ToString();
  EXPECT_EQ(RunBytes(*bytes, RandomImage(kSide * kSide * 3)).details[0].shape,
            (Shape{1, 20, 4}));
}

// Nearly such a model: refused, with the command that works.
TEST_F(ZooModel, NearMissesAreRefused) {
  struct Case {
    Form form;
    const char* message;
  };
  for (const Case& c :
       {Case{Form::kExtraOutput, "a further output 'detection_masks'"},
        Case{Form::kSecondNms, "several ways"},
        Case{Form::kNoAnchors, "boxes are not decoded"},
        Case{Form::kPixelAnchors, "anchors are not constant"},
        Case{Form::kOpenSize, "is not fixed"}}) {
    const auto folder = WriteZooModel(c.form);
    ASSERT_TRUE(folder) << folder.error().ToString();
    EXPECT_THAT(
        ErrorOf(*folder),
        AllOf(HasSubstr(c.message),
              HasSubstr("liteforge convert " + config_.string() +
                        " --checkpoint " +
                        (files_.dir() / "checkpoint").string() + " -o ")));
  }
  auto works =
      Converter::FromDetectionCheckpoint(config_, files_.dir() / "checkpoint");
  ASSERT_TRUE(works);
  EXPECT_TRUE(works->Convert());
}

}  // namespace liteforge::zoo_model_test
