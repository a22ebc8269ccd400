// SPDX-License-Identifier: Apache-2.0
#include "formats/keras/h5.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/file.h>

#include <atomic>
#include <cstdio>
#include <thread>

#include "formats/keras/h5_test_writer.h"

namespace liteforge::h5_test {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Strings = std::vector<std::string>;

TEST(ReadH5, ContiguousFloats) {
  const ScratchDirectory dir;
  H5Writer(dir / "a.h5").Floats("conv/conv/kernel:0", {2, 3}, Ramp(6));
  const auto tree = ReadH5(dir / "a.h5");
  ASSERT_TRUE(tree) << tree.error().ToString();
  const H5Dataset* kernel = tree->FindDataset("conv/conv/kernel:0");
  ASSERT_NE(kernel, nullptr);
  EXPECT_EQ(kernel->type, DataType::kFloat32);
  EXPECT_EQ(kernel->shape, Shape({2, 3}));
  EXPECT_EQ(kernel->data.ToVector<float>(), Ramp(6));
  EXPECT_EQ(tree->FindDataset("/conv/conv/kernel:0"), kernel);
  EXPECT_EQ(tree->FindDataset("conv/kernel:0"), nullptr);
  EXPECT_EQ(tree->FindDataset("conv/conv"), nullptr);
  EXPECT_EQ(tree->FindGroup("conv/none"), nullptr);
  EXPECT_EQ(tree->FindGroup(""), &*tree);
}

// Every stored number type in both byte orders, in three layouts.
struct NumberCase {
  hid_t little, big;
  DataType type;
  std::string bytes;  // of the values 1, 2, 100, little-endian
};

template <class T>
std::string Bytes(std::initializer_list<T> values) {
  return {reinterpret_cast<const char*>(values.begin()),
          values.size() * sizeof(T)};
}

std::vector<NumberCase> NumberCases() {
  return {
      {H5T_IEEE_F32LE, H5T_IEEE_F32BE, DataType::kFloat32,
       Bytes<float>({1, 2, 100})},
      {H5T_IEEE_F64LE, H5T_IEEE_F64BE, DataType::kFloat64,
       Bytes<double>({1, 2, 100})},
      {H5T_STD_I8LE, H5T_STD_I8BE, DataType::kInt8, Bytes<int8_t>({1, 2, 100})},
      {H5T_STD_I16LE, H5T_STD_I16BE, DataType::kInt16,
       Bytes<int16_t>({1, 2, 100})},
      {H5T_STD_I32LE, H5T_STD_I32BE, DataType::kInt32,
       Bytes<int32_t>({1, 2, 100})},
      {H5T_STD_I64LE, H5T_STD_I64BE, DataType::kInt64,
       Bytes<int64_t>({1, 2, 100})},
      {H5T_STD_U8LE, H5T_STD_U8BE, DataType::kUInt8,
       Bytes<uint8_t>({1, 2, 100})},
      {H5T_STD_U16LE, H5T_STD_U16BE, DataType::kUInt16,
       Bytes<uint16_t>({1, 2, 100})},
      {H5T_STD_U32LE, H5T_STD_U32BE, DataType::kUInt32,
       Bytes<uint32_t>({1, 2, 100})},
      {H5T_STD_U64LE, H5T_STD_U64BE, DataType::kUInt64,
       Bytes<uint64_t>({1, 2, 100})},
  };
}

TEST(ReadH5, NumberTypesByteOrdersAndLayouts) {
  const ScratchDirectory dir;
  DatasetCreation contiguous, compact, chunked, deflated;
  compact.Layout(H5D_COMPACT);
  chunked.Chunks({2});
  deflated.Chunks({2}).Deflate();
  const std::pair<std::string, hid_t> layouts[] = {
      {"contiguous", contiguous.id()},
      {"compact", compact.id()},
      {"chunked", chunked.id()},
      {"deflated", deflated.id()}};
  {
    H5Writer writer(dir / "a.h5");
    for (const NumberCase& number : NumberCases()) {
      for (const auto& [layout, creation] : layouts) {
        const std::string name(Name(number.type));
        writer.Dataset<double>(layout + "/" + name, {3}, {1, 2, 100},
                               H5T_NATIVE_DOUBLE, number.little, creation);
        writer.Dataset<double>(layout + "/big_" + name, {3}, {1, 2, 100},
                               H5T_NATIVE_DOUBLE, number.big, creation);
      }
    }
  }
  const auto tree = ReadH5(dir / "a.h5");
  ASSERT_TRUE(tree) << tree.error().ToString();
  for (const NumberCase& number : NumberCases()) {
    for (const auto& [layout, creation] : layouts) {
      for (const char* order : {"/", "/big_"}) {
        const std::string path =
            layout + order + std::string(Name(number.type));
        SCOPED_TRACE(path);
        const H5Dataset* dataset = tree->FindDataset(path);
        ASSERT_NE(dataset, nullptr);
        EXPECT_EQ(dataset->type, number.type);
        EXPECT_EQ(dataset->shape, Shape({3}));
        const auto bytes = dataset->data.ToVector<char>();
        EXPECT_EQ(std::string(bytes.begin(), bytes.end()), number.bytes);
      }
    }
  }
}

// As numpy.float16 is written: 1 sign, 5 exponent and 10 mantissa bits.
hid_t HalfType(size_t exponent_bits, H5T_order_t order) {
  const hid_t type = H5Tcopy(H5T_IEEE_F32LE);
  const size_t mantissa = 15 - exponent_bits;
  H5Tset_fields(type, 15, mantissa, exponent_bits, 0, mantissa);
  H5Tset_size(type, 2);
  H5Tset_ebias(type, (size_t{1} << (exponent_bits - 1)) - 1);
  H5Tset_order(type, order);
  return type;
}

TEST(ReadH5, SixteenBitFloats) {
  const ScratchDirectory dir;
  {
    H5Writer writer(dir / "a.h5");
    writer.Floats("half", {3}, {1, -2, 0.5}, HalfType(5, H5T_ORDER_LE));
    writer.Floats("big_half", {3}, {1, -2, 0.5}, HalfType(5, H5T_ORDER_BE));
    writer.Floats("bfloat", {3}, {1, -2, 0.5}, HalfType(8, H5T_ORDER_LE));
  }
  const auto tree = ReadH5(dir / "a.h5");
  ASSERT_TRUE(tree) << tree.error().ToString();
  for (const char* name : {"half", "big_half"}) {
    const H5Dataset* dataset = tree->FindDataset(name);
    ASSERT_NE(dataset, nullptr);
    EXPECT_EQ(dataset->type, DataType::kFloat16);
    EXPECT_THAT(dataset->data.ToVector<uint16_t>(),
                ElementsAre(0x3c00, 0xc000, 0x3800));
  }
  const H5Dataset* dataset = tree->FindDataset("bfloat");
  ASSERT_NE(dataset, nullptr);
  EXPECT_EQ(dataset->type, DataType::kBFloat16);
  EXPECT_THAT(dataset->data.ToVector<uint16_t>(),
              ElementsAre(0x3f80, 0xc000, 0x3f00));
}

TEST(ReadH5, BooleansOfH5py) {
  const ScratchDirectory dir;
  const hid_t boolean = H5Tenum_create(H5T_NATIVE_INT8);
  const int8_t no = 0, yes = 1;
  H5Tenum_insert(boolean, "FALSE", &no);
  H5Tenum_insert(boolean, "TRUE", &yes);
  DatasetCreation chunked;
  chunked.Chunks({2}).Deflate();
  {
    H5Writer writer(dir / "a.h5");
    writer.Dataset<int8_t>("plain", {3}, {1, 0, 1}, boolean, boolean);
    writer.Dataset<int8_t>("packed", {3}, {1, 0, 1}, boolean, boolean,
                           chunked.id());
  }
  const auto tree = ReadH5(dir / "a.h5");
  ASSERT_TRUE(tree) << tree.error().ToString();
  for (const char* name : {"plain", "packed"}) {
    const H5Dataset* dataset = tree->FindDataset(name);
    ASSERT_NE(dataset, nullptr) << name;
    EXPECT_EQ(dataset->type, DataType::kBool);
    EXPECT_THAT(dataset->data.ToVector<uint8_t>(), ElementsAre(1, 0, 1));
  }
}

TEST(ReadH5, ScalarsEmptyAndUnwrittenDatasets) {
  const ScratchDirectory dir;
  {
    H5Writer writer(dir / "a.h5");
    writer.Floats("scalar", {}, {7});
    writer.Floats("empty", {0, 4}, {});
    writer.Floats("unwritten", {5}, {});
    DatasetCreation filled;
    const float nine = 9;
    H5Pset_fill_value(filled.id(), H5T_NATIVE_FLOAT, &nine);
    writer.Floats("filled", {2}, {}, H5T_IEEE_F32LE, filled.id());
  }
  const auto tree = ReadH5(dir / "a.h5");
  ASSERT_TRUE(tree) << tree.error().ToString();
  EXPECT_EQ(tree->datasets.at("scalar").shape, Shape());
  EXPECT_THAT(tree->datasets.at("scalar").data.ToVector<float>(),
              ElementsAre(7));
  EXPECT_EQ(tree->datasets.at("empty").shape, Shape({0, 4}));
  EXPECT_TRUE(tree->datasets.at("empty").data.empty());
  EXPECT_EQ(tree->datasets.at("unwritten").data.ToVector<float>(),
            std::vector<float>(5));
  EXPECT_THAT(tree->datasets.at("filled").data.ToVector<float>(),
              ElementsAre(9, 9));
}

TEST(ReadH5, LargeChunkedDatasetWithPartialChunks) {
  const ScratchDirectory dir;
  DatasetCreation chunked;
  chunked.Chunks({100, 64}).Deflate();
  H5Writer(dir / "a.h5")
      .Floats("big", {999, 333}, Ramp(999 * 333), H5T_IEEE_F32LE, chunked.id());
  const auto tree = ReadH5(dir / "a.h5");
  ASSERT_TRUE(tree) << tree.error().ToString();
  EXPECT_EQ(tree->datasets.at("big").data.ToVector<float>(), Ramp(999 * 333));
}

// Zeros compress to a thousandth, which deflate can do.
TEST(ReadH5, HighlyCompressedDataset) {
  const ScratchDirectory dir;
  DatasetCreation chunked;
  chunked.Chunks({1 << 20}).Deflate();
  H5Writer(dir / "a.h5")
      .Floats("zeros", {1 << 22}, std::vector<float>(1 << 22), H5T_IEEE_F32LE,
              chunked.id());
  ASSERT_LT(std::filesystem::file_size(dir / "a.h5"), 40'000u);
  const auto tree = ReadH5(dir / "a.h5");
  ASSERT_TRUE(tree) << tree.error().ToString();
  EXPECT_EQ(tree->datasets.at("zeros").data.size(), size_t{16} << 20);
}

TEST(ReadH5, AttributesOfText) {
  const ScratchDirectory dir;
  {
    H5Writer writer(dir / "a.h5");
    writer.Group("g");
    const TextLayout utf8{H5T_VARIABLE, H5T_STR_NULLTERM, H5T_CSET_UTF8};
    writer.Text("g", "variable", "tensorflow");
    writer.Text("g", "utf8", "größe", utf8);
    writer.Text("g", "blank", "", utf8);
    writer.Texts("g", "variable_list", {"a", "", "ccc"}, utf8);
    writer.Text("g", "terminated", "2.4.0", {8, H5T_STR_NULLTERM});
    writer.Text("g", "null_padded", "2.4.0", {5, H5T_STR_NULLPAD});
    writer.Text("g", "space_padded", "2.4.0", {8, H5T_STR_SPACEPAD});
    writer.Texts("g", "null_padded_list", {"dense", "conv2d"},
                 {6, H5T_STR_NULLPAD, H5T_CSET_ASCII});
    writer.Texts("g", "space_padded_list", {"dense", "conv2d", ""},
                 {6, H5T_STR_SPACEPAD, H5T_CSET_UTF8});
    writer.Texts("g", "terminated_list", {"dense", "conv2d"},
                 {9, H5T_STR_NULLTERM, H5T_CSET_ASCII});
    writer.Texts("g", "empty_list", {}, {4, H5T_STR_NULLPAD});
  }
  const auto tree = ReadH5(dir / "a.h5");
  ASSERT_TRUE(tree) << tree.error().ToString();
  const H5Group& g = tree->groups.at("g");
  EXPECT_EQ(g.Strings("variable"), Strings{"tensorflow"});
  EXPECT_EQ(g.Strings("utf8"), Strings{"größe"});
  EXPECT_EQ(g.Strings("blank"), Strings{""});
  EXPECT_EQ(g.Strings("variable_list"), (Strings{"a", "", "ccc"}));
  EXPECT_EQ(g.Strings("terminated"), Strings{"2.4.0"});
  EXPECT_EQ(g.Strings("null_padded"), Strings{"2.4.0"});
  EXPECT_EQ(g.Strings("space_padded"), Strings{"2.4.0"});
  EXPECT_EQ(g.Strings("null_padded_list"), (Strings{"dense", "conv2d"}));
  EXPECT_EQ(g.Strings("space_padded_list"), (Strings{"dense", "conv2d", ""}));
  EXPECT_EQ(g.Strings("terminated_list"), (Strings{"dense", "conv2d"}));
  EXPECT_THAT(g.Strings("empty_list"), IsEmpty());
  EXPECT_THAT(g.Strings("absent"), IsEmpty());
}

TEST(ReadH5, AttributesOfNumbersAreIgnored) {
  const ScratchDirectory dir;
  {
    H5Writer writer(dir / "a.h5");
    const hsize_t none = 0;  // numpy.asarray([]), as Keras writes an empty list
    const hid_t space = H5Screate_simple(1, &none, nullptr);
    H5Aclose(H5Acreate2(writer.file(), "weight_names", H5T_IEEE_F64LE, space,
                        H5P_DEFAULT, H5P_DEFAULT));
    H5Sclose(space);
  }
  const auto tree = ReadH5(dir / "a.h5");
  ASSERT_TRUE(tree) << tree.error().ToString();
  EXPECT_THAT(tree->attributes, IsEmpty());
}

TEST(ReadH5, SplitAttributesAreJoined) {
  const ScratchDirectory dir;
  Strings all;
  {
    H5Writer writer(dir / "a.h5");
    for (int part = 0; part < 11; ++part) {
      const Strings piece = {fmt::format("x{}", part),
                             fmt::format("y{}", part)};
      all.insert(all.end(), piece.begin(), piece.end());
      writer.Texts("/", "layer_names" + std::to_string(part), piece);
    }
  }
  const auto tree = ReadH5(dir / "a.h5");
  ASSERT_TRUE(tree) << tree.error().ToString();
  EXPECT_EQ(tree->Strings("layer_names"), all);
}

// More attributes than an object header holds are stored in a heap.
TEST(ReadH5, DenselyStoredAttributesAndLinks) {
  const ScratchDirectory dir;
  const hid_t access = H5Pcreate(H5P_FILE_ACCESS);
  H5Pset_libver_bounds(access, H5F_LIBVER_V18, H5F_LIBVER_LATEST);
  const hid_t file =
      H5Fcreate((dir / "a.h5").c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, access);
  H5Fclose(file);
  const hid_t reopened = H5Fopen((dir / "a.h5").c_str(), H5F_ACC_RDWR, access);
  H5Pclose(access);
  const hid_t text = H5Tcopy(H5T_C_S1);
  const hid_t scalar = H5Screate(H5S_SCALAR);
  for (int i = 0; i < 100; ++i) {
    const std::string name = fmt::format("n{}", i);
    const hid_t attribute = H5Acreate2(reopened, name.c_str(), text, scalar,
                                       H5P_DEFAULT, H5P_DEFAULT);
    H5Awrite(attribute, text, "q");
    H5Aclose(attribute);
    H5Gclose(H5Gcreate2(reopened, name.c_str(), H5P_DEFAULT, H5P_DEFAULT,
                        H5P_DEFAULT));
  }
  H5Fclose(reopened);
  const auto tree = ReadH5(dir / "a.h5");
  ASSERT_TRUE(tree) << tree.error().ToString();
  EXPECT_EQ(tree->attributes.size(), 100u);
  EXPECT_EQ(tree->Strings("n99"), Strings{"q"});
  EXPECT_EQ(tree->groups.size(), 100u);
}

TEST(ReadH5, LinksThatLeadBackUpAreNotFollowed) {
  const ScratchDirectory dir;
  {
    H5Writer writer(dir / "a.h5");
    writer.Floats("a/b/w", {2}, {1, 2});
    const hid_t f = writer.file();
    H5Lcreate_hard(f, "/", f, "a/b/root", H5P_DEFAULT, H5P_DEFAULT);
    H5Lcreate_hard(f, "/a", f, "a/b/up", H5P_DEFAULT, H5P_DEFAULT);
    H5Lcreate_hard(f, "/a/b", f, "a/b/self", H5P_DEFAULT, H5P_DEFAULT);
    H5Lcreate_hard(f, "/a/b", f, "again", H5P_DEFAULT, H5P_DEFAULT);
    H5Lcreate_soft("/a", f, "a/b/soft_up", H5P_DEFAULT, H5P_DEFAULT);
    H5Lcreate_soft("/a/b/w", f, "soft", H5P_DEFAULT, H5P_DEFAULT);
    H5Lcreate_soft("/nowhere", f, "dangling", H5P_DEFAULT, H5P_DEFAULT);
    H5Lcreate_soft("/loop", f, "loop", H5P_DEFAULT, H5P_DEFAULT);
  }
  const auto tree = ReadH5(dir / "a.h5");
  ASSERT_TRUE(tree) << tree.error().ToString();
  EXPECT_EQ(tree->groups.size(), 2u);
  EXPECT_EQ(tree->FindGroup("a/b")->groups.size(), 0u);
  for (const char* path : {"a/b/w", "again/w", "soft"}) {
    const H5Dataset* dataset = tree->FindDataset(path);
    ASSERT_NE(dataset, nullptr) << path;
    EXPECT_THAT(dataset->data.ToVector<float>(), ElementsAre(1, 2));
  }
}

TEST(ReadH5, OtherFilesAreNeverOpened) {
  const ScratchDirectory dir;
  H5Writer(dir / "other.h5").Floats("secret", {2}, {1, 2});
  WriteBytes(dir / "raw.bin", std::string(8, 'x'));
  {
    H5Writer writer(dir / "a.h5");
    const hid_t f = writer.file();
    H5Lcreate_external((dir / "other.h5").c_str(), "/secret", f, "link",
                       H5P_DEFAULT, H5P_DEFAULT);
    H5Lcreate_soft("/link", f, "soft_link", H5P_DEFAULT, H5P_DEFAULT);
    DatasetCreation external;
    H5Writer::Check(
        H5Pset_external(external.id(), (dir / "raw.bin").c_str(), 0, 8));
    writer.Floats("external", {2}, {}, H5T_IEEE_F32LE, external.id());
    DatasetCreation mapped;
    const hsize_t two = 2;
    const hid_t space = H5Screate_simple(1, &two, nullptr);
    H5Writer::Check(H5Pset_virtual(
        mapped.id(), space, (dir / "other.h5").c_str(), "/secret", space));
    writer.Floats("virtual", {2}, {}, H5T_IEEE_F32LE, mapped.id());
    H5Sclose(space);
  }
  const auto tree = ReadH5(dir / "a.h5");
  ASSERT_TRUE(tree) << tree.error().ToString();
  EXPECT_THAT(tree->datasets, IsEmpty());
  EXPECT_THAT(tree->groups, IsEmpty());
  ASSERT_EQ(tree->unread.size(), 2u);
  EXPECT_EQ(tree->unread.at("external"), "is stored in another file");
  EXPECT_EQ(tree->unread.at("virtual"), "is stored in another file");
}

size_t PassThrough(unsigned, size_t, const unsigned*, size_t bytes, size_t*,
                   void**) {
  return bytes;
}

TEST(ReadH5, DatasetsOfOtherKindsAreNamedAsUnread) {
  constexpr H5Z_filter_t kStrangeFilter = 300;
  const ScratchDirectory dir;
  const H5Z_class2_t strange = {
      H5Z_CLASS_T_VERS, kStrangeFilter, 1,       1,
      "strange",        nullptr,        nullptr, PassThrough};
  H5Writer::Check(H5Zregister(&strange));
  {
    H5Writer writer(dir / "a.h5");
    const hid_t text = H5Tcopy(H5T_C_S1);
    H5Tset_size(text, 4);
    writer.Dataset<char>("text", {1}, {'a', 'b', 'c', 'd'}, text, text);
    const hid_t pair = H5Tcreate(H5T_COMPOUND, 8);
    H5Tinsert(pair, "r", 0, H5T_IEEE_F32LE);
    H5Tinsert(pair, "i", 4, H5T_IEEE_F32LE);
    writer.Dataset<float>("complex", {1}, {1, 2}, pair, pair);
    writer.Floats("deep", std::vector<hsize_t>(20, 1), {1});
    DatasetCreation filtered;
    filtered.Chunks({2});
    H5Writer::Check(H5Pset_filter(filtered.id(), kStrangeFilter, 0, 0, {}));
    writer.Floats("filtered", {2}, {1, 2}, H5T_IEEE_F32LE, filtered.id());
  }
  H5Zunregister(kStrangeFilter);
  const auto tree = ReadH5(dir / "a.h5");
  ASSERT_TRUE(tree) << tree.error().ToString();
  EXPECT_THAT(tree->datasets, IsEmpty());
  ASSERT_EQ(tree->unread.size(), 4u);
  EXPECT_THAT(*tree->FindUnread("text"), HasSubstr("(string)"));
  EXPECT_THAT(*tree->FindUnread("complex"), HasSubstr("(compound)"));
  EXPECT_THAT(*tree->FindUnread("deep"), HasSubstr("shape"));
  EXPECT_THAT(*tree->FindUnread("filtered"), HasSubstr("filter 300 (strange)"));
  EXPECT_EQ(tree->FindUnread("none"), nullptr);
}

TEST(ReadH5, UserBlockBeforeTheSignature) {
  const ScratchDirectory dir;
  for (const hsize_t block : {512, 2048}) {
    const hid_t creation = H5Pcreate(H5P_FILE_CREATE);
    H5Pset_userblock(creation, block);
    H5Writer(dir / "a.h5", creation).Floats("w", {3}, {1, 2, 3});
    H5Pclose(creation);
    const std::string bytes = ReadBytes(dir / "a.h5");
    EXPECT_TRUE(LooksLikeH5(std::as_bytes(std::span(bytes))));
    const auto tree = ReadH5(dir / "a.h5");
    ASSERT_TRUE(tree) << tree.error().ToString();
    EXPECT_THAT(tree->datasets.at("w").data.ToVector<float>(),
                ElementsAre(1, 2, 3));
  }
}

TEST(LooksLikeH5, OnlyAtThePlacesTheFormatNames) {
  const std::string signature = "\x89HDF\r\n\x1a\n";
  auto looks = [&](size_t offset) {
    const std::string bytes = std::string(offset, '.') + signature;
    return LooksLikeH5(std::as_bytes(std::span(bytes)));
  };
  EXPECT_TRUE(looks(0));
  EXPECT_TRUE(looks(512));
  EXPECT_TRUE(looks(1024));
  EXPECT_TRUE(looks(8192));
  EXPECT_FALSE(looks(1));
  EXPECT_FALSE(looks(256));
  EXPECT_FALSE(looks(1536));
  EXPECT_FALSE(LooksLikeH5({}));
}

// Media that cannot be locked, or files that someone else has locked.
TEST(ReadH5, NeedsNoLock) {
  const ScratchDirectory dir;
  H5Writer(dir / "a.h5").Floats("w", {2}, {1, 2});
  const int fd = open((dir / "a.h5").c_str(), O_RDWR);
  ASSERT_EQ(flock(fd, LOCK_EX), 0);
  EXPECT_TRUE(ReadH5(dir / "a.h5"));
  close(fd);
}

// As h5py does in a Python that converts the file meanwhile.
TEST(ReadH5, FileOpenInTheSameProcessToo) {
  const ScratchDirectory dir;
  H5Writer writer(dir / "a.h5");
  writer.Floats("w", {2}, {1, 2});
  writer.Text("/", "text", "abc");
  H5Fflush(writer.file(), H5F_SCOPE_GLOBAL);
  const auto tree = ReadH5(dir / "a.h5");
  ASSERT_TRUE(tree) << tree.error().ToString();
  EXPECT_THAT(tree->datasets.at("w").data.ToVector<float>(), ElementsAre(1, 2));
  EXPECT_EQ(tree->Strings("text"), Strings{"abc"});
  writer.Floats("v", {2}, {1, 2});  // the writer goes on undisturbed
}

TEST(ReadH5, DataOutlivesTheTree) {
  const ScratchDirectory dir;
  DatasetCreation chunked;
  chunked.Chunks({2});
  {
    H5Writer writer(dir / "a.h5");
    writer.Floats("plain", {3}, {1, 2, 3});
    writer.Floats("packed", {3}, {4, 5, 6}, H5T_IEEE_F32LE, chunked.id());
  }
  Blob plain, packed;
  {
    auto tree = ReadH5(dir / "a.h5");
    ASSERT_TRUE(tree);
    plain = tree->datasets.at("plain").data;
    packed = tree->datasets.at("packed").data;
  }
  std::filesystem::remove(dir / "a.h5");
  EXPECT_THAT(plain.ToVector<float>(), ElementsAre(1, 2, 3));
  EXPECT_THAT(packed.ToVector<float>(), ElementsAre(4, 5, 6));
}

TEST(ReadH5, ChildDoesNotFlushTheParentsBuffers) {
  const ScratchDirectory dir;
  H5Writer(dir / "a.h5").Floats("w", {2}, {1, 2});
  FILE* log = std::fopen((dir / "log").c_str(), "w");
  std::fputs("once\n", log);
  ASSERT_TRUE(ReadH5(dir / "a.h5"));
  std::fclose(log);
  EXPECT_EQ(ReadBytes(dir / "log"), "once\n");
}

TEST(ReadH5, FromSeveralThreads) {
#ifdef LITEFORGE_SANITIZED
  // glibc's malloc works after a fork whatever the other threads were at; the
  // sanitizers' allocators may stay locked.
  GTEST_SKIP() << "sanitizers cannot fork while other threads allocate";
#endif
  const ScratchDirectory dir;
  DatasetCreation chunked;
  chunked.Chunks({64}).Deflate();
  H5Writer(dir / "a.h5")
      .Floats("w", {1000}, Ramp(1000), H5T_IEEE_F32LE, chunked.id());
  std::atomic<int> good = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 10; ++i) {
        const auto tree = ReadH5(dir / "a.h5");
        good +=
            tree && tree->datasets.at("w").data.ToVector<float>() == Ramp(1000);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(good, 40);
}

}  // namespace liteforge::h5_test
