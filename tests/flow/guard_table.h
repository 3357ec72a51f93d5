// Tables of what a guarded endpoint may send and what not. One row a frame: it reaches the network
// unchanged, or it is dropped on the endpoint's port for the reason the row names.
#pragma once
#include <gtest/gtest.h>

#include <ostream>

#include "tests/support/test_switch.h"

namespace uswitch::test {

struct GuardRow {
  const char* name;
  FrameBuilder frame;
  Reason reason = Reason::none;
};

inline void PrintTo(const GuardRow& row, std::ostream* out) {
  *out << row.name;
}

// The endpoint is station 1, with these addresses; station 9 is the one it poses as.
inline const Ip own4 = "10.0.0.1", other4 = "10.0.0.9", none4 = "0.0.0.0";
inline const Ip own6 = "fd00::1", other6 = "fd00::9", none6 = "::";
inline const Ip link_local = "fe80::ff:fe00:1";  // of 02:00:00:00:00:01

inline FrameBuilder eth() {
  return frame().eth(mac(1), mac(2));
}

class Guarded : public testing::Test {
 protected:
  TestSwitch sw;
  NetworkId net = sw.add_network("office");
  PortId endpoint = sw.add_port(net), b = sw.add_port(net);

  void SetUp() override {
    sw.settings(endpoint).guard =
        std::make_shared<Guard>(mac(1), std::vector<IpAddress>{own4, own6});
  }

  void expect(const GuardRow& row) {
    sw.send(endpoint, row.frame);
    const std::vector<Bytes> out = sw.received(b);
    if (row.reason == Reason::none) {
      EXPECT_EQ(out, std::vector<Bytes>{row.frame.bytes()});
      EXPECT_EQ(sw.total_drops(), 0u);
    } else {
      EXPECT_EQ(out, std::vector<Bytes>{});
      EXPECT_EQ(sw.drops(row.reason), 1u);
      EXPECT_EQ(sw.network(net).fdb->size(), 0u) << "learned from a frame that was refused";
    }
  }
};

using GuardRows = std::vector<GuardRow>;

inline std::string guard_row_name(const testing::TestParamInfo<GuardRow>& info) {
  return info.param.name;
}

// `table` is a function that returns GuardRows.
#define USWITCH_GUARD_TABLE(suite, table) \
  INSTANTIATE_TEST_SUITE_P(table, suite, testing::ValuesIn(table()), guard_row_name)

}  // namespace uswitch::test
