// Refused files: what is wrong with the YAML itself. One row is a file and everything that is said
// about it.
#include "tests/unit/control/config_errors.h"

namespace uswitch::test {
namespace {

const RefusedFile rows[] = {
    {"Empty", "", {"1:1: the file is empty; for a switch without ports write 'ports: {}'"}},
    {"OnlyAComment",
     "# nothing\n",
     {"1:1: the file is empty; for a switch without ports write 'ports: {}'"}},
    {"NotAMap",
     R"(- a
- b
)",
     {"1:1: configuration is a list; write a map of keys, such as {key: value}"}},
    {"AText",
     "hello\n",
     {"1:1: configuration is a single value; write a map of keys, such as {key: value}"}},
    {"UnknownKey",
     "worker: 2\n",
     {"1:1: configuration: unknown key 'worker'; did you mean 'workers'?"}},
    {"UnknownKeyFarFromAll",
     "xyzzy: 2\n",
     {"1:1: configuration: unknown key 'xyzzy'; the keys here are 'workers', 'io', 'control', "
      "'log', 'networks', 'ports', 'routes', 'policy', 'max_neighbours', 'nat', 'tunnels'"}},
    {"KeyOfALaterVersion",
     "metrics: {}\n",
     {"1:1: configuration: this version of uswitch does not have 'metrics' yet; remove the "
      "section"}},
    {"KeyTwice",
     R"(workers: 1
log: {}
workers: 2
)",
     {"3:1: 'workers' stands here a second time; it was on line 1 already; remove or rename one of "
      "them"}},
    {"NetworkTwice",
     R"(networks:
  a: {}
  b: {}
  a: {}
)",
     {"4:3: 'a' stands here a second time; it was on line 2 already; remove or rename one of "
      "them"}},
    {"PortTwice",
     port("type: tap, device: a, network: n}\n  p: {type: tap, device: b, network: n"),
     {"4:3: 'p' stands here a second time; it was on line 3 already; remove or rename one of "
      "them"}},
    {"KeyOfAPortTwice",
     R"(networks: {n: {}}
ports: {p: {type: tap, device: a, network: n, device: b}}
)",
     {"2:47: 'device' stands here a second time; it was on line 2 already; remove or rename one of "
      "them"}},
    {"Syntax",
     R"(networks:
  a: {mtu: 1500
ports: {}
)",
     {"3:6: not YAML: end of map flow not found; check the indentation, brackets and quotes up to "
      "here"}},
    {"SyntaxTab",
     R"(networks:
	a: {}
)",
     {"2:3: not YAML: illegal map value; indent with spaces; the line begins with a tab"}},
    {"SyntaxQuote",
     R"(control: "/run
workers: 1
)",
     {"1:10: the quotes that open here do not close on this line; close them; a value stands on "
      "one line"}},
    {"SyntaxIndentation",
     R"(networks:
  a: {}
 b: {}
)",
     {"3:2: not YAML: end of map not found; check the indentation, brackets and quotes up to "
      "here"}},
    {"Anchor",
     R"(networks:
  a: &x {mtu: 1400}
  b: *x
)",
     {"2:6: an anchor (&) stands here; remove it and write the value out",
      "3:6: an alias (*) stands here; write the value itself"}},
    {"AliasOfNothing",
     "networks: *x\n",
     {"1:11: not YAML: the referenced anchor is not defined; check the indentation, brackets and "
      "quotes up to here"}},
    {"Tag",
     "workers: !!int 1\n",
     {"1:10: a tag (!) stands here; remove it; every key has its one type"}},
    {"MergeKey",
     R"(networks:
  a: {<<: {mtu: 1400}}
)",
     {"2:7: network 'a': unknown key '<<'; the keys here are 'mtu', 'ageing', 'max_addresses', "
      "'isolated', 'relay_bpdu', 'router', 'router_mac', 'reverse_path', 'clamp_mss', 'advertise', "
      "'outside'"}},
    {"SecondDocument",
     R"(workers: 1
---
workers: 2
)",
     {"3:1: a second YAML document begins here; the configuration is one document; remove the "
      "'---'"}},
    {"KeyThatIsAList", "[a, b]: 1\n", {"1:1: the key is not a word; write 'key: value'"}},
    {"KeyThatIsNull", "~: 1\n", {"1:1: the key is not a word; write 'key: value'"}},
    {"LineBreakInAValue",
     R"(control: |
  /run/a
  /run/b
)",
     {"1:10: the value contains a line break or a control character; write it on one line, of "
      "printable characters"}},
    {"ControlCharacter",
     "control: \"/run/\\0\"\n",
     {"1:10: the value contains a line break or a control character; write it on one line, of "
      "printable characters"}},
    {"TooDeep",
     "log: [[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]\n",
     {"1:21: nested more than 16 levels deep; no section of the configuration is nested so deep"}},
    {"ControlCharacterInTheFile",
     std::string("workers: 1\nlog: \4 {}\n", 21),
     {"2:6: a control character stands here; the configuration is a text file in UTF-8"}},
    {"Utf16",
     std::string("workers\0: 1\n", 12),
     {"1:8: a control character stands here; the configuration is a text file in UTF-8"}},
    {"QuotesAcrossLines",
     R"(control: 'a
  b'
)",
     {"1:10: the quotes that open here do not close on this line; close them; a value stands on "
      "one line"}},
    {"InFileOrder",
     R"(ports:
  p: {type: tap, device: d, network: n, mut: 1}
workers: 0
networks: {n: {ageing: 1s}}
log: {level: loud}
)",
     {"2:41: port 'p': unknown key 'mut'; did you mean 'mtu'?",
      "3:10: configuration: 'workers' is '0'; write a whole number from 1 to 64",
      "4:24: network 'n': 'ageing' is '1s'; write a duration from 10s to 1000000s, such as 300s, "
      "5m or 2h4m",
      "5:14: log: unknown level 'loud'; the levels are 'trace', 'debug', 'info', 'warning', "
      "'error'"}},
};

INSTANTIATE_TEST_SUITE_P(Document, RefusedConfig, ::testing::ValuesIn(rows), name_of_row);

}  // namespace
}  // namespace uswitch::test
