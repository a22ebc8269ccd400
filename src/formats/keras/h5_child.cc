// SPDX-License-Identifier: Apache-2.0
// Walks a file with libhdf5 and reports it. Damage may crash the library,
// make it loop, or make it ask for any amount of memory; the first is the
// parent's to notice, the second is stopped by a deadline (the parent's) and
// RLIMIT_CPU, the third by RLIMIT_DATA.
//
// How much a file may expand to: deflate, the strongest filter in use,
// reaches at most 1032:1 (zlib.net, "Maximum Compression Factor"), so a
// dataset that claims more than 1032 times the bytes it stores is lying.
#include "formats/keras/h5_child.h"

#define H5_USE_110_API  // newer libraries rename what is used here

#include <fcntl.h>
#include <hdf5.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <new>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "formats/keras/h5_index.h"

namespace liteforge {
namespace {

constexpr uint64_t kMaxExpansion = 1032;
// What a dataset may claim without storing it: filled with its fill value.
constexpr uint64_t kFreeBytes = 1 << 16;
// For libhdf5 itself: caches of 2 MB a file and 1 MB a dataset.
constexpr uint64_t kLibraryBytes = uint64_t{256} << 20;

#ifdef LITEFORGE_SANITIZED
constexpr bool kSanitized = true;  // these reserve terabytes of addresses
#else
constexpr bool kSanitized = false;
#endif

// --- The process ------------------------------------------------------------

void LimitResource(__rlimit_resource resource, uint64_t amount) {
  rlimit limit{};
  if (getrlimit(resource, &limit) != 0) return;
  limit.rlim_cur = std::min<rlim_t>(amount, limit.rlim_max);
  setrlimit(resource, &limit);
}

// Bytes of private writable memory the process has already: proc(5), statm,
// sixth field, in pages. 0 when that cannot be had.
uint64_t PrivateBytes() {
  FILE* file = std::fopen("/proc/self/statm", "re");
  if (file == nullptr) return 0;
  unsigned long long pages = 0;
  const int found = std::fscanf(file, "%*s %*s %*s %*s %*s %llu", &pages);
  std::fclose(file);
  return found == 1 ? pages * static_cast<uint64_t>(getpagesize()) : 0;
}

// Lets the process have this much more private memory than it has now.
void AllowMemory(uint64_t bytes) {
  const uint64_t now = PrivateBytes();
  if (!kSanitized && now > 0) LimitResource(RLIMIT_DATA, now + bytes);
}

// Output goes nowhere: what a dying library prints is no news to the user.
// Descriptors stay open, for the parent may have this file open in the same
// library (h5py), whose state the child shares.
void DropInheritance(H5ChildJob& job) {
  for (int number = 1; number < NSIG; ++number) signal(number, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  // A parent without standard streams may have given us their numbers.
  job.index_fd = fcntl(job.index_fd, F_DUPFD_CLOEXEC, 3);
  job.shared_fd = fcntl(job.shared_fd, F_DUPFD_CLOEXEC, 3);
  const int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);
  for (int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    dup2(nowhere, fd);
  }
}

void LimitProcess(const H5ChildJob& job) {
  LimitResource(RLIMIT_CORE, 0);
  LimitResource(RLIMIT_CPU, static_cast<uint64_t>(job.seconds) + 1);
  AllowMemory(kLibraryBytes + 4 * job.file_bytes);
  std::set_new_handler([] { _exit(kH5ChildOutOfMemory); });
}

// --- The file ---------------------------------------------------------------

// An HDF5 identifier, closed at the end.
class Handle {
 public:
  using Close = herr_t (*)(hid_t);
  Handle(hid_t id, Close close) : id_(id), close_(close) {}
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  ~Handle() {
    if (id_ >= 0) close_(id_);
  }

  bool ok() const { return id_ >= 0; }
  hid_t get() const { return id_; }

