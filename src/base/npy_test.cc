// SPDX-License-Identifier: Apache-2.0
#include "liteforge/npy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace liteforge::npy_test {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;

class Npy : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "npyXXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    dir_ = pattern;
  }
  void TearDown() override { fs::remove_all(dir_); }

  fs::path Write(const std::string& bytes) {
    const fs::path path = dir_ / "a.npy";
    std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
    return path;
  }

  // A file as numpy lays it out, version `major`.0, around a given dict.
  Result<NpyArray> ReadFile(const std::string& dict, const std::string& data,
                            char major = 1) {
    std::string bytes = std::string("\x93NUMPY") + major + '\0';
    const size_t n = dict.size() + 1;
    bytes += static_cast<char>(n & 255);
    bytes += static_cast<char>(n >> 8);
    if (major > 1) bytes += std::string(2, '\0');
    return ReadNpy(Write(bytes + dict + "\n" + data));
  }

  std::string ErrorOf(const std::string& dict, const std::string& data) {
    auto result = ReadFile(dict, data);
    return result ? "no error" : result.error().ToString();
  }

  fs::path dir_;
};

template <class T>
std::vector<T> Values(const NpyArray& array) {
  std::vector<T> values(array.data.size() / sizeof(T));
  std::memcpy(values.data(), array.data.data(), array.data.size());
  return values;
}

std::string Dict(const std::string& descr, const std::string& fortran,
                 const std::string& shape) {
  return "{'descr': '" + descr + "', 'fortran_order': " + fortran +
         ", 'shape': " + shape + ", }";
}

// numpy 1.24.2's own bytes:
//   a = np.arange(6, dtype='>f4').reshape(2, 3); np.save(f, asfortranarray(a))
TEST_F(Npy, ReadsNumpysBigEndianColumnMajorFile) {
  std::string bytes("\x93NUMPY\x01\x00v\x00", 10);
  bytes += "{'descr': '>f4', 'fortran_order': True, 'shape': (2, 3), }";
  bytes.resize(127, ' ');
  bytes += '\n';
  bytes += std::string("\0\0\0\0@@\0\0?\x80\0\0@\x80\0\0@\0\0\0@\xa0\0\0", 24);
  auto array = ReadNpy(Write(bytes));
  ASSERT_TRUE(array) << array.error().ToString();
  EXPECT_EQ(array->type, DataType::kFloat32);
  EXPECT_EQ(array->shape, Shape({2, 3}));
  EXPECT_THAT(Values<float>(*array), ElementsAre(0, 1, 2, 3, 4, 5));
}

// np.array([1+2j, 3-4j], '>c8'): each half is swapped on its own.
TEST_F(Npy, SwapsComplexNumbersByHalves) {
  const std::string data("?\x80\0\0@\0\0\0@@\0\0\xc0\x80\0\0", 16);
  auto array = ReadFile(Dict(">c8", "False", "(2,)"), data);
  ASSERT_TRUE(array) << array.error().ToString();
  EXPECT_THAT(Values<float>(*array), ElementsAre(1, 2, 3, -4));
}

TEST_F(Npy, EveryVersionAndSpelling) {
  const std::string data("\x01\x02\x03\x04", 4);
  for (char major : {1, 2, 3}) {
    for (const std::string dict :
         {"{'descr': '<u2', 'fortran_order': False, 'shape': (2,), }",
          "{\"shape\":(2L,),\"descr\":\"<u2\",\"fortran_order\":False}",
          "{ 'fortran_order' : True ,\n'shape' : ( 2, ), 'descr':'=u2'}   "}) {
      auto array = ReadFile(dict, data, major);
      ASSERT_TRUE(array) << array.error().ToString();
      EXPECT_THAT(Values<uint16_t>(*array), ElementsAre(0x0201, 0x0403));
    }
  }
}

TEST_F(Npy, ColumnMajorOfRankThree) {
  // Element [i,j,k] of shape (2,3,4) lies at i + 2j + 6k.
  std::string data;
  for (char n = 0; n < 24; ++n) data += n;
  auto array = ReadFile(Dict("|i1", "True", "(2, 3, 4)"), data);
  ASSERT_TRUE(array);
  const auto values = Values<int8_t>(*array);
  for (int i = 0; i < 2; ++i) {
    for (int j = 0; j < 3; ++j) {
      for (int k = 0; k < 4; ++k)
        EXPECT_EQ(values[static_cast<size_t>((i * 3 + j) * 4 + k)],
                  i + 2 * j + 6 * k);
    }
  }
}

TEST_F(Npy, ScalarsAndEmptyArrays) {
  auto scalar = ReadFile(Dict("<i8", "False", "()"), std::string(8, '\1'));
  ASSERT_TRUE(scalar);
  EXPECT_EQ(scalar->shape, Shape());
  EXPECT_THAT(Values<int64_t>(*scalar), ElementsAre(0x0101010101010101));
  auto empty = ReadFile(Dict("<f8", "True", "(3, 0, 2147483647)"), "");
  ASSERT_TRUE(empty);
  EXPECT_EQ(empty->shape, Shape({3, 0, 2147483647}));
  EXPECT_EQ(empty->data.size(), 0u);
}

TEST_F(Npy, BytesBehindTheArrayAreIgnored) {
  auto array = ReadFile(Dict("|u1", "False", "(2,)"), "abc");
  ASSERT_TRUE(array);
  EXPECT_THAT(Values<char>(*array), ElementsAre('a', 'b'));
}

