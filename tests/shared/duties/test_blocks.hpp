// Blocks as nodes give them, for tests: the default value of a fork's type with the few fields that are looked at.
#pragma once

#include <utility>

#include "shared/beacon/production_types.hpp"
#include "shared/ethereum/block_types.hpp"
#include "tests/shared/ethereum/default_object.hpp"

namespace holdfast::duties::testing {

inline constexpr std::uint64_t kSelfBuilt = ~std::uint64_t{0};
inline constexpr beacon::Wei kGwei = 1'000'000'000;

inline Address address(std::uint8_t number) {
    Address result;
    result.bytes.fill(number);
    return result;
}
inline Root root_of(std::uint8_t number) {
    Root result;
    result.bytes.fill(number);
    return result;
}

struct BlockPlan {
    ethereum::ForkName fork{ethereum::ForkName::kFulu};
    Slot slot{7};
    ValidatorIndex proposer{3};
    Signature randao{};
    Root parent{root_of(0xAA)};
    Address payee{address(0x11)};
    bool blinded{false};
    bool with_contents{true};
    std::uint64_t consensus_gwei{10};
    std::uint64_t payload_gwei{0};
    std::uint64_t builder_index{kSelfBuilt};  // from Gloas on
    std::uint64_t bid_gwei{0};
    Root block_hash{root_of(0xBB)};
};

inline ethereum::schema::Object bare_block(const BlockPlan& plan, const ethereum::BlockTypes& types) {
    using namespace ethereum::schema;
    Object block = default_object(plan.blinded ? types.blinded_block : types.block);
    put_uint(block, {"slot"}, plan.slot.value);
    put_uint(block, {"proposer_index"}, plan.proposer.value);
    put_bytes(block, {"parent_root"}, plan.parent.bytes);
    put_bytes(block, {"body", "randao_reveal"}, plan.randao.bytes);
    if (plan.fork >= ethereum::ForkName::kGloas) {
        const Object requests = default_object(type_of(*types.execution_payload_envelope, "execution_requests"));
        put_bytes(block, {"body", "signed_execution_payload_bid", "message", "fee_recipient"}, plan.payee.bytes);
        put_uint(block, {"body", "signed_execution_payload_bid", "message", "builder_index"}, plan.builder_index);
        put_uint(block, {"body", "signed_execution_payload_bid", "message", "value"}, plan.bid_gwei);
        put_bytes(block, {"body", "signed_execution_payload_bid", "message", "block_hash"}, plan.block_hash.bytes);
        put_bytes(block, {"body", "signed_execution_payload_bid", "message", "execution_requests_root"}, requests.root().bytes);
    } else {
        const char* payload = plan.blinded ? "execution_payload_header" : "execution_payload";
        put_bytes(block, {"body", payload, "fee_recipient"}, plan.payee.bytes);
    }
    return block;
}

inline ethereum::schema::Object envelope_for(const BlockPlan& plan, const ethereum::schema::Object& block,
                                             const ethereum::BlockTypes& types) {
    using namespace ethereum::schema;
    Object envelope = default_object(types.execution_payload_envelope);
    put_bytes(envelope, {"payload", "fee_recipient"}, plan.payee.bytes);
    put_bytes(envelope, {"payload", "block_hash"}, plan.block_hash.bytes);
    put_uint(envelope, {"builder_index"}, kSelfBuilt);
    put_bytes(envelope, {"beacon_block_root"}, block.root().bytes);
    put_bytes(envelope, {"parent_beacon_block_root"}, plan.parent.bytes);
    return envelope;
}

// With one blob and one proof, where there are contents.
inline beacon::ProducedBlock make_block(const BlockPlan& plan, const ethereum::BlockPreset& preset = ethereum::kMinimalPreset) {
    using namespace ethereum::schema;
    const ethereum::BlockTypes types = ethereum::make_block_types(plan.fork, preset);
    beacon::ProducedBlock made;
    made.fork = plan.fork;
    made.blinded = plan.blinded;
    made.with_contents = plan.with_contents && !plan.blinded;
    made.consensus_value = plan.consensus_gwei * kGwei;
    made.payload_value = plan.payload_gwei * kGwei;
    Object block = bare_block(plan, types);
    const std::vector<std::uint8_t> proof(48, 0x77);
    const std::vector<std::uint8_t> blob(131'072, 0x55);
    if (!made.with_contents) {
        made.object = std::move(block);
    } else if (plan.fork >= ethereum::ForkName::kGloas) {
        const Object envelope = envelope_for(plan, block, types);
        made.object = assemble(types.block_contents, {block.bytes, envelope.bytes, proof, blob});
    } else {
        made.object = assemble(types.block_contents, {block.bytes, proof, blob});
    }
    return made;
}

}  // namespace holdfast::duties::testing
