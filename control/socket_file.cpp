#include "control/socket_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <stdexcept>
#include <utility>

namespace uswitch {

namespace {

[[noreturn]] void fail(const std::string& path, const std::string& why) {
  throw std::runtime_error("control socket " + path + ": " + why);
}

[[noreturn]] void fail_errno(const std::string& path, const char* call) {
  fail(path, std::string(call) + ": " + std::strerror(errno));
}

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

sockaddr_un address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty()) fail(path, "the path is empty");
  if (path.size() >= sizeof address.sun_path) {
    fail(path, "the path is " + std::to_string(path.size()) + " bytes long, a Unix socket takes " +
                   std::to_string(sizeof address.sun_path - 1));
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

const sockaddr* generic(const sockaddr_un& address) {
  return reinterpret_cast<const sockaddr*>(&address);
}

int unix_socket(const std::string& path) {
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) fail_errno(path, "socket");
  return fd;
}

// Who may write to the directory may put a socket of his own there and be talked to as uswitch.
int open_parent(const std::string& path) {
  std::string parent = std::filesystem::path(path).parent_path();
  if (parent.empty()) parent = ".";
  if (mkdir(parent.c_str(), 0755) < 0 && errno != EEXIST) {
    fail(path, "cannot create " + parent + ": " + std::strerror(errno));
  }
  const int fd = open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) fail_errno(path, "open of its directory");
  struct stat status {};
  const bool known = fstat(fd, &status) == 0;
  if (!known || ((status.st_mode & S_IWOTH) && !(status.st_mode & S_ISVTX))) {
    close(fd);
    fail(path, parent + " is writable by everybody: choose a directory of root's, or chmod o-w it");
  }
  if (status.st_uid != 0 && status.st_uid != geteuid()) {
    close(fd);
    fail(path, parent +
                   " belongs to another user, who could put a socket of his own there: choose "
                   "a directory of root's or your own");
  }
  return fd;
}

// Leaves the path free, or throws because somebody is there.
void remove_stale(const std::string& path, const sockaddr_un& address) {
  struct stat status {};
  if (lstat(path.c_str(), &status) < 0) {
    if (errno == ENOENT) return;
    fail_errno(path, "lstat");
  }
  if (!S_ISSOCK(status.st_mode))
    fail(path, "exists and is not a socket: remove it or choose another");
  const Descriptor probe(unix_socket(path));
  if (connect(probe.get(), generic(address), sizeof address) == 0 || errno == EAGAIN) {
    throw std::runtime_error("another uswitch answers on " + path +
                             ": stop it, or choose another path with --control");
  }
  if (errno != ECONNREFUSED) fail_errno(path, "connect");
  if (unlink(path.c_str()) < 0) fail_errno(path, "unlink of the stale socket");
}

}  // namespace

SocketFile::SocketFile(std::string path) : path_(std::move(path)) {
  // The lock on the directory keeps two that start at once from each removing the other's socket.
  const Descriptor parent(open_parent(path_));
  if (flock(parent.get(), LOCK_EX) < 0) fail_errno(path_, "flock of its directory");
  bind_and_listen();
}

void SocketFile::bind_and_listen() {
  const sockaddr_un address = address_of(path_);
  remove_stale(path_, address);
  Descriptor fd(unix_socket(path_));
  // On Linux the file takes the mode of the unbound socket, so there is no moment with a wider one.
  if (fchmod(fd.get(), 0600) < 0) fail_errno(path_, "fchmod");
  if (bind(fd.get(), generic(address), sizeof address) < 0) fail_errno(path_, "bind");
  struct stat status {};
  if (lstat(path_.c_str(), &status) < 0) fail_errno(path_, "lstat");
  device_ = status.st_dev;
  inode_ = status.st_ino;
  if (listen(fd.get(), SOMAXCONN) < 0) fail_errno(path_, "listen");
  fd_ = fd.release();
}

SocketFile::~SocketFile() {
  struct stat status {};
  if (lstat(path_.c_str(), &status) == 0 && status.st_dev == device_ && status.st_ino == inode_) {
    unlink(path_.c_str());
  }
  if (fd_ >= 0) close(fd_);
}

int SocketFile::release() {
  return std::exchange(fd_, -1);
}

}  // namespace uswitch
