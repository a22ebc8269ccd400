// SPDX-License-Identifier: Apache-2.0
// The records, numbers being 8 bytes in the machine's own order and text a
// number of bytes and then the bytes:
//
//   '{' name                    the group's members follow
//   '}'                         back to the enclosing group
//   'A' name count text…        an attribute of the open group
//   'D' name type rank dim… place offset bytes
//   'U' name why                a dataset that was not read
//   'F' why                     the end: libhdf5 refused the file
//   'Z'                         the end: all is told
#include "formats/keras/h5_index.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "base/mapped_file.h"
#include "base/try.h"

namespace liteforge {
namespace {

constexpr size_t kFlushBytes = 1 << 16;

tl::unexpected<Error> Garbled() {
  return InvalidModel(
      "is damaged: the HDF5 library crashed reading it; restore it from a "
      "good copy");
}

// What stands in a damaged file goes to a terminal: only plain ASCII may.
std::string Printable(std::string text) {
  for (char& c : text) {
    if (c < 0x20 || c > 0x7e) c = '?';
  }
  return text;
}

// A cursor over the records that never leaves them.
class Records {
 public:
  explicit Records(std::string_view bytes) : rest_(bytes) {}

  size_t left() const { return rest_.size(); }

  Result<char> Tag() {
    if (rest_.empty()) return Garbled();
    const char tag = rest_.front();
    rest_.remove_prefix(1);
    return tag;
  }

  Result<uint64_t> Number() {
    uint64_t value;
    if (rest_.size() < sizeof(value)) return Garbled();
    std::memcpy(&value, rest_.data(), sizeof(value));
    rest_.remove_prefix(sizeof(value));
    return value;
  }

  Result<std::string> Text() {
    TRY_ASSIGN(const uint64_t size, Number());
    if (size > rest_.size()) return Garbled();
    std::string text(rest_.substr(0, size));
    rest_.remove_prefix(size);
    return text;
  }

 private:
  std::string_view rest_;
};

class TreeBuilder {
 public:
  TreeBuilder(std::string_view index, const Blob& file, const Blob& shared)
      : records_(index), file_(file), shared_(shared) {}

  Result<H5Group> Build() {
    open_ = {&root_};
    while (true) {
      TRY_ASSIGN(const char tag, records_.Tag());
      if (tag == 'Z') break;
      TRY(Take(tag));
    }
    if (open_.size() != 1) return Garbled();
    return std::move(root_);
  }

 private:
  Result<void> Take(char tag) {
    switch (tag) {
      case '{':
        return EnterGroup();
      case '}':
        return LeaveGroup();
      case 'A':
        return TakeAttribute();
      case 'D':
        return TakeDataset();
      case 'U':
        return TakeUnread();
      case 'F':
        return TakeFailure();
      default:
        return Garbled();
    }
  }

  Result<void> EnterGroup() {
    TRY_ASSIGN(std::string name, records_.Text());
    if (open_.size() > static_cast<size_t>(kMaxH5Depth)) return Garbled();
    open_.push_back(&open_.back()->groups[std::move(name)]);
    return {};
  }

  Result<void> LeaveGroup() {
    if (open_.size() <= 1) return Garbled();
    open_.pop_back();
    return {};
  }

  Result<void> TakeAttribute() {
    TRY_ASSIGN(std::string name, records_.Text());
    TRY_ASSIGN(const uint64_t count, records_.Number());
    if (count > records_.left() / sizeof(uint64_t)) return Garbled();
    std::vector<std::string> texts;
    texts.reserve(count);
    for (uint64_t i = 0; i < count; ++i) {
      TRY_ASSIGN(std::string text, records_.Text());
      texts.push_back(std::move(text));
    }
    open_.back()->attributes[std::move(name)] = std::move(texts);
    return {};
  }

  Result<Shape> TakeShape() {
    TRY_ASSIGN(const uint64_t rank, records_.Number());
    if (rank > Shape::kMaxRank) return Garbled();
    Shape shape;
    for (uint64_t axis = 0; axis < rank; ++axis) {
      TRY_ASSIGN(const uint64_t size, records_.Number());
      if (size > INT32_MAX) return Garbled();
      shape.Append(static_cast<int32_t>(size));
    }
    return shape;
  }