TEST_F(Npy, ErrorsNameFileAndFault) {
  const struct {
    std::string dict, data, message;
  } kRows[] = {
      {Dict("<f4", "False", "(2, 3)"), "1234",
       "claims float32[2,3] but holds 4 bytes of data"},
      {Dict("<f8", "False", "(2000000000, 2000000000, 2000000000)"), "",
       "claims float64["},
      {Dict("<f4", "False", "(4294967296,)"), "", "is over 2147483647"},
      {Dict("<f4", "False", "(9999999999999999999,)"), "", "over 18 digits"},
      {Dict("<f4", "False", "(1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1)"), "1234",
       "has 17 dimensions"},
      {Dict("<f4", "False", "(-1,)"), "", "a dimension expected"},
      {Dict("<f4", "False", "(4)"), "", "shape is not a tuple"},
      {Dict("<f4", "No", "(4,)"), "", "neither True nor False"},
      {Dict("|O", "False", "(1,)"), "12345678", "has element type '|O'"},
      {Dict("<U4", "False", "(1,)"), "12345678", "has element type '<U4'"},
      {Dict("<f16", "False", "(1,)"), std::string(16, 0), "element type"},
      {Dict("", "False", "(1,)"), "1234", "has element type ''"},
      {Dict("|b1", "False", "(2,)"), "\x01\x02", "neither 0 nor 1"},
      {"{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }",
       "1234", "structured"},
      {"{'descr': '<f4', 'shape': (1,), }", "1234", "is missing"},
      {"{'descr': '<f4', 'descr': '<f4'}", "1234", "repeated key 'descr'"},
      {"{'descr': '<f4'", "1234", "'}' expected"},
      {"{'descr': '<f4", "1234", "a string without end"},
      {Dict("<f4", "False", "(1,)") + " x", "1234", "text after"},
      {"", "1234", "'{' expected"},
  };
  for (const auto& row : kRows) {
    const std::string error = ErrorOf(row.dict, row.data);
    EXPECT_THAT(error, HasSubstr(row.message)) << row.dict;
    EXPECT_THAT(error, HasSubstr((dir_ / "a.npy").string() + ": "));
  }
}

TEST_F(Npy, DamagedPrefix) {
  for (const std::string& bytes :
       {std::string(), std::string("\x93NUMPY"), std::string("PK\3\4 a zip"),
        std::string("\x93NUMPY\x01\x00\xff\xff{}", 12),
        std::string("\x93NUMPY\x02\x00\xff\xff\xff\xff", 12),
        std::string("\x93NUMPY\x02\x00\x01\x00", 10)}) {
    auto result = ReadNpy(Write(bytes));
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ErrorCode::kInvalidModel);
  }
  auto future = ReadNpy(Write(std::string("\x93NUMPY\x04\x00\x00\x00", 10)));
  ASSERT_FALSE(future);
  EXPECT_EQ(future.error().code, ErrorCode::kUnsupported);
  EXPECT_EQ(ReadNpy(dir_ / "none.npy").error().code, ErrorCode::kIo);
}

// The whole file as numpy 1.24.2's np.save writes it (header padded to 128
// there; to the next multiple of 64 here, which numpy accepts just as well).
TEST_F(Npy, WritesVersionOne) {
  const std::vector<float> values = {1, 2, 3, 4, 5, 6};
  const fs::path path = dir_ / "out.npy";
  ASSERT_TRUE(WriteNpy(path, DataType::kFloat32, {2, 3},
                       std::as_bytes(std::span(values))));
  std::ifstream in(path, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(in), {}};
  ASSERT_EQ(bytes.size(), 128u + 24u);
  EXPECT_EQ(bytes.substr(0, 10), std::string("\x93NUMPY\x01\x00v\x00", 10));
  EXPECT_THAT(bytes,
              HasSubstr("{'descr': '<f4', 'fortran_order': False, 'shape': "
                        "(2, 3), }  "));
  EXPECT_EQ(bytes[127], '\n');
}

TEST_F(Npy, RoundTripOfEveryType) {
  const fs::path path = dir_ / "out.npy";
  for (DataType type :
       {DataType::kFloat16, DataType::kFloat32, DataType::kFloat64,
        DataType::kInt8, DataType::kInt16, DataType::kInt32, DataType::kInt64,
        DataType::kUInt8, DataType::kUInt16, DataType::kUInt32,
        DataType::kUInt64, DataType::kBool, DataType::kComplex64,
        DataType::kComplex128}) {
    for (const Shape& shape :
         {Shape(), Shape({3}), Shape({2, 0}), Shape({1, 2, 3})}) {
      const auto size = static_cast<size_t>(ByteSize(type, shape.elements()));
      std::vector<std::byte> data(size);
      for (size_t i = 0; i < size; ++i)
        data[i] = std::byte(type == DataType::kBool ? i & 1 : i);
      ASSERT_TRUE(WriteNpy(path, type, shape, data)) << Name(type);
      auto array = ReadNpy(path);
      ASSERT_TRUE(array) << array.error().ToString();
      EXPECT_EQ(array->type, type);
      EXPECT_EQ(array->shape, shape);
      EXPECT_EQ(array->data, data);
    }
  }
}

TEST_F(Npy, WriteRefusesWhatNpyCannotHold) {
  const std::byte data[4] = {};
  for (DataType type :
       {DataType::kString, DataType::kInt4, DataType::kBFloat16}) {
    EXPECT_EQ(WriteNpy(dir_ / "x", type, {4}, data).error().code,
              ErrorCode::kUnsupported);
  }
  EXPECT_EQ(WriteNpy(dir_ / "x", DataType::kInt8, {5}, data).error().code,
            ErrorCode::kInvalidArgument);
  EXPECT_FALSE(fs::exists(dir_ / "x"));
}

}  // namespace liteforge::npy_test
