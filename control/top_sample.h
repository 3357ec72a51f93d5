// What `uswitch top` knows of the switch at one moment, out of the answers of the API. Values only.
#pragma once
#include <boost/json/fwd.hpp>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace uswitch {

struct TopSample {
  struct Port {
    std::string name, network;
    bool up = false;
    uint64_t rx_packets = 0, rx_bytes = 0, tx_packets = 0, tx_bytes = 0, drops = 0;
  };
  struct Drop {
    std::string reason, sentence;
    uint64_t packets = 0;
    std::vector<std::pair<std::string, uint64_t>> ports;
  };
  struct Worker {
    double cpu_seconds = 0;
    uint64_t packets = 0;
  };
  struct Connection {
    std::string proto, state, path;  // the path as its first packet has it
    uint64_t bytes = 0;              // of both directions
  };
  struct Table {
    std::string name;
    uint64_t entries = 0;
  };

  std::string version;
  double uptime = 0;  // seconds: tells when the sample was taken
  std::vector<Port> ports;
  std::vector<Drop> drops;
  std::vector<Worker> workers;
  std::vector<Connection> connections;  // those that have carried most
  std::vector<Table> tables;
};

// The targets that are asked, in this order. Of connections so many that the busiest of this moment
// are among them.
inline constexpr std::string_view top_targets[] = {"/v1/ports", "/v1/drops", "/v1/workers",
                                                   "/v1/connections?limit=500", "/v1/status"};

// From their answers in that order. Throws boost::system::system_error when one does not have the
// shape that docs/control.md promises.
TopSample read_top_sample(const std::vector<boost::json::value>& answers);

}  // namespace uswitch
