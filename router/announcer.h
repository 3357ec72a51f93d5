// What the router says without being asked, and when: that its addresses are here (ARP-9, ND-8),
// router advertisements (ND-7), and questions to neighbours whose time has come (ARP-11, ND-4).
//
// Owner: the control thread; it has the frames sent by a worker. Time comes in as an argument.
#pragma once
#include <random>
#include <vector>

#include "core/own_frame.h"
#include "core/pool.h"
#include "core/time.h"
#include "router/interface.h"

namespace uswitch {

class Announcer {
 public:
  // Twice, this far apart (RFC 5227 1.1: ANNOUNCE_NUM, ANNOUNCE_INTERVAL).
  static constexpr int announcements = 2;
  static constexpr Duration announce_interval = std::chrono::seconds(2);
  // RFC 4861 6.2.1, 10: at random between these; of the first three sooner, and at random too, so
  // that routers which start together do not speak together.
  static constexpr std::chrono::seconds min_advertise{198}, max_advertise{600},
      min_initial_advertise{3}, max_initial_advertise{16};
  static constexpr int initial_advertisements = 3;

  explicit Announcer(uint32_t seed) : random_(seed) {}

  // A network's router is new or has changed: says everything anew from now on.
  void begin(NetworkId network, Time now);
  // Everything whose time has come. Neighbours whose packets are decided by that are in `wake`, a
  // bit a worker.
  std::vector<OwnFrame> due(const Routing& routing, Time now, uint64_t& wake);
  // Takes the router back (lifetime 0): of the network, which is about to lose it, or of all.
  std::vector<OwnFrame> farewell(const Routing& routing, NetworkId network);
  std::vector<OwnFrame> farewell(const Routing& routing);

 private:
  struct Schedule {
    int announced = announcements;
    Time announce{};
    int advertised = 0;
    Time advertise = Time::max();
  };

  template <class Write>
  void compose(NetworkId network, std::vector<OwnFrame>& frames, Write write);
  void announce(const RouterInterface& own, NetworkId network, bool first,
                std::vector<OwnFrame>& frames);
  void advertise(const RouterInterface& own, NetworkId network, uint16_t lifetime,
                 std::vector<OwnFrame>& frames);
  Duration until_next(int advertised);

  std::vector<Schedule> schedules_;  // indexed by network
  std::minstd_rand random_;
  PacketPool pool_{1};  // to compose in
};

}  // namespace uswitch
