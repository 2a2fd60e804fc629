#include "tests/shared/ethereum/vectors.hpp"

#include <gtest/gtest.h>
#include <json/reader.h>
#include <zlib.h>

#include <array>
#include <cstdlib>
#include <memory>
#include <sstream>

#include "shared/base/types.hpp"

namespace holdfast::ethereum {
namespace {

std::string read_all(const std::filesystem::path& file) {
    const auto close = [](gzFile_s* handle) { gzclose(handle); };
    const std::unique_ptr<gzFile_s, decltype(close)> handle{gzopen(file.c_str(), "rb"), close};
    std::string text;
    std::array<char, 65536> block{};
    int count = 0;
    while (handle && (count = gzread(handle.get(), block.data(), block.size())) > 0) {
        text.append(block.data(), static_cast<std::size_t>(count));
    }
    return text;
}

}  // namespace

std::optional<std::filesystem::path> shared_folder(const std::string& inside) {
    const char* shared = std::getenv("HOLDFAST_SHARED");
    if (shared == nullptr) return std::nullopt;
    std::filesystem::path path = std::filesystem::path{shared} / inside;
    if (!std::filesystem::exists(path)) return std::nullopt;
    return path;
}

Json::Value parse_json(const std::string& text) {
    Json::Value value;
    std::string errors;
    std::istringstream stream{text};
    if (!Json::parseFromStream(Json::CharReaderBuilder{}, stream, &value, &errors)) ADD_FAILURE() << errors;
    return value;
}

std::vector<Json::Value> read_json_lines(const std::filesystem::path& file) {
    std::vector<Json::Value> values;
    std::istringstream lines{read_all(file)};
    for (std::string line; std::getline(lines, line);) {
        if (!line.empty()) values.push_back(parse_json(line));
    }
    return values;
}

Json::Value read_json(const std::filesystem::path& file) { return parse_json(read_all(file)); }

std::vector<std::uint8_t> bytes_from_hex(const std::string& text) {
    std::vector<std::uint8_t> bytes((text.size() - 2) / 2);
    EXPECT_TRUE(from_hex(text, bytes.data(), bytes.size()).has_value());
    return bytes;
}

void expect_damage_is_seen(const schema::Type& type, const ssz::Bytes& bytes, const Root& root) {
    for (const std::size_t cut : {std::size_t{1}, bytes.size() / 3, bytes.size() / 2, bytes.size() - 1}) {
        if (cut == 0) continue;
        const schema::View shorter{bytes.data(), bytes.size() - cut};
        if (schema::check(type, shorter)) {
            EXPECT_NE(schema::hash_tree_root(type, shorter), root);
        }
    }
    ssz::Bytes longer = bytes;
    longer.push_back(0);
    if (schema::check(type, longer)) {
        EXPECT_NE(schema::hash_tree_root(type, longer), root);
    }
}

}  // namespace holdfast::ethereum
