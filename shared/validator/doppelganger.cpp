#include "shared/validator/doppelganger.hpp"

#include <algorithm>
#include <utility>

#include "shared/base/log.hpp"

namespace holdfast::validator {

namespace {

// Nobody can have signed before; so there is nothing to see.
constexpr Epoch kFirstToWatch{2};
// A key is cleared by two epochs in which it was silent, both of them after the one in which the watch began: in that one what
// it signed before a restart still shows.
constexpr std::uint64_t kSilentEpochs = 2;
// How old a record of ours may be that proves enough by itself, and one after which nodes saw nothing of the key.
constexpr std::uint64_t kProofEpochs = 1;
constexpr std::uint64_t kPauseEpochs = 2;

std::string some_keys(const std::vector<PublicKey>& keys) {
    constexpr std::size_t kShown = 3;
    std::string text;
    for (std::size_t i = 0; i < std::min(keys.size(), kShown); ++i) text += (i > 0 ? ", " : "") + to_hex(keys[i]);
    if (keys.size() > kShown) text += " and " + std::to_string(keys.size() - kShown) + " more";
    return text;
}

}  // namespace

void Doppelganger::add(const std::vector<PublicKey>& keys, Epoch now) {
    for (const PublicKey& key : keys) {
        if (cleared_.contains(key) || watched_.contains(key) || found_.contains(key)) continue;
        if (now < kFirstToWatch) {
            cleared_.insert(key);
        } else {
            watched_.emplace(key, now);
        }
    }
}

Doppelganger::Change Doppelganger::on_proof(const std::vector<PublicKey>& keys, Epoch since, Epoch now) {
    return since + kProofEpochs < now ? Change{} : clear(keys);
}

Doppelganger::Change Doppelganger::on_pause(const std::vector<PublicKey>& keys, Epoch since, const Round& seen) {
    if (!seen.enough_answers || since + kPauseEpochs < seen.epoch) return {};
    std::vector<PublicKey> silent;
    for (const PublicKey& key : keys) {
        const bool live = std::ranges::any_of(seen.live, [&](const auto& entry) { return entry.second.contains(key); });
        if (!live) silent.push_back(key);
    }
    return clear(silent);
}

Doppelganger::Change Doppelganger::clear(const std::vector<PublicKey>& keys) {
    Change change;
    for (const PublicKey& key : keys) {
        if (watched_.erase(key) == 0) continue;
        cleared_.insert(key);
        change.cleared.push_back(key);
    }
    return change;
}

Doppelganger::Change Doppelganger::on_round(const Round& round) {
    Change change;
    for (const auto& [key, since] : watched_) {
        const auto seen = std::ranges::find_if(round.live, [&key = key, since = since](const auto& entry) {
            return entry.first > since && entry.second.contains(key);
        });
        if (seen != round.live.end()) {
            change.found.emplace(key, seen->first);
        } else if (round.enough_answers && round.epoch >= since + kSilentEpochs) {
            change.cleared.push_back(key);
        }
    }
    for (const PublicKey& key : change.cleared) watched_.erase(key);
    for (const auto& [key, epoch] : change.found) watched_.erase(key);
    cleared_.insert(change.cleared.begin(), change.cleared.end());
    found_.insert(change.found.begin(), change.found.end());
    return change;
}

DoppelgangerWatch::DoppelgangerWatch(Clock& clock, beacon::BeaconNodes& nodes, protection::QuorumClient& quorum,
                                     const ethereum::SlotClock& slots, std::function<const Validators&()> active,
                                     std::function<void()> on_change, DoppelgangerOptions options)
    : clock_{clock},
      nodes_{nodes},
      quorum_{quorum},
      slots_{slots},
      active_{std::move(active)},
      on_change_{std::move(on_change)},
      options_{options} {}

void DoppelgangerWatch::add(const std::vector<PublicKey>& keys) {
    if (!options_.enabled) return;
    rule_.add(keys, current_epoch());
    settled_ = false;
    added_.notify_all();
}

Task<void> DoppelgangerWatch::begin(SteadyTime deadline) {
    if (rule_.watched().empty()) co_return;
    const SteadyTime until = std::min(deadline, clock_.steady() + options_.call_timeout);
    const bool read = co_await read_records(until);
    if (read) settled_ = co_await judge_pause(until);
    if (!read) log_warn("whether this cluster signed last with its keys could not be read yet; they are kept silent");
    if (rule_.watched().empty()) co_return;
    log_warn("doppelganger detection: {} keys are kept silent until the end of epoch {} at most; others are on duty",
             rule_.watched().size(), to_string(current_epoch() + kSilentEpochs));
}

Task<void> DoppelgangerWatch::run() {
    std::optional<Epoch> looked;
    for (;;) {
        if (rule_.watched().empty()) {
            co_await added_.wait();
            continue;
        }
        if (!settled_) {
            const SteadyTime until = clock_.steady() + options_.call_timeout;
            const bool read = co_await read_records(until);
            if (read) settled_ = co_await judge_pause(until);
        }
        const Epoch epoch = current_epoch();
        const WallTime late = late_in(epoch);
        if (clock_.now() >= late && looked != epoch) {
            const bool complete = co_await look(epoch);
            if (complete) looked = epoch;
        }
        // In short pieces: the wall clock may be set meanwhile, and what failed is tried again.
        const SteadyTime piece = clock_.steady() + options_.retry;
        co_await added_.wait_until(clock_, clock_.now() < late ? std::min(piece, clock_.steady_at(late)) : piece);
    }
}

Epoch DoppelgangerWatch::current_epoch() const { return nodes_.spec().epoch_of(slots_.slot_at(clock_.now())); }

// When the votes of its last slot have come.
WallTime DoppelgangerWatch::late_in(Epoch epoch) const {
    return slots_.start_of(nodes_.spec().first_slot(epoch + 1)) - nodes_.spec().slot_duration() / 2;
}

Task<bool> DoppelgangerWatch::read_records(SteadyTime deadline) {
    const Epoch now = current_epoch();
    const Result<std::vector<PublicKey>> used = co_await quorum_.used_since(now - kProofEpochs, deadline);
    if (!used) co_return false;
    apply(rule_.on_proof(used.value(), now - kProofEpochs, now),
          "this cluster's own records prove that nobody else was at work");
    co_return true;
}

// One missed vote, or a pause of an epoch: the last record is too old to prove anything alone, but nothing was seen since.
// False if it must be asked again.
Task<bool> DoppelgangerWatch::judge_pause(SteadyTime deadline) {
    if (rule_.watched().empty()) co_return true;
    const Epoch now = current_epoch();
    const Epoch since = now - kPauseEpochs;
    const Result<std::vector<PublicKey>> used = co_await quorum_.used_since(since, deadline);
    if (!used) co_return false;
    std::set<PublicKey> keys;
    for (const PublicKey& key : used.value()) {
        if (rule_.watched().contains(key)) keys.insert(key);
    }
    if (keys.empty()) co_return true;
    const std::vector<PublicKey> asked{keys.begin(), keys.end()};
    const Doppelganger::Round seen = co_await ask_round(now, std::move(keys), deadline);
    apply(rule_.on_pause(asked, since, seen), "this cluster's records are the last that there is of them");
    co_return seen.enough_answers;
}

// What nodes say of this epoch and the one before.
Task<Doppelganger::Round> DoppelgangerWatch::ask_round(Epoch epoch, std::set<PublicKey> keys, SteadyTime deadline) {
    Doppelganger::Round round{epoch, true, {}};
    for (const Epoch of : {epoch - 1, epoch}) {
        const bool enough = co_await ask_liveness(of, keys, round.live[of], deadline);
        round.enough_answers = round.enough_answers && enough;
    }
    co_return round;
}

// True if nothing is left to ask in this epoch. The records are read last: they must cover all that was seen before.
Task<bool> DoppelgangerWatch::look(Epoch epoch) {
    std::set<PublicKey> keys;
    for (const auto& [key, since] : rule_.watched()) keys.insert(key);
    const SteadyTime deadline = clock_.steady() + 2 * options_.call_timeout;
    const Doppelganger::Round round = co_await ask_round(epoch, std::move(keys), deadline);
    const bool read = co_await read_records(clock_.steady() + options_.call_timeout);
    if (!read) {
        // The other instance may have signed.
        log_warn("doppelganger detection: epoch {} can't be judged without the protectors' records", to_string(epoch));
        co_return false;
    }
    apply(rule_.on_round(round), "nobody else has signed in two epochs");
    if (!round.enough_answers) {
        log_warn("doppelganger detection: fewer than {} beacon nodes say who was live in epoch {}", options_.threshold,
                 to_string(epoch));
    }
    co_return round.enough_answers;
}

// True if enough nodes answered. One that leaves some out doesn't count, but what it says does.
Task<bool> DoppelgangerWatch::ask_liveness(Epoch epoch, const std::set<PublicKey>& keys, std::set<PublicKey>& live,
                                           SteadyTime deadline) {
    std::unordered_map<ValidatorIndex, PublicKey> asked;
    std::vector<ValidatorIndex> indices;
    for (const auto& [key, index] : active_()) {
        if (!keys.contains(key)) continue;
        asked.emplace(index, key);
        indices.push_back(index);
    }
    if (indices.empty()) co_return true;
    const SteadyTime until = std::min(deadline, clock_.steady() + options_.call_timeout);
    const beacon::AskingPtr<std::vector<beacon::Liveness>> asking = nodes_.liveness(epoch, std::move(indices), until);
    std::size_t complete = 0;
    for (;;) {
        const std::optional<beacon::NodeAnswer<std::vector<beacon::Liveness>>> answer = co_await asking->next(until);
        if (!answer) break;
        if (!answer->result) continue;
        std::set<ValidatorIndex> told;
        for (const beacon::Liveness& of : answer->result.value()) {
            const auto ours = asked.find(of.validator_index);
            if (ours == asked.end()) continue;
            told.insert(of.validator_index);
            if (of.is_live) live.insert(ours->second);
        }
        if (told.size() == asked.size()) ++complete;
    }
    co_return complete >= options_.threshold;
}

void DoppelgangerWatch::apply(const Doppelganger::Change& change, std::string_view why) {
    for (const auto& [key, epoch] : change.found) {
        log_error(
            "validator {} was live in epoch {} without us: another client uses this key. Nothing is signed with it here; "
            "stop the other client, then restart",
            to_hex(key), to_string(epoch));
    }
    if (!change.cleared.empty()) {
        log_info("doppelganger detection: {} keys are free for duty, {} more are watched: {}", change.cleared.size(),
                 rule_.watched().size(), why);
    }
    const bool changed = !change.cleared.empty() || !change.found.empty();
    if (changed && on_change_) on_change_();
}

HealthCheck DoppelgangerWatch::check() const {
    HealthCheck check{"doppelganger", rule_.found().empty(), "no key is held back"};
    check.moves_duty = false;
    if (!options_.enabled) check.detail = "detection is off";
    if (!rule_.watched().empty()) {
        const auto last = std::ranges::max_element(rule_.watched(), {}, [](const auto& entry) { return entry.second; });
        check.detail = std::to_string(rule_.watched().size()) + " keys are watched and silent, until the end of epoch " +
                       to_string(last->second + kSilentEpochs) + " if nobody else signs";
    }
    if (!rule_.found().empty()) {
        std::vector<PublicKey> keys;
        for (const auto& [key, epoch] : rule_.found()) keys.push_back(key);
        check.detail = "another client signs with " + some_keys(keys) + "; silent here until a restart";
    }
    return check;
}

}  // namespace holdfast::validator
