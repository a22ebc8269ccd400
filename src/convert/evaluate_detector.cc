// SPDX-License-Identifier: Apache-2.0
#include "convert/evaluate_detector.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>

#include "base/try.h"
#include "convert/example_model.h"
#include "data/coco.h"
#include "liteforge/image.h"

namespace liteforge {
namespace {

namespace fs = std::filesystem;

//------------------------------------------------------------------- the images

// The annotations: the directory's only .json, or the only one named
// instances*.json.
Result<fs::path> FindInstances(const fs::path& directory) {
  std::vector<fs::path> all, instances;
  std::error_code failed;
  for (const auto& entry :
       fs::recursive_directory_iterator(directory, failed)) {
    if (entry.path().extension() != ".json") continue;
    all.push_back(entry.path());
    if (entry.path().filename().string().starts_with("instances"))
      instances.push_back(entry.path());
  }
  if (failed) return Fail(ErrorCode::kIo, failed.message());
  const auto& candidates = instances.empty() ? all : instances;
  if (candidates.size() == 1) return candidates[0];
  if (candidates.empty())
    return InvalidArgument(
        "holds no .json with COCO's instances, which a detector is measured "
        "by; put one beside the images");
  return InvalidArgument("holds " + std::to_string(candidates.size()) +
                         " .json files; leave one, or name one "
                         "instances.json");
}

// Images by what annotations call them: the path below the directory, or the
// file's name alone.
std::map<std::string, fs::path> FindImages(const fs::path& directory) {
  std::map<std::string, fs::path> images;
  std::error_code failed;
  for (const auto& entry :
       fs::recursive_directory_iterator(directory, failed)) {
    if (!IsImageFile(entry.path())) continue;
    images.emplace(entry.path().filename().string(), entry.path());
    images[entry.path().lexically_relative(directory).string()] = entry.path();
  }
  return images;
}

//------------------------------------------------------------------ categories

// The category of each class; none for a label that is no category.
class Categories {
 public:
  static Result<Categories> Make(const std::vector<CocoCategory>& categories,
                                 const std::vector<std::string>& labels) {
    Categories made;
    std::map<std::string, int64_t> by_name;
    for (const CocoCategory& category : categories) {
      by_name.emplace(category.name, category.id);
      made.known_.emplace(category.id, category.name);
    }
    for (size_t i = 0; i < labels.size(); ++i) {
      const auto named = by_name.find(labels[i]);
      if (named != by_name.end())
        made.by_class_.emplace(static_cast<int64_t>(i), named->second);
    }
    if (!labels.empty() && made.by_class_.empty())
      return InvalidArgument(
          "has no category that is one of the labels; the first label is '" +
          labels[0] + "', the first category '" +
          (categories.empty() ? "" : categories[0].name) + "'");
    made.has_labels_ = !labels.empty();
    return made;
  }

  std::optional<int64_t> Of(int64_t number) const {
    if (has_labels_) {
      const auto found = by_class_.find(number);
      return found == by_class_.end() ? std::nullopt
                                      : std::optional(found->second);
    }
    const int64_t id = known_.contains(0) ? number : number + 1;
    return known_.contains(id) ? std::optional(id) : std::nullopt;
  }

  const std::string& Name(int64_t id) const { return known_.at(id); }

 private:
  std::map<int64_t, int64_t> by_class_;
  std::map<int64_t, std::string> known_;
  bool has_labels_ = false;
};

//------------------------------------------------------------------- detecting

class BoxFinder {
 public:
  BoxFinder(ExampleModel model, const OutputRoles& roles,
            const DatasetOptions& data)
      : model_(std::move(model)), roles_(roles) {
    const bool given = !data.mean.empty() || !data.std.empty();
    how_.mean = given ? data.mean : data.image_mean;
    how_.std = given ? data.std : data.image_std;
  }