 private:
  hid_t id_;
  Close close_;
};

// Called by libhdf5 at each failing call: keeps the innermost complaint of its
// error stack, which the next call would clear, in the string `out`.
herr_t KeepComplaint(hid_t stack, void* out) {
  auto take = [](unsigned, const H5E_error2_t* entry, void* text) -> herr_t {
    if (entry->desc == nullptr || *entry->desc == '\0') return 0;
    *static_cast<std::string*>(text) = entry->desc;
    return 1;
  };
  return H5Ewalk2(stack, H5E_WALK_UPWARD, take, out) < 0 ? -1 : 0;
}

// A float type by its bits: sign, exponent and mantissa packed from the top.
hid_t MakeFloat(size_t bits, size_t exponent_bits) {
  const hid_t type = H5Tcopy(H5T_IEEE_F32LE);
  const size_t mantissa = bits - 1 - exponent_bits;
  H5Tset_fields(type, bits - 1, mantissa, exponent_bits, 0, mantissa);
  H5Tset_size(type, bits / 8);
  H5Tset_ebias(type, (size_t{1} << (exponent_bits - 1)) - 1);
  return type;
}

struct NumberType {
  DataType type;
  hid_t little;  // how the elements are wanted
};

// Made once, and never closed: the process ends with the file.
const std::vector<NumberType>& NumberTypes() {
  static const std::vector<NumberType> types = {
      {DataType::kFloat32, H5T_IEEE_F32LE},
      {DataType::kFloat64, H5T_IEEE_F64LE},
      {DataType::kFloat16, MakeFloat(16, 5)},
      {DataType::kBFloat16, MakeFloat(16, 8)},
      {DataType::kInt8, H5T_STD_I8LE},
      {DataType::kInt16, H5T_STD_I16LE},
      {DataType::kInt32, H5T_STD_I32LE},
      {DataType::kInt64, H5T_STD_I64LE},
      {DataType::kUInt8, H5T_STD_U8LE},
      {DataType::kUInt16, H5T_STD_U16LE},
      {DataType::kUInt32, H5T_STD_U32LE},
      {DataType::kUInt64, H5T_STD_U64LE},
  };
  return types;
}

bool IsBigEndian(hid_t type) {
  const H5T_class_t kind = H5Tget_class(type);
  return (kind == H5T_INTEGER || kind == H5T_FLOAT) &&
         H5Tget_order(type) == H5T_ORDER_BE;
}

// Booleans as h5py writes them: an enum of one byte, FALSE = 0, TRUE = 1.
bool IsBool(hid_t type) {
  if (H5Tget_class(type) != H5T_ENUM || H5Tget_size(type) != 1 ||
      H5Tget_nmembers(type) != 2) {
    return false;
  }
  char name[8] = {};
  uint8_t no = 0, yes = 1;
  return H5Tenum_nameof(type, &no, name, sizeof(name)) >= 0 &&
         std::string(name) == "FALSE" &&
         H5Tenum_nameof(type, &yes, name, sizeof(name)) >= 0 &&
         std::string(name) == "TRUE";
}

struct ElementType {
  DataType type = DataType::kNone;
  hid_t little = -1;   // the type to read as
  bool as_is = false;  // stored as wanted already
};

ElementType Classify(hid_t stored) {
  if (IsBool(stored)) return {DataType::kBool, stored, true};
  Handle swapped(H5Tcopy(stored), H5Tclose);
  const bool big = IsBigEndian(stored);
  if (big) H5Tset_order(swapped.get(), H5T_ORDER_LE);
  for (const NumberType& number : NumberTypes()) {
    if (H5Tequal(swapped.get(), number.little) > 0) {
      return {number.type, number.little, !big};
    }
  }
  return {};
}

std::string_view ClassName(hid_t type) {
  static constexpr std::pair<H5T_class_t, std::string_view> kNames[] = {
      {H5T_INTEGER, "integer"},   {H5T_FLOAT, "float"},
      {H5T_TIME, "time"},         {H5T_STRING, "string"},
      {H5T_BITFIELD, "bitfield"}, {H5T_OPAQUE, "opaque"},
      {H5T_COMPOUND, "compound"}, {H5T_REFERENCE, "reference"},
      {H5T_ENUM, "enum"},         {H5T_VLEN, "variable-length"},
      {H5T_ARRAY, "array"},
  };
  const H5T_class_t kind = H5Tget_class(type);
  for (const auto& [number, name] : kNames) {
    if (number == kind) return name;
  }
  return "unknown";
}

class Walker {
 public:
  Walker(const H5ChildJob& job, H5IndexWriter& index)
      : job_(job), index_(index) {
    H5Eset_auto2(H5E_DEFAULT, &KeepComplaint, &library_complaint_);
  }

  bool Walk() {
    hid_t opened = Open(false);
    if (opened < 0) opened = Open(true);
    Handle file(opened, H5Fclose);
    if (!file.ok()) return Fail("");
    Handle root(H5Gopen2(file.get(), "/", H5P_DEFAULT), H5Gclose);
    H5O_info_t info{};
    if (!root.ok() || H5Oget_info2(root.get(), &info, H5O_INFO_BASIC) < 0) {
      return Fail("/");
    }
    return Group(root.get(), info.addr);
  }

