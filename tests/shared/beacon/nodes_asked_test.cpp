// Goal: a question to many nodes gets each one's answer when it is there, and never more of our time than we give; what is
// published is done when one node has it. Method: fake nodes in virtual time.
#include <gmock/gmock.h>

#include "tests/shared/beacon/beacon_nodes_fixture.hpp"
#include "tests/shared/ethereum/default_object.hpp"

namespace holdfast::beacon {
namespace {

using ethereum::ForkName;
using ethereum::schema::default_object;
using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

class NodesAskedTest : public BeaconNodesTest {
protected:
    static Result<ProducedBlock> worth(std::uint64_t value) {
        ProducedBlock block;
        block.payload_value = value;
        return block;
    }
    void connect_all(const BeaconNodesOptions& options = {}) {
        make(3, options);
        ASSERT_TRUE(connect().has_value());
        for (std::size_t i = 0; i < 3; ++i) {
            fakes[i]->on_produce_block = [i](const BlockRequest&) { return worth(i); };
        }
    }
    AskingPtr<ProducedBlock> ask_for_blocks() { return nodes->produce_blocks(BlockRequest{}, clock.steady() + seconds{10}); }
    // The nodes whose answers come within `allowed`.
    template <class T>
    std::vector<std::size_t> answers(Asking<T>& asking, Duration allowed) {
        const SteadyTime until = clock.steady() + allowed;
        std::vector<std::size_t> from;
        while (true) {
            auto answer = run(asking.next(until), allowed + seconds{1});
            if (!answer || !*answer) return from;
            from.push_back((*answer)->node);
        }
    }
    std::vector<std::size_t> fit() const {
        std::vector<std::size_t> result;
        for (std::size_t i = 0; i < nodes->size(); ++i) {
            if (nodes->fit(i)) result.push_back(i);
        }
        return result;
    }
    Result<void> publish_block() {
        SignedBlock block;
        block.fork = ForkName::kElectra;
        block.object = default_object(nodes->types()->of(block.fork).signed_block_contents);
        auto result = run(nodes->publish_block(block, clock.steady() + seconds{10}), seconds{11});
        return result ? *result : Result<void>{failure(ErrorCode::kInternal, "publish_block() did not end")};
    }
    // Each node is asked for an aggregate.
    void ask_for_aggregate() {
        const auto asking = nodes->aggregates(Slot{1}, CommitteeIndex{0}, Root{}, clock.steady() + seconds{1});
        EXPECT_EQ(answers(*asking, seconds{2}).size(), asking->asked());
    }
};

// --- questions ---

TEST_F(NodesAskedTest, EachAnswerComesWhenItIsThere) {
    connect_all();
    fakes[0]->behaviour["produce_block"].delay = milliseconds{300};
    fakes[1]->behaviour["produce_block"].hang = true;
    const auto asking = ask_for_blocks();
    EXPECT_EQ(asking->asked(), 3U);
    EXPECT_THAT(answers(*asking, milliseconds{100}), ElementsAre(2));
    EXPECT_EQ(asking->open(), 2U);
    EXPECT_THAT(answers(*asking, milliseconds{400}), ElementsAre(0));
    EXPECT_EQ(asking->open(), 1U);
    const SteadyTime before = clock.steady();
    const auto last = run(asking->next(before + seconds{20}), seconds{21});
    ASSERT_TRUE(last && *last);
    EXPECT_EQ((*last)->node, 1U);
    EXPECT_EQ((*last)->result.error().code, ErrorCode::kTimeout);
    EXPECT_LE(clock.steady(), before + seconds{10});
    EXPECT_FALSE(*run(asking->next(clock.steady() + seconds{5}), seconds{6})) << "nobody else answers";
    EXPECT_LT(took, milliseconds{20}) << "and that is known at once";
}

TEST_F(NodesAskedTest, WhoIsNotFitIsNotAsked) {
    connect_all();
    fakes[1]->sync.is_optimistic = true;
    nodes->start();
    time.advance(seconds{3});
    EXPECT_THAT(answers(*ask_for_blocks(), seconds{1}), UnorderedElementsAre(0, 2));
    EXPECT_EQ(fakes[1]->asked["produce_block"], 0U);
}

TEST_F(NodesAskedTest, WithNobodyFitNobodyIsAsked) {
    connect_all();
    for (FakeBeaconNode* fake : fakes) fake->sync.is_optimistic = true;
    nodes->start();
    time.advance(seconds{3});
    const auto asking = ask_for_blocks();
    EXPECT_EQ(asking->asked(), 0U);
    EXPECT_FALSE(*run(asking->next(clock.steady() + seconds{5}), seconds{6}));
    EXPECT_LT(took, milliseconds{20});
    for (const FakeBeaconNode* fake : fakes) EXPECT_EQ(fake->asked.count("produce_block"), 0U);
}

TEST_F(NodesAskedTest, BlocksComeFromTheProposalNodesWhileOneOfThemIsFit) {
    BeaconNodesOptions options;
    options.proposal_nodes = {1};
    connect_all(options);
    nodes->start();
    EXPECT_THAT(answers(*ask_for_blocks(), seconds{1}), ElementsAre(1));
    const auto roots = nodes->head_roots(clock.steady() + seconds{1});
    EXPECT_EQ(answers(*roots, seconds{1}).size(), 3U) << "other questions are for all";
    fakes[1]->sync.is_optimistic = true;
    time.advance(seconds{3});
    EXPECT_THAT(answers(*ask_for_blocks(), seconds{1}), UnorderedElementsAre(0, 2));
}

TEST_F(NodesAskedTest, QuestionsThatNobodyWaitsForAreGivenUp) {
    connect_all();
    fakes[0]->behaviour["produce_block"].hang = true;
    auto asking = ask_for_blocks();
    time.advance(milliseconds{10});
    asking.reset();
    time.advance(seconds{20});
    // Given up, so it neither failed nor answered.
    EXPECT_THAT(fit(), ElementsAre(0, 1, 2));
    EXPECT_EQ(nodes->states()[0].score, 100);
}

TEST_F(NodesAskedTest, ThatThereIsNothingIsNoFailureOfTheNode) {
    connect_all();
    for (FakeBeaconNode* fake : fakes) fake->behaviour["aggregate"].error = failure(ErrorCode::kNotFound, "none");
    for (int i = 0; i < 10; ++i) ask_for_aggregate();
    EXPECT_THAT(fit(), ElementsAre(0, 1, 2));
    EXPECT_EQ(nodes->states()[0].score, 100);
    fakes[1]->behaviour["aggregate"].error = failure(ErrorCode::kMalformed, "nonsense");
    for (int i = 0; i < 3; ++i) ask_for_aggregate();
    EXPECT_EQ(fitness(1), Fitness::kFailing);
    EXPECT_THAT(fit(), ElementsAre(0, 2));
}

TEST_F(NodesAskedTest, AllDutiesForComparison) {
    connect_all();
    fakes[0]->on_proposer_duties = [](Epoch epoch) { return ProposerDuties{epoch, {}, Root{}}; };
    fakes[1]->behaviour["proposer_duties"].error = failure(ErrorCode::kInternal, "status 500");
    fakes[2]->on_proposer_duties = [](Epoch epoch) { return ProposerDuties{epoch, {{}}, std::nullopt}; };
    const auto asking = nodes->all_proposer_duties(Epoch{3}, clock.steady() + seconds{1});
    std::size_t good = 0;
    for (int i = 0; i < 3; ++i) {
        const auto answer = run(asking->next(clock.steady() + seconds{1}), seconds{2});
        ASSERT_TRUE(answer && *answer);
        if ((*answer)->result) {
            ++good;
            EXPECT_EQ((*answer)->result.value().epoch, Epoch{3});
            EXPECT_EQ((*answer)->result.value().dependent_root.has_value(), (*answer)->node == 0);
        }
    }
    EXPECT_EQ(good, 2U);
}

// --- proposers: with a dependent root, if anybody names it ---

class ProposersAskedTest : public NodesAskedTest {
protected:
    ProposersAskedTest() { connect_all(); }

