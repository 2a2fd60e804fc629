// The official vectors beside the project ($HOLDFAST_SHARED), read where they are.
#pragma once

#include <json/value.h>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "shared/ethereum/schema.hpp"
#include "shared/ethereum/ssz.hpp"

namespace holdfast::ethereum {

// Nothing if the folder is not there.
std::optional<std::filesystem::path> shared_folder(const std::string& inside);
// One JSON object a line, gzipped or not.
std::vector<Json::Value> read_json_lines(const std::filesystem::path& file);
Json::Value read_json(const std::filesystem::path& file);
Json::Value parse_json(const std::string& text);
std::vector<std::uint8_t> bytes_from_hex(const std::string& text);

// What is cut off, and what has another number of bytes, is refused or, seldom, another object; never the same.
void expect_damage_is_seen(const schema::Type& type, const ssz::Bytes& bytes, const Root& root);

}  // namespace holdfast::ethereum
