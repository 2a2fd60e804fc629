#include "shared/beacon/encode.hpp"

#include "shared/beacon/beacon_node.hpp"
#include "shared/beacon/json_write.hpp"

namespace holdfast::beacon {
namespace {

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