    static Result<ProposerDuties> by_version_1(Epoch epoch) { return ProposerDuties{epoch, {{}}, std::nullopt}; }
    static Result<ProposerDuties> by_version_2(Epoch epoch) { return ProposerDuties{epoch, {{}}, Root{}}; }
    Result<ProposerDuties> proposers(Duration allowed = seconds{10}) {
        auto result = run(nodes->proposer_duties(Epoch{3}, clock.steady() + allowed), allowed + seconds{1});
        return result ? *result : Result<ProposerDuties>{failure(ErrorCode::kInternal, "proposer_duties() did not end")};
    }
};

TEST_F(ProposersAskedTest, TheFirstAnswerWithARootIsEnough) {
    for (FakeBeaconNode* fake : fakes) fake->on_proposer_duties = by_version_2;
    EXPECT_TRUE(proposers().value().dependent_root.has_value());
    EXPECT_EQ(fakes[1]->asked["proposer_duties"] + fakes[2]->asked["proposer_duties"], 0U);
}

TEST_F(ProposersAskedTest, AnAnswerWithoutARootIsNotUsedWhereAnotherNodeNamesOne) {
    fakes[0]->on_proposer_duties = by_version_1;
    fakes[1]->on_proposer_duties = by_version_1;
    fakes[2]->on_proposer_duties = by_version_2;
    EXPECT_TRUE(proposers().value().dependent_root.has_value());
    EXPECT_LT(took, milliseconds{50}) << "nobody is waited for";
}

TEST_F(ProposersAskedTest, AllOthersAreAskedAtOnceThen_AndHaveAMoment) {
    fakes[0]->on_proposer_duties = by_version_1;
    fakes[1]->behaviour["proposer_duties"].hang = true;
    fakes[2]->behaviour["proposer_duties"].delay = milliseconds{300};
    fakes[2]->on_proposer_duties = by_version_2;
    EXPECT_TRUE(proposers().value().dependent_root.has_value());
    EXPECT_LT(took, milliseconds{350});
}

TEST_F(ProposersAskedTest, WithNoRootAnywhereTheFirstAnswerIsUsed) {
    for (FakeBeaconNode* fake : fakes) fake->on_proposer_duties = by_version_1;
    fakes[2]->behaviour["proposer_duties"].error = failure(ErrorCode::kInternal, "status 500");
    const auto duties = proposers();
    ASSERT_TRUE(duties.has_value()) << duties.error().message;
    EXPECT_EQ(duties.value().duties.size(), 1U);
    EXPECT_LT(took, milliseconds{50});
}

TEST_F(ProposersAskedTest, NobodyIsWaitedForLongOnceThereIsAnAnswer) {
    fakes[0]->on_proposer_duties = by_version_1;
    fakes[1]->behaviour["proposer_duties"].hang = true;
    fakes[2]->behaviour["proposer_duties"].hang = true;
    const auto duties = proposers();
    ASSERT_TRUE(duties.has_value()) << duties.error().message;
    EXPECT_FALSE(duties.value().dependent_root.has_value());
    EXPECT_LT(took, milliseconds{600});
    fakes[0]->behaviour["proposer_duties"].delay = milliseconds{100};
    ASSERT_TRUE(proposers(milliseconds{200}).has_value());
    EXPECT_LT(took, milliseconds{250}) << "nor past the asker's own deadline";
}

// --- validators, in parts ---

class ValidatorsAskedTest : public NodesAskedTest {
protected:
    ValidatorsAskedTest() {
        BeaconNodesOptions options;
        options.validators_per_part = 10;
        connect_all(options);
        for (std::uint8_t i = 0; i < keys.size(); ++i) keys[i].bytes[0] = i;
        for (FakeBeaconNode* fake : fakes) fake->on_validators = known;
    }

