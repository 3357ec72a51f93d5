// NAT's side of the control thread: what of it is configured becomes a Translation, what is
// published comes and goes at run time, and connections whose time is over are swept away.
//
// Owner: Daemon, on the control thread. The tables of connections and ports live as long as any
// Tables that hold them.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "control/config.h"
#include "control/host_publish.h"
#include "nat/policy.h"

namespace uswitch {

class NatControl {
 public:
  // Opens the sockets of what is published on the host: DeviceError when one is not to be had;
  // std::system_error when there is no memory for the tables.
  explicit NatControl(const Config& config);

  bool present() const { return connections_ != nullptr; }

  // For the next Tables.
  Translation translation() const;
  // Addresses of pools and of published ports that the router is to have on the network besides its
  // own.
  std::vector<IpAddress> addresses_on(const std::string& name) const;

  // Until the next Tables are published nothing else has changed. A sentence when it is refused:
  // the port is taken, or there is no such entry.
  std::optional<std::string> publish(const PublishConfig& entry);
  // `to` may be unspecified: wherever the ports lead.
  std::optional<std::string> unpublish(const PublishConfig& entry);
  // The Tables of translation() are in force: ends the flows of what is no longer published, and
  // those that had a port that is published now.
  void published(Time now);

  // An endpoint with these addresses has gone, and its flows with it.
  void forget(const std::vector<IpPrefix>& addresses, Time now);

  // Several times a second.
  void tick(Time now);

 private:
  // An entry of the configuration or of the control socket, under the number that its connections
  // carry.
  struct Entry {
    uint16_t tag;
    PublishConfig config;
  };

  const NetworkConfig& network(const std::string& name) const;
  NetworkId id_of(const std::string& name) const;
  std::vector<IpAddress> addresses_of(const PublishConfig& entry) const;
  std::vector<IpAddress> pool_of(const MasqueradeConfig& entry) const;
  void add(const PublishConfig& config);
  void open_on_host(const Entry& entry);
  void close_on_host(const Entry& entry);
  void reserve(const PublishConfig& entry, bool on);
  bool add_to(Policy& policy, const Entry& entry) const;
  void set_gateway(Translation& nat, const IpAddress& server) const;
  void remove_if(Time now, const std::function<bool(const ConnectionInfo&)>& doomed);

  const Config& config_;
  std::shared_ptr<PortMap> ports_;
  std::shared_ptr<ConnectionTable> connections_;
  std::vector<Entry> entries_;
  std::vector<uint16_t> ended_;  // tags whose flows are to end
  std::unique_ptr<HostPublish> on_host_;
  uint16_t next_tag_ = 1;
  bool warned_ = false;
};

}  // namespace uswitch
