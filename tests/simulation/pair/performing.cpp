// What follows the decision: approval, signatures, publication; votes that were kept for later; going on duty.
#include <algorithm>
#include <utility>

#include "tests/simulation/pair/engine.hpp"
#include "tests/simulation/pair/party.hpp"

namespace holdfast::simulation::pair {

namespace {

// As in duties/attestation_duty and validator/takeover.
constexpr Time kQuorumTimeoutMin = 500 * kMillisecond;
constexpr Time kQuorumRetry = 250 * kMillisecond;
constexpr Time kAttempt = 5 * kSecond;
constexpr Time kNewestFirst = 2 * kSecond;
constexpr Time kPause = 500 * kMillisecond;

constexpr Time kSignMin = 2 * kMillisecond;
constexpr Time kSignMore = 30 * kMillisecond;
constexpr Time kPublishMin = 5 * kMillisecond;
constexpr Time kPublishMore = 60 * kMillisecond;

}  // namespace

bool Engine::may_go_on(const Work& work) const {
    return may_perform(work.slot) || (work.before_opening && !gate_.closed() && !quorum_.fenced_by());
}

void Engine::perform(Work work) {
    auto shared = std::make_shared<Work>(std::move(work));
    ++performing_;
    if (may_go_on(*shared) && !shared->pending.empty()) return attempt(shared);
    finish(shared);
}

void Engine::attempt(const WorkPtr& work) {
    std::vector<ValidatorNumber> validators(work->pending.begin(), work->pending.end());
    const Time deadline = std::min(work->end, process_.now() + std::max(ground_.setup.base.slot / 6, kQuorumTimeoutMin));
    const auto then = [this, work](const Quorum::Outcome& outcome) {
        for (const ValidatorNumber validator : outcome.refused) work->failed |= work->pending.erase(validator) > 0;
        if (ground_.trace.on() && !outcome.refused.empty()) {
            ground_.say(party_name(party_),
                        "refused: " + std::to_string(outcome.refused.size()) + " of slot " + to_string(work->slot));
        }
        if (outcome.approved.empty() || !may_go_on(*work)) return go_on(work);
        const Time signing = kSignMin + ground_.base.random_time(kSignMore);
        process_.after(signing, [this, work, approved = outcome.approved] { sign(work, approved); });
    };
    quorum_.approve(work->vote.ballot, work->vote.data, std::move(validators), deadline, then);
}

void Engine::sign(const WorkPtr& work, const std::vector<ValidatorNumber>& approved) {
    for (const ValidatorNumber validator : approved) work->pending.erase(validator);
    if (!truth().signer) {
        work->failed = true;
        return go_on(work);
    }
    for (const ValidatorNumber validator : approved) {
        leave_out(validator, work->vote.ballot.attestation.target);
        ground_.watch.on_signed(party_, validator, work->vote.ballot);
    }
    process_.after(kPublishMin + ground_.base.random_time(kPublishMore), [this, work, approved] {
        if (truth().nodes_fit == 0) {
            work->failed = true;
            return go_on(work);
        }
        work->performed += approved.size();
        for (const ValidatorNumber validator : approved) {
            ground_.base.oracle.on_published(validator, work->vote.ballot);
            ground_.watch.on_published(validator, work->slot);
        }
        go_on(work);
    });
}

// No quorum yet: the same question again is harmless, and a protector may come back.
void Engine::go_on(const WorkPtr& work) {
    if (work->pending.empty() || !may_go_on(*work)) return finish(work);
    if (process_.now() + kQuorumRetry >= work->end) {
        if (ground_.trace.on()) ground_.say(party_name(party_), "no quorum for slot " + to_string(work->slot));
        work->pending.clear();
        return finish(work);
    }
    process_.after(kQuorumRetry, [this, work] { may_go_on(*work) ? attempt(work) : finish(work); });
}

void Engine::finish(const WorkPtr& work) {
    --performing_;
    if (!work->pending.empty() && !work->adopted) keep(work->slot, work->vote, work->pending);
    if (!work->adopted && !work->caught_up) report(work->failed && work->performed == 0);
    if (work->then) work->then();
}

void Engine::keep(Slot slot, std::optional<Vote> vote, const std::set<ValidatorNumber>& validators) {
    Kept& kept = kept_[slot];
    kept.vote = std::move(vote);
    kept.validators.insert(validators.begin(), validators.end());
}

void Engine::leave_out(ValidatorNumber validator, Epoch target) {
    Epoch& last = attested_.try_emplace(validator, target).first->second;
    last = std::max(last, target);
}

void Engine::reopen() {
    gate_.begin_opening();
    generation_before_ = 0;
    ++opening_;
    last_epoch_first(std::make_shared<Opening>(Opening{0, [](const Result<void>&) {}}));
}

void Engine::end_opening(const OpeningPtr& opening, Result<void> how) {
    --opening_;
    if (!how && gate_.opening()) gate_.close();
    opening->then(how);
}

// The newest first.
void Engine::catch_up() {
    std::map<Slot, Kept> kept = std::exchange(kept_, {});
    for (auto it = kept.rbegin(); it != kept.rend(); ++it) {
        perform_kept(it->first, std::move(it->second), process_.now() + ground_.setup.base.slot, false, {});
    }
}

void Engine::perform_kept(Slot slot, Kept kept, Time end, bool before_opening, std::function<void()> then) {
    std::set<ValidatorNumber> pending = pending_at(slot);
    std::erase_if(pending, [&](ValidatorNumber validator) { return !kept.validators.contains(validator); });
    if (!kept.vote || pending.empty()) {
        if (then) then();
        return;
    }
    Work work{slot, std::move(*kept.vote), std::move(pending), end, before_opening};
    work.caught_up = true;
    work.then = std::move(then);
    perform(std::move(work));
}

void Engine::take_over(Time deadline, OnEnd then) {
    auto opening = std::make_shared<Opening>(Opening{deadline, std::move(then)});
    gate_.begin_opening();
    generation_before_ = quorum_.generation();
    ++opening_;
    acquire(opening);
}

void Engine::acquire(const OpeningPtr& opening) {
    quorum_.acquire(std::min(opening->deadline, process_.now() + kAttempt),
                    [this, opening](Result<protection::Promise> promise) {
                        if (promise) {
                            const Epoch highest = promise.value().highest_target;
                            if (highest + 1 >= epoch()) opening->to_read.push_back(highest);
                            if (highest > epoch()) opening->to_read.push_back(epoch());
                            return read(opening);
                        }
                        if (promise.error().code == ErrorCode::kRefused || process_.now() + kPause >= opening->deadline) {
                            return end_opening(opening, promise.error());
                        }
                        process_.after(kPause, [this, opening] { acquire(opening); });
                    });
}

void Engine::read(const OpeningPtr& opening) {
    if (opening->to_read.empty()) return newest_first(opening);
    const Epoch target = opening->to_read.back();
    const auto then = [this, opening, target](Result<protection::AdoptionPlan> plan) {
        if (plan) {
            take(opening, target, plan.value());
            opening->to_read.pop_back();
            return read(opening);
        }
        if (process_.now() + kPause >= opening->deadline) {
            return end_opening(opening, plan.error());
        }
        process_.after(kPause, [this, opening] { read(opening); });
    };
    quorum_.adoption(target, std::min(opening->deadline, process_.now() + kAttempt), then);
}

void Engine::take(const OpeningPtr& opening, Epoch target, const protection::AdoptionPlan& plan) {
    for (const PublicKey& key : plan.lost) leave_out(validator_of(key), target);
    for (const protection::AdoptedGroup& group : plan.adopt) {
        Work work;
        work.slot = group.data->slot;
        work.vote.ballot.attestation = group.mark;
        work.vote.data = group.data;
        work.before_opening = work.adopted = true;
        for (const PublicKey& key : group.keys) {
            work.pending.insert(validator_of(key));
            leave_out(validator_of(key), target);
        }
        ground_.watch.counts.adopted += work.pending.size();
        opening->recorded.push_back(std::move(work));
    }
}

// The newest is most likely not published yet. A vote for this epoch shuts out one for the last, so that one comes first.
void Engine::newest_first(const OpeningPtr& opening) {
    std::ranges::sort(opening->recorded, [](const Work& a, const Work& b) { return a.slot > b.slot; });
    if (opening->recorded.empty() || ground_.epoch_of(opening->recorded.front().slot) >= epoch())
        return last_epoch_first(opening);
    Work newest = std::move(opening->recorded.front());
    opening->recorded.erase(opening->recorded.begin());
    newest.end = process_.now() + kNewestFirst;
    newest.then = [this, opening] { last_epoch_first(opening); };
    perform(std::move(newest));
}

void Engine::last_epoch_first(const OpeningPtr& opening) {
    if (kept_.empty() || ground_.epoch_of(kept_.begin()->first) >= epoch()) return open(opening);
    const Slot slot = kept_.begin()->first;
    Kept kept = std::move(kept_.begin()->second);
    kept_.erase(kept_.begin());
    perform_kept(slot, std::move(kept), process_.now() + kNewestFirst, true, [this, opening] { open(opening); });
}

void Engine::open(const OpeningPtr& opening) {
    if (!gate_.opening()) return end_opening(opening, failure(ErrorCode::kCancelled, "told to stand down meanwhile"));
    gate_.open();
    for (Work& work : opening->recorded) {
        work.end = process_.now() + ground_.setup.base.slot;
        perform(std::move(work));
    }
    catch_up();
    end_opening(opening, success());
}

}  // namespace holdfast::simulation::pair
