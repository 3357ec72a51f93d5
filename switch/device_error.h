// What could not be done to a device or a namespace, as one sentence for a person: what was tried,
// where, what the kernel said and what to do about it.
#pragma once
#include <stdexcept>
#include <string>
#include <string_view>

namespace uswitch {

class DeviceError : public std::runtime_error {
 public:
  DeviceError(int error, const std::string& text) : std::runtime_error(text), error_(error) {}
  int error() const { return error_; }  // the errno behind it

 private:
  int error_;
};

// "cannot ACTION in PLACE: Operation not permitted (DETAIL); needs root or CAP_NET_ADMIN". `action`
// names the device; `place` is NetNs::label(), or empty; `detail` is the kernel's own explanation,
// or empty.
DeviceError device_error(int error, std::string_view action, std::string_view place,
                         std::string_view detail = {});

}  // namespace uswitch
