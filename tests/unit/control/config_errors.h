// For the tests of refused configurations: one row is a file and all that must be said about it.
#pragma once
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "control/config.h"

namespace uswitch::test {

struct RefusedFile {
  std::string name;
  std::string yaml;
  std::vector<std::string> errors;  // without the file's name, in file order
};

// A file with one network, `n`, and one port, `p`, whose keys begin in line 3, column 7.
std::string port(const std::string& keys, const std::string& network = "{}");

// A file of four networks, two ports, and what stands under `nat`, which begins in line 10, column
// 3.
std::string nat(const std::string& text);

std::vector<std::string> errors_of(std::string_view yaml);

inline std::string name_of_row(const ::testing::TestParamInfo<RefusedFile>& info) {
  return info.param.name;
}
inline void PrintTo(const RefusedFile& row, std::ostream* out) {
  *out << row.yaml;
}

class RefusedConfig : public ::testing::TestWithParam<RefusedFile> {};

}  // namespace uswitch::test
