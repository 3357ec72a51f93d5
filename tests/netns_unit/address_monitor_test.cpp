#include "switch/address_monitor.h"

#include <poll.h>

#include <algorithm>

#include "gmock/gmock.h"
#include "host_port.h"

namespace uswitch {
namespace {

using testing::Contains;
using testing::IsEmpty;
using testing::Not;

class AddressMonitorTest : public HostPortTest {
 protected:
  std::vector<IpAddress> reachable() {
    std::vector<IpAddress> addresses;
    for (const LinkAddress& a : list_reachable_addresses(*here_))
      addresses.push_back(a.address.address);
    return addresses;
  }
};

// The kernel tells of some things a moment later, also of usw0's own start in the fixture: a test
// waits for the device it means and does not mind others.
bool sees(AddressMonitor& monitor, int link_index) {
  return eventually([&] {
    pollfd waiting{monitor.fd(), POLLIN, 0};
    return ::poll(&waiting, 1, 0) == 1 && monitor.read_changed().contains(link_index);
  });
}

TEST_F(AddressMonitorTest, AddressesThatComeAndGoAreToldByDevice) {
  AddressMonitor monitor(NetNs::own());
  EXPECT_THAT(monitor.read_changed(), Not(Contains(lo_.index)));
  for (auto text : {"192.0.2.1/32", "2001:db8::1/128"}) {
    add_address(*here_, lo_, prefix(text));
    EXPECT_TRUE(sees(monitor, lo_.index)) << text;
    EXPECT_THAT(monitor.read_changed(), Not(Contains(lo_.index)));
    remove_address(*here_, lo_, prefix(text));
    EXPECT_TRUE(sees(monitor, lo_.index)) << text;
  }
}

TEST_F(AddressMonitorTest, UpAndDownAreToldToo) {
  AddressMonitor monitor(NetNs::own());
  for (bool up : {false, true}) {
    change_link(*here_, usw0_, {.up = up});
    EXPECT_THAT(monitor.read_changed(), Contains(usw0_.index));
  }
}

TEST_F(AddressMonitorTest, LostEventsStandForEveryDevice) {
  AddressMonitor monitor(NetNs::own());
  for (int i = 0; i < 1000; ++i) {
    add_address(*here_, lo_, prefix("192.0.2.1/32"));
    remove_address(*here_, lo_, prefix("192.0.2.1/32"));
  }
  EXPECT_THAT(monitor.read_changed(), Contains(AddressMonitor::every_link));
  // And then it goes on as before.
  EXPECT_THAT(monitor.read_changed(), Not(Contains(AddressMonitor::every_link)));
  add_address(*here_, lo_, prefix("192.0.2.1/32"));
  EXPECT_THAT(monitor.read_changed(), Contains(lo_.index));
}

TEST_F(AddressMonitorTest, AddressesOfAllDevicesAreReachableAlsoSecondaryOnes) {
  add_address(*here_, lo_, prefix("10.255.0.1/32"));
  add_address(*here_, lo_, prefix("2001:db8::1/128"));
  add_address(*here_, usw0_, prefix("10.0.0.253/24"));
  auto found = list_reachable_addresses(*here_);
  EXPECT_THAT(found,
              testing::UnorderedElementsAre(LinkAddress{prefix("10.255.0.1/32"), lo_.index},
                                            LinkAddress{prefix("2001:db8::1/128"), lo_.index},
                                            LinkAddress{prefix("10.0.0.254/24"), usw0_.index},
                                            LinkAddress{prefix("10.0.0.253/24"), usw0_.index},
                                            LinkAddress{prefix("fd00:a::fe/64"), usw0_.index}));
}

TEST_F(AddressMonitorTest, AddressesOfTheOwnLinkOrHostAreNotReachable) {
  // The loopback device has ::1, usw0 an fe80:: address, by themselves.
  auto before = reachable();
  add_address(*here_, usw0_, prefix("169.254.1.1/16"));
  add_address(*here_, usw0_, prefix("127.0.0.99/8"));
  add_address(*here_, lo_, prefix("fe80::1234/64"));
  EXPECT_EQ(reachable(), before);
}

TEST_F(AddressMonitorTest, ScopeOfAnAddressIsHeeded) {
  for (uint8_t scope : {RT_SCOPE_LINK, RT_SCOPE_HOST}) {
    NetlinkRequest request(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL);
    auto& header = request.extra_header<ifaddrmsg>();
    header = {AF_INET, 32, 0, scope, static_cast<uint32_t>(lo_.index)};
    IpAddress a = IpAddress::from_v4(0xc0000200u + scope);
    request.put(IFA_LOCAL, a.wire(), a.wire_size());
    here_->request(request, "add an address");
    EXPECT_THAT(list_addresses(*here_, lo_), Contains(IpPrefix{a, 32}));
    EXPECT_THAT(reachable(), Not(Contains(a)));
    remove_address(*here_, lo_, {a, 32});
  }
}

TEST_F(AddressMonitorTest, DeviceThatIsDownHasNoReachableAddress) {
  change_link(*here_, usw0_, {.up = false});
  EXPECT_THAT(list_addresses(*here_, usw0_), Contains(prefix("10.0.0.254/24")));
  EXPECT_THAT(reachable(), IsEmpty());
  change_link(*here_, usw0_, {.up = true});
  EXPECT_THAT(reachable(), Contains(address("10.0.0.254")));
}

TEST_F(AddressMonitorTest, ND8_TentativeAddressIsReachableOnlyAfterDetection) {
  AddressMonitor monitor(NetNs::own());
  add_address(*here_, usw0_, prefix("2001:db8::2/64"), true);
  EXPECT_THAT(list_addresses(*here_, usw0_), Contains(prefix("2001:db8::2/64")));
  EXPECT_THAT(reachable(), Not(Contains(address("2001:db8::2"))));
  EXPECT_TRUE(eventually([&] {
    if (!sees(monitor, usw0_.index)) return false;
    auto now = reachable();
    return std::find(now.begin(), now.end(), address("2001:db8::2")) != now.end();
  }));
}

}  // namespace
}  // namespace uswitch
