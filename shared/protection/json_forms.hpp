// What the JSON forms of messages.hpp have in common: how values are written, and strict reading of an object's members.
// Internal to shared/protection.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "shared/base/types.hpp"
#include "shared/ethereum/attestation.hpp"
#include "shared/protection/json_reader.hpp"
#include "shared/protection/messages.hpp"

namespace holdfast::protection::json {

// Appends `"name":value` of an object that text has begun, with a comma unless it is the first.
void member(std::string& text, std::string_view name);
void member(std::string& text, std::string_view name, std::uint64_t number);  // decimal, in quotes
void member(std::string& text, std::string_view name, std::string_view words);
void member(std::string& text, std::string_view name, const char* words);
void member(std::string& text, std::string_view name, bool flag);
void member(std::string& text, std::string_view name, Position position);

template <std::size_t N, class Tag>
void append(std::string& to, const FixedBytes<N, Tag>& bytes) {
    to += '"';
    append_hex(to, bytes.data(), N);
    to += '"';
}

template <std::size_t N, class Tag>
void member(std::string& text, std::string_view name, const FixedBytes<N, Tag>& bytes) {
    member(text, name);
    append(text, bytes);
}

// Members of an object that text has begun.
void append_head(std::string& text, const RequestHead& head);
void append_head(std::string& text, const AnswerHead& head);
void append_tenure(std::string& text, const Tenure& tenure);
void append_mark(std::string& text, const AttestationMark& mark);
void append_mark(std::string& text, const BlockMark& mark);
void append_mark(std::string& text, std::monostate none);
void append_data(std::string& text, const ethereum::AttestationData& data);
void append_keys(std::string& text, std::span<const PublicKey> keys);

// Which members of an object have been read: each at most once, and at the end all that must be there. A bit a member.
class Members {
public:
    Members(JsonReader& reader, const char* what) : reader_{reader}, what_{what} {}

    void unknown(std::string_view name);
    // True if `name` is `expected`, which is then taken; fails the reading the second time.
    bool is(std::string_view name, std::string_view expected, unsigned bit);
    void need(unsigned bits, const char* names);
    [[nodiscard]] bool has(unsigned bits) const { return (seen_ & bits) == bits; }

private:
    JsonReader& reader_;
    const char* what_;
    unsigned seen_{0};
};

// Bits 16 and up belong to heads; a message's own members have those below.
inline constexpr unsigned kRequestHeadBits = 0xF0000;  // cluster, instance, generation, genesis_validators_root
inline constexpr const char* kRequestHeadNames = "cluster, instance, generation and genesis_validators_root";
inline constexpr unsigned kAnswerHeadBits = 0x3F0000;  // node, request_id, generation, holder, since, position
inline constexpr const char* kAnswerHeadNames = "node, request_id, generation, holder, since and position";

// False if `name` is no member of the head.
bool read_head_member(JsonReader& reader, Members& members, std::string_view name, RequestHead& head);
bool read_head_member(JsonReader& reader, Members& members, std::string_view name, AnswerHead& head);

// A whole answer, of what `read_own(reader, members, name)` knows; other members are skipped. `bits` must have come, which are
// called `names`.
template <class ReadOwn>
Result<void> read_answer(std::string_view text, unsigned bits, const char* names, ReadOwn read_own) {
    JsonReader reader{text};
    Members members{reader, "the answer"};
    reader.object([&](std::string_view name) {
        if (!read_own(reader, members, name)) reader.skip();
    });
    reader.end();
    members.need(bits, names);
    return reader.result();
}

void read_keys(JsonReader& reader, std::vector<PublicKey>& keys);
void check_count(JsonReader& reader, std::size_t count);  // at most kRequestKeysMax
ethereum::AttestationData read_data(JsonReader& reader);
// Empty, or a name as in the cluster file.
std::string read_name(JsonReader& reader);
Position read_position(JsonReader& reader);
WallTime read_time(JsonReader& reader);

}  // namespace holdfast::protection::json
