#include "core/keyed_hash.h"

#include "core/entropy.h"

namespace uswitch {

KeyedHash::Seed KeyedHash::random_seed() {
  return random_value<Seed>();
}

}  // namespace uswitch
