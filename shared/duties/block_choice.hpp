// Which block: the rules of one proposal as a plain state machine. Blocks come in as nodes give them; those that must not be
// signed are refused with a sentence; the rest are weighed. Pure.
// In this order: nothing wrong with it; the newest parent; the builder wanted always or never; the most valuable (the builder's
// payment weighed with the boost factor); the payload came with it; the node's place in the configuration.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "shared/beacon/production_types.hpp"

namespace holdfast::duties {

// Of 100: a builder's payment counts as it is. 0: only if there is nothing else; the highest: always.
inline constexpr std::uint64_t kBuilderAlways = ~std::uint64_t{0};

struct BlockExpectation {
    Slot slot;
    ethereum::ForkName fork{};
    ValidatorIndex proposer;
    Signature randao_reveal;
    std::optional<Address> fee_recipient{};  // nothing: not looked at
    std::uint64_t builder_boost_factor{100};
    bool use_builder{false};
    std::function<std::optional<Slot>(const Root& block)> known_head{};  // its slot, if a node has announced it as its head
};

// From best to worst: kWrong is never signed, the others if there is nothing better.
enum class BlockFault { kNone, kNoPayload, kUnknownParent, kForeignPayee, kWrong };
struct BlockVerdict {
    BlockFault fault{BlockFault::kNone};
    std::string detail{};  // one sentence
};
// Slot, proposer, RANDAO, fork, parent; who is paid. Up to Fulu a builder's (blinded) block pays the builder: what it pays the
// proposer is in its value. From Gloas on a builder's bid says whom it pays, and a payload of the node's own comes with the
// block, as its bid promises it.
[[nodiscard]] BlockVerdict judge_block(const beacon::ProducedBlock& block, const BlockExpectation& expected);

// A builder made the payload, or promises it.
[[nodiscard]] bool is_from_builder(const beacon::ProducedBlock& block);
// What the proposer earns, with a builder's payment as it is: from Gloas on nobody says what a payload of the node's own is
// worth.
[[nodiscard]] beacon::Wei value_of(const beacon::ProducedBlock& block);

class BlockChoice {
public:
    explicit BlockChoice(BlockExpectation expected) : expected_{std::move(expected)} {}

    // So many nodes have been asked (once more).
    void on_asked(std::size_t nodes) { open_ += nodes; }
    // What to think of the node's answer; it is kept if it is usable.
    BlockVerdict on_block(std::size_t node, beacon::ProducedBlock block);
    void on_failure(std::size_t node, const Error& error);
    // Before the deadline: only when every node has answered. After it: as soon as there is any.
    [[nodiscard]] bool decided(bool after_deadline) const;
    [[nodiscard]] bool any_usable() const { return !usable_.empty(); }
    struct Best {
        std::size_t node{0};
        beacon::ProducedBlock block;
        BlockVerdict verdict;  // kNone, or why it is only second choice
    };
    // Takes it out; nothing if no block is usable.
    [[nodiscard]] std::optional<Best> take_best();
    // A sentence per node that gave none, or none to be used.
    [[nodiscard]] std::string why_not() const;

private:
    BlockExpectation expected_;
    std::size_t open_{0};
    std::vector<Best> usable_;
    std::map<std::size_t, std::string> why_not_;

    void note(std::size_t node, const std::string& why);
};

}  // namespace holdfast::duties
