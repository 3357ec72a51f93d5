#include "core/keyed_hash.h"

#include <sys/random.h>

#include <cerrno>
#include <system_error>

namespace uswitch {

KeyedHash::Seed KeyedHash::random_seed() {
  Seed seed;
  if (getrandom(&seed, sizeof seed, 0) != sizeof seed) {
    throw std::system_error(errno, std::generic_category(), "getrandom");
  }
  return seed;
}

}  // namespace uswitch
