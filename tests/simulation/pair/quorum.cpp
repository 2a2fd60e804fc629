#include "tests/simulation/pair/quorum.hpp"

#include <algorithm>
#include <bit>
#include <utility>

#include "tests/simulation/pair/party.hpp"

namespace holdfast::simulation::pair {

using protection::QuorumTally;
using protection::Tenure;

namespace {

// As in http_quorum_*.
constexpr Time kGrace = 100 * kMillisecond;
constexpr Time kBeatEvery = 500 * kMillisecond;
constexpr Time kBeatTimeout = kSecond;

std::vector<std::string> member_names(std::size_t members) {
    std::vector<std::string> names;
    for (std::size_t i = 0; i < members; ++i) names.push_back(member_name(i));
    return names;
}

}  // namespace

// One question for verdicts, and what has come back.
struct Quorum::Round {
    VerdictRequest request;
    QuorumTally tally;
    std::vector<std::uint32_t> yes;  // of each key: the members whose yes has arrived, as bits
    std::vector<bool> approved;
    Time begun;
    Time counted_until;
    bool grace{false};
    OnOutcome then;
};

Quorum::Quorum(Ground& ground, std::size_t party, Process& process)
    : ground_{ground}, party_{party}, process_{process}, known_(ground.setup.base.members) {}

void Quorum::reset() {
    known_.assign(members(), {});
    generation_ = 0;
    beat_ = {};
    beats_wanted_ = 0;
}

void Quorum::call(std::size_t member, const Serve& serve, Time deadline, Respond then) {
    auto open = std::make_shared<Respond>(std::move(then));
    const auto end = [this, member, open](const ReplyPtr& reply) {
        if (!*open) return;
        const Respond last = std::exchange(*open, nullptr);
        note(member, reply);
        last(reply);
    };
    process_.after(std::max<Time>(deadline - process_.now(), 0), [end] { end(nullptr); });
    const std::size_t us = ground_.endpoint(party_);
    const auto answer = [this, us, member, end, life = process_.life()](const ReplyPtr& reply) {
        ground_.base.network.send(member, us,
                                  [this, life, end, reply] { process_.receive(life, [end, reply] { end(reply); }); });
    };
    ground_.base.network.send(us, member, [this, member, serve, answer] {
        Protector& protector = ground_.protectors[member];
        if (protector.member().up()) return serve(protector, answer);
        if (ground_.setup.dead_hosts_refuse) answer(nullptr);
    });
}

void Quorum::note(std::size_t member, const ReplyPtr& reply) {
    Known& known = known_[member];
    known.reachable = reply != nullptr;
    if (!reply) return;
    const protector::Applied& applied = reply->said.applied;
    if (applied.tenure.generation >= known.tenure.generation) known.tenure = applied.tenure;
    known.seen = std::max(known.seen, applied.position);
    if (reply->votes) known.votes = *reply->votes;
}

std::optional<Tenure> Quorum::fenced_by() const {
    std::vector<protection::KnownTenure> all;
    for (const Known& known : known_) all.push_back({known.tenure, known.reachable && known.votes});
    return protection::fenced_by(all, quorum(), generation_);
}

Tenure Quorum::highest() const {
    Tenure highest;
    for (const Known& known : known_) {
        if (known.tenure.generation > highest.generation) highest = known.tenure;
    }
    return highest;
}

std::size_t Quorum::voting() const {
    const auto votes = [](const Known& known) { return known.reachable && known.votes; };
    return static_cast<std::size_t>(std::ranges::count_if(known_, votes));
}

void Quorum::refresh(Time deadline) {
    const Serve serve = [](Protector& protector, const Respond& respond) { protector.status(respond); };
    for (std::size_t member = 0; member < members(); ++member) call(member, serve, deadline, [](const ReplyPtr&) {});
}

void Quorum::approve(const Ballot& ballot, std::shared_ptr<const ethereum::AttestationData> data,
                     std::vector<ValidatorNumber> validators, Time deadline, OnOutcome then) {
    const std::size_t keys = validators.size();
    const Time now = process_.now();
    VerdictRequest request{std::move(validators), {}, ballot, std::move(data), generation_, party_name(party_)};
    for (const ValidatorNumber validator : request.validators) request.keys.push_back(key_of(validator));
    auto round = std::make_shared<Round>(Round{std::move(request), QuorumTally{member_names(members()), quorum(), keys},
                                               std::vector<std::uint32_t>(keys, 0), std::vector<bool>(keys, false), now,
                                               now + ground_.setup.base.slot, false, std::move(then)});
    deadline = std::min(deadline, round->counted_until);
    for (std::size_t member = 0; member < members(); ++member) {
        const Serve serve = [round, seen = known_[member].seen](Protector& protector, const Respond& respond) {
            protector.verdicts(round->request, seen, respond);
        };
        call(member, serve, deadline, [this, round, member](const ReplyPtr& reply) {
            if (!round->then) return;
            QuorumTally::Step step;
            if (reply && process_.now() < round->counted_until) {
                const auto& verdicts = reply->said.applied.verdicts;
                for (std::size_t i = 0; i < verdicts.size(); ++i) {
                    if (verdicts[i].yes()) round->yes[i] |= 1U << member;
                }
                step = round->tally.on_answer(member, verdicts, reply->said.applied.tenure);
            } else {
                step = round->tally.on_failure(member, "no answer");
            }
            for (const std::size_t i : step.approved) round->approved[i] = true;
            if (round->tally.decided()) return finish(round);
            if (step.approved.empty() || std::exchange(round->grace, true)) return;
            process_.after(kGrace, [this, round] { finish(round); });
        });
    }
    process_.after(deadline - now, [this, round] { finish(round); });
}

void Quorum::finish(const std::shared_ptr<Round>& round) {
    if (!round->then) return;
    const VerdictRequest& request = round->request;
    Outcome outcome;
    for (std::size_t i = 0; i < request.validators.size(); ++i) {
        if (round->approved[i]) {
            const auto yes = static_cast<std::size_t>(std::popcount(round->yes[i]));
            ground_.base.oracle.on_approved(request.validators[i], request.ballot, yes, request.generation, round->begun);
            ground_.watch.on_approved(party_, request.generation);
            outcome.approved.push_back(request.validators[i]);
        } else if (round->tally.refused(i)) {
            outcome.refused.push_back(request.validators[i]);
        }
    }
    const OnOutcome then = std::exchange(round->then, nullptr);
    then(std::move(outcome));
}

void Quorum::start_heartbeats(std::function<protection::Beat()> beat_of_now) {
    beat_ = std::move(beat_of_now);
    for (std::size_t member = 0; member < members(); ++member) beat(member);
}

void Quorum::beat_now() {
    ++beats_wanted_;
    for (std::size_t member = 0; beat_ && member < members(); ++member) {
        if (!known_[member].beating) beat(member);
    }
}

void Quorum::beat(std::size_t member) {
    Known& known = known_[member];
    known.beating = true;
    known.beat_begun = process_.now();
    ++known.beats;
    const protection::Beat now = beat_();
    const protection::Heartbeat said{party_name(party_), generation_, now.on_duty, now.well};
    const Serve serve = [this, said](Protector& protector, const Respond& respond) {
        protector.beat(said, ground_.now(), respond);
    };
    call(member, serve, process_.now() + kBeatTimeout, [this, member, wanted = beats_wanted_](const ReplyPtr&) {
        known_[member].beating = false;
        if (!beat_) return;
        // Something changed while this one was under way: the next is sent at once.
        if (wanted != beats_wanted_) return beat(member);
        after_beat(member);
    });
}

void Quorum::after_beat(std::size_t member) {
    const Known& known = known_[member];
    const Time pause = std::max<Time>(known.beat_begun + kBeatEvery - process_.now(), 0);
    process_.after(pause, [this, member, beats = known.beats] {
        if (beat_ && !known_[member].beating && known_[member].beats == beats) beat(member);
    });
}

}  // namespace holdfast::simulation::pair