  const std::string& complaint() const { return complaint_; }

 private:
  // Without a lock files on read-only media open, and locked ones; with the
  // usual one those that the parent has open in the same library.
  hid_t Open(bool locked) const {
    Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
    H5Pset_fapl_sec2(access.get());
#if H5_VERSION_GE(1, 10, 7)
    if (!locked) H5Pset_file_locking(access.get(), false, true);
#else
    if (!locked) setenv("HDF5_USE_FILE_LOCKING", "FALSE", 0);
#endif
    return H5Fopen(job_.path, H5F_ACC_RDONLY, access.get());
  }

  // Notes what libhdf5 said last, as about `place`; always false.
  bool Fail(std::string_view place) {
    return Refuse(place, library_complaint_);
  }

  bool Refuse(std::string_view place, const std::string& why) {
    if (!complaint_.empty()) return false;
    complaint_ = place.empty() ? why : std::string(place) + ": " + why;
    return false;
  }

  // The path of the open group, and of a member of it.
  std::string Here() const {
    std::string path;
    for (const std::string& part : names_) path += "/" + part;
    return path.empty() ? "/" : path;
  }
  std::string Member(std::string_view name) const {
    return (names_.empty() ? "/" : Here() + "/") + std::string(name);
  }

  bool Group(hid_t group, haddr_t address) {
    open_.push_back(address);
    const bool ok = H5Aiterate2(group, H5_INDEX_NAME, H5_ITER_NATIVE, nullptr,
                                &Walker::OnAttribute, this) >= 0 &&
                    H5Literate(group, H5_INDEX_NAME, H5_ITER_NATIVE, nullptr,
                               &Walker::OnLink, this) >= 0;
    open_.pop_back();
    // Failing iterators leave their complaint on the stack without a call.
    if (!ok) KeepComplaint(H5E_DEFAULT, &library_complaint_);
    return ok || Fail(Here());
  }

  static herr_t OnAttribute(hid_t group, const char* name, const H5A_info_t*,
                            void* self) {
    return static_cast<Walker*>(self)->Attribute(group, name) ? 0 : -1;
  }

  static herr_t OnLink(hid_t group, const char* name, const H5L_info_t* link,
                       void* self) {
    return static_cast<Walker*>(self)->Link(group, name, *link) ? 0 : -1;
  }

  bool Link(hid_t group, const char* name, const H5L_info_t& link) {
    if (++objects_ > kMaxH5Objects) {
      return Refuse("", "it lists more than " + std::to_string(kMaxH5Objects) +
                            " objects");
    }
    if (link.type != H5L_TYPE_HARD && link.type != H5L_TYPE_SOFT) return true;
    Handle object(H5Oopen(group, name, H5P_DEFAULT), H5Oclose);
    if (!object.ok()) {
      return link.type == H5L_TYPE_SOFT || Fail(Member(name));
    }
    H5O_info_t info{};
    if (H5Oget_info2(object.get(), &info, H5O_INFO_BASIC) < 0) {
      return Fail(Member(name));
    }
    if (info.type == H5O_TYPE_GROUP) {
      return Subgroup(object.get(), name, info.addr);
    }
    return info.type != H5O_TYPE_DATASET || Dataset(object.get(), name);
  }

  bool Subgroup(hid_t group, const char* name, haddr_t address) {
    if (std::find(open_.begin(), open_.end(), address) != open_.end()) {
      return true;  // a way back up
    }
    if (open_.size() >= static_cast<size_t>(kMaxH5Depth)) {
      return Refuse(Member(name), "its groups are nested deeper than " +
                                      std::to_string(kMaxH5Depth));
    }
    index_.EnterGroup(name);
    names_.emplace_back(name);
    const bool ok = Group(group, address);
    names_.pop_back();
    index_.LeaveGroup();
    return ok;
  }

  // --- Attributes: text only ------------------------------------------------

