// SPDX-License-Identifier: Apache-2.0
// A pickle is a program for a machine with a stack and a memo:
//
//   0x80 n         protocol           0x95 n[8]       frame, of no meaning here
//   c m\n n\n      global m n         0x93            global of two texts
//   X n[4] 0x8c n[1] 0x8d n[8]        text of n bytes (UTF-8)
//   B n[4] C n[1] 0x8e n[8] 0x96 n[8] bytes
//   K [1] M [2] J [4] 0x8a n[1]       integers, the last of n bytes
//   N 0x88 0x89    None, True, False
//   (              mark               t 0x85-0x87 )   tuple: from the mark, of
//                                                     1, 2, 3, of nothing
//   ] a e          list, append one, append from the mark
//   } s u          dictionary, set one, set from the mark
//   q r 0x94       put into the memo  h j             get from it
//   R              call               b               set the state
//   .              the top is the result
//
// numpy writes an array as _reconstruct(ndarray, (0,), b'b') with the state
// (version, shape, dtype, column-major, bytes or list of objects), or as
// _frombuffer(bytes, dtype, shape, order); a type as dtype('f4', …) with the
// state (version, byte order, …). Before protocol 3 bytes are
// encode(text, 'latin1').
// Source: CPython's Lib/pickletools.py, numpy/core/src/multiarray/methods.c.
#include "formats/keras/pickle.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <deque>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "base/try.h"

namespace liteforge {
namespace {

// More than any file of weights has.
constexpr size_t kMaxValues = size_t{1} << 22;

struct Value {
  enum Kind {
    kMark,
    kNone,
    kInteger,  // True and False as well
    kText,     // of a global: "module name"
    kGlobal,
    kBytes,
    kList,  // a tuple or a list
    kDictionary,
    kType,
    kArray,
  };
  Kind kind = kNone;
  int64_t integer = 0;
  std::string text;            // of a type: its name without the byte order
  Blob bytes;                  // of bytes and arrays
  std::vector<Value*> values;  // of a dictionary: keys and values in turn
  Shape shape;
  const Value* type = nullptr;  // of an array
  bool big_endian = false;
};

Result<std::string> FromUtf8ToLatin1(std::string_view text) {
  std::string latin;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c < 0x80) {
      latin += text[i];
    } else if ((c & 0xfe) == 0xc2 && i + 1 < text.size()) {
      latin += static_cast<char>((c & 3) << 6 | (text[++i] & 0x3f));
    } else {
      return InvalidModel("a text is not of bytes");
    }
  }
  return latin;
}

class Machine {
 public:
  explicit Machine(const Blob& program)
      : program_(std::make_shared<const Blob>(program)) {}

  Result<const Value*> Run() {
    while (true) {
      TRY_ASSIGN(const uint8_t op, Number<uint8_t>());
      if (op == '.') return Pop();
      TRY(Step(op));
      if (values_.size() > kMaxValues)
        return Unsupported("it holds too many Python objects");
    }
  }

 private:
  //---------------------------------------------------------------- reading

  Result<std::span<const std::byte>> Take(uint64_t count) {
    const auto left = program_->bytes().subspan(at_);
    if (count > left.size()) return InvalidModel("it ends too early");
    at_ += static_cast<size_t>(count);
    return left.first(static_cast<size_t>(count));
  }

  template <class T>
  Result<T> Number() {
    TRY_ASSIGN(const auto bytes, Take(sizeof(T)));
    T number;
    std::memcpy(&number, bytes.data(), sizeof(T));
    return number;
  }

  template <class Length>
  Result<std::string> Text() {
    TRY_ASSIGN(const Length length, Number<Length>());
    TRY_ASSIGN(const auto bytes, Take(length));
    return std::string(reinterpret_cast<const char*>(bytes.data()),
                       bytes.size());
  }

  Result<std::string> Line() {
    std::string line;
    while (true) {
      TRY_ASSIGN(const char c, Number<char>());
      if (c == '\n') return line;
      line += c;
    }
  }

  //------------------------------------------------------------------ stack

  Value* Push(Value::Kind kind) {
    values_.emplace_back().kind = kind;
    stack_.push_back(&values_.back());
    return stack_.back();
  }

