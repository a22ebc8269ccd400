// SPDX-License-Identifier: Apache-2.0
// Pages and JSON that say what a conversion did, from the command line.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "report/xml_testing.h"
#include "tests/command.h"

namespace {

namespace fs = std::filesystem;
using liteforge::XmlReader;
using nlohmann::json;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

const fs::path kDigits = fs::path(LITEFORGE_SOURCE_DIR) / "examples/digits";

class Reports : public testing::Test {
 protected:
  std::string Do(const std::string& arguments) {
    const auto result =
        liteforge_tests::RunLiteforge(arguments, folder_.path());
    EXPECT_EQ(result.exit_status, 0) << arguments << "\n" << result.err;
    return result.out;
  }
  std::string Fail(const std::string& arguments) {
    const auto result =
        liteforge_tests::RunLiteforge(arguments, folder_.path());
    EXPECT_EQ(result.exit_status, 1) << arguments;
    return result.err;
  }
  json ReadJson(const std::string& file) {
    return json::parse(liteforge_tests::ReadText(folder_.path() / file));
  }
  // The text of a page that is well-formed and needs nothing from elsewhere.
  std::string ReadPage(const std::string& file) {
    const std::string html = liteforge_tests::ReadText(folder_.path() / file);
    EXPECT_TRUE(html.starts_with("<!DOCTYPE html>"));
    const XmlReader xml(html);
    EXPECT_EQ(xml.problem(), "") << file;
    EXPECT_THAT(xml.links(), IsEmpty());
    EXPECT_THAT(xml.elements(), Not(Contains("script")));
    drawings_ = std::ranges::count(xml.elements(), "svg");
    return xml.text();
  }
  // A folder for each digit, with the sample of that name.
  void MakeDataSet() {
    for (int digit = 0; digit < 10; ++digit) {
      const std::string name = std::to_string(digit);
      fs::create_directories(folder_.path() / "set" / name);
      fs::copy(kDigits / "samples" / ("digit_" + name + "_0" + name + ".npy"),
               folder_.path() / "set" / name);
    }
  }
  int64_t Size(const std::string& file) {
    return static_cast<int64_t>(fs::file_size(folder_.path() / file));
  }

