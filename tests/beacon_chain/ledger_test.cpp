#include "tests/beacon_chain/ledger.hpp"

#include <gtest/gtest.h>

namespace holdfast::sim {
namespace {

using ethereum::AttestationData;
using ethereum::SingleAttestation;

class LedgerTest : public testing::Test {
protected:
    LedgerTest()
        : chain{[] {
              ChainConfig config = config_of_preset("minimal").value();
              config.validators = 64;
              return config;
          }()} {}

    SingleAttestation vote_of(std::uint32_t validator, const Block& on, Epoch epoch) {
        const Duty duty = chain.committees(on, epoch).duty(ValidatorIndex{validator});
        return {duty.committee, ValidatorIndex{validator}, chain.attestation_data(on, duty.slot), Signature{{1}}};
    }
    std::uint32_t someone(Slot slot) { return chain.committees(*head, chain.config().epoch_of(slot)).attesters(slot)[0]; }
    void receive(const SingleAttestation& attestation, bool valid = true) {
        if (ledger.first_time(attestation)) ledger.take(attestation, valid, now);
    }
    // Everyone but `silent` votes in each slot, and the next block follows.
    void run_to(Slot last, std::uint32_t silent = ~0U) {
        for (; now < last; ++now) {
            for (const std::uint32_t validator : chain.committees(*head, chain.config().epoch_of(now)).attesters(now)) {
                if (validator != silent) receive(vote_of(validator, *head, chain.config().epoch_of(now)));
            }
            head = &chain.add_block(*head, now + 1, ledger.pool());
            ledger.head_is(*head);
        }
    }
    std::uint64_t dropped(const std::string& reason) {
        const auto found = ledger.dropped().find(reason);
        return found == ledger.dropped().end() ? 0 : found->second;
    }

