// Up to 64 packets that were read from one port queue and are handled together. Kind "mine".
#pragma once
#include <array>
#include <cstddef>
#include <span>
#include <utility>

#include "core/pool.h"

namespace uswitch {

class Batch {
 public:
  static constexpr size_t limit = 64;

  explicit Batch(PacketPool& pool) : pool_(pool) {}
  ~Batch() { release(); }
  Batch(const Batch&) = delete;
  Batch& operator=(const Batch&) = delete;

  // A fresh packet appended to the batch, or null when the batch or the pool is exhausted.
  Packet* append() {
    if (size_ == limit) return nullptr;
    Packet* p = pool_.take();
    if (p) packets_[size_++] = p;
    return p;
  }
  // Gives back the last packets until `size` are left.
  void shrink(size_t size) {
    while (size_ > size) pool_.give_back(packets_[--size_]);
  }
  void release() { shrink(0); }
  void swap(size_t a, size_t b) { std::swap(packets_[a], packets_[b]); }

  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  Packet& operator[](size_t i) { return *packets_[i]; }
  std::span<Packet* const> packets() const { return {packets_.data(), size_}; }
  PacketPool& pool() { return pool_; }

 private:
  PacketPool& pool_;
  size_t size_ = 0;
  std::array<Packet*, limit> packets_;
};

}  // namespace uswitch