  Result<Value*> Pop() {
    TRY_ASSIGN(Value * top, Top());
    stack_.pop_back();
    return top;
  }

  Result<Value*> Top() {
    if (stack_.empty()) return InvalidModel("its stack is empty");
    return stack_.back();
  }

  // What stands above the last mark, which goes too.
  Result<std::vector<Value*>> PopToMark() {
    std::vector<Value*> values;
    while (true) {
      TRY_ASSIGN(Value * value, Pop());
      if (value->kind == Value::kMark) break;
      values.push_back(value);
    }
    std::ranges::reverse(values);
    return values;
  }

  Result<std::vector<Value*>> PopMany(size_t count) {
    std::vector<Value*> values(count);
    for (size_t i = count; i-- > 0;) {
      TRY_ASSIGN(values[i], Pop());
    }
    return values;
  }

  void PushTuple(std::vector<Value*> values) {
    Push(Value::kList)->values = std::move(values);
  }

  void PushText(Value::Kind kind, std::string text) {
    Push(kind)->text = std::move(text);
  }

  void PushInteger(int64_t integer) {
    Push(Value::kInteger)->integer = integer;
  }

  template <class Length>
  Result<void> PushBytes() {
    TRY_ASSIGN(const Length length, Number<Length>());
    TRY_ASSIGN(const auto bytes, Take(length));
    Push(Value::kBytes)->bytes = Blob::View(bytes, program_);
    return {};
  }

  Result<void> AddTo(Value::Kind kind, std::vector<Value*> values) {
    TRY_ASSIGN(Value * top, Top());
    if (top->kind != kind ||
        (kind == Value::kDictionary && values.size() % 2 != 0))
      return InvalidModel("it adds to what cannot be added to");
    top->values.insert(top->values.end(), values.begin(), values.end());
    return {};
  }

  Result<void> Put(uint64_t key) {
    TRY_ASSIGN(memo_[key], Top());
    return {};
  }

  Result<void> Get(uint64_t key) {
    const auto found = memo_.find(key);
    if (found == memo_.end())
      return InvalidModel("it uses what it does not have");
    stack_.push_back(found->second);
    return {};
  }

  //------------------------------------------------------------------ steps

  Result<void> Step(uint8_t op) {
    TRY_ASSIGN(const bool done, StepValue(op));
    if (done) return {};
    TRY_ASSIGN(const bool joined, StepJoin(op));
    if (joined) return {};
    switch (op) {
      case 0x80:
        return Skip(1);
      case 0x95:
        return Skip(8);
      case 'R':
        return Call();
      case 'b':
        return SetState();
      default:
        return Unsupported(fmt::format(
            "it holds other Python objects than arrays (code {})", int{op}));
    }
  }

  Result<void> Skip(size_t count) {
    TRY(Take(count));
    return {};
  }

  // Whether the code pushes one value.
  Result<bool> StepValue(uint8_t op) {
    switch (op) {
      case '(':
        Push(Value::kMark);
        return true;
      case 'N':
        Push(Value::kNone);
        return true;
      case 0x88:
      case 0x89:
        PushInteger(op == 0x88);
        return true;
      case ']':
        Push(Value::kList);
        return true;
      case '}':
        Push(Value::kDictionary);
        return true;
      case 'K': {
        TRY_ASSIGN(const auto number, Number<uint8_t>());
        PushInteger(number);
        return true;
      }
      case 'M': {
        TRY_ASSIGN(const auto number, Number<uint16_t>());
        PushInteger(number);
        return true;
      }
      case 'J': {
        TRY_ASSIGN(const auto number, Number<int32_t>());
        PushInteger(number);
        return true;
      }
      default:
        return StepLong(op);
    }
  }