    Chain chain;
    Ledger ledger{chain, {0, 64}, {}};
    const Block* head{&chain.genesis()};
    Slot now{0};
};

TEST_F(LedgerTest, APerfectEpochHasAPerfectScore) {
    run_to(Slot{7});
    EXPECT_TRUE(ledger.score(true)["epochs"].empty());
    run_to(Slot{8});
    EXPECT_TRUE(ledger.score(true)["epochs"].empty());
    EXPECT_EQ(ledger.score(false)["epochs"].size(), 2U);
    run_to(Slot{9});
    const Json::Value score = ledger.score(true);
    ASSERT_EQ(score["epochs"].size(), 1U);
    const Json::Value& epoch = score["epochs"][0];
    for (const char* figure : {"duties", "included", "right_source", "right_target", "right_head"})
        EXPECT_EQ(epoch[figure].asUInt(), 64U);
    EXPECT_EQ(epoch["distance_max"].asUInt(), 1U);
    EXPECT_TRUE(epoch["missed"].empty());
    EXPECT_EQ(score["slashable_pairs"].asUInt(), 0U);
    run_to(Slot{60});
    EXPECT_EQ(ledger.score(true)["total"]["included"].asUInt(), 7 * 64U);
}

TEST_F(LedgerTest, TheSilentValidatorIsNamed) {
    run_to(Slot{30}, 17);
    for (const Json::Value& epoch : ledger.score(true)["epochs"]) {
        EXPECT_EQ(epoch["included"].asUInt(), 63U);
        ASSERT_EQ(epoch["missed"].size(), 1U);
        EXPECT_EQ(epoch["missed"][0]["validator"].asUInt(), 17U);
        EXPECT_EQ(epoch["missed"][0]["why"].asString(), "never received");
    }
}

TEST_F(LedgerTest, EachFaultIsDroppedWithItsReason) {
    run_to(Slot{18});
    const std::uint32_t who = someone(Slot{18});
    const SingleAttestation good = vote_of(who, *head, Epoch{2});
    const auto with = [&](auto change) {
        SingleAttestation bad = good;
        change(bad);
        receive(bad);
    };
    receive(good, false);
    EXPECT_EQ(dropped("invalid signature"), 1U);
    with([](auto& a) { a.attester_index = ValidatorIndex{9999}; });
    EXPECT_EQ(dropped("unknown validator"), 1U);
    with([](auto& a) { a.committee_index = CommitteeIndex{a.committee_index.value ^ 1U}; });
    EXPECT_EQ(dropped("wrong committee"), 1U);
    with([](auto& a) { a.data.index = CommitteeIndex{1}; });
    EXPECT_EQ(dropped("data index is not 0"), 1U);
    with([](auto& a) { a.data.target.epoch = Epoch{1}; });
    EXPECT_EQ(dropped("target epoch is not the slot's"), 1U);
    with([](auto& a) { a.data.target.root = Root{{5}}; });
    EXPECT_EQ(dropped("wrong target"), 1U);
    with([](auto& a) { a.data.beacon_block_root = Root{{5}}; });
    EXPECT_EQ(dropped("unknown head block"), 1U);
    with([](auto& a) { a.data.slot = Slot{19}; });
    EXPECT_EQ(dropped("slot is in the future"), 1U);
    now = Slot{19};
    with([](auto& a) {
        a.data.slot = Slot{19};
        a.signature = Signature{{2}};
    });
    EXPECT_EQ(dropped("wrong slot for this validator"), 1U);
}

TEST_F(LedgerTest, AWrongSourceIsNeverIncluded) {
    run_to(Slot{26});
    const std::uint32_t who = someone(Slot{26});
    SingleAttestation bad = vote_of(who, *head, Epoch{3});
    bad.data.source = {Epoch{1}, Root{{1}}};
    receive(bad);
    run_to(Slot{40}, who);
    const Json::Value missed = ledger.score(true)["epochs"][3]["missed"];
    ASSERT_EQ(missed.size(), 1U);
    EXPECT_EQ(missed[0]["why"].asString(), "wrong source");
}

TEST_F(LedgerTest, TheSameAttestationFromSeveralNodesCountsOnce) {
    run_to(Slot{3});
    const SingleAttestation vote = vote_of(someone(Slot{3}), *head, Epoch{0});
    EXPECT_TRUE(ledger.first_time(vote));
    EXPECT_FALSE(ledger.first_time(vote));
}

TEST_F(LedgerTest, ALateVoteIsIncludedWithItsDistance) {
    run_to(Slot{3});
    const std::uint32_t who = someone(Slot{3});
    const SingleAttestation late = vote_of(who, *head, Epoch{0});
    run_to(Slot{5}, who);
    receive(late);
    run_to(Slot{9});
    const Json::Value epoch = ledger.score(true)["epochs"][0];
    EXPECT_EQ(epoch["included"].asUInt(), 64U);
    EXPECT_EQ(epoch["distance_max"].asUInt(), 3U);
    EXPECT_EQ(epoch["right_head"].asUInt(), 64U);
}

TEST_F(LedgerTest, AVoteForTheOldHeadIsIncludedWithAWrongHead) {
    run_to(Slot{4});
    const std::uint32_t who = someone(Slot{4});
    SingleAttestation old = vote_of(who, *head, Epoch{0});
    old.data.beacon_block_root = head->parent->root;
    receive(old);
    run_to(Slot{9}, who);
    const Json::Value epoch = ledger.score(true)["epochs"][0];
    EXPECT_EQ(epoch["included"].asUInt(), 64U);
    EXPECT_EQ(epoch["right_target"].asUInt(), 64U);
    EXPECT_EQ(epoch["right_head"].asUInt(), 63U);
}

TEST_F(LedgerTest, OneWhoVotesTwiceIsCaughtAlsoWhenTheSecondVoteIsDropped) {
    run_to(Slot{4});
    const SingleAttestation first = vote_of(someone(Slot{4}), *head, Epoch{0});
    SingleAttestation second = first;
    second.data.beacon_block_root = Root{{0xEE}};
    receive(first);
    receive(second, false);
    EXPECT_TRUE(ledger.slashings().pairs().empty()) << "an invalid signature proves nothing";
    second.signature = Signature{{2}};
    receive(second);
    ASSERT_EQ(ledger.slashings().pairs().size(), 1U);
    EXPECT_EQ(ledger.slashings().pairs()[0].kind, "double vote");
}

AttestationData spanning(std::uint64_t source, std::uint64_t target) {
    return {Slot{target * 8}, CommitteeIndex{0}, Root{}, {Epoch{source}, Root{}}, {Epoch{target}, Root{}}};
}

TEST(SlashingWatch, SurroundsAreFoundInEitherOrder) {
    SlashingWatch watch;
    watch.add(1, spanning(3, 4));
    watch.add(1, spanning(2, 5));
    ASSERT_EQ(watch.pairs().size(), 1U);
    EXPECT_EQ(watch.pairs()[0].kind, "surround");
    SlashingWatch other;
    other.add(1, spanning(2, 5));
    other.add(1, spanning(3, 4));
    EXPECT_EQ(other.pairs().size(), 1U);
}

TEST(SlashingWatch, WhatIsNotSlashableIsNotCounted) {
    SlashingWatch watch;
    watch.add(1, spanning(2, 3));
    watch.add(1, spanning(2, 3));
    watch.add(1, spanning(2, 4));  // same source: no surround
    watch.add(1, spanning(3, 5));
    watch.add(2, spanning(1, 6));  // another validator
    EXPECT_TRUE(watch.pairs().empty());
}

TEST(Ledger, TheSimulationsOwnValidatorsJustifyAndAreNotScored) {
    ChainConfig config = config_of_preset("minimal").value();
    Chain chain{config};
    Ledger ledger{chain, {0, 64}, {16, 48}};
    const Block* head = &chain.genesis();
    for (Slot slot{0}; slot < Slot{25}; ++slot) {
        ledger.attest_for(*head, slot);
        head = &chain.add_block(*head, slot + 1, ledger.pool());
        ledger.head_is(*head);
    }
    EXPECT_EQ(head->state.finality.current_justified.epoch, Epoch{2});
    EXPECT_EQ(ledger.score(true)["epochs"][0]["duties"].asUInt(), 16U);
}

}  // namespace
}  // namespace holdfast::sim
