#include "shared/beacon/encode.hpp"

#include <array>
#include <charconv>

#include "shared/beacon/beacon_node.hpp"

namespace holdfast::beacon {
namespace {

void append_decimal(std::string& to, std::uint64_t value) {
    std::array<char, 20> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value);
    to.append(digits.data(), end.ptr);
}

template <std::size_t N, class Tag>
void append_hex(std::string& to, const FixedBytes<N, Tag>& bytes) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    to += "0x";
    for (const std::uint8_t byte : bytes.bytes) {
        to += kDigits[byte >> 4U];
        to += kDigits[byte & 15U];
    }
}

// "name":"12" -- `before` is all that stands in front of the number: comma, name, colon and its quote.
void append_number(std::string& to, std::string_view before, std::uint64_t value) {
    to += before;
    append_decimal(to, value);
    to += '"';
}

template <std::size_t N, class Tag>
void append_bytes(std::string& to, std::string_view before, const FixedBytes<N, Tag>& bytes) {
    to += before;
    append_hex(to, bytes);
    to += '"';
}

std::string encode_data(const ethereum::AttestationData& data) {
    std::string text;
    append_number(text, R"({"slot":")", data.slot.value);
    append_number(text, R"(,"index":")", data.index.value);
    append_bytes(text, R"(,"beacon_block_root":")", data.beacon_block_root);
    append_number(text, R"(,"source":{"epoch":")", data.source.epoch.value);
    append_bytes(text, R"(,"root":")", data.source.root);
    append_number(text, R"(},"target":{"epoch":")", data.target.epoch.value);
    append_bytes(text, R"(,"root":")", data.target.root);
    return text += "}}";
}

}  // namespace

std::string encode_attestations(const std::vector<ethereum::SingleAttestation>& attestations) {
    constexpr std::size_t kBytesEach = 720;
    std::string text = "[";
    text.reserve(2 + attestations.size() * kBytesEach);
    // All attestations of a slot have the same data: it is written once.
    std::string data;
    const ethereum::AttestationData* written = nullptr;
    for (const ethereum::SingleAttestation& attestation : attestations) {
        if (written == nullptr || !(*written == attestation.data)) data = encode_data(attestation.data);
        written = &attestation.data;
        if (text.size() > 1) text += ',';
        append_number(text, R"({"committee_index":")", attestation.committee_index.value);
        append_number(text, R"(,"attester_index":")", attestation.attester_index.value);
        text += R"(,"data":)";
        text += data;
        append_bytes(text, R"(,"signature":")", attestation.signature);
        text += '}';
    }
    return text += ']';
}

std::string encode_indices(const std::vector<ValidatorIndex>& indices) {
    std::string text = "[";
    for (const ValidatorIndex index : indices) append_number(text, text.size() > 1 ? R"(,")" : R"(")", index.value);
    return text += ']';
}

std::string encode_ids(std::span<const PublicKey> keys) {
    std::string text = R"({"ids":[)";
    bool first = true;
    for (const PublicKey& key : keys) {
        append_bytes(text, first ? R"(")" : R"(,")", key);
        first = false;
    }
    return text += "]}";
}

std::string encode_subscriptions(const std::vector<CommitteeSubscription>& subscriptions) {
    std::string text = "[";
    for (const CommitteeSubscription& subscription : subscriptions) {
        if (text.size() > 1) text += ',';
        append_number(text, R"({"validator_index":")", subscription.validator_index.value);
        append_number(text, R"(,"committee_index":")", subscription.committee_index.value);
        append_number(text, R"(,"committees_at_slot":")", subscription.committees_at_slot);
        append_number(text, R"(,"slot":")", subscription.slot.value);
        text += subscription.is_aggregator ? R"(,"is_aggregator":true})" : R"(,"is_aggregator":false})";
    }
    return text += ']';
}

}  // namespace holdfast::beacon
