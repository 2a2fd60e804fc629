#include "shared/ethereum/block_types.hpp"

#include <utility>

namespace holdfast::ethereum {

using schema::bitlist;
using schema::bitvector;
using schema::boolean;
using schema::byte_list;
using schema::bytes_of;
using schema::container;
using schema::Field;
using schema::kProgressive;
using schema::list_of;
using schema::TypePtr;
using schema::uint_of;
using schema::vector_of;

namespace {

constexpr std::uint64_t kValidatorsPerCommitteeMax = 2048;
constexpr std::uint64_t kBlobsMax = 4096;
constexpr std::uint64_t kCellsPerBlob = 128;
constexpr std::size_t kBlobBytes = 131'072;
constexpr std::uint64_t kSyncSubnets = 4;

TypePtr u64() { return uint_of(8); }
TypePtr root() { return bytes_of(32); }
TypePtr key() { return bytes_of(48); }
TypePtr signature() { return bytes_of(96); }
TypePtr address() { return bytes_of(20); }

TypePtr signed_of(TypePtr message) { return container({{"message", std::move(message)}, {"signature", signature()}}); }

TypePtr checkpoint() { return container({{"epoch", u64()}, {"root", root()}}); }
TypePtr attestation_data() {
    return container(
        {{"slot", u64()}, {"index", u64()}, {"beacon_block_root", root()}, {"source", checkpoint()}, {"target", checkpoint()}});
}
TypePtr header() {
    return container(
        {{"slot", u64()}, {"proposer_index", u64()}, {"parent_root", root()}, {"state_root", root()}, {"body_root", root()}});
}
TypePtr eth1_data() { return container({{"deposit_root", root()}, {"deposit_count", u64()}, {"block_hash", root()}}); }
TypePtr deposit() {
    const TypePtr data =
        container({{"pubkey", key()}, {"withdrawal_credentials", root()}, {"amount", u64()}, {"signature", signature()}});
    return container({{"proof", vector_of(root(), 33)}, {"data", data}});
}
TypePtr proposer_slashing() {
    return container({{"signed_header_1", signed_of(header())}, {"signed_header_2", signed_of(header())}});
}
TypePtr voluntary_exit() { return signed_of(container({{"epoch", u64()}, {"validator_index", u64()}})); }
TypePtr bls_change() {
    return signed_of(container({{"validator_index", u64()}, {"from_bls_pubkey", key()}, {"to_execution_address", address()}}));
}
TypePtr withdrawal() {
    return container({{"index", u64()}, {"validator_index", u64()}, {"address", address()}, {"amount", u64()}});
}
TypePtr deposit_request() {
    return container({{"pubkey", key()},
                      {"withdrawal_credentials", root()},
                      {"amount", u64()},
                      {"signature", signature()},
                      {"index", u64()}});
}
TypePtr withdrawal_request() {
    return container({{"source_address", address()}, {"validator_pubkey", key()}, {"amount", u64()}});
}
TypePtr consolidation_request() {
    return container({{"source_address", address()}, {"source_pubkey", key()}, {"target_pubkey", key()}});
}
TypePtr builder_deposit_request() {
    return container({{"pubkey", key()}, {"withdrawal_credentials", root()}, {"amount", u64()}, {"signature", signature()}});
}
TypePtr builder_exit_request() { return container({{"source_address", address()}, {"pubkey", key()}}); }
TypePtr payload_attestation_data() {
    return container(
        {{"beacon_block_root", root()}, {"slot", u64()}, {"payload_present", boolean()}, {"blob_data_available", boolean()}});
}

// What is made in a fork's own way. From Gloas on lists have no limit of their own, and many containers are progressive.
class Maker {
public:
    Maker(ForkName fork, const BlockPreset& preset) : gloas_{fork >= ForkName::kGloas}, fork_{fork}, preset_{preset} {}

    BlockTypes make() const {
        BlockTypes types;
        types.attestation = attestation();
        types.aggregate_and_proof =
            container({{"aggregator_index", u64()}, {"aggregate", attestation()}, {"selection_proof", signature()}});
        types.signed_aggregate_and_proof = signed_of(types.aggregate_and_proof);
        types.sync_contribution = sync_contribution();
        types.contribution_and_proof = container(
            {{"aggregator_index", u64()}, {"contribution", types.sync_contribution}, {"selection_proof", signature()}});
        types.signed_contribution_and_proof = signed_of(types.contribution_and_proof);
        types.execution_payload = payload();
        types.block = block(gloas_ ? gloas_body() : body({"execution_payload", payload()}));
        types.signed_block = signed_of(types.block);
        gloas_ ? add_gloas(types) : add_before_gloas(types);
        return types;
    }

private:
    bool gloas_;
    ForkName fork_;
    BlockPreset preset_;

