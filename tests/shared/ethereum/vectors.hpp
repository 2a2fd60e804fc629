// The official vectors beside the project ($HOLDFAST_SHARED), read where they are.
#pragma once

#include <json/value.h>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace holdfast::ethereum {

// Nothing if the folder is not there.
std::optional<std::filesystem::path> shared_folder(const std::string& inside);
// One JSON object a line, gzipped or not.
std::vector<Json::Value> read_json_lines(const std::filesystem::path& file);
Json::Value read_json(const std::filesystem::path& file);
std::vector<std::uint8_t> bytes_from_hex(const std::string& text);

}  // namespace holdfast::ethereum
