// SPDX-License-Identifier: Apache-2.0
#include "liteforge/dataset.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/try.h"
#include "data/convert_elements.h"
#include "formats/npz/npz.h"
#include "liteforge/image.h"

namespace liteforge {

// How an array's first axis divides into examples.
struct Division {
  size_t examples = 1;
  Shape shape;  // of one
};

namespace {

namespace fs = std::filesystem;

using NamedArrays = std::vector<std::pair<std::string, NpyArray>>;

bool IsArrayFile(const fs::path& path) {
  return path.extension() == ".npy" || path.extension() == ".npz";
}

// Files below the directory, by their names.
Result<std::vector<fs::path>> FilesBelow(const fs::path& directory) {
  std::vector<fs::path> arrays, images;
  std::error_code failed;
  for (const auto& entry :
       fs::recursive_directory_iterator(directory, failed)) {
    if (IsArrayFile(entry.path())) arrays.push_back(entry.path());
    if (IsImageFile(entry.path())) images.push_back(entry.path());
  }
  if (failed) return Fail(ErrorCode::kIo, failed.message());
  std::vector<fs::path>& files = arrays.empty() ? images : arrays;
  if (files.empty())
    return InvalidArgument(
        "holds no .npy or .npz file and no image; put examples there");
  std::ranges::sort(files);
  return std::move(files);
}

Result<std::vector<fs::path>> FilesOf(const fs::path& path) {
  std::error_code failed;
  if (!fs::exists(path, failed))
    return Fail(ErrorCode::kIo, "there is no such file or directory");
  if (fs::is_directory(path, failed)) return FilesBelow(path);
  if (IsArrayFile(path) || IsImageFile(path)) return std::vector{path};
  return InvalidArgument(
      "is neither a .npy or .npz file nor an image nor a directory of such");
}

// Whether `dims` may be the dimensions of an input.
bool Fits(std::span<const int32_t> dims, const Shape& input, int from = 0) {
  if (static_cast<int>(dims.size()) + from != input.rank()) return false;
  for (size_t i = 0; i < dims.size(); ++i) {
    const int32_t wanted = input[static_cast<int>(i) + from];
    if (wanted >= 0 && wanted != dims[i]) return false;
  }
  return true;
}

Result<Division> Divide(const Shape& array, const TensorDetails& input) {
  const Shape& wanted = input.shape_signature;
  if (!wanted.has_rank() || Fits(array.dims(), wanted)) {
    // An open batch holds one example at a time.
    const bool open = wanted.has_rank() && wanted.rank() > 0 &&
                      wanted[0] == Shape::kUnknownDim && array[0] > 0;
    if (!open) return Division{1, array};
    Shape one = array;
    one.set_dim(0, 1);
    return Division{static_cast<size_t>(array[0]), one};
  }
  // Many batches of the model's size behind each other.
  if (array.rank() == wanted.rank() && array.rank() > 0 && wanted[0] > 0 &&
      array[0] % wanted[0] == 0 && Fits(array.dims().subspan(1), wanted, 1)) {
    Shape one = array;
    one.set_dim(0, wanted[0]);
    return Division{static_cast<size_t>(array[0] / wanted[0]), one};
  }
  // One example without its batch axis.
  if (array.rank() + 1 == wanted.rank() && Fits(array.dims(), wanted, 1) &&
      (wanted[0] == 1 || wanted[0] == Shape::kUnknownDim)) {
    Shape one{1};
    for (const int32_t dim : array.dims()) one.Append(dim);
    return Division{1, one};
  }
  return InvalidArgument("holds " + array.ToString() + ", input '" +
                         input.name + "' wants " +
                         Describe(input.dtype, wanted));
}

Result<void> Normalize(NpyArray& array, const DatasetOptions& options) {
  if ((options.mean.empty() && options.std.empty()) ||
      array.type != DataType::kFloat32)
    return {};
  const size_t channels =
      array.shape.rank() > 0
          ? static_cast<size_t>(array.shape[array.shape.rank() - 1])
          : 1;
  for (const auto* list : {&options.mean, &options.std}) {
    if (list->size() > 1 && list->size() != channels)
      return InvalidArgument("has " + std::to_string(channels) +
                             " channels, mean and std are given for " +
                             std::to_string(list->size()));
  }
  const auto at = [](const std::vector<float>& list, size_t c, float none) {
    return list.empty() ? none : list[list.size() > 1 ? c : 0];
  };
  auto* values = reinterpret_cast<float*>(array.data.data());
  for (size_t i = 0; i < array.data.size() / sizeof(float); ++i) {
    const size_t c = channels == 0 ? 0 : i % channels;
    values[i] = (values[i] - at(options.mean, c, 0)) / at(options.std, c, 1);
  }
  return {};
}

// The type in which an array reaches an input.
DataType TypeFor(const TensorDetails& input, DataType stored) {
  const bool is_quantized = input.quantization.scale.size() == 1;
  const bool is_real =
      stored == DataType::kFloat32 || stored == DataType::kFloat64;
  const bool as_it_is =
      stored == input.dtype || (input.dtype == DataType::kUInt8 && !is_real);
  return is_quantized && !as_it_is ? DataType::kFloat32 : input.dtype;
}

// A copy of one example's bytes.
NpyArray PartOf(const NpyArray& array, const Division& division, size_t i) {
  const size_t bytes = array.data.size() / division.examples;
  const auto from = array.data.begin() + static_cast<ptrdiff_t>(bytes * i);
  return {
      array.type, division.shape, {from, from + static_cast<ptrdiff_t>(bytes)}};
}

}  // namespace

class Dataset::Impl {
 public:
  Result<void> Open(const fs::path& path, std::span<const TensorDetails> inputs,
                    const DatasetOptions& options) {
    inputs_.assign(inputs.begin(), inputs.end());
    options_ = options;
    TRY_ASSIGN(const auto files, FilesOf(path));
    for (const fs::path& file : files) {
      auto added = Add(file);
      if (!added)
        return tl::unexpected(std::move(added.error()).In(file.string()));
    }
    return {};
  }