  // Values of a length.
  Result<bool> StepLong(uint8_t op) {
    Result<void> done;
    Result<std::string> text;
    switch (op) {
      case 'B':
        done = PushBytes<uint32_t>();
        break;
      case 'C':
        done = PushBytes<uint8_t>();
        break;
      case 0x8e:
      case 0x96:
        done = PushBytes<uint64_t>();
        break;
      case 'X':
        text = Text<uint32_t>();
        break;
      case 0x8c:
        text = Text<uint8_t>();
        break;
      case 0x8d:
        text = Text<uint64_t>();
        break;
      case 0x8a:
        text = Text<uint8_t>();
        break;
      default:
        return false;
    }
    if (!done) return tl::unexpected(std::move(done.error()));
    if (!text) return tl::unexpected(std::move(text.error()));
    if (op == 0x8a) return PushLong(*text);
    if (op == 'X' || op == 0x8c || op == 0x8d)
      PushText(Value::kText, *std::move(text));
    return true;
  }

  // A non-negative integer of up to 8 bytes.
  Result<bool> PushLong(std::string_view bytes) {
    int64_t number = 0;
    if (bytes.size() > sizeof(number))
      return Unsupported("it holds an integer that is too large");
    std::memcpy(&number, bytes.data(), bytes.size());
    PushInteger(number);
    return true;
  }

  // Whether the code works on what was pushed.
  Result<bool> StepJoin(uint8_t op) {
    switch (op) {
      case ')':
        PushTuple({});
        return true;
      case 0x85:
      case 0x86:
      case 0x87: {
        TRY_ASSIGN(auto values, PopMany(op - 0x84u));
        PushTuple(std::move(values));
        return true;
      }
      case 't': {
        TRY_ASSIGN(auto values, PopToMark());
        PushTuple(std::move(values));
        return true;
      }
      case 'a':
      case 's': {
        TRY_ASSIGN(auto values, PopMany(op == 'a' ? 1 : 2));
        TRY(AddTo(op == 'a' ? Value::kList : Value::kDictionary,
                  std::move(values)));
        return true;
      }
      case 'e':
      case 'u': {
        TRY_ASSIGN(auto values, PopToMark());
        TRY(AddTo(op == 'e' ? Value::kList : Value::kDictionary,
                  std::move(values)));
        return true;
      }
      default:
        return StepName(op);
    }
  }

  // Globals and the memo.
  Result<bool> StepName(uint8_t op) {
    Result<void> done;
    switch (op) {
      case 'c': {
        TRY_ASSIGN(const std::string module, Line());
        TRY_ASSIGN(const std::string name, Line());
        PushText(Value::kGlobal, module + " " + name);
        return true;
      }
      case 0x93: {
        TRY_ASSIGN(const auto names, PopMany(2));
        PushText(Value::kGlobal, names[0]->text + " " + names[1]->text);
        return true;
      }
      case 'q':
      case 'h': {
        TRY_ASSIGN(const auto key, Number<uint8_t>());
        TRY(op == 'q' ? Put(key) : Get(key));
        return true;
      }
      case 'r':
      case 'j': {
        TRY_ASSIGN(const auto key, Number<uint32_t>());
        TRY(op == 'r' ? Put(key) : Get(key));
        return true;
      }
      case 0x94:
        TRY(Put(memo_.size()));
        return true;
      default:
        return false;
    }
  }

  //------------------------------------------------------------------ numpy

  static bool Is(const Value* value, Value::Kind kind) {
    return value->kind == kind;
  }

  Result<void> Call() {
    TRY_ASSIGN(const auto call, PopMany(2));
    const std::string& name = call[0]->text;
    const std::vector<Value*>& arguments = call[1]->values;
    if (!Is(call[0], Value::kGlobal) || !Is(call[1], Value::kList))
      return InvalidModel("it calls what cannot be called");
    if (name.ends_with(".multiarray _reconstruct")) {
      Push(Value::kArray);
      return {};
    }
    if (name == "numpy dtype" && !arguments.empty()) {
      PushText(Value::kType, arguments[0]->text);
      return {};
    }
    if (name == "_codecs encode" && !arguments.empty())
      return Encode(*arguments[0]);
    if (name.ends_with(".numeric _frombuffer") && arguments.size() == 4)
      return FillArray(*Push(Value::kArray), arguments[2], arguments[1],
                       arguments[3]->text == "F", arguments[0]);
    return Unsupported("it holds other Python objects than arrays (" + name +
                       ")");
  }

