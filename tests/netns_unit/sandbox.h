// The private place these tests run in: user, network and mount namespaces of their own with a
// fresh /run, made before main(). Nothing of the host is seen or touched.
#pragma once
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <string>
#include <thread>

#include "switch/claim.h"
#include "switch/netns.h"

namespace uswitch {

// Why the place could not be made; empty when it was.
const std::string& sandbox_error();

inline size_t entries_in(const std::string& directory) {
  std::error_code none;
  std::filesystem::directory_iterator files(directory, none);
  return none ? 0 : static_cast<size_t>(std::distance(begin(files), end(files)));
}

// Waits up to 5 s for what the kernel does in its own time.
inline bool eventually(const std::function<bool()>& condition) {
  for (int i = 0; i < 1000; ++i) {
    if (condition()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return false;
}

// What `fn` complains about; empty when it does not.
template <class Error, class Fn>
std::string complaint(Fn&& fn) {
  try {
    fn();
  } catch (const Error& error) {
    return error.what();
  }
  return {};
}

// Runs fn in a child process that is then killed with SIGKILL, as a crash would.
void run_and_kill(const std::function<void()>& fn);

// Each test ends with as many open files, named namespaces, claims and devices as it began with.
class NetnsTest : public testing::Test {
 protected:
  void SetUp() override;
  void TearDown() override;

 private:
  struct Count {
    size_t files, names, claims, devices;
    auto operator<=>(const Count&) const = default;
  };
  static Count count();

  Count before_{};
};

}  // namespace uswitch
