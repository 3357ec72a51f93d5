#include "control/socket_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <fstream>

#include "tests/support/temporary_directory.h"

namespace uswitch {
namespace {

using test::TemporaryDirectory;
using testing::HasSubstr;

mode_t mode_of(const std::string& path) {
  struct stat status {};
  return lstat(path.c_str(), &status) == 0 ? status.st_mode & 07777 : 0;
}

std::string refusal(const std::string& path) {
  try {
    SocketFile file(path);
  } catch (const std::runtime_error& e) {
    return e.what();
  }
  return "";
}

// What a killed process leaves: a socket file that nobody listens on.
void leave_stale_socket(const std::string& path) {
  const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
  ASSERT_EQ(bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  close(fd);
}

TEST(SocketFile, IsForItsOwnerAloneAndGoneAtTheEnd) {
  const TemporaryDirectory directory;
  const std::string path = directory.file("s");
  {
    const SocketFile file(path);
    EXPECT_EQ(mode_of(path), 0600u);
  }
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(SocketFile, CreatesItsDirectory) {
  const TemporaryDirectory directory;
  const mode_t before = umask(022);
  const SocketFile file(directory.file("run/s"));
  umask(before);
  EXPECT_EQ(mode_of(directory.file("run")), 0755u);
}

TEST(SocketFile, RefusesAPathWithoutGrandparent) {
  const TemporaryDirectory directory;
  EXPECT_THAT(refusal(directory.file("a/b/s")), HasSubstr("cannot create"));
}

TEST(SocketFile, ReplacesAStaleSocket) {
  const TemporaryDirectory directory;
  leave_stale_socket(directory.file("s"));
  const SocketFile file(directory.file("s"));
  EXPECT_EQ(mode_of(directory.file("s")), 0600u);
}

TEST(SocketFile, LeavesALiveSocketAlone) {
  const TemporaryDirectory directory;
  const std::string path = directory.file("s");
  const SocketFile first(path);
  EXPECT_THAT(refusal(path), HasSubstr("another uswitch answers on " + path));
  EXPECT_THAT(refusal(path), HasSubstr("another uswitch")) << "the first one was harmed";
}

TEST(SocketFile, LeavesWhatIsNoSocketAlone) {
  const TemporaryDirectory directory;
  std::ofstream(directory.file("s")) << "precious";
  EXPECT_THAT(refusal(directory.file("s")), HasSubstr("not a socket"));
  EXPECT_EQ(std::filesystem::file_size(directory.file("s")), 8u);
}

TEST(SocketFile, RefusesADirectoryThatEverybodyMayWriteTo) {
  const TemporaryDirectory directory;
  ASSERT_EQ(chmod(directory.path().c_str(), 0777), 0);
  EXPECT_THAT(refusal(directory.file("s")), HasSubstr("writable by everybody"));
  ASSERT_EQ(chmod(directory.path().c_str(), 01777), 0);
  EXPECT_EQ(refusal(directory.file("s")), "");
}

TEST(SocketFile, RefusesAPathThatIsTooLong) {
  EXPECT_THAT(refusal("/tmp/" + std::string(200, 'x')), HasSubstr("takes 107"));
  EXPECT_THAT(refusal(""), HasSubstr("empty"));
}

TEST(SocketFile, DoesNotRemoveItsSuccessor) {
  const TemporaryDirectory directory;
  const std::string path = directory.file("s");
  {
    const SocketFile first(path);
    std::filesystem::remove(path);
    leave_stale_socket(path);
  }
  EXPECT_TRUE(std::filesystem::exists(path));
}

}  // namespace
}  // namespace uswitch
