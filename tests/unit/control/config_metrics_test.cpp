// The section `metrics`: what is read, and what is refused.
#include "tests/unit/control/config_errors.h"

namespace uswitch {
namespace {

Config good(const std::string& listen) {
  const auto result = parse_config("metrics: {listen: " + listen + "}\n", "f");
  EXPECT_TRUE(std::holds_alternative<Config>(result)) << listen;
  return std::holds_alternative<Config>(result) ? std::get<Config>(result) : Config{};
}

TEST(ConfigMetrics, ListensOnAnAddressAndAPort) {
  EXPECT_EQ(good("127.0.0.1:9433").metrics, (MetricsConfig{IpAddress::parse("127.0.0.1"), 9433}));
  EXPECT_EQ(good("\"[::1]:1\"").metrics, (MetricsConfig{IpAddress::parse("::1"), 1}));
  EXPECT_EQ(good("0.0.0.0:65535").metrics, (MetricsConfig{IpAddress::parse("0.0.0.0"), 65535}));
}

TEST(ConfigMetrics, WithoutItListensNowhere) {
  EXPECT_FALSE(std::get<Config>(parse_config("workers: 1\n", "f")).metrics.address);
  EXPECT_FALSE(std::get<Config>(parse_config("metrics: {}\n", "f")).metrics.address);
}

TEST(ConfigMetrics, RefusesWhatIsNeither) {
  for (const char* listen : {"9433", "localhost:9433", "127.0.0.1", "127.0.0.1:0",
                             "127.0.0.1:65536", "'::1:9433'", "'[127.0.0.1]:9433'", "':9433'"}) {
    const auto errors = test::errors_of("metrics: {listen: " + std::string(listen) + "}\n");
    ASSERT_EQ(errors.size(), 1u) << listen;
    EXPECT_TRUE(errors[0].starts_with("1:19: metrics: 'listen' is '")) << errors[0];
    EXPECT_TRUE(errors[0].ends_with(
        R"('; write an address and a port, such as 127.0.0.1:9433 or "[::1]:9433")"))
        << errors[0];
  }
}

TEST(ConfigMetrics, RefusesAnUnknownKey) {
  EXPECT_EQ(test::errors_of("metrics: {listn: 127.0.0.1:9433}\n").at(0),
            "1:11: metrics: unknown key 'listn'; did you mean 'listen'?");
}

}  // namespace
}  // namespace uswitch
