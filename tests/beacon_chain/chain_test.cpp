#include "tests/beacon_chain/chain.hpp"

#include <gtest/gtest.h>

#include <set>

namespace holdfast::sim {
namespace {

ChainConfig small(std::uint64_t validators = 64) {
    ChainConfig config = config_of_preset("minimal").value();
    config.validators = validators;
    return config;
}

// Adds the votes of `slot` on `head`; of every `nth` validator only if asked.
void vote(Chain& chain, Pool& pool, const Block& head, Slot slot, std::uint32_t nth = 1) {
    const auto data = chain.attestation_data(head, slot);
    for (const std::uint32_t validator : chain.committees(head, data.target.epoch).attesters(slot)) {
        if (validator % nth == 0) pool.add(data, validator);
    }
}

const Block& extend(Chain& chain, Pool& pool, const Block& from, Slot last, std::uint32_t nth = 1) {
    const Block* head = &from;
    for (Slot slot = from.slot + 1; slot <= last; ++slot) {
        vote(chain, pool, *head, slot - 1, nth);
        head = &chain.add_block(*head, slot, pool);
    }
    return *head;
}

TEST(Committees, EveryValidatorAttestsExactlyOnceInAnEpoch) {
    for (const std::uint64_t validators : {4U, 64U, 101U, 1000U}) {
        const ChainConfig config = small(validators);
        const Committees committees{config, Epoch{3}, Root{{7}}};
        std::set<std::uint32_t> seen;
        for (Slot slot = config.first_slot(Epoch{3}); slot <= config.last_slot(Epoch{3}); ++slot) {
            const auto attesters = committees.attesters(slot);
            for (std::size_t place = 0; place < attesters.size(); ++place) {
                EXPECT_TRUE(seen.insert(attesters[place]).second);
                const Duty duty = committees.duty(ValidatorIndex{attesters[place]});
                EXPECT_EQ(duty.slot, slot);
                EXPECT_LT(duty.position, duty.committee_length);
                EXPECT_LT(duty.committee.value, duty.committees_at_slot);
            }
        }
        EXPECT_EQ(seen.size(), validators);
    }
}

TEST(Committees, AsManyAsTheSpecificationSays) {
    ChainConfig mainnet = config_of_preset("mainnet").value();
    const auto per_slot = [](ChainConfig config, std::uint64_t validators) {
        config.validators = validators;
        return Committees{config, Epoch{0}, Root{}}.per_slot();
    };
    EXPECT_EQ(per_slot(small(), 64), 2U);
    EXPECT_EQ(per_slot(small(), 10'000), 4U);
    EXPECT_EQ(per_slot(mainnet, 64), 1U);
    EXPECT_EQ(per_slot(mainnet, 10'000), 2U);
}

TEST(Committees, AnotherDependentRootIsAnotherShuffle) {
    const ChainConfig config = small();
    const Committees one{config, Epoch{3}, Root{{1}}};
    const Committees same{config, Epoch{3}, Root{{1}}};
    const Committees other{config, Epoch{3}, Root{{2}}};
    bool differs = false;
    for (std::uint64_t i = 0; i < config.validators; ++i) {
        EXPECT_EQ(one.duty(ValidatorIndex{i}).slot, same.duty(ValidatorIndex{i}).slot);
        differs = differs || one.duty(ValidatorIndex{i}).slot != other.duty(ValidatorIndex{i}).slot;
    }
    EXPECT_TRUE(differs);
}

TEST(Chain, JustifiesAndFinalisesWhenAllVote) {
    Chain chain{small()};
    Pool pool;
    const Block& third = extend(chain, pool, chain.genesis(), Slot{3 * 8});
    // Epochs 1 and 2 are justified at the end of epoch 2, and nothing before.
    EXPECT_EQ(third.state.finality.current_justified, chain.target(third, Epoch{2}));
    EXPECT_EQ(third.state.finality.previous_justified, (ethereum::Checkpoint{Epoch{0}, Root{}}));
    const Block& fourth = extend(chain, pool, third, Slot{4 * 8});
    EXPECT_EQ(fourth.state.finality.current_justified, chain.target(fourth, Epoch{3}));
    EXPECT_EQ(fourth.state.finality.finalized, chain.target(fourth, Epoch{2}));
    EXPECT_EQ(chain.attestation_data(fourth, Slot{4 * 8}).source, chain.target(fourth, Epoch{3}));
}

TEST(Chain, HalfTheVotesJustifyNothing) {
    Chain chain{small()};
    Pool pool;
    const Block& head = extend(chain, pool, chain.genesis(), Slot{5 * 8}, 2);
    EXPECT_EQ(head.state.finality.current_justified, (ethereum::Checkpoint{Epoch{0}, Root{}}));
    EXPECT_EQ(head.state.finality.finalized.epoch, Epoch{0});
}

TEST(Chain, SourceIsThatOfTheHeadsStateAdvancedToTheSlot) {
    Chain chain{small()};
    Pool pool;
    const Block& head = extend(chain, pool, chain.genesis(), Slot{3 * 8 - 1});
    EXPECT_EQ(chain.attestation_data(head, Slot{3 * 8 - 1}).source.epoch, Epoch{0});
    // The first slot of the next epoch, its block still missing: the edge has been crossed.
    const auto data = chain.attestation_data(head, Slot{3 * 8});
    EXPECT_EQ(data.source.epoch, Epoch{2});
    EXPECT_EQ(data.target, (ethereum::Checkpoint{Epoch{3}, head.root}));
    EXPECT_EQ(data.beacon_block_root, head.root);
}

TEST(Chain, DependentRootIsTheLastBlockBeforeThePreviousEpoch) {
    Chain chain{small()};
    Pool pool;
    const Block& head = extend(chain, pool, chain.genesis(), Slot{20});
    EXPECT_EQ(chain.dependent_root(head, Epoch{0}), chain.genesis().root);
    EXPECT_EQ(chain.dependent_root(head, Epoch{1}), chain.genesis().root);
    EXPECT_EQ(chain.dependent_root(head, Epoch{2}), chain.ancestor(head, Slot{7}).root);
    EXPECT_EQ(chain.dependent_root(head, Epoch{3}), chain.ancestor(head, Slot{15}).root);
    // Slot 7 empty: the block before it stands for it.
    const Block& sixth = chain.ancestor(head, Slot{6});
    const Block& branch = chain.add_block(sixth, Slot{21}, pool);
    EXPECT_EQ(chain.dependent_root(branch, Epoch{2}), sixth.root);
}

TEST(Chain, ReorganisationOverTheEpochEdgeChangesTheDutiesOfTheNextEpoch) {
    Chain chain{small()};
    Pool pool;
    const Block& old_head = extend(chain, pool, chain.genesis(), Slot{16});
    const Block& new_head = chain.add_block(chain.ancestor(old_head, Slot{14}), Slot{17}, pool);
    EXPECT_EQ(chain.dependent_root(old_head, Epoch{2}), chain.dependent_root(new_head, Epoch{2}));
    EXPECT_NE(chain.dependent_root(old_head, Epoch{3}), chain.dependent_root(new_head, Epoch{3}));
    EXPECT_NE(chain.target(old_head, Epoch{2}), chain.target(new_head, Epoch{2}));
    bool differs = false;
    for (std::uint64_t i = 0; i < 64; ++i) {
        differs = differs || chain.committees(old_head, Epoch{3}).duty(ValidatorIndex{i}).slot !=
                                 chain.committees(new_head, Epoch{3}).duty(ValidatorIndex{i}).slot;
    }
    EXPECT_TRUE(differs);
}

TEST(Chain, ABranchIncludesAgainWhatTheOrphanedBlockHadIncluded) {
    Chain chain{small()};
    Pool pool;
    const Block& fifth = extend(chain, pool, chain.genesis(), Slot{5});
    vote(chain, pool, fifth, Slot{5});
    const Block& orphaned = chain.add_block(fifth, Slot{6}, pool);
    const Block& winner = chain.add_block(fifth, Slot{7}, pool);
    for (const std::uint32_t validator : chain.committees(fifth, Epoch{0}).attesters(Slot{5})) {
        EXPECT_EQ((*orphaned.state.current)[validator].distance, 1);
        EXPECT_EQ((*winner.state.current)[validator].distance, 2);
    }
}

TEST(Chain, ForgetsVotesOfOldBlocksOnly) {
    Chain chain{small()};
    Pool pool;
    const Block& head = extend(chain, pool, chain.genesis(), Slot{60});
    EXPECT_EQ(chain.genesis().state.current, nullptr);
    EXPECT_NE(chain.ancestor(head, Slot{40}).state.current, nullptr);
}

TEST(ChainConfig, ForksInForce) {
    ChainConfig config = small();
    EXPECT_EQ(fork_at(config, Epoch{100}).name, "electra");
    config.fulu_epoch = Epoch{2};
    EXPECT_EQ(fork_at(config, Epoch{1}).name, "electra");
    EXPECT_EQ(fork_at(config, Epoch{2}).name, "fulu");
    EXPECT_FALSE(config_of_preset("gnosis"));
}

}  // namespace
}  // namespace holdfast::sim