  bool Attribute(hid_t group, const char* name) {
    const std::string place = Here() + "@" + name;
    Handle attribute(H5Aopen(group, name, H5P_DEFAULT), H5Aclose);
    if (!attribute.ok()) return Fail(place);
    Handle type(H5Aget_type(attribute.get()), H5Tclose);
    Handle space(H5Aget_space(attribute.get()), H5Sclose);
    if (!type.ok() || !space.ok()) return Fail(place);
    if (H5Tget_class(type.get()) != H5T_STRING) return true;
    const hssize_t count = H5Sget_simple_extent_npoints(space.get());
    if (count < 0) return Fail(place);
    std::vector<std::string> texts;
    const bool variable = H5Tis_variable_str(type.get()) > 0;
    const size_t size = variable ? sizeof(char*) : H5Tget_size(type.get());
    if (size == 0 || static_cast<uint64_t>(count) > job_.file_bytes / size) {
      return Refuse(place, "it claims more text than the file holds");
    }
    const bool read =
        variable ? VariableText(attribute.get(), type.get(), space.get(),
                                static_cast<size_t>(count), texts)
                 : FixedText(attribute.get(), type.get(), size,
                             static_cast<size_t>(count), texts);
    if (!read) return Fail(place);
    // Many elements may point at one text; do not send it without end.
    for (const std::string& text : texts) text_bytes_ += text.size();
    if (text_bytes_ > (1 << 20) + 4 * job_.file_bytes) {
      return Refuse(place, "it claims more text than the file holds");
    }
    index_.Attribute(name, texts);
    return true;
  }

  static bool VariableText(hid_t attribute, hid_t stored, hid_t space,
                           size_t count, std::vector<std::string>& texts) {
    Handle type(H5Tcopy(H5T_C_S1), H5Tclose);
    H5Tset_size(type.get(), H5T_VARIABLE);
    H5Tset_cset(type.get(), H5Tget_cset(stored));
    std::vector<char*> pointers(count, nullptr);
    if (count > 0 && H5Aread(attribute, type.get(), pointers.data()) < 0) {
      return false;
    }
    for (const char* pointer : pointers) {
      texts.emplace_back(pointer == nullptr ? "" : pointer);
    }
    if (count > 0) {
      H5Dvlen_reclaim(type.get(), space, H5P_DEFAULT, pointers.data());
    }
    return true;
  }

  static bool FixedText(hid_t attribute, hid_t stored, size_t size,
                        size_t count, std::vector<std::string>& texts) {
    Handle type(H5Tcopy(H5T_C_S1), H5Tclose);
    const H5T_str_t padding = H5Tget_strpad(stored);
    H5Tset_size(type.get(), size);
    H5Tset_strpad(type.get(), padding);
    H5Tset_cset(type.get(), H5Tget_cset(stored));
    std::string all(count * size, '\0');
    if (count > 0 && H5Aread(attribute, type.get(), all.data()) < 0) {
      return false;
    }
    for (size_t i = 0; i < count; ++i) {
      std::string text = all.substr(i * size, size);
      if (padding == H5T_STR_NULLTERM) text = text.c_str();
      const char filler = padding == H5T_STR_SPACEPAD ? ' ' : '\0';
      text.resize(text.find_last_not_of(filler) + 1);  // npos + 1 == 0
      texts.push_back(std::move(text));
    }
    return true;
  }

  // --- Datasets
  // ---------------------------------------------------------------

  bool Dataset(hid_t dataset, const char* name) {
    const std::string place = Member(name);
    Handle stored(H5Dget_type(dataset), H5Tclose);
    Handle space(H5Dget_space(dataset), H5Sclose);
    Handle creation(H5Dget_create_plist(dataset), H5Pclose);
    if (!stored.ok() || !space.ok() || !creation.ok()) return Fail(place);
    const ElementType element = Classify(stored.get());
    const auto dims = Dimensions(space.get());
    const std::string obstacle =
        element.type == DataType::kNone
            ? "is of a type (" + std::string(ClassName(stored.get())) +
                  ") that no weight has"
        : !dims ? "has a shape that no tensor can have"
                : StorageObstacle(creation.get());
    if (!obstacle.empty()) {
      index_.Unread(name, obstacle);
      return true;
    }
    uint64_t bytes = H5Tget_size(element.little);
    for (uint64_t size : *dims) {
      if (__builtin_mul_overflow(bytes, size, &bytes)) {
        return Refuse(place, "its shape overflows");
      }
    }
    return Elements(dataset, creation.get(), element, name, *dims, bytes);
  }

  // Why the elements cannot be had from this file; "" when they can. Other
  // files are never opened: a model has no business naming them.
  static std::string StorageObstacle(hid_t creation) {
    if (H5Pget_layout(creation) == H5D_VIRTUAL ||
        H5Pget_external_count(creation) > 0) {
      return "is stored in another file";
    }
    const int filters = H5Pget_nfilters(creation);
    for (int i = 0; i < filters; ++i) {
      unsigned flags = 0, config = 0;
      size_t values = 0;
      char filter_name[64] = {};
      const H5Z_filter_t filter = H5Pget_filter2(
          creation, static_cast<unsigned>(i), &flags, &values, nullptr,
          sizeof(filter_name) - 1, filter_name, &config);
      if (H5Zfilter_avail(filter) <= 0) {
        return "is compressed with filter " + std::to_string(filter) + " (" +
               filter_name + "), which the HDF5 library here lacks";
      }
    }
    return "";
  }

