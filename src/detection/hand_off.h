// SPDX-License-Identifier: Apache-2.0
// Passes things between two threads, one at a time.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <utility>

namespace liteforge {

template <class T>
class HandOff {
 public:
  // Waits until the last thing was taken. False, and nothing passed, after
  // Close.
  bool Put(T thing) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return closed_ || !thing_; });
    return Set(std::move(thing));
  }

  // Does not wait: what was not taken is lost, which `lost` tells.
  bool Replace(T thing, bool& lost) {
    const std::lock_guard lock(mutex_);
    lost = thing_.has_value();
    return Set(std::move(thing));
  }

  // The next thing; none after Close, and when `patience` ends before one
  // comes. What was put before End is still given.
  std::optional<T> Take() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return IsReady(); });
    return Give();
  }
  std::optional<T> Take(std::chrono::milliseconds patience) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, patience, [this] { return IsReady(); });
    return Give();
  }

  // No more will be put.
  void End() {
    const std::lock_guard lock(mutex_);
    ended_ = true;
    changed_.notify_all();
  }
  // No more will be put or taken.
  void Close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    thing_.reset();
    changed_.notify_all();
  }
  // Whether Take can give nothing any more.
  bool is_over() const {
    const std::lock_guard lock(mutex_);
    return closed_ || (ended_ && !thing_);
  }

 private:
  bool IsReady() const { return closed_ || ended_ || thing_.has_value(); }
  bool Set(T thing) {
    if (closed_) return false;
    thing_ = std::move(thing);
    changed_.notify_all();
    return true;
  }
  std::optional<T> Give() {
    auto given = std::exchange(thing_, std::nullopt);
    changed_.notify_all();
    return given;
  }

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<T> thing_;
  bool ended_ = false, closed_ = false;
};

}  // namespace liteforge
