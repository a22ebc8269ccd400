// SPDX-License-Identifier: Apache-2.0
// Once the source is open, three threads and two places to hand things over:
//
//   capture ── frame ──► inference ── seen ──► output (the caller's thread)
//
// Each place holds one thing. Capture of a live source never waits: a frame
// that was not taken is replaced by the next, so the model always sees the
// newest. All else waits for its place to be free, so that nothing queues.
#include "detection/stream.h"

#include <atomic>
#include <chrono>
#include <deque>
#include <future>
#include <optional>
#include <thread>

#include "base/try.h"
#include "detection/hand_off.h"
#include "detection/sources.h"

namespace liteforge {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr auto kGlance = milliseconds(50);  // between looks at `stop`
// For a camera or a network that answers no more.
constexpr auto kPatience = milliseconds(2000);

struct Frame {
  Image image;
  std::string file;
  double capture_ms = 0;
  double seconds = 0;
};

struct Seen {
  Image image;
  FrameReport report;
};

// What the capturing thread works on; it may outlive the stream when its
// source hangs.
struct Capturing {
  std::unique_ptr<FrameSource> source;
  bool loop = false;
  Clock::time_point start = Clock::now();
  HandOff<Frame> frames;
  std::atomic<int64_t> dropped = 0;
  HandOff<Image> spare;  // memory that can be used again
  Result<void> outcome;

  double Seconds() const {
    return std::chrono::duration<double>(Clock::now() - start).count();
  }
};

// False at the source's end.
Result<bool> NextFrame(Capturing& c, Frame& frame) {
  TRY_ASSIGN(bool is_there, c.source->Next(frame.image));
  if (is_there || !c.loop || c.source->is_live()) return is_there;
  TRY(c.source->Rewind());
  return c.source->Next(frame.image);
}

Result<void> Capture(Capturing& c) {
  for (bool open = true; open;) {
    Frame frame;
    if (auto spare = c.spare.Take(milliseconds(0)))
      frame.image = *std::move(spare);
    const double before = c.Seconds();
    TRY_ASSIGN(const bool is_there, NextFrame(c, frame));
    if (!is_there) break;
    frame.seconds = c.Seconds();
    frame.capture_ms = 1000 * (frame.seconds - before);
    frame.file = c.source->file();
    if (!c.source->is_live()) {
      open = c.frames.Put(std::move(frame));
      continue;
    }
    bool lost = false;
    open = c.frames.Replace(std::move(frame), lost);
    if (lost) ++c.dropped;
  }
  return {};
}

void CaptureThread(const std::shared_ptr<Capturing>& c) {
  c->outcome = Capture(*c);
  c->frames.End();
}

// Frames a second, over the last second or the last two frames.
class FrameRate {
 public:
  double Add(double seconds) {
    times_.push_back(seconds);
    while (times_.size() > 2 && times_.front() < seconds - 1)
      times_.pop_front();
    const double span = times_.back() - times_.front();
    return span > 0 ? static_cast<double>(times_.size() - 1) / span : 0;
  }

 private:
  std::deque<double> times_;
};

bool IsStopped(const StreamOptions& options) {
  return options.stop != nullptr && options.stop->load();
}

using OpenedSource = Result<std::unique_ptr<FrameSource>>;

// Cameras and networks may take long to open, or for ever: in a thread of its
// own, which is left behind when the stream is stopped first. None then.
std::optional<OpenedSource> OpenUnlessStopped(const StreamOptions& options) {
  StreamOptions wanted;
  wanted.source = options.source;
  wanted.width = options.width;
  wanted.height = options.height;
  std::packaged_task<OpenedSource()> open(
      [wanted] { return OpenSource(wanted); });
  std::future<OpenedSource> opened = open.get_future();
  std::thread thread(std::move(open));
  while (opened.wait_for(kGlance) == std::future_status::timeout) {
    if (!IsStopped(options)) continue;
    thread.detach();
    return std::nullopt;
  }
  thread.join();
  return opened.get();
}

class Stream {
 public:
  Stream(Detector& detector, std::unique_ptr<FrameSource> source,
         std::vector<std::unique_ptr<PictureOutput>> outputs,
         const StreamOptions& options)
      : detector_(detector),
        outputs_(std::move(outputs)),
        options_(options),
        capturing_(std::make_shared<Capturing>()) {
    capturing_->source = std::move(source);
    capturing_->loop = options.loop;
  }