  Result<void> Encode(const Value& text) {
    TRY_ASSIGN(const std::string latin, FromUtf8ToLatin1(text.text));
    Push(Value::kBytes)->bytes =
        Blob::Copy(std::as_bytes(std::span(latin.data(), latin.size())));
    return {};
  }

  Result<void> SetState() {
    TRY_ASSIGN(const auto values, PopMany(2));
    Value& object = *values[0];
    const std::vector<Value*>& state = values[1]->values;
    stack_.push_back(values[0]);
    if (Is(&object, Value::kType) && state.size() >= 2) {
      object.big_endian = state[1]->text == ">";
      return {};
    }
    if (Is(&object, Value::kArray) && state.size() >= 5)
      return FillArray(object, state[1], state[2], state[3]->integer != 0,
                       state[4]);
    return InvalidModel("it sets the state of what has none");
  }

  static Result<void> FillArray(Value& array, const Value* shape,
                                const Value* type, bool column_major,
                                const Value* data) {
    array.shape = Shape();
    for (const Value* dim : shape->values) {
      if (!Is(dim, Value::kInteger) || dim->integer < 0 ||
          dim->integer > INT32_MAX || array.shape.rank() == Shape::kMaxRank)
        return Unsupported("an array has a shape that weights have not");
      array.shape.Append(static_cast<int32_t>(dim->integer));
    }
    if (column_major && array.shape.rank() > 1)
      return Unsupported("an array is stored column by column");
    array.type = type;
    array.bytes = data->bytes;
    array.values = data->values;
    return {};
  }

  const std::shared_ptr<const Blob> program_;
  size_t at_ = 0;
  std::deque<Value> values_;
  std::vector<Value*> stack_;
  std::map<uint64_t, Value*> memo_;
};

std::optional<DataType> TypeNamed(std::string_view name) {
  constexpr std::pair<std::string_view, DataType> kTypes[] = {
      {"f4", DataType::kFloat32}, {"f2", DataType::kFloat16},
      {"f8", DataType::kFloat64}, {"i1", DataType::kInt8},
      {"i2", DataType::kInt16},   {"i4", DataType::kInt32},
      {"i8", DataType::kInt64},   {"u1", DataType::kUInt8},
      {"u2", DataType::kUInt16},  {"u4", DataType::kUInt32},
      {"u8", DataType::kUInt64},  {"b1", DataType::kBool}};
  for (const auto& [known, type] : kTypes) {
    if (name == known) return type;
  }
  return std::nullopt;
}

Result<H5Dataset> DatasetOf(const Value& array) {
  if (array.kind != Value::kArray || array.type == nullptr)
    return Unsupported("it holds other Python objects than arrays");
  const auto type = TypeNamed(array.type->text);
  if (!type || array.type->big_endian)
    return Unsupported("its numbers are of type '" +
                       std::string(array.type->big_endian ? ">" : "") +
                       array.type->text + "'");
  const int64_t bytes = ByteSize(*type, array.shape.elements());
  if (bytes < 0 || static_cast<size_t>(bytes) != array.bytes.size())
    return InvalidModel(fmt::format(
        "{} has {} bytes", Describe(*type, array.shape), array.bytes.size()));
  return H5Dataset{*type, array.shape, array.bytes};
}

}  // namespace

Result<std::map<std::string, H5Dataset, std::less<>>> ReadPickledArrays(
    const Blob& pickle) {
  Machine machine(pickle);
  TRY_ASSIGN(const Value* array, machine.Run());
  if (array->kind != Value::kArray || array->values.size() != 1 ||
      array->values[0]->kind != Value::kDictionary)
    return Unsupported("it is no dictionary of arrays");
  std::map<std::string, H5Dataset, std::less<>> arrays;
  const std::vector<Value*>& items = array->values[0]->values;
  for (size_t i = 0; i + 1 < items.size(); i += 2) {
    auto dataset = DatasetOf(*items[i + 1]);
    if (!dataset)
      return tl::unexpected(
          std::move(dataset.error()).In("array '" + items[i]->text + "'"));
    arrays.insert_or_assign(items[i]->text, *std::move(dataset));
  }
  return arrays;
}

}  // namespace liteforge
