// SPDX-License-Identifier: Apache-2.0
// Real .h5 models of Keras 1 and 2 (../shared/models/h5), read from their
// files: those whose layers are all known must import, with inputs and outputs
// shaped like the golden arrays beside them; the others must say which layers
// are in the way.
#include <gmock/gmock.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "import/keras/keras_test_model.h"

namespace liteforge::real_models_test {

namespace fs = std::filesystem;

// $LITEFORGE_SHARED, else "shared" beside one of the directories that the test
// runs in (the build lies in the sources).
fs::path SharedModels() {
  const fs::path models = fs::path("models") / "h5";
  if (const char* given = std::getenv("LITEFORGE_SHARED")) {
    return given / models;
  }
  fs::path at = fs::current_path();
  while (!fs::exists(at / "shared" / models) && at.has_relative_path()) {
    at = at.parent_path();
  }
  return at / "shared" / models;
}

// The shape in a .npy header: "… 'shape': (1, 10), }". Unknown rank when the
// file has none.
Shape NpyShape(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::string header(256, '\0');
  file.read(header.data(), static_cast<std::streamsize>(header.size()));
  const size_t open = header.find("'shape': (");
  if (open == std::string::npos) return Shape::UnknownRank();
  const size_t begin = open + 10, end = header.find(')', begin);
  Shape shape;
  std::string digits;
  for (size_t i = begin; i <= end; ++i) {
    if (header[i] >= '0' && header[i] <= '9') {
      digits += header[i];
    } else if (!digits.empty()) {
      shape.Append(std::stoi(digits));
      digits.clear();
    }
  }
  return shape;
}

bool Fits(const Shape& declared, const Shape& actual) {
  if (declared.rank() != actual.rank()) return false;
  for (int axis = 0; axis < actual.rank(); ++axis) {
    if (declared[axis] >= 0 && declared[axis] != actual[axis]) return false;
  }
  return true;
}

void ExpectShapes(const fs::path& folder, const char* prefix,
                  const std::vector<FunctionArgument>& arguments,
                  const nlohmann::json& list) {
  for (size_t i = 0; i < list.size() && i < arguments.size(); ++i) {
    if (list[i].contains("stride")) continue;  // a thinned array
    const fs::path npy = folder / (prefix + std::to_string(i) + ".npy");
    const Shape golden = NpyShape(npy);
    if (!golden.has_rank()) continue;
    EXPECT_TRUE(Fits(arguments[i].shape, golden))
        << npy << " is " << golden.ToString() << ", imported is "
        << arguments[i].shape.ToString();
  }
}

nlohmann::json ReadCase(const fs::path& folder) {
  std::ifstream file(folder / "case.json");
  return nlohmann::json::parse(file);
}

TEST(RealModels, ImportWithTheShapesOfTheirGoldens) {
  const fs::path models = SharedModels();
  if (!fs::is_directory(models)) GTEST_SKIP() << models << " is not there";
  int imported = 0;
  for (const auto& folder : fs::directory_iterator(models)) {
    SCOPED_TRACE(folder.path().filename());
    if (!fs::exists(folder.path() / "case.json")) continue;
    const nlohmann::json about = ReadCase(folder.path());
    const auto file = ReadKeras(folder.path() / about.value("source", ""));
    if (!file) {
      EXPECT_EQ(about.value("expect", ""), "error") << file.error().ToString();
      continue;
    }
    const auto rows = SummarizeKeras(*file);
    const bool all_known =
        std::all_of(rows.begin(), rows.end(),
                    [](const KerasLayerSummary& row) { return row.converts; });
    const auto function = ImportKeras(*file);
    if (!function) {
      EXPECT_FALSE(all_known) << function.error().ToString();
      EXPECT_EQ(function.error().code, ErrorCode::kUnsupported)
          << function.error().ToString();
      continue;
    }
    ++imported;
    EXPECT_TRUE(all_known);
    EXPECT_EQ(about.value("expect", ""), "ok");
    ASSERT_EQ(function->inputs.size(), about["inputs"].size());
    ASSERT_EQ(function->outputs.size(), about["outputs"].size());
    ExpectShapes(folder.path(), "input_", function->inputs, about["inputs"]);
    ExpectShapes(folder.path(), "output_", function->outputs, about["outputs"]);
    for (const KerasLayerSummary& row : rows) {
      EXPECT_NE(row.output_shape, "") << row.name;
    }
  }
  EXPECT_GE(imported, 29);  // of the 59 when this was written
}

}  // namespace liteforge::real_models_test
