// Goal: a key is silent until it is certain that nobody else uses it, and not a slot longer where the quorum proves that.
// Method: the rule with single rounds, and the whole watch in virtual time over nodes and a quorum that say what the test
// wants.
#include "shared/validator/doppelganger.hpp"

#include "tests/shared/validator/safety_fixture.hpp"

namespace holdfast::validator {
namespace {

using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

const PublicKey kOne = key_of(0);
const PublicKey kTwo = key_of(1);

Doppelganger::Round quiet(std::uint64_t epoch) { return {Epoch{epoch}, true, {}}; }

TEST(Doppelganger, TwoSilentEpochsAfterTheFirst_Cleared) {
    Doppelganger rule;
    rule.add({kOne}, Epoch{10});
    EXPECT_FALSE(rule.allows(kOne));
    rule.on_round(quiet(10));
    rule.on_round(quiet(11));
    EXPECT_FALSE(rule.allows(kOne));
    EXPECT_THAT(rule.on_round(quiet(12)).cleared, UnorderedElementsAre(kOne));
    EXPECT_TRUE(rule.allows(kOne));
}

TEST(Doppelganger, TooFewAnswers_ClearNobody) {
    Doppelganger rule;
    rule.add({kOne}, Epoch{10});
    Doppelganger::Round poor = quiet(12);
    poor.enough_answers = false;
    rule.on_round(poor);
    EXPECT_FALSE(rule.allows(kOne));
    rule.on_round(quiet(13));
    EXPECT_TRUE(rule.allows(kOne));
}

TEST(Doppelganger, LiveWithoutUs_FoundForGood) {
    Doppelganger rule;
    rule.add({kOne, kTwo}, Epoch{10});
    Doppelganger::Round round = quiet(11);
    round.enough_answers = false;  // one node that says so is enough
    round.live[Epoch{11}] = {kOne};
    EXPECT_EQ(rule.on_round(round).found.at(kOne), Epoch{11});
    rule.on_round(quiet(12));
    rule.on_round(quiet(13));
    rule.add({kOne}, Epoch{13});
    rule.on_proof({kOne}, Epoch{13}, Epoch{13});
    EXPECT_FALSE(rule.allows(kOne));
    EXPECT_TRUE(rule.allows(kTwo));
}

// What it signed itself before a restart.
TEST(Doppelganger, LiveInTheEpochOfTheStart_SaysNothing) {
    Doppelganger rule;
    rule.add({kOne}, Epoch{10});
    Doppelganger::Round round = quiet(11);
    round.live[Epoch{10}] = {kOne};
    EXPECT_TRUE(rule.on_round(round).found.empty());
}

TEST(Doppelganger, ProofOfThisEpochOrTheLast_Clears) {
    for (const std::uint64_t target : {9U, 10U}) {
        Doppelganger rule;
        rule.add({kOne, kTwo}, Epoch{10});
        EXPECT_THAT(rule.on_proof({kOne, key_of(9)}, Epoch{target}, Epoch{10}).cleared, UnorderedElementsAre(kOne));
        EXPECT_TRUE(rule.allows(kOne));
        EXPECT_FALSE(rule.allows(kTwo));
        EXPECT_FALSE(rule.allows(key_of(9)));
    }
}

TEST(Doppelganger, OlderProof_ClearsNobody) {
    Doppelganger rule;
    rule.add({kOne}, Epoch{10});
    EXPECT_TRUE(rule.on_proof({kOne}, Epoch{8}, Epoch{10}).cleared.empty());
    EXPECT_FALSE(rule.allows(kOne));
}

TEST(Doppelganger, FirstEpochsOfTheChain_NothingToWatch) {
    Doppelganger rule;
    rule.add({kOne}, Epoch{1});
    rule.add({kTwo}, Epoch{2});
    EXPECT_TRUE(rule.allows(kOne));
    EXPECT_FALSE(rule.allows(kTwo));
}

TEST(Doppelganger, KeyAddedLater_HasItsOwnTime) {
    Doppelganger rule;
    rule.add({kOne}, Epoch{10});
    rule.add({kTwo}, Epoch{11});
    EXPECT_THAT(rule.on_round(quiet(12)).cleared, UnorderedElementsAre(kOne));
    EXPECT_THAT(rule.on_round(quiet(13)).cleared, UnorderedElementsAre(kTwo));
}

TEST(Doppelganger, RecordOfTwoEpochsAgoAndNothingSeenSince_Cleared) {
    Doppelganger rule;
    rule.add({kOne, kTwo}, Epoch{10});
    Doppelganger::Round seen = quiet(10);
    seen.live[Epoch{9}] = {kTwo};
    EXPECT_THAT(rule.on_pause({kOne, kTwo}, Epoch{8}, seen).cleared, UnorderedElementsAre(kOne));
    EXPECT_TRUE(rule.allows(kOne));
    EXPECT_FALSE(rule.allows(kTwo));
    EXPECT_TRUE(rule.found().empty());
}

// Nodes don't say what was seen in the epoch between.
TEST(Doppelganger, RecordOfThreeEpochsAgo_ProvesNothing) {
    Doppelganger rule;
    rule.add({kOne}, Epoch{10});
    EXPECT_TRUE(rule.on_pause({kOne}, Epoch{7}, quiet(10)).cleared.empty());
    Doppelganger::Round poor = quiet(10);
    poor.enough_answers = false;
    EXPECT_TRUE(rule.on_pause({kOne}, Epoch{8}, poor).cleared.empty());
    EXPECT_FALSE(rule.allows(kOne));
}

class DoppelgangerWatchTest : public SafetyFixture {
protected:
    std::unique_ptr<DoppelgangerWatch> watch;
    std::size_t changes{0};
    bool begun{false};

