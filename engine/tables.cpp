#include "engine/tables.h"

namespace uswitch {

std::shared_ptr<const VlanMap> make_vlan_map(const std::map<uint16_t, NetworkId>& tagged,
                                             size_t networks) {
  if (tagged.empty()) return nullptr;
  auto map = std::make_shared<VlanMap>();
  map->network_of_vid.fill(no_network);
  map->vid_of_network.assign(networks, untagged);
  for (const auto& [vid, network] : tagged) {
    map->network_of_vid[vid] = network;
    map->vid_of_network[network] = vid;
  }
  return map;
}

void collect_members(Tables& tables) {
  for (NetworkId n = 0; n < tables.networks.size(); ++n) {
    Network& network = tables.networks[n];
    network.members.clear();
    for (PortId id = 0; id < tables.settings.size(); ++id) {
      const PortSettings& port = tables.settings[id];
      const bool member = port.network == n || port.tag_of(n) != untagged;
      if (port.present && member) network.members.push_back(id);
    }
  }
}

std::optional<Suppression::Answer> Tables::answer_for_remote(const Packet& question,
                                                             Time now) const {
  if (!suppression || settings[question.ingress].overlay || !neighbour_message::may_be(question))
    return std::nullopt;
  const Network& network = networks[question.network];
  const auto answer = suppression->answer(question, now, network.ageing);
  if (!answer) return std::nullopt;
  if (routing.on(question.network) && routing.at(question.network).owns(answer->address))
    return std::nullopt;
  const PortId behind = network.fdb->lookup(answer->station.mac);
  return has_port(behind) && settings[behind].suppress ? answer : std::nullopt;
}

}  // namespace uswitch
