#include "control/config.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <thread>

#include "control/config_sections.h"

namespace uswitch {
namespace {

constexpr std::string_view top_keys[] = {"workers",        "io",    "control", "log",
                                         "networks",       "ports", "routes",  "policy",
                                         "max_neighbours", "nat",   "tunnels"};

// Sections that the file format has and this version has not.
constexpr std::string_view later_keys[] = {"metrics"};

void check_top_keys(const MapReader& top) {
  for (const YamlNode& entry : top.entries()) {
    if (std::count(std::begin(top_keys), std::end(top_keys), entry.key)) continue;
    if (std::count(std::begin(later_keys), std::end(later_keys), entry.key)) {
      top.refuse_key(entry, "this version of uswitch does not have " + quoted(entry.key) + " yet",
                     "remove the section");
    } else {
      top.refuse_unknown(entry, top_keys);
    }
  }
}

void read_control(const MapReader& top, Config& config) {
  // The kernel wants the path and its terminating zero in sun_path.
  constexpr size_t longest = sizeof(sockaddr_un::sun_path) - 1;
  config.control = top.text("control", "the path of a Unix socket", config.control);
  if (config.control.size() <= longest) return;
  top.refuse(
      *top.find("control"),
      "the path of the control socket has " + std::to_string(config.control.size()) + " characters",
      "a Unix socket's path has at most " + std::to_string(longest));
}

void read_workers(const MapReader& top, Config& config) {
  const unsigned cpus = std::max(1u, std::thread::hardware_concurrency());
  config.workers = static_cast<unsigned>(top.integer("workers", {1, 64}, default_workers(cpus)));
}

void read_io(const MapReader& top, Config& config) {
  constexpr Choice<IoKind> kinds[] = {
      {"automatic", IoKind::automatic}, {"io_uring", IoKind::uring}, {"read_write", IoKind::plain}};
  config.io = top.choice<IoKind>("io", kinds, config.io);
}

// Whether networks with a router reach each other; all reach the outside and the host.
void read_policy(const MapReader& top, Config& config) {
  constexpr Choice<bool> policies[] = {{"open", true}, {"closed", false}};
  config.routed_together = top.choice<bool>("policy", policies, config.routed_together);
}

void read_max_neighbours(const MapReader& top, Config& config) {
  config.max_neighbours =
      static_cast<uint32_t>(top.size("max_neighbours", {256, 1 << 24}, config.max_neighbours));
}

void read_document(const YamlNode& root, Config& config, ErrorList& errors) {
  if (root.is(YamlNode::Kind::null)) {
    // More likely cut short on the way than meant: a reload would take every port down.
    errors.add({1, 1}, "the file is empty", "for a switch without ports write 'ports: {}'");
    return;
  }
  const MapReader top(root, "configuration", errors);
  check_top_keys(top);
  read_workers(top, config);
  read_io(top, config);
  read_control(top, config);
  read_log(top, config);
  read_networks(top, config);
  read_ports(top, config);
  read_tunnels(top, config);
  read_routes(top, config);
  read_policy(top, config);
  read_max_neighbours(top, config);
  read_nat(top, config);
  find_outside(top, config);
}

ConfigResult failure(const std::string& file, std::string what, std::string remedy) {
  return std::vector<ConfigError>{{file, 0, 0, std::move(what), std::move(remedy)}};
}

ConfigResult too_large(const std::string& file) {
  return failure(file, "the file is larger than " + std::to_string(max_config_bytes >> 20) + " MiB",
                 "a file of this size is no configuration");
}

// At most one byte more than is allowed, from anything that can be read: also a pipe. An errno, or
// 0.
int read_file(const std::string& path, std::string& text) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return errno;
  char buffer[65536];
  ssize_t n = 0;
  while (text.size() <= max_config_bytes && (n = read(fd, buffer, sizeof buffer)) > 0) {
    text.append(buffer, static_cast<size_t>(n));
  }
  const int error = n < 0 ? errno : 0;
  close(fd);
  return error;
}

}  // namespace

unsigned default_workers(unsigned cpus) {
  return std::clamp(cpus / 2, 1u, 4u);
}

ConfigResult parse_config(std::string_view text, std::string file_name) {
  if (text.size() > max_config_bytes) return too_large(file_name);
  Config config;
  ErrorList errors(std::move(file_name));
  try {
    read_document(parse_yaml(text, errors), config, errors);
  } catch (const ErrorList::TooMany&) {
  }
  if (!errors.empty()) return errors.take();
  config.text = text;
  return config;
}

ConfigResult load_config(const std::string& path) {
  std::string text;
  if (const int error = read_file(path, text)) {
    return failure(path, std::string("cannot read the configuration: ") + std::strerror(error),
                   "--config takes the path of a YAML file");
  }
  return parse_config(text, path);
}

}  // namespace uswitch
