// The claim of this process to one thing that the kernel would let two processes use or that
// outlives its maker: a namespace created by name, a veth pair, a device taken over.
//
// It is a file under /run/uswitch/claims, locked with flock() for as long as the claim stands.
// The kernel lets go of the lock when the process dies, however it dies, so a locked file means a
// living owner and needs no process id (which may be used again, or belong to another PID
// namespace). An unlocked file means an owner that was killed: what it wrote there lets the next
// one recognise its remains and clear them away. The directory is root's, so no container can forge
// one. A clean end removes the file.
//
// Owner: the control thread. Throws DeviceError when the directory cannot be written.
#pragma once
#include <optional>
#include <string>

#include "switch/fd.h"
#include "switch/netns.h"

namespace uswitch {

inline constexpr const char* claims_directory = "/run/uswitch/claims";

class Claim {
 public:
  // `key` is a file name. nullopt: a running uswitch (maybe this one) has it.
  static std::optional<Claim> take(const std::string& key);
  Claim(Claim&&) = default;
  Claim& operator=(Claim&&) = delete;
  ~Claim();

  // What this owner wrote, or what a killed one before it did; empty after a clean end.
  const std::string& text() const { return text_; }
  // What the next owner is to read if this one is killed. Atomic enough: one write of < 100 bytes.
  void write(const std::string& text);

 private:
  Claim(std::string path, UniqueFd fd);

  std::string path_;
  UniqueFd fd_;
  std::string text_;
};

// The claim to one device of one namespace; DeviceError saying who has it otherwise. For devices
// on which the kernel refuses no second user (AF_PACKET); a TAP needs none.
Claim claim_device(const NetNs& netns, const std::string& device);

}  // namespace uswitch
