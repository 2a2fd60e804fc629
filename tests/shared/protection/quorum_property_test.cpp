// Goal: whatever rival clients ask for and however messages are lost, doubled and reordered, no validator gets a quorum for two
// votes that conflict. Method: seeded simulation of the real rules and the real tally; each rule, taken out, must be caught.
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <unordered_map>

#include "shared/base/random.hpp"
#include "shared/protection/quorum_tally.hpp"
#include "tests/shared/protection/protection_fixtures.hpp"

namespace holdfast::protection {
namespace {

enum class Fault { kNone, kNoRecord };

struct Mutation {
    Reason without{Reason::kNone};  // this refusal is turned into an approval
    Fault fault{Fault::kNone};
};

// A protector without disk: the rules and their memory.
class Member {
public:
    Member(const Mutation& mutation) : mutation_{mutation} {}

    Verdict decide(const PublicKey& asked_key, const AttestationMark& asked, ChainTime now) {
        ValidatorRecord& record = records_[asked_key];
        Verdict verdict = decide_attestation(record, asked, {now, {}, false});
        if (verdict.outcome == Outcome::kRefused && verdict.reason == mutation_.without) verdict.outcome = Outcome::kApproved;
        if (verdict.outcome == Outcome::kApproved && mutation_.fault != Fault::kNoRecord) record.attestation = asked;
        return verdict;
    }

private:
    Mutation mutation_;
    std::unordered_map<PublicKey, ValidatorRecord> records_;
};

// All votes that got their quorum, of one validator.
class Signed {
public:
    // False if `vote` together with an earlier one can be slashed.
    bool add(const AttestationMark& vote) {
        bool good = true;
        for (const AttestationMark& other : votes_) {
            const bool double_vote = other.target == vote.target && other != vote;
            const bool surround = (other.source < vote.source && vote.target < other.target) ||
                                  (vote.source < other.source && other.target < vote.target);
            good = good && !double_vote && !surround;
        }
        votes_.push_back(vote);
        return good;
    }

private:
    std::vector<AttestationMark> votes_;
};

struct Proposal {
    AttestationMark vote;
    std::vector<PublicKey> keys;
    QuorumTally tally;
};

struct Packet {
    std::shared_ptr<Proposal> proposal;
    std::size_t member;
    std::vector<Verdict> answers;  // empty: it is the question
};

struct Outcomes {
    std::size_t decisions{0};
    std::size_t quorums{0};
    std::size_t slashable{0};
};

class Simulation {
public:
    Simulation(std::uint64_t seed, std::size_t members, std::size_t quorum, Mutation mutation)
        : random_{seed}, quorum_{quorum}, members_(members, Member{mutation}) {}

    Outcomes run(std::size_t decisions_wanted) {
        while (outcomes_.decisions < decisions_wanted) {
            if (network_.empty() || (network_.size() < 200 && random_.chance(20))) propose();
            deliver();
            if (random_.chance(1)) ++now_.epoch;
        }
        return outcomes_;
    }

private:
    SeededRandom random_;
    std::size_t quorum_;
    std::vector<Member> members_;
    ChainTime now_{Epoch{10}, Slot{320}};
    std::vector<Packet> network_;
    std::map<PublicKey, Signed> signed_;
    Outcomes outcomes_;

    void propose() {
        const std::uint64_t target = now_.epoch.value - 3 + random_.below(5);
        const std::uint64_t source = target - random_.below(5);
        const AttestationMark asked = vote(source, target, (target * 16 + source) * 4 + random_.below(2));
        const std::vector<std::string> names(members_.size(), "p");
        auto some_keys = keys(4, random_.below(3) * 2);
        const QuorumTally tally{names, quorum_, some_keys.size()};
        const auto proposal = std::make_shared<Proposal>(Proposal{asked, some_keys, tally});
        for (std::size_t i = 0; i < members_.size(); ++i) send({proposal, i, {}});
    }

    void send(Packet packet) {
        if (random_.chance(10)) return;
        if (random_.chance(10)) network_.push_back(packet);
        network_.push_back(std::move(packet));
    }

    void deliver() {
        if (network_.empty()) return;
        std::swap(network_[random_.below(network_.size())], network_.back());
        const Packet packet = std::move(network_.back());
        network_.pop_back();
        if (packet.answers.empty()) {
            answer(packet);
        } else {
            count(*packet.proposal, packet.proposal->tally.on_answer(packet.member, packet.answers));
        }
    }

    void answer(const Packet& question) {
        Packet reply = question;
        for (const PublicKey& asked_key : question.proposal->keys) {
            reply.answers.push_back(members_[question.member].decide(asked_key, question.proposal->vote, now_));
            ++outcomes_.decisions;
        }
        send(std::move(reply));
    }

    void count(const Proposal& proposal, const QuorumTally::Step& step) {
        for (const std::size_t i : step.approved) {
            ++outcomes_.quorums;
            if (!signed_[proposal.keys[i]].add(proposal.vote)) ++outcomes_.slashable;
        }
    }
};

TEST(QuorumProperty, NoConflictEverGetsAQuorum) {
    constexpr std::pair<std::size_t, std::size_t> kClusters[] = {{1, 1}, {3, 2}, {4, 3}, {5, 3}, {5, 4}};
    for (const auto& [members, quorum] : kClusters) {
        for (std::uint64_t seed = 1; seed <= 5; ++seed) {
            SCOPED_TRACE(testing::Message() << quorum << " of " << members << ", seed " << seed);
            const Outcomes outcomes = Simulation{seed, members, quorum, {}}.run(20'000);
            EXPECT_EQ(outcomes.slashable, 0U);
            EXPECT_GT(outcomes.quorums, 20U);
        }
    }
}

class RuleTakenOut : public testing::TestWithParam<Mutation> {};

TEST_P(RuleTakenOut, IsCaught) { EXPECT_GT(Simulation(1, 4, 3, GetParam()).run(50'000).slashable, 0U); }

INSTANTIATE_TEST_SUITE_P(Rules, RuleTakenOut,
                         testing::Values(Mutation{Reason::kOtherVoteForTarget}, Mutation{Reason::kTargetBelowRecord},
                                         Mutation{Reason::kSourceBelowRecord}, Mutation{Reason::kNone, Fault::kNoRecord}));

}  // namespace
}  // namespace holdfast::protection
