#include "tests/support/explain_check.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "tests/support/frame_check.h"

namespace uswitch::test {

namespace {

// What happens to the test's ports and buffers, which no table shows.
bool is_of_the_device(Reason r) {
  return r == Reason::no_buffer || r == Reason::egress_full || r == Reason::egress_refused ||
         r == Reason::egress_down || r == Reason::tunnel_unreachable;
}

// What another packet is dropped for because of this one, or at this time.
bool may_be_another(Reason r) {
  return r == Reason::neighbour_busy || r == Reason::reassembly_timeout ||
         r == Reason::reassembly_full || r == Reason::neighbour_failed;
}

void write(std::ostream& out, const Fdb& fdb, Time now) {
  fdb.for_each(now, [&](const Fdb::Entry& e) {
    out << e.mac.to_string() << ' ' << e.port << ' ' << e.is_static << ' ' << e.age.count() << '\n';
  });
  for (int i = 2; i <= static_cast<int>(Fdb::Learn::refused_static); ++i) {
    out << fdb.count(static_cast<Fdb::Learn>(i)) << ' ';
  }
}

void write(std::ostream& out, const Neighbours& neighbours, Time now) {
  neighbours.for_each(now, [&](const Neighbours::Entry& e) {
    out << e.network << ' ' << e.address.to_string() << ' ' << e.mac.to_string() << ' '
        << static_cast<int>(e.state) << ' ' << e.age.count() << '\n';
  });
  const auto c = neighbours.counts();
  out << c.created << ' ' << c.full << ' ' << c.solicitations << '\n';
}

void write(std::ostream& out, ConnectionTable& connections, Time now) {
  connections.scan(0, connections.max_connections(), now, [&](const ConnectionInfo& c) {
    out << c.original.source.to_string() << ' ' << c.reply.destination_port << ' ' << c.seen_reply
        << c.assured << ' ' << static_cast<int>(c.tcp) << ' ' << c.expires_in.count() << ' '
        << c.traffic[0].bytes << ' ' << c.traffic[1].bytes << '\n';
    return ConnectionTable::Visit::keep;
  });
  out << connections.size() << ' ' << connections.expired() << ' ' << connections.evicted() << '\n';
}

// Which id NAT gives a packet is not foretold.
std::vector<uint8_t> without_id(std::vector<uint8_t> frame) {
  clear_free_id(frame);
  return frame;
}

// All that a stage could change.
std::string contents(const Tables& tables, Time now) {
  std::ostringstream out;
  for (const Network& n : tables.networks) write(out, *n.fdb, now);
  if (tables.routing.neighbours) write(out, *tables.routing.neighbours, now);
  if (tables.nat.connections) {
    write(out, *tables.nat.connections, now);
    out << tables.nat.ports->size() << ' ' << tables.nat.ports->exhausted() << '\n';
  }
  return out.str();
}

}  // namespace

ExplainCheck::ExplainCheck(const Tables& tables, const Ports& ports, PortId ingress,
                           const Packet& packet, Time now)
    : tables_(tables), ports_(ports), ingress_(ingress) {
  before_ = books();
  const std::string then = contents(tables, now);
  told_ = explain(tables, ingress, packet, now);
  EXPECT_EQ(contents(tables, now), then) << "asking changed a table\n" << told_.to_text();
}

ExplainCheck::Books ExplainCheck::books() const {
  Books b;
  const PortCounters& counters = tables_.counters(ingress_, 0);
  for (size_t i = 0; i < reason_count; ++i) b.drops[i] = counters.drops[i].get();
  for (const auto& port : ports_) b.sent.push_back(port ? port->sent().size() : 0);
  if (tables_.router_stats) b.originated = tables_.router_stats->of_worker[0].rx_packets.get();
  return b;
}

void ExplainCheck::compare(bool settles) const {
  if (!told_.certain) return;
  const Books now = books();
  for (size_t i = 0; i < reason_count; ++i) {
    if (now.drops[i] != before_.drops[i] && is_of_the_device(static_cast<Reason>(i))) return;
  }
  compare_drops(now);
  compare_egress(now, !settles && now.originated == before_.originated);
}

void ExplainCheck::compare_drops(const Books& now) const {
  for (size_t i = 0; i < reason_count; ++i) {
    const auto reason = static_cast<Reason>(i);
    const uint64_t happened = now.drops[i] - before_.drops[i];
    const auto said = static_cast<uint64_t>(std::ranges::count(told_.drops, reason));
    const bool agrees = may_be_another(reason) ? happened >= said : happened == said;
    // Each piece of a packet has an end of its own.
    if (told_.in_pieces && said != 0 && happened >= said) continue;
    EXPECT_TRUE(agrees) << info(reason).name << " happened " << happened << " times; said was\n"
                        << told_.to_text();
  }
}

void ExplainCheck::compare_egress(const Books& now, bool alone) const {
  for (PortId id = 0; id < ports_.size(); ++id) {
    if (!ports_[id]) continue;
    const size_t left = now.sent[id] - before_.sent[id];
    const bool said = std::ranges::count(told_.egress, id) != 0;
    if (said) {
      EXPECT_GE(left, 1u) << "nothing left by port " << id << "\n" << told_.to_text();
    }
    const size_t most = !said ? 0 : told_.in_pieces ? left : 1;
    if (alone) {
      EXPECT_LE(left, most) << "by port " << id << "\n" << told_.to_text();
    }
  }
  if (told_.egress.empty() || told_.in_pieces) return;
  const PortId first = told_.egress.front();
  if (!ports_[first]) return;
  const auto is_it = [&](const MemoryPort::Frame& f) {
    return f.bytes == told_.frame || without_id(f.bytes) == without_id(told_.frame);
  };
  EXPECT_TRUE(
      std::any_of(ports_[first]->sent().begin() + static_cast<ptrdiff_t>(before_.sent[first]),
                  ports_[first]->sent().end(), is_it))
      << "another frame left by port " << first << "\n"
      << told_.to_text();
}

}  // namespace uswitch::test
