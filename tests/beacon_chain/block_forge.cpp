#include "tests/beacon_chain/block_forge.hpp"

#include <array>
#include <map>
#include <string>

#include "tests/beacon_chain/digest.hpp"

namespace holdfast::sim {
namespace {

using ethereum::schema::has_field;
using ethereum::schema::type_of;
using Fields = std::map<std::string, Bytes>;

constexpr std::uint64_t kSelfBuild = ~std::uint64_t{0};  // BUILDER_INDEX_SELF_BUILD
constexpr std::uint64_t kSomeBuilder = 7;

Bytes made_up(const char* what, const BlockDraft& draft) {
    return bytes_of(digest(what, {draft.slot.value, draft.flavour}, draft.parent));
}

Bytes payload(const Type& type, const BlockDraft& draft) {
    Fields fields{{"parent_hash", made_up("parent hash", draft)},
                  {"fee_recipient", bytes_of(draft.payee)},
                  {"state_root", made_up("execution state", draft)},
                  {"prev_randao", made_up("randao", draft)},
                  {"block_number", number(draft.slot.value)},
                  {"gas_limit", number(draft.gas_limit)},
                  {"timestamp", number(draft.timestamp)},
                  {"extra_data", Bytes{'n', static_cast<std::uint8_t>('0' + draft.flavour % 10)}},
                  {"block_hash", made_up("block hash", draft)}};
    if (has_field(type, "slot_number")) fields["slot_number"] = number(draft.slot.value);
    return container(type, fields);
}

Fields body_head(const Type& body, const BlockDraft& draft) {
    const Type& aggregate = *type_of(body, "sync_aggregate");
    return {{"randao_reveal", bytes_of(draft.randao_reveal)},
            {"graffiti", bytes_of(draft.graffiti)},
            {"attestations", list_of(*type_of(body, "attestations"), draft.attestations)},
            {"sync_aggregate", container(aggregate, {{"sync_committee_bits", bit_vector(draft.sync_bits)},
                                                     {"sync_committee_signature", bytes_of(no_signature())}})}};
}

Bytes bid(const Type& signed_bid, const BlockDraft& draft, const Root& requests_root) {
    const Type& message = *type_of(signed_bid, "message");
    const Fields fields{{"parent_block_hash", made_up("parent hash", draft)},
                        {"parent_block_root", bytes_of(draft.parent)},
                        {"block_hash", made_up("block hash", draft)},
                        {"prev_randao", made_up("randao", draft)},
                        {"fee_recipient", bytes_of(draft.payee)},
                        {"gas_limit", number(draft.gas_limit)},
                        {"builder_index", number(draft.by_builder ? kSomeBuilder : kSelfBuild)},
                        {"slot", number(draft.slot.value)},
                        {"value", number(draft.by_builder ? 1'000'000 : 0)},
                        {"execution_requests_root", bytes_of(requests_root)}};
    return container(signed_bid, {{"message", container(message, fields)}, {"signature", bytes_of(no_signature())}});
}

Bytes whole(const Type& block, const BlockDraft& draft, const Bytes& body) {
    return container(block, {{"slot", number(draft.slot.value)},
                             {"proposer_index", number(draft.proposer.value)},
                             {"parent_root", bytes_of(draft.parent)},
                             {"state_root", made_up("state", draft)},
                             {"body", body}});
}

Object envelope_of(const ethereum::BlockTypes& types, const BlockDraft& draft, const Object& block) {
    const Type& type = *types.execution_payload_envelope;
    return {types.execution_payload_envelope, container(type, {{"payload", payload(*types.execution_payload, draft)},
                                                               {"builder_index", number(kSelfBuild)},
                                                               {"beacon_block_root", bytes_of(block.root())},
                                                               {"parent_beacon_block_root", bytes_of(draft.parent)}})};
}

}  // namespace

Signature no_signature() { return Signature{{0xC0}}; }

Forged forge(const ethereum::BlockTypes& types, const BlockDraft& draft) {
    const Type& body = *type_of(*types.block, "body");
    Fields fields = body_head(body, draft);
    const bool gloas = types.execution_payload_envelope != nullptr;
    if (gloas) {
        const Type& requests = *type_of(*types.execution_payload_envelope, "execution_requests");
        const Root root = hash_tree_root(requests, blank(requests));
        fields["signed_execution_payload_bid"] = bid(*type_of(body, "signed_execution_payload_bid"), draft, root);
    } else {
        fields["execution_payload"] = payload(*types.execution_payload, draft);
    }
    Forged forged{{types.block, whole(*types.block, draft, container(body, fields))}, std::nullopt};
    if (gloas && !draft.by_builder) forged.envelope = envelope_of(types, draft, forged.block);
    return forged;
}

Object blinded(const ethereum::BlockTypes& types, const Object& block) {
    const Part full = block.find({"body", "execution_payload"});
    Fields header;
    for (const auto& field : types.execution_payload_header->fields) {
        const std::string& name = field.name;
        const std::string list = name == "transactions_root" ? "transactions" : name == "withdrawals_root" ? "withdrawals" : "";
        if (list.empty()) {
            header[name] = copy(find(*full.type, full.bytes, {name}));
        } else {
            const Part part = find(*full.type, full.bytes, {list});
            header[name] = bytes_of(hash_tree_root(*part.type, part.bytes));
        }
    }
    const Part body = block.find({"body"});
    const Type& blinded_body = *type_of(*types.blinded_block, "body");
    Fields fields{{"execution_payload_header", container(*types.execution_payload_header, header)}};
    for (const auto& field : body.type->fields) {
        if (field.name != "execution_payload") fields[field.name] = copy(find(*body.type, body.bytes, {field.name}));
    }
    Fields outer{{"body", container(blinded_body, fields)}};
    for (const char* name : {"slot", "proposer_index", "parent_root", "state_root"}) outer[name] = copy(block.find({name}));
    return {types.blinded_block, container(*types.blinded_block, outer)};
}

Object contents(const ethereum::BlockTypes& types, const Forged& forged) {
    Fields fields{{"block", forged.block.bytes}};
    if (forged.envelope) fields["execution_payload_envelope"] = forged.envelope->bytes;
    return {types.block_contents, container(*types.block_contents, fields)};
}

Bytes attestation(const Type& type, const Committees& committees, const ethereum::AttestationData& data,
                  const std::vector<std::uint32_t>& validators, const Signature& signature) {
    std::map<std::uint64_t, std::vector<bool>> by_committee;
    for (const std::uint32_t validator : validators) {
        const Duty duty = committees.duty(ValidatorIndex{validator});
        std::vector<bool>& bits = by_committee[duty.committee.value];
        bits.resize(duty.committee_length);
        bits[duty.position] = true;
    }
    std::vector<bool> present(type_of(type, "committee_bits")->limit);
    std::vector<bool> all;
    for (const auto& [committee, bits] : by_committee) {
        present[committee] = true;
        all.insert(all.end(), bits.begin(), bits.end());
    }
    return container(type, {{"aggregation_bits", bit_list(all)},
                            {"data", encoding(data)},
                            {"signature", bytes_of(signature)},
                            {"committee_bits", bit_vector(present)}});
}

}  // namespace holdfast::sim
