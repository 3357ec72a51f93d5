#include "switch/device_error.h"

#include <cerrno>
#include <system_error>

namespace uswitch {
namespace {

std::string_view remedy(int error) {
  switch (error) {
    case EPERM:
      return "; needs root, or CAP_NET_ADMIN for devices and CAP_SYS_ADMIN to enter or make "
             "namespaces";
    case EROFS:
      return "; /proc/sys or /run is mounted read-only here, give uswitch a writable one";
    case EMFILE:
      return "; raise the limit of open files (LimitNOFILE, ulimit -n)";
    default:
      return "";
  }
}

}  // namespace

DeviceError device_error(int error, std::string_view action, std::string_view place,
                         std::string_view detail) {
  std::string text = "cannot ";
  text += action;
  if (!place.empty()) text.append(" in ").append(place);
  text += ": " + std::generic_category().message(error);
  if (!detail.empty()) text.append(" (").append(detail).append(")");
  text += remedy(error);
  return {error, text};
}

}  // namespace uswitch