  static std::optional<std::vector<uint64_t>> Dimensions(hid_t space) {
    const int rank = H5Sget_simple_extent_ndims(space);
    if (rank < 0 || rank > Shape::kMaxRank ||
        H5Sget_simple_extent_type(space) == H5S_NULL) {
      return std::nullopt;
    }
    std::vector<hsize_t> sizes(static_cast<size_t>(rank));
    if (rank > 0 &&
        H5Sget_simple_extent_dims(space, sizes.data(), nullptr) < 0) {
      return std::nullopt;
    }
    std::vector<uint64_t> dims;
    for (hsize_t size : sizes) {
      if (size > INT32_MAX) return std::nullopt;
      dims.push_back(size);
    }
    return dims;
  }

  bool Elements(hid_t dataset, hid_t creation, const ElementType& element,
                const char* name, const std::vector<uint64_t>& dims,
                uint64_t bytes) {
    const haddr_t offset = H5Dget_offset(dataset);
    if (bytes == 0) {
      index_.Dataset(name, element.type, dims, H5Place::kFile, 0, 0);
      return true;
    }
    if (H5Pget_layout(creation) == H5D_CONTIGUOUS && element.as_is &&
        offset != HADDR_UNDEF) {
      index_.Dataset(name, element.type, dims, H5Place::kFile, offset, bytes);
      return true;
    }
    if (!Plausible(dataset, name, bytes)) return false;
    if (!ReadShared(dataset, element.little, name, bytes)) return false;
    index_.Dataset(name, element.type, dims, H5Place::kShared,
                   shared_bytes_ - bytes, bytes);
    return true;
  }

  bool Plausible(hid_t dataset, const char* name, uint64_t bytes) {
    const uint64_t stored = H5Dget_storage_size(dataset);
    const auto physical = static_cast<uint64_t>(sysconf(_SC_PHYS_PAGES)) *
                          static_cast<uint64_t>(getpagesize());
    if (stored > job_.file_bytes ||
        bytes > kMaxExpansion * stored + kFreeBytes) {
      return Refuse(Member(name), "it claims " + std::to_string(bytes) +
                                      " bytes but stores only " +
                                      std::to_string(stored));
    }
    if (bytes > physical / 2 || shared_bytes_ > physical / 2 - bytes) {
      return Refuse(Member(name),
                    "it expands to more than half of this machine's memory");
    }
    return true;
  }

  // Appends the converted elements to the shared memory.
  bool ReadShared(hid_t dataset, hid_t type, const char* name, uint64_t bytes) {
    const auto page = static_cast<uint64_t>(getpagesize());
    const uint64_t start = (shared_bytes_ + page - 1) / page * page;
    // A chunk may be the whole dataset, and inflating doubles its buffer.
    AllowMemory(kLibraryBytes + 4 * job_.file_bytes + 3 * bytes);
    if (ftruncate(job_.shared_fd, static_cast<off_t>(start + bytes)) != 0) {
      return Refuse(Member(name), "there is no memory to expand it into");
    }
    void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED,
                        job_.shared_fd, static_cast<off_t>(start));
    if (memory == MAP_FAILED) {
      return Refuse(Member(name), "there is no memory to expand it into");
    }
    const herr_t status =
        H5Dread(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, memory);
    munmap(memory, bytes);
    if (status < 0) return Fail(Member(name));
    shared_bytes_ = start + bytes;
    return true;
  }

  const H5ChildJob& job_;
  H5IndexWriter& index_;
  std::vector<haddr_t> open_;       // addresses of the groups being walked
  std::vector<std::string> names_;  // and their names, the root's left out
  std::string library_complaint_ = "the HDF5 library refused it";
  std::string complaint_;
  int objects_ = 0;
  uint64_t text_bytes_ = 0;
  uint64_t shared_bytes_ = 0;
};

}  // namespace

void RunH5Child(const H5ChildJob& job) {
  H5ChildJob mine = job;
  DropInheritance(mine);
  LimitProcess(mine);
  H5PLset_loading_state(0);  // no filters from shared libraries
  H5Lunregister(H5L_TYPE_EXTERNAL);
  H5IndexWriter index(mine.index_fd);
  Walker walker(mine, index);
  if (walker.Walk()) {
    index.Done();
  } else {
    index.Failed(walker.complaint());
  }
  _exit(0);
}

}  // namespace liteforge
