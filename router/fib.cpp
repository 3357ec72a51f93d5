#include "router/fib.h"

namespace uswitch {

Fib::Insert Fib::insert(const IpPrefix& prefix, uint32_t next_hop) {
  const IpAddress network = prefix.network();
  return family(network.family()).insert(network.wire(), prefix.length, next_hop);
}

bool Fib::remove(const IpPrefix& prefix) {
  const IpAddress network = prefix.network();
  return family(network.family()).remove(network.wire(), prefix.length);
}

uint32_t Fib::get(const IpPrefix& prefix) const {
  const IpAddress network = prefix.network();
  return family(network.family()).get(network.wire(), prefix.length);
}

void Fib::for_each(const Visit& visit) const {
  v4_.for_each([&](const uint8_t* address, unsigned length, uint32_t next_hop) {
    visit({IpAddress::load4(address), static_cast<uint8_t>(length)}, next_hop);
  });
  v6_.for_each([&](const uint8_t* address, unsigned length, uint32_t next_hop) {
    visit({IpAddress::load6(address), static_cast<uint8_t>(length)}, next_hop);
  });
}

}  // namespace uswitch
