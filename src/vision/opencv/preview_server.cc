// SPDX-License-Identifier: Apache-2.0
// HTTP for the preview:
//
//   GET /         the page
//   GET /stream   multipart/x-mixed-replace: one part a picture, each a JPEG
//   GET /status   the newest picture's JSON
//   GET /frame.jpg  the newest picture
//
// A server on the loopback address answers only requests that name it so: a
// page of elsewhere whose name is made to point here gets nothing.
#include <httplib.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "vision/opencv/opencv_vision.h"
#include "vision/opencv/preview_page.h"

namespace liteforge {
namespace {

constexpr const char* kBoundary = "liteforge-frame";
constexpr int kMostViewers = 6;  // httplib has at least 8 threads
constexpr auto kPatience = std::chrono::milliseconds(500);

// The newest picture, and waiting for a newer one.
class Newest {
 public:
  struct Picture {
    std::shared_ptr<const std::vector<std::byte>> jpeg;
    std::string status = "{}";
    int64_t number = 0;
  };

  void Set(std::vector<std::byte> jpeg, std::string status) {
    const std::lock_guard lock(mutex_);
    if (!jpeg.empty()) {
      picture_.jpeg =
          std::make_shared<const std::vector<std::byte>>(std::move(jpeg));
      ++picture_.number;
    }
    picture_.status = std::move(status);
    changed_.notify_all();
  }
  void Close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    changed_.notify_all();
  }
  bool closed() const {
    const std::lock_guard lock(mutex_);
    return closed_;
  }
  Picture Get() const {
    const std::lock_guard lock(mutex_);
    return picture_;
  }
  // The one after `number`, or the same when none comes in time.
  Picture After(int64_t number) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, kPatience,
                      [&] { return closed_ || picture_.number > number; });
    return picture_;
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  Picture picture_;
  bool closed_ = false;
};

bool IsLoopback(const std::string& host) {
  const std::string name = host.substr(0, host.rfind(':'));
  return name == "localhost" || name.starts_with("127.") || name == "[::1]" ||
         host == "[::1]";
}

class HttpServer : public PreviewServer {
 public:
  HttpServer(std::string address, int port)
      : address_(std::move(address)), port_(port) {}
  ~HttpServer() override {
    newest_.Close();
    server_.stop();
    if (listener_.joinable()) listener_.join();
  }

  Result<void> Start() {
    Route();
    // Streams last, so a slow viewer must not hold the end up.
    server_.set_write_timeout(1, 0);
    server_.set_keep_alive_max_count(1);
    if (port_ == 0)
      port_ = server_.bind_to_any_port(address_);
    else if (!server_.bind_to_port(address_, port_))
      port_ = -1;
    if (port_ < 0)
      return Fail(ErrorCode::kIo,
                  "the preview cannot be served at " + address_ +
                      "; choose a free port and an address of this machine");
    listener_ = std::thread([this] { server_.listen_after_bind(); });
    // stop() works on a server that runs.
    while (!server_.is_running()) std::this_thread::yield();
    return {};
  }

  std::string url() const override {
    const std::string host = address_ == "0.0.0.0" ? "localhost" : address_;
    return "http://" + host + ":" + std::to_string(port_) + "/";
  }
  bool has_viewers() const override { return viewers_ > 0; }
  void Publish(std::vector<std::byte> jpeg, std::string status) override {
    newest_.Set(std::move(jpeg), std::move(status));
  }

 private:
  using Request = httplib::Request;
  using Response = httplib::Response;

  void Route() {
    if (IsLoopback(address_)) {
      server_.set_pre_routing_handler(
          [](const Request& request, Response& response) {
            using Answer = httplib::Server::HandlerResponse;
            if (IsLoopback(request.get_header_value("Host")))
              return Answer::Unhandled;
            response.status = 403;
            return Answer::Handled;
          });
    }
    server_.Get("/", [](const Request&, Response& response) {
      response.set_content(kPreviewPage, "text/html; charset=utf-8");
    });
    server_.Get("/status", [this](const Request&, Response& response) {
      response.set_header("Cache-Control", "no-store");
      response.set_content(newest_.Get().status, "application/json");
    });
    server_.Get("/frame.jpg", [this](const Request&, Response& response) {
      SendFrame(response);
    });
    server_.Get("/stream", [this](const Request&, Response& response) {
      SendStream(response);
    });
  }

  void SendFrame(Response& response) {
    ++viewers_;
    const auto picture = newest_.After(newest_.Get().number);
    --viewers_;
    response.set_header("Cache-Control", "no-store");
    if (picture.jpeg == nullptr) {
      response.status = 503;
      return;
    }
    response.set_content(reinterpret_cast<const char*>(picture.jpeg->data()),
                         picture.jpeg->size(), "image/jpeg");
  }

  void SendStream(Response& response) {
    if (viewers_ >= kMostViewers) {
      response.status = 503;
      response.set_content("too many viewers", "text/plain");
      return;
    }
    ++viewers_;
    response.set_header("Cache-Control", "no-store");
    auto sent = std::make_shared<int64_t>(0);
    response.set_content_provider(
        std::string("multipart/x-mixed-replace; boundary=") + kBoundary,
        [this, sent](size_t, httplib::DataSink& sink) {
          return SendNext(*sent, sink);
        },
        [this](bool) { --viewers_; });
  }

  // One picture; false ends the stream.
  bool SendNext(int64_t& sent, httplib::DataSink& sink) {
    const auto picture = newest_.After(sent);
    if (newest_.closed()) return false;
    if (picture.jpeg == nullptr || picture.number == sent)
      return sink.is_writable();
    sent = picture.number;
    const std::string head =
        std::string("--") + kBoundary + "\r\nContent-Type: image/jpeg\r\n" +
        "Content-Length: " + std::to_string(picture.jpeg->size()) + "\r\n\r\n";
    return sink.write(head.data(), head.size()) &&
           sink.write(reinterpret_cast<const char*>(picture.jpeg->data()),
                      picture.jpeg->size()) &&
           sink.write("\r\n", 2);
  }

  std::string address_;
  int port_;
  Newest newest_;
  std::atomic<int> viewers_ = 0;
  httplib::Server server_;
  std::thread listener_;
};

}  // namespace

Result<std::unique_ptr<PreviewServer>> StartPreviewServer(
    const std::string& address, int port) {
  auto server = std::make_unique<HttpServer>(address, port);
  auto started = server->Start();
  if (!started) return tl::unexpected(std::move(started).error());
  return server;
}

}  // namespace liteforge
