// NAT's side of the control thread: what of it is configured becomes a Translation, what is
// configured and published comes and goes at run time, and connections whose time is over are swept
// away.
//
// Owner: Daemon, on the control thread. The tables of connections and ports live as long as any
// Tables that hold them.
#pragma once
#include <bitset>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "control/config.h"
#include "control/host_publish.h"
#include "nat/policy.h"

namespace uswitch {

class NatControl {
 public:
  // Opens the sockets of what is published on the host: DeviceError when one is not to be had;
  // std::system_error when there is no memory for the tables. The configuration must live until the
  // next update().
  explicit NatControl(const Config& config) { update(config); }

  // Takes what another configuration says; what is in both keeps its connections. Until published()
  // nothing that ends is taken away, so going back is another update(). Throws std::runtime_error
  // with one sentence when something cannot be had; nothing has changed then.
  void update(const Config& config);

  bool present() const { return config_->nat.present; }

  // For the next Tables.
  Translation translation() const;
  // Addresses of pools and of published ports that the router is to have on the network besides its
  // own.
  std::vector<IpAddress> addresses_on(const std::string& name) const;

  // Until the next Tables are published nothing else has changed. A sentence when it is refused:
  // the port is taken, there is no such entry, or there are too many.
  std::optional<std::string> publish(const PublishConfig& entry);
  // `to` may be unspecified: wherever the ports lead. `removed` becomes what it was.
  std::optional<std::string> unpublish(const PublishConfig& entry, PublishConfig& removed);
  // The Tables of translation() are in force: lets go of what is no longer configured, and ends the
  // flows that were translated by it, and those that had a port that is published now.
  void published(Time now);

  // Endpoints with these addresses have gone, and their flows with them.
  void forget(const std::set<IpAddress>& addresses, Time now);

  // Several times a second.
  void tick(Time now);

  // What is published; on the host with what its ports have relayed, together.
  struct Published {
    PublishConfig config;
    std::optional<RelayCounts> relayed;
  };
  std::vector<Published> list_published() const;
  // Null until something was published on the host.
  const HostPublish* on_host() const { return on_host_.get(); }

 private:
  // An entry of the configuration or of the control socket, under the number that its connections
  // carry: 1 to last_tag, and another entry's as soon as this one is let go of.
  static constexpr uint16_t last_tag = 0x7fff;
  struct Entry {
    uint16_t tag;
    PublishConfig config;
  };
  using Entries = std::vector<Entry>;

  // A masquerade that has its mappings under this realm.
  struct Realm {
    uint16_t number;
    MasqueradeConfig config;
    std::vector<IpAddress> pool;
  };

  const NetworkConfig& network(const std::string& name) const;
  NetworkId id_of(const std::string& name) const;
  std::vector<IpAddress> addresses_of(const PublishConfig& entry) const;
  std::vector<IpAddress> pool_of(const MasqueradeConfig& entry) const;

  void make_tables();
  void take_entries();
  void check_entries() const;
  void take_realms();
  void claim_externals();
  void open_new(const Entries& before);
  void go_back(const Config* config, Entries entries, Entries leaving);

  uint16_t take_tag();
  uint16_t realm_of(const MasqueradeConfig& entry) const;
  ExternalId external_of(const IpAddress& address) const;
  bool is_open(const Entry& entry) const;
  void open_on_host(const Entry& entry);
  void close_on_host(const Entry& entry);
  bool add_to(Policy& policy, const Entry& entry) const;
  void set_gateway(Translation& nat, const IpAddress& server) const;

  void let_go();
  void warn_when_full();
  void settle_reservations();
  void retire_realms();
  void retire_externals();
  bool is_ended(const ConnectionInfo& connection, const Policy& policy) const;
  bool stands_for(const IpAddress& outer, const IpAddress& inner) const;
  bool is_masqueraded(const IpAddress& inner, const IpAddress& outer) const;
  bool is_gateway(const IpAddress& outer, const IpAddress& inner) const;
  void remove_if(Time now, const std::function<bool(const ConnectionInfo&)>& doomed);

  const Config* config_ = nullptr;
  std::shared_ptr<PortMap> ports_;
  std::shared_ptr<ConnectionTable> connections_;
  Entries entries_;
  Entries leaving_;  // no longer configured; let go of once that is published
  std::vector<Realm> realms_;
  uint16_t next_realm_ = 0;
  std::set<ExternalId> externals_;  // that the port map has and is to keep
  // Ports that are published, by external address and protocol.
  using Reserved = std::map<std::pair<ExternalId, uint8_t>, std::bitset<65536>>;
  Reserved reserved_;
  bool changed_ = false;  // since published()
  std::unique_ptr<HostPublish> on_host_;
  uint16_t newest_tag_ = 0;
  bool warned_ = false;
};

}  // namespace uswitch
