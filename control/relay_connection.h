// One TCP connection of a client, relayed to the endpoint and back.
//
// Owner: its own handlers, on the relay thread, until both ends have closed or one was reset; its
// RelayThread must outlive it, and who hears of its end too. What one side sends is read only while
// the other takes it: at most 64 KiB a direction wait here, and only while they must. A closed
// direction is passed on and the other goes on. A reset, or an endpoint that cannot be reached, is
// a reset to the other side.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "control/relay.h"
#include "control/relay_socket.h"

namespace uswitch {

class RelayConnection : public std::enable_shared_from_this<RelayConnection> {
 public:
  using OnEnd = std::function<void(RelayConnection*)>;
  // Its relay's.
  struct Counts {
    Counter &failed, &bytes_in, &bytes_out;
  };

  // `on_end` is called once, from the destructor, and keeps the relay until then.
  RelayConnection(RelayThread& thread, const Counts& counts, OnEnd on_end);
  ~RelayConnection();
  RelayConnection(const RelayConnection&) = delete;
  RelayConnection& operator=(const RelayConnection&) = delete;

  // Takes the accepted socket and connects to `to`.
  void start(UniqueFd client, const SocketAddress& to);
  // Resets both sides, at once.
  void abort();

 private:
  struct Way {
    RelayDescriptor& from;
    RelayDescriptor& to;
    Counter& bytes;
    std::vector<uint8_t> waiting;  // read from one and not taken by the other
    bool ended = false;
  };

  void fail();
  void on_connected();
  void watch(RelayDescriptor& side);
  void wait(RelayDescriptor& side, RelayDescriptor::wait_type what, Way& way);
  void pump(Way& way);
  bool send(Way& way, std::span<const uint8_t> bytes);
  void end(Way& way);
  void close();
  // A handler that was under way has nothing to do.
  bool is_over() const { return !client_.is_open(); }

  RelayThread& thread_;
  Counter& failed_;
  OnEnd on_end_;
  RelayDescriptor client_, endpoint_;
  std::array<Way, 2> ways_;
};

}  // namespace uswitch
