// A namespace that is reached by its name under /run/netns, made when it is missing and removed
// again at the end by who made it, the way `ip netns` makes them (so that it sees them too).
//
// Who made it must be known after a kill -9: a namespace that the killed run made is removed at the
// next clean end, one that was found is left. The run that makes one writes the namespace's
// cookie and the boot's id into its claim (switch/claim.h) before the name appears. A later run
// believes that file only if the namespace behind the name still has this cookie: cookies are never
// used again, while inode numbers are, so a namespace that somebody else made meanwhile under the
// same name is never removed.
//
// Keeps no descriptor of the namespace, which would keep it alive (see switch/netns.h).
//
// At a clean end let go of the namespaces before the ports in them: the kernel then deletes all
// their devices together (100 TAPs and 100 veth pairs in 0.2 s, one by one in 4.4 s).
// Owner: the control thread.
#pragma once
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "switch/claim.h"
#include "switch/netns.h"

namespace uswitch {

class NamedNetNs {
 public:
  // Makes the namespace, with loopback up, unless it exists; a plain file that a crash left in
  // its place is replaced. DeviceError otherwise.
  explicit NamedNetNs(const std::string& name);
  // Removes the name if uswitch made it and it still is the same namespace. Processes and handles
  // inside keep the namespace itself alive.
  ~NamedNetNs();
  NamedNetNs(const NamedNetNs&) = delete;
  NamedNetNs& operator=(const NamedNetNs&) = delete;

  const std::string& name() const { return name_; }
  // Made by uswitch, in this run or in one that was killed.
  bool created() const { return claim_.has_value(); }
  NetNs open() const { return NetNs::of_name(name_); }

 private:
  std::string name_;
  std::optional<Claim> claim_;  // held while the namespace is ours to remove
};

// The named namespaces in use, each once: the last port that lets go of one removes it.
class NamedNamespaces {
 public:
  std::shared_ptr<const NamedNetNs> ensure(const std::string& name);

 private:
  std::map<std::string, std::weak_ptr<const NamedNetNs>> in_use_;
};

}  // namespace uswitch
