// SPDX-License-Identifier: Apache-2.0
// Zip archives for tests, written by hand.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace liteforge_tests {

inline void Put(std::string& to, uint64_t number, int bytes) {
  for (int i = 0; i < bytes; ++i, number >>= 8)
    to += static_cast<char>(number & 0xff);
}

inline uint32_t Crc32(const std::string& data) {
  uint32_t crc = 0xffffffff;
  for (const char c : data) {
    crc ^= static_cast<uint8_t>(c);
    for (int bit = 0; bit < 8; ++bit)
      crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc;
}

// A zip archive of members that are stored as they are.
inline std::string Zip(
    const std::vector<std::pair<std::string, std::string>>& members) {
  std::string archive, directory;
  for (const auto& [name, data] : members) {
    std::string about;
    Put(about, 20, 2);  // version needed
    Put(about, 0, 8);   // flags, method 0, time, date
    Put(about, Crc32(data), 4);
    Put(about, data.size(), 4);
    Put(about, data.size(), 4);
    Put(about, name.size(), 2);
    Put(about, 0, 2);  // extra field
    directory += std::string("PK\1\2") + '\x14' + '\0' + about;
    Put(directory, 0, 10);  // comment, disk, attributes
    Put(directory, archive.size(), 4);
    directory += name;
    archive += "PK\3\4" + about + name + data;
  }
  std::string end = "PK\5\6";
  Put(end, 0, 4);
  Put(end, members.size(), 2);
  Put(end, members.size(), 2);
  Put(end, directory.size(), 4);
  Put(end, archive.size(), 4);
  Put(end, 0, 2);
  return archive + directory + end;
}

}  // namespace liteforge_tests
