#include "tests/simulation/pair/engine.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "tests/simulation/pair/party.hpp"

namespace holdfast::simulation::pair {

using validator::HealthCheck;

namespace {

constexpr Time kTurn = kSecond / 2;
constexpr Time kDecideAgain = 500 * kMillisecond;
constexpr Time kTurnsMissing = 2500 * kMillisecond;
constexpr Time kClocksApart = 500 * kMillisecond;
constexpr std::size_t kHeadsToBeBehind = 4;
constexpr std::size_t kHeadsToBeAhead = 8;
constexpr Time kHeadsMissing = 3;  // slots
constexpr std::uint64_t kOtherViewPercent = 20;

enum Drawn : std::uint64_t { kHeadTime = 10, kOtherView = 11, kLatency = 12 };

Root root_of(std::array<std::uint64_t, 4> content) {
    Root root;
    std::memcpy(root.data(), content.data(), sizeof content);
    return root;
}

}  // namespace

Engine::Engine(Ground& ground, std::size_t party, Process& process, Quorum& quorum)
    : ground_{ground}, party_{party}, process_{process}, quorum_{quorum} {}

void Engine::reset() {
    gate_.close();
    stopping_ = false;
    last_failed_ = {};
    deciding_.clear();
    performing_ = opening_ = 0;
    kept_.clear();
    attested_.clear();
    heads_.clear();
}

void Engine::start() {
    last_turn_ = last_head_ = process_.now();
    next_slot_ = slot();
    turn();
    listen();
}

// At least once a second, since the wall clock may be set meanwhile.
void Engine::turn() {
    if (!truth().hung) {
        last_turn_ = process_.now();
        if (!stopping_ && slot() >= next_slot_) {
            const Slot now = slot();
            next_slot_ = now + 1;
            begin_slot(now);
        }
    }
    const Time until_next = ground_.start_of(slot() + 1) - wall();
    process_.after(std::min(kTurn, until_next), [this] { turn(); });
}

void Engine::begin_slot(Slot slot) {
    std::erase_if(kept_, [&](const auto& kept) {
        return ground_.epoch_of(kept.first) < ground_.epoch_of(slot) &&
               ground_.epoch_of(kept.first + 1) < ground_.epoch_of(slot);
    });
    propose(slot);
    deciding_.insert(slot);
    // When the head arrives, at the latest when the vote is due.
    const Time length = ground_.setup.base.slot;
    const Time at = std::min(truth().heads ? head_arrives(slot) + truth().clock_ahead : length, length / 3);
    const Time into_slot = wall() - ground_.start_of(slot);
    process_.after(std::max<Time>(at - into_slot, 0), [this, slot] { decide(slot); });
    // The protectors' states, for the checks.
    process_.after(length / 2, [this, length] { quorum_.refresh(process_.now() + length / 3); });
}

Time Engine::head_arrives(Slot slot) const {
    const Time length = ground_.setup.base.slot;
    return length / 20 + static_cast<Time>(ground_.draw(slot, kHeadTime) % static_cast<std::uint64_t>(length * 2 / 5)) +
           static_cast<Time>(ground_.draw(slot, kLatency + party_) % (150 * kMillisecond));
}

void Engine::decide(Slot slot) {
    if (truth().heads && truth().nodes_fit > 0) last_head_ = process_.now();
    try_to_decide(slot);
}

void Engine::try_to_decide(Slot slot) {
    if (nodes_agree() && !truth().hung) return decided(slot, make_vote(slot));
    if (wall() + kDecideAgain >= ground_.start_of(slot + 1)) return decided(slot, std::nullopt);
    process_.after(kDecideAgain, [this, slot] { try_to_decide(slot); });
}

void Engine::decided(Slot slot, std::optional<Vote> vote) {
    const bool performs = may_perform(slot);
    const std::set<ValidatorNumber> pending = pending_at(slot);
    deciding_.erase(slot);
    if (pending.empty()) return;
    if (!performs) {
        report(false);
        return keep(slot, std::move(vote), pending);
    }
    if (!vote) return report(false);  // another check shows why
    perform({slot, std::move(*vote), pending, process_.now() + ground_.start_of(slot + 1) - wall()});
}

// Two instances may see different heads of the chain.
Engine::Vote Engine::make_vote(Slot slot) const {
    std::uint64_t view = ground_.draw(slot, kOtherView) % 100 < kOtherViewPercent ? 1 + party_ : 0;
    const bool late = head_arrives(slot) + truth().clock_ahead > ground_.setup.base.slot / 3;
    if (!truth().heads || late) view = 10;
    const Epoch target = ground_.epoch_of(slot);
    auto data = std::make_shared<ethereum::AttestationData>();
    data->slot = slot;
    data->beacon_block_root = root_of({slot.value, view, 0, 0});
    data->source.epoch = target - 1;
    data->target.epoch = target;
    Ballot ballot;
    ballot.attestation = {target - 1, target, root_of({slot.value, view, target.value, 0})};
    return {ballot, std::move(data)};
}

std::set<ValidatorNumber> Engine::pending_at(Slot slot) const {
    const Epoch target = ground_.epoch_of(slot);
    std::set<ValidatorNumber> pending;
    for (const ValidatorNumber validator : ground_.attesters(slot)) {
        const auto done = attested_.find(validator);
        if (done == attested_.end() || done->second < target) pending.insert(validator);
    }
    return pending;
}

void Engine::propose(Slot slot) {
    const std::optional<ValidatorNumber> proposer = ground_.proposer(slot);
    if (!proposer || !may_perform(slot) || !nodes_agree()) return;
    ++performing_;
    Ballot ballot;
    ballot.is_block = true;
    ballot.block = {slot, root_of({slot.value, party_, 1, 0})};
    const Time deadline = process_.now() + ground_.setup.base.slot / 6;
    quorum_.approve(ballot, nullptr, {*proposer}, deadline, [this, slot](const Quorum::Outcome& outcome) {
        --performing_;
        if (outcome.approved.empty() || !may_perform(slot) || !truth().signer) return;
        ground_.watch.on_block(party_, slot);
    });
}

void Engine::report(bool failed) { last_failed_ = {failed, last_failed_[0]}; }

// Head events come when they come, whatever our clock says.
void Engine::listen() {
    const Slot next = ground_.slot_at(process_.now()) + 1;
    process_.after(ground_.start_of(next) + head_arrives(next) - process_.now(), [this, next] {
        if (truth().heads && truth().nodes_fit > 0) heads_.push_front(process_.now() - ground_.start_of(next));
        if (heads_.size() > kHeadsToBeAhead) heads_.pop_back();
        listen();
    });
}

// A head that lies ahead of our clock, or that came before its slot, shows one that is behind; heads that all come late one
// that is far ahead.
bool Engine::clock_looks_right() const {
    const Slot now = ground_.slot_at(process_.now());
    const Time into_slot = process_.now() - ground_.start_of(now);
    const bool seen = truth().heads && into_slot >= head_arrives(now);
    if (seen && ground_.slot_at(wall() + kClocksApart) < now) return false;
    const Time ahead = truth().clock_ahead;
    const auto lately = heads_.begin() + static_cast<std::ptrdiff_t>(std::min(heads_.size(), kHeadsToBeBehind));
    if (std::any_of(heads_.begin(), lately, [&](Time head) { return head + ahead < -kClocksApart; })) return false;
    const auto late = [&](Time head) { return head + ahead > ground_.setup.base.slot / 2; };
    return heads_.size() < kHeadsToBeAhead || !std::ranges::all_of(heads_, late);
}

bool Engine::idle() const {
    // The loop is about to begin this slot.
    const bool not_begun = !stopping_ && may_perform(slot()) && next_slot_ <= slot();
    const auto matters = [this](Slot slot) { return may_perform(slot); };
    return !not_begun && opening_ == 0 && performing_ == 0 && std::ranges::none_of(deciding_, matters);
}

bool Engine::gate_open() const {
    // The duties of the last slot may be done before it is over.
    const bool drained = gate_.last() == slot() && idle();
    return may_perform(slot()) && !drained;
}

// As soon as a generation is ours: nobody else must take it for vacant while the records of the one before are being read.
bool Engine::on_duty() const {
    const bool ours_already = gate_.opening() && quorum_.generation() > generation_before_ && !quorum_.fenced_by();
    return ours_already || gate_open();
}

std::vector<HealthCheck> Engine::checks() const {
    const Time now = process_.now();
    const std::size_t voting = quorum_.voting();
    const Truth& is = truth();
    const bool last_ok = !(last_failed_[0] && last_failed_[1]);
    const bool clock_ok = clock_looks_right();
    const Time since_head = now - last_head_;
    std::vector<HealthCheck> checks{
        {"beacon_nodes", nodes_agree(), std::to_string(is.nodes_fit) + " of " + std::to_string(ground_.setup.nodes) + " fit"},
        {"protectors", voting >= ground_.setup.base.quorum,
         std::to_string(voting) + " of " + std::to_string(ground_.setup.base.members) + " vote"},
        {"signer", is.signer, is.signer ? "answers" : "doesn't answer"},
        {"duty_loop", now - last_turn_ <= kTurnsMissing,
         "last turn " + std::to_string((now - last_turn_) / kMillisecond) + " ms ago"},
        {"clock", clock_ok, std::to_string(is.clock_ahead / kMillisecond) + " ms off"},
        {"head_events", since_head <= kHeadsMissing * ground_.setup.base.slot,
         "last head " + std::to_string(since_head / kMillisecond) + " ms ago"},
        {"last_duties", last_ok, last_ok ? "performed" : "all of the last two slots were missed"},
    };
    return checks;
}

}  // namespace holdfast::simulation::pair
