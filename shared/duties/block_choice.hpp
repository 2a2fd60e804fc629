// Which block: the rules of one proposal as a plain state machine. Blocks come in as nodes give them; those that must not be
// signed are refused with a sentence; the rest are weighed, the builder's with the boost factor. Pure.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "shared/beacon/production_types.hpp"

namespace holdfast::duties {

struct BlockExpectation {
    Slot slot;
    ethereum::ForkName fork{};
    ValidatorIndex proposer;
    Signature randao_reveal;
    std::optional<Address> fee_recipient;  // nothing: not looked at
    std::uint64_t builder_boost_factor{100};
    bool use_builder{false};
    std::function<bool(const Root& block)> known_head;
};

// What is wrong with a block; kForeignPayee and kUnknownParent are used if there is nothing else.
enum class BlockFault { kNone, kForeignPayee, kUnknownParent, kWrong };
struct BlockVerdict {
    BlockFault fault{BlockFault::kNone};
    std::string detail;  // one sentence
};
// Slot, proposer, RANDAO, fork, parent; the payee of a payload that the node made (a builder's blinded block pays the builder:
// what it pays the proposer is in its value).
[[nodiscard]] BlockVerdict judge_block(const beacon::ProducedBlock& block, const BlockExpectation& expected);

class BlockChoice {
public:
    BlockChoice(BlockExpectation expected, std::size_t asked) : expected_{std::move(expected)}, open_{asked} {}

    // What to think of the node's answer; it is kept if it is usable.
    BlockVerdict on_block(std::size_t node, beacon::ProducedBlock block);
    void on_failure(std::size_t node, const Error& error);
    // Before the deadline: only when every node has answered. After it: as soon as there is any.
    [[nodiscard]] bool decided(bool after_deadline) const;
    struct Best {
        std::size_t node{0};
        beacon::ProducedBlock block;
        BlockVerdict verdict;  // kNone, or why it is only second choice
    };
    // Takes it out; nothing if no block is usable.
    [[nodiscard]] std::optional<Best> take_best();
    // A sentence per node that gave none, or none to be used.
    [[nodiscard]] const std::string& why_not() const { return why_not_; }

private:
    BlockExpectation expected_;
    std::size_t open_;
    std::vector<Best> usable_;
    std::string why_not_;
};

}  // namespace holdfast::duties
