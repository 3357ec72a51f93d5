// In which order to look at the n elements of an array, so that a few in succession lie far apart
// from each other, wherever one begins: each step goes on by the golden ratio of the whole, so they
// divide it about evenly. In a round of n steps every element comes once. A value; any thread.
#pragma once
#include <cstdint>
#include <numeric>

namespace uswitch {

class SpreadOrder {
 public:
  explicit SpreadOrder(uint32_t n) : n_(n), stride_(static_cast<uint32_t>(n * 0.6180339887)) {
    while (std::gcd(stride_, n_) != 1) ++stride_;
  }

  // The element of this step, and the one that follows an element.
  uint32_t at(uint32_t step) const {
    return static_cast<uint32_t>(uint64_t{step % n_} * stride_ % n_);
  }
  uint32_t after(uint32_t element) const {
    const uint64_t next = uint64_t{element} + stride_;
    return static_cast<uint32_t>(next < n_ ? next : next - n_);
  }

 private:
  uint32_t n_, stride_;
};

}  // namespace uswitch
