// The listening Unix socket behind a path, and the file it leaves in the file system.
//
// Owner: the control thread. The file is mode 0600 from its first moment on and is removed again by
// the destructor, unless something else stands there by then.
#pragma once
#include <sys/types.h>

#include <string>

namespace uswitch {

class SocketFile {
 public:
  // Creates the parent directory (0755) when missing and replaces a stale socket, that is one that
  // nobody answers on. Throws std::runtime_error, saying what is wrong and what would be right,
  // when another process answers there, when something that is not a socket stands there, when
  // everybody may write to the directory (and it lacks the sticky bit) or it is another user's, or
  // when the system refuses.
  explicit SocketFile(std::string path);
  ~SocketFile();
  SocketFile(const SocketFile&) = delete;
  SocketFile& operator=(const SocketFile&) = delete;

  const std::string& path() const { return path_; }
  // The listening descriptor, non-blocking, once: the caller closes it.
  int release();

 private:
  void bind_and_listen();

  std::string path_;
  int fd_ = -1;
  dev_t device_ = 0;  // which file is ours
  ino_t inode_ = 0;
};

}  // namespace uswitch
