// Refused files: top-level keys, log, networks. One row is a file and everything that is said about
// it.
#include "tests/unit/control/config_errors.h"

namespace uswitch::test {
namespace {

const RefusedFile rows[] = {
    {"WorkersZero",
     "workers: 0\n",
     {"1:10: configuration: 'workers' is '0'; write a whole number from 1 to 64"}},
    {"WorkersTooMany",
     "workers: 65\n",
     {"1:10: configuration: 'workers' is '65'; write a whole number from 1 to 64"}},
    {"WorkersText",
     "workers: many\n",
     {"1:10: configuration: 'workers' is 'many'; write a whole number from 1 to 64"}},
    {"WorkersQuoted",
     "workers: \"1\"\n",
     {"1:10: configuration: 'workers' is '1', a text in quotes; write a whole number from 1 to 64, "
      "without quotes"}},
    {"WorkersList",
     "workers: [1]\n",
     {"1:10: configuration: 'workers' is a list; write a whole number from 1 to 64"}},
    {"WorkersNothing",
     "workers:\n",
     {"1:1: configuration: 'workers' is empty; write a whole number from 1 to 64"}},
    {"WorkersNegative",
     "workers: -1\n",
     {"1:10: configuration: 'workers' is '-1'; write a whole number from 1 to 64"}},
    {"WorkersOctal",
     "workers: 010\n",
     {"1:10: configuration: 'workers' is '010'; write a whole number from 1 to 64"}},
    {"WorkersFraction",
     "workers: 1.5\n",
     {"1:10: configuration: 'workers' is '1.5'; write a whole number from 1 to 64"}},
    {"WorkersHuge",
     "workers: 99999999999999999999999\n",
     {"1:10: configuration: 'workers' is '99999999999999999999999'; write a whole number from 1 to "
      "64"}},
    {"ControlEmpty",
     "control: \"\"\n",
     {"1:10: configuration: 'control' is empty; write the path of a Unix socket"}},
    {"ControlTooLong",
     "control: "
     "/xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
     "xxxxxxxxxxxxxxx\n",
     {"1:10: configuration: the path of the control socket has 108 characters; a Unix socket's "
      "path has at most 107"}},
    {"ControlMap",
     "control: {path: /run}\n",
     {"1:10: configuration: 'control' is a map; write the path of a Unix socket"}},
    {"LogLevel",
     "log: {level: warn}\n",
     {"1:14: log: unknown level 'warn'; did you mean 'warning'?"}},
    {"LogLevelUnknown",
     "log: {level: chatty}\n",
     {"1:14: log: unknown level 'chatty'; the levels are 'trace', 'debug', 'info', 'warning', "
      "'error'"}},
    {"LogFormat",
     "log: {format: jsn}\n",
     {"1:15: log: unknown format 'jsn'; did you mean 'json'?"}},
    {"LogKey", "log: {levle: info}\n", {"1:7: log: unknown key 'levle'; did you mean 'level'?"}},
    {"LogText",
     "log: info\n",
     {"1:6: configuration: 'log' is 'info'; write a map, such as {key: value}"}},
    {"NetworksList",
     "networks: [a, b]\n",
     {"1:11: configuration: 'networks' is a list; write a map, such as {key: value}"}},
    {"NetworksNothing",
     R"(networks:
ports: {}
)",
     {"1:1: configuration: 'networks' is empty; write a map, such as {key: value}"}},
    {"NetworkNothing",
     R"(networks:
  a:
)",
     {"2:3: network 'a' is empty; write a map of keys, such as {key: value}"}},
    {"NetworkName",
     "networks: {a b: {}}\n",
     {"1:12: networks: 'a b' cannot be a name; a name is 1 to 64 of the characters A-Z a-z 0-9 _ . "
      "-"}},
    {"NetworkNameTooLong",
     "networks: {xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx: {}}\n",
     {"1:12: networks: 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx' cannot "
      "be a name; a name is 1 to 64 of the characters A-Z a-z 0-9 _ . -"}},
    {"NetworkKey",
     "networks: {a: {mut: 1500}}\n",
     {"1:16: network 'a': unknown key 'mut'; did you mean 'mtu'?"}},
    {"MtuTooSmall",
     "networks: {a: {mtu: 67}}\n",
     {"1:21: network 'a': 'mtu' is '67'; write a whole number from 68 to 65535"}},
    {"MtuTooLarge",
     "networks: {a: {mtu: 65536}}\n",
     {"1:21: network 'a': 'mtu' is '65536'; write a whole number from 68 to 65535"}},
    {"MtuText",
     "networks: {a: {mtu: big}}\n",
     {"1:21: network 'a': 'mtu' is 'big'; write a whole number from 68 to 65535"}},
    {"BR4_AgeingTooShort",
     "networks: {a: {ageing: 9s}}\n",
     {"1:24: network 'a': 'ageing' is '9s'; write a duration from 10s to 1000000s, such as 300s, "
      "5m or 2h4m"}},
    {"BR4_AgeingTooLong",
     "networks: {a: {ageing: 1000001s}}\n",
     {"1:24: network 'a': 'ageing' is '1000001s'; write a duration from 10s to 1000000s, such as "
      "300s, 5m or 2h4m"}},
    {"AgeingZero",
     "networks: {a: {ageing: 0s}}\n",
     {"1:24: network 'a': 'ageing' is '0s'; write a duration from 10s to 1000000s, such as 300s, "
      "5m or 2h4m"}},
    {"AgeingNever",
     "networks: {a: {ageing: never}}\n",
     {"1:24: network 'a': 'ageing' is 'never'; write a duration from 10s to 1000000s, such as "
      "300s, 5m or 2h4m"}},
    {"AgeingWithoutUnit",
     "networks: {a: {ageing: 300}}\n",
     {"1:24: network 'a': 'ageing' is '300', without a unit; write a duration from 10s to "
      "1000000s, such as 300s, 5m or 2h4m"}},
    {"AgeingList",
     "networks: {a: {ageing: [300s]}}\n",
     {"1:24: network 'a': 'ageing' is a list; write a duration from 10s to 1000000s"}},
    {"MaxAddressesZero",
     "networks: {a: {max_addresses: 0}}\n",
     {"1:31: network 'a': 'max_addresses' is '0'; write a whole number from 1 to 16777216"}},
    {"MaxAddressesTooMany",
     "networks: {a: {max_addresses: 17M}}\n",
     {"1:31: network 'a': 'max_addresses' is '17M'; write a whole number from 1 to 16777216"}},
    {"IsolatedText",
     "networks: {a: {isolated: maybe}}\n",
     {"1:26: network 'a': 'isolated' is 'maybe'; write true or false"}},
    {"IsolatedQuoted",
     "networks: {a: {isolated: \"true\"}}\n",
     {"1:26: network 'a': 'isolated' is 'true', a text in quotes; write true or false, without "
      "quotes"}},
    {"RelayBpduNumber",
     "networks: {a: {relay_bpdu: 1}}\n",
     {"1:28: network 'a': 'relay_bpdu' is '1'; write true or false"}},
    {"LogLevelInShort",
     "log: {level: err}\n",
     {"1:14: log: unknown level 'err'; did you mean 'error'?"}},
};

INSTANTIATE_TEST_SUITE_P(Networks, RefusedConfig, ::testing::ValuesIn(rows), name_of_row);

}  // namespace
}  // namespace uswitch::test
