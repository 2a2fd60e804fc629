#include "shared/beacon/production_decode.hpp"

#include <array>
#include <bit>
#include <limits>
#include <optional>
#include <string>

#include "shared/beacon/decode_parts.hpp"
#include "shared/beacon/http_link.hpp"
#include "shared/beacon/ssz_json.hpp"

namespace holdfast::beacon {
namespace {

using ethereum::BlockTypes;
using ethereum::ForkName;
using ethereum::schema::Object;
using ethereum::schema::Part;
using ethereum::schema::TypePtr;

constexpr std::size_t kTextMax = 200;

Error wrong(std::string what) { return failure(ErrorCode::kMalformed, std::move(what)); }

// An answer of either form: what stands in headers in one is a member in the other.
class Answer {
public:
    static Result<Answer> read(const net::HttpResponse& response) {
        Answer answer{response};
        if (answer.ssz_) return answer;
        HOLDFAST_TRY(answer.root_, parse_json_object(response.body));
        HOLDFAST_TRY(refuse_optimistic(answer.root_));
        return answer;
    }

    // The object of the answer, checked.
    [[nodiscard]] Result<Object> object(TypePtr type) const {
        if (ssz_) return Object::make(std::move(type), {response_->body.begin(), response_->body.end()});
        HOLDFAST_TRY(const Json::Value* data, object_field(root_, "data"));
        Result<ethereum::ssz::Bytes> bytes = encode_json(*type, *data);
        if (!bytes) return with_context("data", std::move(bytes).error());
        return Object{std::move(type), std::move(bytes).value()};
    }

    // A member, or the header where there is none.
    [[nodiscard]] Result<std::optional<std::string_view>> text(const char* member, const char* header) const {
        if (!ssz_ && root_.isMember(member)) {
            HOLDFAST_TRY(const std::string_view said, string_field(root_, member, kTextMax));
            return std::optional{said};
        }
        return net::find_header(response_->headers, header);
    }
    // Nothing said: false.
    [[nodiscard]] Result<bool> flag(const char* member, const char* header) const {
        if (!ssz_ && root_.isMember(member)) return bool_field(root_, member);
        const auto said = net::find_header(response_->headers, header);
        if (!said || *said == "false") return false;
        if (*said == "true") return true;
        return wrong("header '" + std::string{header} + "' is neither true nor false");
    }
    [[nodiscard]] Result<ForkName> fork() const {
        HOLDFAST_TRY(const std::optional<std::string_view> said, text("version", "eth-consensus-version"));
        if (!said) return wrong("the answer names no fork");
        for (const ForkName fork : {ForkName::kElectra, ForkName::kFulu, ForkName::kGloas}) {
            if (*said == ethereum::to_string(fork)) return fork;
        }
        return wrong("the fork '" + printable(*said) + "' is not one that we know");
    }
    // Nothing said, or an empty text: 0.
    [[nodiscard]] Result<Wei> value(const char* member, const char* header) const {
        HOLDFAST_TRY(const std::optional<std::string_view> said, text(member, header));
        Wei wei = 0;
        for (const char digit : said.value_or("")) {
            if (digit < '0' || digit > '9') return wrong("field '" + std::string{member} + "' is not a decimal number");
            const auto last = static_cast<unsigned>(digit - '0');
            if (wei > (~Wei{0} - last) / 10) return wrong("field '" + std::string{member} + "' is too large");
            wei = wei * 10 + last;
        }
        return wei;
    }

private:
    explicit Answer(const net::HttpResponse& response) : response_{&response}, ssz_{is_ssz(response)} {}

