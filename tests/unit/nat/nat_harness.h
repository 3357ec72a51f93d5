// A connection table and a port map as a test of them wants them, with a masquerading NAT in a few
// lines on top.
#pragma once
#include <gtest/gtest.h>

#include <vector>

#include "nat/connection_table.h"
#include "wire/ip_protocol.h"

namespace uswitch {

inline IpAddress inner_host(uint32_t n) {
  return IpAddress::from_v4(0x0a000000 + n);
}
inline IpAddress remote_host(uint32_t n) {
  return IpAddress::from_v4(0x5db80000 + n);
}

inline Tuple udp_flow(uint32_t host, uint16_t port, uint32_t remote = 1, uint16_t to = 53) {
  return {inner_host(host), remote_host(remote), port, to, ip_protocol::udp};
}
inline Tuple tcp_flow(uint32_t host, uint16_t port, uint32_t remote = 1, uint16_t to = 443) {
  return {inner_host(host), remote_host(remote), port, to, ip_protocol::tcp};
}

inline constexpr Time start{std::chrono::hours(100)};

struct NatHarness {
  using Insert = ConnectionTable::Insert;

  PortMap ports;
  ConnectionTable table;
  Timeouts timeouts;
  IpAddress external = IpAddress::from_v4(0xcb007101);
  std::vector<ExternalId> pool{ports.add_external(external)};

  explicit NatHarness(uint32_t max) : ports(max + 64), table(max, ports) {}

  std::optional<Found> find(const Tuple& t, Time now = start) const {
    return table.lookup(table.key(t), now);
  }
  // Both sides use it: it is assured then.
  void talk(const Found& f, Time now = start) {
    const Tuple answer = f.other();
    table.touch(*find(answer, now), 1, now, timeouts, ConnectionTable::Refresh::yes);
    table.touch(*find(find(answer, now)->other(), now), 1, now, timeouts,
                ConnectionTable::Refresh::yes);
  }
  // As it is, or to another reply.
  ConnectionTable::Inserted insert(const Tuple& t, const Tuple& reply, Time now = start,
                                   uint16_t tag = 0) {
    NewConnection what;
    what.reply = reply;
    what.tag = tag;
    if (t.protocol == ip_protocol::tcp) what.tcp.state = TcpState::syn_sent;
    return table.insert(table.key(t), what, 100, now, timeouts);
  }
  ConnectionTable::Inserted insert(const Tuple& t, Time now = start) {
    return insert(t, t.reversed(), now);
  }
  PortMap::Lease acquire(const TransportAddress& inner, Time now) {
    PortMap::Lease lease = ports.acquire(inner, 0, pool);
    if (!lease &&
        table.make_room({external, inner.protocol, PortMap::class_of(inner)}, now, timeouts))
      lease = ports.acquire(inner, 0, pool);
    return lease;
  }
  // With an external port, somebody else's if there is none left.
  std::optional<ConnectionTable::Inserted> masquerade(const Tuple& t, Time now = start) {
    const auto lease = acquire({t.source, t.source_port, t.protocol}, now);
    if (!lease) return std::nullopt;
    NewConnection what;
    what.mapping = lease.mapping;
    what.reply = {t.destination, lease.external.address, t.destination_port, lease.external.port,
                  t.protocol};
    return table.insert(table.key(t), what, 100, now, timeouts);
  }
  std::vector<ConnectionInfo> all(Time now = start) {
    std::vector<ConnectionInfo> infos;
    uint32_t at = 0;
    do {
      at = table.scan(at, 7, now, [&](const ConnectionInfo& info) {
        infos.push_back(info);
        return ConnectionTable::Visit::keep;
      });
    } while (at != 0);
    return infos;
  }
  // A round that may have begun before, and one more.
  void sweep(Time now) {
    for (int rounds = 0; rounds < 2;) rounds += table.sweep(now, 5);
  }
};

}  // namespace uswitch