    static Result<std::vector<Validator>> known(const std::vector<PublicKey>& part) {
        std::vector<Validator> all;
        for (const PublicKey& key : part) all.push_back({ValidatorIndex{key.bytes[0]}, key, "active_ongoing"});
        return all;
    }
    // Nothing to be had of the part that begins with this key.
    void refuse(std::size_t node, std::uint8_t first) {
        fakes[node]->on_validators = [first](const std::vector<PublicKey>& part) -> Result<std::vector<Validator>> {
            if (part.at(0).bytes[0] == first) return failure(ErrorCode::kInternal, "status 500");
            return known(part);
        };
    }
    Result<std::vector<Validator>> look_up() {
        auto result = run(nodes->validators(keys, seconds{10}), seconds{60});
        return result ? *result : Result<std::vector<Validator>>{failure(ErrorCode::kInternal, "validators() did not end")};
    }
    void expect_all(const Result<std::vector<Validator>>& found) const {
        ASSERT_TRUE(found.has_value()) << found.error().message;
        ASSERT_EQ(found.value().size(), keys.size());
        for (std::size_t i = 0; i < keys.size(); ++i) EXPECT_EQ(found.value()[i].index, ValidatorIndex{i});
    }

    std::vector<PublicKey> keys = std::vector<PublicKey>(35);
};

TEST_F(ValidatorsAskedTest, InPartsOneAfterAnother) {
    expect_all(look_up());
    EXPECT_EQ(fakes[0]->asked["validators"], 4U);
    EXPECT_EQ(fakes[1]->asked["validators"] + fakes[2]->asked["validators"], 0U);
    keys.clear();
    expect_all(look_up());
}

TEST_F(ValidatorsAskedTest, EachPartHasADeadlineOfItsOwn) {
    for (FakeBeaconNode* fake : fakes) fake->behaviour["validators"].delay = seconds{6};
    expect_all(look_up());
    EXPECT_GE(took, seconds{24});
}

TEST_F(ValidatorsAskedTest, APartMayComeFromAnotherNode) {
    refuse(0, 10);
    refuse(1, 10);
    expect_all(look_up());
    EXPECT_GE(fakes[2]->asked["validators"], 1U);
}

TEST_F(ValidatorsAskedTest, APartThatNobodyGivesFailsAll) {
    for (std::size_t node = 0; node < 3; ++node) refuse(node, 20);
    const auto found = look_up();
    ASSERT_FALSE(found.has_value());
    EXPECT_EQ(found.error().code, ErrorCode::kUnavailable);
    EXPECT_THAT(found.error().message, HasSubstr("status 500"));
    for (FakeBeaconNode* fake : fakes) fake->behaviour["validators"].hang = true;
    EXPECT_EQ(look_up().error().code, ErrorCode::kTimeout);
    EXPECT_LT(took, seconds{11});
}

// --- publishing ---

TEST_F(NodesAskedTest, ABlockIsPublishedWhenOneNodeHasIt) {
    connect_all();
    fakes[0]->behaviour["publish_block"].error = failure(ErrorCode::kRefused, "status 202: sent on, but not valid to the node");
    fakes[1]->behaviour["publish_block"].delay = milliseconds{200};
    fakes[2]->behaviour["publish_block"].hang = true;
    const auto published = publish_block();
    ASSERT_TRUE(published.has_value()) << published.error().message;
    EXPECT_GE(took, milliseconds{200});
    EXPECT_LT(took, milliseconds{300});
    EXPECT_EQ(fakes[2]->asked["publish_block"], 1U) << "sent to all at once";
}

TEST_F(NodesAskedTest, ABlockThatNobodyTakesIsASentencePerNode) {
    connect_all();
    fakes[0]->behaviour["publish_block"].error = failure(ErrorCode::kRefused, "status 202: sent on, but not valid to the node");
    fakes[1]->behaviour["publish_block"].error = failure(ErrorCode::kRefused, "status 400: bad");
    fakes[2]->behaviour["publish_block"].error = failure(ErrorCode::kUnavailable, "connection refused");
    const auto published = publish_block();
    ASSERT_FALSE(published.has_value());
    for (const char* part : {"202", "status 400: bad", "connection refused"}) {
        EXPECT_THAT(published.error().message, HasSubstr(part));
    }
}

// A node that has the block from another one may say so as a refusal: that says nothing against the node.
TEST_F(NodesAskedTest, ARefusedBlockOrRegistrationIsNoFailureOfTheNode) {
    connect_all();
    fakes[1]->behaviour["publish_block"].error = failure(ErrorCode::kRefused, "status 400: already known");
    fakes[1]->behaviour["register_validators"].error = failure(ErrorCode::kRefused, "status 400: no builder");
    fakes[2]->behaviour["publish_block"].error = failure(ErrorCode::kInternal, "status 500");
    for (int i = 0; i < 5; ++i) {
        EXPECT_TRUE(publish_block().has_value());
        const auto told = run(nodes->register_validators({{}}, clock.steady() + seconds{1}), seconds{2});
        EXPECT_TRUE(told && told->has_value());
        time.advance(milliseconds{10});
    }
    EXPECT_EQ(fitness(1), Fitness::kFit);
    EXPECT_EQ(nodes->states()[1].score, 100);
    EXPECT_LT(nodes->states()[2].score, 100);
}

// --- what is sent again to each node until it takes it ---

class EnvelopeTest : public NodesAskedTest {
protected:
    EnvelopeTest() { connect_all(); }