    const net::HttpResponse* response_;
    bool ssz_;
    Json::Value root_;
};

Result<void> expect_slot(const Part& found, Slot slot) {
    if (found.as_uint() == slot.value) return success();
    return wrong("it is of slot " + std::to_string(found.as_uint()) + " instead of " + to_string(slot));
}

std::size_t count_bits(const Part& bits) {
    std::size_t count = 0;
    for (const std::uint8_t byte : bits.bytes) count += static_cast<std::size_t>(std::popcount(byte));
    return count;
}

TypePtr type_of_block(const BlockTypes& types, const ProducedBlock& block) {
    if (block.blinded) return types.blinded_block;
    return block.with_contents ? types.block_contents : types.block;
}

}  // namespace

Result<ProducedBlock> decode_produced_block(const net::HttpResponse& response, const BlockRequest& request,
                                            const ethereum::TypeTable& types) {
    HOLDFAST_TRY(const Answer answer, Answer::read(response));
    ProducedBlock block;
    HOLDFAST_TRY(block.fork, answer.fork());
    if (block.fork != request.fork) {
        return wrong("the block is of fork " + std::string{to_string(block.fork)} + " instead of " +
                     std::string{to_string(request.fork)});
    }
    if (block.fork >= ForkName::kGloas) {
        HOLDFAST_TRY(block.with_contents, answer.flag("execution_payload_included", "eth-execution-payload-included"));
    } else {
        HOLDFAST_TRY(block.blinded, answer.flag("execution_payload_blinded", "eth-execution-payload-blinded"));
        HOLDFAST_TRY(block.payload_value, answer.value("execution_payload_value", "eth-execution-payload-value"));
        block.with_contents = !block.blinded;
    }
    HOLDFAST_TRY(block.consensus_value, answer.value("consensus_block_value", "eth-consensus-block-value"));
    HOLDFAST_TRY(block.object, answer.object(type_of_block(types.of(block.fork), block)));
    const Part found = block.block();
    HOLDFAST_TRY(expect_slot(ethereum::schema::find(*found.type, found.bytes, {"slot"}), request.slot));
    return block;
}

Result<ChainBlock> decode_chain_block(const net::HttpResponse& response, const ethereum::TypeTable& types) {
    HOLDFAST_TRY(const Answer answer, Answer::read(response));
    ChainBlock block;
    HOLDFAST_TRY(block.fork, answer.fork());
    HOLDFAST_TRY(block.object, answer.object(types.of(block.fork).signed_block));
    return block;
}

Result<Aggregate> decode_aggregate(const net::HttpResponse& response, CommitteeIndex committee, const Root& data_root,
                                   const ethereum::TypeTable& types) {
    HOLDFAST_TRY(const Answer answer, Answer::read(response));
    Aggregate aggregate;
    HOLDFAST_TRY(aggregate.fork, answer.fork());
    HOLDFAST_TRY(aggregate.object, answer.object(types.of(aggregate.fork).attestation));
    const Part data = aggregate.object.find({"data"});
    if (hash_tree_root(*data.type, data.bytes) != data_root) return wrong("the aggregate is of other attestation data");
    const Part committees = aggregate.object.find({"committee_bits"});
    const std::uint64_t byte = committee.value / 8;
    const bool of_committee =
        byte < committees.bytes.size() && (unsigned{committees.bytes[byte]} >> (committee.value % 8) & 1U) != 0;
    if (!of_committee || count_bits(committees) != 1) return wrong("the aggregate is not of the committee alone");
    // The last bit that is set marks the end of the list.
    aggregate.votes = count_bits(aggregate.object.find({"aggregation_bits"})) - 1;
    return aggregate;
}

Result<SyncContribution> decode_contribution(const net::HttpResponse& response, Slot slot, std::uint64_t subcommittee,
                                             const Root& block, const ethereum::TypeTable& types) {
    HOLDFAST_TRY(const Answer answer, Answer::read(response));
    SyncContribution contribution;
    HOLDFAST_TRY(contribution.object, answer.object(types.of(ForkName::kElectra).sync_contribution));
    HOLDFAST_TRY(expect_slot(contribution.object.find({"slot"}), slot));
    if (contribution.object.find({"subcommittee_index"}).as_uint() != subcommittee) {
        return wrong("the contribution is of another subcommittee");
    }
    if (contribution.object.find({"beacon_block_root"}).as_bytes<Root>() != block) {
        return wrong("the contribution is of another block");
    }
    contribution.votes = count_bits(contribution.object.find({"aggregation_bits"}));
    return contribution;
}

Result<ethereum::PayloadAttestationData> decode_payload_attestation_data(const net::HttpResponse& response, Slot slot) {
    if (response.status == 204) return failure(ErrorCode::kNotFound, "the node has seen no block of slot " + to_string(slot));
    ethereum::PayloadAttestationData data;
    if (is_ssz(response)) {
        const ethereum::ssz::Bytes bytes{response.body.begin(), response.body.end()};
        HOLDFAST_TRY(data, ethereum::ssz::deserialize<ethereum::PayloadAttestationData>(bytes));
    } else {
        HOLDFAST_TRY(const Json::Value root, parse_json_object(response.body));
        HOLDFAST_TRY(refuse_optimistic(root));
        HOLDFAST_TRY(const Json::Value* value, object_field(root, "data"));
        HOLDFAST_TRY(data.beacon_block_root, bytes_field<Root>(*value, "beacon_block_root"));
        HOLDFAST_TRY(data.slot, slot_field(*value, "slot"));
        HOLDFAST_TRY(data.payload_present, bool_field(*value, "payload_present"));
        HOLDFAST_TRY(data.blob_data_available, bool_field(*value, "blob_data_available"));
    }
    if (data.slot != slot) return wrong("it is of slot " + to_string(data.slot) + " instead of " + to_string(slot));
    return data;
}

}  // namespace holdfast::beacon
