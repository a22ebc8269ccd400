// SPDX-License-Identifier: Apache-2.0
#include "kernels/flex_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <random>

#include "kernels/custom_testing.h"
#include "kernels/kernel.h"

namespace liteforge::flex_options_test {

using testing::ElementsAre;
using testing::HasSubstr;

template <class Fill>
FlexOptions Read(Fill&& fill) {
  auto options = FlexOptions::Read(FlexMap("", fill).bytes);
  EXPECT_TRUE(options);
  return options ? *options : FlexOptions();
}

template <class T>
std::string ErrorOf(const Result<T>& result) {
  return result ? "" : result.error().message;
}

TEST(FlexOptions, Numbers) {
  const FlexOptions o = Read([](flexbuffers::Builder& b) {
    b.Int("int", -7);
    b.UInt("uint", 7);
    b.Float("float", 2.75f);
    b.Double("double", -0.5);
    b.Bool("bool", true);
    b.IndirectInt("indirect", 1 << 20);
    b.Int("large", int64_t{1} << 31);
    b.UInt("huge", ~uint64_t{0});
    b.Double("nan", std::numeric_limits<double>::quiet_NaN());
    b.Double("1e300", 1e300);
    b.String("text", "12");
  });
  EXPECT_EQ(*o.Int("int"), -7);
  EXPECT_EQ(*o.Int("uint"), 7);
  EXPECT_EQ(*o.Int("float"), 2);
  EXPECT_EQ(*o.Int("double"), 0);
  EXPECT_EQ(*o.Int("bool"), 1);
  EXPECT_EQ(*o.Int("indirect"), 1 << 20);
  for (const char* name : {"large", "huge", "nan", "1e300"})
    EXPECT_THAT(ErrorOf(o.Int(name)), HasSubstr("does not fit")) << name;
  EXPECT_EQ(ErrorOf(o.Int("text")), "option 'text' is no number");
  EXPECT_EQ(ErrorOf(o.Int("none")), "option 'none' is missing");
  EXPECT_EQ(*o.Int("none", 100), 100);

  EXPECT_EQ(*o.Float("int"), -7.0f);
  EXPECT_EQ(*o.Float("float"), 2.75f);
  EXPECT_EQ(*o.Float("double"), -0.5f);
  EXPECT_THAT(ErrorOf(o.Float("nan")), HasSubstr("finite"));
  EXPECT_THAT(ErrorOf(o.Float("1e300")), HasSubstr("finite"));
  EXPECT_THAT(ErrorOf(o.Float("text")), HasSubstr("finite"));
  EXPECT_EQ(*o.Float("none", 1.5f), 1.5f);
  EXPECT_THAT(ErrorOf(o.Float("none")), HasSubstr("missing"));

  EXPECT_TRUE(*o.Bool("bool"));
  EXPECT_TRUE(*o.Bool("int"));
  EXPECT_FALSE(*o.Bool("none", false));
  EXPECT_THAT(ErrorOf(o.Bool("text")), HasSubstr("no bool"));
}

TEST(FlexOptions, TextsAndLists) {
  const FlexOptions o = Read([](flexbuffers::Builder& b) {
    b.String("text", "SAME");
    b.Int("int", 1);
    b.TypedVector("typed", [&] {
      b.Int(1);
      b.Int(300);
    });
    b.Vector("mixed", [&] {
      b.Int(1);
      b.Float(2.0f);
    });
    const int32_t fixed[] = {4, 5, 6};
    b.Key("fixed");
    b.FixedTypedVector(fixed, 3);
    b.Vector("texts", [&] { b.String("a"); });
  });
  EXPECT_EQ(*o.Text("text"), "SAME");
  EXPECT_THAT(ErrorOf(o.Text("int")), HasSubstr("no text"));
  EXPECT_THAT(ErrorOf(o.Text("none")), HasSubstr("missing"));
  EXPECT_THAT(*o.Ints("typed"), ElementsAre(1, 300));
  EXPECT_THAT(*o.Ints("mixed"), ElementsAre(1, 2));
  EXPECT_THAT(*o.Ints("fixed"), ElementsAre(4, 5, 6));
  EXPECT_THAT(ErrorOf(o.Ints("texts")), HasSubstr("no number"));
  EXPECT_THAT(ErrorOf(o.Ints("int")), HasSubstr("no list"));
  EXPECT_THAT(ErrorOf(o.Ints("none")), HasSubstr("missing"));
}

TEST(FlexOptions, WhatIsNoMapIsRefused) {
  EXPECT_FALSE(FlexOptions::Read({}));
  const uint8_t number[] = {5, 4, 1};  // int8 5
  EXPECT_FALSE(FlexOptions::Read(number));
  EXPECT_FALSE(FlexOptions::Read(std::vector<uint8_t>((1 << 24) + 1)));
}

// Whatever the bytes, every custom kernel's options are read or refused. What
// the sanitizers see here is the test.
TEST(FlexOptions, DamagedBytesAreHarmless) {
  const auto whole = FlexMap("", [](flexbuffers::Builder& b) {
    b.Int("window_size", 8);
    b.String("padding", "SAME");
    b.TypedVector("ksize", [&] {
      for (const int i : {1, 2, 2, 1}) b.Int(i);
    });
    b.Float("y_scale", 10);
    b.Vector("mixed", [&] { b.Double(0.5); });
  });
  std::mt19937 random(1);
  int read = 0;
  for (int trial = 0; trial < 20000; ++trial) {
    std::vector<uint8_t> bytes = whole.bytes;
    if (trial % 4 == 0) bytes.resize(random() % bytes.size());
    for (unsigned i = 0; i < 1 + random() % 3 && !bytes.empty(); ++i)
      bytes[random() % bytes.size()] = static_cast<uint8_t>(random());
    const auto options = FlexOptions::Read(bytes);
    if (!options) continue;
    ++read;
    for (const char* name :
         {"window_size", "padding", "ksize", "y_scale", "mixed", "absent"}) {
      (void)options->Int(name);
      (void)options->Float(name);
      (void)options->Bool(name);
      (void)options->Text(name);
      (void)options->Ints(name);
    }
  }
  EXPECT_GT(read, 1000);
}

TEST(CustomKernels, AreFoundByName) {
  const auto kernels = AllCustomKernels();
  for (size_t i = 0; i < kernels.size(); ++i) {
    EXPECT_EQ(FindCustomKernel(kernels[i]->name), &kernels[i]->kernel);
    EXPECT_EQ(kernels[i]->kernel.op, Op::kCustom);
    EXPECT_NE(kernels[i]->kernel.infer, nullptr) << kernels[i]->name;
    if (i > 0) {
      EXPECT_LT(std::string(kernels[i - 1]->name), kernels[i]->name);
    }
  }
  EXPECT_EQ(FindCustomKernel(""), nullptr);
  EXPECT_EQ(FindCustomKernel("Nobody"), nullptr);
}

}  // namespace liteforge::flex_options_test
