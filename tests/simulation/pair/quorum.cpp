#include "tests/simulation/pair/quorum.hpp"

#include <algorithm>
#include <bit>
#include <utility>

#include "tests/simulation/pair/party.hpp"

namespace holdfast::simulation::pair {

using protection::Acquisition;
using protection::QuorumTally;
using protection::Tenure;

namespace {

// As in http_quorum_*.
constexpr Time kGrace = 100 * kMillisecond;
constexpr Time kBeatEvery = 500 * kMillisecond;
constexpr Time kBeatTimeout = kSecond;
constexpr Time kContestedRound = 100 * kMillisecond;
constexpr Time kPauseMin = 20 * kMillisecond;
constexpr std::uint64_t kBackoffMsMin = 50;
constexpr std::uint64_t kBackoffMsMax = 500;

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

struct Quorum::Acquiring {
    Acquisition machine;
    Time deadline;
    OnPromise then;
    std::uint64_t generation{0};
    std::uint64_t round{0};
    std::uint64_t backoff{kBackoffMsMin};
    bool contested{false};
    bool asking{false};
};

template <class T>
struct Quorum::Gathering {
    std::vector<T> answers{};
    std::size_t failures{0};
    bool grace{false};
    std::function<void(Result<std::vector<T>>)> then{};
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

void Quorum::acquire(Time deadline, OnPromise then) {
    auto run =
        std::make_shared<Acquiring>(Acquiring{Acquisition{members(), quorum(), party_name(party_)}, deadline, std::move(then)});
    const Serve serve = [](Protector& protector, const Respond& respond) { protector.status(respond); };
    for (std::size_t member = 0; member < members(); ++member) {
        call(member, serve, deadline, [this, run, member](const ReplyPtr& reply) {
            if (reply) run->machine.on_tenure(member, reply->said.applied.tenure);
            if (run->generation == 0 && run->machine.state() != Acquisition::State::kReading) ask_round(run);
        });
    }
    process_.after(kGrace, [this, run] {
        if (run->generation == 0) ask_round(run);
    });
}

void Quorum::ask_round(const std::shared_ptr<Acquiring>& run) {
    const Time now = process_.now();
    if (now >= run->deadline) {
        run->generation = ~0ULL;
        return run->then(failure(ErrorCode::kUnavailable, "no generation was promised by a quorum"));
    }
    run->generation = run->machine.ask();
    run->asking = true;
    run->contested = false;
    const std::uint64_t round = ++run->round;
    const auto end_at = [this, run, round](Time delay) {
        process_.after(delay, [this, run, round] {
            if (run->round == round) end_round(run);
        });
    };
    end_at(std::min(run->deadline - now, ground_.setup.base.slot));
    for (std::size_t member = 0; member < members(); ++member) {
        const std::uint64_t generation = run->generation;
        const WallTime wall = wall_of(now);
        const Serve serve = [this, generation, wall, seen = known_[member].seen](Protector& protector, const Respond& respond) {
            protector.acquire(generation, party_name(party_), wall, seen, respond);
        };
        call(member, serve, run->deadline, [this, run, member, generation, round, end_at](const ReplyPtr& reply) {
            if (reply) {
                const MemberAnswer& said = reply->said;
                run->machine.on_answer(member, generation,
                                       {said.applied.promised, said.applied.tenure, said.highest_target, said.highest_slot});
            } else {
                run->machine.on_failure(member, generation);
            }
            if (run->round != round || !run->asking) return;
            if (run->machine.state() != Acquisition::State::kAsking) return end_round(run);
            if (run->machine.contested() && !std::exchange(run->contested, true)) end_at(kContestedRound);
        });
    }
}

void Quorum::end_round(const std::shared_ptr<Acquiring>& run) {
    if (!std::exchange(run->asking, false)) return;
    if (run->machine.state() == Acquisition::State::kPromised) {
        const protection::Promise promise = run->machine.promise();
        generation_ = promise.generation;
        ground_.base.oracle.on_promise(party_name(party_), generation_, process_.now());
        ground_.watch.on_promise(party_, generation_);
        return run->then(promise);
    }
    run->machine.give_up();
    const Time pause = kPauseMin + static_cast<Time>(ground_.base.random.below(run->backoff)) * kMillisecond;
    run->backoff = std::min(2 * run->backoff, kBackoffMsMax);
    process_.after(pause, [this, run] {
        if (run->machine.state() != Acquisition::State::kLost) return ask_round(run);
        run->then(failure(ErrorCode::kRefused, "another instance went on duty: " + describe(run->machine.highest())));
    });
}

template <class T>
void Quorum::gathered(const std::shared_ptr<Gathering<T>>& gathering, std::optional<T> answer) {
    if (!gathering->then) return;
    if (answer) {
        gathering->answers.push_back(std::move(*answer));
    } else {
        ++gathering->failures;
    }
    if (gathering->answers.size() + gathering->failures == members()) return end_gathering(gathering);
    if (gathering->answers.size() < quorum() || std::exchange(gathering->grace, true)) return;
    process_.after(kGrace, [this, gathering] { end_gathering(gathering); });
}

template <class T>
void Quorum::end_gathering(const std::shared_ptr<Gathering<T>>& gathering) {
    if (!gathering->then) return;
    const auto then = std::exchange(gathering->then, nullptr);
    if (gathering->answers.size() >= quorum()) return then(std::move(gathering->answers));
    then(failure(ErrorCode::kUnavailable, "only " + std::to_string(gathering->answers.size()) + " of " +
                                              std::to_string(members()) + " protectors have answered, " +
                                              std::to_string(quorum()) + " are needed"));
}

void Quorum::heard(Time deadline, OnHeard then) {
    auto gathering = std::make_shared<Gathering<std::vector<protection::Heard>>>();
    gathering->then = std::move(then);
    for (std::size_t member = 0; member < members(); ++member) {
        const Serve serve = [this](Protector& protector, const Respond& respond) { protector.heard(ground_.now(), respond); };
        call(member, serve, deadline, [this, gathering](const ReplyPtr& reply) {
            gathered(gathering, reply ? std::optional{reply->heard} : std::nullopt);
        });
    }
}

void Quorum::adoption(Epoch target, Time deadline, OnPlan then) {
    using Groups = std::vector<protection::RecordGroup>;
    auto gathering = std::make_shared<Gathering<Groups>>();
    gathering->then = [this, then = std::move(then)](const Result<std::vector<Groups>>& answers) {
        if (!answers) return then(answers.error());
        then(protection::plan_adoption(answers.value(), quorum(), members()));
    };
    for (std::size_t member = 0; member < members(); ++member) {
        give_records(member, target, deadline, [this, gathering](const ReplyPtr& reply) {
            gathered(gathering, reply ? std::optional{reply->groups} : std::nullopt);
        });
    }
}

// What was read of a member that has not promised our generation could change afterwards: so it promises first.
void Quorum::give_records(std::size_t member, Epoch target, Time deadline, const Respond& then) {
    const std::uint64_t generation = generation_;
    const auto read = [this, member, target, deadline, then, generation] {
        const Serve serve = [target](Protector& protector, const Respond& respond) { protector.records(target, respond); };
        call(member, serve, deadline, [then, generation](const ReplyPtr& reply) {
            then(reply && reply->said.applied.tenure.generation >= generation ? reply : nullptr);
        });
    };
    if (known_[member].tenure.generation >= generation) return read();
    const WallTime wall = wall_of(process_.now());
    const Serve promise = [this, generation, wall, seen = known_[member].seen](Protector& protector, const Respond& respond) {
        protector.acquire(generation, party_name(party_), wall, seen, respond);
    };
    call(member, promise, deadline, [then, read](const ReplyPtr& reply) { reply ? read() : then(nullptr); });
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
