// SPDX-License-Identifier: Apache-2.0
// Layout of a .npy file (numpy.lib.format):
//
//   \x93NUMPY           6 bytes
//   major, minor        1.0, 2.0 or 3.0
//   header length       u16 little-endian (1.0), u32 (2.0 and 3.0)
//   header              a Python dict literal, padded with spaces and '\n':
//                       {'descr': '<f4', 'fortran_order': False,
//                        'shape': (2, 3), }
//   data                shape's product of elements
//
// 1.0 and 2.0 headers are Latin-1, 3.0 ones UTF-8; the types read here are
// spelled in ASCII in all three.
#include "liteforge/npy.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/atomic_file.h"
#include "base/mapped_file.h"
#include "base/try.h"

namespace liteforge {
namespace {

constexpr std::string_view kMagic = "\x93NUMPY";

// numpy's kind letter and item size. `part` is what a byte swap reverses: a
// complex number is two floats.
struct NpyType {
  std::string_view code;
  DataType type;
  size_t part;
};
constexpr NpyType kNpyTypes[] = {
    {"f2", DataType::kFloat16, 2},   {"f4", DataType::kFloat32, 4},
    {"f8", DataType::kFloat64, 8},   {"i1", DataType::kInt8, 1},
    {"i2", DataType::kInt16, 2},     {"i4", DataType::kInt32, 4},
    {"i8", DataType::kInt64, 8},     {"u1", DataType::kUInt8, 1},
    {"u2", DataType::kUInt16, 2},    {"u4", DataType::kUInt32, 4},
    {"u8", DataType::kUInt64, 8},    {"b1", DataType::kBool, 1},
    {"c8", DataType::kComplex64, 4}, {"c16", DataType::kComplex128, 8},
};

const NpyType* FindType(std::string_view code) {
  for (const NpyType& row : kNpyTypes) {
    if (row.code == code) return &row;
  }
  return nullptr;
}

const NpyType* FindType(DataType type) {
  for (const NpyType& row : kNpyTypes) {
    if (row.type == type) return &row;
  }
  return nullptr;
}

struct Header {
  std::string descr;
  bool fortran_order = false;
  std::vector<int64_t> shape;
};

// Reads the dict literal; nothing but what numpy writes is a header.
class HeaderParser {
 public:
  explicit HeaderParser(std::string_view text) : text_(text) {}

  Result<Header> Parse() {
    Header header;
    TRY(Expect('{'));
    while (!Accept('}')) {
      TRY_ASSIGN(const std::string key, String());
      TRY(Expect(':'));
      TRY(Value(key, header));
      if (!Accept(',')) {
        TRY(Expect('}'));
        break;
      }
    }
    SkipSpace();
    if (at_ != text_.size()) return Bad("text after the closing brace");
    if (!has_descr_ || !has_order_ || !has_shape_)
      return Bad("descr, fortran_order or shape is missing");
    return header;
  }

 private:
  static tl::unexpected<Error> Bad(const std::string& what) {
    return InvalidModel("damaged .npy header: " + what);
  }

  void SkipSpace() {
    while (at_ < text_.size() &&
           std::string_view(" \t\r\n").find(text_[at_]) != text_.npos)
      ++at_;
  }

