#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <tuple>

#include "control/connection_filter.h"
#include "control/views.h"
#include "nat/leave.h"
#include "wire/ip_protocol.h"

namespace uswitch {

namespace json = boost::json;

namespace {

constexpr uint64_t default_connections = 1000;

uint64_t bytes_of(const ConnectionInfo& info) {
  return info.traffic[0].bytes + info.traffic[1].bytes;
}

// Whether `a` stands above `b`: the busier one; of equals the order of their tuples.
bool is_above(const ConnectionInfo& a, const ConnectionInfo& b) {
  const auto rank = [](const ConnectionInfo& i) {
    const Tuple& t = i.original;
    return std::tie(t.protocol, t.source, t.source_port, t.destination, t.destination_port);
  };
  const uint64_t bytes_a = bytes_of(a), bytes_b = bytes_of(b);
  return bytes_a != bytes_b ? bytes_a > bytes_b : rank(a) < rank(b);
}

// Calls `visit` for each connection, while the workers go on making and ending them. Each record
// is locked while it is copied, nothing is held in between.
template <class Visit>
void for_each_connection(ConnectionTable& table, Time now, const Visit& visit) {
  table.scan(0, table.max_connections(), now, [&](const ConnectionInfo& info) {
    visit(info);
    return ConnectionTable::Visit::keep;
  });
}

// The first `limit` of all that fit, in order: a heap whose top is the last of them.
class Selection {
 public:
  explicit Selection(size_t limit) : limit_(limit) {}

  void add(const ConnectionInfo& info) {
    ++total_;
    if (rows_.size() == limit_) {
      if (!is_above(info, rows_.front())) return;
      std::ranges::pop_heap(rows_, is_above);
      rows_.pop_back();
    }
    rows_.push_back(info);
    std::ranges::push_heap(rows_, is_above);
  }
  std::vector<ConnectionInfo> take() {
    std::ranges::sort_heap(rows_, is_above);
    return std::move(rows_);
  }
  size_t total() const { return total_; }

 private:
  size_t limit_, total_ = 0;
  std::vector<ConnectionInfo> rows_;
};

// Which ends look different to the other side.
std::string_view kind_of(const ConnectionInfo& info) {
  const Tuple& o = info.original;
  const Tuple translated = info.reply.reversed();
  const bool source = translated.source != o.source || translated.source_port != o.source_port;
  const bool destination =
      translated.destination != o.destination || translated.destination_port != o.destination_port;
  if (source) return destination ? "hairpin" : "masquerade";
  return destination ? "publish" : "tracked";
}

// The id of an ICMP query stands in the port of the end that asked, which made the connection.
json::object view_direction(const ConnectionInfo& info, Direction direction) {
  const bool original = direction == Direction::original;
  const Tuple& t = original ? info.original : info.reply;
  const Traffic& traffic = info.traffic[side(direction)];
  json::object out;
  out["source"] = t.source.to_string();
  out["destination"] = t.destination.to_string();
  if (t.protocol == ip_protocol::tcp || t.protocol == ip_protocol::udp) {
    out["source_port"] = t.source_port;
    out["destination_port"] = t.destination_port;
  } else if (t.protocol == ip_protocol::icmp || t.protocol == ip_protocol::icmp6) {
    out["id"] = original ? t.source_port : t.destination_port;
  }
  out["packets"] = traffic.packets;
  out["bytes"] = traffic.bytes;
  return out;
}

json::object view_entry(const ConnectionInfo& info) {
  json::object out;
  out["proto"] = protocol_name(info.original.protocol);
  out["state"] = state_name(info);
  out["kind"] = kind_of(info);
  out["tag"] = info.tag;
  out["assured"] = info.assured;
  out["original"] = view_direction(info, Direction::original);
  out["reply"] = view_direction(info, Direction::reply);
  out["expires"] = std::chrono::duration_cast<std::chrono::seconds>(info.expires_in).count();
  return out;
}

json::object view_counters(const ConnectionTable* table) {
  using Insert = ConnectionTable::Insert;
  const auto count = [&](Insert outcome) { return table ? table->count(outcome) : 0; };
  return {{"inserted", count(Insert::inserted)},
          {"taken", count(Insert::taken)},
          {"full", count(Insert::full)},
          {"expired", table ? table->expired() : 0},
          {"evicted", table ? table->evicted() : 0}};
}

}  // namespace

json::object view_connections(const ApiContext& context, const Query& query) {
  Parameters parameters(query);
  const ConnectionFilter filter = ConnectionFilter::of(parameters);
  Selection selection(parameters.limit(default_connections));
  parameters.done();
  const Translation& nat = context.engine.tables().nat;
  ConnectionTable* table = nat.connections.get();
  if (table) {
    for_each_connection(*table, context.now, [&](const ConnectionInfo& info) {
      if (!is_leave(info.original) && filter.fits(info)) selection.add(info);
    });
  }
  json::array connections;
  for (const ConnectionInfo& info : selection.take()) connections.push_back(view_entry(info));
  const size_t left_out = selection.total() - connections.size();
  return {{"connections", std::move(connections)},
          {"truncated", left_out > 0},
          {"left_out", left_out},
          {"total", selection.total()},
          {"entries", table ? table->size() : 0},
          {"max_connections", table ? table->max_connections() : 0},
          {"counters", view_counters(table)},
          {"ports",
           {{"mappings", nat.ports ? nat.ports->size() : 0},
            {"exhausted", nat.ports ? nat.ports->exhausted() : 0}}}};
}

json::object delete_connections(const ApiContext& context, const Query& query) {
  Parameters parameters(query);
  const ConnectionFilter filter = ConnectionFilter::of(parameters);
  const bool all = parameters.flag("all");
  parameters.done();
  if (all == filter.limits()) {
    throw BadQuery(all ? "all=1 does not go with port, proto, address or state; leave it out"
                       : "say which: port, proto, address, state, or all=1");
  }
  size_t deleted = 0;
  if (ConnectionTable* table = context.engine.tables().nat.connections.get()) {
    for_each_connection(*table, context.now, [&](const ConnectionInfo& info) {
      const bool leave = is_leave(info.original);
      if (!(leave ? filter.fits_leave(info) : filter.fits(info))) return;
      if (table->remove(info.ref) && !leave) ++deleted;
    });
  }
  return {{"deleted", deleted}};
}

}  // namespace uswitch