  // What is found in an image, in its pixels.
  Result<void> Find(const Image& image, int64_t id,
                    const Categories& categories,
                    std::vector<FoundObject>& found) {
    TRY_ASSIGN(const NpyArray input,
               ImageToInput(image, model_.Inputs()[0], how_));
    TRY(model_.Run(std::span(&input, 1)));
    TRY_ASSIGN(const auto boxes, Output(roles_.boxes));
    TRY_ASSIGN(const auto classes, Output(roles_.classes));
    TRY_ASSIGN(const auto scores, Output(roles_.scores));
    TRY_ASSIGN(const auto count, Output(roles_.count));
    size_t most = std::min(scores.size(), classes.size());
    most = std::min(most, boxes.size() / 4);
    if (!count.empty() && count[0] >= 0)
      most = std::min(most, static_cast<size_t>(count[0]));
    const double width = image.width, height = image.height;
    for (size_t i = 0; i < most; ++i) {
      const auto category =
          categories.Of(static_cast<int64_t>(std::lround(classes[i])));
      if (!category) continue;
      const float* box = &boxes[4 * i];  // top, left, bottom, right
      const double top = box[0] * height, left = box[1] * width;
      found.push_back(
          {id,
           *category,
           {left, top, box[3] * width - left, box[2] * height - top},
           scores[i]});
    }
    return {};
  }

 private:
  // Empty for what the model does not give.
  Result<std::vector<float>> Output(int position) const {
    if (position < 0) return std::vector<float>();
    return model_.Output(static_cast<size_t>(position));
  }

  ExampleModel model_;
  OutputRoles roles_;
  ImageInput how_;
};

Result<std::vector<FoundObject>> FindAll(BoxFinder& finder,
                                         const CocoData& data,
                                         const Categories& categories,
                                         const fs::path& directory,
                                         const EvaluateOptions& options) {
  const auto files = FindImages(directory);
  std::vector<FoundObject> found;
  size_t done = 0;
  for (const CocoImage& image : data.images) {
    const auto file = files.find(image.file);
    if (file == files.end())
      return InvalidArgument("holds no image '" + image.file +
                             "', which its annotations speak of");
    TRY_ASSIGN(const Image pixels, ReadImage(file->second));
    TRY_IN(file->second.string(),
           finder.Find(pixels, image.id, categories, found));
    if (options.progress)
      options.progress(static_cast<double>(++done) /
                       static_cast<double>(data.images.size()));
  }
  return found;
}

Result<Evaluation> EvaluateIn(BoxFinder& finder, const fs::path& directory,
                              const std::vector<std::string>& labels,
                              const EvaluateOptions& options) {
  TRY_ASSIGN(const fs::path instances, FindInstances(directory));
  TRY_ASSIGN(const CocoData data, ReadCoco(instances));
  if (data.images.empty())
    return InvalidArgument(instances.string() + ": speaks of no image");
  TRY_ASSIGN(const Categories categories,
             Categories::Make(data.categories, labels));
  TRY_ASSIGN(const auto found,
             FindAll(finder, data, categories, directory, options));
  const AveragePrecision ap = MeasureAveragePrecision(data.objects, found);
  Evaluation evaluation;
  evaluation.is_detector = true;
  evaluation.examples = static_cast<int64_t>(data.images.size());
  evaluation.map = ap.map;
  evaluation.ap50 = ap.ap50;
  evaluation.ap75 = ap.ap75;
  for (const AveragePrecision::Category& category : ap.categories) {
    Evaluation::Class of_class;
    of_class.name = categories.Name(category.category);
    of_class.examples = category.objects;
    of_class.ap = category.ap;
    evaluation.classes.push_back(std::move(of_class));
  }
  return evaluation;
}

}  // namespace

Result<Evaluation> EvaluateDetector(const NamedModel& model,
                                    const OutputRoles& roles,
                                    const fs::path& directory,
                                    const std::vector<std::string>& labels,
                                    const EvaluateOptions& options) {
  auto opened =
      ExampleModel::OpenWithOneInput(model.bytes, options.num_threads);
  if (!opened)
    return tl::unexpected(std::move(opened.error()).InFile(model.name));
  BoxFinder finder(*std::move(opened), roles, options.dataset);
  auto evaluation = EvaluateIn(finder, directory, labels, options);
  if (!evaluation)
    return tl::unexpected(
        std::move(evaluation.error()).InFile(directory.string()));
  return evaluation;
}

}  // namespace liteforge
