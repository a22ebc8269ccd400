// SPDX-License-Identifier: Apache-2.0
// A ref-counted run of read-only bytes: a weight tensor, wherever it lies
// (heap, mapped file). Copying a Blob copies a pointer.
#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <new>
#include <span>
#include <utility>
#include <vector>

#include "base/function_ref.h"

namespace liteforge {

class Blob {
 public:
  Blob() = default;  // empty

  // Takes over a vector of anything trivially copyable.
  template <class T>
  static Blob Own(std::vector<T> values) {
    auto holder = std::make_shared<const std::vector<T>>(std::move(values));
    const auto bytes = std::as_bytes(std::span(*holder));
    return View(bytes, std::move(holder));
  }

  // Memory of its own, 64-byte aligned, all of which `fill` writes: it holds
  // anything before.
  static Blob Fill(size_t bytes, FunctionRef<void(std::byte*)> fill) {
    constexpr std::align_val_t kAlignment{64};
    auto* to = static_cast<std::byte*>(
        ::operator new(bytes > 0 ? bytes : 1, kAlignment));
    std::shared_ptr<const void> keeper(
        to, [](std::byte* data) { ::operator delete(data, kAlignment); });
    fill(to);
    return View({to, bytes}, std::move(keeper));
  }

  static Blob Copy(std::span<const std::byte> bytes) {
    return Own(std::vector<std::byte>(bytes.begin(), bytes.end()));
  }

  // Bytes that live as long as `keeper` does.
  static Blob View(std::span<const std::byte> bytes,
                   std::shared_ptr<const void> keeper) {
    Blob blob;
    blob.bytes_ = bytes;
    blob.keeper_ = std::move(keeper);
    return blob;
  }

  // The same of bytes in a mapped file.
  static Blob ViewOfFile(std::span<const std::byte> bytes,
                         std::shared_ptr<const void> keeper) {
    Blob blob = View(bytes, std::move(keeper));
    blob.is_file_ = true;
    return blob;
  }

  const std::byte* data() const { return bytes_.data(); }
  size_t size() const { return bytes_.size(); }
  bool empty() const { return bytes_.empty(); }
  std::span<const std::byte> bytes() const { return bytes_; }
  bool is_file() const { return is_file_; }

  // The bytes as elements of T; they may lie unaligned, so they are copied
  // out. For reading in place where alignment is known use data().
  template <class T>
  std::vector<T> ToVector() const {
    std::vector<T> values(size() / sizeof(T));
    if (!values.empty())
      std::memcpy(values.data(), data(), values.size() * sizeof(T));
    return values;
  }

 private:
  std::span<const std::byte> bytes_;
  std::shared_ptr<const void> keeper_;
  bool is_file_ = false;
};

}  // namespace liteforge