    [[nodiscard]] std::uint64_t limit(std::uint64_t before_gloas) const { return gloas_ ? kProgressive : before_gloas; }
    [[nodiscard]] TypePtr own(std::vector<Field> fields) const {
        return gloas_ ? schema::progressive_container(std::move(fields)) : container(std::move(fields));
    }
    [[nodiscard]] std::uint64_t attesters_max() const {
        return limit(kValidatorsPerCommitteeMax * preset_.committees_per_slot_max);
    }

    [[nodiscard]] TypePtr attestation() const {
        return own({{"aggregation_bits", bitlist(attesters_max())},
                    {"data", attestation_data()},
                    {"signature", signature()},
                    {"committee_bits", bitvector(preset_.committees_per_slot_max)}});
    }
    [[nodiscard]] TypePtr attester_slashing() const {
        const TypePtr indexed = own(
            {{"attesting_indices", list_of(u64(), attesters_max())}, {"data", attestation_data()}, {"signature", signature()}});
        return container({{"attestation_1", indexed}, {"attestation_2", indexed}});
    }
    [[nodiscard]] TypePtr sync_aggregate() const {
        return container(
            {{"sync_committee_bits", bitvector(preset_.sync_committee_size)}, {"sync_committee_signature", signature()}});
    }
    [[nodiscard]] TypePtr sync_contribution() const {
        return container({{"slot", u64()},
                          {"beacon_block_root", root()},
                          {"subcommittee_index", u64()},
                          {"aggregation_bits", bitvector(preset_.sync_committee_size / kSyncSubnets)},
                          {"signature", signature()}});
    }
    [[nodiscard]] TypePtr transactions() const { return list_of(byte_list(limit(1ULL << 30U)), limit(1ULL << 20U)); }
    [[nodiscard]] TypePtr withdrawals() const { return list_of(withdrawal(), limit(preset_.withdrawals_per_payload_max)); }
    [[nodiscard]] TypePtr commitments() const { return list_of(key(), limit(kBlobsMax)); }

    [[nodiscard]] static std::vector<Field> payload_head() {
        return {{"parent_hash", root()},   {"fee_recipient", address()},  {"state_root", root()},
                {"receipts_root", root()}, {"logs_bloom", bytes_of(256)}, {"prev_randao", root()},
                {"block_number", u64()},   {"gas_limit", u64()},          {"gas_used", u64()},
                {"timestamp", u64()},      {"extra_data", byte_list(32)}, {"base_fee_per_gas", uint_of(32)},
                {"block_hash", root()}};
    }
    [[nodiscard]] TypePtr payload() const {
        std::vector<Field> fields = payload_head();
        fields.push_back({"transactions", transactions()});
        fields.push_back({"withdrawals", withdrawals()});
        fields.push_back({"blob_gas_used", u64()});
        fields.push_back({"excess_blob_gas", u64()});
        if (gloas_) {
            fields.push_back({"block_access_list", byte_list(kProgressive)});
            fields.push_back({"slot_number", u64()});
        }
        return own(std::move(fields));
    }
    [[nodiscard]] static TypePtr payload_header() {
        std::vector<Field> fields = payload_head();
        fields.push_back({"transactions_root", root()});
        fields.push_back({"withdrawals_root", root()});
        fields.push_back({"blob_gas_used", u64()});
        fields.push_back({"excess_blob_gas", u64()});
        return container(std::move(fields));
    }
    [[nodiscard]] TypePtr requests() const {
        std::vector<Field> fields{{"deposits", list_of(deposit_request(), limit(8192))},
                                  {"withdrawals", list_of(withdrawal_request(), limit(16))},
                                  {"consolidations", list_of(consolidation_request(), limit(2))}};
        if (gloas_) {
            fields.push_back({"builder_deposits", list_of(builder_deposit_request(), kProgressive)});
            fields.push_back({"builder_exits", list_of(builder_exit_request(), kProgressive)});
        }
        return own(std::move(fields));
    }

