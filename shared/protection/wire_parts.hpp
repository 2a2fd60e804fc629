// What the octet-stream forms of wire.hpp have in common: names, heads, marks, AttestationData. Internal to shared/protection.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

#include "shared/ethereum/attestation.hpp"
#include "shared/protection/messages.hpp"
#include "shared/protection/octets.hpp"

namespace holdfast::protection::wire {

using SharedData = std::shared_ptr<const ethereum::AttestationData>;

inline constexpr std::size_t kDataSize = 128;  // SSZ
inline constexpr std::size_t kVoteSize = 8 + 8 + Root::kSize;
inline constexpr std::size_t kBlockSize = 8 + Root::kSize;
inline constexpr std::size_t kNoLimit = std::numeric_limits<std::uint32_t>::max();

// A message's first bytes, with room for its head and `size` bytes more.
[[nodiscard]] std::string begin(std::string_view magic, std::size_t size);
// Fails the reading if it begins otherwise.
void read_magic(OctetReader& reader, std::string_view magic);

inline void append_count(std::string& to, std::size_t count) { append_number(to, static_cast<std::uint32_t>(count)); }
void append_flag(std::string& to, bool flag);
void append_name(std::string& to, std::string_view name);
void append_position(std::string& to, Position position);
void append_tenure(std::string& to, const Tenure& tenure);
void append_head(std::string& to, const RequestHead& head);
void append_head(std::string& to, const AnswerHead& head);
void append_data(std::string& to, const ethereum::AttestationData& data);

[[nodiscard]] bool read_flag(OctetReader& reader);
[[nodiscard]] std::string read_name(OctetReader& reader);  // empty, or as in the cluster file
[[nodiscard]] Position read_position(OctetReader& reader);
[[nodiscard]] Tenure read_tenure(OctetReader& reader);
void read_head(OctetReader& reader, RequestHead& head);
void read_head(OctetReader& reader, AnswerHead& head);
[[nodiscard]] SharedData read_data(OctetReader& reader);

// Inline: a request has one for each of 100,000 keys.
inline void append_mark(std::string& to, const AttestationMark& mark) {
    append_number(to, mark.source.value);
    append_number(to, mark.target.value);
    append_bytes(to, mark.signing_root);
}
inline void append_mark(std::string& to, const BlockMark& mark) {
    append_number(to, mark.slot.value);
    append_bytes(to, mark.signing_root);
}
inline void append_mark(std::string&, std::monostate) {}

inline void read_mark(OctetReader& reader, AttestationMark& mark) {
    mark.source = Epoch{reader.number<std::uint64_t>()};
    mark.target = Epoch{reader.number<std::uint64_t>()};
    mark.signing_root = reader.bytes<Root>();
}
inline void read_mark(OctetReader& reader, BlockMark& mark) {
    mark.slot = Slot{reader.number<std::uint64_t>()};
    mark.signing_root = reader.bytes<Root>();
}

}  // namespace holdfast::protection::wire
