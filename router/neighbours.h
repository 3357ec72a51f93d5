// TEMPORARY: to be replaced
#pragma once
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>
#include "core/ids.h"
#include "core/time.h"
#include "wire/address.h"
namespace uswitch {
enum class NeighbourState : uint8_t { incomplete, reachable, stale, delay, probe, failed, permanent };
class Neighbours {
 public:
  struct Key { NetworkId network; IpAddress address; auto operator<=>(const Key&) const = default; };
  explicit Neighbours(uint32_t max) : max_(max) {}
  Key key(NetworkId n, const IpAddress& a) const { return {n, a}; }
  void prefetch(const Key&) const {}
  enum class Use : uint8_t { resolved, unresolved, failed };
  Use lookup(const Key& k, Time now, MacAddress& mac) {
    std::lock_guard l(m_);
    auto i = t_.find(k);
    if (i == t_.end() || i->second.state == NeighbourState::incomplete) return Use::unresolved;
    if (i->second.state == NeighbourState::failed) return Use::failed;
    if (i->second.state == NeighbourState::reachable && now - i->second.at > std::chrono::seconds(30)) i->second.state = NeighbourState::stale;
    if (i->second.state == NeighbourState::stale) { i->second.state = NeighbourState::delay; i->second.at = now; }
    mac = i->second.mac;
    return Use::resolved;
  }
  struct Ask { enum class What : uint8_t { solicit, wait, resolved, failed, full } what; MacAddress mac; };
  Ask ask(const Key& k, Time now, unsigned worker) {
    std::lock_guard l(m_);
    auto i = t_.find(k);
    if (i != t_.end()) { i->second.waiting |= 1ull << worker; return {Ask::What::wait, {}}; }
    if (t_.size() >= max_) return {Ask::What::full, {}};
    t_[k] = {NeighbourState::incomplete, {}, now, 1, 1ull << worker, false};
    return {Ask::What::solicit, {}};
  }
  void heard_request(const Key& k, const MacAddress& mac, Time now, bool to_me) { set(k, mac, now, to_me, NeighbourState::stale); }
  void heard_reply(const Key& k, const MacAddress& mac, Time now, bool to_me) { set(k, mac, now, false, to_me ? NeighbourState::reachable : NeighbourState::stale); }
  void heard_advertisement(const Key& k, std::optional<MacAddress> mac, bool solicited, bool, bool router, Time now) {
    if (mac) set(k, *mac, now, true, solicited ? NeighbourState::reachable : NeighbourState::stale);
    std::lock_guard l(m_);
    if (t_.count(k)) t_[k].router = router;
  }
  struct Question { NetworkId network; IpAddress address; bool unicast; MacAddress mac; };
  uint64_t sweep(Time now, std::vector<Question>& q) {
    std::lock_guard l(m_);
    uint64_t wake = 0;
    for (auto i = t_.begin(); i != t_.end();) {
      auto& [k, e] = *i;
      if (e.state == NeighbourState::delay && now - e.at >= std::chrono::seconds(5)) { e.state = NeighbourState::probe; e.asked = 0; e.at = now - std::chrono::seconds(1); }
      if ((e.state == NeighbourState::incomplete || e.state == NeighbourState::probe) && now - e.at >= std::chrono::seconds(1)) {
        if (e.asked == 3) {
          if (e.state == NeighbourState::probe) { i = t_.erase(i); continue; }
          e.state = NeighbourState::failed; e.at = now; wake |= e.waiting; e.waiting = 0;
        } else { ++e.asked; e.at = now; q.push_back({k.network, k.address, e.state == NeighbourState::probe, e.mac}); }
      } else if (e.state == NeighbourState::failed && now - e.at >= std::chrono::seconds(3)) { i = t_.erase(i); continue; }
      ++i;
    }
    return wake;
  }
  bool collect(Time, size_t) { return true; }
  bool add_permanent(NetworkId n, const IpAddress& a, const MacAddress& mac) { std::lock_guard l(m_); t_[{n, a}] = {NeighbourState::permanent, mac, {}, 0, 0, false}; return true; }
  struct Entry { NetworkId network; IpAddress address; MacAddress mac; NeighbourState state; bool router; Duration age; };
  void for_each(Time now, const std::function<void(const Entry&)>& v) const { for (auto& [k, e] : t_) v({k.network, k.address, e.mac, e.state, e.router, now - e.at}); }
  size_t size() const { return t_.size(); }
  void on_resolved(std::function<void(uint64_t)> f) { hook_ = std::move(f); }
 private:
  struct E { NeighbourState state; MacAddress mac; Time at; int asked; uint64_t waiting; bool router; };
  void set(const Key& k, const MacAddress& mac, Time now, bool create, NeighbourState s) {
    uint64_t w = 0;
    { std::lock_guard l(m_);
      auto i = t_.find(k);
      if (i == t_.end()) { if (create) t_[k] = {s, mac, now, 0, 0, false}; return; }
      if (i->second.state == NeighbourState::permanent) return;
      if (s == NeighbourState::stale && i->second.mac == mac && i->second.state != NeighbourState::incomplete) return;
      w = std::exchange(i->second.waiting, 0); i->second.state = s; i->second.mac = mac; i->second.at = now; }
    if (w && hook_) hook_(w);
  }
  uint32_t max_; mutable std::mutex m_; std::map<Key, E> t_; std::function<void(uint64_t)> hook_;
};
}
