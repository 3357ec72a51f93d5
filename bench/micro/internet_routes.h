// Made-up routing tables that resemble the Internet's: how often each prefix length occurs, and how
// prefixes crowd within what registries hand out. Seeded, so that every run has the same.
#pragma once
#include <algorithm>
#include <cstdint>
#include <random>
#include <unordered_set>
#include <vector>

#include "wire/address.h"

namespace uswitch {

struct Route {
  IpPrefix prefix;
  uint32_t next_hop;
};

class InternetRoutes {
 public:
  static constexpr uint32_t next_hops = 256;

  static std::vector<Route> v4(size_t count) {
    // /24 60 %, /16../23 38 %, /8../15 1 %, beyond /24 1 %.
    static const std::vector<double> shares = {0,   0,   0,   0,   0,  0,   0,  0,   .01, .01, .02,
                                               .03, .06, .12, .25, .4, 1.6, 1,  1.6, 2.8, 4.8, 5.5,
                                               11., 10., 60., .1,  .1, .1,  .1, .1,  .1,  .1,  .5};
    InternetRoutes maker;
    const std::vector<IpAddress> blocks = maker.blocks_v4(45'000);
    return maker.make(count, shares, blocks, 16, 96);
  }

  static std::vector<Route> v6(size_t count) {
    std::vector<double> shares(129, 0);
    shares[20] = .05, shares[24] = .1, shares[28] = .4, shares[29] = 3, shares[30] = .4;
    shares[31] = .2, shares[32] = 20, shares[33] = 1.5, shares[34] = 1.2, shares[35] = .8;
    shares[36] = 4.5, shares[38] = 1.5, shares[40] = 9, shares[42] = 2, shares[44] = 7;
    shares[46] = 1.8, shares[47] = 1, shares[48] = 45, shares[56] = .2, shares[64] = .25;
    shares[128] = .1;
    InternetRoutes maker;
    const std::vector<IpAddress> blocks = maker.blocks_v6(count / 4);
    return maker.make(count, shares, blocks, 32, 0);
  }

  // Addresses, each within a route chosen at random.
  static std::vector<IpAddress> destinations(const std::vector<Route>& routes, size_t count) {
    InternetRoutes maker;
    std::vector<IpAddress> all;
    for (size_t i = 0; i < count; ++i) {
      const IpPrefix& p = routes[maker.random_() % routes.size()].prefix;
      all.push_back(maker.extend(p.network(), p.length + (p.address.is_v4() ? 96u : 0u), 128));
    }
    return all;
  }

 private:
  // The address with its bits from..to-1 chosen at random.
  IpAddress extend(IpAddress a, size_t from, size_t to) {
    for (size_t bit = from; bit < to; ++bit) {
      const auto mask = static_cast<uint8_t>(0x80 >> bit % 8);
      a.bytes[bit / 8] =
          static_cast<uint8_t>((a.bytes[bit / 8] & ~mask) | (random_() & 1 ? mask : 0));
    }
    return a;
  }

  // /16s of unicast space.
  std::vector<IpAddress> blocks_v4(size_t count) {
    std::vector<IpAddress> all;
    for (uint32_t high = 1 << 8; high < 224 << 8; ++high) {
      all.push_back(IpAddress::from_v4(high << 16));
    }
    std::shuffle(all.begin(), all.end(), random_);
    all.resize(count);
    return all;
  }

  // /32s of the registries' space.
  std::vector<IpAddress> blocks_v6(size_t count) {
    static constexpr uint16_t ranges[][2] = {{0x2001, 0x2001}, {0x2400, 0x240f}, {0x2600, 0x2607},
                                             {0x2620, 0x2620}, {0x2800, 0x2806}, {0x2a00, 0x2a14},
                                             {0x2c0f, 0x2c0f}};
    std::vector<uint16_t> high;
    for (const auto& [first, last] : ranges) {
      for (unsigned h = first; h <= last; ++h) high.push_back(static_cast<uint16_t>(h));
    }
    std::vector<IpAddress> all;
    while (all.size() < count) {
      IpAddress a;
      store_be16(a.bytes.data(), high[random_() % high.size()]);
      all.push_back(extend(a, 16, 32));
    }
    return all;
  }

  // Routes of these lengths within the blocks or covering them. Some blocks have many, most few.
  std::vector<Route> make(size_t count, const std::vector<double>& shares,
                          const std::vector<IpAddress>& blocks, unsigned block_length,
                          unsigned bits_before) {
    std::discrete_distribution<unsigned> lengths(shares.begin(), shares.end());
    std::exponential_distribution<double> where(4.0);
    std::unordered_set<std::string_view> seen;
    std::vector<Route> routes;
    routes.reserve(count);  // the views above stay valid
    while (routes.size() < count) {
      const double share = where(random_);
      if (share >= 1) continue;
      const IpAddress& block =
          blocks[static_cast<size_t>(share * static_cast<double>(blocks.size()))];
      const unsigned length = lengths(random_);
      IpPrefix p{extend(block, bits_before + block_length, 128), static_cast<uint8_t>(length)};
      p.address = p.network();
      routes.push_back({p, static_cast<uint32_t>(random_() % next_hops)});
      if (!seen.insert(key(routes.back())).second) routes.pop_back();
    }
    std::shuffle(routes.begin(), routes.end(), random_);
    return routes;
  }
  static std::string_view key(const Route& route) {
    static_assert(sizeof(IpPrefix) == 17);
    return {reinterpret_cast<const char*>(&route.prefix), sizeof route.prefix};
  }

  std::mt19937_64 random_{4711};
};

}  // namespace uswitch
