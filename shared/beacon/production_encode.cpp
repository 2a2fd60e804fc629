#include "shared/beacon/production_encode.hpp"

#include "shared/beacon/json_write.hpp"
#include "shared/beacon/ssz_json.hpp"

namespace holdfast::beacon {
namespace {

// [..,..], each written by `append`.
template <class T, class Append>
std::string encode_list(const std::vector<T>& list, Append append) {
    std::string text = "[";
    for (const T& element : list) {
        if (text.size() > 1) text += ',';
        append(text, element);
    }
    return text += ']';
}

void append_flag(std::string& to, std::string_view before, bool value) {
    to += before;
    to += value ? "true" : "false";
}

}  // namespace

std::string encode_objects(const std::vector<ethereum::schema::Object>& objects) {
    return encode_list(objects, [](std::string& text, const ethereum::schema::Object& object) {
        append_json(*object.type, object.bytes, text);
    });
}

std::string encode_sync_messages(const std::vector<ethereum::SyncCommitteeMessage>& messages) {
    return encode_list(messages, [](std::string& text, const ethereum::SyncCommitteeMessage& message) {
        append_number(text, R"({"slot":")", message.slot.value);
        append_bytes(text, R"(,"beacon_block_root":")", message.beacon_block_root);
        append_number(text, R"(,"validator_index":")", message.validator_index.value);
        append_bytes(text, R"(,"signature":")", message.signature);
        text += '}';
    });
}

std::string encode_sync_subscriptions(const std::vector<SyncSubscription>& subscriptions) {
    return encode_list(subscriptions, [](std::string& text, const SyncSubscription& subscription) {
        append_number(text, R"({"validator_index":")", subscription.validator_index.value);
        text += R"(,"sync_committee_indices":)";
        text += encode_list(subscription.positions,
                            [](std::string& list, std::uint64_t position) { append_number(list, R"(")", position); });
        append_number(text, R"(,"until_epoch":")", subscription.until.value);
        text += '}';
    });
}

std::string encode_preparations(const std::vector<ProposerPreparation>& preparations) {
    return encode_list(preparations, [](std::string& text, const ProposerPreparation& preparation) {
        append_number(text, R"({"validator_index":")", preparation.validator_index.value);
        append_bytes(text, R"(,"fee_recipient":")", preparation.fee_recipient);
        text += '}';
    });
}

std::string encode_registrations(const std::vector<SignedRegistration>& registrations) {
    return encode_list(registrations, [](std::string& text, const SignedRegistration& registration) {
        append_bytes(text, R"({"message":{"fee_recipient":")", registration.message.fee_recipient);
        append_number(text, R"(,"gas_limit":")", registration.message.gas_limit);
        append_number(text, R"(,"timestamp":")", registration.message.timestamp);
        append_bytes(text, R"(,"pubkey":")", registration.message.pubkey);
        append_bytes(text, R"(},"signature":")", registration.signature);
        text += '}';
    });
}

std::string encode_payload_attestations(const std::vector<ethereum::PayloadAttestationMessage>& messages) {
    return encode_list(messages, [](std::string& text, const ethereum::PayloadAttestationMessage& message) {
        append_number(text, R"({"validator_index":")", message.validator_index.value);
        append_bytes(text, R"(,"data":{"beacon_block_root":")", message.data.beacon_block_root);
        append_number(text, R"(,"slot":")", message.data.slot.value);
        append_flag(text, R"(,"payload_present":)", message.data.payload_present);
        append_flag(text, R"(,"blob_data_available":)", message.data.blob_data_available);
        append_bytes(text, R"(},"signature":")", message.signature);
        text += '}';
    });
}

std::string encode_preferences(const std::vector<SignedPreferences>& preferences) {
    return encode_list(preferences, [](std::string& text, const SignedPreferences& one) {
        append_bytes(text, R"({"message":{"dependent_root":")", one.message.dependent_root);
        append_number(text, R"(,"proposal_slot":")", one.message.proposal_slot.value);
        append_number(text, R"(,"validator_index":")", one.message.validator_index.value);
        append_bytes(text, R"(,"fee_recipient":")", one.message.fee_recipient);
        append_number(text, R"(,"target_gas_limit":")", one.message.target_gas_limit);
        append_bytes(text, R"(},"signature":")", one.signature);
        text += '}';
    });
}

}  // namespace holdfast::beacon
