// SPDX-License-Identifier: Apache-2.0
#include "convert/recipe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

namespace liteforge::recipe_test {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

class RecipeTest : public testing::Test {
 protected:
  RecipeTest() {
    std::string pattern =
        (fs::temp_directory_path() / "liteforge-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
  }
  ~RecipeTest() override { fs::remove_all(folder_); }

  Result<Recipe> Read(const std::string& text) const {
    std::ofstream(folder_ / "recipe.json") << text;
    return ReadRecipe(folder_ / "recipe.json");
  }
  std::string ErrorOf(const std::string& text) const {
    const auto recipe = Read(text);
    return recipe ? "read" : recipe.error().ToString();
  }

  fs::path folder_;
};

TEST_F(RecipeTest, LayersKeepTheirOrder) {
  const auto recipe = Read(
      R"({"layers": {"head": "float", "block*": "int16x8", "a": "int4"},
          "default": "int8"})");
  ASSERT_TRUE(recipe) << recipe.error().ToString();
  EXPECT_EQ(recipe->mode, QuantizeMode::kInt8);
  EXPECT_THAT(recipe->layers,
              ElementsAre(Pair("head", QuantizeMode::kFloat),
                          Pair("block*", QuantizeMode::kInt16x8),
                          Pair("a", QuantizeMode::kInt4)));
}

TEST_F(RecipeTest, PartsMayBeMissing) {
  const auto nothing = Read("{}");
  ASSERT_TRUE(nothing);
  EXPECT_FALSE(nothing->mode);
  EXPECT_TRUE(nothing->layers.empty());
  const auto one = Read(R"({"default": "dynamic"})");
  ASSERT_TRUE(one);
  EXPECT_EQ(one->mode, QuantizeMode::kDynamic);
}

TEST_F(RecipeTest, ErrorsNameTheFileAndTheKey) {
  for (const char* text : {"", "[]", "7", "{\"default\"", "nonsense"}) {
    EXPECT_THAT(ErrorOf(text), HasSubstr("recipe.json")) << text;
    EXPECT_THAT(ErrorOf(text), HasSubstr("is no recipe")) << text;
  }
  EXPECT_THAT(ErrorOf(R"({"defualt": "int8"})"), HasSubstr("has 'defualt'"));
  EXPECT_THAT(ErrorOf(R"({"layers": ["head"]})"), HasSubstr("has 'layers'"));
  EXPECT_THAT(ErrorOf(R"({"default": "int7"})"),
              HasSubstr("default: is \"int7\"; modes are"));
  EXPECT_THAT(ErrorOf(R"({"layers": {"head": 8}})"),
              HasSubstr("layers: 'head': is 8; modes are"));
  EXPECT_EQ(ReadRecipe(folder_ / "none.json").error().code, ErrorCode::kIo);
}

}  // namespace liteforge::recipe_test
