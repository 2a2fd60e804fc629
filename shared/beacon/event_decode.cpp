#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include "shared/beacon/api_decode.hpp"
#include "shared/beacon/decode_parts.hpp"

namespace holdfast::beacon {
namespace {

// Built in its place: GCC 12 takes the moves of a variant with a vector for reads of what was never written.
template <class T>
Result<NodeEvent> event_of(T event) {
    return Result<NodeEvent>{boost::outcome_v2::in_place_type<NodeEvent>, std::in_place_type<T>, std::move(event)};
}

Error wrong(std::string what) { return failure(ErrorCode::kMalformed, std::move(what)); }

Result<NodeEvent> decode_head(const Json::Value& value) {
    HeadEvent event;
    HOLDFAST_TRY(event.slot, slot_field(value, "slot"));
    HOLDFAST_TRY(event.block, bytes_field<Root>(value, "block"));
    HOLDFAST_TRY(event.previous_duty_dependent_root, bytes_field<Root>(value, "previous_duty_dependent_root"));
    HOLDFAST_TRY(event.current_duty_dependent_root, bytes_field<Root>(value, "current_duty_dependent_root"));
    HOLDFAST_TRY(event.execution_optimistic, bool_field_or(value, "execution_optimistic", false));
    return event_of(event);
}

HeadEvent::Payload payload_of(std::string_view status) {
    if (status == "pending") return HeadEvent::Payload::kPending;
    if (status == "empty") return HeadEvent::Payload::kEmpty;
    if (status == "full") return HeadEvent::Payload::kFull;
    return HeadEvent::Payload::kUnknown;
}

// The roots have other names, and mean the same.
Result<NodeEvent> decode_head_v2(const Json::Value& root) {
    constexpr std::size_t kStatusMax = 32;
    HOLDFAST_TRY(const Json::Value* value, object_field(root, "data"));
    HeadEvent event;
    HOLDFAST_TRY(event.slot, slot_field(*value, "slot"));
    HOLDFAST_TRY(event.block, bytes_field<Root>(*value, "block"));
    HOLDFAST_TRY(event.previous_duty_dependent_root, bytes_field<Root>(*value, "current_epoch_dependent_root"));
    HOLDFAST_TRY(event.current_duty_dependent_root, bytes_field<Root>(*value, "next_epoch_dependent_root"));
    HOLDFAST_TRY(event.execution_optimistic, bool_field_or(*value, "execution_optimistic", false));
    if (value->isMember("payload_status")) {
        HOLDFAST_TRY(const std::string_view status, string_field(*value, "payload_status", kStatusMax));
        event.payload = payload_of(status);
    }
    return event_of(event);
}

Result<NodeEvent> decode_reorg(const Json::Value& value) {
    ReorgEvent event;
    HOLDFAST_TRY(event.slot, slot_field(value, "slot"));
    HOLDFAST_TRY(event.depth, number_field(value, "depth"));
    return event_of(event);
}

Result<NodeEvent> decode_proposer_slashing(const Json::Value& value) {
    std::array<ValidatorIndex, 2> proposers;
    std::array<Slot, 2> slots;
    for (std::size_t i = 0; i < 2; ++i) {
        HOLDFAST_TRY(const Json::Value* header, object_field(value, i == 0 ? "signed_header_1" : "signed_header_2"));
        HOLDFAST_TRY(const Json::Value* message, object_field(*header, "message"));
        HOLDFAST_TRY(proposers[i].value, number_field(*message, "proposer_index"));
        HOLDFAST_TRY(slots[i], slot_field(*message, "slot"));
    }
    if (proposers[0] != proposers[1] || slots[0] != slots[1]) return wrong("the headers are not of one proposer and slot");
    return event_of(SlashingEvent{{proposers[0]}, true});
}

Result<std::vector<ValidatorIndex>> decode_attesters(const Json::Value& value, const char* name) {
    constexpr std::size_t kAttestersMax = 64 * 2048;
    HOLDFAST_TRY(const Json::Value* attestation, object_field(value, name));
    HOLDFAST_TRY(const Json::Value* list, array_field(*attestation, "attesting_indices", kAttestersMax));
    std::vector<ValidatorIndex> indices;
    indices.reserve(list->size());
    for (const Json::Value& item : *list) {
        const auto index = parse_decimal(item.isString() ? item.asString() : "");
        if (!index) return wrong("field 'attesting_indices' has no list of indices");
        indices.push_back(ValidatorIndex{index.value()});
    }
    std::ranges::sort(indices);
    return indices;
}

// Whoever is in both is slashed.
Result<NodeEvent> decode_attester_slashing(const Json::Value& value) {
    HOLDFAST_TRY(const std::vector<ValidatorIndex> first, decode_attesters(value, "attestation_1"));
    HOLDFAST_TRY(const std::vector<ValidatorIndex> second, decode_attesters(value, "attestation_2"));
    SlashingEvent event;
    std::ranges::set_intersection(first, second, std::back_inserter(event.validators));
    if (event.validators.empty()) return wrong("the attestations have no validator in common");
    return event_of(std::move(event));
}

Result<NodeEvent> decode_payload_available(const Json::Value& value) {
    PayloadAvailableEvent event;
    HOLDFAST_TRY(event.slot, slot_field(value, "slot"));
    HOLDFAST_TRY(event.block, bytes_field<Root>(value, "block_root"));
    return event_of(event);
}

struct Kind {
    std::string_view name;
    Result<NodeEvent> (*decode)(const Json::Value&);
};
constexpr std::array<Kind, 6> kKinds{{{"head", decode_head},
                                      {"head_v2", decode_head_v2},
                                      {"chain_reorg", decode_reorg},
                                      {"proposer_slashing", decode_proposer_slashing},
                                      {"attester_slashing", decode_attester_slashing},
                                      {"execution_payload_available", decode_payload_available}}};

}  // namespace

Result<NodeEvent> decode_event(std::string_view name, std::string_view data) {
    const auto kind = std::ranges::find(kKinds, name, &Kind::name);
    if (kind == kKinds.end()) return failure(ErrorCode::kNotFound, "an event of another kind");
    HOLDFAST_TRY(const Json::Value value, parse_json_object(data));
    Result<NodeEvent> event = kind->decode(value);
    if (!event) return with_context(std::string{name}, std::move(event).error());
    return event;
}

}  // namespace holdfast::beacon
