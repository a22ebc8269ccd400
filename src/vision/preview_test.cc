// SPDX-License-Identifier: Apache-2.0
// What the module offers beside files: drawing, video, the preview's server.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <thread>

#include "vision/module.h"

namespace liteforge::preview_test {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::StartsWith;

class ModuleTest : public testing::Test {
 protected:
  void SetUp() override {
    const auto loaded = LoadVision();
    if (!loaded) GTEST_SKIP() << loaded.error().ToString();
    vision_ = *loaded;
  }
  const Vision* vision_ = nullptr;
};

Image Gray(int width, int height, uint8_t value) {
  return {width, height,
          std::vector<uint8_t>(static_cast<size_t>(width * height) * 3, value)};
}

size_t Changed(const Image& a, const Image& b) {
  size_t changed = 0;
  for (size_t i = 0; i < a.pixels.size(); ++i)
    changed += a.pixels[i] != b.pixels[i];
  return changed;
}

TEST_F(ModuleTest, DrawsEveryKindOfFinding) {
  const Image before = Gray(200, 100, 60);
  const auto drawn = [&](const Findings& findings) {
    Image image = before;
    EXPECT_TRUE(vision_->Draw(findings, image));
    return Changed(image, before);
  };
  Findings box;
  box.objects = {{0, "cat\n\xC3\xA9", 0.9f, {0.2f, 0.2f, 0.8f, 0.8f}}};
  EXPECT_GT(drawn(box), 500u);
  Findings classes;
  classes.classes = {{3, "dog", 0.5f}};
  EXPECT_GT(drawn(classes), 500u);
  // Half of the picture is class 1: all its values change.
  Findings segments;
  segments.segmentation = {2, 1, {0, 1}};
  EXPECT_GT(drawn(segments), 100u * 100 * 2);
  Findings body;
  body.points.assign(17, {0.5f, 0.5f, 0.9f});
  body.points[5] = {-7, 1e9f, 0.9f};  // outside is no error
  EXPECT_GT(drawn(body), 20u);
  EXPECT_EQ(drawn(Findings()), 0u);
}

TEST_F(ModuleTest, VideoComesBack) {
  const fs::path file = fs::path(testing::TempDir()) / "video.avi";
  auto writer = vision_->WriteVideo(file.string(), 10, 64, 48);
  ASSERT_TRUE(writer) << writer.error().ToString();
  for (const uint8_t level : {20, 120, 220})
    ASSERT_TRUE((*writer)->Write(Gray(64, 48, level)));
  (*writer)->Finish();

  auto source = vision_->Capture({CaptureKind::kVideo, file.string(), 0, 0});
  ASSERT_TRUE(source) << source.error().ToString();
  EXPECT_FALSE((*source)->is_live());
  EXPECT_EQ((*source)->fps(), 10);
  for (int round = 0; round < 2; ++round) {
    Image frame;
    for (const int level : {20, 120, 220}) {
      ASSERT_TRUE((*source)->Next(frame).value());
      EXPECT_EQ(frame.width, 64);
      EXPECT_NEAR(frame.pixels[0], level, 4);  // JPEG
    }
    EXPECT_FALSE((*source)->Next(frame).value());
    ASSERT_TRUE((*source)->Rewind());
  }
  fs::remove(file);
}

//--------------------------------------------------------------------- server

// What comes within `bytes` of a GET.
std::string Get(int port, const std::string& path, size_t bytes,
                const std::string& host = "localhost") {
  const int connection = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
  const timeval patience{5, 0};
  setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
  std::string answer;
  if (connect(connection, reinterpret_cast<sockaddr*>(&address),
              sizeof(address)) == 0) {
    const std::string request =
        "GET " + path + " HTTP/1.1\r\nHost: " + host + "\r\n\r\n";
    send(connection, request.data(), request.size(), MSG_NOSIGNAL);
    char part[4096];
    while (answer.size() < bytes) {
      const ssize_t got = recv(connection, part, sizeof(part), 0);
      if (got <= 0) break;
      answer.append(part, static_cast<size_t>(got));
    }
  }
  close(connection);
  return answer;
}

int PortOf(const PreviewServer& server) {
  const std::string url = server.url();
  return std::stoi(url.substr(url.rfind(':') + 1));
}

std::vector<std::byte> Bytes(std::string_view text) {
  const auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

TEST_F(ModuleTest, ServerGivesPageStatusAndPictures) {
  auto served = vision_->Serve("127.0.0.1", 0);
  ASSERT_TRUE(served) << served.error().ToString();
  PreviewServer& server = **served;
  EXPECT_THAT(server.url(), StartsWith("http://127.0.0.1:"));
  EXPECT_FALSE(server.has_viewers());
  const int port = PortOf(server);
  EXPECT_THAT(Get(port, "/", 1 << 20), HasSubstr("<img id=\"stream\""));
  server.Publish(Bytes("first"), R"({"frame":0})");
  EXPECT_THAT(Get(port, "/status", 1 << 20), HasSubstr(R"({"frame":0})"));

  // New pictures while someone looks.
  std::thread camera([&] {
    for (int i = 0; i < 200 && !server.has_viewers(); ++i) usleep(10000);
    EXPECT_TRUE(server.has_viewers());
    for (int i = 0; i < 20; ++i) {
      server.Publish(Bytes("picture"), "{}");
      usleep(20000);
    }
  });
  const std::string stream = Get(port, "/stream", 600);
  camera.join();
  EXPECT_THAT(stream, HasSubstr("multipart/x-mixed-replace"));
  EXPECT_THAT(stream, HasSubstr("Content-Length: 7\r\n\r\npicture\r\n--"));
}

// A page whose name was made to point at this machine.
TEST_F(ModuleTest, LoopbackAnswersNoOtherName) {
  auto server = vision_->Serve("127.0.0.1", 0);
  ASSERT_TRUE(server);
  const int port = PortOf(**server);
  EXPECT_THAT(Get(port, "/status", 1 << 20, "evil.example"),
              StartsWith("HTTP/1.1 403"));
  EXPECT_THAT(Get(port, "/status", 1 << 20, "127.0.0.1:80"),
              StartsWith("HTTP/1.1 200"));
}

TEST_F(ModuleTest, ServerEndsWhileAViewerWatches) {
  auto server = vision_->Serve("127.0.0.1", 0);
  ASSERT_TRUE(server);
  const int port = PortOf(**server);
  std::thread viewer([port] { Get(port, "/stream", 1 << 20); });
  for (int i = 0; i < 200 && !(*server)->has_viewers(); ++i) usleep(10000);
  EXPECT_TRUE((*server)->has_viewers());
  server->reset();
  viewer.join();
}

// An address of documentation, which no machine has.
TEST_F(ModuleTest, ForeignAddressIsRefused) {
  const auto server = vision_->Serve("192.0.2.1", 0);
  ASSERT_FALSE(server);
  EXPECT_THAT(server.error().message, HasSubstr("cannot be served"));
}

}  // namespace liteforge::preview_test