    [[nodiscard]] std::vector<Field> body_head() const {
        return {{"randao_reveal", signature()},
                {"eth1_data", eth1_data()},
                {"graffiti", root()},
                {"proposer_slashings", list_of(proposer_slashing(), limit(16))},
                {"attester_slashings", list_of(attester_slashing(), limit(1))},
                {"attestations", list_of(attestation(), limit(8))},
                {"deposits", list_of(deposit(), limit(16))},
                {"voluntary_exits", list_of(voluntary_exit(), limit(16))},
                {"sync_aggregate", sync_aggregate()}};
    }
    [[nodiscard]] TypePtr body(Field payload_field) const {
        std::vector<Field> fields = body_head();
        fields.push_back(std::move(payload_field));
        fields.push_back({"bls_to_execution_changes", list_of(bls_change(), 16)});
        fields.push_back({"blob_kzg_commitments", commitments()});
        fields.push_back({"execution_requests", requests()});
        return own(std::move(fields));
    }
    [[nodiscard]] TypePtr bid() const {
        return own({{"parent_block_hash", root()},
                    {"parent_block_root", root()},
                    {"block_hash", root()},
                    {"prev_randao", root()},
                    {"fee_recipient", address()},
                    {"gas_limit", u64()},
                    {"builder_index", u64()},
                    {"slot", u64()},
                    {"value", u64()},
                    {"execution_payment", u64()},
                    {"blob_kzg_commitments", commitments()},
                    {"execution_requests_root", root()}});
    }
    [[nodiscard]] TypePtr payload_attestation() const {
        return own({{"aggregation_bits", bitvector(preset_.ptc_size)},
                    {"data", payload_attestation_data()},
                    {"signature", signature()}});
    }
    [[nodiscard]] TypePtr gloas_body() const {
        std::vector<Field> fields = body_head();
        fields.push_back({"bls_to_execution_changes", list_of(bls_change(), kProgressive)});
        fields.push_back({"signed_execution_payload_bid", signed_of(bid())});
        fields.push_back({"payload_attestations", list_of(payload_attestation(), kProgressive)});
        fields.push_back({"parent_execution_requests", requests()});
        return own(std::move(fields));
    }
    [[nodiscard]] static TypePtr block(TypePtr block_body) {
        return container({{"slot", u64()},
                          {"proposer_index", u64()},
                          {"parent_root", root()},
                          {"state_root", root()},
                          {"body", std::move(block_body)}});
    }

    // Limits as in Fulu: the API gives Gloas none of its own.
    [[nodiscard]] std::vector<Field> blobs_and_proofs() const {
        const std::uint64_t proofs = fork_ >= ForkName::kFulu ? kBlobsMax * kCellsPerBlob : kBlobsMax;
        return {{"kzg_proofs", list_of(key(), proofs)}, {"blobs", list_of(bytes_of(kBlobBytes), kBlobsMax)}};
    }
    void add_before_gloas(BlockTypes& types) const {
        types.execution_payload_header = payload_header();
        types.blinded_block = block(body({"execution_payload_header", payload_header()}));
        types.signed_blinded_block = signed_of(types.blinded_block);
        const std::vector<Field> blobs = blobs_and_proofs();
        types.block_contents = container({{"block", types.block}, blobs[0], blobs[1]});
        types.signed_block_contents = container({{"signed_block", types.signed_block}, blobs[0], blobs[1]});
    }
    void add_gloas(BlockTypes& types) const {
        types.execution_payload_bid = bid();
        types.signed_execution_payload_bid = signed_of(bid());
        types.execution_payload_envelope = own({{"payload", payload()},
                                                {"execution_requests", requests()},
                                                {"builder_index", u64()},
                                                {"beacon_block_root", root()},
                                                {"parent_beacon_block_root", root()}});
        types.signed_execution_payload_envelope = signed_of(types.execution_payload_envelope);
        const std::vector<Field> blobs = blobs_and_proofs();
        types.block_contents = container(
            {{"block", types.block}, {"execution_payload_envelope", types.execution_payload_envelope}, blobs[0], blobs[1]});
        types.signed_envelope_contents =
            container({{"signed_execution_payload_envelope", types.signed_execution_payload_envelope}, blobs[0], blobs[1]});
        types.payload_attestation = payload_attestation();
        types.payload_attestation_message =
            container({{"validator_index", u64()}, {"data", payload_attestation_data()}, {"signature", signature()}});
        types.proposer_preferences = container({{"dependent_root", root()},
                                                {"proposal_slot", u64()},
                                                {"validator_index", u64()},
                                                {"fee_recipient", address()},
                                                {"target_gas_limit", u64()}});
        types.signed_proposer_preferences = signed_of(types.proposer_preferences);
    }
};

}  // namespace

BlockTypes make_block_types(ForkName fork, const BlockPreset& preset) { return Maker{fork, preset}.make(); }

}  // namespace holdfast::ethereum
