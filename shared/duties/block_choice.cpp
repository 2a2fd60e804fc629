#include "shared/duties/block_choice.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace holdfast::duties {

using beacon::ProducedBlock;
using beacon::Wei;
using ethereum::ForkName;
using ethereum::schema::Part;

namespace {

constexpr std::uint64_t kSelfBuilt = ~std::uint64_t{0};  // BUILDER_INDEX_SELF_BUILD
constexpr std::uint64_t kWeiPerGwei = 1'000'000'000;
constexpr Wei kWeiMax = ~Wei{0};

Part field(const Part& container, std::initializer_list<std::string_view> path) {
    return ethereum::schema::find(*container.type, container.bytes, path);
}
bool is_gloas(const ProducedBlock& block) { return block.fork >= ForkName::kGloas; }
Part bid_of(const ProducedBlock& block) { return field(block.block(), {"body", "signed_execution_payload_bid", "message"}); }
Part envelope_of(const ProducedBlock& block) { return block.object.find({"execution_payload_envelope"}); }

Wei add(Wei a, Wei b) { return b > kWeiMax - a ? kWeiMax : a + b; }
Wei percent(Wei value, std::uint64_t factor) {
    if (factor != 0 && value / 100 > kWeiMax / factor) return kWeiMax;
    return add(value / 100 * factor, value % 100 * factor / 100);
}

// What a builder pays; 0 if the node made the payload.
Wei builder_payment(const ProducedBlock& block) {
    if (!is_from_builder(block)) return 0;
    return is_gloas(block) ? Wei{field(bid_of(block), {"value"}).as_uint()} * kWeiPerGwei : block.payload_value;
}
Wei without_builder(const ProducedBlock& block) {
    return is_from_builder(block) ? block.consensus_value : add(block.consensus_value, block.payload_value);
}

std::string differs(const char* what, const std::string& is, const std::string& expected) {
    return std::string{what} + " is " + is + ", expected " + expected;
}

// What would be wrong with a block whoever is paid and whatever it stands on; empty if nothing.
std::string wrong_in_block(const ProducedBlock& block, const BlockExpectation& expected) {
    if (block.fork != expected.fork) {
        return differs("the fork", std::string{to_string(block.fork)}, std::string{to_string(expected.fork)});
    }
    const Part message = block.block();
    const Slot slot{field(message, {"slot"}).as_uint()};
    if (slot != expected.slot) return differs("the slot", to_string(slot), to_string(expected.slot));
    const ValidatorIndex proposer{field(message, {"proposer_index"}).as_uint()};
    if (proposer != expected.proposer) return differs("the proposer", to_string(proposer), to_string(expected.proposer));
    if (field(message, {"body", "randao_reveal"}).as_bytes<Signature>() != expected.randao_reveal) {
        return "the RANDAO reveal is not ours";
    }
    if (block.blinded && !expected.use_builder) return "it is a builder's, and builders are not used";
    return {};
}

// From Gloas on: the payload that came with the block must be the one that its bid promises.
std::string wrong_in_envelope(const ProducedBlock& block) {
    const Part message = block.block();
    const Part bid = bid_of(block);
    const Part envelope = envelope_of(block);
    const auto root = [](const Part& part, std::initializer_list<std::string_view> path) {
        return field(part, path).as_bytes<Root>();
    };
    if (is_from_builder(block)) return "it has a payload of the node's own and a builder's bid";
    if (field(envelope, {"builder_index"}).as_uint() != kSelfBuilt) return "its payload is not the proposer's own";
    if (root(envelope, {"beacon_block_root"}) != hash_tree_root(*message.type, message.bytes)) {
        return "its payload belongs to another block";
    }
    if (root(envelope, {"parent_beacon_block_root"}) != root(message, {"parent_root"})) {
        return "its payload belongs to a block with another parent";
    }
    if (root(envelope, {"payload", "block_hash"}) != root(bid, {"block_hash"})) return "its payload is not the one of its bid";
    const Part requests = field(envelope, {"execution_requests"});
    if (hash_tree_root(*requests.type, requests.bytes) != root(bid, {"execution_requests_root"})) {
        return "its payload's requests are not those of its bid";
    }
    return {};
}

// Who is paid, where the block says so.
std::optional<Address> payee(const ProducedBlock& block) {
    if (is_gloas(block)) {
        if (is_from_builder(block)) return field(bid_of(block), {"fee_recipient"}).as_bytes<Address>();
        if (!block.with_contents) return std::nullopt;
        return field(envelope_of(block), {"payload", "fee_recipient"}).as_bytes<Address>();
    }
    if (block.blinded) return std::nullopt;
    return field(block.block(), {"body", "execution_payload", "fee_recipient"}).as_bytes<Address>();
}

Root parent_of(const ProducedBlock& block) { return field(block.block(), {"parent_root"}).as_bytes<Root>(); }

// -1: only if there is nothing else; 1: always.
int builder_preference(const ProducedBlock& block, const BlockExpectation& expected) {
    if (!is_from_builder(block)) return 0;
    if (!expected.use_builder || expected.builder_boost_factor == 0) return -1;
    return expected.builder_boost_factor == kBuilderAlways ? 1 : 0;
}

}  // namespace