  Result<void> TakeDataset() {
    H5Dataset dataset;
    TRY_ASSIGN(std::string name, records_.Text());
    TRY_ASSIGN(const uint64_t type, records_.Number());
    if (type > INT8_MAX) return Garbled();
    dataset.type = static_cast<DataType>(type);
    TRY_ASSIGN(dataset.shape, TakeShape());
    TRY_ASSIGN(const uint64_t place, records_.Number());
    TRY_ASSIGN(const uint64_t offset, records_.Number());
    TRY_ASSIGN(const uint64_t bytes, records_.Number());
    const int64_t wanted = ByteSize(dataset.type, dataset.shape.elements());
    if (wanted < 0 || bytes != static_cast<uint64_t>(wanted)) return Garbled();
    const bool in_file = place == static_cast<uint64_t>(H5Place::kFile);
    const Blob& whole = in_file ? file_ : shared_;
    if (offset > whole.size() || bytes > whole.size() - offset) {
      return InvalidModel("is damaged: dataset '" + Printable(name) +
                          "' lies beyond the end of the file; restore it "
                          "from a good copy");
    }
    dataset.data = Slice(whole, offset, bytes);
    open_.back()->datasets[std::move(name)] = std::move(dataset);
    return {};
  }

  Result<void> TakeUnread() {
    TRY_ASSIGN(std::string name, records_.Text());
    TRY_ASSIGN(std::string why, records_.Text());
    open_.back()->unread[std::move(name)] = std::move(why);
    return {};
  }

  Result<void> TakeFailure() {
    TRY_ASSIGN(const std::string why, records_.Text());
    return InvalidModel("is damaged: " + Printable(why) +
                        "; restore it from a good copy");
  }

  Records records_;
  const Blob& file_;
  const Blob& shared_;
  H5Group root_;
  std::vector<H5Group*> open_;  // the path from the root; map nodes stay put
};

}  // namespace

void H5IndexWriter::EnterGroup(std::string_view name) {
  Tag('{');
  Text(name);
}

void H5IndexWriter::LeaveGroup() { Tag('}'); }

void H5IndexWriter::Attribute(std::string_view name,
                              const std::vector<std::string>& texts) {
  Tag('A');
  Text(name);
  Number(texts.size());
  for (const std::string& text : texts) Text(text);
}

void H5IndexWriter::Dataset(std::string_view name, DataType type,
                            const std::vector<uint64_t>& dims, H5Place place,
                            uint64_t offset, uint64_t bytes) {
  Tag('D');
  Text(name);
  Number(static_cast<uint64_t>(type));
  Number(dims.size());
  for (uint64_t size : dims) Number(size);
  Number(static_cast<uint64_t>(place));
  Number(offset);
  Number(bytes);
}

void H5IndexWriter::Unread(std::string_view name, std::string_view why) {
  Tag('U');
  Text(name);
  Text(why);
}

void H5IndexWriter::Failed(std::string_view why) {
  Tag('F');
  Text(why);
  Flush();
}

void H5IndexWriter::Done() {
  Tag('Z');
  Flush();
}

void H5IndexWriter::Tag(char tag) {
  if (buffer_.size() >= kFlushBytes) Flush();
  buffer_.push_back(tag);
}

void H5IndexWriter::Number(uint64_t value) {
  buffer_.append(reinterpret_cast<const char*>(&value), sizeof(value));
}

void H5IndexWriter::Text(std::string_view text) {
  Number(text.size());
  buffer_.append(text);
}

void H5IndexWriter::Flush() {
  std::string_view rest = buffer_;
  while (!rest.empty()) {
    const ssize_t sent = write(fd_, rest.data(), rest.size());
    if (sent < 0 && errno != EINTR) return;
    if (sent > 0) rest.remove_prefix(static_cast<size_t>(sent));
  }
  buffer_.clear();
}

Result<H5Group> ParseH5Index(std::string_view index, const Blob& file,
                             const Blob& shared) {
  return TreeBuilder(index, file, shared).Build();
}

}  // namespace liteforge