  size_t size() const {
    return holds_images() ? images_.size() : places_.size();
  }

  bool holds_images() const { return !images_.empty(); }

  Result<std::vector<NpyArray>> Example(size_t i) const {
    if (holds_images()) return ImageExample(images_[i]);
    const File& file = files_[places_[i].file];
    std::vector<NpyArray> example;
    for (size_t k = 0; k < file.arrays.size(); ++k) {
      NpyArray one =
          PartOf(file.arrays[k], file.divisions[k], places_[i].index);
      const DataType type = TypeFor(inputs_[k], one.type);
      TRY_ASSIGN(one, ConvertElements(std::move(one), type));
      TRY(Normalize(one, options_));
      example.push_back(std::move(one));
    }
    return example;
  }

 private:
  struct File {
    std::vector<NpyArray> arrays;  // one an input
    std::vector<Division> divisions;
  };
  struct Place {
    size_t file, index;
  };

  Result<NamedArrays> Read(const fs::path& file) const {
    if (file.extension() == ".npz") {
      auto arrays = ReadNpz(file);
      // The path is named by the caller.
      if (!arrays) arrays.error().where.clear();
      return arrays;
    }
    auto array = ReadNpy(file);
    if (!array) {
      array.error().where.clear();
      return tl::unexpected(std::move(array).error());
    }
    NamedArrays arrays;
    arrays.emplace_back("", *std::move(array));
    return arrays;
  }

  Result<std::vector<NpyArray>> ImageExample(const fs::path& path) const {
    TRY_ASSIGN(const Image image, ReadImage(path));
    const bool given = !options_.mean.empty() || !options_.std.empty();
    ImageInput how;
    how.mean = given ? options_.mean : options_.image_mean;
    how.std = given ? options_.std : options_.image_std;
    auto array = ImageToInput(image, inputs_[0], how);
    if (!array)
      return tl::unexpected(std::move(array.error()).In(path.string()));
    return std::vector{*std::move(array)};
  }

  // Images are read when they are asked for; the first one now, so that a
  // model that takes none is known at once.
  Result<void> AddImage(const fs::path& path) {
    if (inputs_.size() != 1)
      return InvalidArgument("is an image, the model has " +
                             std::to_string(inputs_.size()) +
                             " inputs; give a .npz with an array for each");
    images_.push_back(path);
    if (images_.size() > 1) return {};
    auto first = ImageExample(path);
    if (first) return {};
    first.error().where.clear();  // the caller names the path
    return tl::unexpected(std::move(first).error());
  }

  Result<void> Add(const fs::path& path) {
    if (IsImageFile(path)) return AddImage(path);
    TRY_ASSIGN(NamedArrays arrays, Read(path));
    if (arrays.size() < inputs_.size())
      return InvalidArgument("holds " + std::to_string(arrays.size()) +
                             " arrays, the model has " +
                             std::to_string(inputs_.size()) +
                             " inputs; give a .npz with an array for each");
    File file;
    for (size_t k = 0; k < inputs_.size(); ++k) {
      const auto named = std::ranges::find(
          arrays, inputs_[k].name, &std::pair<std::string, NpyArray>::first);
      NpyArray& array =
          named != arrays.end() ? named->second : arrays[k].second;
      TRY_ASSIGN(Division division, Divide(array.shape, inputs_[k]));
      if (k > 0 && division.examples != file.divisions[0].examples)
        return InvalidArgument(
            "holds different numbers of examples for its inputs");
      file.divisions.push_back(division);
      file.arrays.push_back(std::move(array));
    }
    const size_t examples =
        file.divisions.empty() ? 0 : file.divisions[0].examples;
    for (size_t i = 0; i < examples; ++i) places_.push_back({files_.size(), i});
    files_.push_back(std::move(file));
    return {};
  }

  std::vector<TensorDetails> inputs_;
  DatasetOptions options_;
  std::vector<File> files_;
  std::vector<Place> places_;
  std::vector<fs::path> images_;
};

Dataset::Dataset(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}
Dataset::Dataset(Dataset&&) noexcept = default;
Dataset& Dataset::operator=(Dataset&&) noexcept = default;
Dataset::~Dataset() = default;

Result<Dataset> Dataset::Open(const fs::path& path,
                              std::span<const TensorDetails> inputs,
                              const DatasetOptions& options) {
  auto impl = std::make_shared<Impl>();
  auto opened = impl->Open(path, inputs, options);
  if (opened) return Dataset(std::move(impl));
  return tl::unexpected(std::move(opened.error()).InFile(path.string()));
}

size_t Dataset::size() const { return impl_->size(); }

bool Dataset::holds_images() const { return impl_->holds_images(); }

Result<std::vector<NpyArray>> Dataset::Example(size_t i) const {
  return impl_->Example(i);
}

RepresentativeDataset GeneratorOf(Dataset dataset) {
  auto shared = std::make_shared<const Dataset>(std::move(dataset));
  auto next = std::make_shared<size_t>(0);
  return [shared, next](std::vector<NpyArray>& example) -> Result<bool> {
    if (*next == shared->size()) return false;
    TRY_ASSIGN(example, shared->Example((*next)++));
    return true;
  };
}

}  // namespace liteforge
