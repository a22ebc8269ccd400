// SPDX-License-Identifier: Apache-2.0
// Small HDF5 files for tests, written with libhdf5's own API.
#pragma once

#include <gtest/gtest.h>
#include <hdf5.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

namespace liteforge {

// A directory of its own for each test, removed at the end.
class ScratchDirectory {
 public:
  ScratchDirectory() {
    std::string pattern = testing::TempDir() + "liteforge_h5_XXXXXX";
    path_ = mkdtemp(pattern.data());
  }
  ~ScratchDirectory() { std::filesystem::remove_all(path_); }
  std::filesystem::path operator/(const std::string& name) const {
    return path_ / name;
  }

 private:
  std::filesystem::path path_;
};

inline std::string ReadBytes(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

inline void WriteBytes(const std::filesystem::path& path,
                       const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

// Values that differ: -3, -2.75, -2.5 …
inline std::vector<float> Ramp(size_t count) {
  std::vector<float> values(count);
  for (size_t i = 0; i < count; ++i) {
    values[i] = 0.25f * static_cast<float>(i) - 3;
  }
  return values;
}

// How the strings of an attribute are laid out.
struct TextLayout {
  size_t size = H5T_VARIABLE;  // or the bytes of each
  H5T_str_t padding = H5T_STR_NULLTERM;
  H5T_cset_t charset = H5T_CSET_ASCII;
};

// One open file. Every call stops the test when libhdf5 refuses.
class H5Writer {
 public:
  explicit H5Writer(const std::filesystem::path& path,
                    hid_t creation = H5P_DEFAULT)
      : file_(Check(
            H5Fcreate(path.c_str(), H5F_ACC_TRUNC, creation, H5P_DEFAULT))) {}
  ~H5Writer() { Check(H5Fclose(file_)); }

  hid_t file() const { return file_; }

  static hid_t Check(hid_t id) {
    if (id < 0) std::abort();
    return id;
  }

  void Group(const std::string& path) {
    hid_t links = Check(H5Pcreate(H5P_LINK_CREATE));
    Check(H5Pset_create_intermediate_group(links, 1));
    Check(H5Gclose(Check(
        H5Gcreate2(file_, path.c_str(), links, H5P_DEFAULT, H5P_DEFAULT))));
    H5Pclose(links);
  }

  // `memory` is the type of `values`, `stored` that of the file; `creation`
  // (chunks, filters, layout) is left to the caller to close.
  template <class T>
  void Dataset(const std::string& path, const std::vector<hsize_t>& dims,
               const std::vector<T>& values, hid_t memory, hid_t stored,
               hid_t creation = H5P_DEFAULT) {
    hid_t links = Check(H5Pcreate(H5P_LINK_CREATE));
    Check(H5Pset_create_intermediate_group(links, 1));
    hid_t space = Check(
        H5Screate_simple(static_cast<int>(dims.size()), dims.data(), nullptr));
    hid_t dataset = Check(H5Dcreate2(file_, path.c_str(), stored, space, links,
                                     creation, H5P_DEFAULT));
    if (!values.empty()) {
      Check(H5Dwrite(dataset, memory, H5S_ALL, H5S_ALL, H5P_DEFAULT,
                     values.data()));
    }
    H5Dclose(dataset);
    H5Sclose(space);
    H5Pclose(links);
  }

  void Floats(const std::string& path, const std::vector<hsize_t>& dims,
              const std::vector<float>& values, hid_t stored = H5T_IEEE_F32LE,
              hid_t creation = H5P_DEFAULT) {
    Dataset(path, dims, values, H5T_NATIVE_FLOAT, stored, creation);
  }

  // A list of strings, or one string with an empty `list` dimension.
  void Texts(const std::string& group, const std::string& name,
             const std::vector<std::string>& texts, TextLayout layout = {}) {
    const hsize_t count = texts.size();
    hid_t space = Check(H5Screate_simple(1, &count, nullptr));
    Attribute(group, name, texts, layout, space);
  }
  void Text(const std::string& group, const std::string& name,
            const std::string& text, TextLayout layout = {}) {
    Attribute(group, name, {text}, layout, Check(H5Screate(H5S_SCALAR)));
  }

 private:
  void Attribute(const std::string& group, const std::string& name,
                 const std::vector<std::string>& texts, TextLayout layout,
                 hid_t space) {
    hid_t type = Check(H5Tcopy(H5T_C_S1));
    Check(H5Tset_size(type, layout.size));
    Check(H5Tset_strpad(type, layout.padding));
    Check(H5Tset_cset(type, layout.charset));
    hid_t object = Check(H5Oopen(file_, group.c_str(), H5P_DEFAULT));
    hid_t attribute = Check(H5Acreate2(object, name.c_str(), type, space,
                                       H5P_DEFAULT, H5P_DEFAULT));
    std::vector<const char*> pointers;
    std::string packed;
    for (const std::string& text : texts) {
      pointers.push_back(text.c_str());
      if (layout.size == H5T_VARIABLE) continue;
      const char filler = layout.padding == H5T_STR_SPACEPAD ? ' ' : '\0';
      std::string cell = text.substr(0, layout.size);
      cell.resize(layout.size, filler);
      packed += cell;
    }
    const void* data = layout.size == H5T_VARIABLE
                           ? static_cast<const void*>(pointers.data())
                           : packed.data();
    if (!texts.empty()) Check(H5Awrite(attribute, type, data));
    H5Aclose(attribute);
    H5Oclose(object);
    H5Tclose(type);
    H5Sclose(space);
  }

  hid_t file_;
};

// A property list for datasets, closed at the end.
class DatasetCreation {
 public:
  DatasetCreation() : id_(H5Writer::Check(H5Pcreate(H5P_DATASET_CREATE))) {}
  ~DatasetCreation() { H5Pclose(id_); }
  DatasetCreation& Chunks(const std::vector<hsize_t>& sizes) {
    H5Writer::Check(
        H5Pset_chunk(id_, static_cast<int>(sizes.size()), sizes.data()));
    return *this;
  }
  DatasetCreation& Deflate() {
    H5Writer::Check(H5Pset_shuffle(id_));
    H5Writer::Check(H5Pset_deflate(id_, 6));
    return *this;
  }
  DatasetCreation& Layout(H5D_layout_t layout) {
    H5Writer::Check(H5Pset_layout(id_, layout));
    return *this;
  }
  hid_t id() const { return id_; }

 private:
  hid_t id_;
};

}  // namespace liteforge
