#include "core/keyed_hash.h"

#include <sys/random.h>

#include <cerrno>
#include <system_error>

namespace uswitch {

HashKey HashKey::random() {
  HashKey key;
  if (getrandom(&key, sizeof key, 0) != sizeof key)
    throw std::system_error(errno, std::generic_category(), "getrandom");
  for (uint64_t& word : key.words) word |= 1;  // a zero would multiply everything away
  return key;
}

}  // namespace uswitch
