// How strict the outside is filtered, as configured. A value.
#pragma once
#include <cstdint>

namespace uswitch {

// Whose packets reach a mapping that somebody inside made (RFC 4787 5; U-8, T-3).
enum class Filtering : uint8_t {
  endpoint_independent,        // everybody's
  address_dependent,           // those of addresses that it has spoken to
  address_and_port_dependent,  // those of addresses and ports that it has spoken to
};

}  // namespace uswitch
