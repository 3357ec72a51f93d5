#include "switch/claim.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

#include "switch/device_error.h"

namespace uswitch {
namespace {

void make_directory() {
  std::error_code error;
  std::filesystem::create_directories(claims_directory, error);
  if (error) throw device_error(error.value(), std::string("create ") + claims_directory, {});
}

// The last owner may have removed the file between our open and our lock: the lock would then be
// on a file that nobody else can find.
bool still_named(const std::string& path, int fd) {
  struct stat named {
  }, opened{};
  return ::stat(path.c_str(), &named) == 0 && ::fstat(fd, &opened) == 0 &&
         named.st_ino == opened.st_ino;
}

std::string read_all(int fd) {
  char text[256];
  ssize_t size = ::pread(fd, text, sizeof text, 0);
  return size > 0 ? std::string(text, static_cast<size_t>(size)) : std::string();
}

}  // namespace

std::optional<Claim> Claim::take(const std::string& key) {
  make_directory();
  std::string path = std::string(claims_directory) + "/" + key;
  for (;;) {
    UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (!fd) throw device_error(errno, "open " + path, {});
    if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
      if (errno == EWOULDBLOCK) return std::nullopt;
      throw device_error(errno, "lock " + path, {});
    }
    if (still_named(path, fd.get())) return Claim(std::move(path), std::move(fd));
  }
}

Claim::Claim(std::string path, UniqueFd fd)
    : path_(std::move(path)), fd_(std::move(fd)), text_(read_all(fd_.get())) {}

Claim::~Claim() {
  if (fd_) ::unlink(path_.c_str());
}

void Claim::write(const std::string& text) {
  if (::ftruncate(fd_.get(), 0) != 0 ||
      ::pwrite(fd_.get(), text.data(), text.size(), 0) != static_cast<ssize_t>(text.size()))
    throw device_error(errno, "write " + path_, {});
  text_ = text;
}

Claim claim_device(const NetNs& netns, const std::string& device) {
  auto claim = Claim::take("device-" + std::to_string(netns.inode()) + "-" + device);
  if (!claim)
    throw DeviceError(EBUSY, "device " + device + " in " + netns.label() +
                                 " is in use by a running uswitch; stop it or choose another "
                                 "`device:`");
  return std::move(*claim);
}

}  // namespace uswitch
