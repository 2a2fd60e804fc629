#include "tests/simulation/pair/watch.hpp"

#include <algorithm>
#include <functional>

#include "tests/simulation/pair/ground.hpp"
#include "tests/simulation/pair/party.hpp"

namespace holdfast::simulation::pair {

namespace {

// So long after something has changed both must know it, or what it meant.
constexpr Time kKnown = 5 * kSecond;
constexpr Time kReadyKnown = 2500 * kMillisecond;
constexpr Time kThawed = 3 * kSecond;
constexpr std::uint64_t kDrainSlotsMax = 4;
constexpr Time kClockFine = 200 * kMillisecond;

// True for how long? Nothing while it isn't.
void follow(std::optional<Time>& since, bool holds, Time now) {
    if (!holds) since.reset();
    if (holds && !since) since = now;
}

bool for_long(const std::optional<Time>& since, Time enough, Time now) { return since && now - *since >= enough; }

}  // namespace

void PairCounts::add(const PairCounts& other) {
    worlds += other.worlds;
    slots += other.slots;
    duties += other.duties;
    performed += other.performed;
    performed_late += other.performed_late;
    demanded += other.demanded;
    split += other.split;
    takeovers += other.takeovers;
    generations += other.generations;
    handovers += other.handovers;
    adopted += other.adopted;
    kills += other.kills;
    troubles += other.troubles;
    commands += other.commands;
}

Watch::Watch(Ground& ground) : ground_{ground} {}

Time Watch::bound() const { return time_of(healthcheck::detection_bound(ground_.setup.times)) + ground_.setup.base.slot; }

void Watch::on_approved(std::size_t party, std::uint64_t generation) {
    const auto [place, is_new] = approved_in_.try_emplace(generation, party);
    if (!is_new && place->second != party)
        ground_.fail("fence: both got approvals in generation " + std::to_string(generation));
}

void Watch::on_promise(std::size_t party, std::uint64_t generation) {
    ++counts.generations;
    if (ground_.trace.on()) ground_.say(party_name(party), "has generation " + std::to_string(generation));
    seen_[party].drained = false;
    if (generation <= generation_) return;
    generation_ = generation;
    const std::size_t before = std::exchange(holder_, party);
    if (before == kBoth || before == party) return;
    if (seen_[before].drained) {
        last_gap_ = ground_.now() - seen_[before].drained_at;
        ++counts.handovers;
    } else if (party == kSecondary) {
        ++counts.takeovers;
    }
}

void Watch::on_signed(std::size_t party, ValidatorNumber validator, const Ballot& ballot) {
    const protection::AttestationMark& mark = ballot.attestation;
    const auto [place, is_new] = signed_.try_emplace({validator, mark.target}, mark.signing_root);
    if (!is_new && place->second != mark.signing_root)
        ground_.fail("safety: two votes signed for target " + to_string(mark.target));
    if (seen_[party].drained) ground_.fail("drain: the " + party_name(party) + " signs after it said that it is off duty");
    signed_at_.push_back(ground_.now());
}

void Watch::on_published(ValidatorNumber validator, Slot slot) { published_[slot].try_emplace(validator, ground_.now()); }

void Watch::on_block(std::size_t party, Slot slot) {
    const auto [place, is_new] = blocks_.try_emplace(slot, party);
    if (!is_new && place->second != party) ground_.fail("safety: two blocks signed for slot " + to_string(slot));
    if (seen_[party].drained) ground_.fail("drain: a block after it said that it is off duty");
}

void Watch::on_change(std::size_t party, const std::string& from, const std::string& to) {
    changes.insert({party, {from, to}});
}

void Watch::on_going_on_duty(std::size_t party, bool forced) {
    const std::size_t other = kBoth - 1 - party;
    if (forced) return;
    look();
    const Time now = ground_.now();
    const bool lately_frozen = now - seen_[party].last_frozen < kThawed;
    if (!lately_frozen && for_long(seen_[other].performing, kKnown, now)) {
        ground_.fail("need: the " + party_name(party) + " takes duty although the other one performs");
    }
    const bool starting = party == kPrimary && ground_.parties[party]->state() == "starting";
    const bool unable =
        std::ranges::any_of(seen_[party].unable, [&](const auto& since) { return for_long(since, kKnown, now); });
    if (!starting && !lately_frozen && unable) {
        ground_.fail("outage: the " + party_name(party) + " takes duty that it can't perform");
    }
}

void Watch::on_duty_begun(std::size_t party) {
    Seen& other = seen_[kBoth - 1 - party];
    if (other.drained) longest_gap_ = std::max(longest_gap_, ground_.now() - other.drained_at);
    other.drained = false;
    seen_[party].drained = false;
}

void Watch::on_draining(std::size_t party) {
    const Time now = ground_.now();
    const std::size_t other = kBoth - 1 - party;
    seen_[party].draining_since = ground_.slot_at(now + ground_.truth[party].clock_ahead);
    // Duty is offered; if nobody takes it that costs the handover's time.
    seen_[party].performing.reset();
    seen_[party].worse_at = seen_[other].worse_at = now;
    if (std::min(now - seen_[party].last_frozen, now - seen_[other].last_frozen) < kThawed) return;
    if (!ground_.parties[other]->ready() && now - seen_[other].last_ready > kReadyKnown) {
        ground_.fail("handover: the " + party_name(party) + " drains although nobody could take its duty");
    }
}

void Watch::on_drained(std::size_t party, bool idle, Slot last_slot) {
    Seen& seen = seen_[party];
    seen.drained = true;
    seen.drained_at = ground_.now();
    if (!idle) ground_.fail("drain: the " + party_name(party) + " says that it is off duty while it still performs");
    const Time clock = ground_.now() + ground_.truth[party].clock_ahead;
    const Slot slot = ground_.slot_at(clock);
    if (slot < last_slot || slot > last_slot + 1) return;      // its clock was set meanwhile
    if (slot >= seen.draining_since + kDrainSlotsMax) return;  // there is no gap between proposals
    if (ground_.now() - seen.last_frozen < kThawed) return;
    if (ground_.proposer(slot) || ground_.proposer(last_slot + 1)) ground_.fail("drain: a block proposal of ours is near");
}

void Watch::on_go_on_again(std::size_t party) { seen_[party].drained = false; }

void Watch::on_command(std::size_t, healthcheck::Command) { ++counts.commands; }

void Watch::on_gone(std::size_t party) { seen_[party].drained = false; }

bool Watch::calm() const {
    const Network::Weather& weather = ground_.base.network.weather();
    return weather.lost_percent == 0 && weather.slow_max == 0;
}

std::array<bool, 4> Watch::needs_of(std::size_t party) const {
    const Truth& truth = ground_.truth[party];
    return {truth.nodes_fit >= ground_.setup.threshold, truth.signer, !truth.hung,
            ground_.links_of(party) >= ground_.setup.base.quorum};
}

bool Watch::is_able(std::size_t party) const { return std::ranges::all_of(needs_of(party), std::identity{}); }

std::array<bool, 6> Watch::parts_of(std::size_t party) const {
    const Truth& truth = ground_.truth[party];
    const Party& who = *ground_.parties[party];
    return {who.up() && who.warm() && !who.frozen() && !who.stopping(),
            truth.nodes_fit >= ground_.setup.threshold,
            truth.signer && !truth.hung,
            truth.heads && truth.clock_ahead == 0,
            ground_.voters_for(party) >= ground_.setup.base.quorum,
            calm() && ground_.linked(ground_.endpoint(kPrimary), ground_.endpoint(kSecondary))};
}

// By the other one: by a quorum of protectors that both can reach.
bool Watch::is_seen(std::size_t party) const {
    const std::size_t other = kBoth - 1 - party;
    const auto sees = [&](const Protector& protector) {
        const std::size_t member = protector.member().number();
        return protector.has_heard(ground_.now()) && ground_.linked(ground_.endpoint(party), member) &&
               ground_.linked(ground_.endpoint(other), member);
    };
    return static_cast<std::size_t>(std::ranges::count_if(ground_.protectors, sees)) >= ground_.setup.base.quorum;
}

bool Watch::is_good(std::size_t party) const {
    const Truth& truth = ground_.truth[party];
    const Time ahead = truth.clock_ahead < 0 ? -truth.clock_ahead : truth.clock_ahead;
    const Party& who = *ground_.parties[party];
    const bool lives = who.up() && who.warm() && !who.frozen() && !who.stopping();
    const bool votes = ground_.voters_for(party) >= ground_.setup.base.quorum;
    if (!lives || !votes || !is_able(party) || !truth.heads || ahead > kClockFine || !calm()) return false;
    if (ground_.parties[kPrimary]->paused() || ground_.parties[kSecondary]->paused()) return false;
    // A secondary that has just started waits for a primary that may be starting too.
    return party == kPrimary || for_long(who.first_ready(), time_of(ground_.setup.times.start_grace), ground_.now());
}

// What counts is what can be seen of it: answers to polls, or heartbeats at a quorum.
bool Watch::is_performing(std::size_t party) const {
    const Party& who = *ground_.parties[party];
    return who.up() && !who.frozen() && who.performs() && who.well() && holder_ == party && who.generation() == generation_ &&
           is_able(party) && is_seen(party) && calm();
}

void Watch::look() {
    const Time now = ground_.now();
    for (std::size_t party = 0; party < kBoth; ++party) {
        Seen& seen = seen_[party];
        follow(seen.good, is_good(party), now);
        follow(seen.performing, is_performing(party), now);
        const std::array<bool, 4> needs = needs_of(party);
        for (std::size_t i = 0; i < needs.size(); ++i) follow(seen.unable[i], !needs[i], now);
        const std::array<bool, 6> parts = parts_of(party);
        for (std::size_t i = 0; i < parts.size(); ++i) {
            if (seen.parts[i] && !parts[i]) seen.worse_at = now;
        }
        seen.parts = parts;
        const Party& who = *ground_.parties[party];
        if (who.frozen()) seen.last_frozen = now;
        if ((who.ready() || who.on_duty()) && !who.frozen()) seen.last_ready = now;
    }
}

// It is good, and nothing has gone wrong with the other one, so long before the slot and to its end.
bool Watch::could_perform(std::size_t party, Slot slot) const {
    const Time latest = ground_.start_of(slot) - bound();
    const Seen& seen = seen_[party];
    return seen.good && *seen.good <= latest && seen_[kBoth - 1 - party].worse_at <= latest;
}

bool Watch::demands(Slot slot) const { return could_perform(kPrimary, slot) || could_perform(kSecondary, slot); }

// Each of several messages is recorded by so many that none of them can get a quorum any more.
bool Watch::is_split(ValidatorNumber validator, Slot slot) const {
    const Epoch target = ground_.epoch_of(slot);
    std::map<Root, std::size_t> holders;
    std::size_t open = 0;
    for (const Protector& protector : ground_.protectors) {
        const protector::Validator* known = protector.member().ledger().find(key_of(validator));
        const auto* mark = known != nullptr && known->record.attestation ? &*known->record.attestation : nullptr;
        if (mark == nullptr || mark->target < target) {
            ++open;
        } else if (mark->target == target) {
            ++holders[mark->signing_root];
        }
    }
    const auto possible = [&](const auto& entry) { return entry.second + open >= ground_.setup.base.quorum; };
    return !holders.empty() && std::ranges::none_of(holders, possible);
}

std::size_t Watch::missing(Slot slot, Time until) const {
    const auto found = published_.find(slot);
    std::size_t missing = 0;
    for (const ValidatorNumber validator : ground_.attesters(slot)) {
        const bool there =
            found != published_.end() && found->second.contains(validator) && found->second.at(validator) <= until;
        if (!there) ++missing;
    }
    return missing;
}

bool Watch::block_missing(Slot slot) const { return ground_.proposer(slot) && !blocks_.contains(slot); }

void Watch::on_slot_end(Slot slot) {
    ++counts.slots;
    const Time now = ground_.now();
    const std::vector<ValidatorNumber> due = ground_.attesters(slot);
    const std::size_t missed = missing(slot, now);
    counts.duties += due.size();
    counts.performed += due.size() - missed;
    // Those of the slot one epoch ago can't become any better.
    const std::uint64_t per_epoch = ground_.setup.base.slots_per_epoch;
    if (slot.value >= kFirstEpoch * per_epoch + per_epoch) {
        const Slot old = slot - per_epoch;
        counts.performed_late += missing(old, ground_.start_of(old + 1)) - missing(old, now);
    }
    if (!demands(slot)) return;
    counts.demanded += due.size();
    if (missed == 0) return;
    for (const ValidatorNumber validator : due) {
        const auto found = published_.find(slot);
        if (found != published_.end() && found->second.contains(validator)) continue;
        if (is_split(validator, slot)) {
            ++counts.split;
            continue;
        }
        const std::size_t who = could_perform(kPrimary, slot) ? kPrimary : kSecondary;
        return ground_.fail("liveness: duties of slot " + to_string(slot) + " are not performed, although the " +
                            party_name(who) + " has been good since " +
                            std::to_string(static_cast<double>(*seen_[who].good) / kSecond));
    }
}

std::vector<std::size_t> Watch::on_duty() const {
    std::vector<std::size_t> who;
    for (std::size_t party = 0; party < kBoth; ++party) {
        const Party& instance = *ground_.parties[party];
        if (instance.up() && instance.on_duty() && instance.performs()) who.push_back(party);
    }
    return who;
}

bool Watch::signed_in(Time from, Time to) const {
    return std::ranges::any_of(signed_at_, [&](Time when) { return when > from && when <= to; });
}

}  // namespace holdfast::simulation::pair