  bool Accept(char c) {
    SkipSpace();
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  bool AcceptWord(std::string_view word) {
    SkipSpace();
    if (!text_.substr(at_).starts_with(word)) return false;
    at_ += word.size();
    return true;
  }

  Result<void> Expect(char c) {
    if (Accept(c)) return {};
    return Bad(std::string("'") + c + "' expected");
  }

  Result<std::string> String() {
    SkipSpace();
    const char quote = at_ < text_.size() ? text_[at_] : '\0';
    if (quote != '\'' && quote != '"') return Bad("a string expected");
    const size_t end = text_.find(quote, at_ + 1);
    if (end == text_.npos) return Bad("a string without end");
    std::string value(text_.substr(at_ + 1, end - at_ - 1));
    at_ = end + 1;
    return value;
  }

  Result<void> Value(const std::string& key, Header& header) {
    if (key == "descr" && !std::exchange(has_descr_, true)) {
      if (Accept('['))
        return Unsupported(
            "structured .npy arrays are not supported; save one field");
      TRY_ASSIGN(header.descr, String());
      return {};
    }
    if (key == "fortran_order" && !std::exchange(has_order_, true)) {
      header.fortran_order = AcceptWord("True");
      if (!header.fortran_order && !AcceptWord("False"))
        return Bad("fortran_order is neither True nor False");
      return {};
    }
    if (key == "shape" && !std::exchange(has_shape_, true)) {
      TRY_ASSIGN(header.shape, Tuple());
      return {};
    }
    return Bad("unexpected or repeated key '" + key + "'");
  }

  // (), (3,), (3, 4); Python 2 wrote (3L,).
  Result<std::vector<int64_t>> Tuple() {
    std::vector<int64_t> values;
    TRY(Expect('('));
    while (!Accept(')')) {
      TRY_ASSIGN(const int64_t value, Integer());
      values.push_back(value);
      if (!Accept(',')) {
        TRY(Expect(')'));
        if (values.size() == 1) return Bad("shape is not a tuple");
        break;
      }
    }
    return values;
  }

  Result<int64_t> Integer() {
    SkipSpace();
    const size_t begin = at_;
    int64_t value = 0;
    for (; at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9';
         ++at_) {
      if (at_ - begin >= 18) return Bad("a dimension of over 18 digits");
      value = value * 10 + (text_[at_] - '0');
    }
    if (at_ == begin) return Bad("a dimension expected");
    if (at_ < text_.size() && text_[at_] == 'L') ++at_;
    return value;
  }

  std::string_view text_;
  size_t at_ = 0;
  bool has_descr_ = false;
  bool has_order_ = false;
  bool has_shape_ = false;
};

struct Parsed {
  Header header;
  size_t data_offset = 0;
};

Result<Parsed> ParseFile(std::span<const std::byte> file) {
  const std::string_view text(reinterpret_cast<const char*>(file.data()),
                              file.size());
  if (!text.starts_with(kMagic) || text.size() < kMagic.size() + 4)
    return InvalidModel("is not a .npy file");
  const auto byte = [&](size_t i) {
    return static_cast<size_t>(std::to_integer<uint8_t>(file[i]));
  };
  const size_t major = byte(6);
  if (major < 1 || major > 3 || byte(7) != 0)
    return Unsupported("has .npy version " + std::to_string(major) + "." +
                       std::to_string(byte(7)) + "; 1.0 to 3.0 are read");
  const size_t offset = major == 1 ? 10 : 12;
  if (text.size() < offset) return InvalidModel("ends inside its header");
  size_t length = byte(8) | byte(9) << 8;
  if (major > 1) length |= byte(10) << 16 | byte(11) << 24;
  if (length > text.size() - offset)
    return InvalidModel("ends inside its header");
  TRY_ASSIGN(Header header, HeaderParser(text.substr(offset, length)).Parse());
  return Parsed{std::move(header), offset + length};
}

Result<Shape> ToShape(const std::vector<int64_t>& dims) {
  if (dims.size() > Shape::kMaxRank)
    return Unsupported("has " + std::to_string(dims.size()) +
                       " dimensions; at most 16 are supported");
  Shape shape;
  for (const int64_t dim : dims) {
    if (dim > std::numeric_limits<int32_t>::max())
      return Unsupported("dimension " + std::to_string(dim) +
                         " is over 2147483647");
    shape.Append(static_cast<int32_t>(dim));
  }
  return shape;
}

// Column-major to row-major. Walks the result in order and keeps the element
// offset in the source up to date, as an odometer does.
std::vector<std::byte> Transpose(std::span<const std::byte> data,
                                 const Shape& shape, size_t item) {
  std::vector<std::byte> result(data.size());
  std::array<size_t, Shape::kMaxRank> stride{};
  size_t step = 1;
  for (int axis = 0; axis < shape.rank(); ++axis) {
    stride[static_cast<size_t>(axis)] = step;
    step *= static_cast<size_t>(shape[axis]);
  }
  std::array<int32_t, Shape::kMaxRank> index{};
  size_t from = 0;
  for (size_t to = 0; to < data.size(); to += item) {
    std::memcpy(&result[to], &data[from * item], item);
    for (int axis = shape.rank() - 1; axis >= 0; --axis) {
      const auto a = static_cast<size_t>(axis);
      from += stride[a];
      if (++index[a] < shape[axis]) break;
      from -= stride[a] * static_cast<size_t>(shape[axis]);
      index[a] = 0;
    }
  }
  return result;
}

void SwapBytes(std::vector<std::byte>& data, size_t part) {
  for (size_t i = 0; i + part <= data.size(); i += part)
    std::reverse(&data[i], &data[i] + part);
}

}  // namespace

Result<NpyArray> ParseNpy(std::span<const std::byte> file) {
  TRY_ASSIGN(const Parsed parsed, ParseFile(file));
  const std::string& descr = parsed.header.descr;
  constexpr std::string_view kOrders = "<>=|";
  const NpyType* row = nullptr;
  if (!descr.empty() && kOrders.find(descr[0]) != kOrders.npos)
    row = FindType(std::string_view(descr).substr(1));
  if (row == nullptr)
    return Unsupported("has element type '" + descr +
                       "'; numbers and bool are supported");
  TRY_ASSIGN(const Shape shape, ToShape(parsed.header.shape));
  const int64_t bytes = ByteSize(row->type, shape.elements());
  const size_t held = file.size() - parsed.data_offset;
  if (bytes < 0 || static_cast<uint64_t>(bytes) > held)
    return InvalidModel("claims " + Describe(row->type, shape) + " but holds " +
                        std::to_string(held) + " bytes of data");
  const auto data =
      file.subspan(parsed.data_offset, static_cast<size_t>(bytes));
  NpyArray array{row->type, shape, {}};
  if (parsed.header.fortran_order && shape.rank() > 1) {
    const auto item = static_cast<size_t>(BitWidth(row->type)) / 8;
    array.data = Transpose(data, shape, item);
  } else {
    array.data.assign(data.begin(), data.end());
  }
  if (descr[0] == '>' && row->part > 1) SwapBytes(array.data, row->part);
  // Reading any other byte as a C++ bool is undefined.
  if (row->type == DataType::kBool &&
      std::ranges::any_of(array.data,
                          [](std::byte b) { return b > std::byte{1}; }))
    return InvalidModel("holds a bool that is neither 0 nor 1");
  return array;
}

namespace {

std::string HeaderText(std::string_view code, const Shape& shape) {
  std::string tuple = "(";
  for (const int32_t dim : shape.dims()) {
    if (tuple.size() > 1) tuple += " ";
    tuple += std::to_string(dim) + ",";
  }
  if (shape.rank() > 1) tuple.pop_back();
  const char* order = code.back() == '1' ? "|" : "<";
  std::string text = "{'descr': '" + std::string(order) + std::string(code) +
                     "', 'fortran_order': False, 'shape': " + tuple + "), }";
  // The data starts at a multiple of 64 bytes from the start of the file.
  constexpr size_t kPrefix = 10;
  while ((kPrefix + text.size() + 1) % 64 != 0) text += ' ';
  return text + '\n';
}

}  // namespace

Result<NpyArray> ReadNpy(const std::filesystem::path& path) {
  TRY_ASSIGN(const Blob file, MapFile(path));
  auto array = ParseNpy(file.bytes());
  if (!array) return tl::unexpected(std::move(array.error()).In(path.string()));
  return array;
}

Result<void> WriteNpy(const std::filesystem::path& path, DataType type,
                      const Shape& shape, std::span<const std::byte> data) {
  const NpyType* row = FindType(type);
  if (row == nullptr)
    return tl::unexpected(Error{ErrorCode::kUnsupported,
                                ".npy cannot hold " + std::string(Name(type)),
                                path.string()});
  if (ByteSize(type, shape.elements()) != static_cast<int64_t>(data.size()))
    return tl::unexpected(Error{ErrorCode::kInvalidArgument,
                                Describe(type, shape) + " does not take " +
                                    std::to_string(data.size()) + " bytes",
                                path.string()});
  const std::string text = HeaderText(row->code, shape);
  std::string head(kMagic);
  head += {'\x01', '\x00', static_cast<char>(text.size() & 0xFF),
           static_cast<char>(text.size() >> 8)};
  head += text;
  const std::array<std::span<const std::byte>, 2> pieces = {
      std::as_bytes(std::span(head)), data};
  return WriteFileAtomically(path, pieces);
}

}  // namespace liteforge
