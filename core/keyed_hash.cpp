#include "core/keyed_hash.h"

#include "core/entropy.h"

namespace uswitch {

HashKey HashKey::random() {
  auto key = random_value<HashKey>();
  for (uint64_t& word : key.words) word |= 1;  // a zero would multiply everything away
  return key;
}

}  // namespace uswitch