  liteforge_tests::TemporaryFolder folder_;
  int64_t drawings_ = 0;
  const std::string h5_ = (kDigits / "digits.h5").string();
  const std::string seen_ =
      " --representative-data " + (kDigits / "samples").string();
};

json ByName(const json& list, const std::string& name) {
  for (const json& entry : list) {
    if (entry["name"] == name) return entry;
  }
  return nullptr;
}

TEST_F(Reports, Int8) {
  MakeDataSet();
  const std::string common = "convert " + h5_ + " --optimize int8" + seen_ +
                             " --calibration minmax --evaluate-data set"
                             " -o q.tflite --report ";
  const std::string out = Do(common + "r.json");
  Do("convert " + h5_ + " -o f.tflite");
  const json r = ReadJson("r.json");
  EXPECT_EQ(r["mode"], "int8 weights and activations");
  EXPECT_EQ(r["optimized"], true);
  EXPECT_EQ(r["bytes"][0], Size("f.tflite"));
  EXPECT_EQ(r["bytes"][1], Size("q.tflite"));
  EXPECT_LT(r["zipped"][1], r["bytes"][1]);
  // The parts are the whole.
  for (const int side : {0, 1}) {
    int64_t sum = 0;
    for (const json& size : r["sizes"]) sum += size["bytes"][side].get<int>();
    EXPECT_EQ(sum, r["bytes"][side]);
  }
  ASSERT_FALSE(r["constants"].empty());
  const json& largest = r["constants"][0];
  EXPECT_EQ(largest["dtype"], json({"float32", "int8"}));
  EXPECT_EQ(largest["bytes"][0].get<int>(), 4 * largest["bytes"][1].get<int>());
  // 8 bits: about 6 dB each below the largest weight of a channel.
  EXPECT_GT(largest["sqnr_db"], 30);
  EXPECT_LT(largest["sqnr_db"], 60);
  EXPECT_FALSE(largest["quantization"]["scale"].empty());
  // With minmax every range holds what was seen, but for the rounding of its
  // ends.
  ASSERT_GE(r["ranges"].size(), 4u);
  for (const json& range : r["ranges"]) {
    const double step = range["scale"];
    EXPECT_LE(range["holds"][0].get<double>(),
              range["seen"][0].get<double>() + step)
        << range;
    EXPECT_GE(range["holds"][1].get<double>(),
              range["seen"][1].get<double>() - step)
        << range;
    EXPECT_EQ(range["examples"], 10);
  }
  EXPECT_EQ(r["comparison"]["examples"], 10);
  EXPECT_EQ(r["comparison"]["same_top1"], 1.0);
  EXPECT_GE(r["comparison"]["layers"].size(), 5u);
  EXPECT_GT(r["comparison"]["median_us"][1], 0);
  EXPECT_FALSE(r["comparison"]["operators"].empty());
  EXPECT_EQ(r["evaluation"][0]["top1"], 1.0);
  EXPECT_EQ(r["evaluation"][1]["top1"], 1.0);
  EXPECT_EQ(r["not_compared"], "");
  // The same in a few lines, and on a page.
  EXPECT_THAT(out, HasSubstr("int8 weights and activations"));
  EXPECT_THAT(out, HasSubstr("same class first 100.0 %"));
  EXPECT_THAT(out, HasSubstr("score   100.00 % -> 100.00 %"));
  Do(common + "r.html");
  const std::string page = ReadPage("r.html");
  EXPECT_GE(drawings_, 5);
  for (const std::string text :
       {"Optimized: int8 weights and activations", "top-1", "Layers", "Size",
        "int8 constants", "Ranges of the activations", "Where the time goes"})
    EXPECT_THAT(page, HasSubstr(text));
  EXPECT_THAT(page, HasSubstr(largest["name"].get<std::string>()));
}

TEST_F(Reports, EveryModeHasOne) {
  for (const std::string mode :
       {"default", "float16", "int16x8", "int4", "none"}) {
    const std::string data = mode == "int16x8" ? seen_ : "";
    const std::string out = Do("convert " + h5_ + " -o q.tflite --optimize " +
                               mode + data + " --report r.json");
    const json r = ReadJson("r.json");
    EXPECT_EQ(r["optimized"], mode != "none");
    EXPECT_EQ(r["bytes"][1], Size("q.tflite"));
    EXPECT_EQ(r["comparison"]["random"], mode != "none" && mode != "int16x8");
    EXPECT_GT(r["comparison"]["median_us"][1], 0);
    EXPECT_EQ(r["not_compared"], "");
    EXPECT_THAT(out, HasSubstr("report  r.json"));
    Do("convert " + h5_ + " -o q.tflite --optimize " + mode + data +
       " --report r.html");
    EXPECT_THAT(ReadPage("r.html"),
                HasSubstr(mode == "none" ? "Converted" : "Optimized: "));
  }
}

TEST_F(Reports, PruningAndClustering) {
  const std::string out =
      Do("convert " + h5_ + seen_ +
         " --prune 0.5,layer --cluster 16 -o q.tflite --report r.json");
  EXPECT_THAT(out, HasSubstr("50 % of the weights pruned, 16 weights a layer"));
  const json r = ReadJson("r.json");
  const json& largest = r["constants"][0];
  EXPECT_GE(largest["zeros"].get<double>() / largest["elements"].get<double>(),
            0.45);
  EXPECT_LE(largest["distinct"], 16);
  EXPECT_LT(r["zipped"][1].get<double>(), 0.6 * r["zipped"][0].get<double>());
}

TEST_F(Reports, OperatorsLeftFloatAreListed) {
  Do("convert " + h5_ + seen_ +
     " --optimize int8 --keep-float dense* -o q.tflite --report r.json");
  const json r = ReadJson("r.json");
  ASSERT_FALSE(r["left_float"].empty());
  EXPECT_EQ(r["left_float"][0]["op"], "FULLY_CONNECTED");
  EXPECT_THAT(r["left_float"][0]["reason"].get<std::string>(),
              HasSubstr("stay so"));
  Do("convert " + h5_ + seen_ +
     " --optimize int8 --keep-float dense* -o q.tflite --report r.html");
  EXPECT_THAT(ReadPage("r.html"), HasSubstr("Operators that stay float32"));
}

// Zeros are worth nothing in a file that is not zipped.
TEST_F(Reports, TotalsOfPrunedModelsSayTheZippedSize) {
  const std::string zipped = "\n  zipped  ";
  for (const std::string what : {"--prune 0.5", "--cluster 16"}) {
    EXPECT_THAT(Do("convert " + h5_ + " --no-sparse -o q.tflite " + what),
                HasSubstr(zipped));
  }
  EXPECT_THAT(Do("convert " + h5_ + " -o q.tflite --optimize default"),
              Not(HasSubstr(zipped)));
}

TEST_F(Reports, WithoutAReportTheTotalsAreSaid) {
  const std::string out =
      Do("convert " + h5_ + " -o q.tflite --optimize default");
  EXPECT_THAT(out, HasSubstr("  size    "));
  EXPECT_THAT(out, HasSubstr("  error   "));
  EXPECT_THAT(out, HasSubstr("  time    "));
  EXPECT_THAT(out, HasSubstr("--report FILE.html"));
  EXPECT_THAT(Do("convert " + h5_ + " -o f.tflite"), Not(HasSubstr("error")));
}

TEST_F(Reports, Comparison) {
  Do("convert " + h5_ + " -o q.tflite --optimize int8" + seen_);
  Do("compare " + h5_ + " q.tflite --html c.html --data " +
     (kDigits / "samples").string());
  const std::string page = ReadPage("c.html");
  EXPECT_THAT(page, HasSubstr("Comparison of two models"));
  EXPECT_THAT(page, HasSubstr("10 examples"));
  EXPECT_THAT(page, HasSubstr("The noisiest first"));
  EXPECT_GE(drawings_, 2);
}

TEST_F(Reports, Inspection) {
  Do("convert " + h5_ + " -o q.tflite --optimize int8" + seen_);
  Do("inspect q.tflite --html i.html");
  const std::string page = ReadPage("i.html");
  EXPECT_THAT(page, HasSubstr("TFLite model"));
  EXPECT_THAT(page, HasSubstr("Subgraph 0"));
  EXPECT_THAT(page, HasSubstr("CONV_2D v"));
  EXPECT_THAT(page, HasSubstr("scales along axis 0"));
  EXPECT_EQ(drawings_, 2);
  Do("inspect " + h5_ + " --html k.html");
  EXPECT_THAT(ReadPage("k.html"), HasSubstr("Conv2D"));
  Do("convert " + h5_ + " -o saved --to saved-model");
  Do("inspect saved --html s.html");
  EXPECT_THAT(ReadPage("s.html"), HasSubstr("signatures serving_default"));
}

TEST_F(Reports, Errors) {
  EXPECT_THAT(Fail("convert " + h5_ + " -o q.tflite --report r.txt"),
              HasSubstr("r.txt: is neither a .html nor a .json file"));
  EXPECT_THAT(Fail("convert " + h5_ + " -o q.tflite --evaluate-data nothing"),
              HasSubstr("nothing: "));
  EXPECT_FALSE(fs::exists(folder_.path() / "q.tflite"));
  EXPECT_THAT(Fail("inspect " + h5_ + " --html nowhere/i.html"),
              HasSubstr("nowhere/i.html"));
}

}  // namespace
