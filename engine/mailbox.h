// What other threads want of a worker, besides new Tables: frames of the router's to send, and
// things to look at. Any thread puts in; the worker takes out, once a turn, for the price of one
// load when there is nothing.
#pragma once
#include <atomic>
#include <mutex>
#include <utility>
#include <vector>

#include "core/own_frame.h"

namespace uswitch {

class Mailbox {
 public:
  struct Mail {
    std::vector<OwnFrame> frames;
    bool settle = false;  // something that packets wait for has been decided
    bool expire = false;  // time to look what has waited too long
  };

  // Beyond this many frames that wait for a worker the newest are lost: a question is asked again.
  static constexpr size_t max_frames = 8192;

  void post(std::vector<OwnFrame> frames) {
    const std::lock_guard lock(mutex_);
    for (OwnFrame& f : frames) {
      if (mail_.frames.size() < max_frames) mail_.frames.push_back(std::move(f));
    }
    full_.store(true, std::memory_order_release);
  }
  void ask_settle() { ask(&Mail::settle); }
  void ask_expire() { ask(&Mail::expire); }

  bool empty() const { return !full_.load(std::memory_order_acquire); }
  Mail take() {
    const std::lock_guard lock(mutex_);
    full_.store(false, std::memory_order_relaxed);
    return std::exchange(mail_, {});
  }

 private:
  void ask(bool Mail::*what) {
    const std::lock_guard lock(mutex_);
    mail_.*what = true;
    full_.store(true, std::memory_order_release);
  }

  std::mutex mutex_;
  Mail mail_;
  std::atomic<bool> full_{false};
};

}  // namespace uswitch
