// What the Beacon API says, as values. Paths and fields: ethereum/beacon-APIs.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "shared/base/types.hpp"
#include "shared/ethereum/attestation.hpp"
#include "shared/ethereum/chain_spec.hpp"

namespace holdfast::beacon {

// GET /eth/v1/node/syncing
struct SyncStatus {
    Slot head_slot;
    bool is_syncing{false};
    bool is_optimistic{false};
    bool el_offline{false};
};

// POST /eth/v1/beacon/states/head/validators
struct Validator {
    ValidatorIndex index;
    PublicKey key;
    std::string status;  // "active_ongoing", "pending_queued", ...
    [[nodiscard]] bool attests() const { return status.starts_with("active"); }
};

// POST /eth/v1/validator/duties/attester/{epoch}
struct AttesterDuty {
    PublicKey key;
    ValidatorIndex validator_index;
    Slot slot;
    CommitteeIndex committee_index;
    std::uint64_t committee_length{0};
    std::uint64_t committees_at_slot{0};
    std::uint64_t validator_committee_index{0};
};
struct AttesterDuties {
    Epoch epoch;
    Root dependent_root;
    std::vector<AttesterDuty> duties;
};

// GET /eth/v1/validator/duties/proposer/{epoch}
struct ProposerDuty {
    PublicKey key;
    ValidatorIndex validator_index;
    Slot slot;
};
// Of all validators. The dependent root only where it means what v2 says (GET /eth/v2/validator/duties/proposer/{epoch}): what
// v1 names differs between versions and clients.
struct ProposerDuties {
    Epoch epoch;
    std::vector<ProposerDuty> duties;
    std::optional<Root> dependent_root{};
};

// POST /eth/v1/validator/duties/sync/{epoch}
struct SyncDuty {
    PublicKey key;
    ValidatorIndex validator_index;
    std::vector<std::uint64_t> positions;  // in the committee
};

// POST /eth/v1/validator/beacon_committee_subscriptions
struct CommitteeSubscription {
    ValidatorIndex validator_index;
    CommitteeIndex committee_index;
    std::uint64_t committees_at_slot{0};
    Slot slot;
    bool is_aggregator{false};
};

// Event "head" of /eth/v1/events
struct HeadEvent {
    Slot slot;
    Root block;
    Root previous_duty_dependent_root;  // of duties of the event's epoch
    Root current_duty_dependent_root;   // of duties of the next epoch
    bool execution_optimistic{false};
    // Of "head_v2", from Gloas on: what is known of the block's payload. The event may come again when that changes.
    enum class Payload { kUnknown, kPending, kEmpty, kFull } payload{Payload::kUnknown};
};
// Event "chain_reorg"
struct ReorgEvent {
    Slot slot;
    std::uint64_t depth{0};
};

// Events "proposer_slashing" and "attester_slashing"
struct SlashingEvent {
    std::vector<ValidatorIndex> validators;  // whom it slashes
    bool by_blocks{false};
};
// Event "execution_payload_available"
struct PayloadAvailableEvent {
    Slot slot;
    Root block;
};

struct FinalityCheckpoints {
    ethereum::Checkpoint previous_justified;
    ethereum::Checkpoint current_justified;
    ethereum::Checkpoint finalized;
};

}  // namespace holdfast::beacon