bool is_from_builder(const ProducedBlock& block) {
    return is_gloas(block) ? field(bid_of(block), {"builder_index"}).as_uint() != kSelfBuilt : block.blinded;
}

Wei value_of(const ProducedBlock& block) { return add(without_builder(block), builder_payment(block)); }

BlockVerdict judge_block(const ProducedBlock& block, const BlockExpectation& expected) {
    std::string wrong = wrong_in_block(block, expected);
    if (wrong.empty() && is_gloas(block) && block.with_contents) wrong = wrong_in_envelope(block);
    if (!wrong.empty()) return {BlockFault::kWrong, wrong};
    const std::optional<Address> paid = payee(block);
    if (paid && expected.fee_recipient && *paid != *expected.fee_recipient) {
        return {BlockFault::kForeignPayee, "it pays " + to_hex(*paid) + " instead of " + to_hex(*expected.fee_recipient)};
    }
    const Root parent = parent_of(block);
    if (expected.known_head && !expected.known_head(parent)) {
        return {BlockFault::kUnknownParent, "no other node has announced its parent " + to_short_hex(parent) + " as head"};
    }
    if (is_gloas(block) && !is_from_builder(block) && !block.with_contents) {
        return {BlockFault::kNoPayload, "the node kept its payload"};
    }
    return {};
}

BlockVerdict BlockChoice::on_block(std::size_t node, ProducedBlock block) {
    if (open_ > 0) --open_;
    BlockVerdict verdict = judge_block(block, expected_);
    if (verdict.fault == BlockFault::kWrong) {
        note(node, verdict.detail);
    } else {
        usable_.push_back({node, std::move(block), verdict});
    }
    return verdict;
}

void BlockChoice::on_failure(std::size_t node, const Error& error) {
    if (open_ > 0) --open_;
    note(node, error.message);
}

void BlockChoice::note(std::size_t node, const std::string& why) { why_not_[node] = why; }

std::string BlockChoice::why_not() const {
    std::string all;
    for (const auto& [node, why] : why_not_) {
        all += (all.empty() ? "node " : "; node ") + std::to_string(node + 1) + ": " + why;
    }
    return all;
}

bool BlockChoice::decided(bool after_deadline) const { return open_ == 0 || (after_deadline && !usable_.empty()); }

std::optional<BlockChoice::Best> BlockChoice::take_best() {
    const auto rank = [this](const Best& one) {
        const Slot parent = expected_.known_head ? expected_.known_head(parent_of(one.block)).value_or(Slot{}) : Slot{};
        const Wei weighed =
            add(without_builder(one.block), percent(builder_payment(one.block), expected_.builder_boost_factor));
        const bool payload_here = !is_gloas(one.block) || one.block.with_contents;
        return std::tuple{
            -static_cast<int>(one.verdict.fault), parent, builder_preference(one.block, expected_), weighed, payload_here,
            -static_cast<std::int64_t>(one.node)};
    };
    const auto best = std::ranges::max_element(usable_, {}, rank);
    if (best == usable_.end()) return std::nullopt;
    std::optional<Best> taken{std::move(*best)};
    usable_.erase(best);
    return taken;
}

}  // namespace holdfast::duties