  Result<StreamSummary> Run() {
    std::packaged_task<void()> capture([c = capturing_] { CaptureThread(c); });
    std::future<void> captured = capture.get_future();
    std::thread capture_thread(std::move(capture));
    std::thread inference_thread([this] { Infer(); });
    Result<void> shown = Show();
    seen_.Close();
    capturing_->frames.Close();
    inference_thread.join();
    const bool hangs =
        captured.wait_for(kPatience) == std::future_status::timeout;
    hangs ? capture_thread.detach() : capture_thread.join();

    for (const auto& output : outputs_) {
      auto finished = output->Finish();
      if (shown && !finished) shown = std::move(finished);
    }
    TRY(std::move(shown));
    TRY(std::move(inferred_));
    if (!hangs) TRY(std::move(capturing_->outcome));
    return Summary();
  }

 private:
  void Infer() {
    inferred_ = InferAll();
    // Tells capture that nobody takes any more.
    if (!inferred_) capturing_->frames.Close();
    seen_.End();
  }

  Result<void> InferAll() {
    FrameRate rate;
    int64_t index = 0;
    while (auto frame = capturing_->frames.Take()) {
      FrameReport report;
      report.index = index++;
      auto found = detector_.Detect(frame->image, &report.times);
      if (!found) return tl::unexpected(std::move(found).error());
      report.findings = *std::move(found);
      report.file = std::move(frame->file);
      report.seconds = frame->seconds;
      report.dropped = capturing_->dropped;
      report.times.capture = frame->capture_ms;
      report.fps = rate.Add(capturing_->Seconds());
      report.width = frame->image.width;
      report.height = frame->image.height;
      if (!seen_.Put({std::move(frame->image), std::move(report)})) break;
    }
    return {};
  }

  // Until the end, or what ends it.
  Result<void> Show() {
    while (!IsStopped(options_) && !seen_.is_over()) {
      auto seen = seen_.Take(kGlance);
      if (!seen) continue;
      Count(seen->report);
      if (options_.on_frame) options_.on_frame(seen->report);
      TRY_ASSIGN(const bool goes_on, ShowOne(*seen));
      if (!goes_on) break;
      bool ignored = false;
      capturing_->spare.Replace(std::move(seen->image), ignored);
    }
    return {};
  }

  Result<bool> ShowOne(Seen& seen) {
    bool is_wanted = false;
    for (const auto& output : outputs_) is_wanted |= output->wants_picture();
    if (is_wanted) TRY(Draw(seen.report.findings, seen.image));
    for (const auto& output : outputs_) {
      TRY_ASSIGN(const bool goes_on, output->Show(seen.image, seen.report));
      if (!goes_on) return false;
    }
    return true;
  }

  void Count(const FrameReport& report) {
    ++summary_.frames;
    summary_.mean.capture += report.times.capture;
    summary_.mean.pre += report.times.pre;
    summary_.mean.infer += report.times.infer;
    summary_.mean.post += report.times.post;
  }

  StreamSummary Summary() const {
    StreamSummary summary = summary_;
    summary.seconds = capturing_->Seconds();
    summary.dropped = capturing_->dropped;
    const double count =
        std::max<double>(1, static_cast<double>(summary.frames));
    for (double* mean : {&summary.mean.capture, &summary.mean.pre,
                         &summary.mean.infer, &summary.mean.post})
      *mean /= count;
    return summary;
  }

  Detector& detector_;
  std::vector<std::unique_ptr<PictureOutput>> outputs_;
  const StreamOptions& options_;
  std::shared_ptr<Capturing> capturing_;
  HandOff<Seen> seen_;
  Result<void> inferred_;
  StreamSummary summary_;
};

}  // namespace

Result<StreamSummary> RunStream(
    Detector& detector, std::unique_ptr<FrameSource> source,
    std::vector<std::unique_ptr<PictureOutput>> outputs,
    const StreamOptions& options) {
  return Stream(detector, std::move(source), std::move(outputs), options).Run();
}

Result<StreamSummary> DetectStream(Detector& detector,
                                   const StreamOptions& options) {
  auto opened = OpenUnlessStopped(options);
  if (!opened) return StreamSummary();
  OpenedSource& source = *opened;
  if (!source)
    return tl::unexpected(std::move(source.error()).InFile(options.source));
  TRY_ASSIGN(auto outputs,
             OpenOutputs(options, (*source)->is_live(), (*source)->fps()));
  auto summary =
      RunStream(detector, *std::move(source), std::move(outputs), options);
  if (!summary && summary.error().where.empty())
    return tl::unexpected(std::move(summary.error()).In(options.source));
  return summary;
}

}  // namespace liteforge