    void refuse(std::size_t node) {
        fakes[node]->behaviour["publish_envelope"].error = failure(ErrorCode::kRefused, "status 400: unknown block");
    }
    void take(std::size_t node) { fakes[node]->behaviour.erase("publish_envelope"); }
    std::size_t sent_to(std::size_t node) { return fakes[node]->asked["publish_envelope"]; }
    // Every 250 ms while nobody takes it, for 10 s; to the rest 3 times more, every 500 ms.
    void begin() {
        const Resending again{milliseconds{250}, milliseconds{500}, 3, clock.steady() + seconds{10}};
        delivery.reset();
        began = clock.steady();
        group.spawn("test", store(nodes->publish_envelope(SignedEnvelope{}, again, seconds{20}), delivery));
        time.advance(milliseconds{10});
    }

    SteadyTime began;
    std::optional<Delivery> delivery;
};

TEST_F(EnvelopeTest, AllTakeIt_SentOnce) {
    begin();
    ASSERT_TRUE(delivery);
    EXPECT_EQ(delivery->nodes, 3U);
    EXPECT_EQ(delivery->taken, 3U);
    EXPECT_EQ(delivery->first, began);
    time.advance(seconds{5});
    for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(sent_to(i), 1U);
}

TEST_F(EnvelopeTest, SentAgainToThoseThatRefusedIt_ThoughOneTookIt) {
    refuse(1);
    refuse(2);
    begin();
    EXPECT_FALSE(delivery);
    take(1);
    time.advance(seconds{2});
    EXPECT_EQ(sent_to(0), 1U);
    EXPECT_EQ(sent_to(1), 2U);
    EXPECT_EQ(sent_to(2), 4U) << "three times more, then it is given up";
    ASSERT_TRUE(delivery);
    EXPECT_EQ(delivery->taken, 2U);
    EXPECT_THAT(delivery->why, HasSubstr("http://node2 publish_envelope: status 400"));
    EXPECT_EQ(fitness(2), Fitness::kFit);
    EXPECT_EQ(nodes->states()[2].score, 100) << "a refusal says nothing against a node";
}

TEST_F(EnvelopeTest, NobodyTakesIt_SentAgainUntilTheEnd) {
    for (std::size_t i = 0; i < 3; ++i) refuse(i);
    begin();
    time.advance(milliseconds{9900});
    ASSERT_TRUE(delivery);
    EXPECT_EQ(delivery->taken, 0U);
    EXPECT_FALSE(delivery->first);
    for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(sent_to(i), 40U);
}

TEST_F(EnvelopeTest, WhoTakesItLateStillCounts_FailuresOnlyOnce) {
    for (std::size_t i = 0; i < 3; ++i) {
        fakes[i]->behaviour["publish_envelope"].error = failure(ErrorCode::kInternal, "status 500");
    }
    begin();
    time.advance(seconds{1});
    take(2);
    time.advance(seconds{3});
    ASSERT_TRUE(delivery);
    EXPECT_EQ(delivery->taken, 1U);
    ASSERT_TRUE(delivery->first);
    EXPECT_EQ(*delivery->first - began, milliseconds{1250});
    EXPECT_EQ(fitness(0), Fitness::kFit);
    EXPECT_EQ(nodes->states()[0].score, 95);
}

TEST_F(EnvelopeTest, ANodeThatHangsIsNotWaitedFor_ItsSendingGoesOn) {
    fakes[1]->behaviour["publish_envelope"].delay = seconds{6};
    begin();
    time.advance(milliseconds{1900});
    EXPECT_FALSE(delivery);
    time.advance(milliseconds{200});
    ASSERT_TRUE(delivery);
    EXPECT_EQ(delivery->taken, 2U);
    EXPECT_THAT(delivery->why, HasSubstr("http://node1 has not taken it yet"));
    time.advance(seconds{4});
    EXPECT_EQ(fakes[1]->published_envelopes.size(), 1U);
}

TEST_F(NodesAskedTest, TheTypesOfTheChainAreForAllNodes) {
    connect_all();
    ASSERT_NE(nodes->types(), nullptr);
    EXPECT_EQ(nodes->types()->preset().sync_committee_size, 512U);
}

}  // namespace
}  // namespace holdfast::beacon