    void begin(DoppelgangerOptions options = {}) {
        options.threshold = 2;
        watch = std::make_unique<DoppelgangerWatch>(
            clock, *nodes, quorum, slots, [this]() -> const DoppelgangerWatch::Validators& { return active; },
            [this] { ++changes; }, options);
        watch->add(keys());
        group.spawn("begin", begin_and_note(*watch, clock, begun));
        time.advance(100ms);
        ASSERT_TRUE(begun);
        group.spawn("watch", watch->run());
    }
    static Task<void> begin_and_note(DoppelgangerWatch& watch, Clock& clock, bool& begun) {
        co_await watch.begin(clock.steady() + 1s);
        begun = true;
    }
    [[nodiscard]] std::vector<std::uint64_t> allowed() const {
        std::vector<std::uint64_t> result;
        for (std::uint64_t i = 0; i < kKeys; ++i) {
            if (watch->allows(key_of(i))) result.push_back(i);
        }
        return result;
    }
};

TEST_F(DoppelgangerWatchTest, ColdStart_ClearedLateInTheSecondEpochAfter) {
    begin();
    go_to_epoch(12);
    EXPECT_TRUE(allowed().empty());
    EXPECT_THAT(watch->check().detail, HasSubstr("until the end of epoch 12"));
    go_to(13 * 8 - 1);
    EXPECT_TRUE(allowed().empty());
    go_to_epoch(13);
    EXPECT_EQ(allowed().size(), kKeys);
    EXPECT_EQ(changes, 1U);
    EXPECT_TRUE(watch->check().ok);
}

TEST_F(DoppelgangerWatchTest, QuorumProvesThatWeSignedLast_ClearedAtOnce) {
    quorum.proved[Epoch{9}] = {key_of(0), key_of(1)};
    quorum.proved[Epoch{10}] = {key_of(2), key_of(3)};
    begin();
    EXPECT_EQ(allowed().size(), kKeys);
    EXPECT_TRUE(says[0].liveness_asked.empty());
}

// A missed vote before a restart, or a pause of an epoch, doesn't cost two epochs more.
TEST_F(DoppelgangerWatchTest, SilentSinceOurRecordOfTwoEpochsAgo_ClearedAtOnce) {
    quorum.proved[Epoch{8}] = {key_of(0), key_of(1)};
    quorum.proved[Epoch{7}] = {key_of(2)};
    quorum.proved[Epoch{10}] = {key_of(3)};
    says[1].live[Epoch{9}] = {1};
    begin();
    EXPECT_EQ(allowed(), (std::vector<std::uint64_t>{0, 3}));
    go_to_epoch(11);
    EXPECT_EQ(allowed(), (std::vector<std::uint64_t>{0, 3}));
}

TEST_F(DoppelgangerWatchTest, TooFewNodesSayNothingWasSeen_ClearedWhenTheyDo) {
    quorum.proved[Epoch{8}] = keys();
    says[0].answers_in_part = true;
    says[1].down = true;
    begin();
    EXPECT_TRUE(allowed().empty());
    says[1].down = false;
    time.advance(10s);
    EXPECT_EQ(allowed().size(), kKeys);
}

TEST_F(DoppelgangerWatchTest, RecordsThatComeLater_AreReadSoon) {
    quorum.available = false;
    quorum.proved[Epoch{10}] = keys();
    begin();
    EXPECT_TRUE(allowed().empty());
    quorum.available = true;
    time.advance(5s);
    EXPECT_EQ(allowed().size(), kKeys);
}

TEST_F(DoppelgangerWatchTest, OneNodeSaysLive_ThatKeyStaysSilent) {
    begin();
    says[2].live[Epoch{11}] = {1};
    go_to_epoch(14);
    EXPECT_EQ(allowed(), (std::vector<std::uint64_t>{0, 2, 3}));
    const HealthCheck check = watch->check();
    EXPECT_FALSE(check.ok);
    EXPECT_FALSE(check.moves_duty);
    EXPECT_THAT(check.detail, HasSubstr(to_hex(key_of(1))));
}

// The other instance of the pair is on duty, and its votes are seen.
TEST_F(DoppelgangerWatchTest, LiveThroughOurOtherInstance_Cleared) {
    begin();
    for (Says& node : says) node.live[Epoch{11}] = {0, 1, 2, 3};
    time.advance(30s);
    quorum.proved[Epoch{11}] = keys();
    go_to_epoch(12);
    EXPECT_EQ(allowed().size(), kKeys);
    EXPECT_TRUE(watch->check().ok);
}

TEST_F(DoppelgangerWatchTest, LiveWhileRecordsCanNotBeRead_NotJudgedYet) {
    begin();
    for (Says& node : says) node.live[Epoch{11}] = {0};
    quorum.available = false;
    go_to_epoch(12);
    EXPECT_TRUE(watch->rule().found().empty());
    EXPECT_TRUE(allowed().empty());
    quorum.available = true;
    go_to_epoch(13);
    EXPECT_EQ(watch->rule().found().size(), 1U);
}

TEST_F(DoppelgangerWatchTest, TooFewNodesAnswer_ClearedOnlyWhenTheyDo) {
    begin();
    says[0].down = true;
    says[1].answers_in_part = true;
    go_to_epoch(14);
    EXPECT_TRUE(allowed().empty());
    says[1].answers_in_part = false;
    go_to_epoch(15);
    EXPECT_EQ(allowed().size(), kKeys);
}

TEST_F(DoppelgangerWatchTest, KeyAddedAtRunTime_WatchedWhileOthersAreOnDuty) {
    quorum.proved[Epoch{10}] = keys();
    begin();
    const PublicKey added = key_of(7);
    active.emplace(added, ValidatorIndex{7});
    watch->add({added});
    time.advance(10s);
    EXPECT_FALSE(watch->allows(added));
    EXPECT_EQ(allowed().size(), kKeys);
    says[0].live[Epoch{12}] = {7};
    go_to_epoch(13);
    EXPECT_EQ(watch->rule().found().count(added), 1U);
}

TEST_F(DoppelgangerWatchTest, NotActive_NotAskedForButWaits) {
    active.clear();
    begin();
    go_to_epoch(13);
    EXPECT_EQ(allowed().size(), kKeys);
    EXPECT_TRUE(says[0].liveness_asked.empty());
}

TEST_F(DoppelgangerWatchTest, Off_EverythingIsAllowed) {
    DoppelgangerOptions off;
    off.enabled = false;
    begin(off);
    EXPECT_EQ(allowed().size(), kKeys);
    EXPECT_TRUE(watch->allows(key_of(9)));
}

}  // namespace
}  // namespace holdfast::validator
