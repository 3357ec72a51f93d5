// Which ports are published already, so that no port of an address is published twice.
//
// An entry takes ports of one address, or of all that the router has in a network or that the host
// has. Used by one thread. No errors; an entry costs about the logarithm of their number, whatever
// the ranges.
#pragma once
#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string_view>
#include <vector>

#include "control/connected.h"

namespace uswitch {

class PublishedPorts {
 public:
  // It must outlive this.
  explicit PublishedPorts(const Connected& connected) : connected_(connected) {}

  // The line of an earlier entry that has one of these ports already. When there is none the entry
  // has them from now on.
  std::optional<int> claim(const PublishConfig& entry, int line);

 private:
  // Ranges of ports that do not overlap, by their last port.
  class Spans {
   public:
    std::optional<int> line_of(uint16_t first, uint16_t last) const;
    void fill(uint16_t first, uint16_t last, int line);  // but for what is taken

   private:
    struct Span {
      uint16_t first;
      int line;
    };
    std::map<uint16_t, Span> by_last_;
  };

  // What the ports are of: an address; some address of an owner, whichever; all of its addresses.
  enum class Scope : uint8_t { address, some, all };
  struct Key {
    bool udp;
    Scope scope;
    std::string owner;  // a network, or empty: the host; empty too with Scope::address
    IpAddress address;  // with the others any of the family: the unspecified one

    auto operator<=>(const Key&) const = default;
  };
  struct Keys {
    std::vector<Key> taken, contested;
  };

  Keys keys_of(const PublishConfig& entry, bool udp) const;
  std::optional<std::string> owner_of(const PublishConfig& entry) const;

  const Connected& connected_;
  std::map<Key, Spans> spans_;
};

}  // namespace uswitch
